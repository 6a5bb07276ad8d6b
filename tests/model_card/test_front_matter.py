"""What model hubs read at the card's top: YAML with a licence, tags, and the card's own figures."""

from __future__ import annotations

from typing import Any

import yaml

from covid_core.metrics import Estimate
from covid_core.model.card import WEIGHTS, WeightsCard, read_card
from covid_core.model.results import TEST
from covid_core.model_card.front_matter import front_matter, without_front_matter

CARD = read_card(WEIGHTS)


def fields_of(card: WeightsCard) -> dict[str, Any]:
    first, *lines, last = front_matter(card).splitlines()
    assert first == last == "---"
    found: dict[str, Any] = yaml.safe_load("\n".join(lines))
    return found


def test_it_says_what_a_hub_lists() -> None:
    fields = fields_of(CARD)
    assert fields["license"] == "cc-by-nc-4.0"
    assert fields["pipeline_tag"] == "image-classification"
    assert {"radiology", "research-use-only", CARD.architecture} <= set(fields["tags"])


def test_its_results_are_the_card_s() -> None:
    [model] = fields_of(CARD)["model-index"]
    assert model["name"] == CARD.name
    by_part = {result["dataset"]["type"]: result["metrics"] for result in model["results"]}
    assert {TEST, *CARD.results.held_out} <= set(by_part)
    accuracy, auroc = by_part[TEST]
    assert accuracy["value"] == round(CARD.results.test.accuracy.value, 3)
    assert auroc["value"] == round(CARD.results.test.classes[CARD.classes[-1]].auroc.value, 3)
    assert f"{CARD.results.test.films} radiographs" in accuracy["name"]


def test_what_was_not_measured_is_left_out() -> None:
    nothing = Estimate(float("nan"), float("nan"), float("nan"), 0)
    test = CARD.results.test.replace(accuracy=nothing, classes={})
    card = CARD.replace(results=CARD.results.replace(test=test, held_out={}, test_by_source={}))
    assert fields_of(card)["model-index"][0]["results"] == []


def test_weights_of_one_s_own_films_are_under_no_licence_of_ours() -> None:
    assert "license" not in fields_of(CARD.replace(films={"train": {"ward": {}}}))


def test_the_page_shows_the_card_without_it() -> None:
    text = (WEIGHTS / "README.md").read_text(encoding="utf-8")
    assert text.startswith(front_matter(CARD))
    assert without_front_matter(text).startswith(f"# Model card: {CARD.name}\n")
    assert without_front_matter("# Own\n\n---\n") == "# Own\n\n---\n"
