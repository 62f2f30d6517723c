"""``scarscope review``: look at a report, and write what a person decides."""

from __future__ import annotations

import argparse
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from scarscope.cli.console import say
from scarscope.cli.program import DONE
from scarscope.machine import require_opencv

if TYPE_CHECKING:
    from scarscope.report.review_site import Site


def run(options: argparse.Namespace) -> int:
    """Serve until interrupted."""
    require_opencv()
    from scarscope.report.review_server import serve

    site = serve(options.results, port=options.port, browser=options.browser, tell=_tell)
    count = len(site.review().decisions)
    say(f"\n{count} decision(s) are in {site.file}.")
    if count:
        say(f"Run the same scarscope batch command again to apply them{_command(site.out)}")
    return DONE


def _tell(site: Site) -> None:
    print(f"Review at  {site.address}", flush=True)
    say(f"Decisions are written to {site.file}; nothing leaves this computer. Ctrl-C ends.")


def _command(out: Path) -> str:
    """The command that made the batch, as far as its provenance knows."""
    try:
        command = json.loads((out / "provenance.json").read_text(encoding="utf-8"))["command"]
        return f":\n  {shlex.join(command)}"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "."
