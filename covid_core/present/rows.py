"""Rows of results: one for each file, the same for the page, the command line and a cluster."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from covid_core.errors import Abstained, CovidCoreError
from covid_core.findings import CLASSES, Finding
from covid_core.model.tiers import Tier
from covid_core.predict.prediction import Prediction
from covid_core.present.flags import Flag, codes_of
from covid_core.present.sentences import films_of, predictive_value

UNANSWERED = ("abstained", "error")  # decisions of films that got no prediction


def columns(answers: Sequence[Finding] = CLASSES) -> tuple[str, ...]:
    """The names of a row's values, for a network of these answers.

    `tier`: the answer in a report's words (`tiers.Tier`). `prediction_set`: the answers that can't
    be ruled out, joined by `|`. `heat_in_lungs`: the share of the overlay's heat, where one was
    made and its map passed its self-test. `opacity_peak`: the highest probability of an
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
    flags: Sequence[Flag] = (),
    checked: bool = False,
) -> dict[str, Any]:
    """One row for a film that got a prediction.

    `reason` is the decision in words, then on which films the predictive value was measured, what
    speaks against the answer (`flags`), and notes. `checked`: whether maps and checks were made.
    """
    decision = prediction.decision
    value = (
        None if prevalence is None else predictive_value(decision.point, decision.tier, prevalence)
    )
    probabilities = {_column(f): round(prediction.probability(f), 6) for f in prediction.answers}
    measured = [] if value is None else [f"Predictive value by {films_of(decision.point)}."]
    warnings = [flag.sentence for flag in flags]
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
        "flags": codes_of(flags),
        "checked": "yes" if checked else "no",
        "reason": reason,
        "weights_sha256": prediction.weights_sha256,
    }


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


def _share(value: float | None) -> float | None:
    """Rounded; None where there is none, for JSON has no NaN."""
    return None if value is None or math.isnan(value) else round(value, 4)


def _column(answer: Finding) -> str:
    return f"p_{answer}".replace(" ", "_")


def _note(note: str) -> str:
    return note[0].upper() + note[1:] + "."
