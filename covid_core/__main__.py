"""The command line: `python -m covid_core predict PATH...` and its fellows."""

from __future__ import annotations

import argparse
import io
import os
import sys
from typing import cast

from covid_core.commands import card, evaluate, manifest, predict
from covid_core.commands.status import SOME_FAILED, WRONG_USE
from covid_core.errors import DatasetError, WeightsError
from covid_core.report import DISCLAIMER

_COMMANDS = (predict, manifest, evaluate, card)


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Exit status: 0 all done, 1 some files got no answer, 2 wrong use."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(manifest.with_verb(arguments))
    try:
        return int(options.command(options))
    except (WeightsError, DatasetError) as error:
        print(error, file=sys.stderr)
        return WRONG_USE
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SOME_FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m covid_core", description=DISCLAIMER)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.add(commands)
    return parser


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        cast(io.TextIOWrapper, stream).reconfigure(errors="backslashreplace")
    sys.exit(main())
