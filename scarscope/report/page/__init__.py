"""The page that clinicians and patients look at: ``report.html``, which needs no network.

==================== ========================================================================
:mod:`.build`        :func:`~scarscope.report.page.build.write_report`: from a batch to the page
:mod:`.gather`       what the page says, as :mod:`.model`, from the tables
:mod:`.headline`     the study in a few sentences
:mod:`.embedded`     pictures and outlines as they stand in the page, eyes covered on request
:mod:`.charts`       courses over sessions, drawn as SVG
:mod:`.names`        pseudonyms, and the key to them
==================== ========================================================================
"""
