"""Outcomes in words, rows and JSON: the same for the page and the command line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from covid_core.errors import Abstained, CovidCoreError
from covid_core.explain.lung_shares import LungShares
from covid_core.explain.opacity_map import OpacityMap
from covid_core.findings import CLASSES, Finding
from covid_core.model.decision import OperatingPoint
from covid_core.model.tiers import DECIDED, FLAGGED, Tier
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
    gravest first. `checked`: `yes` where the radiograph was searched for all of them, `no` where
    the maps and checks were not made. `predictive_value`: of a decision like this one, at the
    prevalence given. `weights_sha256`: what gave the probabilities.
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
        "checked",
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
    checked: bool = False,
    warnings: Sequence[str] = (),
) -> dict[str, Any]:
    """One row for a film that got a prediction.

    `reason` is the decision in words, then on which films the predictive value was measured,
    `warnings` and notes. `flags`: the codes of what speaks against the answer, as `flags.codes_of`
    gives them; `checked`: whether maps and checks were made; `warnings`: the flags' sentences.
    """
    decision = prediction.decision
    value = (
        None if prevalence is None else predictive_value(decision.point, decision.tier, prevalence)
    )
    probabilities = {_column(f): round(prediction.probability(f), 6) for f in prediction.answers}
    measured = [] if value is None else [f"Predictive value by {films_of(decision.point)}."]
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
        "checked": "yes" if checked else "no",
        "reason": reason,
        "weights_sha256": prediction.weights_sha256,
    }


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


def predictive_value(point: OperatingPoint, tier: Tier, prevalence: float) -> float | None:
    """How often an answer at a point is right about the disease at a prevalence, both 0 to 1.

    None of an answer that is undecided, or where nothing was measured at that point.
    """
    diseased = point.disease_given(tier, prevalence) if tier in DECIDED else None
    if diseased is None:
        return None
    return diseased.value if tier in FLAGGED else 1 - diseased.value


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


def films_of(point: OperatingPoint) -> str:
    """On which films an operating point was measured, in words."""
    return point.measured_on or "films whose source is not recorded"


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
