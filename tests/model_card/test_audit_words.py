"""What an audit found is said as far as its intervals decide it, and no further."""

from __future__ import annotations

import pytest

from covid_core.metrics import Estimate
from covid_core.model.audit import Probe, Probes, ZoneRow, Zones
from covid_core.model.card import WEIGHTS, read_card
from covid_core.model_card.audit_words import (
    PAINTED_IN_TRAINING,
    shortcuts_in_words,
    zones_worth_in_words,
)
from tests.measured import estimate, example_audit
from tests.measured import probes as measured

CARD = read_card(WEIGHTS).replace(training={})


def probes(low: float, value: float, high: float) -> Probes:
    """One probe without lungs of that AUROC, and the intact films, of 400."""
    auroc = Estimate(value, low, high, 400)
    row = Probe(title="only the border", without_lungs=True, auroc=auroc)
    seen = Probe(title="intact", without_lungs=False, auroc=estimate(0.99))
    return measured(auroc, films=400).replace(probes={"border": row, "intact": seen})


def test_shortcuts_are_judged_by_whole_intervals_and_listed_the_worst_first() -> None:
    met, open_one, failed = probes(0.45, 0.5, 0.55), probes(0.5, 0.62, 0.7), probes(0.65, 0.72, 0.8)
    assert "not known" in shortcuts_in_words(None, CARD)
    cleared = shortcuts_in_words(example_audit(probes={"test": met}), CARD)
    assert "can hardly separate COVID-19" in cleared
    assert "(only the border)" in cleared, "which films without lungs those were"
    undecided = shortcuts_in_words(example_audit(probes={"test": open_one, "held out": met}), CARD)
    assert "on so few films it is undecided" in undecided and "held out" not in undecided
    assert "only the border, AUROC 0.62 (0.50 to 0.70) on 400 films" in undecided
    caught = shortcuts_in_words(example_audit(probes={"test": failed, "held out": open_one}), CARD)
    assert "uses shortcuts" in caught and "test: only the border, AUROC 0.72" in caught
    assert "held out" not in caught


@pytest.mark.parametrize(
    ("surroundings", "trained"),
    [
        ("{'exchanged': 0.3, 'emptied': 0.05}", True),
        ("{'exchanged': 0.3, 'emptied': 0.0}", False),
        ("", False),
    ],
)
def test_a_model_trained_on_films_without_lungs_says_so(surroundings: str, trained: bool) -> None:
    card = CARD.replace(training={"surroundings": surroundings})
    assert card.trained_without_lungs == trained
    found = shortcuts_in_words(example_audit(), card)
    assert found.endswith(PAINTED_IN_TRAINING) == trained
    assert PAINTED_IN_TRAINING not in shortcuts_in_words(None, card)


@pytest.mark.parametrize(
    ("leads", "worth"), [(False, "So it is no guide to"), (True, "It tells something of")]
)
def test_what_a_map_s_zones_are_worth_is_stated_with_its_source(leads: bool, worth: str) -> None:
    def row(value: float) -> ZoneRow:
        return ZoneRow(title="", correlation=Estimate(value, 0.21, 0.5, 149))

    zones = Zones(
        films=165,
        rows={"passed": row(0.3), "grey": row(0.53)},
        leads={},
        clearly_leads=leads,
        severity=estimate(0.5),
        sources=("covid-chestxray",),
    )
    sentence = zones_worth_in_words(example_audit(zones=zones))
    assert (
        "149 films of covid-chestxray" in sentence and f"{worth} which zone is diseased" in sentence
    )
    assert "0.30 (0.21 to 0.50)" in sentence and "by 0.53" in sentence
    assert zones_worth_in_words(example_audit(zones=zones.replace(clearly_leads=None))) == ""
    assert zones_worth_in_words(example_audit()) == zones_worth_in_words(None) == ""
