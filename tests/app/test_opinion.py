"""A reader's opinion on the page: kept from film to film, taken back, exported."""

from __future__ import annotations

import hashlib
import json
from unittest.mock import patch

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app.opinion_panel import take_boxes
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


def take(page: AppTest, sha256: str, sent: object) -> None:
    """What the viewer sends as boxes; AppTest runs no browser."""
    names = [name for name in ("reader-boxes", "reader-opinions") if name in page.session_state]
    state = {name: page.session_state[name] for name in names}
    with patch.object(st, "session_state", state):
        take_boxes(sha256, sent)
    for name, value in state.items():
        page.session_state[name] = value
    page.run()


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
    take(page, one.film_sha256, [[0.2, 0.4, 0.45, 0.7]])
    [one] = kept(page)
    assert one.boxes == ((0.2, 0.4, 0.45, 0.7),) and one.reader_tier is tier
    [row] = json.loads(opinions_json([one]))
    assert row["boxes"] == [[0.2, 0.4, 0.45, 0.7]]
    take(page, one.film_sha256, [])
    assert kept(page)[0].boxes is None


def test_boxes_drawn_before_the_opinion_go_with_it(page: AppTest) -> None:
    take(page, hashlib.sha256(FILM).hexdigest(), [[0.2, 0.4, 0.45, 0.7]])
    assert kept(page) == []
    say(page, Verdict.AGREE)
    assert kept(page)[0].boxes == ((0.2, 0.4, 0.45, 0.7),)


@pytest.mark.parametrize(
    "sent",
    [None, 7, "boxes", [[0.5, 0.5, 0.4, 0.9]], [[0, 0, 2, 1]], [["a", 0, 1, 1]], [[0, 0, 1]]],
)
def test_what_is_no_box_is_not_kept(page: AppTest, sent: object) -> None:
    say(page, Verdict.AGREE)
    [one] = kept(page)
    take(page, one.film_sha256, sent)
    assert kept(page)[0].boxes is None


def test_no_opinion_is_given_on_a_phantom() -> None:
    page = run_page()
    page.button(key=f"phantom-{KINDS[2]}").click().run()
    assert not [one for one in page.button_group if str(one.key).startswith("opinion-")]
