"""Where a batch's numbers come from: version, parameters, machine, command and times."""

from __future__ import annotations

import platform
import re
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from scarscope._version import __version__
from scarscope.machine import opencv_packages
from scarscope.params import Params

PACKAGES = ("numpy", "scipy", "scikit-image", "pillow", "pandas", "rich", "distributed")


def environment() -> dict[str, Any]:
    """Python, system, packages and OpenCV's build, as plain values."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "packages": {n: v for n in (*PACKAGES, *opencv_packages()) if (v := _version(n))},
        "opencv": _opencv(),
    }


def provenance(
    params: Params,
    start: datetime,
    counts: dict[str, int],
    options: dict[str, Any],
    *,
    changes: dict[str, Any],
    weights: str = "",
    review: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """All of it for one run that ends now.

    Parameters
    ----------
    params : Params
        Of the run.
    start : datetime
        When it began, with its time zone.
    counts : dict
        Photos by what became of them.
    options : dict
        How the run was asked for: folder, layout, workers, cluster.
    changes : dict
        Pairs by what became of them, and the measurement error that they were judged by.
    weights : str, optional
        Digest of the learned weights; empty where nothing was learned.
    review : dict or None, optional
        What decisions of a person were applied; None where there were none.
    """
    return {
        "software": "scarscope",
        "version": __version__,
        "params_hash": params.hash,
        "pair_params_hash": params.pair_hash,
        "params": {stage: _homeless(own) for stage, own in params.to_dict().items()},
        "segmenter": params.scars.segmenter,
        "weights": weights,
        "command": [_program(Path(sys.argv[0])), *map(homeless, sys.argv[1:])],
        "options": {name: homeless(value) for name, value in options.items()},
        "started_utc": _utc(start),
        "finished_utc": _utc(datetime.now(UTC)),
        "counts": counts,
        "changes": changes,
        "review": review,
        "environment": environment(),
    }


def _homeless(values: dict[str, Any]) -> dict[str, Any]:
    return {name: homeless(value) for name, value in values.items()}


def _program(file: Path) -> str:
    """Name of the program, which is a module's file where it runs as ``python -m scarscope``."""
    ours = file.stem == "scarscope" or file.parent.name == "scarscope"
    return "scarscope" if ours else file.name


def homeless(value: Any) -> Any:  # noqa: ANN401
    """A path without the name of whoever ran the command: results travel further than they do."""
    home = str(Path.home())
    if not isinstance(value, str) or len(home) < 2:  # "/" in some containers
        return value
    return re.sub(rf"(^|=){re.escape(home)}(?=[/\\]|$)", r"\1~", value)


def _utc(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="seconds")


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _opencv() -> dict[str, str]:
    import cv2

    wanted = ("Version control", "Baseline", "Dispatched code generation", "Parallel framework")
    lines = (line.strip() for line in cv2.getBuildInformation().splitlines())
    pairs = (line.partition(":") for line in lines)
    build = {key.strip(): value.strip() for key, _, value in pairs if key.strip() in wanted}
    return {"version": cv2.__version__, **build}
