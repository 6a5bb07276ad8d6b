"""The theme's colours against WCAG 2.2: AA asks 4.5:1 of text, 3:1 of what is drawn."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from PIL import ImageColor

ROOT = Path(__file__).parent.parent.parent
THEME = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
TEXT = 4.5
CAPTION_OPACITY = 0.6  # Streamlit draws captions so
SURFACES = ("backgroundColor", "secondaryBackgroundColor")
STATES = ("blue", "green", "yellow", "red")  # of alerts

Colour = tuple[float, ...]
modes = pytest.mark.parametrize("mode", ["light", "dark"])


def colour(mode: str, name: str) -> Colour:
    return ImageColor.getrgb(THEME[mode][name])


def luminance(rgb: Colour) -> float:
    """Relative luminance, as WCAG defines it."""
    parts = [part / 255 for part in rgb]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: Colour, other: Colour) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def faded(front: Colour, back: Colour, opacity: float) -> Colour:
    return tuple(opacity * f + (1 - opacity) * b for f, b in zip(front, back, strict=True))


def test_the_ruler_is_wcags() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast(ImageColor.getrgb("#767676"), (255, 255, 255)) == pytest.approx(4.54, abs=0.01)


@modes
@pytest.mark.parametrize("surface", SURFACES)
def test_text_stands_out_from_its_background(mode: str, surface: str) -> None:
    ground = colour(mode, surface)
    for name in ("textColor", "primaryColor", "linkColor"):
        assert contrast(colour(mode, name), ground) >= TEXT, name
    caption = faded(colour(mode, "textColor"), ground, CAPTION_OPACITY)
    assert contrast(caption, ground) >= TEXT


@modes
@pytest.mark.parametrize("state", STATES)
def test_alerts_are_read(mode: str, state: str) -> None:
    ground = colour(mode, f"{state}BackgroundColor")
    assert contrast(colour(mode, f"{state}TextColor"), ground) >= TEXT
    caption = faded(colour(mode, "textColor"), ground, CAPTION_OPACITY)
    assert contrast(caption, ground) >= TEXT


@modes
def test_the_two_grounds_differ(mode: str) -> None:
    assert contrast(*(colour(mode, surface) for surface in SURFACES)) > 1.05


def test_no_button_has_white_text_on_the_dark_modes_pale_primary() -> None:
    """Streamlit writes a primary button's label in white whatever its colour, and a primary that is
    read on a dark ground is too pale for that."""
    assert contrast((255, 255, 255), colour("light", "primaryColor")) >= TEXT
    pages = [*(ROOT / "app").rglob("*.py"), ROOT / "streamlit_app.py"]
    assert [page.name for page in pages if 'type="primary"' in page.read_text()] == []


def test_nothing_of_the_look_is_fetched_from_elsewhere() -> None:
    text = (ROOT / ".streamlit" / "config.toml").read_text()
    assert not re.search(r"https?:|fontFaces|url\s*=", text)
    assert {THEME[name] for name in ("font", "codeFont")} <= {"sans-serif", "serif", "monospace"}
