"""The figures of the gate's card, on films and pictures that did not train."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from covid_core.datasets.split import Split
from covid_core.model.gate_findings import FLAWS
from covid_core.model.gate_network import GateNetwork
from covid_core.predict.lungs import Lungs
from covid_core.training.gate.films import (
    Examples,
    GateFilms,
    displayed_examples,
    good_examples,
    other_examples,
    spoilt_examples,
)
from covid_core.training.gate.measures import (
    alarm_rates,
    hit_rates,
    kind_figures,
    overall,
    refusal_rates,
    scores_of,
)

_SPOILT = 600  # films of each tested part that are spoilt to see whether it is found


def measure(
    network: GateNetwork,
    thresholds: dict[str, float],
    tested: dict[Split, GateFilms],
    lungs: Lungs,
    each: int,
    drawing: np.random.Generator,
) -> dict[str, Any]:
    """The card's figures.

    `refused` and `auroc`, on the test part and the kinds that did not train; by source what is
    refused (`sources`) and warned of (`warned`); by flaw what is found (`found`); by kind of other
    pictures AUROC and the share refused (`kinds`).
    """
    figures: dict[str, Any] = {"sources": {}, "warned": {}, "found": {}, "kinds": {}}
    for films in tested.values():
        whole = scores_of(network, good_examples(films).pictures)
        for source in np.unique(films.sources):
            among = films.sources == source
            figures["sources"][str(source)] = refusal_rates(whole, among, thresholds)
            figures["warned"][str(source)] = alarm_rates(whole, films, among, thresholds)
        some = films.sample(_SPOILT, drawing)
        for code in FLAWS[:-1]:
            made = spoilt_examples(some, lungs, drawing, only=code)
            figures["found"].setdefault(code.value, {}).update(
                hit_rates(scores_of(network, made.pictures), made, some.sources, code, thresholds)
            )
    films = tested[Split.TEST]
    whole = scores_of(network, good_examples(films).pictures)
    drawn = {
        trains: other_examples(films, each, drawing, trains=trains) for trains in (True, False)
    }
    for trains, kinds in drawn.items():
        for made in kinds:
            figures["kinds"][str(made.names[0])] = {
                "trained": trains,
                **kind_figures(whole, scores_of(network, made.pictures), thresholds),
            }
    unseen = scores_of(network, Examples.joined(drawn[False]).pictures)
    both = overall(whole, films.groups, unseen, thresholds)
    return {name: asdict(value) for name, value in both.items()} | figures


def measure_displays(
    network: GateNetwork,
    thresholds: dict[str, float],
    tested: dict[Split, GateFilms],
    each: int,
    drawing: np.random.Generator,
) -> dict[str, Any]:
    """Figures of the branch for films on display.

    `sources`: the share of good films refused as such; `kinds`: of films on display, the shares
    refused as such, and under their true name.
    """
    figures: dict[str, Any] = {"sources": {}, "kinds": {}}
    limit = thresholds["displayed"]
    for films in tested.values():
        shown = scores_of(network, good_examples(films).pictures).displayed >= limit
        for source in np.unique(films.sources):
            own = shown[films.sources == source]
            figures["sources"][str(source)] = {"n": len(own), "refused": float(own.mean())}
    for trains in (True, False):
        for made in displayed_examples(tested[Split.TEST], each, drawing, trains=trains):
            scores = scores_of(network, made.pictures)
            refused = scores.displayed >= limit
            named = scores.displays[:, 1:].argmax(axis=1) + 1 == made.kinds
            figures["kinds"][str(made.names[0])] = {
                "trained": trains,
                "n": len(refused),
                "refused": float(refused.mean()),
                "named": float((refused & named).mean()),
            }
    return figures
