"""Boxes that a reader draws on the film in the viewer."""

from __future__ import annotations

import json

import numpy as np
import pytest
from playwright.sync_api import expect

from app.viewer import MOST_BOXES
from tests.app.serving import in_browser
from tests.app.viewer_shown import Opened, Shown, without_a_run

pytestmark = in_browser
SIDE = 1024  # px, of the phantom
YELLOW = (0xF0, 0xE4, 0x42)


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


def yellow(shown: Shown) -> int:
    """How many of the pane's pixels are in the colour of what the reader draws."""
    return int((shown.pixels("marked")[..., :3] == YELLOW).all(axis=2).sum())


def said(shown: Shown) -> str:
    """What a screen reader announces."""
    return shown.root.locator("#said[role=status]").inner_text()


def press(shown: Shown, *keys: str) -> None:
    """Where the focus is, as at a keyboard."""
    for key in keys:
        shown.page.keyboard.press(key)


def test_boxes_are_drawn_sent_and_removed(opened: Opened) -> None:
    shown = opened("phantom")
    shown.root.press("b")
    before = shown.pixels("marked")
    drag(shown, (0.6, 0.7, 0.3, 0.4))
    expect(shown.page.get_by_text("Runs: 2", exact=True)).to_be_visible()
    film, [box] = sent(shown)
    assert film == "phantom" and box == pytest.approx([0.3, 0.4, 0.6, 0.7], abs=0.01)
    assert not np.array_equal(shown.pixels("marked"), before) and yellow(shown) > 0
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


def test_the_finger_left_of_a_pinch_draws_no_box(opened: Opened) -> None:
    shown = opened("phantom")
    shown.root.press("b")
    with without_a_run(shown):
        shown.root.locator("#marked").evaluate(
            """pane => {
                pane.setPointerCapture = () => {}
                const { left, top } = pane.getBoundingClientRect()
                const send = (kind, pointerId, x, y) => pane.dispatchEvent(new PointerEvent(kind,
                    { pointerId, button: 0, clientX: left + x, clientY: top + y, bubbles: true }))
                send("pointerdown", 1, 100, 100)
                send("pointerdown", 2, 200, 200)
                send("pointermove", 2, 240, 240)
                send("pointerup", 2, 240, 240)
                send("pointermove", 1, 180, 190)
                send("pointerup", 1, 180, 190)
            }"""
        )
    assert shown.state()["boxes"] == "0"


def test_a_film_that_takes_no_boxes_has_no_tool_for_them(opened: Opened) -> None:
    shown = opened("checks")
    expect(shown.root.locator("#boxButton")).to_be_hidden()
    shown.root.press("b")
    assert shown.state()["drag"] == "window"


def test_a_box_is_placed_moved_sized_and_kept_by_keys_alone(opened: Opened) -> None:
    shown = opened("phantom")
    expect(shown.root.locator("#keys")).to_contain_text("Move that box, size it")
    shown.root.focus()
    with without_a_run(shown):
        press(shown, "b")
        place = shown.root.get_by_role("application")
        expect(place).to_be_focused()
        expect(place).to_contain_text("Enter keeps it, Escape gives it up")
        first, drawn = said(shown), yellow(shown)
        assert first == "Box from 40 to 60% across, 40 to 60% down" and drawn > 0
        press(shown, *["ArrowLeft"] * 6, *["ArrowUp"] * 3)
        moved = said(shown)
        press(shown, *["Shift+ArrowRight"] * 9, *["Shift+ArrowUp"] * 2)
        assert first != moved != said(shown)
    press(shown, "Enter")
    expect(shown.page.get_by_text("Runs: 2", exact=True)).to_be_visible()
    pane = shown.root.locator("#marked").bounding_box()
    assert pane is not None
    step = 8 / (float(shown.state()["zoom"]) * SIDE)
    side = 0.2 * min(pane["width"], pane["height"]) / (float(shown.state()["zoom"]) * SIDE)
    left, top = 0.5 - side / 2 - 6 * step, 0.5 - side / 2 - 3 * step
    [box] = sent(shown)[1]
    assert box == pytest.approx(
        [left, top, left + side + 9 * step, top + side - 2 * step], abs=0.01
    )
    assert said(shown) == "Boxes on the film: 1"
    expect(shown.root).to_be_focused()
    expect(place).to_be_hidden()


def test_a_box_that_is_given_up_is_not_kept(opened: Opened) -> None:
    shown = opened("phantom")
    shown.root.focus()
    for end in ("Escape", "Backspace", "w"):
        with without_a_run(shown):
            press(shown, "b", "ArrowDown", end)
        assert shown.state()["boxes"] == "0" and yellow(shown) == 0
        expect(shown.root).to_be_focused()
    with without_a_run(shown):
        press(shown, "b")
        shown.root.locator("#marked").click()
    assert shown.state()["boxes"] == "0" and yellow(shown) == 0


def test_keys_keep_a_box_inside_a_film_as_it_is_shown(opened: Opened) -> None:
    shown = opened("phantom")
    shown.root.focus()
    press(shown, "h", "b", *["ArrowRight"] * 60, *["Shift+ArrowRight"] * 3)
    assert "to 100% across" in said(shown)
    press(shown, *["Shift+ArrowLeft"] * 60, *["ArrowLeft"] * 2, "Enter")
    expect(shown.page.get_by_text("Runs: 2", exact=True)).to_be_visible()
    _, [[left, _, right, _]] = sent(shown)  # mirrored: the screen's right is the film's left
    assert 0 < left < right < 0.3 and right - left == pytest.approx(0.02, abs=0.002)


def test_the_tool_chosen_by_key_places_a_box_too(opened: Opened) -> None:
    shown = opened("phantom")
    shown.button("Box").press("Enter")
    expect(shown.root.get_by_role("application")).to_be_focused()
    shown.button("Zoom in").press("Enter")  # a button does what it says
    assert said(shown).startswith("Box from")
    shown.button("Box").click()
    assert yellow(shown) == 0 and shown.state()["drag"] == "box"


def test_there_are_only_so_many_boxes(opened: Opened) -> None:
    shown = opened("phantom")
    shown.root.focus()
    for count in range(MOST_BOXES):
        press(shown, "b", "Enter")
        expect(shown.root).to_have_attribute("data-boxes", str(count + 1))
    press(shown, "b")
    assert said(shown) == "There is room for no more boxes on this film"
    drag(shown, (0.3, 0.4, 0.6, 0.7))
    assert shown.state()["boxes"] == str(MOST_BOXES)
