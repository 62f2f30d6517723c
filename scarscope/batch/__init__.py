"""A folder of photos: its layout, the run over it, the store, the exports."""

from scarscope.batch.entry import Entry
from scarscope.batch.folder import score_folder
from scarscope.batch.layout import Listing, Template, list_photos
from scarscope.batch.manifest import read_manifest
from scarscope.batch.pair_task import Comparer, PairOutcome, PairTask, Shot, compare_files
from scarscope.batch.pairs import PhotoPair, list_pairs
from scarscope.batch.progress import Progress
from scarscope.batch.results import BatchResult, read_results
from scarscope.batch.scan import Skipped
from scarscope.batch.store import Store
from scarscope.batch.task import Failure, Outcome, Outputs, Task, run_task, score_file

__all__ = [
    "BatchResult",
    "Comparer",
    "Entry",
    "Failure",
    "Listing",
    "Outcome",
    "Outputs",
    "PairOutcome",
    "PairTask",
    "PhotoPair",
    "Progress",
    "Shot",
    "Skipped",
    "Store",
    "Task",
    "Template",
    "compare_files",
    "list_pairs",
    "list_photos",
    "read_manifest",
    "read_results",
    "run_task",
    "score_file",
    "score_folder",
]
