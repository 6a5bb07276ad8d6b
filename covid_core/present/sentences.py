"""Outcomes in words, rows and JSON: the same for the page and the command line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from covid_core.errors import Abstained, CovidCoreError
from covid_core.explain.lung_shares import LungShares
from covid_core.explain.opacity_map import OpacityMap
from covid_core.findings import CLASSES, Finding
from covid_core.metrics import Estimate
from covid_core.model.calls import Calls, PredictiveValues
from covid_core.model.card import WeightsCard
from covid_core.model.decision import Decision, OperatingPoint
from covid_core.model.tiers import DECIDED, FLAGGED, Tier, in_sentence
from covid_core.predict.prediction import Prediction

UNANSWERED = ("abstained", "error")  # decisions of films that got no prediction
DISCLAIMER = "Research use only, not a diagnosis."
_ELSEWHERE = 0.75  # of what chance would give the lungs; below it most of the heat is elsewhere


def columns(answers: Sequence[Finding] = CLASSES) -> tuple[str, ...]:
    """The names of a row's values, for a network of these answers.

    `tier`: the answer in a report's words (`tiers.Tier`). `prediction_set`: the answers that can't
    be ruled out, joined by `|`. `heat_in_lungs`: the share of the overlay's heat, where one was
    made and its map passed the tests of itself. `opacity_peak`: the highest probability of an
    opacity in any cell; `rsna_category`: the likeliest of `findings.APPEARANCES`, and
    `p_rsna_category`, the network's own share for it, which is not calibrated; these three by
    weights that give them. `flags`: what speaks against the answer, as codes joined by `|`, the
    gravest first. `predictive_value`: of a decision like this one, at the prevalence given.
    `weights_sha256`: what gave the probabilities.
    """
    return (
        "file",
        "label",
        *map(_column, answers),
        "tier",
        "decision",
        "prediction_set",
        "operating_point",
        "predictive_value",
        "heat_in_lungs",
        "opacity_peak",
        "rsna_category",
        "p_rsna_category",
        "flags",
        "reason",
        "weights_sha256",
    )


def prediction_row(
    file: str,
    prediction: Prediction,
    *,
    heat_in_lungs: float | None = None,
    prevalence: float | None = None,
    flags: str = "",
    warnings: Sequence[str] = (),
) -> dict[str, Any]:
    """One row for a film that got a prediction.

    `reason` is the decision in words, then on which films the predictive value was measured,
    `warnings` and notes. `flags`: the codes of what speaks against the answer, as `flags.codes_of`
    gives them; `warnings`: their sentences.
    """
    decision = prediction.decision
    value = None if prevalence is None else predictive_value(decision, prevalence)
    probabilities = {_column(f): round(prediction.probability(f), 6) for f in prediction.answers}
    measured = [] if value is None else [f"Predictive value by {_films_of(decision.point)}."]
    reason = " ".join([decision.sentence, *measured, *warnings, *map(_note, prediction.notes)])
    return {
        "file": file,
        "label": prediction.label.value,
        **probabilities,
        "tier": decision.tier.value,
        "decision": decision.name,
        "prediction_set": "|".join(decision.candidates),
        "operating_point": decision.point.name,
        "predictive_value": _share(value),
        "heat_in_lungs": _share(heat_in_lungs),
        "opacity_peak": _share(prediction.opacity_peak),
        "rsna_category": prediction.category and prediction.category.value,
        "p_rsna_category": _share(prediction.category_share),
        "flags": flags,
        "reason": reason,
        "weights_sha256": prediction.weights_sha256,
    }


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
        return f"{words} On {_films_of(point)}: {calls_in_words(point.calls, disease)}"
    if not (point.sensitivity and point.specificity):
        return words
    return (
        f"{words} On {_films_of(point)}: sensitivity {_with_interval(point.sensitivity)},"
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
    away: Mapping[str, Calls] = MappingProxyType({}),
) -> str | None:
    """The predictive values of this operating point at a prevalence, 0 to 1, in words.

    `away`: as `calls_elsewhere` gives it. None where the point's costs were not measured.
    """
    values = point.values_at(prevalence)
    if values is None:
        return None
    words = (
        f"At a {in_sentence(disease)} prevalence of {in_percent(prevalence)}:"
        f" {_both_values(values)}, measured on {_films_of(point)}."
    )
    others = [
        f"On a source not used in training ({source}): {_both_values(calls.values_at(prevalence))}."
        for source, calls in away.items()
    ]
    return " ".join([words, *(others or ["Expect less at another hospital."])])


def _both_values(values: PredictiveValues) -> str:
    positive, negative = (
        "not defined" if math.isnan(value) else in_percent(value)
        for value in (values.positive, values.negative)
    )
    return f"positive predictive value {positive}, negative predictive value {negative}"


def heat_in_words(shares: LungShares) -> tuple[str, bool]:
    """Where the heat lies, and whether to trust the map less for it.

    Less, where it finds the lungs no better than chance.
    """
    if math.isnan(shares.heat):
        return "No heat: nothing in the film speaks for this class.", False
    inside, lungs = in_percent(shares.heat), in_percent(shares.area)
    words = f"{inside} of the heat lies in the lungs, which are {lungs} of the film"
    if shares.heat < _ELSEWHERE * shares.area:
        return (
            f"{words}: far less than chance. The model looks elsewhere; do not trust this answer.",
            True,
        )
    if shares.heat < shares.area:
        return f"{words}: less than chance. Take this answer with care.", True
    return words + ".", False


def opacity_in_words(opacity: OpacityMap, lungs: np.ndarray) -> tuple[str, bool]:
    """How likely an opacity is and where, and whether to trust the map less for it.

    Less, where no more of it lies in the lungs than chance would have it. `lungs`: where they are
    over the whole film, bool (h, w).
    """
    peak = in_percent(opacity.peak)
    if not opacity.is_likely:
        return f"No opacity is likely: at most {peak} anywhere in the film.", False
    zone = opacity.peak_zone(lungs)
    where = f" in the {zone} lung zone" if zone else " outside the lung zones"
    words = f"An opacity is most likely{where} ({peak})."
    shares = LungShares(math.nan, float(lungs.mean()), opacity.share_inside(lungs))
    if not shares.opacity_elsewhere:
        return words, False
    return f"{words} {opacity_elsewhere_in_words(shares)}", True


def opacity_elsewhere_in_words(shares: LungShares) -> str:
    """That likely opacities lie in the lungs less than chance would have it."""
    return (
        f"Only {in_percent(shares.opacity)} of the likely opacity lies in the lungs, which are"
        f" {in_percent(shares.area)} of the film: less than chance."
    )


def category_in_words(prediction: Prediction) -> str:
    """The likeliest RSNA category with the network's share for it; "" where there is none."""
    category, share = prediction.category, prediction.category_share
    if category is None or share is None:
        return ""
    return f"{category.display_name} (the network's share is {in_percent(share)}, not calibrated)."


def checks_in_words(prediction: Prediction) -> str:
    """What the gate had to say of the film."""
    found = " ".join(remark.sentence for remark in prediction.remarks)
    return found or "No problem found: a frontal chest radiograph, the right way up, well exposed."


def predictive_value(decision: Decision, prevalence: float) -> float | None:
    """How often such an answer is right about the disease at a prevalence, both 0 to 1.

    None of an answer that is undecided, or where nothing was measured at that point.
    """
    values = decision.point.values_at(prevalence)
    if decision.tier not in DECIDED or values is None:
        return None
    return values.positive if decision.tier in FLAGGED else values.negative


def error_row(
    file: str, error: CovidCoreError, answers: Sequence[Finding] = CLASSES
) -> dict[str, Any]:
    """One row for a film that got no prediction; `reason` says why and what to do.

    `decision` is `error`, or `abstained` where the picture was read and is no film to judge; `tier`
    says the same in words, and `flags` what the picture is.
    """
    refused = isinstance(error, Abstained)
    return {
        **dict.fromkeys(columns(answers)),
        "file": file,
        "flags": error.code if isinstance(error, Abstained) else None,
        "tier": (Tier.NOT_JUDGED if refused else Tier.NOT_READ).value,
        "decision": "abstained" if refused else "error",
        "reason": error.sentence,
    }


def _films_of(point: OperatingPoint) -> str:
    return point.measured_on or "films whose source is not recorded"


def _with_interval(share: Estimate) -> str:
    return f"{in_percent(share.value)} ({in_percent(share.low)} to {in_percent(share.high)})"


def in_percent(share: float) -> str:
    """A share, 0 to 1, in per cent: never quite 0% or 100%, unless it is just that."""
    if 0 < share < 0.001 or 0.999 < share < 1:  # never quite all, nor quite none
        return "< 0.1%" if share < 0.5 else "> 99.9%"
    return f"{share:.1%}" if 0 < share < 0.01 or 0.99 < share < 1 else f"{share:.0%}"


def _share(value: float | None) -> float | None:
    """Rounded; None where there is none, for JSON has no NaN."""
    return None if value is None or math.isnan(value) else round(value, 4)


def _column(answer: Finding) -> str:
    return f"p_{answer}".replace(" ", "_")


def _note(note: str) -> str:
    return note[0].upper() + note[1:] + "."
