import warnings

import pytest
from batch_fakes import fake_comparer, fake_painter, fake_scorer, make_study

from scarscope import batch
from scarscope.errors import DependencyError, ScarScopeError

TABLES = ("photos.csv", "scars.csv", "changes.csv", "scar_changes.csv", "failures.csv")


@pytest.fixture(scope="module")
def cluster():
    """A real scheduler and two worker processes on this host."""
    distributed = pytest.importorskip("distributed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its start-up and its nannies' are not ours to judge
        with distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            memory_limit=0,
            silence_logs="CRITICAL",
        ) as cluster:
            yield cluster


def score(folder, out, **options):
    fakes = {"scorer": fake_scorer, "comparer": fake_comparer, "paint": fake_painter}
    return batch.score_folder(folder, out=out, **fakes, **options)


@pytest.mark.slow
def test_cluster_and_serial_tables_are_equal_byte_for_byte(tmp_path, cluster):
    burdens = {"P01/s1/left.jpg": b"noskin", "P02/s0/left.jpg": b"good 20"}
    folder = make_study(tmp_path / "photos", {**burdens, "P02/s1/left.jpg": b"good 12"})
    assert list(score(folder, tmp_path / "serial").changes["verdict"]) == ["improved", ""]
    score(folder, tmp_path / "cluster", cluster=cluster.scheduler_address)
    for name in TABLES:
        assert (tmp_path / "cluster" / name).read_bytes() == (
            tmp_path / "serial" / name
        ).read_bytes()


def test_a_scheduler_that_does_not_answer_is_explained(tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("scarscope.batch.pools._CONNECT_S", 0.2)
    with pytest.raises(ScarScopeError, match="No scheduler") as caught:
        score(make_study(tmp_path / "photos"), tmp_path / "out", cluster="tcp://127.0.0.1:9")
    assert "dask scheduler" in caught.value.remedy


def test_without_distributed_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(DependencyError) as caught:
        score(make_study(tmp_path / "photos"), tmp_path / "out", cluster="tcp://127.0.0.1:9")
    assert 'pip install "scarscope[cluster]"' in caught.value.remedy
