"""Options of `bench train` and `bench predict`."""

from __future__ import annotations

import argparse

from covid_core.commands.arguments import add_recipe, add_weights
from covid_core.model.architectures import DENSENET121, TITLES


def add(parser: argparse.ArgumentParser) -> None:
    """Put the options of `bench` into its parser."""
    kinds = parser.add_subparsers(required=True, metavar="WHAT")
    train = kinds.add_parser("train", help="training steps, on phantoms")
    train.add_argument(
        "--steps", type=int, default=20, help="how many are timed (default: %(default)s)"
    )
    train.add_argument(
        "--batch-size", type=int, default=32, help="films in each step (default: %(default)s)"
    )
    train.add_argument(
        "--architecture",
        choices=TITLES,
        default=DENSENET121,
        help="backbone to train (default: %(default)s)",
    )
    train.add_argument("--compile", action="store_true", help="ours by torch.compile")
    train.set_defaults(command="covid_core.commands.bench:run_train")
    predict = kinds.add_parser("predict", help="one film from its file to probability and Grad-CAM")
    add_weights(predict)
    add_recipe(predict)
    predict.add_argument(
        "--rounds",
        type=int,
        default=10,
        help="how often each film is read; the median counts (default: %(default)s)",
    )
    predict.set_defaults(command="covid_core.commands.bench:run_predict")
