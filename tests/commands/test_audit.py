"""`audit`: what is known of the same weights is kept where it is not measured anew."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from covid_core.commands import audit
from covid_core.metrics import NO_ESTIMATE
from covid_core.model.audit import Zones
from covid_core.model.card import read_card, save_audit
from covid_core.model.results import MapAgreement, RandomMap, Results, WithinSource
from tests.measured import example_audit
from tests.models import save_random_weights


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return save_random_weights(tmp_path)


def test_zones_of_an_earlier_audit_of_the_same_weights_stay(weights: Path) -> None:
    card = read_card(weights)
    options = audit.Options(weights=weights, recipe=card.recipe, manifest=Path("m.csv"))
    assert audit._zones(options, card, pd.DataFrame()) is None
    zones = Zones(films=9, rows={}, leads={}, clearly_leads=None, severity=NO_ESTIMATE)
    earlier = example_audit(sha256=card.sha256, zones=zones)
    save_audit(weights, card.recipe, earlier)
    assert audit._zones(options, card, pd.DataFrame()) == zones
    save_audit(weights, card.recipe, earlier.replace(sha256="other weights"))
    assert audit._zones(options, card, pd.DataFrame()) is None


def test_maps_that_a_card_has_are_taken_over(weights: Path) -> None:
    card = read_card(weights)
    own = MapAgreement(
        films=12,
        area=NO_ESTIMATE,
        fixed_point=NO_ESTIMATE,
        peak=NO_ESTIMATE,
        heat=NO_ESTIMATE,
        random=RandomMap(peak=NO_ESTIMATE, heat=NO_ESTIMATE),
        lead={},
    )
    maps = {"covid": own}
    populations = {
        "test": WithinSource(films=12, maps=maps),
        "never trained on": WithinSource(films=1),
    }
    card = card.replace(results=Results(within_source={"siim-covid19": populations}))
    assert card.results.boxes == {"siim-covid19": {"test": maps}}
    options = audit.Options(manifest=Path("m.csv"))
    found = audit._boxes(options, None, card, pd.DataFrame(), None)  # type: ignore[arg-type]
    assert found == {"siim-covid19": {"test": maps}}
