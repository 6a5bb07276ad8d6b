"""The front page's table sets the network beside the rivals that question it."""

from __future__ import annotations

from covid_core.model.card import WEIGHTS, read_card
from covid_core.model_card.headline import headline

CARD = read_card(WEIGHTS)


def rows_of(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [line.strip("| ").split(" | ") for line in lines[2:]]


def test_it_has_four_rows_of_the_shipped_card() -> None:
    home, baseline, away, commonest = rows_of(headline(CARD))
    [source] = CARD.results.held_out
    assert home[0] == away[0] == "**this network**"
    assert "baseline" in baseline[0] and "commonest class" in commonest[0]
    assert source in away[1]
    assert home[2] == baseline[2] == str(CARD.results.test.films)
    assert away[2] == commonest[2] == str(CARD.results.held_out[source].films)
    assert commonest[4].startswith("0.500"), "who always says the same ranks nothing"


def test_the_baseline_is_the_best_of_the_test_part() -> None:
    measured = CARD.results.baselines["test part"].values()
    best = max(one.accuracy.value for one in measured)
    assert rows_of(headline(CARD))[1][3].startswith(f"{best:.3f} (")


def test_a_card_without_baselines_has_the_network_s_rows_alone() -> None:
    text = headline(CARD.replace(results=CARD.results.replace(baselines={})))
    assert len(rows_of(text)) == 2
    assert "not clearly above" not in text
