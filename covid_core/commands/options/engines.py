"""Options of `engines`."""

from __future__ import annotations

import argparse

from covid_core.commands.arguments import add_cache, add_manifest, add_recipe, add_weights
from covid_core.engines.choice import Choice
from covid_core.engines.proof import LARGEST_DIFFERENCE


def add(parser: argparse.ArgumentParser) -> None:
    """Put the options of `engines` into its parser."""
    parser.description = (
        "Every film of the test part and of sources held out, by PyTorch in float32 and"
        " by another engine in bfloat16, films too close to call a second time in float32. Where no"
        f" decision differs, and no probability by {LARGEST_DIFFERENCE:g}, that engine, at that"
        " version, runs these weights in bfloat16 from then on, on machines that have it."
    )
    add_manifest(parser, "with the films to measure on: a test part, or sources held out")
    add_weights(parser)
    add_recipe(parser)
    add_cache(parser)
    parser.add_argument(
        "--engine",
        type=Choice,
        choices=(Choice.OPENVINO, Choice.CUDA),
        default=Choice.OPENVINO,
        help="that is to run in bfloat16 (default: %(default)s)",
    )
    parser.set_defaults(command="covid_core.commands.engines:run")
