"""The command line: `python -m covid_core predict PATH...` and its fellows."""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from typing import cast

from covid_core.commands.status import SOME_FAILED, WRONG_USE
from covid_core.errors import CovidCoreError
from covid_core.present.sentences import DISCLAIMER

_COMMANDS = (
    "predict", "cluster", "manifest", "evaluate", "calibrate", "floors", "audit", "card", "lungs",
    "gate", "engines", "index", "bench", "replay",
)  # fmt: skip
_INSTALL = "Install what is needed with: python -m pip install -r requirements.txt"


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Exit status: 0 all done, 1 some files got no answer, 2 wrong use."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        options = _parser(arguments).parse_args(with_verb(arguments))
        return int(options.command(options))
    except CovidCoreError as error:
        print(error, file=sys.stderr)
        return WRONG_USE
    except ModuleNotFoundError as error:
        if not error.name or error.name.split(".")[0] == "covid_core":
            raise
        print(f"{error.name} is not installed. {_INSTALL}", file=sys.stderr)
        return WRONG_USE
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SOME_FAILED


def with_verb(arguments: list[str]) -> list[str]:
    """`manifest check FILE` as one command: argparse knows no verb that is optional."""
    verb = ["manifest", "check"]
    return [" ".join(verb), *arguments[2:]] if arguments[:2] == verb else arguments


def _parser(arguments: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m covid_core", description=DISCLAIMER)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    # Only the command that is asked for is imported: each has libraries that take seconds.
    for name in arguments[:1] if arguments[:1] and arguments[0] in _COMMANDS else _COMMANDS:
        importlib.import_module(f"covid_core.commands.{name}").add(commands)
    return parser


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        cast(io.TextIOWrapper, stream).reconfigure(errors="backslashreplace")
    sys.exit(main())
