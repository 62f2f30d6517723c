"""From arguments to an exit status, without a traceback in between."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from scarscope._version import __version__
from scarscope.cli.console import say, tolerate_narrow_consoles
from scarscope.cli.parser import build_parser
from scarscope.cli.unknown import complaint
from scarscope.errors import ParamsError, ScaleError, ScarScopeError
from scarscope.machine import DEBUG, ONE_THREAD, print_debug

DONE, NOTHING, USAGE, SOME_FAILED = 0, 1, 2, 3
INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    argv : sequence of str or None, optional
        Arguments without the program's name. None: those of this process.

    Returns
    -------
    int
        Exit status: 0 all done, 1 nothing could be done, 2 wrong usage, 3 some photos failed.
    """
    tolerate_narrow_consoles()
    parser = build_parser()
    options, unknown = parser.parse_known_args(argv)
    if unknown:
        getattr(options, "complain", complaint(parser))(unknown)
    if options.command is None:
        parser.print_help()
        return USAGE
    # Photos run side by side, and a figure must not depend on how many do; numerical libraries
    # read these when they are first imported, which happens with the command.
    for name, value in ONE_THREAD.items():
        os.environ.setdefault(name, value)
    return _explained(lambda: _command(options.command)(options))


def _command(name: str) -> Callable[[argparse.Namespace], int]:
    run: Callable[[argparse.Namespace], int] = import_module(f"scarscope.cli.{name}").run
    return run


def _explained(run: Callable[[], int]) -> int:
    try:
        return run()
    except ScarScopeError as error:
        say(f"scarscope: {error.message}")
        if error.remedy:
            say(f"  {error.remedy}")
        print_debug()
        return USAGE if isinstance(error, ParamsError | ScaleError) else NOTHING
    except KeyboardInterrupt:
        say("Stopped.")
        return INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe, `head` say, has had enough
        sys.stderr.close()
        return NOTHING
    except Exception as error:
        _unexpected(error)
        return NOTHING


def _unexpected(error: Exception) -> None:
    say(f"scarscope: something unexpected happened ({type(error).__name__}: {error}).")
    say(f"  This is a fault of ScarScope {__version__} (Python {platform.python_version()}).")
    if not print_debug():
        say(f"  Run the same command with {DEBUG}=1 set and report what is printed.")
