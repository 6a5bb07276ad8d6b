"""The table of radiologists' words: each gives a class, an appearance, or both."""

from __future__ import annotations

import pytest

from covid_core.datasets.readings import (
    LUNG_OPACITY,
    OTHER_ABNORMALITY,
    READINGS,
    RadiologistReading,
)
from covid_core.findings import APPEARANCES, Appearance, Finding


@pytest.mark.parametrize(
    ("words", "label", "appearance"),
    [
        ("Typical Appearance", Finding.COVID, Appearance.TYPICAL),
        ("Negative for Pneumonia", Finding.NORMAL, Appearance.NEGATIVE),
        ("Indeterminate Appearance", None, Appearance.INDETERMINATE),
        ("Atypical Appearance", None, Appearance.ATYPICAL),
        (LUNG_OPACITY, Finding.PNEUMONIA, None),
        ("Normal", Finding.NORMAL, None),
        (OTHER_ABNORMALITY, Finding.NORMAL, None),
    ],
)
def test_words_mean(words: str, label: Finding | None, appearance: Appearance | None) -> None:
    assert READINGS[words] == RadiologistReading(label, appearance)


def test_every_appearance_has_words() -> None:
    assert {reading.appearance for reading in READINGS.values()} == {*APPEARANCES, None}
