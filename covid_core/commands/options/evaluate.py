"""Options of `evaluate`."""

from __future__ import annotations

import argparse
from pathlib import Path

from covid_core.commands.arguments import add_cache, add_manifest, add_weights_folders


def add(parser: argparse.ArgumentParser) -> None:
    """Put the options of `evaluate` into its parser."""
    parser.description = (
        "Networks on the test part of a manifest and on each source held out of it: a"
        " table, and a report with plots. Where the manifest has sources with films of both kinds,"
        " read by radiologists, how well they are told apart within each, and maps against boxes."
    )
    add_manifest(parser, "with the films to measure on: a test part, or sources held out")
    add_weights_folders(
        parser, "folders that train.py wrote weights to (default: that of this project)"
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="write an HTML report there")
    parser.add_argument(
        "--into-card",
        action="store_true",
        help="measure only what is within sources, and write it into each weights' card; `card`"
        " then writes the model card",
    )
    parser.add_argument(
        "--trained-on",
        type=Path,
        metavar="FILE",
        help="the manifest that the weights were trained on, where MANIFEST has another split of"
        " the same sources: proves that no film measured had trained them",
    )
    parser.add_argument(
        "--studies",
        type=Path,
        metavar="DIR",
        help="a folder with as-published/ and corrected/: cards of the same recipes, trained with"
        " --variant, to stand beside them",
    )
    add_cache(parser)
    parser.set_defaults(command="covid_core.commands.evaluate:run")
