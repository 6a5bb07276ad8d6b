"""`evaluate`: several weights on the same films, to a table and its plots."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

import torch

from covid_core.commands.status import DONE
from covid_core.datasets.manifest import read_manifest
from covid_core.datasets.split import SIDES, Split
from covid_core.evaluation.compare import find_weights, score_weights
from covid_core.evaluation.comparison import markdown, write_comparison
from covid_core.weights import WEIGHTS


def add(commands: Any) -> None:
    evaluate: argparse.ArgumentParser = commands.add_parser(
        "evaluate",
        help="score networks on the same films of a manifest",
        description="Score networks on one part of a manifest: a table, and a report with plots.",
    )
    evaluate.add_argument("manifest", type=Path, metavar="MANIFEST")
    evaluate.add_argument(
        "--weights", nargs="+", type=Path, default=[WEIGHTS], metavar="DIR",
        help="folders that train.py wrote",
    )  # fmt: skip
    evaluate.add_argument("--report", type=Path, metavar="FILE", help="write an HTML report there")
    evaluate.add_argument(
        "--part", type=Split, choices=SIDES, default=Split.TEST, help="default: test"
    )
    evaluate.add_argument(
        "--cache", type=Path, default=Path("runs/cache"), metavar="DIR", help="of decoded films"
    )
    evaluate.set_defaults(command=_evaluate)


def _evaluate(options: argparse.Namespace) -> int:
    table = read_manifest(options.manifest)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    scored = [
        score_weights(
            folder, recipe, table, options.cache, part=options.part,
            workers=os.cpu_count() or 1, device=device,
        )
        for folder, recipe in find_weights(options.weights)
    ]  # fmt: skip
    if options.report:
        write_comparison(scored, options.part.value, options.report)
    print(markdown(scored), end="")
    return DONE
