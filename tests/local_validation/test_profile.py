"""A site's profile: kept whole, checked when it comes back, and bound to its weights."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from covid_core.errors import CovidCoreError
from covid_core.local_validation.profile import (
    MAX_NAME,
    SiteProfile,
    fits,
    load_profile,
    new_profile,
    profile_bytes,
    read_profile,
    save_profile,
)
from covid_core.local_validation.scores import Scores
from covid_core.local_validation.validation import Validation, guaranteed_point, validate
from covid_core.metrics import reliability
from covid_core.model.card import WEIGHTS, WeightsCard, read_card


@pytest.fixture(scope="module")
def card() -> WeightsCard:
    return read_card(WEIGHTS)


@pytest.fixture(scope="module")
def profile(card: WeightsCard) -> SiteProfile:
    drawing = np.random.default_rng(0)
    positive = np.arange(200) < 100
    scores = Scores(positive, drawing.beta(3 + 2 * positive, 5 - 3 * positive), np.arange(200))
    point = guaranteed_point(scores, 0.9, 0.8)
    found = validate(scores, card.rules.points)
    return new_profile("Ward 3,\n Süd", card, found, point, recall=0.9, confidence=0.8)


def changed(profile: SiteProfile, **values: Any) -> bytes:
    return json.dumps(json.loads(profile_bytes(profile)) | values).encode()


def test_a_profile_comes_back_as_it_was(profile: SiteProfile, tmp_path: Path) -> None:
    path = tmp_path / "site.json"
    save_profile(profile, path)
    assert load_profile(path.read_bytes()) == read_profile(path) == profile
    assert [one.name for one in tmp_path.iterdir()] == ["site.json"]
    assert profile.site == "Ward 3, Süd"
    assert profile.point.name == "site"


def test_a_profile_fits_its_own_weights_alone(profile: SiteProfile, card: WeightsCard) -> None:
    assert fits(profile, card)
    assert not fits(profile, card.replace(sha256="0" * 64))
    recalibrated = replace(card.rules, bias=(0.5, 0.0, -0.5))
    assert not fits(profile, card.replace(rules=recalibrated)), "its probabilities are others"
    older = load_profile(changed(profile, rules_sha256=None))
    assert fits(older, card.replace(rules=recalibrated)), "it does not say by which rules"


def test_a_profile_that_cannot_be_written_leaves_nothing(
    profile: SiteProfile, tmp_path: Path
) -> None:
    with pytest.raises(CovidCoreError, match="can't be written"):
        save_profile(profile, tmp_path / "missing" / "site.json")
    (tmp_path / "site.json").mkdir()
    with pytest.raises(CovidCoreError, match="can't be written"):
        save_profile(profile, tmp_path / "site.json")
    assert [one.name for one in tmp_path.iterdir()] == ["site.json"]


def test_a_file_that_cannot_be_read_is_named_and_one_that_is_not_there_is_none(
    profile: SiteProfile, tmp_path: Path
) -> None:
    assert read_profile(tmp_path / "site.json") is None
    (tmp_path / "damaged.json").write_bytes(profile_bytes(profile)[:-30])
    (tmp_path / "folder.json").mkdir()
    for name, words in (("damaged.json", "damaged"), ("folder.json", "can't be read")):
        with pytest.raises(CovidCoreError, match=words) as caught:
            read_profile(tmp_path / name)
        assert caught.value.file == name
        assert "Delete that file" in caught.value.remedy


@pytest.mark.parametrize("name", ["", " \n", "x" * (MAX_NAME + 1), "a\x00b", "\u202egnp"])
def test_a_site_needs_a_name_that_fits_on_a_line(
    name: str, profile: SiteProfile, card: WeightsCard
) -> None:
    sure, curve = reliability(np.ones(40), np.ones(40)), np.array([0.0, 1.0])
    found = Validation(40, 20, 40, profile.auroc, curve, curve, sure, ())
    with pytest.raises(CovidCoreError, match="needs a name"):
        new_profile(name, card, found, profile.point, recall=0.9, confidence=0.8)
    with pytest.raises(CovidCoreError, match="needs a name"):
        load_profile(changed(profile, site=name))


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[1]", b"null", b"\xff", b"[" * 60_000, b'{"a": "' + b"x" * 100_000 + b'"}'],
)
def test_what_is_no_profile_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(CovidCoreError, match="page Validate"):
        load_profile(data)


@pytest.mark.parametrize(
    "values",
    [
        {"point": {"threshold": 7, "sensitivity": None, "specificity": None}},
        {"recall": "0.9"},
        {"confidence": True},
        {"films": 0},
        {"positives": 201},
        {"calibration_error": float("nan")},
        {"weights_sha256": "zz"},
        {"weights_sha256": 5},
        {"created": "yesterday"},
        {"auroc": None},
        {"auroc": {"value": 0.5, "low": 0.1, "high": 1.2, "n": 3}},
        {"site": 3},
        {"point": []},
    ],
)
def test_a_value_that_cannot_be_is_refused(profile: SiteProfile, values: dict[str, Any]) -> None:
    with pytest.raises(CovidCoreError, match="damaged"):
        load_profile(changed(profile, **values))


def test_a_profile_of_another_release_is_distinguished_from_a_damaged_one(
    profile: SiteProfile,
) -> None:
    with pytest.raises(CovidCoreError, match="another release"):
        load_profile(changed(profile, format_version=2))
