"""Render the set: python -m benchmarks.second_renderer --out DIR [--workers 2]."""

from __future__ import annotations

import argparse

from .render_set import add_options, render_set, shots_of
from .shot import Quality


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.second_renderer",
        description="Photos of scarred skin with exact truth by a path tracer, in ScarScope's "
        "layout. Running it again continues.",
    )
    add_options(parser)
    options = parser.parse_args(arguments)
    manifest = render_set(
        options.out, shots_of(options), workers=options.workers, quality=Quality()
    )
    print(manifest)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
