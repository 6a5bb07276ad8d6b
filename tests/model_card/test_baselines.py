"""Baselines in the model card: in words where the network is not clearly above, and in a plot."""

from __future__ import annotations

import pytest

from covid_core.evaluation.baselines import BASELINES, FIGURES, is_clear
from covid_core.model.card import WEIGHTS, WeightsCard, read_card
from covid_core.model.results import TEST, Baseline, Lead
from covid_core.model_card.baselines import (
    NETWORK,
    baselines_section,
    beside_baselines,
)
from tests.measured import estimate


@pytest.fixture(scope="module")
def card() -> WeightsCard:
    return read_card(WEIGHTS)


def with_baselines(card: WeightsCard, value: float) -> WeightsCard:
    """With baselines of one height everywhere."""
    figure = estimate(value, 0.01, 0.01)
    baselines = {}
    for name, _, summary in card.results.parts:
        disease = summary.classes.get(card.classes[-1])
        lead = Lead(
            paired=True,
            accuracy=estimate(summary.accuracy.low - value, 0, 0),
            auroc=disease and estimate(disease.auroc.low - value, 0, 0),
        )
        one = Baseline(accuracy=figure, auroc=disease and figure, lead=lead)
        baselines[name] = dict.fromkeys(BASELINES, one)
    return card.replace(results=card.results.replace(baselines=baselines))


def test_the_section_says_what_is_not_clearly_above(card: WeightsCard) -> None:
    high = baselines_section(with_baselines(card, 0.999))
    assert high.count("- covid-chestxray: The accuracy is not clearly above") == 1
    assert "| accuracy and AUROC |" in high and "0.999 (0.989 to 1.009)" in high
    low = baselines_section(with_baselines(card, 0.01))
    assert "Every figure is clearly above its baselines." in low
    assert "not clearly above what" not in low


def test_the_section_says_where_nothing_was_measured(card: WeightsCard) -> None:
    section = baselines_section(card.replace(results=card.results.replace(baselines={})))
    assert "not measured" in section and "python -m covid_core baselines" in section


@pytest.mark.parametrize("figure", FIGURES)
def test_the_plot_draws_the_network_and_each_baseline_of_each_part(
    card: WeightsCard, figure: str
) -> None:
    drawn = {
        trace.name: trace for trace in beside_baselines(with_baselines(card, 0.7), figure).data
    }
    assert set(drawn) == {NETWORK, *BASELINES.values()}
    network = drawn[NETWORK]
    summaries = {part.name: part.summary for part in card.results.parts}
    for part, value in zip(network.y, network.x, strict=True):
        own = summaries[part]
        known = own.accuracy if figure == "accuracy" else own.classes[card.classes[-1]].auroc
        assert value == known.value
    assert next(iter(network.y)) in card.results.held_out, "the most telling first"
    assert list(drawn[BASELINES["frame"]].x) == [0.7] * len(network.y)


def test_the_shipped_card_has_baselines_of_every_part(card: WeightsCard) -> None:
    baselines = card.results.baselines
    assert set(baselines) == {part.name for part in card.results.parts}
    assert set(baselines[TEST]) == set(BASELINES)
    for name, _, summary in card.results.parts:
        for baseline in baselines[name].values():
            assert baseline.accuracy.n == summary.films
            assert is_clear(baseline, "accuracy") is (baseline.lead.accuracy.low > 0)
