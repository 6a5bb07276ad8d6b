"""The gate's figures: how many good films it refuses, how many bad ones it finds."""

from __future__ import annotations

import numpy as np
import torch

from covid_core.metrics import Estimate, auroc, auroc_estimate, mean
from covid_core.model.gate_findings import FLAWS, Code
from covid_core.model.gate_network import GateNetwork
from covid_core.predict.gate import (
    EXPOSURES,
    PREPROCESS,
    Scores,
    abstains,
    scores_from,
    strangeness,
)
from covid_core.training.gate.films import Examples, GateFilms, good_examples

Figures = dict[str, float]
_BATCH = 256


def scores_of(network: GateNetwork, pictures: np.ndarray, batch: int = _BATCH) -> Scores:
    """The scores that a network in evaluation mode gives pictures, uint8 (N, 128, 128)."""
    with torch.inference_mode():
        found = [
            network.logits_and_distances(PREPROCESS.tensor(np.ascontiguousarray(part)))
            for part in np.split(pictures, range(batch, len(pictures), batch))
        ]
    return scores_from(*(torch.cat(outputs).numpy() for outputs in zip(*found, strict=True)))


def overall(
    good: Scores, groups: np.ndarray, found: Scores, thresholds: dict[str, float]
) -> dict[str, Estimate]:
    """The two figures that a gate is judged by.

    `refused`: the share of good films, of patients `groups`; `auroc`: of other pictures, each its
    own group, against good films.
    """
    positive = np.r_[np.zeros(len(groups), bool), np.ones(len(found.distances), bool)]
    strange = np.r_[strangeness(good, thresholds), strangeness(found, thresholds)]
    alone = groups.max() + 1 + np.arange(len(found.distances))
    return {
        "refused": mean(abstains(good, thresholds), groups),
        "auroc": auroc_estimate(positive, strange, np.r_[groups, alone]),
    }


def refusal_rates(scores: Scores, among: np.ndarray, thresholds: dict[str, float]) -> Figures:
    """The shares of good films that are refused, and that are called no frontal chest film."""
    return {
        "n": int(among.sum()),
        "refused": float(abstains(scores, thresholds)[among].mean()),
        "foreign": float((strangeness(scores, thresholds)[among] >= 0).mean()),
        "other": float((scores.other[among] >= thresholds["other"]).mean()),
    }


def alarm_rates(
    scores: Scores, films: GateFilms, among: np.ndarray, thresholds: dict[str, float]
) -> Figures:
    """The share of good films that each flaw is found in; of children and adults, that of child."""
    rates = {
        code.value: float((scores.flaws[among, i] >= thresholds[code.value]).mean())
        for i, code in enumerate(FLAWS[:-1])
    }
    for i, code in enumerate(EXPOSURES):
        rates[code.value] = float((films.exposures[among, i] >= thresholds[code.value]).mean())
    called = scores.flaws[:, -1] >= thresholds[Code.CHILD.value]
    for name, child in (("adults called child", 0), ("children called child", 1)):
        chosen = among & (films.children == child)
        if chosen.any():
            rates[name] = float(called[chosen].mean())
            rates[f"n of {name}"] = int(chosen.sum())
    return rates


def children_found(network: GateNetwork, films: GateFilms, thresholds: dict[str, float]) -> Figures:
    """The number of children's films, and the share called a child's."""
    called = (
        scores_of(network, good_examples(films).pictures).flaws[:, -1]
        >= thresholds[Code.CHILD.value]
    )
    return {"n": len(called), "called_child": float(called.mean())}


def hit_rates(
    scores: Scores, made: Examples, sources: np.ndarray, code: Code, thresholds: dict[str, float]
) -> Figures:
    """The share of films clearly spoilt in one way in which that is found, by source."""
    i = FLAWS.index(code)
    clearly = made.flaws[:, i] >= 1
    called = scores.flaws[:, i] >= thresholds[code.value]
    return {
        str(source): float(called[clearly & (sources == source)].mean())
        for source in np.unique(sources[clearly])
    }


def kind_figures(good: Scores, found: Scores, thresholds: dict[str, float]) -> Figures:
    """Figures of one kind of other pictures, against good films.

    AUROC of the network's answer, of the distance and of both; the share that abstains.
    """
    positive = np.r_[np.zeros(len(good.other)), np.ones(len(found.other))]

    def area(a: np.ndarray, b: np.ndarray) -> float:
        return auroc(positive, np.r_[a, b])

    return {
        "n": len(found.other),
        "auroc": area(strangeness(good, thresholds), strangeness(found, thresholds)),
        "auroc_other": area(good.other, found.other),
        "auroc_distance": area(good.distances, found.distances),
        "abstains": float(abstains(found, thresholds).mean()),
    }
