"""Agreement and measurement error, in one place: what two raters, methods or retests share.

========================== ==================================================================
:func:`icc`                Shrout and Fleiss's six intraclass correlations, with intervals
:func:`cohen_kappa`        two raters, classes or grades, plain or weighted
:func:`bland_altman`       bias and limits of agreement, also as ratios or with repeats
:func:`sem_and_mdc`        standard error of measurement, MDC95, CV, from retests
:func:`lin_concordance`    closeness to the line of equality
========================== ==================================================================

All take plain arrays or columns without gaps and give a frozen result with ``to_frame()``.
"""

from scarscope.study.agreement.intraclass import FORMS, Form, Icc, icc, icc_table
from scarscope.study.agreement.kappa import Kappa, cohen_kappa, kappa_of_table
from scarscope.study.agreement.limits import BlandAltman, bland_altman, bland_altman_repeated
from scarscope.study.agreement.repeatability import (
    Concordance,
    Repeatability,
    lin_concordance,
    mdc95_of,
    sem_and_mdc,
)

__all__ = [
    "FORMS",
    "BlandAltman",
    "Concordance",
    "Form",
    "Icc",
    "Kappa",
    "Repeatability",
    "bland_altman",
    "bland_altman_repeated",
    "cohen_kappa",
    "icc",
    "icc_table",
    "kappa_of_table",
    "lin_concordance",
    "mdc95_of",
    "sem_and_mdc",
]
