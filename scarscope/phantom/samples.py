"""The sample study in ``data/samples``: made, and checked, by one command.

python -m scarscope.phantom.samples --out data/samples
python -m scarscope.phantom.samples --out data/samples --check
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from scarscope.phantom.study import Visit, plan_study, write_visits

SEED = 2026
TONES_DEG = (50.0, 15.0, -35.0)


def sample_visits() -> tuple[Visit, ...]:
    """Three subjects, three sessions, one retest, and one session under a second light as well."""
    return plan_study(
        subjects=3,
        sessions=3,
        seed=SEED,
        ita_deg=TONES_DEG,
        light="offaxis",
        retests=1,
        other_light="ring",
    )


def write_samples(out: Path) -> Path:
    """Render the sample study into `out`; returns the manifest."""
    return write_visits(out, sample_visits())


def differences(out: Path) -> list[str]:
    """Files of a fresh rendering that `out` lacks or holds with other bytes, and strays."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        write_samples(fresh)
        names = {p.relative_to(fresh).as_posix() for p in fresh.rglob("*") if p.is_file()}
        have = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
        strays = sorted(have - names - {"README.md"})
        return strays + [n for n in sorted(names) if not _same(fresh / n, out / n)]


def _same(a: Path, b: Path) -> bool:
    return b.is_file() and a.read_bytes() == b.read_bytes()


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m scarscope.phantom.samples", description=__doc__
    )
    parser.add_argument("--out", type=Path, default=Path("data/samples"), help="folder")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    options = parser.parse_args(arguments)
    if not options.check:
        sys.stdout.write(f"{write_samples(options.out)}\n")
        return 0
    wrong = differences(options.out)
    sys.stdout.write("".join(f"differs: {name}\n" for name in wrong) or "all files are the same\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
