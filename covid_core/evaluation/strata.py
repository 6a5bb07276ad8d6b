"""For whom a network works: figures by source, view, sex and age, and where age can't help."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from covid_core.datasets.split import Split, groups_of
from covid_core.evaluation.targets import ADULTS
from covid_core.findings import CLASSES, Finding
from covid_core.metrics import (
    Estimate,
    auroc_estimate,
    auroc_within_estimate,
    mean,
    sensitivity,
    specificity,
)
from covid_core.model.audit import Failure, GroupFigures, Groups
from covid_core.model.decision import BALANCED, Rules
from covid_core.read.radiograph import ADULT_YEARS, View
from covid_core.sources import stated_ages

_BANDS = ((0, 18), (18, 40), (40, 65), (65, 121))
_FEW = 5  # fewer films for or against say nothing
_COVID = CLASSES.index(Finding.COVID)


@dataclass(frozen=True, slots=True, eq=False)
class ScoredPart:
    """Films of a manifest and a network's answers: `table` the rows, `logits` float (N, 3)."""

    table: pd.DataFrame
    groups: np.ndarray
    logits: np.ndarray


def scored_part(table: pd.DataFrame, split: Split, logits: np.ndarray) -> ScoredPart:
    """The scored films of a split.

    `logits`: of the labelled films of that split, in the manifest's order.
    """
    own = ((table["split"] == split.value) & (table["label"] != "")).to_numpy()
    return ScoredPart(table[own].reset_index(drop=True), groups_of(table)[own], logits)


def measure_strata(scored: ScoredPart, rules: Rules) -> dict[str, Groups]:
    """Figures for each stratum: kind ("source", "view", "sex", "age"), then value.

    AUROC, sensitivity and specificity are of COVID-19, at the balanced point.
    """
    return {
        kind: {
            value: measure_group(scored, rules, values == value)
            for value in sorted(set(values), key=_in_order)
        }
        for kind, values in _kinds(scored.table).items()
    }


def measure_age_controlled(scored: ScoredPart, rules: Rules) -> Groups:
    """Figures of groups of films in which age can't reveal the class.

    For adults alone, also within each source that has both diseases, and for NIH's adults with
    pneumonia against COVID-19.
    """
    adults = are_adults(scored.table)
    labels = scored.table["label"].to_numpy(str)
    both = adults & (labels != Finding.NORMAL)
    sources = scored.table["source"].to_numpy(str)
    nih = (scored.table["source"] == "nih").to_numpy() & (labels == Finding.PNEUMONIA)
    return {
        "adults": measure_group(scored, rules, adults),
        ADULTS: measure_group(scored, rules, both),
        **{
            f"{ADULTS}, {source} alone": measure_group(scored, rules, both & (sources == source))
            for source in sorted(set(sources[both]))
            if len(set(labels[both & (sources == source)])) > 1
        },
        "NIH pneumonia against adults' COVID-19": measure_group(
            scored, rules, nih | (adults & (labels == Finding.COVID))
        ),
    }


def find_failures(scored: ScoredPart, rules: Rules) -> tuple[Failure, ...]:
    """What goes wrong, by kind of films with enough of them; the worst first."""
    probabilities = rules.probabilities(scored.logits)
    rows = scored.table[["source", "label", "finding"]].assign(
        called=[CLASSES[i].value for i in probabilities.argmax(axis=1)]
    )
    kinds = []
    for (source, label, finding), own in rows.groupby(["source", "label", "finding"]):
        wrong = own["called"][own["called"] != label]
        if len(own) >= _FEW and len(wrong):
            kind = Failure(
                source=source,
                label=Finding(label),
                finding=finding,
                films=len(own),
                wrong=len(wrong) / len(own),
                called=Finding(str(wrong.mode()[0])),
            )
            kinds.append(kind)
    return tuple(sorted(kinds, key=lambda kind: -kind.wrong))


def are_adults(table: pd.DataFrame) -> np.ndarray:
    """Which films are of adults, bool (N,).

    By their stated age, or, where a film has none, by its source's: one that says it is of children
    is not of adults.
    """
    ages = table["age"].to_numpy(float)
    stated = [stated_ages(source) for source in table["source"]]
    child_source = np.array([bool(span and span[1] < ADULT_YEARS) for span in stated])
    return np.where(np.isnan(ages), ~child_source, ages >= ADULT_YEARS)


def measure_group(scored: ScoredPart, rules: Rules, own: np.ndarray) -> GroupFigures:
    """The figures of the films where `own`, bool (N,), is true."""
    labels = np.array([CLASSES.index(label) for label in scored.table["label"][own]])
    positive = labels == _COVID
    group = GroupFigures(films=int(own.sum()), covid=int(positive.sum()))
    if not len(labels):
        return group
    groups, probabilities = scored.groups[own], rules.probabilities(scored.logits[own])
    sets = rules.prediction_sets(probabilities)
    covered, single = sets[np.arange(len(labels)), labels], sets.sum(axis=1) == 1
    found = {"covered": mean(covered, groups), "single": mean(single, groups)}
    called = probabilities[:, _COVID] >= rules.point(BALANCED).threshold
    if positive.sum() >= _FEW:
        found["sensitivity"] = sensitivity(positive, called, groups)
    if (~positive).sum() >= _FEW:
        found["specificity"] = specificity(positive, called, groups)
    if min(positive.sum(), (~positive).sum()) >= _FEW:
        found["auroc"] = auroc_estimate(positive, probabilities[:, _COVID], groups)
        found |= _within_view(positive, probabilities, scored.table["view"][own], groups)
    return group.replace(**found)


def _within_view(
    positive: np.ndarray, probabilities: np.ndarray, views: pd.Series, groups: np.ndarray
) -> dict[str, Estimate]:
    """The AUROC by pairs within AP and within PA, where enough such films are for and against.

    The sicker are filmed AP, so between views a score may show the view instead of the disease.
    """
    known = views.isin([View.AP.value, View.PA.value]).to_numpy()
    if min((positive & known).sum(), (~positive & known).sum()) < _FEW:
        return {}
    found = auroc_within_estimate(
        positive[known], probabilities[known, _COVID], views.to_numpy(str)[known], groups[known]
    )
    return {"auroc_within_view": found} if found.n else {}


def _kinds(table: pd.DataFrame) -> dict[str, np.ndarray]:
    ages = table["age"].to_numpy(float)
    bands = np.full(len(table), "unknown", dtype="U16")
    for low, high in _BANDS:
        name = f"{low} to {high - 1}" if high <= 100 else f"{low} and more"
        bands[(ages >= low) & (ages < high)] = name
    return {
        "source": table["source"].to_numpy(str),
        "view": table["view"].to_numpy(str),
        "sex": np.where(table["sex"] == "", "unknown", table["sex"]).astype(str),
        "age": bands,
    }


def _in_order(value: str) -> tuple[bool, int, str]:
    """Unknown last, ages by their years."""
    first = value.split(" ")[0]
    return value == "unknown", int(first) if first.isdigit() else 0, value
