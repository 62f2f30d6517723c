"""``scarscope report``: write the page that people look at."""

from __future__ import annotations

import argparse
import webbrowser

from scarscope.cli.console import say
from scarscope.cli.program import DONE
from scarscope.machine import require_opencv


def run(options: argparse.Namespace) -> int:
    """Write the report of a batch and say where it is."""
    require_opencv()
    from scarscope.report.page.build import write_report

    result = write_report(
        options.results,
        pseudonyms=options.pseudonyms,
        cover_eyes=options.cover_eyes,
        most_photos=options.photos_in_one_file,
        progress=lambda what, done, total: say(f"[{done}/{total}] {what}"),
    )
    print(result.page)
    for note in result.notes:
        say(f"Note: {note}")
    if options.open:
        webbrowser.open(result.page.resolve().as_uri())
    return DONE
