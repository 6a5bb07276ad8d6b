"""What maps and categories are worth: the card's own figures in one line, or that it has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from covid_core.findings import Appearance, Finding
from covid_core.model.card import WEIGHTS, WeightsCard, read_card
from covid_core.present.worth import Worth, map_worth
from tests.models import save_opacity_weights, save_random_weights


@pytest.fixture
def card(tmp_path: Path) -> WeightsCard:
    return read_card(save_opacity_weights(tmp_path))


def test_what_was_measured_stands_in_one_line(card: WeightsCard) -> None:
    worth = Worth.of(card, Finding.COVID, Appearance.TYPICAL)
    assert worth.opacity == (
        "Measured: its highest point lies in a radiologist's box on 81% (78% to 84%) of 400 films"
        " (SIIM-FISABIO-RSNA COVID-19, never trained on); always pointing at one and the same"
        " spot, the best there is, on 55%."
    )
    assert worth.category == (
        "Measured: typical against the rest, AUROC 0.81 (0.78 to 0.84), the mean of all categories"
        " 0.81, on 400 films (SIIM-FISABIO-RSNA COVID-19, never trained on)."
    )


def test_what_was_not_measured_says_so(card: WeightsCard, tmp_path: Path) -> None:
    assert Worth.of(card, Finding.COVID, None).evidence.startswith("Not measured")
    plain = read_card(save_random_weights(tmp_path / "plain"))
    worth = Worth.of(plain, Finding.COVID, None)
    assert worth.evidence.startswith("Not measured") and worth.opacity == worth.category == ""


def test_the_shipped_weights_have_figures_of_the_map_of_covid() -> None:
    assert map_worth(read_card(WEIGHTS), Finding.COVID).startswith("Measured: its highest point")
