"""The next study: how large it has to be, and how its photos are best taken.

==================== ========================================================================
:mod:`.plan`         :func:`~scarscope.study.planning.plan.plan_study`: power by simulation
:mod:`.search`       :func:`~scarscope.study.planning.search.find_sizes`: the smallest size
:mod:`.trial`        trials drawn as tables, from stated spreads
:mod:`.components`   those spreads, taken from a study that is there
:mod:`.protocol`     which way of photographing has the smaller error, from retests
==================== ========================================================================
"""
