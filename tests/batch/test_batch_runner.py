import os
import pickle
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor, Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from batch_fakes import fake_painter, fake_scorer, make_study

from scarscope import Params, batch
from scarscope.batch import Outputs, Task, run_task
from scarscope.batch.pools import Pool, check, processes
from scarscope.batch.runner import WINDOW, run_inline, run_one, run_pooled
from scarscope.errors import ScarScopeError
from scarscope.machine import ONE_THREAD

# The system's own way to stop a process that takes too much memory, where there is one.
DIE = b"exit" if sys.platform == "win32" else b"kill"


def make_tasks(folder, contents):
    folder.mkdir(parents=True, exist_ok=True)
    tasks = []
    for i, content in enumerate(contents):
        file = folder / f"{i:02d}.jpg"
        file.write_bytes(content)
        tasks.append(Task(file.name, file, Params(), fake_scorer))
    return tasks


class _Executor:
    """Runs a task when its result is asked for; notes how many are out at a time."""

    def __init__(self):
        self.most = self.out = 0

    def submit(self, function, *args):
        self.out += 1
        self.most = max(self.most, self.out)
        future = Future()
        future.set_result(None)
        future.result = lambda: self._finish(function, args)
        return future

    def _finish(self, function, args):
        self.out -= 1
        return function(*args)


def test_no_more_tasks_are_out_than_the_window_holds(tmp_path):
    executor = _Executor()

    @contextmanager
    def make(count):
        yield Pool(executor, count)

    tasks = make_tasks(tmp_path, [b"clear"] * 30)
    outcomes = list(run_pooled(tasks, make, workers=3))
    assert len(outcomes) == 30
    assert executor.most == WINDOW * 3


def test_a_pool_that_always_breaks_still_ends(tmp_path):
    class Broken:
        def submit(self, function, *_):
            if function is run_one:
                raise BrokenExecutor("dead")
            future = Future()
            future.set_result(None)
            return future

    @contextmanager
    def make(count):
        yield Pool(Broken(), count)

    outcomes = list(run_pooled(make_tasks(tmp_path, [b"good"] * 3), make, workers=2))
    assert [o.failure.stage for o in outcomes] == ["worker"] * 3


def test_only_the_photo_that_kills_its_worker_is_named(tmp_path):
    contents = [b"good 0", DIE, b"good 2", b"noskin"]
    tasks = make_tasks(tmp_path, contents)
    outcomes = {o.path: o for o in run_pooled(tasks, processes, workers=2)}
    assert len(outcomes) == len(tasks)
    stages = [outcomes[t.path].failure and outcomes[t.path].failure.stage for t in tasks]
    assert stages == [None, "worker", None, "skin"]


class KilledWorker(Exception):
    """Named as the cluster's own."""


def test_a_cluster_that_gives_up_tasks_has_them_run_alone(tmp_path):
    class Cluster(_Executor):
        def _finish(self, function, args):
            together = self.out > 1
            self.out -= 1
            if function is run_one and (together or args[0].path == "01.jpg"):
                raise KilledWorker(args[0].path)
            return function(*args)

    @contextmanager
    def make(count):
        yield Pool(Cluster(), count)

    tasks = make_tasks(tmp_path, [b"good"] * 3)
    outcomes = {o.path: o for o in run_pooled(tasks, make, workers=2)}
    assert [o.failure is None for _, o in sorted(outcomes.items())] == [True, False, True]
    assert outcomes["01.jpg"].failure.stage == "worker"


def test_inline_and_pooled_outcomes_are_equal(tmp_path):
    tasks = make_tasks(tmp_path, [b"good", b"noskin", b"clear", b"bug"])
    inline = {o.path: replace(o, seconds=0) for o in run_inline(tasks)}
    pooled = {o.path: replace(o, seconds=0) for o in run_pooled(tasks, processes, workers=1)}
    assert inline == pooled


def _threads_during(file, **_):
    import cv2

    raise ScarScopeError(f"{cv2.getNumThreads()}")


def test_workers_have_one_thread_and_the_parents_environment_is_left_alone(tmp_path):
    before = dict(os.environ)
    with processes(1) as pool:
        from batch_fakes import worker_environment

        seen = pool.executor.submit(worker_environment, tuple(ONE_THREAD)).result()
    assert seen == ONE_THREAD
    assert dict(os.environ) == before


def test_opencv_has_one_thread_while_a_photo_is_scored(tmp_path):
    import cv2

    before = cv2.getNumThreads()
    (task,) = make_tasks(tmp_path, [b"x"])
    outcome = run_task(replace(task, scorer=_threads_during))
    assert outcome.failure.error == "1"
    assert cv2.getNumThreads() == before


def test_tasks_and_outcomes_can_be_pickled(tmp_path):
    (task,) = make_tasks(tmp_path, [b"good"])
    task = replace(task, outputs=Outputs.under(tmp_path, "x.jpg", overlay=True))
    task = replace(task, paint=fake_painter)
    assert pickle.loads(pickle.dumps(task)) == task
    outcome = run_task(task)
    assert outcome.failure is None
    assert pickle.loads(pickle.dumps(outcome)) == outcome


def test_check_tells_when_a_worker_does_not_see_the_folder(tmp_path):
    executor = _Executor()
    with pytest.raises(ScarScopeError, match="does not see"):
        check(Pool(executor, 1), tmp_path / "elsewhere")


def test_a_name_too_long_for_the_output_fails_alone(tmp_path):
    (task,) = make_tasks(tmp_path, [b"good"])
    path = "x" * 250 + ".jpg"
    task = replace(task, path=path, outputs=Outputs.under(tmp_path / "o", path, overlay=False))
    outcome = run_task(task)
    assert outcome.failure.stage == "write"
    assert "length" in outcome.failure.remedy


def _half_painter(score, path):
    path.write_bytes(b"half")
    raise OSError(28, "No space left on device")


def test_a_picture_that_cannot_be_finished_leaves_nothing_behind(tmp_path):
    (task,) = make_tasks(tmp_path, [b"good"])
    outputs = Outputs.under(tmp_path / "o", task.path, overlay=True)
    outcome = run_task(replace(task, outputs=outputs, paint=_half_painter))
    assert outcome.failure.stage == "write"
    assert "No space left" in outcome.failure.error
    assert not list((tmp_path / "o/overlays").iterdir())


_SCRIPT = """
import sys
sys.path.insert(0, {fakes!r})
from batch_fakes import fake_scorer
from scarscope.batch import score_folder
{guard}score_folder({folder!r}, out={out!r}, workers=2, scorer=fake_scorer)
"""


def _run_script(tmp_path, guard):
    folder = make_study(
        tmp_path / "photos", {"P01/s0/left.jpg": b"slow", "P01/s1/left.jpg": b"slow"}
    )
    fakes, out = str(Path(__file__).parent), str(tmp_path / "out")
    script = tmp_path / "script.py"
    text = _SCRIPT.format(fakes=fakes, guard=guard, folder=str(folder), out=out)
    script.write_text(text, encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, str(script)], stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )


def test_a_script_without_guard_is_told_what_to_do(tmp_path):
    process = _run_script(tmp_path, "")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "if __name__ == '__main__':" in errors.splitlines()[-1]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_killed_run_leaves_no_worker_and_no_lock_behind(tmp_path):
    process = _run_script(tmp_path, 'if __name__ == "__main__": ')
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + 30
    store = tmp_path / "out/scarscope.sqlite"
    while not (store.exists() and len(children.read_text().split()) >= 3):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    workers = [Path(f"/proc/{pid}") for pid in children.read_text().split()]
    process.kill()
    process.communicate()
    while any(_alive(worker) for worker in workers):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    result = batch.score_folder(tmp_path / "photos", out=tmp_path / "out", scorer=fake_scorer)
    assert (result.photos["status"] == "ok").all()


def _alive(worker):
    try:
        return "\nState:\tZ" not in (worker / "status").read_text(encoding="utf-8")
    except OSError:
        return False
