"""The section on results says what its figures are of, and how far their intervals go."""

from __future__ import annotations

from typing import Any

import pytest

from covid_core.model.card import WEIGHTS, WeightsCard, read_card
from covid_core.model_card.card import model_card, read_beside
from covid_core.model_card.results import results_section

CARD = read_card(WEIGHTS)


def with_results(**changed: Any) -> WeightsCard:
    return CARD.replace(results=CARD.results.replace(**changed))


def test_it_says_whether_its_figures_are_of_calibrated_probabilities() -> None:
    assert "largest calibrated probability" in results_section(
        with_results(probabilities="calibrated")
    )
    for old in (with_results(probabilities=None), with_results(probabilities="softmax")):
        assert "before calibration (softmax)" in results_section(old)


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (1.0, "independent"),
        (0.0, "different; no patient numbers: films of one patient count as several, so the"),
        (0.25, "different; patient numbers of 25% alone: films of one patient count as several"),
    ],
)
def test_where_patients_are_not_known_intervals_are_said_to_be_too_narrow(
    known: float, words: str
) -> None:
    test = CARD.results.test.replace(patients_known=known)
    said = results_section(with_results(test=test))
    heading = said[said.index("### all sources together") :].partition("\n")[0]
    assert words in heading
    assert ("too narrow" in heading) == (known < 1)


def test_what_storing_changed_is_not_measured_by_who_has_only_what_was_stored() -> None:
    assert "float16: not measured." in results_section(with_results(storage_change=None))


def test_the_rows_of_the_table_of_films_add_up_to_its_last() -> None:
    text = model_card(CARD, read_beside(CARD, WEIGHTS))
    block = text.partition("## Data")[2].partition("\n- `")[0]
    lines = [line.strip("| ").split(" | ") for line in block.splitlines() if line.startswith("| ")]
    counts = [[int(cell) for cell in line[2:]] for line in lines[2:-1]]
    assert list(map(sum, zip(*counts, strict=True))) == list(map(int, lines[-1][2:]))
