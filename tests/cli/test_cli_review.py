"""``scarscope review``: what is printed, and how it ends."""

import json

import pytest

from scarscope.batch.review import Decision, Review, write_review
from scarscope.cli import main
from scarscope.report import review_server
from scarscope.report.review_site import Site


@pytest.fixture
def served(monkeypatch):
    """Stands for the server: what it was asked for, and a run that is interrupted at once."""
    asked = []

    def serve(out, *, port, browser, tell):
        asked.append((out, port, browser))
        site = Site(out.resolve(), port or 8123, "secret")
        tell(site)
        return site

    monkeypatch.setattr(review_server, "serve", serve)
    return asked


def test_the_address_and_the_file_are_told(served, tmp_path, capsys):
    (tmp_path / "scarscope.sqlite").write_bytes(b"")
    assert main(["review", str(tmp_path), "--port", "8200", "--no-browser"]) == 0
    assert served == [(tmp_path, 8200, False)]
    printed = capsys.readouterr()
    assert printed.out == "Review at  http://127.0.0.1:8200/?token=secret\n"
    assert str(tmp_path.resolve() / "review.json") in printed.err


def test_at_the_end_the_command_that_applies_decisions_is_named(served, tmp_path, capsys):
    made = Decision("a.jpg", "0" * 64, "exclude", "blurred", "AB", "2026-03-01")
    write_review(Review("", (made,)), tmp_path / "review.json")
    assert main(["review", str(tmp_path)]) == 0
    assert served == [(tmp_path, 0, True)]
    assert "1 decision(s) are in" in (text := capsys.readouterr().err)
    assert text.rstrip().endswith("to apply them.")
    command = {"command": ["scarscope", "batch", "my photos", "--out", "results"]}
    (tmp_path / "provenance.json").write_text(json.dumps(command), encoding="utf-8")
    main(["review", str(tmp_path)])
    assert "scarscope batch 'my photos' --out results" in capsys.readouterr().err


def test_a_folder_without_a_batch_is_refused(tmp_path, capsys):
    assert main(["review", str(tmp_path), "--no-browser"]) == 1
    assert "scarscope batch" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["0", "65536", "x", "-1"])
def test_a_port_that_is_none_is_wrong_usage(tmp_path, port, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["review", str(tmp_path), f"--port={port}"])
    assert caught.value.code == 2
    assert "not a port" in capsys.readouterr().err


def test_help_says_how_decisions_are_applied(capsys):
    with pytest.raises(SystemExit):
        main(["review", "--help"])
    text = capsys.readouterr().out
    assert "DIR/review.json" in text
    assert "docs/review.md" in text
