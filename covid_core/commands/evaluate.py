"""`evaluate`: several weights on the same films, to a table and its plots, or into their cards."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import pandas as pd
import torch

from covid_core.commands.status import DONE
from covid_core.datasets.manifest import read_manifest
from covid_core.errors import DatasetError, WeightsError
from covid_core.evaluation.compare import compare, find_weights
from covid_core.evaluation.source_films import check_kept_split, select_films
from covid_core.evaluation.within_source_measurement import add_within_sources
from covid_core.findings import CLASSES
from covid_core.model.card import WeightsCard, read_variants, save_card
from covid_core.model.network_files import load_weights
from covid_core.model_card.comparison import entry_of, markdown, write_comparison
from covid_core.model_card.within_source import within_source_section


def run(options: argparse.Namespace) -> int:
    """Compare networks on the same films of a manifest; the exit status."""
    table = read_manifest(options.manifest)
    if options.into_card:
        return _into_cards(options, table)
    variants = _variants(options.studies) if options.studies else {}
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    compared = compare(
        find_weights(options.weights),
        table,
        options.cache,
        workers=os.cpu_count() or 1,
        device=device,
    )
    if options.report:
        write_comparison(compared, variants, options.report)
    print(markdown([entry_of(one, variants) for one in compared]))
    if select_films(table).any():
        for folder, recipe in find_weights(options.weights):
            card = _measured(folder, recipe, options, table)
            if card.classes == CLASSES:
                print(f"\n{within_source_section(card)}")
    return DONE


def _into_cards(options: argparse.Namespace, table: pd.DataFrame) -> int:
    """Each card with what was measured within sources, and nothing else changed."""
    if not select_films(table).any():
        raise DatasetError(
            "it has no source with films of both kinds, read by radiologists, that may be measured",
            "Make it anew with such a dataset, on the test side of its split or held out",
            file=str(options.manifest),
        )
    for folder, recipe in find_weights(options.weights):
        card = _measured(folder, recipe, options, table)
        save_card(card, folder)
        print(f"{folder / recipe}\n\n{within_source_section(card)}\n", flush=True)
    return DONE


def _measured(
    folder: Path, recipe: str, options: argparse.Namespace, table: pd.DataFrame
) -> WeightsCard:
    """The card of weights with their figures within sources.

    Raises DatasetError where films of the manifest may have trained them.
    """
    network, card = load_weights(folder, recipe)
    trained_on = read_manifest(options.trained_on) if options.trained_on else None
    check_kept_split(card, table, trained_on)
    return add_within_sources(
        network,
        card,
        table,
        options.cache,
        workers=os.cpu_count() or 1,
        device=torch.device("cuda" if torch.cuda.is_available() else "cpu"),
    )


def _variants(folder: Path) -> dict[str, dict[str, WeightsCard]]:
    """Cards by recipe and variant; asked for before anything slow is done."""
    variants = read_variants(folder)
    if not variants:
        raise WeightsError(
            "there is no card in its as-published/ or corrected/",
            "Make some with train.py --variant as-published",
            file=str(folder),
        )
    return variants
