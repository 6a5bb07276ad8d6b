"""What the project set out to reach, against what was measured: no goal goes unmentioned."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from covid_core.metrics import is_at_most, told
from covid_core.model.card import WeightsCard

TEST = "test part"
AFTER_PREPARATION = "after preparation"  # when a probe covers a part of the film
MET, MISSED, UNDECIDED, NOT_MEASURED = "met", "missed", "undecided", "not measured"
ENOUGH = 400  # films of a probe; the intervals of fewer are wide, and it is said that they are few
SIIM, RSNA, COHEN, RADIOGRAPHY = "siim-covid19", "rsna-pneumonia", "covid-chestxray", "radiography"
POPULATIONS = ("never trained on", "test")  # of a source in `results["within_source"]`
ADULTS = "adults, COVID-19 against other pneumonia"  # a row of `strata.where_age_cannot_help`
_CALIBRATION_ERROR = 0.02
_COVERED = (0.88, 0.92)
_TOLD_APART, _REFUSED = 0.99, 0.02
_DICE = 0.93
_COVID_ON_TEST = 0.995
_DECIDED, _RIGHT, _NORMAL = 0.85, 0.95, 0.80  # on the clean test part
_DECIDED_AWAY, _RIGHT_AWAY = 0.60, 0.90
_ZONES = 0.53  # rank correlation with the zones' scores of how bright a zone is
_TYPICAL = ("contrasts", "typical against negative")
# Source, what is measured in it, its place in the source's figures, at least (or at most) what.
_WITHIN: tuple[tuple[str, str, tuple[str, ...], str, float], ...] = (
    (SIIM, "typical against negative, p_covid", (*_TYPICAL, "p_covid", "all"), ">=", 0.92),
    (
        SIIM,
        "typical against negative, 1 - p_normal",
        (*_TYPICAL, "1 - p_normal", "all"),
        ">=",
        0.96,
    ),
    (SIIM, "negatives called normal", ("negatives", "called normal"), ">=", 0.70),
    (SIIM, "negatives called COVID-19", ("negatives", "called COVID-19"), "<=", 0.05),
    (SIIM, "appearances, mean AUROC of one against the rest", ("appearance", "mean"), ">=", 0.80),
    (
        RSNA,
        "opacity against other abnormality, p_pneumonia",
        ("contrasts", "opacity against other abnormality", "p_pneumonia", "all"),
        ">=",
        0.85,
    ),
    (SIIM, "COVID-19 map, its peak in a box", ("maps", "covid", "peak_in_box"), ">=", 0.75),
    (
        SIIM,
        "COVID-19 map, heat in boxes over their area",
        ("maps", "covid", "heat_over_area"),
        ">=",
        2.2,
    ),
    (RSNA, "opacity map, its peak in a box", ("maps", "opacity", "peak_in_box"), ">=", 0.90),
)
_SIIM_LEFT_OUT = 0.85
_WITHIN_VIEW = 0.72
_ADULTS, _ADULTS_WITHIN = 0.95, 0.70


@dataclass(frozen=True, slots=True)
class Goal:
    """What was asked, what was measured with its interval, and whether it was met; None where
    nothing was measured, or the interval decides nothing.
    """

    name: str
    asked: str
    measured: str
    met: bool | None

    @property
    def verdict(self) -> str:
        """`MET`, `MISSED`, `UNDECIDED` or `NOT_MEASURED`."""
        if self.met is None:
            return NOT_MEASURED if self.measured.startswith(NOT_MEASURED) else UNDECIDED
        return MET if self.met else MISSED


def goals(
    card: WeightsCard,
    figures: Mapping[str, Any],
    left_out: Mapping[str, WeightsCard] | None = None,
) -> list[Goal]:
    """Every goal, of a card and what `evaluation.audit` measured of its weights.

    `left_out`: cards of networks that lacked a source, by that source.
    """
    return [
        *_of_sources(card.results, left_out or {}),
        *_of_test(card.results),
        *_of_age_and_view(figures["parts"]),
        *_of_rules(card.trust),
        *_of_decisions(card),
        *_of_gate(figures["gate"]),
        *_of_probes(figures["probes"]),
        *_of_maps(figures["explanations"], figures["lungs"]),
        *_of_zones(figures.get("zones")),
        *_of_corruptions(figures["robustness"]["summary"]),
    ]


def judge_probes(probes: Mapping[str, Any], limit: float) -> dict[str, bool | None]:
    """Of each probe without lungs, by name, whether its AUROC is at most `limit` by its whole
    interval (`metrics.is_at_most`).

    `probes`: rows of `probes.shortcuts`, by name.
    """
    return {
        name: is_at_most(row["auroc"], limit)
        for name, row in probes.items()
        if row["without_lungs"]
    }


def parts_with_shortcuts(found: Mapping[str, Any]) -> list[str]:
    """The parts of films on which a probe without lungs failed. `found`: an audit's probes."""
    return [
        part
        for part, probes in found.items()
        if False in judge_probes(probes["probes"], probes["limit"]).values()
    ]


def _of_sources(results: Mapping[str, Any], left_out: Mapping[str, WeightsCard]) -> Iterator[Goal]:
    for source, name, place, sign, limit in _WITHIN:
        population, found = _within(results, source, place)
        judge = _at_least if sign == ">=" else _at_most
        yield judge(f"{source}, {population}: {name}", limit, found)
    card = left_out.get(SIIM)
    found = _within(card.results, SIIM, (*_TYPICAL, "p_covid", "all"))[1] if card else None
    name = f"{SIIM} left out altogether: typical against negative, p_covid"
    yield _at_least(name, _SIIM_LEFT_OUT, found)


def _of_test(results: Mapping[str, Any]) -> Iterator[Goal]:
    found = _look_up(results, "test", "classes", "covid", "auroc")
    yield _at_least("AUROC of COVID-19 against the rest, test part", _COVID_ON_TEST, found)
    lead = _look_up(results, "floors", RADIOGRAPHY, "thumbnail", "lead", "auroc")
    name, asked = f"AUROC's lead over a 32 px thumbnail, {RADIOGRAPHY}", "above 0, all its interval"
    yield (
        Goal(name, asked, NOT_MEASURED, None)
        if lead is None
        else Goal(name, asked, told(lead), lead["low"] is not None and lead["low"] > 0)
    )


def _of_age_and_view(parts: Mapping[str, Any]) -> Iterator[Goal]:
    found = _look_up(parts, "test", "age", ADULTS, "auroc")
    yield _at_least("Adults' COVID-19 against adults' other pneumonia, test part", _ADULTS, found)
    holding = [part for part in parts.values() if _look_up(part, "strata", "source", COHEN)]
    within = holding[0] if holding else {}
    found = _look_up(within, "age", f"{ADULTS}, {COHEN} alone", "auroc")
    yield _at_least(f"Adults' COVID-19 against other pneumonia, {COHEN}", _ADULTS_WITHIN, found)
    found = _look_up(within, "strata", "source", COHEN, "auroc_within_view")
    yield _at_least(f"AUROC of COVID-19, pairs within a view, {COHEN}", _WITHIN_VIEW, found)


def _of_decisions(card: WeightsCard) -> Iterator[Goal]:
    test = card.trust.get(TEST, {})
    yield _at_least("Decided, test part", _DECIDED, test.get("decided"))
    yield _at_least("Right among decided, test part", _RIGHT, test.get("decided_right"))
    normal = _look_up(test, "decided_by_answer", "0")
    yield _at_least("Normal radiographs called normal, test part", _NORMAL, normal)
    for source in card.results.get("held_out") or ("a source left out",):
        away = card.trust.get(source, {})
        yield _at_least(f"Decided, {source}", _DECIDED_AWAY, away.get("decided"))
        yield _at_least(f"Right among decided, {source}", _RIGHT_AWAY, away.get("decided_right"))


def _of_rules(trust: Mapping[str, Any]) -> Iterator[Goal]:
    for part, worth in trust.items():
        if part == TEST:
            error = {"value": worth["reliability"]["error"]}
            yield _at_most("Expected calibration error, test part", _CALIBRATION_ERROR, error)
        covered, (low, high) = worth["covered"]["value"], _COVERED
        yield Goal(
            f"Prediction sets hold the right answer, {part}",
            f"{low} to {high}",
            _measured(worth["covered"]),
            low <= covered <= high,
        )


def _of_gate(measured: Mapping[str, Any]) -> Iterator[Goal]:
    yield _at_least(
        "Gate: AUROC against what is no frontal chest film", _TOLD_APART, measured["auroc"]
    )
    yield _at_most("Gate: good frontal films refused", _REFUSED, measured["refused"])


def _of_probes(found: Mapping[str, Any]) -> Iterator[Goal]:
    for part, probes in found.items():
        limit, films = probes["limit"], probes["films"]
        few = f", of {ENOUGH} asked" if films < ENOUGH else ""
        for name, met in judge_probes(probes["probes"], limit).items():
            row = probes["probes"][name]
            title = f"AUROC of COVID-19, {row['title']} ({AFTER_PREPARATION}), {part}"
            asked, measured = f"at most {limit:g}", f"{told(row['auroc'])}, {films} films{few}"
            if probes.get("covered") == AFTER_PREPARATION:
                yield Goal(title, asked, measured, met)
            else:  # an audit of earlier, whose covered films had another tone
                yield Goal(title, asked, f"{NOT_MEASURED}; before preparation {measured}", None)


def _of_maps(maps: Mapping[str, Any], dice: Mapping[str, float]) -> Iterator[Goal]:
    yield _at_least("Lungs: overlap with outlines by people (Dice)", _DICE, dice)
    like = max(maps["randomised"].values(), key=lambda stage: float(stage["value"]))
    yield _at_most("Maps: likeness to those of random weights", maps["like"], like)
    excess = maps["methods"]["Grad-CAM"]["excess"]
    yield _at_least("Maps: heat in the lungs beyond their share of the film", 0.0, excess)


def _of_zones(found: Mapping[str, Any] | None) -> Iterator[Goal]:
    name = "Maps that are shown: lung zones, with radiologists' scores (rank correlation)"
    if found is None or found["tells"] is None:
        yield Goal(name, f"above {_ZONES}, clearly above area and brightness", NOT_MEASURED, None)
        return
    area, grey, ours = (found["rows"][row]["correlation"] for row in ("area", "grey", "passed"))
    asked = (
        f"above {_ZONES}, clearly above area, {area['value']:.2f}, and brightness,"
        f" {grey['value']:.2f}, of the zones"
    )
    yield Goal(name, asked, _measured(ours), found["tells"] and ours["value"] > _ZONES)


def _of_corruptions(summary: Mapping[str, Any]) -> Iterator[Goal]:
    drop, rising = summary["drop"]["published"], summary["abstention"]
    yield _at_most("AUROC lost to corruptions of strength 1 to 3", summary["goal"], drop)
    name = "Abstention rises with strength (rank correlation)"
    yield (
        Goal(name, "above 0", "not measured", None)
        if rising is None
        else Goal(name, "above 0", f"{rising:.3f}", rising > 0)
    )


def _within(
    results: Mapping[str, Any], source: str, place: Sequence[str]
) -> tuple[str, Mapping[str, float] | None]:
    """A figure of a source's own films that did not train, by its place in
    `results["within_source"]`: of which population, and None where it was not measured.
    """
    for population in POPULATIONS:
        found = _look_up(results, "within_source", source, population, *place)
        if found is not None:
            return population, found
    return POPULATIONS[0], None


def _look_up(figures: Mapping[str, Any], *place: str) -> Any:
    """What lies in nested mappings at a place; None where nothing does."""
    found: Any = figures
    for name in place:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _at_most(name: str, limit: float, found: Mapping[str, float] | None) -> Goal:
    return _judged(name, f"at most {limit:g}", found, lambda value: value <= limit)


def _at_least(name: str, limit: float, found: Mapping[str, float] | None) -> Goal:
    return _judged(name, f"at least {limit:g}", found, lambda value: value >= limit)


def _judged(
    name: str, asked: str, found: Mapping[str, float] | None, is_met: Callable[[float], bool]
) -> Goal:
    """The goal judged by its value, its interval beside."""
    if found is None or found["value"] is None or math.isnan(found["value"]):
        return Goal(name, asked, NOT_MEASURED, None)
    return Goal(name, asked, _measured(found), is_met(found["value"]))


def _measured(found: Mapping[str, float]) -> str:
    """A figure with its interval, as far as it has one."""
    return told(found) if len(found) > 1 and "low" in found else f"{found['value']:.3f}"
