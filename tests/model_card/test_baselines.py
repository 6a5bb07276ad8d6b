"""Baselines in the model card: in words where the network is not clearly above, and in a plot."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from covid_core.evaluation.baselines import BASELINES, FIGURES, is_clear
from covid_core.evaluation.targets import TEST
from covid_core.model.card import WEIGHTS, WeightsCard, read_card
from covid_core.model_card.baselines import (
    NETWORK,
    baselines_section,
    beside_baselines,
    summaries_of,
)


@pytest.fixture(scope="module")
def card() -> WeightsCard:
    return read_card(WEIGHTS)


def with_baselines(card: WeightsCard, value: float) -> WeightsCard:
    """With baselines of one height everywhere."""
    results = dict(card.results)
    figure = {"value": value, "low": value - 0.01, "high": value + 0.01, "n": 9}
    baselines: dict[str, Any] = {}
    for part, summary in summaries_of(card).items():
        lead: dict[str, Any] = {"paired": True}
        own = {"accuracy": figure}
        lead["accuracy"] = {"low": summary["accuracy"]["low"] - value}
        if card.classes[-1] in summary["classes"]:
            own["auroc"] = figure
            lead["auroc"] = {"low": summary["classes"][card.classes[-1]]["auroc"]["low"] - value}
        baselines[part] = {name: {**own, "lead": lead} for name in BASELINES}
    return replace(card, results={**results, "floors": baselines})


def test_the_section_says_what_is_not_clearly_above(card: WeightsCard) -> None:
    high = baselines_section(with_baselines(card, 0.999))
    assert high.count("- covid-chestxray: The accuracy is not clearly above") == 1
    assert "| accuracy and AUROC |" in high and "0.999 (0.989 to 1.009)" in high
    low = baselines_section(with_baselines(card, 0.01))
    assert "Every figure is clearly above its baselines." in low
    assert "not clearly above what" not in low


def test_the_section_says_where_nothing_was_measured(card: WeightsCard) -> None:
    results = {name: found for name, found in card.results.items() if name != "floors"}
    told = baselines_section(replace(card, results=results))
    assert "not measured" in told and "python -m covid_core baselines" in told


@pytest.mark.parametrize("figure", FIGURES)
def test_the_plot_draws_the_network_and_each_baseline_of_each_part(
    card: WeightsCard, figure: str
) -> None:
    drawn = {
        trace.name: trace for trace in beside_baselines(with_baselines(card, 0.7), figure).data
    }
    assert set(drawn) == {NETWORK, *BASELINES.values()}
    network = drawn[NETWORK]
    summaries = summaries_of(card)
    for part, value in zip(network.y, network.x, strict=True):
        own = summaries[part]
        known = own if figure == "accuracy" else own["classes"][card.classes[-1]]
        assert value == known[figure]["value"]
    assert next(iter(network.y)) in card.results["held_out"], "the most telling first"
    assert list(drawn[BASELINES["frame"]].x) == [0.7] * len(network.y)


def test_the_shipped_card_has_baselines_of_every_part(card: WeightsCard) -> None:
    baselines = card.results["floors"]
    assert set(baselines) == set(summaries_of(card))
    assert set(baselines[TEST]) == set(BASELINES)
    for part, summary in summaries_of(card).items():
        for baseline in baselines[part].values():
            assert baseline["accuracy"]["n"] == summary["films"]
            assert is_clear(baseline, "accuracy") is (baseline["lead"]["accuracy"]["low"] > 0)
