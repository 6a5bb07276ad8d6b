"""What the viewer says in the file's own units, and two films of a patient that go together."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.app.serving import in_browser
from tests.app.viewer_shown import Opened, Shown

pytestmark = in_browser


def test_ruler_and_sides_are_shown_where_the_file_states_them(opened: Opened) -> None:
    shown = opened("checks")  # 200 px of 2 mm, at the detector
    pane = shown.root.locator("#marked")
    expect(pane.locator(".ruler span")).to_have_text("5 cm at the detector")
    width = pane.locator(".ruler i").evaluate("ruler => ruler.getBoundingClientRect().width")
    assert width == pytest.approx(50 / 2 * float(shown.state()["zoom"]), rel=0.02)
    expect(pane.locator(".patient.left")).to_have_text("R")
    expect(pane.locator(".patient.right")).to_have_text("L")
    shown.root.press("h")
    expect(pane.locator(".patient.left")).to_have_text("L")


def test_a_distance_is_measured_by_dragging(opened: Opened) -> None:
    shown = opened("checks")
    shown.root.press("m")
    before, box = shown.pixels("marked"), shown.root.locator("#marked").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse = shown.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x - 90, y + 120, steps=3)
    mouse.up()
    state = shown.state()
    from_x, from_y, to_x, to_y = (float(end) for end in state["distance"].split(","))
    assert np.hypot(to_x - from_x, to_y - from_y) == pytest.approx(150 / float(state["zoom"]))
    assert not np.array_equal(shown.pixels("marked"), before)
    shown.root.press(" ")
    assert "distance" not in shown.state() or shown.state()["distance"] == "null"


def test_without_units_nothing_is_made_up(opened: Opened) -> None:
    shown = opened("phantom")
    expect(shown.root.locator("#marked .looks")).to_contain_text("W 100% L 50%")
    expect(shown.root.locator("#marked .ruler")).to_be_hidden()
    expect(shown.root.locator("#marked .patient").first).to_be_hidden()
    expect(shown.root.locator("#measureButton")).to_be_hidden()


def both(shown: Shown) -> list[dict[str, str]]:
    """The data-* attributes of two viewers, once all that was requested is painted."""
    shown.page.evaluate(
        "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    return [root.evaluate("root => ({...root.dataset})") for root in shown.root.all()]


def test_two_linked_films_go_together_until_they_are_parted(opened: Opened) -> None:
    shown = opened("linked")  # of 1024 and of 512 px
    expect(shown.page.locator(".viewer[data-paints]")).to_have_count(2)
    one = shown.root.first
    for key in ("+", "ArrowLeft", "2", "t"):
        one.press(key)
    one.get_by_role("slider", name="Window width", exact=True).fill("0.25")
    first, second = both(shown)
    assert float(second["x"]) == pytest.approx(float(first["x"]) / 2)
    assert float(second["zoom"]) == pytest.approx(float(first["zoom"]) * 2, rel=0.01)
    for name in ("low", "high"):
        assert float(second[name]) == pytest.approx(float(first[name]))
    assert second["heat"] == first["heat"] == "true"
    one.press("l")
    one.press("+")
    first, second = both(shown)
    assert (first["linked"], second["linked"]) == ("false", "false")
    assert float(second["zoom"]) < 2 * float(first["zoom"])
