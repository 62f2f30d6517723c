"""``scarscope phantom``: photos of simulated skin with known scars."""

from __future__ import annotations

import argparse

from scarscope.cli.program import DONE
from scarscope.machine import require_opencv


def run(options: argparse.Namespace) -> int:
    """Write the study and say what to do with it."""
    require_opencv()
    drawn = {"subjects": options.subjects, "seed": options.seed}
    if options.split_face:
        from scarscope.phantom.trial import SplitFace, write_trial

        write_trial(options.out, SplitFace(treatments=options.sessions - 1, **drawn))
    else:
        from scarscope.phantom.study import write_study

        write_study(options.out, sessions=options.sessions, **drawn)
    print(f"Wrote {options.subjects} subject(s), {options.sessions} session(s) to {options.out}.")
    print(f"Score it with: scarscope batch {options.out} --out {options.out}-results")
    return DONE
