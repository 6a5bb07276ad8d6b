"""The viewer in real headless Chromium: what each control does, and that none runs the script.

The page is `viewer_page.py`, which draws its own films and counts its runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.app.serving import in_browser
from tests.app.viewer_shown import Opened, Shown, without_a_run
from tests.waits import wait_until

pytestmark = in_browser


BUTTONS = {
    "Heat": "heat",
    "Side by side": "view",
    "Swipe": "view",
    "One pane": "view",
    "Pan": "drag",
    "Zoom": "drag",
    "Window": "drag",
    "Zoom in": "zoom",
    "Fit": "zoom",
    "Zoom out": "zoom",
    "1:1": "zoom",
    "Invert": "inverted",
    "Mirror": "flippedH",
    "Flip": "flippedV",
    "Contour": "contour",
    "Lung outline": "outline",
    "Equalised": "equalised",
    "Reset": "zoom",
}
SLIDERS = {
    "Window width": (0.4, "high"),
    "Window level": (0.6, "low"),
    "Heat strength": (0.9, "opacity"),
    "Heat threshold": (0.5, "threshold"),
    "Gamma": (2, "gamma"),
}
UNSEEN = {"drag"}  # what changes only how the mouse works


def test_every_control_changes_what_is_seen_without_a_run(opened: Opened) -> None:
    shown = opened("phantom")
    with without_a_run(shown):
        shown.root.get_by_text("Adjust").click()
        for name, changed in BUTTONS.items():
            each_changes(shown, shown.button(name).click, name, changed)
        for name, (value, changed) in SLIDERS.items():
            each_changes(shown, lambda n=name, v=value: shown.slide(n, v), name, changed)  # type: ignore[misc]
        for chosen, changed in (("Other pneumonia", "layer"), ("Cividis", "colours")):
            picker = shown.root.locator(f"#{changed}")
            each_changes(shown, lambda p=picker, c=chosen: p.select_option(c), chosen, changed)  # type: ignore[misc]


KEYS = {
    "p": "drag",
    "z": "drag",
    "w": "drag",
    "i": "inverted",
    "h": "flippedH",
    "v": "flippedV",
    "o": "outline",
    "t": "heat",
    "+": "zoom",
    "ArrowLeft": "x",
    "ArrowRight": "x",
    "ArrowUp": "y",
    "ArrowDown": "y",
    "=": "zoom",
    "-": "zoom",
    "2": "low",
    "3": "low",
    "4": "equalised",
    "1": "equalised",
    " ": "zoom",
    "s": "view",
}


def test_the_keyboard_alone_does(opened: Opened) -> None:
    shown = opened("phantom")
    with without_a_run(shown):
        for _ in range(10):
            if shown.root.evaluate("root => root.getRootNode().activeElement === root"):
                break
            shown.page.keyboard.press("Tab")
        for key, changed in KEYS.items():
            each_changes(shown, lambda k=key: shown.page.keyboard.press(k), key, changed)  # type: ignore[misc]
        shown.page.keyboard.press("?")
        expect(shown.root.get_by_text("Keys and mouse")).to_be_visible()
        shown.page.keyboard.press("Escape")
        expect(shown.root.get_by_text("Keys and mouse")).to_be_hidden()


def each_changes(shown: Shown, act: Callable[[], Any], name: str, changed: str) -> None:
    before, seen = shown.state(), shown.pixels("marked")
    act()
    after, now = shown.state(), shown.pixels("marked")
    assert after[changed] != before[changed], name
    assert changed in UNSEEN or not np.array_equal(seen, now), name


def test_keys_stay_with_the_field_that_has_the_focus(opened: Opened) -> None:
    shown = opened("phantom")
    before = shown.state()
    shown.root.locator("#layer").focus()
    shown.page.keyboard.press("i")
    shown.root.locator("#opacity").focus()
    shown.page.keyboard.press("ArrowRight")
    after = shown.state()
    assert (after["inverted"], after["x"]) == (before["inverted"], before["x"])
    assert float(after["opacity"]) > float(before["opacity"])
    shown.page.keyboard.press("i")  # means nothing to a slider
    assert shown.state()["inverted"] != before["inverted"]


def test_the_mouse_windows_pans_zooms_and_resets(opened: Opened) -> None:
    shown = opened("phantom")
    mouse = shown.page.mouse
    box = shown.root.locator("#marked").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def drag(button: Any = "left") -> dict[str, str]:
        mouse.move(x, y)
        mouse.down(button=button)
        mouse.move(x - 60, y + 30, steps=4)
        mouse.up(button=button)
        return shown.state()

    with without_a_run(shown):
        first = shown.state()
        windowed = drag()
        assert float(windowed["high"]) - float(windowed["low"]) < 0.8
        assert windowed["x"] == first["x"]
        panned = drag("right")
        assert float(panned["x"]) == pytest.approx(512 + 60 / float(panned["zoom"]))
        assert panned["low"] == windowed["low"]
        mouse.move(x + 50, y)
        held = float(panned["x"]) + 50 / float(panned["zoom"])
        mouse.wheel(0, -300)
        closer = shown.state()
        assert float(closer["zoom"]) > float(panned["zoom"])
        assert float(closer["x"]) + 50 / float(closer["zoom"]) == pytest.approx(held, abs=1)
        mouse.dblclick(x, y)
        again = shown.state()
        assert [again[k] for k in ("zoom", "x", "low")] == [first[k] for k in ("zoom", "x", "low")]


def test_the_divider_moves_by_mouse_and_key(opened: Opened) -> None:
    shown = opened("phantom")
    shown.button("Swipe").click()
    divider = shown.root.locator("#divider")
    expect(divider).to_be_visible()  # painted in the next frame; a hidden one takes no key
    with without_a_run(shown):
        divider.press("ArrowLeft")
        assert float(shown.state()["swipe"]) == pytest.approx(0.45)
        divider.press("End")
        no_heat = shown.pixels("marked")
        divider.press("Home")
        assert not np.array_equal(shown.pixels("marked"), no_heat)
        box = shown.root.locator("#marked").bounding_box()
        assert box is not None
        shown.page.mouse.move(box["x"] + 3, box["y"] + 300)
        shown.page.mouse.down()
        shown.page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 300, steps=3)
        shown.page.mouse.up()
        assert float(shown.state()["swipe"]) == pytest.approx(0.7, abs=0.01)
    shown.root.press("t")
    assert np.array_equal(shown.pixels("marked"), no_heat)


def test_full_screen_and_back(opened: Opened) -> None:
    shown = opened("phantom")
    answer = shown.root.locator("#answer")
    expect(answer).to_be_hidden()
    with without_a_run(shown):
        shown.button("Full screen").click()
        shown.page.wait_for_function("document.fullscreenElement")
        wait_until(lambda: shown.pixels("marked").shape[1] > 1200, "the pane fills the screen")
        expect(answer).to_have_text("COVID-19 is likely.")
        expect(answer).to_be_visible()
        shown.button("Full screen").click()
        shown.page.wait_for_function("!document.fullscreenElement")


def test_a_run_keeps_the_state_and_sends_no_film_again(opened: Opened) -> None:
    shown = opened("phantom")
    for key in ("+", "ArrowLeft", "2", "i", "h"):
        shown.root.press(key)
    shown.root.locator("#layer").select_option(index=1)
    before, received = shown.state(), len(shown.received)
    shown.page.get_by_role("button", name="Run again").click()
    expect(shown.page.get_by_text("Runs: 2")).to_be_visible()
    after = shown.state()
    counted = {"paints", "paintMs"}
    assert {k: v for k, v in after.items() if k not in counted} == {
        k: v for k, v in before.items() if k not in counted
    }
    assert sum(shown.received[received:]) < 100_000


def test_one_pane_has_heat_again_only_where_it_had_before(opened: Opened) -> None:
    shown = opened("phantom")
    for _ in "side by side", "one pane":
        shown.root.press("s")
    assert shown.state()["heat"] == "false"
    shown.root.press("t")
    for _ in "side by side", "one pane":
        shown.root.press("s")
    assert shown.state()["heat"] == "true"


def test_a_reader_s_settings_hold_at_the_next_visit(opened: Opened) -> None:
    shown = opened("phantom")
    shown.root.press("t")
    shown.slide("Heat strength", 0.3)
    shown.root.press("i")
    before = shown.state()
    shown.page.reload()
    expect(shown.root).to_have_attribute("data-heat", "true")
    after = shown.state()
    assert after["opacity"] == before["opacity"]
    assert (before["inverted"], after["inverted"]) == ("true", "false"), "that was of one film"


def test_another_film_starts_afresh_but_for_taste(opened: Opened) -> None:
    shown = opened("phantom")
    shown.button("Side by side").click()
    shown.slide("Heat strength", 0.3)
    for key in ("2", "i", "o"):
        shown.root.press(key)
    shown.root.locator("#layer").select_option(index=1)
    before = shown.state()
    _open_the_other_film(shown)
    after = shown.state()
    tastes = ("view", "heat", "opacity", "outline", "colours", "low", "high", "inverted", "layer")
    assert [after[name] for name in tastes] == [before[name] for name in tastes]
    kept = after["low"], after["high"], after["inverted"], after["layer"]
    assert kept == ("0.05", "0.55", "true", "1")
    shown.root.press(" ")
    reset = shown.state()
    assert (reset["low"], reset["high"], reset["view"]) == ("0", "1", "side")
    assert (reset["inverted"], reset["layer"]) == ("false", "1")


def test_a_window_moved_by_hand_and_the_gamma_stay_for_another_film(opened: Opened) -> None:
    shown = opened("phantom")
    shown.root.get_by_text("Adjust").click()
    shown.root.press("2")
    shown.slide("Window width", 0.25)  # half of its own
    shown.slide("Gamma", 1.5)
    before = shown.state()
    assert (float(before["low"]), float(before["high"])) == pytest.approx((0.175, 0.425))
    _open_the_other_film(shown)
    after = shown.state()
    for name in ("low", "high", "gamma"):
        assert float(after[name]) == pytest.approx(float(before[name]))
    shown.root.press("2")
    named = shown.state()
    assert (named["low"], named["high"], named["gamma"]) == ("0.05", "0.55", "1.5")
    shown.root.press(" ")
    assert shown.state()["gamma"] == "1"


def _open_the_other_film(shown: Shown) -> None:
    before = shown.state()["film"]
    shown.page.get_by_text("Other film").click()
    expect(shown.page.get_by_text("Runs: 2")).to_be_visible()
    shown.page.wait_for_function(
        "film => document.querySelector('[data-testid=stBidiComponentIsolated]')"
        ".shadowRoot.querySelector('.viewer').dataset.film !== film",
        arg=before,
    )


def test_steps_ask_the_script_for_another_film(opened: Opened) -> None:
    shown = opened("steps")
    shown.root.press("ArrowDown")
    expect(shown.page.get_by_text("Step: next")).to_be_visible()
    shown.root.press("ArrowUp")
    expect(shown.page.get_by_text("Step: previous")).to_be_visible()
    shown.page.get_by_role("button", name="Run again").click()
    expect(shown.page.get_by_text("Step: None")).to_be_visible()


def test_markup_stays_text(opened: Opened) -> None:
    shown = opened("phantom")
    shown.root.press("t")
    shown.root.locator("#layer").select_option(index=2)
    expect(shown.root.get_by_text("No heat: Normal <img src=")).to_be_visible()
    assert shown.root.locator("img").count() == 0


@pytest.mark.parametrize("width", [1280, 768, 390])
def test_it_fits_its_page(opened: Opened, width: int) -> None:
    shown = opened("phantom", viewport={"width": width, "height": 900})
    shown.button("Side by side").click()
    assert shown.root.evaluate("root => root.scrollWidth <= root.clientWidth")
    assert shown.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert shown.pixels("plain").shape == shown.pixels("marked").shape


def test_a_first_look_becomes_the_whole_film_and_what_is_seen_of_it_stays(opened: Opened) -> None:
    shown = opened("thin")
    for name in ("Zoom in", "Invert"):
        shown.button(name).click()
    before, thin = shown.state(), shown.pixels("marked")
    shown.page.get_by_text("Whole film").click()
    layers = shown.root.locator("#layer option")
    expect(layers).to_have_count(3)
    after = shown.state()
    assert float(after["zoom"]) == pytest.approx(float(before["zoom"]) / 2)
    for place in ("x", "y"):
        assert float(after[place]) == pytest.approx(2 * float(before[place]))
    assert (after["inverted"], after["fitted"]) == ("true", "false")
    assert np.abs(thin.astype(int) - shown.pixels("marked")).mean() < 4, "the same is seen, finer"


def test_one_to_one_means_the_original_s_pixels_in_a_first_look_too(opened: Opened) -> None:
    shown = opened("thin")
    looks = shown.root.locator("#marked .looks")
    shown.button("1:1").click()
    expect(looks).to_contain_text("Zoom 1.00x")
    assert float(shown.state()["zoom"]) == 2
    shown.page.get_by_text("Whole film").click()
    expect(shown.root.locator("#layer option")).to_have_count(3)
    expect(looks).to_contain_text("Zoom 1.00x")
    assert float(shown.state()["zoom"]) == 1
