"""Figures for a card and its audit that no network was run for."""

from __future__ import annotations

from typing import Any

from covid_core.metrics import NO_ESTIMATE, Estimate
from covid_core.model.audit import AuditFigures, GateMeasured, Probe, Probes, ZoneRow, Zones
from covid_core.model.card import WEIGHTS, read_audit, read_card
from covid_core.model.results import CalibrationBins, Coverage, Trust


def estimate(value: float, below: float = 0.04, above: float = 0.03, n: int = 500) -> Estimate:
    """A figure with an interval around it."""
    return Estimate(value, value - below, value + above, n)


def trust(error: float, covered: float, **more: Any) -> Trust:
    """The worth of rules; of which nothing else was measured, unless given."""
    bins = CalibrationBins(sure=(0.9,), right=(0.9 - error,), films=(100,), error=error)
    coverage = {
        "covered": estimate(covered),
        "covered_by_answer": {},
        "single": NO_ESTIMATE,
        "single_right": None,
        "disease_certain": NO_ESTIMATE,
    }
    return Trust(
        films=100,
        reliability=bins,
        reliability_before=bins,
        points={},
        pooled=Coverage(**coverage),
        **(coverage | more),
    )


def probes(auroc: Estimate, films: int = 150, covered: str | None = "after preparation") -> Probes:
    """One probe, of covered lungs."""
    return Probes(
        films=films,
        left_out=0,
        covered=covered,
        limit=0.6,
        probes={"lungs_out": Probe(title="lungs covered", without_lungs=True, auroc=auroc)},
        within={},
    )


def example_zones() -> Zones:
    """What maps are worth that do not tell which zone is ill."""
    row = ZoneRow(title="a map", correlation=estimate(-0.1, n=9))
    return Zones(
        films=9,
        rows={"passed": row, "grey": row},
        leads={},
        clearly_leads=False,
        severity=NO_ESTIMATE,
        sources=("clinic",),
    )


def shipped_audit(**changes: Any) -> AuditFigures:
    """The shipped weights' audit, in part another."""
    found = read_audit(WEIGHTS, read_card(WEIGHTS))
    assert found
    return found.replace(**changes)


def example_audit(**changes: Any) -> AuditFigures:
    """An audit whose goals are known."""
    figures = shipped_audit()
    summary = figures.robustness.summary
    plain: dict[str, Any] = {
        "parts": {},
        "gate": GateMeasured(auroc=estimate(0.995, 0.001, 0.001), refused=estimate(0.03)),
        "probes": {"test": probes(Estimate(0.66, 0.61, 0.7, 150))},
        "explanations": figures.explanations.replace(like=0.5, randomised={"head": estimate(0.1)}),
        "lungs": estimate(0.95),
        "robustness": figures.robustness.replace(
            summary=summary.replace(drop={"published": estimate(0.01)}, goal=0.03, abstention=None)
        ),
        "zones": None,
    }
    return figures.replace(**(plain | changes))
