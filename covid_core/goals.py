"""What the project set out to reach, against what was measured: no goal goes unmentioned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from covid_core.weights import WeightsCard

TEST = "test part"
_CALIBRATION_ERROR = 0.02
_COVERED = (0.88, 0.92)
_TOLD_APART, _REFUSED = 0.99, 0.02
_DICE = 0.93


@dataclass(frozen=True, slots=True)
class Goal:
    """What was asked, what was measured, and whether it was met; None where nothing was."""

    name: str
    asked: str
    measured: str
    met: bool | None


def goals(card: WeightsCard, figures: Mapping[str, Any]) -> list[Goal]:
    """Of a card and what `evaluation.audit` found of its weights."""
    return [
        *_of_rules(card.trust),
        *_of_gate(figures["gate"]),
        *_of_probes(figures["probes"]),
        *_of_maps(figures["explanations"], figures["lungs"]),
        *_of_zones(figures.get("zones")),
        *_of_corruptions(figures["robustness"]["summary"]),
    ]


def _of_rules(trust: Mapping[str, Any]) -> Iterator[Goal]:
    for part, worth in trust.items():
        if part == TEST:
            error = worth["reliability"]["error"]
            yield _at_most("Expected calibration error, test part", _CALIBRATION_ERROR, error)
        covered, (low, high) = worth["covered"]["value"], _COVERED
        yield Goal(
            f"Prediction sets hold the right answer, {part}", f"{low} to {high}", f"{covered:.3f}",
            low <= covered <= high,
        )  # fmt: skip


def _of_gate(measured: Mapping[str, Any]) -> Iterator[Goal]:
    yield _at_least("Gate: AUROC against what is no frontal chest film", _TOLD_APART,
                    measured["auroc"]["value"])  # fmt: skip
    yield _at_most("Gate: good frontal films refused", _REFUSED, measured["refused"]["value"])


def _of_probes(found: Mapping[str, Any]) -> Iterator[Goal]:
    for part, probes in found.items():
        for row in probes["probes"].values():
            if row["without_lungs"]:
                name = f"AUROC of COVID-19, {row['title']}, {part}"
                yield _at_most(name, probes["limit"], row["auroc"]["value"])


def _of_maps(maps: Mapping[str, Any], dice: Mapping[str, float]) -> Iterator[Goal]:
    yield _at_least("Lungs: overlap with outlines by people (Dice)", _DICE, dice["value"])
    like = max(stage["value"] for stage in maps["randomised"].values())
    yield _at_most("Maps: likeness to those of random weights", maps["like"], like)
    excess = maps["methods"]["Grad-CAM"]["excess"]["value"]
    yield _at_least("Maps: heat in the lungs beyond their share of the film", 0.0, excess)


def _of_zones(found: Mapping[str, Any] | None) -> Iterator[Goal]:
    name = "Maps that are shown: lung zones, with radiologists' scores (rank correlation)"
    if found is None or found["tells"] is None:
        yield Goal(name, "clearly above area and brightness of the zones", "not measured", None)
        return
    area, grey, ours = (
        found["rows"][row]["correlation"]["value"] for row in ("area", "grey", "passed")
    )
    asked = f"clearly above area, {area:.2f}, and brightness, {grey:.2f}, of the zones"
    yield Goal(name, asked, f"{ours:.2f}", found["tells"])


def _of_corruptions(summary: Mapping[str, Any]) -> Iterator[Goal]:
    drop, rising = summary["drop"]["published"]["value"], summary["abstention"]
    yield _at_most("AUROC lost to corruptions of strength 1 to 3", summary["goal"], drop)
    name = "Abstention rises with strength (rank correlation)"
    yield (
        Goal(name, "above 0", "not measured", None)
        if rising is None
        else Goal(name, "above 0", f"{rising:.3f}", rising > 0)
    )


def _at_most(name: str, limit: float, value: float) -> Goal:
    return Goal(name, f"at most {limit:g}", f"{value:.3f}", value <= limit)


def _at_least(name: str, limit: float, value: float) -> Goal:
    return Goal(name, f"at least {limit:g}", f"{value:.3f}", value >= limit)
