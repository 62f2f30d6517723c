"""What a run learned on: the model card says it, and times mean nothing without it."""

from __future__ import annotations

import json
import platform
import re
from pathlib import Path
from typing import Any

import torch

from scarscope.machine import cpu_count

_FILE = "hardware.json"
_LINUX = Path("/proc/cpuinfo")


def hardware(threads: int | None) -> dict[str, Any]:
    """The device that learns, and the processor beside it; nothing that names the machine.

    Parameters
    ----------
    threads : int or None
        That learn; None where nobody knows.
    """
    graphics = torch.cuda.is_available()
    return {
        "device": str(torch.cuda.get_device_name()) if graphics else "processor",
        "processor": processor(),
        "cores": cpu_count(),
        "threads": threads,
        "system": f"{platform.system()} {platform.machine()}",
    }


def processor() -> str:
    """The processor's own name, or else its kind."""
    try:
        names = re.findall(r"^model name\s*:\s*(.+)$", _LINUX.read_text("utf-8"), re.MULTILINE)
    except OSError:
        names = []
    return str(names[0]).strip() if names else platform.processor() or platform.machine()


def note_hardware(run: Path, threads: int) -> None:
    """Keep with a run what it goes on with from here; a run may move from machine to machine."""
    noted, now = noted_hardware(run), hardware(threads)
    if now not in noted:
        run.mkdir(parents=True, exist_ok=True)
        (run / _FILE).write_text(json.dumps([*noted, now], indent=1) + "\n", encoding="utf-8")


def noted_hardware(run: Path) -> list[dict[str, Any]]:
    """What a run has learned on, in order; empty where it was not noted."""
    file = run / _FILE
    if not file.exists():
        return []
    noted: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return noted
