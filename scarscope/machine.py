"""What this machine has to offer: processors, memory, OpenCV, and how threads are held back.

Imports nothing that may be missing, so that it can explain what is.
"""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from importlib import metadata
from pathlib import Path

from scarscope.errors import DependencyError

DEBUG = "SCARSCOPE_DEBUG"  # environment variable: set, it shows tracebacks

# Read by OpenMP, OpenBLAS, MKL, Accelerate and numexpr when they are first imported.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
}
WORKER_GIB = 1.5  # a 12-megapixel photo takes up to 1.2 GiB, and the system needs its share
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")

# All four put a folder named cv2 in the same place: the last one installed wins, or half of it.
OPENCV_PACKAGES = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)


def print_debug() -> bool:
    """Print where the error in hand comes from, if that was asked for; whether it was."""
    wanted = bool(os.environ.get(DEBUG))
    if wanted:
        traceback.print_exc()
    return wanted


def cpu_count() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_gib() -> float | None:
    """Memory of this machine, or of its container, in GiB; None where it cannot be told."""
    if sys.platform == "win32":
        return _windows_memory() / 2**30
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError):
        return None
    with contextlib.suppress(OSError, ValueError):
        total = min(total, int(_CGROUP_LIMIT.read_text(encoding="ascii")))
    return total / 2**30


def _windows_memory() -> int:
    """Bytes of memory, from GlobalMemoryStatusEx (MEMORYSTATUSEX: two DWORDs, seven DWORDLONGs)."""
    import ctypes
    import struct

    layout = struct.Struct("=LL7Q")
    status = ctypes.create_string_buffer(layout.pack(layout.size, *[0] * 8), layout.size)
    ctypes.windll.kernel32.GlobalMemoryStatusEx(status)  # type: ignore[attr-defined]
    return int(layout.unpack(status.raw)[2])


def default_workers() -> int:
    """One worker a processor, but no more than memory holds."""
    memory = memory_gib()
    fitting = cpu_count() if memory is None else int(memory / WORKER_GIB)
    return max(1, min(cpu_count(), fitting))


def opencv_packages() -> tuple[str, ...]:
    """The installed packages that provide ``cv2``; more than one is a fault."""
    installed = {(d.metadata["Name"] or "").lower() for d in metadata.distributions()}
    return tuple(name for name in OPENCV_PACKAGES if name in installed)


def reinstall_opencv(installed: tuple[str, ...]) -> str:
    """What to type where several packages have overwritten each other."""
    return (
        f"Several packages provide cv2 and overwrite each other ({', '.join(installed)}): run "
        f"`pip uninstall -y {' '.join(installed)}` and then `pip install opencv-python`."
    )


def explain_opencv(message: str) -> str:
    """What to do about an OpenCV that cannot be imported.

    Parameters
    ----------
    message : str
        Of the ImportError.
    """
    installed = opencv_packages()
    if not installed:
        return "Install it with `pip install opencv-python`."
    if len(installed) > 1:
        return reinstall_opencv(installed)
    libraries = ("libGL", "libgthread", "libglib", "libSM", "libXext", "libXrender", "libxcb")
    if any(library in message for library in libraries):
        return (
            "A system library is missing: on Debian or Ubuntu run `sudo apt-get install libgl1 "
            "libglib2.0-0`. Where you may not, run `pip uninstall -y opencv-python` and then "
            "`pip install opencv-python-headless`, which needs none."
        )
    if "numpy" in message.lower() or "ABI" in message:
        return "It does not fit the installed numpy: run `pip install -U numpy opencv-python`."
    if "DLL" in message:
        return (
            "Install the Microsoft Visual C++ Redistributable; on Windows N also the Media Feature "
            "Pack."
        )
    return f"Run `pip install --force-reinstall {installed[0]}`."


def require_opencv() -> None:
    """Import OpenCV, or say what to install.

    Raises
    ------
    DependencyError
        If it is missing or broken.
    """
    try:
        import cv2

        cv2.setNumThreads  # noqa: B018  (a leftover folder imports as an empty package)
    except (ImportError, AttributeError) as error:
        raise DependencyError(
            f"OpenCV cannot be imported ({error}).", remedy=explain_opencv(str(error))
        ) from error
