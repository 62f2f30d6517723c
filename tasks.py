"""Everything that is done to this repository by command, with nothing but Python 3.11 or later.

python3 tasks.py demo       score data/samples into results/ and say what to look at
python3 tasks.py test       style, types and tests, as in CI
python3 tasks.py --help     all the rest

Each command makes the environment it needs in .venv, from the locked and hashed lists in
requirements/, and leaves the system's own Python alone. On Windows type `py` for `python3`.
"""

# Old Pythons must get as far as the message below, so: no syntax newer than 3.6 in this file, and
# nothing but the standard library.
import argparse
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
LOCKS = ROOT / "requirements"
MINIMUM = (3, 11)
NEWEST = 19  # the highest 3.x that is looked for when the Python at hand is too old
STAMP = "scarscope-installed.json"
RESULTS = "results"
ON_TOP = ("opencv4.txt", "lowest.txt")  # other versions of what another list has installed
# What the commands leave behind; photos, results of studies and .venv of other tools are not ours.
LEFTOVERS = (".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", "build", "dist")

CHECKS = (
    ("ruff check", ["-m", "ruff", "check", "."]),
    ("ruff format", ["-m", "ruff", "format", "--check", "."]),
    ("mypy", ["-m", "mypy"]),
)


def _stop(*lines: str) -> NoReturn:
    sys.stdout.flush()
    sys.exit("tasks.py: " + "\n  ".join(lines))


def _restart_with_newer_python() -> NoReturn:
    """Run this file again with a Python that is new enough, if there is one."""
    for minor in range(NEWEST, MINIMUM[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            sys.exit(subprocess.call([found, *sys.argv]))
    _stop(
        f"Python 3.11 or later is needed, but this is {sys.version_info[0]}.{sys.version_info[1]}.",
        "Get it from https://www.python.org/downloads/ (Debian, Ubuntu: sudo apt-get install "
        "python3 python3-venv) and run the same command with it.",
    )


if sys.version_info < MINIMUM:
    _restart_with_newer_python()


def main(arguments: list[str] | None = None) -> int:
    """Run one task; returns the exit status."""
    options = _parser().parse_args(arguments)
    os.chdir(ROOT)
    task = getattr(options, "run", demo)
    status: int = task(options)
    return status


def demo(options: argparse.Namespace) -> int:
    """Score the sample study and say what to open first."""
    python = prepare("run.txt")
    print(f"Scoring data/samples into {RESULTS} ...", flush=True)
    status = _call([python, "-m", "scarscope", "batch", "data/samples", "--out", RESULTS])
    first = _first_to_open(ROOT / RESULTS)
    if status == 0 and first is not None:
        print(f"\nOpen first:  {first}")
        print(f"Then:        {ROOT / RESULTS / 'photos.csv'}  (one row a photo)")
        print("What the numbers mean: README.md and docs/measures.md")
    return status


def _first_to_open(results: Path) -> Path | None:
    report = results / "report.html"
    overlays = sorted(results.glob("overlays/**/*.jpg"))
    return report if report.is_file() else next(iter(overlays), None)


def test(options: argparse.Namespace) -> int:
    """Style, types, tests; stops at the first that fails. With other versions, tests only."""
    if options.opencv == "4":
        python = prepare("test.txt", "opencv4.txt", folder=".venv-opencv4")
        return _call([python, "-m", "pytest", *options.pytest])
    if options.lowest:
        python = prepare("test.txt", "lowest.txt", folder=".venv-lowest")
        # Old versions warn about each other, which nobody can change now.
        calm = ["-o", "filterwarnings=default"]
        return _call([python, "-m", "pytest", *calm, *options.pytest])
    python = prepare("test.txt")
    for name, command in CHECKS:
        if not _passes(name, [python, *command]):
            return 1
    # Last, so that its own summary is the last line.
    return _call([python, "-m", "pytest", *options.pytest])


def _passes(name: str, command: list[str | Path]) -> bool:
    start = time.perf_counter()
    status = _call(command)
    verdict = "FAILED, see above" if status else "ok"
    print(f"{name}: {verdict} ({time.perf_counter() - start:.0f} s)", flush=True)
    return status == 0


def bench(options: argparse.Namespace) -> int:
    """Speed and memory, as ratios to the floor."""
    return _call([prepare("test.txt"), "benchmarks/score_photo.py", *options.more])


def samples(options: argparse.Namespace) -> int:
    """Make data/samples again; with --check, compare instead."""
    more = ["--out", "data/samples", *options.more]
    return _call([prepare("run.txt"), "-m", "scarscope.phantom.samples", *more])


def docs(options: argparse.Namespace) -> int:
    """Write the generated pages of docs/ again; with --check, compare instead."""
    return _call([prepare("run.txt"), "docs/generate.py", *options.more])


def notebook(options: argparse.Namespace) -> int:
    """Run the notebooks; copies that hold their pictures go to results/notebooks."""
    return _call([prepare("test.txt"), "notebooks/run.py", *options.more])


def validation(options: argparse.Namespace) -> int:
    """Score the standard validation set; writes docs/validation.md and the README's figures."""
    python = prepare("run.txt")
    set_up = ["--out", "validation", "--docs", "docs", "--workers", "2"]
    set_up += ["--segmenter", "relief", "network"]
    run = [python, "-m", "scarscope.validation.standard", *set_up, *options.more]
    return _call(run) or _call([python, "-m", "scarscope.validation.readme"])


def change(options: argparse.Namespace) -> int:
    """Validate comparing on its own seeds; writes docs/change.md and the README's figures."""
    python = prepare("run.txt")
    set_up = ["--out", "validation/change", "--docs", "docs", "--readme", "README.md"]
    set_up += ["--workers", "2", "--segmenter", "network"]
    return _call([python, "-m", "scarscope.validation.pairs", *set_up, *options.more])


def studies(options: argparse.Namespace) -> int:
    """Simulate studies, from tables and from photos; writes docs/studies.md."""
    python = prepare("test.txt")  # figures of the timed store need matplotlib
    set_up = ["--out", "validation/studies", "--docs", "docs", "--workers", "2"]
    status = _call([python, "-m", "scarscope.validation.studies", *set_up, *options.more])
    if status > 1:  # 1 says that a bar is missed, which the README has to say too
        return status
    return _call([python, "-m", "scarscope.validation.study_readme"]) or status


def card(options: argparse.Namespace) -> int:
    """Write the model card of the learned segmenter, from the validation's and training's files."""
    return _call([prepare("run.txt"), "docs/model_card.py", *options.more])


def lock(options: argparse.Namespace) -> int:
    """Resolve the newest versions that fit pyproject.toml, for every system at once."""
    uv = shutil.which("uv") or _install_uv()
    base = [uv, "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
    base += ["--generate-hashes", "--no-header", "--no-annotate"]
    base += ["--upgrade"] if options.upgrade else []
    jobs = {
        "run.txt": ["pyproject.toml", "--group", "build"],
        "test.txt": ["pyproject.toml", "--group", "build", "--extra", "test"],
        "opencv4.txt": ["--no-deps", "requirements/opencv4.in"],
        "lowest.txt": ["--resolution", "lowest-direct", "pyproject.toml"],
    }
    for name, sources in jobs.items():
        # One version of each package, whichever list it is in.
        same = ["-c", "requirements/run.txt"] if name == "test.txt" else []
        if _call([*base, *sources, *same, "-o", f"requirements/{name}"]):
            return 1
        print(f"requirements/{name}")
    return 0


def _install_uv() -> str:
    python = _make_environment(ROOT / ".venv-lock")
    _pip(python, ["uv"], "Installing uv, which resolves versions")
    return str(python.with_name("uv.exe" if os.name == "nt" else "uv"))


def clean(options: argparse.Namespace) -> int:
    """Delete environments, caches and results that these tasks have made."""
    environments = [p for p in ROOT.glob(".venv*") if (p / STAMP).is_file()]
    results = (RESULTS, "validation", "benchmarks/results")
    gone = [*environments, *(ROOT / name for name in (*LEFTOVERS, *results))]
    for folder in gone:
        if folder.is_dir():
            shutil.rmtree(folder)
            print(f"deleted {folder.relative_to(ROOT)}")
    return 0


def prepare(*locks: str, folder: str = ".venv") -> Path:
    """Make an environment hold what `locks` say, and this package; returns its Python."""
    where = ROOT / folder
    python = _make_environment(where)
    # What the stamp names was installed already: then no network is needed.
    done = _stamp(where)
    wanted = {name: _digest((LOCKS / name).read_bytes()) for name in locks}
    if not wanted.items() <= done.items():
        (where / STAMP).write_text("{}", encoding="utf-8")  # what is half installed is not
        for name in locks:
            _install(python, name)
        if "test.txt" in locks:  # which holds all of run.txt
            wanted["run.txt"] = _digest((LOCKS / "run.txt").read_bytes())
        done = {**wanted, "project": done.get("project", "")}
    # A folder that was moved here has a package that still points to its old place.
    project = _digest((ROOT / "pyproject.toml").read_bytes() + bytes(ROOT))
    if done.get("project") != project:
        # The builder is locked too, so nothing is fetched here.
        install = ["--no-deps", "--no-build-isolation", "--no-index", "--editable", str(ROOT)]
        _pip(python, install, "Installing scarscope itself")
    (where / STAMP).write_text(json.dumps({**done, "project": project}), encoding="utf-8")
    _check_opencv(python)
    return python


def _install(python: Path, name: str) -> None:
    lines = (LOCKS / name).read_text(encoding="utf-8").splitlines()
    count = sum("==" in line for line in lines)
    alone = ["--no-deps"] if name in ON_TOP else []
    _pip(
        python,
        ["--require-hashes", "--only-binary", ":all:", *alone, "-r", str(LOCKS / name)],
        f"Installing requirements/{name} (up to {count} packages, some minutes the first time)",
    )


def _make_environment(where: Path) -> Path:
    python = where / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if _works(python):
        return python
    if where.exists() and not (where / STAMP).is_file():
        _stop(
            f"{where} is there, but it is not an environment with Python 3.11 or later and pip.",
            "Move it away and run the same command again.",
        )
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        _stop(
            "This Python cannot make environments, because its modules venv and ensurepip are a "
            "package of their own.",
            "Debian, Ubuntu: sudo apt-get install python3-venv",
            "and run the same command again.",
        )
    print(f"Making the environment {where.name} ...", flush=True)
    if _call([sys.executable, "-m", "venv", "--clear", where]):
        shutil.rmtree(where, ignore_errors=True)
        _stop(
            f"The environment {where} could not be made, see above.",
            "Debian, Ubuntu: sudo apt-get install python3-venv",
            "Elsewhere: install Python from https://www.python.org/downloads/",
        )
    (where / STAMP).write_text("{}", encoding="utf-8")
    return python


def _works(python: Path) -> bool:
    """Whether an environment can be used: its Python may be gone, or older than is needed."""
    probe = f"import pip, sys; sys.exit(sys.version_info < {MINIMUM})"
    try:
        return subprocess.run([python, "-c", probe], capture_output=True).returncode == 0
    except OSError:
        return False


def _stamp(where: Path) -> dict[str, str]:
    try:
        known: dict[str, str] = json.loads((where / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known


def _digest(data: bytes) -> str:
    # Line ends are the checkout's business.
    return hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest()


def _pip(python: Path, arguments: list[str], doing: str) -> None:
    print(f"{doing} ...", flush=True)
    command: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-input",
        *arguments,
    ]
    done = subprocess.run(
        [*command, "--disable-pip-version-check"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_environment(),
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode:
        print(done.stdout)
        _stop("pip could not install what is needed, see above.", *_explain(done.stdout))


def _explain(said: str) -> list[str]:
    if "DO NOT MATCH THE HASHES" in said:
        return [
            "A downloaded file is not the one that was locked. Do not work around this: a proxy or",
            "mirror may have changed it. Try again from another network.",
        ]
    if re.search(r"No space left|ENOSPC|Errno 28", said):
        return ["The disk is full: the environment takes about 1 GB."]
    if re.search(r"resolution|timed? ?out|NewConnection|ProxyError|SSLError|Max retries", said):
        return [
            "The package index cannot be reached. Check the network; behind a proxy set",
            "HTTPS_PROXY, with an index of your own set PIP_INDEX_URL, and run again.",
            "Once installed, no network is needed.",
        ]
    if re.search(r"No matching distribution|Could not find a version", said):
        return [
            f"A package has no ready-made file for this system ({sys.platform}, Python "
            f"{sys.version_info[0]}.{sys.version_info[1]}), or the index cannot be reached.",
            "Check the network, or use a 64-bit Python 3.11 to 3.13.",
        ]
    return ["Run the same command again; if it stays, delete .venv first."]


def _check_opencv(python: Path) -> None:
    """OpenCV needs libraries of the system; `scarscope doctor` knows which and says so."""
    probe = subprocess.run([python, "-c", "import cv2"], capture_output=True, env=_environment())
    if probe.returncode:
        _call([python, "-m", "scarscope", "doctor"])
        _stop("OpenCV does not load: do what is said above, and run the same command again.")


def _call(command: list[str | Path]) -> int:
    sys.stdout.flush()
    try:
        return subprocess.call(command, env=_environment(), cwd=ROOT)
    except KeyboardInterrupt:
        return 130


def _environment() -> dict[str, str]:
    """The process's variables without those that would mix in other Pythons' packages."""
    foreign = ("PYTHONHOME", "PYTHONPATH", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    return {**kept, "PYTHONNOUSERSITE": "1"}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tasks.py",
        description="What is done to this repository by command; each makes what it needs.",
    )
    tasks = parser.add_subparsers(dest="task", metavar="TASK", required=True)

    def add(name: str, run: object, text: str) -> argparse.ArgumentParser:
        task = tasks.add_parser(name, help=text, description=text)
        task.set_defaults(run=run)
        return task

    add("demo", demo, "score data/samples into results/ and say what to look at")
    tests = add("test", test, "style, types and tests, as in CI")
    tests.add_argument("--opencv", choices=["4", "5"], default="5", help="5 is the locked one")
    tests.add_argument(
        "--lowest", action="store_true", help="the oldest versions allowed (Python 3.11 or 3.12)"
    )
    tests.add_argument("pytest", nargs="*", help="passed on to pytest, after --")
    benches = add("bench", bench, "speed and memory, as ratios to the floor")
    benches.add_argument("more", nargs="*", help="passed on, after --: --check, --quick")
    remade = add("samples", samples, "make data/samples again, byte for byte")
    remade.add_argument("more", nargs="*", help="passed on, after --: --check")
    pages = add("docs", docs, "write docs/ that are generated: flags, measures, parameters")
    pages.add_argument("more", nargs="*", help="passed on, after --: --check")
    checked = add("validation", validation, "accuracy on simulated skin; writes docs/validation.md")
    checked.add_argument("more", nargs="*", help="passed on, after --: --workers 4")
    pairs = add("change", change, "accuracy of comparing two photos; writes docs/change.md")
    pairs.add_argument("more", nargs="*", help="passed on, after --: --workers 4")
    trials = add("studies", studies, "how often a study's test is right; writes docs/studies.md")
    trials.add_argument("more", nargs="*", help="passed on, after --: --workers 4")
    cards = add("card", card, "the learned segmenter's model card; writes docs/model-card.md")
    cards.add_argument("more", nargs="*", help="after --: --check, --log FILE, --second DIR")
    books = add("notebook", notebook, "run the notebooks into results/notebooks/")
    books.add_argument("more", nargs="*", help="passed on, after --: --out FOLDER")
    locks = add("lock", lock, "resolve requirements/ again from pyproject.toml")
    locks.add_argument("--upgrade", action="store_true", help="take newer versions")
    add("clean", clean, "delete environments, caches and results")
    return parser


if __name__ == "__main__":
    sys.exit(main())
