"""What an operating point costs and its answers are worth, in words: at home and elsewhere."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from covid_core.findings import Finding
from covid_core.metrics import Estimate
from covid_core.model.calls import Calls, PredictiveValues
from covid_core.model.card import WeightsCard
from covid_core.model.decision import Decision, OperatingPoint
from covid_core.model.tiers import in_sentence
from covid_core.present.sentences import films_of, in_percent

NOT_TRAINED_ON = "a source not used in training"
_EXPECT_LESS = "Expect less at another hospital."


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
        f"{words} On {films_of(point)}: sensitivity {share_with_interval(point.sensitivity)},"
        f" specificity {in_percent(point.specificity.value)}."
    )


def calls_in_words(calls: Calls, disease: Finding) -> str:
    """How often the answers name the disease and miss it, and how often they are undecided."""
    name, found, alarms = in_sentence(disease), calls.flagged, calls.false_alarms
    return (
        f"of films with {name}, {share_with_interval(found)} were called likely or possible, and"
        f" {in_percent(calls.missed)} were missed; of films without it,"
        f" {share_with_interval(alarms)} were called likely or possible."
        f" {in_percent(calls.decided.value)} of all were decided."
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
    card: WeightsCard, decision: Decision, disease: Finding, prevalence: float
) -> str:
    """What the operating point costs at sources not used in training, and the answer's worth there.

    That is what another hospital may expect. Empty where nothing was measured there.
    """
    point = decision.point
    sentences, away = [], calls_elsewhere(card, point)
    for source in card.results.held_out:
        worth = card.trust.get(source)
        costs = worth and worth.points.get(point.name)
        if not worth or not costs:
            continue
        place = f"On {NOT_TRAINED_ON} ({source}, {worth.films} films):"
        if source in away:
            words = calls_in_words(away[source], disease)
            share = away[source].disease_given(decision.tier, prevalence)
            if share and decision.usable:
                words += (
                    f" At a prevalence of {in_percent(prevalence)}, {share_with_interval(share)} of"
                    f" those with this answer have {in_sentence(disease)}."
                )
            sentences.append(f"{place} {words} Expect that at another hospital.")
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
    away: Mapping[str, Calls] = MappingProxyType({}),
) -> str | None:
    """The predictive values of this operating point at a prevalence, 0 to 1, in words.

    `away`: as `calls_elsewhere` gives it. None where the point's costs were not measured.
    """
    values = point.values_at(prevalence)
    if values is None:
        return None
    positive, negative = _shares(values)
    words = (
        f"At a {in_sentence(disease)} prevalence of {in_percent(prevalence)}: positive predictive"
        f" value {positive}, negative predictive value {negative}, measured on {films_of(point)}."
    )
    others = [
        f"On {NOT_TRAINED_ON} ({source}): PPV {positive}, NPV {negative}."
        for source, calls in away.items()
        for positive, negative in [_shares(calls.values_at(prevalence))]
    ]
    return " ".join([words, *(others or [_EXPECT_LESS])])


def answer_worth_in_words(
    decision: Decision,
    disease: Finding,
    prevalence: float,
    *,
    elsewhere_stated: bool = False,
) -> str | None:
    """How many films with this very answer have the disease at a prevalence, 0 to 1, in words.

    `elsewhere_stated`: whether `elsewhere_in_words` stands beside it. None where no such film was
    measured, and of an answer that must not be used.
    """
    share = decision.point.disease_given(decision.tier, prevalence) if decision.usable else None
    if share is None:
        return None
    name = in_sentence(disease)
    words = (
        f"At a {name} prevalence of {in_percent(prevalence)}, {share_with_interval(share)} of"
        f" radiographs with this answer have {name}, measured on {films_of(decision.point)}."
    )
    return words if elsewhere_stated else f"{words} {_EXPECT_LESS}"


def _shares(values: PredictiveValues) -> tuple[str, str]:
    positive, negative = (
        "not defined" if math.isnan(value) else in_percent(value)
        for value in (values.positive, values.negative)
    )
    return positive, negative


def share_with_interval(share: Estimate) -> str:
    """A share, 0 to 1, in per cent with its 95% interval, where that is known."""
    if math.isnan(share.low):
        return in_percent(share.value)
    return f"{in_percent(share.value)} ({in_percent(share.low)} to {in_percent(share.high)})"
