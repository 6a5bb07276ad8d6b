"""A reader's opinion on the page: kept from film to film, taken back, exported."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from app.texts import opinion as texts
from covid_core.exports.opinions import Opinion, Verdict, opinions_json
from covid_core.model.tiers import Tier
from covid_core.present.overlay import png
from covid_core.read.phantom import KINDS, draw_phantom
from tests.app.page import run_page

FILM = png(draw_phantom(KINDS[2], size_px=256))


@pytest.fixture
def page() -> AppTest:
    return drop(run_page(), FILM)


def drop(page: AppTest, data: bytes) -> AppTest:
    return page.file_uploader(key="film").set_value([("film.png", data, "")]).run()


def key_of(page: AppTest) -> str:
    [key] = [one.key for one in page.button_group if str(one.key).startswith("opinion-")]
    return str(key)


def say(page: AppTest, verdict: Verdict | None) -> AppTest:
    return page.button_group(key=key_of(page)).set_value(verdict).run()


def kept(page: AppTest) -> list[Opinion]:
    return list(page.session_state["reader-opinions"].values())


def test_one_click_agrees_and_another_takes_it_back(page: AppTest) -> None:
    say(page, Verdict.AGREE)
    assert not page.exception
    [one] = kept(page)
    assert one.verdict is Verdict.AGREE and one.reader_tier is one.tier
    say(page, None)
    assert kept(page) == []


def test_an_opinion_stays_with_its_film(page: AppTest) -> None:
    say(page, Verdict.AGREE)
    drop(page, png(draw_phantom(size_px=300)))
    assert page.button_group(key=key_of(page)).value is None
    assert len(kept(page)) == 1
    drop(page, FILM)
    assert not page.exception
    assert page.button_group(key=key_of(page)).value is Verdict.AGREE


def test_a_reader_says_what_is_right_and_boxes_an_opacity(page: AppTest) -> None:
    say(page, Verdict.DISAGREE)
    [one] = kept(page)
    assert one.verdict is Verdict.DISAGREE and one.label is None
    [pills] = [group for group in page.button_group if str(group.key).endswith("-right")]
    tier = Tier.UNLIKELY if one.tier is not Tier.UNLIKELY else Tier.LIKELY
    pills.set_value(tier).run()
    [one] = kept(page)
    assert one.verdict is Verdict.CORRECT and one.reader_tier is tier
    [add] = [button for button in page.button if button.label == texts.ADD]
    add.click().run()
    assert not page.exception
    [one] = kept(page)
    assert one.boxes == ((0.2, 0.4, 0.45, 0.7),) and one.reader_tier is tier
    [row] = json.loads(opinions_json([one]))
    assert row["boxes"] == [[0.2, 0.4, 0.45, 0.7]]
    [remove] = [button for button in page.button if button.label == texts.REMOVE]
    remove.click().run()
    assert kept(page)[0].boxes is None


def test_a_phantom_is_asked_no_opinion_on() -> None:
    page = run_page()
    page.button(key=f"phantom-{KINDS[2]}").click().run()
    assert not [one for one in page.button_group if str(one.key).startswith("opinion-")]
