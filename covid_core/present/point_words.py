"""What an operating point costs and its answers are worth, in words: at home and elsewhere."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from covid_core.findings import Finding
from covid_core.metrics import Estimate
from covid_core.model.calls import Calls, PredictiveValues
from covid_core.model.card import WeightsCard
from covid_core.model.decision import OperatingPoint
from covid_core.model.tiers import in_sentence
from covid_core.present.sentences import films_of, in_percent


def point_in_words(point: OperatingPoint, disease: Finding) -> str:
    """What an operating point does and costs, and at which sources that was measured.

    `disease`: what the network is made for.
    """
    name = in_sentence(disease)
    words = (
        f"{point.name.capitalize()}: positive for {name} from a probability of"
        f" {point.threshold:.2f}."
    )
    if point.calls:
        return f"{words} On {films_of(point)}: {calls_in_words(point.calls, disease)}"
    if not (point.sensitivity and point.specificity):
        return words
    return (
        f"{words} On {films_of(point)}: sensitivity {_with_interval(point.sensitivity)},"
        f" specificity {in_percent(point.specificity.value)}."
    )


def calls_in_words(calls: Calls, disease: Finding) -> str:
    """How often the answers name the disease and miss it, and how often they are undecided."""
    name, found, alarms = in_sentence(disease), calls.flagged, calls.false_alarms
    return (
        f"of films with {name}, {_with_interval(found)} were called likely or possible, and"
        f" {in_percent(calls.missed)} were missed; of films without it, {_with_interval(alarms)}"
        f" were called likely or possible. {in_percent(calls.decided.value)} of all were decided."
    )


def calls_elsewhere(card: WeightsCard, point: OperatingPoint) -> dict[str, Calls]:
    """What the answers at a point came to at sources not used in training, by source."""
    found = {}
    for source in card.results.held_out:
        worth = card.trust.get(source)
        figures = worth and worth.tiers.get(point.name)
        if figures and figures.calls:
            found[source] = figures.calls
    return found


def elsewhere_in_words(
    card: WeightsCard, point: OperatingPoint, disease: Finding, prevalence: float
) -> str:
    """What the operating point costs at sources not used in training, and its predictive values.

    That is what another hospital may expect. Empty where nothing was measured there.
    """
    sentences, away = [], calls_elsewhere(card, point)
    for source in card.results.held_out:
        worth = card.trust.get(source)
        costs = worth and worth.points.get(point.name)
        if not worth or not costs:
            continue
        place = f"On a source not used in training ({source}, {worth.films} films):"
        if source in away:
            words = calls_in_words(away[source], disease)
            values = _both_values(away[source].values_at(prevalence))
            sentences.append(
                f"{place} {words} At a prevalence of {in_percent(prevalence)} that is {values}."
                " Expect that at another hospital."
            )
            continue
        found, cleared = costs.sensitivity.value, costs.specificity.value
        if not math.isnan(found + cleared):
            sentences.append(
                f"{place} sensitivity for {in_sentence(disease)} {in_percent(found)}, specificity"
                f" {in_percent(cleared)}. Expect that at another hospital."
            )
    return " ".join(sentences)


def values_in_words(
    point: OperatingPoint,
    disease: Finding,
    prevalence: float,
    away: Mapping[str, Calls] | None = MappingProxyType({}),
) -> str | None:
    """The predictive values of this operating point at a prevalence, 0 to 1, in words.

    `away`: as `calls_elsewhere` gives it, None where it is stated elsewhere. None where the point's
    costs were not measured.
    """
    values = point.values_at(prevalence)
    if values is None:
        return None
    words = (
        f"At a {in_sentence(disease)} prevalence of {in_percent(prevalence)}:"
        f" {_both_values(values)}, measured on {films_of(point)}."
    )
    if away is None:
        return words
    others = [
        f"On a source not used in training ({source}): PPV {positive}, NPV {negative}."
        for source, calls in away.items()
        for positive, negative in [_shares(calls.values_at(prevalence))]
    ]
    return " ".join([words, *(others or ["Expect less at another hospital."])])


def _both_values(values: PredictiveValues) -> str:
    positive, negative = _shares(values)
    return f"positive predictive value {positive}, negative predictive value {negative}"


def _shares(values: PredictiveValues) -> tuple[str, str]:
    positive, negative = (
        "not defined" if math.isnan(value) else in_percent(value)
        for value in (values.positive, values.negative)
    )
    return positive, negative


def _with_interval(share: Estimate) -> str:
    return f"{in_percent(share.value)} ({in_percent(share.low)} to {in_percent(share.high)})"
