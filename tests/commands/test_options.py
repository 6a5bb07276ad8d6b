"""The options of commands: help comes without the libraries that take seconds to import, every
option says what it is for, and every command leads to something that can be run."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, get_args

import pytest
from typer import Argument, Option

from covid_core import commands
from covid_core.commands import train
from covid_core.commands.arguments import Point
from covid_core.commands.verbs import VERBS, Verb, call, command_of, load_verb
from covid_core.model.decision import POINTS

ROOT = Path(__file__).parent.parent.parent
SLOW = {"torch", "torchvision", "streamlit", "pandas", "sklearn", "scipy", "openvino", "ray"}
MODULES = {verb.partition(" ")[0] for verb in VERBS}
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
    assert done.stdout.startswith("Usage: ") and status == "0"
    return set(modules)


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_help_imports_nothing_slow_and_no_other_verb(verb: str) -> None:
    imported = imported_by("run_module", "covid_core", *verb.split())
    assert SLOW & imported == set()
    verbs = {name for name in MODULES if f"{commands.__name__}.{name}" in imported}
    assert verbs == set(verb.split()[:1])


def test_help_of_training_imports_nothing_slow() -> None:
    assert SLOW & imported_by("run_path", "train.py") == set()


def verb_of(name: str) -> Verb:
    return command_of(train.Options, lambda _: 0) if name == "train.py" else load_verb(name)


@pytest.mark.parametrize("name", [*VERBS, "train.py"])
def test_every_option_says_what_it_is_for(name: str) -> None:
    verb = verb_of(name)
    assert verb.params and verb.help
    assert [option.name for option in verb.params if not getattr(option, "help", None)] == []


@pytest.mark.parametrize("name", VERBS)
def test_every_command_runs_something(name: str) -> None:
    verb = load_verb(name)
    assert verb.then.__module__ == f"{commands.__name__}.{name.partition(' ')[0]}"


def test_every_module_of_commands_is_a_verb_s_or_shared() -> None:
    modules = {module.name for module in pkgutil.iter_modules(commands.__path__)}
    assert modules - {"arguments", "scripts", "status", "verbs"} == MODULES


def test_operating_points_to_choose_are_those_there_are() -> None:
    assert get_args(get_args(Point)[0]) == POINTS


@dataclass(frozen=True, kw_only=True)
class Lists:
    """Options with lists of both kinds."""

    places: Annotated[list[str], Argument()]
    many: Annotated[list[str], Option("--many", metavar="A...", default_factory=list)]
    one: Annotated[list[str], Option("--one", metavar="A", default_factory=list)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("x", (["x"], [], [])),
        ("x y --many a b", (["x", "y"], ["a", "b"], [])),
        ("x --many a --many b c --one d", (["x"], ["a", "b", "c"], ["d"])),
        ("--one a x --one b y", (["x", "y"], [], ["a", "b"])),
        ("--many a -- x", (["x"], ["a"], [])),
        ("x --many", 2),
        ("--many a x", 2),
    ],
)
def test_an_option_takes_one_value_or_all_up_to_the_next_flag(
    line: str, expected: tuple[list[str], list[str], list[str]] | int
) -> None:
    found: list[Lists] = []
    status = call(command_of(Lists, lambda one: found.append(one) or 0), line.split(), "program")
    assert status == (expected if isinstance(expected, int) else 0)
    assert [(one.places, one.many, one.one) for one in found] == ([expected] if not status else [])
