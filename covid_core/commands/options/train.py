"""Options of train.py, and what they choose."""

from __future__ import annotations

import argparse
import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from covid_core.commands.arguments import add_passed_over, add_seed, add_skip_unknown
from covid_core.training.variant_names import Variant, recipe_names

if TYPE_CHECKING:
    from covid_core.training.recipe import Recipe


def parse_stages(text: str) -> tuple[tuple[int, float], ...]:
    """Stages from text: `128:6,224:1.5` gives ((128, 6.0), (224, 1.5)), film size in px and epochs.

    Raises ArgumentTypeError.
    """
    try:
        pairs = [stage.split(":") for stage in text.split(",")]
        stages = tuple((int(size), float(epochs)) for size, epochs in pairs)
    except ValueError:
        stages = ()
    if not stages or any(size < 1 or not 0 < epochs < math.inf for size, epochs in stages):
        raise argparse.ArgumentTypeError(
            f"{text} is no list of film sizes in px, each with its epochs, such as 128:6,224:1.5"
        )
    return stages


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of train.py to a parser."""
    option = parser.add_argument
    option("--data", type=Path, required=True, help="folder of films, or a manifest")
    option(
        "--out",
        type=Path,
        default=Path("weights"),
        help="folder for the weights (default: weights)",
    )
    option(
        "--run-dir",
        type=Path,
        dest="run",
        help="folder for checkpoints and the log (default: runs/RECIPE)",
    )
    option("--recipe", default="densenet121", help=f"{', '.join(recipe_names())}, or a .toml file")
    option(
        "--variant",
        type=Variant,
        choices=list(Variant),
        default=Variant.OURS,
        help="of the recipe: ours, on all films; as its study published it, leaks and mistakes"
        " included; or the study's without these",
    )
    option(
        "--holdout-source",
        action="append",
        default=[],
        metavar="NAME",
        help="a source never to train on; may be given several times",
    )
    option(
        "--skip-bad",
        action="store_true",
        help="leave damaged files out, and list them in the run's quarantine.csv",
    )
    add_skip_unknown(parser)
    add_passed_over(parser)
    add_seed(parser, "of the split, the first weights, and the order and variation of films")
    option(
        "--checkpoint-every",
        type=int,
        default=100,
        metavar="STEPS",
        help="steps between two checkpoints (default: %(default)s)",
    )
    option(
        "--compile",
        action="store_true",
        help="compile the network by torch.compile: slower to start, then faster",
    )
    option(
        "--teacher",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="weights folder whose networks' answers are learnt too, also to films without a"
        " label; may be given several times",
    )
    option("--resume", action="store_true", help="go on from the run's checkpoint")
    own = parser.add_argument_group("in place of what the recipe says")
    own.add_argument("--init", help="imagenet, random, or a file of weights")
    own.add_argument("--architecture", help="another backbone")
    own.add_argument("--head-depth", type=int, help="hidden layers of the head, 0 to 4")
    own.add_argument(
        "--stages",
        type=parse_stages,
        help="of each phase: film size in px:epochs, such as 128:6,224:1.5; the network is used at"
        " the last size",
    )
    own.add_argument("--fit", choices=("squash", "pad"), help="how a film is made square")
    own.add_argument(
        "--smooth-px",
        type=float,
        help="standard deviation of the Gaussian that smooths the resized film",
    )
    own.add_argument(
        "--tone", choices=("stretch", "equalise"), help="how a film's grey levels are spread"
    )
    own.add_argument(
        "--borders",
        choices=("keep", "cut"),
        help="whether bars and padding around a film are kept or cut",
    )
    own.add_argument("--batch-size", type=int, help="films in each step")
    own.add_argument("--learning-rate", type=float, help="the highest learning rate")
    own.add_argument("--weight-decay", type=float, help="how strongly weights are drawn towards 0")
    own.add_argument(
        "--label-smoothing",
        type=float,
        help="share of a label that is spread over all classes, 0 to 1",
    )
    own.add_argument(
        "--averaging", type=float, help="decay of the averaged weights, 0 for none, to below 1"
    )


def choose_recipe(options: argparse.Namespace) -> Recipe:
    """The recipe, with what the command line gives in its place. Raises TrainingError."""
    from covid_core.training.variants import recipe_in  # takes seconds: not for --help

    def given(*names: str) -> dict[str, Any]:
        return {n: getattr(options, n) for n in names if getattr(options, n) is not None}

    recipe = recipe_in(options.variant, options.recipe)
    optimisation = replace(
        recipe.optimisation,
        **given("batch_size", "learning_rate", "weight_decay", "label_smoothing", "averaging"),
    )
    phases = tuple(replace(phase, **given("stages")) for phase in recipe.phases)
    own = given("init", "architecture", "head_depth", "fit", "smooth_px", "tone", "borders")
    return replace(recipe, phases=phases, optimisation=optimisation, **own)


def default_folder(options: argparse.Namespace, recipe: Recipe) -> Path:
    """The folder of a run that was given none: runs/RECIPE, or runs/RECIPE-VARIANT."""
    variant = "" if options.variant is Variant.OURS else f"-{options.variant}"
    return Path("runs") / f"{recipe.name}{variant}"


def describe_choices(options: argparse.Namespace, recipe: Recipe) -> dict[str, str]:
    """All that the command line or the recipe chose, by name, for the weights' card."""
    given = ("data", "holdout_source", "seed", "variant", "teacher")
    chosen = {name: getattr(options, name) for name in given}
    chosen |= {**asdict(recipe), **asdict(recipe.optimisation)}
    left_out = ("name", "says", "optimisation", "published")
    return {name: str(value) for name, value in chosen.items() if name not in left_out}
