"""The command line: `python -m covid_core predict PATH...` and its fellows."""

from __future__ import annotations

import argparse
import importlib
import io
import os
import pkgutil
import sys
from typing import cast

from covid_core.commands.status import SOME_FAILED, WRONG_USE
from covid_core.errors import CovidCoreError
from covid_core.present.sentences import DISCLAIMER
from covid_core.storage.privacy import keep_private

_COMMANDS = {  # `commands.options` has a module for each, with all that it can be told
    "predict": "score radiographs",
    "cluster": "score an archive on many machines",
    "manifest": "datasets to one table, with twins grouped and a clean split",
    "manifest check": "prove that no patient and no picture is on two sides of a manifest's split",
    "evaluate": "compare networks on the same films of a manifest",
    "calibrate": "fit calibration, operating points and prediction sets anew",
    "baselines": "measure what is reached without looking at the lungs",
    "audit": "test a network for shortcuts, robustness, honesty",
    "card": "write the model card, and the results in documents",
    "lungs": "train the network that outlines the lungs",
    "gate": "train the network that says whether a picture may be judged",
    "engines": "measure whether bfloat16 decides as float32 does",
    "index": "list the films that made the weights, to tell which film was seen before",
    "bench": "measure speed, side by side with the plain way",
    "replay": "read a case bundle again, and compare byte for byte",
    "forget": "delete what is remembered of radiographs between runs",
}
_INSTALL = "Install what is needed with: python -m pip install -r requirements.txt"


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Exit status: 0 all done, 1 some files got no answer, 2 wrong use."""
    try:
        return run(sys.argv[1:] if arguments is None else arguments)
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


def run(arguments: list[str]) -> int:
    """Run one command, and return its exit status. Raises CovidCoreError."""
    options = parse(arguments)
    return int(pkgutil.resolve_name(options.command)(options))


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options of one command; `command`: the function to run it by, as MODULE:NAME."""
    arguments = _join_verb(arguments)
    parser = argparse.ArgumentParser(prog="python -m covid_core", description=DISCLAIMER)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, meaning in _COMMANDS.items():
        command = commands.add_parser(name, help=meaning)
        if arguments[:1] == [name]:
            add_options(name, command)
    return parser.parse_args(arguments)


def add_options(name: str, parser: argparse.ArgumentParser) -> None:
    """Put into a parser all that one command can be told."""
    module = importlib.import_module(f"covid_core.commands.options.{name.replace(' ', '_')}")
    module.add(parser)


def _join_verb(arguments: list[str]) -> list[str]:
    """`manifest check FILE` as one command: argparse knows no verb that is optional."""
    verb = ["manifest", "check"]
    return [" ".join(verb), *arguments[2:]] if arguments[:2] == verb else arguments


if __name__ == "__main__":
    keep_private()
    for stream in (sys.stdout, sys.stderr):
        cast(io.TextIOWrapper, stream).reconfigure(errors="backslashreplace")
    sys.exit(main())
