"""The stages of a reading: each adds what is missing, and changes no record that it is given."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from functools import cache
from typing import Any

import numpy as np
import pytest

from covid_core.case.case_reading import Reading
from covid_core.case.reader import read_case
from covid_core.errors import WeightsError
from covid_core.findings import CLASSES, Finding
from covid_core.model.decision import OperatingPoint
from covid_core.read.reading import read_radiograph
from tests.counting import count_calls
from tests.models import random_weights
from tests.whole_way import films, reader

FILM = films()["8-bit PNG"]
ALWAYS, NEVER = OperatingPoint("always", 0.0), OperatingPoint("never", 1.1)


@cache
def plain() -> Reading:
    return reader().read(read_radiograph(FILM))


def test_a_file_is_read_with_the_checks_of_its_likeliest_class() -> None:
    before = reader().read(read_radiograph(FILM))
    reading = reader().check(before, before.prediction.label)
    label = reading.prediction.label
    assert set(reading.map_checks) == {label} and reading.checks(label).map_check.finding is label
    assert tuple(reading.maps) == CLASSES
    judged = before.prediction  # what its checks say of the answer is said in a new record
    assert reading.prediction.logits is judged.logits and reading.maps is before.maps
    known = read_case(FILM, reader(), sha256="ab" * 32)
    assert known.radiograph.sha256 == known.prediction.radiograph_sha256 == "ab" * 32
    assert known.film_checks == reading.film_checks and set(known.map_checks) == {label}


def test_what_was_checked_is_not_checked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tested = reader().check_maps(plain(), Finding.COVID)
    counts = count_calls(monkeypatch)
    assert reader().check_maps(tested, Finding.COVID) is tested and not counts
    whole = reader().check(tested, Finding.COVID, Finding.COVID)
    assert counts == {"classifier, for checks": 1}, "the shortcut meter"
    assert whole.map_checks is tested.map_checks
    more = reader().check(whole, Finding.NORMAL, Finding.COVID)
    assert counts["classifier, for checks"] == 2
    assert more.film_checks is whole.film_checks
    assert more.map_checks[Finding.COVID] is whole.map_checks[Finding.COVID]


def test_no_stage_changes_the_record_that_it_is_given() -> None:
    given = plain()
    reader().decide(reader().check(given, *CLASSES), NEVER)
    assert given.film_checks is None and not given.map_checks
    maps: Any = given.maps
    with pytest.raises(TypeError):
        maps[Finding.COVID] = None
    with pytest.raises(FrozenInstanceError):
        given.lungs = np.zeros((1, 1), bool)  # type: ignore[misc]


def test_what_was_not_checked_is_not_reported() -> None:
    with pytest.raises(ValueError, match="was not checked"):
        plain().checks(Finding.COVID)
    tested = reader().check_maps(plain(), Finding.COVID)
    with pytest.raises(ValueError, match="was not checked"):
        tested.checks(Finding.COVID)


def test_another_point_decides_the_meter_and_the_maps_that_are_shown() -> None:
    reading = reader().check(plain(), Finding.COVID)
    always, never = (reader().decide(reading, point) for point in (ALWAYS, NEVER))
    assert Finding.COVID in always.due and Finding.COVID not in never.due
    meters = [one.checks(Finding.COVID).meter for one in (reading, always, never)]
    assert len({meter and (meter.whole, meter.lungs_removed) for meter in meters}) == 1
    for one, meter in zip((always, never), meters[1:], strict=True):
        assert meter and meter == meter.at(one.prediction)
    probabilities = [always.prediction.probability(finding) for finding in always.due]
    assert probabilities == sorted(probabilities, reverse=True)


def test_a_reading_by_other_weights_is_not_decided(tmp_path: Any) -> None:
    other = type(reader()).load(random_weights(tmp_path))
    with pytest.raises(WeightsError, match="other weights"):
        other.decide(plain(), ALWAYS)


def test_a_reading_kept_without_its_film_needs_no_network_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = plain().without_film()
    assert kept.radiograph.shape == (0, 0) and kept.radiograph.sha256 == plain().radiograph.sha256
    counts = count_calls(monkeypatch)
    reading = reader().check(kept.with_film(read_radiograph(FILM)))
    assert not counts["gate"] and not counts["lungs"] and not counts["classifier"]
    assert reading.prediction.logits is plain().prediction.logits and reading.maps is plain().maps
    assert reading.body is plain().body
    assert reading.radiograph.height_px > 0 and reading.film_checks
    other = read_radiograph(films()["dark"])
    with pytest.raises(ValueError, match="another film"):
        kept.with_film(other)
