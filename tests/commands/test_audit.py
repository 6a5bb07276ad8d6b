"""`audit`: what is known of the same weights is kept where it is not measured anew."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pandas as pd
import pytest

from covid_core.commands import audit
from covid_core.evaluation.within_source_measurement import maps_of
from covid_core.model.card import read_card, save_audit
from tests.models import save_random_weights


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return save_random_weights(tmp_path)


def test_zones_of_an_earlier_audit_of_the_same_weights_stay(weights: Path) -> None:
    card = read_card(weights)
    options = Namespace(weights=weights, recipe=card.recipe, zone_scores=None)
    assert audit._zones(options, card, pd.DataFrame()) == {}
    save_audit(weights, card.recipe, {"sha256": card.sha256, "zones": {"films": 3}})
    assert audit._zones(options, card, pd.DataFrame()) == {"zones": {"films": 3}}
    save_audit(weights, card.recipe, {"sha256": "other weights", "zones": {"films": 3}})
    assert audit._zones(options, card, pd.DataFrame()) == {}


def test_maps_that_a_card_has_are_taken_over(weights: Path) -> None:
    card = read_card(weights)
    maps = {"covid": {"films": 12}}
    card.results["within_source"] = {
        "siim-covid19": {"test": {"contrasts": {}, "maps": maps}, "never trained on": {"films": 1}}
    }
    assert maps_of(card) == {"siim-covid19": {"test": maps}}
    options = Namespace(boxes=None)
    found = audit._boxes(options, None, card, pd.DataFrame(), None)  # type: ignore[arg-type]
    assert found == {"boxes": {"siim-covid19": {"test": maps}}}
