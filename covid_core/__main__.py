"""The command line: `python -m covid_core predict PATH...` and its fellows; `chest-reader` too."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import cast

from covid_core.commands.status import WRONG_USE
from covid_core.commands.verbs import call, group_of_verbs
from covid_core.errors import CovidCoreError
from covid_core.extras import install_line
from covid_core.storage.privacy import keep_private

_MODULE, _SCRIPT = "python -m covid_core", "chest-reader"


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
        print(
            f"{error.name} is not installed. {install_line('desk', 'dicom', 'train')}",
            file=sys.stderr,
        )
        return WRONG_USE


def run(arguments: list[str]) -> int:
    """Run one command, and return its exit status. Raises CovidCoreError."""
    program = _SCRIPT if Path(sys.argv[0]).stem == _SCRIPT else _MODULE
    return call(group_of_verbs(), arguments, program)


def start() -> int:
    """Run the command that the program was started with, and return its exit status."""
    keep_private()
    for stream in (sys.stdout, sys.stderr):
        cast(io.TextIOWrapper, stream).reconfigure(errors="backslashreplace")
    return main()


if __name__ == "__main__":
    sys.exit(start())
