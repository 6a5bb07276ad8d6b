"""`evaluate`: several weights on the same films, to a table and its plots."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

import torch

from covid_core.commands.status import DONE
from covid_core.datasets.manifest import read_manifest
from covid_core.errors import WeightsError
from covid_core.evaluation.compare import compare, find_weights
from covid_core.evaluation.comparison import entry_of, markdown, write_comparison
from covid_core.weights import WEIGHTS, WeightsCard, read_forms


def add(commands: Any) -> None:
    evaluate: argparse.ArgumentParser = commands.add_parser(
        "evaluate",
        help="compare networks on the same films of a manifest",
        description="Networks on the test part of a manifest and on each source held out of it: a"
        " table, and a report with plots.",
    )
    evaluate.add_argument("manifest", type=Path, metavar="MANIFEST")
    evaluate.add_argument(
        "--weights", nargs="+", type=Path, default=[WEIGHTS], metavar="DIR",
        help="folders that train.py wrote",
    )  # fmt: skip
    evaluate.add_argument("--report", type=Path, metavar="FILE", help="write an HTML report there")
    evaluate.add_argument(
        "--studies", type=Path, metavar="DIR",
        help="a folder with as-published/ and mended/: cards of the same recipes, trained with"
        " --form, to stand beside them",
    )  # fmt: skip
    evaluate.add_argument(
        "--cache", type=Path, default=Path("runs/cache"), metavar="DIR", help="of decoded films"
    )
    evaluate.set_defaults(command=_evaluate)


def _evaluate(options: argparse.Namespace) -> int:
    table = read_manifest(options.manifest)
    forms = _forms(options.studies) if options.studies else {}
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    compared = compare(
        find_weights(options.weights), table, options.cache,
        workers=os.cpu_count() or 1, device=device,
    )  # fmt: skip
    if options.report:
        write_comparison(compared, forms, options.report)
    print(markdown([entry_of(one, forms) for one in compared]))
    return DONE


def _forms(folder: Path) -> dict[str, dict[str, WeightsCard]]:
    """Cards by recipe and form; asked for before anything slow is done."""
    forms = read_forms(folder)
    if not forms:
        raise WeightsError(
            "there is no card in its as-published/ or mended/",
            "Make some with train.py --form as-published",
            file=str(folder),
        )
    return forms
