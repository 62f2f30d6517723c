"""A folder of photos: its layout, the run over it, the store, the exports."""

from scarscope.batch.entry import Entry
from scarscope.batch.folder import Progress, score_folder
from scarscope.batch.layout import Listing, Template, list_photos
from scarscope.batch.manifest import read_manifest
from scarscope.batch.results import BatchResult, read_results
from scarscope.batch.scan import Skipped
from scarscope.batch.store import Store
from scarscope.batch.task import Failure, Outcome, Outputs, Task, run_task, score_file

__all__ = [
    "BatchResult",
    "Entry",
    "Failure",
    "Listing",
    "Outcome",
    "Outputs",
    "Progress",
    "Skipped",
    "Store",
    "Task",
    "Template",
    "list_photos",
    "read_manifest",
    "read_results",
    "run_task",
    "score_file",
    "score_folder",
]
