"""Does treatment work: mixed models of response, arm against arm, visit by visit.

==================== ========================================================================
:mod:`.rows`         what a model is fitted to, from the table of response
:mod:`.design`       columns and covariance: arms by visits, sides in subjects
:mod:`.reml`         the fit itself, with Kenward and Roger's degrees of freedom
:mod:`.fit`          :func:`~scarscope.study.models.fit.fit_response`: means and contrasts
:mod:`.reading`      an interval that also holds errors of reading a true change
:mod:`.assumptions`  whether what the model takes for granted holds
:mod:`.sensitivity`  the same contrast by other analyses
:mod:`.endpoints`    several measures, adjusted together by :mod:`.multiple`
:mod:`.scar_rows`    single scars: what a model of them is fitted to, and what is left out
:mod:`.scar_design`  their columns and covariance: scars in sides in subjects
:mod:`.scars`        :func:`~scarscope.study.models.scars.fit_scars`: do scars respond, and which
:mod:`.effects`      all of it for one study
==================== ========================================================================
"""
