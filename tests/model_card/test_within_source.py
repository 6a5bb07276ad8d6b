"""Figures within sources in the model card, in words and in plots: what they say is what was
measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from covid_core.errors import WeightsError
from covid_core.evaluation.box_agreement import AREA, FIXED_POINT, RANDOM
from covid_core.evaluation.within_source import SCORES
from covid_core.metrics import NO_ESTIMATE, Estimate
from covid_core.metrics import format_estimate as in_digits
from covid_core.model.card import WEIGHTS, WeightsCard, read_card
from covid_core.model.results import (
    NEW_FILMS,
    UNSEEN,
    AppearanceFigures,
    MapAgreement,
    Populations,
    RandomMap,
    Results,
    WithinSource,
)
from covid_core.model_card.card import model_card, read_beside
from covid_core.model_card.within_source import (
    boxes_in_words,
    within_in_words,
    within_source_section,
)
from covid_core.model_card.within_source_plots import draw_boxes, draw_within_sources


def one(value: float, n: int = 100) -> Estimate:
    return Estimate(value, value - 0.02, value + 0.02, n)


def maps(peak: float, fixed: Estimate, lead: Estimate) -> dict[str, MapAgreement]:
    own = MapAgreement(
        films=312,
        area=one(0.2),
        fixed_point=fixed,
        peak=one(peak),
        heat=one(1.7),
        random=RandomMap(peak=one(0.21), heat=one(1.02)),
        lead={AREA: one(peak - 0.2), FIXED_POINT: lead, RANDOM: one(peak - 0.21)},
    )
    return {"covid": own}


FOUND: Populations = {
    "siim": {
        UNSEEN: WithinSource(
            films=500,
            contrasts={
                "typical against negative": {
                    score: {"all": one(0.71 + i / 100, 400)} for i, score in enumerate(SCORES)
                }
            },
            negatives={
                "called normal": one(0.33),
                "called COVID-19": one(0.41),
                "COVID-19 at the balanced point": one(0.52),
            },
            appearance={
                "typical": AppearanceFigures(auroc=one(0.83), average_precision=one(0.81)),
                "mean": AppearanceFigures(auroc=one(0.78), average_precision=one(0.55)),
            },
            maps=maps(0.45, one(0.52), one(-0.07)),
        )
    },
    "rsna": {
        NEW_FILMS: WithinSource(
            films=60,
            contrasts={
                "opacity against other abnormality": {
                    score: {"all": one(0.7), "AP": one(0.6), "within view": one(0.62 + i / 100)}
                    for i, score in enumerate(SCORES)
                }
            },
        )
    },
}


@pytest.fixture(scope="module")
def card() -> WeightsCard:
    card = read_card(WEIGHTS)
    return card.replace(results=card.results.replace(within_source=FOUND))


def test_the_section_holds_every_figure(card: WeightsCard) -> None:
    section = within_source_section(card)
    assert section.startswith("## Within one hospital: films of both kinds\n")
    for figure in (0.71, 0.72, 0.73, 0.7, 0.62, 0.63, 0.64, 0.33, 0.41, 0.52, 0.45, 0.21, 0.83):
        assert in_digits(one(figure)) in section, figure
    assert "| siim, never trained on | 400 | typical against negative |" in section
    assert "| rsna, test part |" in section
    assert "0.840" in section, "the published average precision of typical"
    whole = model_card(card, read_beside(card, WEIGHTS))
    assert whole.index("## Results") < whole.index(section) < whole.index("## Baselines")


def test_without_measures_nothing_is_said(card: WeightsCard) -> None:
    bare = card.replace(results=card.results.replace(within_source={}))
    assert within_source_section(bare) == ""
    assert "Within one hospital" not in model_card(bare, read_beside(bare, WEIGHTS))


def test_words_are_those_of_a_radiologist() -> None:
    siim, rsna = within_in_words(FOUND)
    assert siim == (
        "siim (which never trained it): of two films, one read as typical and one as negative, the"
        " probability of COVID-19 ranks the right one higher in 71% (69% to 73%); tossing a coin"
        " would in 50%. Of the films read as negative, 33% (31% to 35%) are called normal and 41%"
        " (39% to 43%) COVID-19."
    )
    assert (
        "of two films of the same view, one with an opacity and one with another abnormality"
        in rsna
    )
    assert "63% (61% to 65%)" in rsna, "other pneumonia's, within views"


@pytest.mark.parametrize(
    ("peak", "fixed", "verdict"),
    [
        (0.9, 0.52, "So the map does point at opacities."),
        (0.45, 0.52, "not clearly better than the best fixed point."),
        (0.1, 0.52, "So the map is no guide to where the opacities are."),
    ],
)
def test_a_map_is_judged_by_what_knows_nothing(peak: float, fixed: float, verdict: str) -> None:
    [words] = boxes_in_words({"siim": {UNSEEN: maps(peak, one(fixed), one(peak - fixed))}})
    assert words.endswith(verdict)
    assert f"in a box in {peak:.0%}" in words and "always the same point in 52%" in words


def test_a_figure_that_could_not_be_measured_is_a_dash() -> None:
    """A card has null where a figure was NaN: one patient alone has no other half."""
    found = maps(0.4, NO_ESTIMATE, NO_ESTIMATE)
    [words] = boxes_in_words({"siim": {UNSEEN: found}})
    assert "always the same point in –" in words
    draw_boxes({"siim": {UNSEEN: found}})


def test_the_plot_has_a_row_for_each_contrast_and_again_within_views() -> None:
    figure = draw_within_sources(FOUND)
    assert [trace.name for trace in figure.data] == list(SCORES.values())
    covid = figure.data[0]
    assert list(covid.y) == [
        "siim, never trained on<br>typical against negative",
        "rsna, test part<br>opacity against other abnormality",
        "rsna, test part<br>opacity against other abnormality, same view",
    ]
    assert list(covid.x) == [0.71, 0.7, 0.62]
    assert covid.x[0] + covid.error_x.array[0] == pytest.approx(0.73)
    colours = [trace.marker.color for trace in figure.data]
    assert len(set(colours)) == 3


def test_bars_stand_beside_what_knows_nothing() -> None:
    boxes = Results(within_source=FOUND).boxes
    assert list(boxes) == ["siim"]
    figure = draw_boxes(boxes)
    assert [list(trace.x) for trace in figure.data] == [[0.45], [0.2], [0.52], [0.21]]
    assert len({trace.marker.color for trace in figure.data}) == 4


def test_maps_of_cards_written_before_are_read() -> None:
    """They had one count, area and fixed point for all maps of a population."""
    [own] = maps(0.8, one(0.5), one(0.3)).values()
    now = WithinSource(films=500, maps={"covid": own}).as_json()
    shared = ("films", "area", "fixed point")
    before = {name: now["maps"]["covid"].pop(name) for name in shared}
    before["maps"] = now["maps"]
    raw = json.loads(json.dumps(now | {"maps": before}))
    parsed = WithinSource.parse(raw, Path("card.json"), error=WeightsError, remedy="")
    assert parsed == WithinSource(films=500, maps={"covid": own})


@pytest.mark.parametrize(
    "maps", [{"maps": [1]}, {"maps": {"covid": 3}}, {"covid": 3}, 0, False, ""]
)
def test_maps_that_are_none_are_refused_in_words(maps: Any) -> None:
    raw = {"films": 500, "maps": maps}
    with pytest.raises(WeightsError, match="maps"):
        WithinSource.parse(raw, Path("card.json"), error=WeightsError, remedy="")
