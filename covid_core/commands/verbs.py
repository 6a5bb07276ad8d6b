"""The verbs of the command line: each one's module is imported when it is called, and only then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from covid_core.commands.status import DONE
from covid_core.present.sentences import DISCLAIMER

VERBS = {  # the first word is a module here, with `Options` and `run`
    "predict": "score radiographs",
    "cluster": "score an archive on many machines",
    "manifest": "datasets to one table, with duplicates grouped and a clean split",
    "manifest check": "prove that no patient and no picture is on two sides of a manifest's split",
    "evaluate": "compare networks on the same radiographs of a manifest",
    "calibrate": "fit calibration, operating points and prediction sets anew",
    "baselines": "measure what is reached without looking at the lungs",
    "audit": "test a network for shortcuts, robustness, calibration",
    "card": "write the model card, and the results in documents",
    "lungs": "train the network that outlines the lungs",
    "gate": "train the network that says whether a picture may be judged",
    "engines": "measure whether bfloat16 decides as float32 does",
    "index": "list the radiographs that made the weights, to tell which radiograph was seen before",
    "bench train": "measure the speed of training, side by side with the plain way",
    "bench predict": "measure the speed of an answer, side by side with the plain way",
    "train": "train on your own radiographs, as train.py does",
    "page": "open the page in the browser",
    "weights": "put the weights in place, where the package was installed without a clone",
    "replay": "read a case bundle again, and compare byte for byte",
    "forget": "delete what is remembered of radiographs between runs",
}
_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_T = TypeVar("_T")
_MANY = "..."  # ends the metavar of an option that takes several values after one flag


class Verb(TyperCommand):
    """A command that makes an object of options, which `then` takes."""

    then: Callable[[Any], int]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments left over; `--weights A B` is read as `--weights A --weights B`."""
        many = {
            flag for one in self.params if (one.metavar or "").endswith(_MANY) for flag in one.opts
        }
        return super().parse_args(ctx, list(_repeat_flags(args, many)))

    def invoke(self, ctx: Any) -> Any:
        """Ends by the exit status that `then` returns of the options."""
        raise typer.Exit(self.then(super().invoke(ctx)))


class Verbs(TyperGroup):
    """The group of all verbs."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  click's signature
        """The names of all verbs."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Verb | None:  # noqa: ARG002  likewise
        """The command of a verb, from its module."""
        return load_verb(cmd_name) if cmd_name in VERBS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """A verb's name, command and arguments; a verb may have two words."""
        words = " ".join(args[:2])
        kinds = [verb for verb in VERBS if verb.startswith(f"{args[0]} ")]
        if kinds and args[0] not in VERBS and words not in VERBS:
            ctx.fail(f"Say which: {' or '.join(kinds)}.")
        return super().resolve_command(ctx, [words, *args[2:]] if words in VERBS else args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  likewise
        """Write the table of verbs, without importing their modules."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


def load_verb(name: str) -> Verb:
    """The command of one verb: `Options` and `run` of its module, `CheckOptions`, `run_check`."""
    first, _, second = name.partition(" ")
    module = import_module(f"covid_core.commands.{first}")
    return command_of(
        getattr(module, f"{second.title()}Options"),
        getattr(module, f"run_{second}" if second else "run"),
        epilog=None if second else getattr(module, "EPILOG", None),
    )


def command_of(
    options: type[_T],
    then: Callable[[_T], int],
    *,
    says: str | None = None,
    epilog: str | None = None,
) -> Verb:
    """A command whose flags are the annotated fields of a class, and its docstring the help."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(cls=Verb, help=says, epilog=epilog, context_settings=_SETTINGS)(options)
    command = get_command(app)
    assert isinstance(command, Verb)
    command.then = then
    return command


def group_of_verbs() -> Verbs:
    """The command of `python -m covid_core`."""
    return Verbs(help=DISCLAIMER, context_settings=_SETTINGS, rich_markup_mode=None)


def call(command: Verb | Verbs, arguments: list[str], program: str) -> int:
    """The exit status of a command, of --help and of wrong use. Raises what the command does."""
    try:
        command.main(arguments, prog_name=program)
    except SystemExit as ended:
        return int(ended.code or DONE)
    return DONE


def _repeat_flags(arguments: list[str], many: set[str]) -> Iterator[str]:
    flag, values = "", 0
    for argument in arguments:
        if argument.startswith("-"):
            flag, values = argument if argument in many else "", 0
        elif flag:
            values += 1
            if values > 1:
                yield flag
        yield argument
