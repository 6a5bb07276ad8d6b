"""`evaluate`: networks on the same radiographs, to a table and plots, or into their cards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Option

from covid_core.commands.arguments import CACHE, Cache, Measured, WeightsFolders
from covid_core.commands.status import DONE
from covid_core.engines.engine import cores
from covid_core.errors import DatasetError, WeightsError
from covid_core.findings import CLASSES
from covid_core.model.card import WeightsCard, read_variants, save_card
from covid_core.model_card.within_source import within_source_section

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Options:
    """Compare networks on the same radiographs of a manifest.

    Networks on the test part of a manifest and on each source held out of it: a table, and a report
    with plots. Where the manifest has sources with radiographs of both kinds, read by radiologists,
    how well they are separated within each, and maps against boxes.
    """

    manifest: Measured
    weights: WeightsFolders
    report: Annotated[
        Path | None, Option("--report", metavar="FILE", help="write an HTML report there")
    ] = None
    into_card: Annotated[
        bool,
        Option(
            "--into-card",
            help="measure only what is within sources, and write it into each weights' card; `card`"
            " then writes the model card",
        ),
    ] = False
    trained_on: Annotated[
        Path | None,
        Option(
            "--trained-on",
            metavar="FILE",
            help="the manifest that the weights were trained on, where MANIFEST has another split"
            " of the same sources: proves that no radiograph measured had trained them",
        ),
    ] = None
    studies: Annotated[
        Path | None,
        Option(
            "--studies",
            metavar="DIR",
            help="a folder with as-published/ and corrected/: cards of the same recipes, trained"
            " with --variant, to stand beside them",
        ),
    ] = None
    cache: Cache = CACHE


def run(options: Options) -> int:
    """Compare networks on the same radiographs of a manifest; the exit status."""
    from covid_core.datasets.manifest import read_manifest
    from covid_core.engines.memory import pick_device
    from covid_core.evaluation.compare import compare, find_weights
    from covid_core.evaluation.source_films import select_films
    from covid_core.model_card.comparison import entry_of, markdown, write_comparison

    table = read_manifest(options.manifest)
    if options.into_card:
        return _into_cards(options, table)
    variants = _variants(options.studies) if options.studies else {}
    device = pick_device()
    compared = compare(
        find_weights(options.weights),
        table,
        options.cache,
        workers=cores(),
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


def _into_cards(options: Options, table: pd.DataFrame) -> int:
    """Each card with what was measured within sources, and nothing else changed."""
    from covid_core.evaluation.compare import find_weights
    from covid_core.evaluation.source_films import select_films

    if not select_films(table).any():
        raise DatasetError(
            "it has no source with radiographs of both kinds, read by radiologists, that may be"
            " measured",
            "Make it anew with such a dataset, on the test side of its split or held out",
            file=str(options.manifest),
        )
    for folder, recipe in find_weights(options.weights):
        card = _measured(folder, recipe, options, table)
        save_card(card, folder)
        print(f"{folder / recipe}\n\n{within_source_section(card)}\n", flush=True)
    return DONE


def _measured(folder: Path, recipe: str, options: Options, table: pd.DataFrame) -> WeightsCard:
    """The card of weights with their figures within sources.

    Raises DatasetError where radiographs of the manifest may have trained them.
    """
    from covid_core.datasets.manifest import read_manifest
    from covid_core.engines.memory import pick_device
    from covid_core.evaluation.learnt_from import check_kept_split
    from covid_core.evaluation.source_films import select_films
    from covid_core.evaluation.within_source_measurement import add_within_sources
    from covid_core.model.network_files import load_weights

    network, card = load_weights(folder, recipe)
    trained_on = read_manifest(options.trained_on) if options.trained_on else None
    check_kept_split(card, table, select_films(table), trained_on)
    return add_within_sources(
        network,
        card,
        table,
        options.cache,
        workers=cores(),
        device=pick_device(),
    )


def _variants(folder: Path) -> dict[str, dict[str, WeightsCard]]:
    """Cards by recipe and variant; read before anything slow is done."""
    variants = read_variants(folder)
    if not variants:
        raise WeightsError(
            "there is no card in its as-published/ or corrected/",
            "Make some with train.py --variant as-published",
            file=str(folder),
        )
    return variants
