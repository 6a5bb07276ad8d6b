"""Options of train.py."""

from __future__ import annotations

import argparse
from pathlib import Path

from covid_core.commands.arguments import add_seed
from covid_core.training.variant_names import Variant, recipe_names


def parse_stages(text: str) -> tuple[tuple[int, float], ...]:
    """`128:6,224:1` to ((128, 6.0), (224, 1.0)): film size in px, epochs."""
    pairs = [stage.split(":") for stage in text.split(",")]
    return tuple((int(size), float(epochs)) for size, epochs in pairs)


def add(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    option("--data", type=Path, required=True, help="folder of films, or a manifest")
    option("--out", type=Path, default=Path("weights"), help="folder for the weights")
    option(
        "--run-dir",
        type=Path,
        dest="run",
        help="folder for checkpoint and log (default runs/RECIPE)",
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
        "--holdout-source", action="append", default=[], metavar="NAME", help="never train on it"
    )
    option(
        "--skip-bad",
        action="store_true",
        help="leave damaged files out, and name them in the run's quarantine.csv",
    )
    add_seed(parser, "of the split, the first weights, and the order and variation of films")
    option(
        "--checkpoint-every",
        type=int,
        default=100,
        metavar="STEPS",
        help="how many lie between two checkpoints (default: %(default)s)",
    )
    option("--compile", action="store_true", help="by torch.compile: slower to start, then faster")
    option(
        "--teacher",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="weights whose answers are learnt too, also to films without a label; can be given"
        " again",
    )
    option("--resume", action="store_true", help="go on from the run's checkpoint")
    own = parser.add_argument_group("instead of what the recipe says")
    own.add_argument("--init", help="imagenet, random, or a file of weights")
    own.add_argument("--architecture", help="another backbone")
    own.add_argument("--head-depth", type=int, help="hidden layers of the head, 0 to 4")
    own.add_argument(
        "--stages", type=parse_stages, help="of each phase: film px:epochs, …; the last size stays"
    )
    own.add_argument("--fit", choices=("squash", "pad"), help="how a film is made square")
    own.add_argument("--smooth-px", type=float, help="of the resized film, a Gaussian's deviation")
    own.add_argument("--tone", choices=("stretch", "equalise"), help="of a film's grey levels")
    own.add_argument("--borders", choices=("keep", "cut"), help="bars and padding around a film")
    own.add_argument("--batch-size", type=int, help="films in each step")
    own.add_argument("--learning-rate", type=float, help="at its highest")
    own.add_argument("--weight-decay", type=float, help="how strongly weights are drawn to 0")
    own.add_argument(
        "--label-smoothing", type=float, help="share of a label that is spread over all classes"
    )
    own.add_argument("--averaging", type=float, help="decay of the averaged weights")
