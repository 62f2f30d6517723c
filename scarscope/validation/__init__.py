"""How right the numbers are: masks and tables against truth, or against raters.

========================== ==================================================================
:func:`validate`           a batch's results against a phantom's truth or people's drawings
:func:`compare_raters`     two or more people's drawings, as Kang 2016 compared them
:func:`compare_photo`      one photo's scars against its truth
:func:`write_validation`   tables, a Markdown and an offline HTML page of a validation
========================== ==================================================================
"""

from scarscope.study.agreement.centres import match_centres
from scarscope.validation.compare import PhotoComparison, compare_photo, dice
from scarscope.validation.drawings import Drawing, read_drawing
from scarscope.validation.folder import MarkedFolder, open_folder
from scarscope.validation.gallery import Shown, from_folders
from scarscope.validation.marked import Marked, mark
from scarscope.validation.matching import Matching, match_overlap, match_scars
from scarscope.validation.raters import Agreement, agree, compare_raters
from scarscope.validation.result import Validation, draw_together
from scarscope.validation.validate import validate
from scarscope.validation.write import write_agreement, write_validation

__all__ = [
    "Agreement",
    "Drawing",
    "Marked",
    "MarkedFolder",
    "Matching",
    "PhotoComparison",
    "Shown",
    "Validation",
    "agree",
    "compare_photo",
    "compare_raters",
    "dice",
    "draw_together",
    "from_folders",
    "mark",
    "match_centres",
    "match_overlap",
    "match_scars",
    "open_folder",
    "read_drawing",
    "validate",
    "write_agreement",
    "write_validation",
]
