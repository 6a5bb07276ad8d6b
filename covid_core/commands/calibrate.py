"""`calibrate`: fit the rules that turn a network's logits into calls, and measure them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from typer import Option

from covid_core.commands.arguments import CACHE, Cache, Manifest, Recipe, Weights
from covid_core.commands.status import DONE
from covid_core.engines.engine import cores
from covid_core.errors import DatasetError
from covid_core.explain.known_index import FOLDER as KNOWN
from covid_core.model.card import AUDIT, PROOF, SHIPPED, WEIGHTS, read_any_card, save_card
from covid_core.model.results import TEST
from covid_core.model.tasks import task_of


@dataclass(frozen=True, kw_only=True)
class Options:
    """Fit calibration, operating points and prediction sets anew.

    On the validation radiographs of the manifest that the weights were trained on; measured on its
    test part and on sources held out, as are the card's other figures and their baselines. train.py
    does the same at its end. Only the card changes; what was measured by the rules before, an audit
    and the proof of a quicker engine, is removed and has to be made anew.
    """

    manifest: Manifest
    weights: Weights = WEIGHTS
    recipe: Recipe = SHIPPED
    cache: Cache = CACHE
    smooth_px: Annotated[
        float | None,
        Option(
            "--smooth-px",
            help="smooth radiographs by this from now on; the card's figures are measured anew",
        ),
    ] = None
    borders: Annotated[
        Literal["keep", "cut"] | None,
        Option(
            "--borders",
            help="keep bars and padding around a radiograph, or cut them off, from now on; measured"
            " anew too",
        ),
    ] = None


def run(options: Options) -> int:
    """Fit calibration, operating points and prediction sets anew; the exit status."""
    from covid_core.datasets.manifest import read_manifest
    from covid_core.datasets.split import fingerprint
    from covid_core.engines.memory import pick_device
    from covid_core.evaluation.answers import load_or_compute_logits
    from covid_core.evaluation.evaluate import evaluate, measure_full_heat
    from covid_core.evaluation.trust import fit_and_measure
    from covid_core.evaluation.within_source_measurement import add_within_sources
    from covid_core.model.network_files import load_weights
    from covid_core.model_card.tiers import tier_lines
    from covid_core.training.films import load_films

    network, card = load_weights(options.weights, options.recipe)
    table = read_manifest(options.manifest)
    if fingerprint(table) != card.split:
        raise DatasetError(
            "the weights were trained on another split: images of this one's validation may have"
            " trained them",
            "Give the manifest that they were trained on",
            file=str(options.manifest),
        )
    device = pick_device()
    preprocess = replace(
        card.preprocess,
        **{
            name: getattr(options, name)
            for name in ("smooth_px", "borders")
            if getattr(options, name) is not None
        },
    )
    changed = preprocess != card.preprocess
    card = card.replace(preprocess=preprocess)
    task = task_of(card.classes)
    films = load_films(table, card.preprocess, options.cache, workers=cores())
    films = films.label_by(task)
    logits = load_or_compute_logits(network, card, films, options.cache, device=device)
    rules, trust = fit_and_measure(films, logits, card.classes)
    measured = evaluate(films, logits, task=task, rules=rules, cache=options.cache, workers=cores())
    # The card's own `storage_change` stays: the tensors loaded here are rounded already.
    results = card.results.replace(**measured.given())
    heat = card.full_heat
    if changed:
        heat = measure_full_heat(network, films, card.preprocess, device=device)
    before, card = card, card.replace(rules=rules, trust=trust, results=results, full_heat=heat)
    if card.results.within_source_split == card.split:
        workers = cores()
        card = add_within_sources(
            network, card, table, options.cache, workers=workers, device=device
        )
    elif card.results.within_source:
        print(
            "the figures within sources are of the rules before: run evaluate --into-card again",
            file=sys.stderr,
        )
    save_card(card, options.weights)
    if changed or read_any_card(options.weights, options.recipe).rules != before.rules:
        for file in forget_what_is_outdated(options.weights, options.recipe, pictures=changed):
            print(f"removed, for it was made with the rules before: {file}", file=sys.stderr)
    test = trust[TEST]
    print(
        f"expected calibration error {test.reliability.error:.4f}"
        f" (before {test.reliability_before.error:.4f})"
    )
    print(f"covered {test.covered.value:.3f}, one answer for {test.single.value:.3f}")
    for point in rules.points:
        print(
            f"{point.name}, from {point.threshold:.3f}: sensitivity {point.sensitivity},"
            f" specificity {point.specificity}"
        )
    for part, worth in trust.items():
        for line in tier_lines(worth.tiers):
            print(f"{part}, {line}")
    return DONE


def forget_what_is_outdated(folder: Path, recipe: str, *, pictures: bool) -> Iterator[Path]:
    """Delete, and give, what lies beside weights and was made with the rules before.

    `pictures`: whether radiographs are prepared otherwise too, so that the index of those that
    trained the weights is of other pictures.
    """
    files = [folder / f"{recipe}{AUDIT}.json", folder / f"{recipe}{PROOF}.json"]
    if pictures:
        files += sorted((folder / KNOWN).glob(f"{recipe}.*"))
    for file in files:
        if file.is_file():
            file.unlink()
            yield file
