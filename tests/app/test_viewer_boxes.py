"""Boxes that a reader draws on the film in the viewer."""

from __future__ import annotations

import json

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.app.serving import in_browser
from tests.app.viewer_shown import Opened, Shown, without_a_run

pytestmark = in_browser
SIDE = 1024  # px, of the phantom


def drag(shown: Shown, box: tuple[float, float, float, float]) -> None:
    """From one corner of a box, in fractions of the film, to the other."""
    state, pane = shown.state(), shown.root.locator("#marked").bounding_box()
    assert pane is not None
    left, top, zoom = (float(state[name]) for name in ("left", "top", "zoom"))
    ends = [
        (pane["x"] + left + zoom * SIDE * x, pane["y"] + top + zoom * SIDE * y)
        for x, y in (box[:2], box[2:])
    ]
    mouse = shown.page.mouse
    mouse.move(*ends[0])
    mouse.down()
    mouse.move(*ends[1], steps=3)
    mouse.up()


def sent(shown: Shown) -> tuple[str, list[list[float]]]:
    """What the script was given: the film, and its boxes."""
    words = shown.page.get_by_text("Boxes: [").inner_text()
    film, boxes = json.loads(words.removeprefix("Boxes: "))
    return film, boxes


def test_boxes_are_drawn_sent_and_removed(opened: Opened) -> None:
    shown = opened("phantom")
    shown.root.press("b")
    before = shown.pixels("marked")
    drag(shown, (0.6, 0.7, 0.3, 0.4))
    expect(shown.page.get_by_text("Runs: 2", exact=True)).to_be_visible()
    film, [box] = sent(shown)
    assert film == "phantom" and box == pytest.approx([0.3, 0.4, 0.6, 0.7], abs=0.01)
    yellow = (shown.pixels("marked")[..., :3] == (0xF0, 0xE4, 0x42)).all(axis=2)
    assert not np.array_equal(shown.pixels("marked"), before) and yellow.any()
    drag(shown, (0.7, 0.4, 1.5, 0.5))  # beyond the film's edge
    expect(shown.page.get_by_text("Runs: 3", exact=True)).to_be_visible()
    assert sent(shown)[1][1] == pytest.approx([0.7, 0.4, 1, 0.5], abs=0.01)
    assert shown.state()["boxes"] == "2"
    shown.button("Remove box").click()
    expect(shown.page.get_by_text("Runs: 4", exact=True)).to_be_visible()
    assert len(sent(shown)[1]) == 1
    shown.root.press("Backspace")
    expect(shown.page.get_by_text("Runs: 5", exact=True)).to_be_visible()
    assert sent(shown)[1] == []
    expect(shown.root.locator("#unboxButton")).to_be_hidden()


def test_boxes_stay_with_their_film(opened: Opened) -> None:
    shown = opened("phantom")
    shown.root.press("b")
    drag(shown, (0.3, 0.4, 0.6, 0.7))
    expect(shown.page.get_by_text("Runs: 2", exact=True)).to_be_visible()
    other = shown.page.get_by_text("Other film")
    other.click()
    expect(shown.root).to_have_attribute("data-boxes", "0")
    other.click()
    expect(shown.root).to_have_attribute("data-boxes", "1")


def test_a_slip_of_the_hand_is_no_box(opened: Opened) -> None:
    shown = opened("phantom")
    shown.root.press("b")
    with without_a_run(shown):
        drag(shown, (0.3, 0.3, 0.305, 0.5))
    assert shown.state()["boxes"] == "0"


def test_a_film_that_takes_no_boxes_has_no_tool_for_them(opened: Opened) -> None:
    shown = opened("checks")
    expect(shown.root.locator("#boxButton")).to_be_hidden()
    shown.root.press("b")
    assert shown.state()["drag"] == "window"
