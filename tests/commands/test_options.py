"""What commands can be told: help comes without the libraries that take seconds to import, every
option says what it is for, and every command leads to something that can be run."""

from __future__ import annotations

import argparse
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

from covid_core.__main__ import _COMMANDS, add_options
from covid_core.commands import options as rooms
from covid_core.commands.options import train

ROOT = Path(__file__).parent.parent.parent
SLOW = {"torch", "torchvision", "streamlit", "pandas", "sklearn", "scipy", "openvino", "ray"}
# -X importtime does not list what importlib.import_module imports: sys.modules does.
HELP = """
import runpy, sys
runs, name, *sys.argv[1:] = sys.argv[1:]
try:
    getattr(runpy, runs)(name, run_name="__main__")
except SystemExit as stopped:
    print(stopped.code, *sys.modules, file=sys.stderr)
"""


def imported_by(*arguments: str) -> set[str]:
    """All modules that are there once a program has shown its help."""
    command = [sys.executable, "-c", HELP, *arguments, "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    status, *modules = done.stderr.split()
    assert done.stdout.startswith("usage: ") and status == "0"
    return set(modules)


@pytest.mark.parametrize("verb", ["", *_COMMANDS])
def test_help_imports_nothing_slow(verb: str) -> None:
    imported = imported_by("run_module", "covid_core", *verb.split())
    assert SLOW & imported == set()
    options = {name for name in imported if name.startswith(f"{rooms.__name__}.")}
    assert options == ({f"{rooms.__name__}.{verb.replace(' ', '_')}"} if verb else set())


def test_help_of_training_imports_nothing_slow() -> None:
    assert SLOW & imported_by("run_path", "train.py") == set()


def parsers(verb: str) -> list[argparse.ArgumentParser]:
    """Of a command, and of the kinds that it has."""
    parser = argparse.ArgumentParser()
    if verb == "train.py":
        train.add(parser)
    else:
        add_options(verb, parser)
    kinds = [
        kind
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for kind in action.choices.values()
    ]
    return [parser, *kinds]


@pytest.mark.parametrize("verb", [*_COMMANDS, "train.py"])
def test_every_option_says_what_it_is_for(verb: str) -> None:
    silent = [
        action.option_strings or action.dest
        for parser in parsers(verb)
        for action in parser._actions
        if not action.help and not isinstance(action, argparse._SubParsersAction)
    ]
    assert silent == []


@pytest.mark.parametrize("verb", _COMMANDS)
def test_every_command_runs_something(verb: str) -> None:
    each = parsers(verb)
    targets = {parser.get_default("command") for parser in each} - {None}
    assert len(targets) == max(1, len(each) - 1)
    assert all(callable(pkgutil.resolve_name(target)) for target in targets)


def test_every_module_of_options_is_a_command_s() -> None:
    modules = {module.name for module in pkgutil.iter_modules(rooms.__path__)}
    assert modules - {"train"} == {verb.replace(" ", "_") for verb in _COMMANDS}
