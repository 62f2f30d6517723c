"""``scarscope doctor``: is everything there, and what to do where not."""

from __future__ import annotations

import argparse

from scarscope.cli.program import DONE, NOTHING


def run(options: argparse.Namespace) -> int:
    """Print every check, or the default parameters."""
    if options.params:
        from scarscope.doctor import default_params

        print(default_params(), end="")
        return DONE
    from scarscope.doctor import examine

    failed = 0
    for check in examine():
        mark = {"ok": "ok  ", "note": "note", "fail": "FAIL"}[check.status]
        print(f"{mark}  {check.name:<12} {check.found}", flush=True)
        if check.remedy:
            print(f"      -> {check.remedy}")
        failed += check.status == "fail"
    print("Everything works." if not failed else f"{failed} thing(s) to put right, see above.")
    return NOTHING if failed else DONE
