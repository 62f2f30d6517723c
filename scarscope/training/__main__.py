"""Make the network's weights: ``python -m scarscope.training``; stop and go on whenever you like.

python -m scarscope.training run --params scarscope/training/shipped.toml --work training
python -m scarscope.training export --work training --out network.onnx
python -m scarscope.training ship --onnx network.onnx --out scarscope/scars/weights
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from scarscope.cli.console import say
from scarscope.errors import ScarScopeError
from scarscope.machine import cpu_count
from scarscope.training.extra import require_torch

_INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return _COMMANDS[options.command](options)
    except ScarScopeError as error:
        say(f"{error.message}\n  {error.remedy}")
        return 1
    except KeyboardInterrupt:
        say("Stopped. What is done is kept: run the same command again to continue.")
        return _INTERRUPTED


def _run(options: argparse.Namespace) -> int:
    require_torch()
    from scarscope.training.params import TrainParams
    from scarscope.training.run import run

    params = TrainParams.from_toml(options.params)
    print(
        run(
            params,
            options.work,
            workers=options.workers,
            threads=options.threads,
            start=options.start,
        )
    )
    return 0


def _export(options: argparse.Namespace) -> int:
    require_torch()
    from scarscope.training.run import export

    print(export(options.work, options.out))
    return 0


def _ship(options: argparse.Namespace) -> int:
    from scarscope.training.ship import ship

    print(ship(options.onnx, options.out, photos=options.photos))
    return 0


_COMMANDS = {"run": _run, "export": _export, "ship": _ship}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scarscope.training", description=(__doc__ or "").split("\n")[0]
    )
    commands = parser.add_subparsers(dest="command", required=True)
    own = commands.add_parser("run", help="render examples, learn from them, export the weights")
    own.add_argument("--params", type=Path, required=True, help="TOML file")
    own.add_argument("--work", type=Path, required=True, help="folder of examples and state")
    own.add_argument("--start", type=Path, help="folder of weights that the parameters go on from")
    every = cpu_count()
    own.add_argument("--workers", type=int, default=every, help="processes that render")
    own.add_argument("--threads", type=int, default=every, help="threads that learn")
    own = commands.add_parser("export", help="write a run's present weights as ONNX")
    own.add_argument("--work", type=Path, required=True, help="folder of the run")
    own.add_argument("--out", type=Path, required=True, help="the ONNX file")
    own = commands.add_parser("ship", help="choose thresholds and calibration, write the card")
    own.add_argument("--onnx", type=Path, required=True, help="what export wrote")
    own.add_argument("--out", type=Path, required=True, help="folder for weights and card")
    own.add_argument("--photos", type=int, default=160, help="of the stopping seeds")
    return parser


if __name__ == "__main__":
    sys.exit(main())
