"""Outcomes in words, rows and JSON: the same for the page and the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from covid_core.errors import CovidCoreError
from covid_core.findings import CLASSES, Finding
from covid_core.predictor import Prediction

DISCLAIMER = "Research use only, not a diagnosis."
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def columns(answers: Sequence[Finding] = CLASSES) -> tuple[str, ...]:
    """The names of a row's values, for a network of these answers."""
    return ("file", "label", *map(_column, answers), "decision", "reason")


def prediction_row(file: str, prediction: Prediction) -> dict[str, Any]:
    """One row for a film that got a prediction; `reason` is the decision in words, then notes."""
    probabilities = {_column(f): round(prediction.probability(f), 6) for f in prediction.answers}
    reason = " ".join([prediction.decision.sentence, *map(_note, prediction.notes)])
    return {
        "file": file,
        "label": prediction.label.value,
        **probabilities,
        "decision": prediction.decision.name,
        "reason": reason,
    }


def error_row(
    file: str, error: CovidCoreError, answers: Sequence[Finding] = CLASSES
) -> dict[str, Any]:
    """One row for a film that got none: `decision` is `error`, `reason` says why and what to do."""
    return {**dict.fromkeys(columns(answers)), "file": file, "decision": "error"} | {
        "reason": error.sentence
    }


def spreadsheet_safe(row: dict[str, Any]) -> dict[str, Any]:
    """The row with every text that a spreadsheet would run as a formula made plain (CWE-1236)."""
    return {
        name: f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value
        for name, value in row.items()
    }


def _column(answer: Finding) -> str:
    return f"p_{answer}".replace(" ", "_")


def _note(note: str) -> str:
    return note[0].upper() + note[1:] + "."
