"""The first pass of a run: score what is not scored yet, and store it as it comes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from scarscope._version import __version__
from scarscope.batch.entry import Entry
from scarscope.batch.job import Job
from scarscope.batch.progress import Meter, Status
from scarscope.batch.review_plan import excluded_words
from scarscope.batch.runner import Runner
from scarscope.batch.store import Key, Store
from scarscope.batch.task import REVIEW, Failure, Outcome, Task, file_hash
from scarscope.errors import PhotoError, ScarScopeError


def score_photos(
    store: Store, job: Job, entries: Sequence[Entry], runner: Runner, meter: Meter
) -> int:
    """Score what is not done yet; how many were done already."""
    tasks, inputs, kept = [], {}, 0
    for entry in entries:
        step = _prepare(store, job, entry)
        if isinstance(step, Task):
            tasks.append(step)
            inputs[step.path] = job.inputs(step)
            continue
        kept += step == "kept"
        meter.step(entry.path, step, stage="scoring")
    store.begin([task.path for task in tasks])
    with closing(runner(tasks)) as outcomes:
        for outcome in outcomes:
            key = Key(outcome.sha256, inputs[outcome.path], job.params.hash, __version__)
            store.put(outcome, key)
            if outcome.failure:
                job.outputs(outcome.path).remove()
            status: Status = outcome.failure.status if outcome.failure else "ok"
            meter.step(outcome.path, status, outcome.seconds, stage="scoring")
    return kept


def _prepare(store: Store, job: Job, entry: Entry) -> Task | Status:
    """The task of a photo, or what became of it without one."""
    if entry.problem is not None or entry.file is None:
        failure = Failure.of(entry.path, entry.problem or PhotoError(f"{entry.path} is missing."))
        outcome = Outcome(entry.path, "", failure=failure)
        store.put(outcome, Key("", "", job.params.hash, __version__))
        job.outputs(entry.path).remove()
        return "failed"
    decision = job.plan.excluded.get(entry.path)
    if decision is not None:
        failure = Failure(entry.path, REVIEW, *excluded_words(decision))
        outcome = Outcome(entry.path, decision.sha256, failure=failure)
        store.put(outcome, Key(decision.sha256, "", job.params.hash, __version__))
        job.outputs(entry.path).remove()
        return "excluded"
    task = job.task(entry, entry.file)
    return "kept" if _is_done(store, job, task) else task


def _is_done(store: Store, job: Job, task: Task) -> bool:
    key = store.done(task.path)
    if key is None or task.outputs is None or not task.outputs.exist():
        return False
    # Hashing reads the whole file, so what is cheap to compare comes first.
    if (key.params_hash, key.version) != (job.params.hash, __version__):
        return False
    try:
        return key.inputs == job.inputs(task) and key.sha256 == file_hash(task.file)
    except ScarScopeError:
        return False
