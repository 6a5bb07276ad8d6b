"""The viewer's pixels in real headless Chromium, against what they must be."""

from __future__ import annotations

import io
import statistics
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.app.serving import in_browser
from tests.app.viewer_shown import Opened, without_a_run

SLOWEST_PAINT_MS = 50

pytestmark = in_browser


def test_both_panes_show_the_same_place(opened: Opened) -> None:
    shown = opened("phantom")
    for key in ("s", "t", "+", "ArrowLeft", "h", "i"):
        shown.root.press(key)
    left, right = shown.pixels("plain"), shown.pixels("marked")
    assert np.array_equal(left, right)
    assert len(np.unique(left)) > 50


def test_a_class_below_its_threshold_gets_its_reason_and_no_heat(opened: Opened) -> None:
    shown = opened("phantom")
    shown.root.press("s")
    assert not np.array_equal(shown.pixels("plain"), shown.pixels("marked"))
    shown.root.locator("#layer").select_option(index=2)
    assert np.array_equal(shown.pixels("plain"), shown.pixels("marked"))
    expect(shown.root.get_by_text("below its threshold: no heat is drawn")).to_be_visible()
    expect(shown.root.get_by_text("Saliency map, not a lesion outline.")).to_be_visible()


def test_the_heat_shown_begins_at_its_threshold(opened: Opened) -> None:
    shown = opened("phantom")
    shown.root.press("s")
    shown.button("Contour").click()
    areas = []
    for threshold in (0.1, 0.5, 0.9):
        shown.slide("Heat threshold", threshold)
        differ = (shown.pixels("plain") != shown.pixels("marked")).any(axis=-1)
        areas.append(int(differ.sum()))
    # Gaussian spots of variance 0.006: the area above t of a peak p is 2 pi 0.006 ln(p / t).
    side = 1024 * float(shown.state()["zoom"])
    for area, threshold in zip(areas, (0.1, 0.5, 0.9), strict=True):
        spots = sum(max(0, np.log(peak / threshold)) for peak in (1.0, 0.8))
        # Its edge is as soft as a cell of the grid is wide, which counts most round a small spot.
        assert area == pytest.approx(2 * np.pi * 0.006 * spots * side**2, rel=0.2)


@pytest.mark.parametrize("flips", ["", "h", "v", "hv"])
def test_native_zoom_shows_the_true_pixels(opened: Opened, flips: str) -> None:
    shown = opened("checks")
    shown.button("1:1").click()
    for key in flips:
        shown.root.press(key)
    state = shown.state()
    left = int(state["left"]) - 200 * ("h" in flips)
    top = int(state["top"]) - 200 * ("v" in flips)
    seen = shown.pixels("marked")[top : top + 200, left : left + 200, 0]
    film = np.indices((200, 200)).sum(axis=0) % 2 * 255
    film = film[:, ::-1] if "h" in flips else film
    film = film[::-1] if "v" in flips else film
    assert np.array_equal(seen, film)


@pytest.mark.parametrize(("preset", "low", "high"), [("1", 0, 1), ("2", 0.05, 0.55)])
def test_a_window_is_right_for_every_grey_of_16_bits(
    opened: Opened, preset: str, low: float, high: float
) -> None:
    shown = opened("ramp")
    shown.root.press(preset)
    shown.button("1:1").click()
    greys = np.arange(65536).reshape(256, 256) / 65535
    expected = 255 * np.clip((greys - low) / (high - low), 0, 1)
    assert np.abs(shown.film_pixels(256) - expected).max() <= 1


def test_equalised_shows_each_grey_as_often(opened: Opened) -> None:
    shown = opened("ramp")
    shown.root.press("4")
    shown.button("1:1").click()
    counts = np.bincount(shown.film_pixels(256).ravel(), minlength=256)
    assert np.abs(counts[1:-1] - 256).max() <= 2


def test_window_and_cursor_speak_in_the_file_s_values(opened: Opened) -> None:
    shown = opened("ramp")  # whose file holds 4000 where it is black, and -1000 where it is white
    expect(shown.root.locator("#marked .looks")).to_contain_text("W 5001 L 1501")
    shown.button("1:1").click()
    state = shown.state()
    box = shown.root.locator("#marked").bounding_box()
    assert box is not None
    x, y = box["x"] + int(state["left"]) + 40.5, box["y"] + int(state["top"]) + 100.5
    shown.page.mouse.move(x, y)
    value = 4000 - 5000 * (100 * 256 + 40) / 65535
    expect(shown.root.locator("#marked .grey")).to_have_text(f"x 40 y 100: {value:.0f}")
    shown.slide("Window width", 0.5)
    expect(shown.root.locator("#marked .looks")).to_contain_text("W 2501 L 1501")


def test_a_saved_picture_has_its_warning_burned_in(opened: Opened) -> None:
    shown = opened("phantom")
    shown.root.press("t")
    with without_a_run(shown), shown.page.expect_download() as download:
        shown.button("Save").click()
    picture = np.asarray(Image.open(io.BytesIO(Path(download.value.path()).read_bytes())))
    pane = shown.pixels("marked")
    height, width = pane.shape[:2]
    assert np.array_equal(picture[:height, :width, :3], pane[..., :3])
    strip = picture[height:, :, 0]
    assert strip.shape[1] == width
    assert 0.01 < (strip > 128).mean() < 0.3


def test_fine_screens_get_fine_pixels(opened: Opened) -> None:
    shown = opened("phantom", device_scale_factor=2)
    css = shown.root.locator("#marked").evaluate("pane => pane.clientWidth")
    assert shown.pixels("marked").shape[1] == 2 * css


def test_a_window_on_a_large_film_is_painted_at_once(opened: Opened) -> None:
    shown = opened("deep")
    paints = []
    for step in range(40):
        shown.slide("Window level", 0.3 + 0.01 * step)
        paints.append(float(shown.state()["paintMs"]))
    assert statistics.median(paints) < SLOWEST_PAINT_MS
    print(f"median paint {statistics.median(paints):.1f} ms")


def test_the_largest_film_is_shown(opened: Opened) -> None:
    shown = opened("huge")
    zoom = float(shown.state()["zoom"])
    height, width = (int(side) for side in shown.pixels("marked").shape[:2])
    assert zoom == pytest.approx(min(height, width) / 4096)
    side = round(4096 * zoom)
    seen = shown.film_pixels(side)
    y, x = (np.indices((side, side)) + 0.5) / zoom
    assert np.abs(seen - (x + y - 1) * 8 / 65535 * 255).max() <= 1
