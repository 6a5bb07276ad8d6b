"""What the project set out to reach, against what was measured: no goal goes unmentioned."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from covid_core.evaluation.source_targets import SIIM, WITHIN, find_within, typical_against_negative
from covid_core.findings import Finding
from covid_core.metrics import Estimate, format_estimate, is_at_most
from covid_core.model.audit import (
    AuditedPart,
    AuditFigures,
    Explanations,
    GateMeasured,
    Probe,
    Probes,
    RobustnessSummary,
    Zones,
)
from covid_core.model.card import WeightsCard
from covid_core.model.decision import BALANCED, COVERAGE
from covid_core.model.results import TEST, Results, Trust

AFTER_PREPARATION = "after preparation"  # when a probe covers a part of the film
MET, MISSED, UNDECIDED, NOT_MEASURED = "met", "missed", "undecided", "not measured"
ENOUGH = 400  # films of a probe; the intervals of fewer are wide, and it is said that they are few
COHEN, RADIOGRAPHY = "covid-chestxray", "radiography"
ADULTS = "adults, COVID-19 against other pneumonia"  # a row of `strata.measure_age_controlled`
_CALIBRATION_ERROR = 0.02
_COVERED = 0.02  # how far from what was promised
_GATE_AUROC, _REFUSED = 0.99, 0.02
_DICE = 0.93
_COVID_ON_TEST = 0.995
_DECIDED, _RIGHT, _NORMAL = 0.85, 0.95, 0.80  # on the clean test part
_DECIDED_AWAY, _RIGHT_AWAY = 0.60, 0.90
_ZONES = 0.53  # rank correlation with the zones' scores of how bright a zone is
_SIIM_LEFT_OUT = 0.85
_WITHIN_VIEW = 0.72
_ADULTS, _ADULTS_WITHIN = 0.95, 0.70


@dataclass(frozen=True, slots=True)
class Goal:
    """What is required, what was measured with its interval, and whether it was met.

    `met`: None where nothing was measured, or the interval decides nothing. `margin`: by how much a
    value is better than required, below 0 where it is worse; None where that is no number.
    """

    name: str
    required: str
    measured: str
    met: bool | None
    margin: float | None = None

    @property
    def verdict(self) -> str:
        """`MET`, `MISSED`, `UNDECIDED` or `NOT_MEASURED`."""
        if self.met is None:
            return NOT_MEASURED if self.measured.startswith(NOT_MEASURED) else UNDECIDED
        return MET if self.met else MISSED


def goals(
    card: WeightsCard,
    figures: AuditFigures,
    left_out: Mapping[str, WeightsCard] | None = None,
) -> list[Goal]:
    """Every goal, of a card and what `evaluation.audit` measured of its weights.

    `left_out`: cards of networks that lacked a source, by that source.
    """
    return [
        *_source_goals(card.results, left_out or {}),
        *_test_goals(card.results),
        *_age_and_view_goals(figures.parts),
        *_rule_goals(card),
        *tier_goals(card),
        *_gate_goals(figures.gate),
        *_probe_goals(figures.probes),
        *_map_goals(figures.explanations, figures.lungs),
        *_zone_goals(figures.zones),
        *_corruption_goals(figures.robustness.summary),
    ]


def tier_goals(card: WeightsCard) -> Iterator[Goal]:
    """The goals of what is decided, at the balanced point; also of an older card, before tiers."""
    decided, right, normal = _decided(card.trust.get(TEST))
    yield _at_least("Decided, test part", _DECIDED, decided)
    yield _at_least("Right among decided, test part", _RIGHT, right)
    yield _at_least("Normal radiographs called normal, test part", _NORMAL, normal)
    for source in card.results.held_out or ("a source left out",):
        decided, right, _ = _decided(card.trust.get(source))
        yield _at_least(f"Decided, {source}", _DECIDED_AWAY, decided)
        yield _at_least(f"Right among decided, {source}", _RIGHT_AWAY, right)


def _decided(
    worth: Trust | None,
) -> tuple[Estimate | None, Estimate | None, Estimate | None]:
    """The share decided, right of those, and of normal films called normal."""
    if worth is None:
        return None, None, None
    if own := worth.tiers.get(BALANCED):
        return own.decided, own.right, own.normal_seen
    return worth.decided, worth.decided_right, worth.decided_by_answer.get("0")


def judge_probes(probes: Mapping[str, Probe], limit: float) -> dict[str, bool | None]:
    """Whether the AUROC of each probe without lungs, by name, is at most `limit`.

    By its whole interval: `metrics.is_at_most`.
    """
    return {name: is_at_most(row.auroc, limit) for name, row in probes.items() if row.without_lungs}


def parts_with_shortcuts(found: Mapping[str, Probes]) -> list[str]:
    """The parts of films on which a probe without lungs failed. `found`: an audit's probes."""
    return [
        part
        for part, probes in found.items()
        if False in judge_probes(probes.probes, probes.limit).values()
    ]


def _source_goals(results: Results, left_out: Mapping[str, WeightsCard]) -> Iterator[Goal]:
    for source, name, figure, sign, limit in WITHIN:
        population, found = find_within(results, source, figure)
        judge = _at_least if sign == ">=" else _at_most
        yield judge(f"{source}, {population}: {name}", limit, found)
    card = left_out.get(SIIM)
    found = find_within(card.results, SIIM, typical_against_negative)[1] if card else None
    name = f"{SIIM} left out altogether: typical against negative, p_covid"
    yield _at_least(name, _SIIM_LEFT_OUT, found)


def _test_goals(results: Results) -> Iterator[Goal]:
    covid = results.test.classes.get(Finding.COVID)
    found = covid.auroc if covid else None
    yield _at_least("AUROC of COVID-19 against the rest, test part", _COVID_ON_TEST, found)
    thumbnail = results.baselines.get(RADIOGRAPHY, {}).get("thumbnail")
    lead = thumbnail.lead.auroc if thumbnail else None
    name, required = (
        f"AUROC's lead over a 32 px thumbnail, {RADIOGRAPHY}",
        "above 0, all its interval",
    )
    yield (
        Goal(name, required, NOT_MEASURED, None)
        if lead is None
        else Goal(name, required, format_estimate(lead), lead.low > 0)
    )


def _age_and_view_goals(parts: Mapping[str, AuditedPart]) -> Iterator[Goal]:
    test = parts["test"].age.get(ADULTS) if "test" in parts else None
    found = test.auroc if test else None
    yield _at_least("Adults' COVID-19 against adults' other pneumonia, test part", _ADULTS, found)
    holding = [part for part in parts.values() if COHEN in part.strata.get("source", {})]
    adults = holding[0].age.get(f"{ADULTS}, {COHEN} alone") if holding else None
    found = adults.auroc if adults else None
    yield _at_least(f"Adults' COVID-19 against other pneumonia, {COHEN}", _ADULTS_WITHIN, found)
    found = holding[0].strata["source"][COHEN].auroc_within_view if holding else None
    yield _at_least(f"AUROC of COVID-19, pairs within a view, {COHEN}", _WITHIN_VIEW, found)


def _rule_goals(card: WeightsCard) -> Iterator[Goal]:
    promised = card.rules.coverage or COVERAGE
    for part, worth in card.trust.items():
        if part == TEST:
            error = worth.reliability.error
            name, required = (
                "Expected calibration error, test part",
                f"at most {_CALIBRATION_ERROR:g}",
            )
            yield Goal(name, required, f"{error:.3f}", error <= _CALIBRATION_ERROR)
        low, high = round(promised - _COVERED, 3), round(promised + _COVERED, 3)
        yield Goal(
            f"Prediction sets hold the right answer, {part}",
            f"{low} to {high}",
            format_estimate(worth.covered),
            low <= worth.covered.value <= high,
        )


def _gate_goals(measured: GateMeasured) -> Iterator[Goal]:
    yield _at_least(
        "Gate: AUROC against what is no frontal chest film", _GATE_AUROC, measured.auroc
    )
    yield _at_most("Gate: good frontal films refused", _REFUSED, measured.refused)


def _probe_goals(found: Mapping[str, Probes]) -> Iterator[Goal]:
    for part, probes in found.items():
        limit, films = probes.limit, probes.films
        few = f", of {ENOUGH} required" if films < ENOUGH else ""
        for name, met in judge_probes(probes.probes, limit).items():
            row = probes.probes[name]
            title = f"AUROC of COVID-19, {row.title} ({AFTER_PREPARATION}), {part}"
            required, measured = (
                f"at most {limit:g}",
                f"{format_estimate(row.auroc)}, {films} films{few}",
            )
            if probes.covered == AFTER_PREPARATION:
                yield Goal(title, required, measured, met)
            else:  # an audit of earlier, whose covered films had another tone
                yield Goal(title, required, f"{NOT_MEASURED}; before preparation {measured}", None)


def _map_goals(maps: Explanations, dice: Estimate) -> Iterator[Goal]:
    yield _at_least("Lungs: overlap with outlines by people (Dice)", _DICE, dice)
    like = max(maps.randomised.values(), key=lambda stage: stage.value)
    yield _at_most("Maps: likeness to those of random weights", maps.like, like)
    excess = maps.methods["Grad-CAM"].excess
    yield _at_least("Maps: heat in the lungs beyond their share of the film", 0.0, excess)


def _zone_goals(found: Zones | None) -> Iterator[Goal]:
    name = "Maps that are shown: lung zones, with radiologists' scores (rank correlation)"
    if found is None or found.clearly_leads is None:
        yield Goal(name, f"above {_ZONES}, clearly above area and brightness", NOT_MEASURED, None)
        return
    area, grey, ours = (found.rows[row].correlation for row in ("area", "grey", "passed"))
    required = (
        f"above {_ZONES}, clearly above area, {area.value:.2f}, and brightness,"
        f" {grey.value:.2f}, of the zones"
    )
    yield Goal(name, required, format_estimate(ours), found.clearly_leads and ours.value > _ZONES)


def _corruption_goals(summary: RobustnessSummary) -> Iterator[Goal]:
    drop, rising = summary.drop["published"], summary.abstention
    yield _at_most("AUROC lost to corruptions of strength 1 to 3", summary.goal, drop)
    name = "Abstention rises with strength (rank correlation)"
    yield (
        Goal(name, "above 0", "not measured", None)
        if rising is None
        else Goal(name, "above 0", f"{rising:.3f}", rising > 0)
    )


def _at_most(name: str, limit: float, found: Estimate | None) -> Goal:
    return _judged(name, f"at most {limit:g}", found, lambda value: limit - value)


def _at_least(name: str, limit: float, found: Estimate | None) -> Goal:
    return _judged(name, f"at least {limit:g}", found, lambda value: value - limit)


def _judged(
    name: str, required: str, found: Estimate | None, margin: Callable[[float], float]
) -> Goal:
    """The goal judged by its value, its interval beside. `margin`: 0 or above where it is met."""
    if found is None or math.isnan(found.value):
        return Goal(name, required, NOT_MEASURED, None)
    better = margin(found.value)
    return Goal(name, required, format_estimate(found), better >= 0, better)
