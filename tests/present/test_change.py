"""The change between two films, in words."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from covid_core.case.case_reading import Reading
from covid_core.present.change import change_in_words
from covid_core.read.radiograph import Radiograph, View
from tests.exports.results import COVID, NORMAL, made

LUNGS = np.zeros((128, 128), bool)
LUNGS[32:96, 16:112] = True


def reading(
    probabilities: tuple[float, ...], *, opacity: bool = False, view: View = View.UNKNOWN
) -> Reading:
    result = made(probabilities, opacity=opacity)
    radiograph = Radiograph(np.zeros((200, 200), np.float32), "0" * 64, "PNG", view)
    maps = MappingProxyType({})
    body = np.ones_like(LUNGS)
    return Reading(radiograph, result.prediction, LUNGS, body, maps, result.opacity)


def test_a_probability_that_crosses_the_threshold_is_said_to() -> None:
    words = change_in_words(reading(NORMAL), reading(COVID), dated=True)
    assert words == (
        "From the earlier film to the later one, the probability of COVID-19 rises from 0.02 to"
        " 0.89, above the “balanced” threshold of 0.30."
    )
    back = change_in_words(reading(COVID), reading(NORMAL), dated=False)
    assert back.startswith("From the first film to the second, ")
    assert "falls from 0.89 to 0.02, below" in back


def test_an_answer_that_must_not_be_used_is_not_compared() -> None:
    first, second = reading(NORMAL), reading(COVID, opacity=True)
    decision = second.prediction.decision.withheld("Because.")
    held = replace(second, prediction=replace(second.prediction, decision=decision))
    for pair in ((first, held), (held, first)):
        words = change_in_words(*pair, dated=True)
        assert words == "Not compared: at least one of the answers must not be used."


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ((0.1, 0.1, 0.8), (0.1, 0.099, 0.801), "stays at 0.80"),
        ((0.1, 0.1, 0.8), (0.1, 0.094, 0.806), "hardly changes, from 0.80 to 0.81."),
        ((0.1, 0.1, 0.8), (1e-9, 1e-9, 1 - 2e-9), "rises from 0.80 to > 0.99."),
        ((0.1, 0.85, 0.05), (0.999, 0.001 - 1e-9, 1e-9), "falls from 0.05 to < 0.01."),
    ],
)
def test_no_figure_claims_certainty(
    before: tuple[float, ...], after: tuple[float, ...], said: str
) -> None:
    assert said in change_in_words(reading(before), reading(after), dated=True)


def test_the_opaque_share_of_the_lungs_is_stated_where_both_have_a_map() -> None:
    first, second = reading(COVID, opacity=True), reading(COVID, opacity=True)
    assert second.opacity is not None
    clear = replace(second.opacity, cells=np.full_like(second.opacity.cells, 0.1))
    words = change_in_words(first, replace(second, opacity=clear), dated=True)
    assert "Likely opacity: " in words and words.endswith(", 0% on the later one.")
    assert "opacity" not in change_in_words(first, reading(COVID), dated=True)


def test_other_projections_are_warned_of() -> None:
    pa, ap = reading(COVID, view=View.PA), reading(COVID, view=View.AP)
    assert "One is PA, the other AP" in change_in_words(pa, ap, dated=True)
    assert "One is" not in change_in_words(pa, pa, dated=True)
    assert "One is" not in change_in_words(pa, reading(COVID), dated=True)
