"""What is installed, what works, and what to do about what does not.

Imports nothing that may be broken until the check that is about it.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import math
import platform
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from scarscope.errors import ScarScopeError
from scarscope.machine import (
    WORKER_GIB,
    cpu_count,
    default_workers,
    memory_gib,
    opencv_packages,
    reinstall_opencv,
    require_opencv,
)
from scarscope.params import Params

MINIMUM_PYTHON = (3, 11)
# Import name of each package that pyproject.toml requires; OpenCV has checks of its own.
_IMPORTS = {
    "numpy": "numpy",
    "scipy": "scipy",
    "scikit-image": "skimage",
    "pillow": "PIL",
    "pandas": "pandas",
    "rich": "rich",
}
_NOTEBOOK = ("matplotlib", "nbclient", "nbformat", "ipykernel")
_STUDY = ("statsmodels", "matplotlib", "pyarrow")
_TRAIN = ("torch", "onnx")
_REVIEW = ("flask",)
_TEST_PX = 200
_SAME_NETWORK = 1e-4  # of the greatest value: rounding in another order; a wrong layer is far more


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes
    ----------
    name : str
        What.
    status : {"ok", "note", "fail"}
        A note is worth knowing and stops nothing.
    found : str
        What was found.
    remedy : str
        What to do; empty where nothing needs doing.
    """

    name: str
    status: Literal["ok", "note", "fail"]
    found: str
    remedy: str = ""


def examine() -> Iterator[Check]:
    """Look at everything, quickest first; each check is given as soon as it is known."""
    yield _python()
    yield from map(_package, _IMPORTS)
    extras = (_cluster, _study, _review, _notebook, _train)
    checks = (_opencv, _providers, _network, *extras, _temporary, _machine)
    yield from (check() for check in checks)
    yield _self_test()


def default_params() -> str:
    """All parameters with their defaults as TOML, each explained by its own documentation."""
    blocks = []
    for stage in dataclasses.fields(Params):
        options = getattr(Params(), stage.name)
        told = _documented(type(options))
        lines = [f"[{stage.name}]"]
        for name, value in dataclasses.asdict(options).items():
            lines += [
                *(f"# {line}" for line in told.get(name, [])),
                f"{name} = {json.dumps(value)}",
            ]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def _documented(kind: type) -> dict[str, list[str]]:
    """The lines that a numpydoc docstring has for each attribute."""
    told: dict[str, list[str]] = {}
    name = ""
    for line in inspect.cleandoc(kind.__doc__ or "").splitlines():
        head = re.fullmatch(r"(\w+)[\w, ]* : .*", line)
        if head:
            name = head.group(1)
            told[name] = []
        elif name and line.startswith(" "):
            told[name].append(line.strip())
    return told


def _python() -> Check:
    found = f"{platform.python_version()} on {platform.platform(terse=True)}"
    if sys.version_info < MINIMUM_PYTHON:
        return Check("python", "fail", found, "Install Python 3.11 or later from python.org.")
    return Check("python", "ok", found)


def _package(name: str) -> Check:
    required = _required().get(name, "")
    try:
        __import__(_IMPORTS[name])
        version = metadata.version(name)
    except Exception as error:
        return Check(name, "fail", f"cannot be imported ({error})", f'pip install "{name}"')
    if required and not _at_least(version, required):
        return Check(
            name, "fail", f"{version}, but {required} or later is needed", f"pip install -U {name}"
        )
    return Check(name, "ok", version)


def _required() -> dict[str, str]:
    """Lowest version of each package that ScarScope's own metadata asks for."""
    try:
        lines = metadata.requires("scarscope") or []
    except metadata.PackageNotFoundError:  # run from a checkout that was never installed
        return {}
    pairs = (line.partition(">=") for line in lines if "extra ==" not in line)
    return {name.strip().lower(): version.split(",")[0].strip() for name, _, version in pairs}


def _at_least(version: str, required: str) -> bool:
    return _numbers(version) >= _numbers(required)


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split("+")[0].split(".")[:3]
    return tuple(int("".join(filter(str.isdigit, part)) or 0) for part in parts)


def _opencv() -> Check:
    try:
        require_opencv()
    except ScarScopeError as error:
        return Check("opencv", "fail", error.message, error.remedy)
    import cv2

    version = cv2.__version__
    required = _required().get("opencv-python", "")
    if required and not _at_least(version, required):
        return Check(
            "opencv",
            "fail",
            f"{version}, but {required} or later is needed",
            "pip install -U opencv-python",
        )
    return Check("opencv", "ok", f"{version} ({', '.join(opencv_packages())})")


def _providers() -> Check:
    installed = opencv_packages()
    if len(installed) > 1:
        return Check("cv2", "fail", "provided more than once", reinstall_opencv(installed))
    if installed and installed[0] != "opencv-python":
        return Check("cv2", "note", f"provided by {installed[0]}, which works as well")
    return Check("cv2", "ok", "provided once")


def _network() -> Check:
    """The learned network: is it there, and does it compute what it did in training."""
    wanted = Params().scars.segmenter == "network"
    try:
        require_opencv()
        from scarscope.scars.card import has_weights
        from scarscope.scars.network import deviation, load

        if not wanted and not has_weights():
            return Check("network", "note", "no weights (only --segmenter network needs them)")
        net, card = load()
        off = deviation(net, card)
    except ScarScopeError as error:
        return Check("network", "fail", error.message, error.remedy)
    found = f"{card.name} {card.version}, weights {card.digest}"
    if off > _SAME_NETWORK:
        remedy = "Install another version of opencv-python, or find scars with --segmenter relief."
        return Check("network", "fail", f"{found}, computes something else ({off:.1g})", remedy)
    if math.isnan(off):
        return Check("network", "note", f"{found}, holds no values to check it by")
    return Check("network", "ok", f"{found}, computes what it did in training ({off:.0e})")


def _cluster() -> Check:
    return _extra("cluster", ("distributed",), "--cluster needs")


def _study() -> Check:
    return _extra("study", _STUDY, "a study's figures, its other analyses and Parquet need")


def _review() -> Check:
    return _extra("review", _REVIEW, "scarscope review needs")


def _notebook() -> Check:
    return _extra("notebook", _NOTEBOOK, "the notebooks need")


def _train() -> Check:
    return _extra("train", _TRAIN, "scarscope train needs")


def _extra(name: str, packages: Sequence[str], user: str) -> Check:
    """Whether the packages of an extra are there; nothing else suffers without them."""
    try:
        found = [f"{package} {metadata.version(package)}" for package in packages]
    except metadata.PackageNotFoundError:
        missing = f"not installed (only {user} it)"
        return Check(name, "note", missing, f'pip install "scarscope[{name}]"')
    return Check(name, "ok", ", ".join(found))


def _temporary() -> Check:
    try:
        with tempfile.TemporaryDirectory(prefix="scarscope-") as folder:
            file = Path(folder) / "é中.tmp"
            file.write_bytes(b"0")
            file.replace(file.with_name("renamed.tmp"))
            return Check(
                "files", "ok", f"temporary files can be written in {tempfile.gettempdir()}"
            )
    except OSError as error:
        return Check(
            "files",
            "fail",
            f"temporary files cannot be written ({error})",
            "Free some space, or set TMPDIR (Windows: TEMP) to a folder that you may write to.",
        )


def _machine() -> Check:
    memory = memory_gib()
    size = "memory unknown" if memory is None else f"{memory:.1f} GiB of memory"
    found = f"{cpu_count()} processor(s), {size}: {default_workers()} worker(s) by default"
    if memory is not None and memory < WORKER_GIB:
        return Check("machine", "note", found, "Photos over 12 megapixels may not fit in memory.")
    return Check("machine", "ok", found)


def _self_test() -> Check:
    try:
        require_opencv()
    except ScarScopeError:
        return Check("self-test", "fail", "not made, since OpenCV does not work")
    try:
        scars = _score_a_dent()
    except Exception as error:
        remedy = error.remedy if isinstance(error, ScarScopeError) else ""
        return Check(
            "self-test",
            "fail",
            f"scoring a small picture failed ({type(error).__name__}: {error})",
            remedy or "Put right what failed above; if nothing did, reinstall ScarScope.",
        )
    return Check(
        "self-test", "ok", f"a small picture of skin was scored without error ({scars} scars in it)"
    )


def _score_a_dent() -> int:
    """Score a flat patch with one dark-edged dent, without any file."""
    import numpy as np

    from scarscope.measures import score
    from scarscope.photo import read_photo

    y, x = np.mgrid[:_TEST_PX, :_TEST_PX] - _TEST_PX / 2
    dent = np.exp(-(x**2 + y**2) / 2 / 8**2)
    skin = np.array([200, 150, 125]) * (1 - 0.3 * dent[..., None])
    skin += np.random.default_rng(0).normal(0, 2, skin.shape)
    picture = np.clip(np.rint(skin), 0, 255).astype(np.uint8)
    return len(score(read_photo(picture, mm_per_px=0.1, name="self-test")).scars)
