"""`audit`: put a network to every test that a sceptic would want."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Option

from covid_core.commands.arguments import CACHE, Cache, Recipe, Weights
from covid_core.commands.status import DONE
from covid_core.engines.engine import cores
from covid_core.evaluation.amount import Amount
from covid_core.evaluation.targets import ENOUGH, MISSED, goals
from covid_core.model.audit import Zones
from covid_core.model.card import (
    LEFT_OUT,
    SHIPPED,
    WEIGHTS,
    WeightsCard,
    find_part,
    read_audit,
    read_cards,
    save_audit,
)
from covid_core.model.results import BoxFigures
from covid_core.predict.lungs import NAME, Lungs
from covid_core.predict.predictor import Predictor

if TYPE_CHECKING:
    import pandas as pd
    import torch

    from covid_core.model.networks import Network


_AMOUNT = Amount()


@dataclass(frozen=True, kw_only=True)
class Options:
    """Test a network for shortcuts, robustness and calibration.

    Groups of patients, shortcut probes, heat maps, spoilt radiographs: one HTML report, and the
    figures beside the weights, for the model card.
    """

    weights: Weights = WEIGHTS
    recipe: Recipe = SHIPPED
    manifest: Annotated[
        Path, Option("--manifest", metavar="FILE", help="that the weights trained on")
    ]
    report: Annotated[
        Path, Option("--report", metavar="FILE", help="write the HTML report there")
    ] = Path("audit.html")
    left_out: Annotated[
        Path | None,
        Option(
            "--left-out",
            metavar="DIR",
            show_default="left-out beside the weights",
            help="cards of networks that were trained without a source",
        ),
    ] = None
    zone_scores: Annotated[
        Path | None,
        Option(
            "--zone-scores",
            metavar="CSV",
            help="radiologists' scores of six lung zones, to hold the maps against: the Brixia"
            " score's public-annotations.csv",
        ),
    ] = None
    boxes: Annotated[
        Path | None,
        Option(
            "--boxes",
            metavar="FILE",
            show_default="--manifest itself, where it has boxes",
            help="a manifest of radiographs with radiologists' boxes, to hold the maps against,"
            " that keeps the split of --manifest",
        ),
    ] = None
    probes: Annotated[
        int,
        Option(
            "--probes",
            metavar="COUNT",
            help="of radiographs of each part that the shortcut probes change; of fewer than"
            f" {ENOUGH} the report says that they are few",
        ),
    ] = _AMOUNT.probes
    maps: Annotated[
        int,
        Option(
            "--maps",
            metavar="COUNT",
            help="of radiographs of the test part that the tests of heat maps take",
        ),
    ] = _AMOUNT.maps
    corruptions: Annotated[
        int,
        Option(
            "--corruptions",
            metavar="COUNT",
            help="of radiographs of the test part that are spoilt, to see whether the answer holds",
        ),
    ] = _AMOUNT.corruptions
    seed: Annotated[int, Option("--seed", help="of the choice of radiographs and the spoiling")] = 0
    cache: Cache = CACHE


def run(options: Options) -> int:
    """Test a network for shortcuts, robustness and calibration; the exit status."""
    from covid_core.datasets.manifest import read_manifest
    from covid_core.engines.memory import pick_device
    from covid_core.evaluation.audit import audit, check_audited
    from covid_core.model.network_files import load_weights
    from covid_core.model_card.audit_report import write_audit

    network, card = load_weights(options.weights, options.recipe)
    table = read_manifest(options.manifest)
    check_audited(card, table)
    zones = _zones(
        options, card, table
    )  # before what takes half an hour: its own table may be wrong
    left_out = read_cards(options.left_out or options.weights / LEFT_OUT)
    device = pick_device()
    boxes = _boxes(options, network, card, table, device)
    found = audit(
        network,
        card,
        table,
        options.cache,
        weights=options.weights,
        amount=Amount(options.probes, options.maps, options.corruptions),
        seed=options.seed,
        workers=cores(),
        device=device,
    )
    found = replace(found, figures=found.figures.replace(zones=zones, boxes=boxes))
    save_audit(options.weights, options.recipe, found.figures)
    write_audit(found, card, left_out, options.report)
    for goal in goals(card, found.figures, left_out):
        verdict = goal.verdict.upper() if goal.verdict == MISSED else goal.verdict
        print(f"{verdict:12} {goal.name}: {goal.measured}, required {goal.required}")
    print(options.report)
    return DONE


def _zones(options: Options, card: WeightsCard, table: pd.DataFrame) -> Zones | None:
    """What `zones_against_scores` finds.

    Without scores what an earlier audit of the same weights found, if any.
    """
    from covid_core.evaluation.zone_scores import read_zone_scores, zones_against_scores

    if options.zone_scores is None:
        earlier = read_audit(options.weights, card)
        return earlier.zones if earlier else None
    scores = read_zone_scores(options.zone_scores)
    predictor = Predictor.load(options.weights, options.recipe, gated=False)
    lungs = Lungs.load(find_part(options.weights, NAME))
    return zones_against_scores(predictor, lungs, table, scores)


def _boxes(
    options: Options,
    network: Network,
    card: WeightsCard,
    table: pd.DataFrame,
    device: torch.device,
) -> BoxFigures:
    """What `measure_boxes` finds of radiographs that trained nothing.

    Empty where there are too few of them with boxes. `table`: the manifest that was trained on.
    What the card has of it already, by `evaluate --into-card`, is taken over.
    """
    from covid_core.datasets.manifest import read_manifest
    from covid_core.evaluation.learnt_from import check_kept_split
    from covid_core.evaluation.source_films import load_source_films, select_films
    from covid_core.evaluation.within_source_measurement import measure_boxes

    known = card.results.boxes
    if known and not options.boxes:
        return known
    boxed = read_manifest(options.boxes) if options.boxes else table
    if not select_films(boxed).any():
        return {}
    check_kept_split(card, boxed, select_films(boxed), table)
    films = load_source_films(boxed, card, options.cache, workers=cores())
    return measure_boxes(network, card, films, device=device, seed=options.seed)
