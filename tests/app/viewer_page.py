"""A small page with the viewer on it, for the browser tests. Its address says which film."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import ImageColor
from plotly.colors import sequential
from scipy.ndimage import zoom

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from app.viewer import Layer, View, Window, viewer
from covid_core.read.phantom import KINDS, draw_phantom
from covid_core.read.units import UNKNOWN, Units, ValueRange

MARKUP = "<img src=http://127.0.0.2:9/canary.png>"
WINDOWS = (Window("Full", 0, 1), Window("Chest", 0.05, 0.55), Window("Bones", 0.4, 0.9))


def main() -> None:
    st.set_page_config("Viewer", layout="wide")
    kind = st.query_params.get("film", "phantom")
    kind = "other" if st.checkbox("Other film") else kind
    view = View(
        film=FILMS[kind](),
        windows=(Window("Full", 0, 1),) if kind == "deep" else WINDOWS,
        layers=layers(),
        layer=0,
        lungs=None if kind == "checks" else lungs(),
        colours={"Inferno": table(sequential.Inferno), "Cividis": table(sequential.Cividis)},
        described=f"A phantom of 1024 x 1024 px {MARKUP}",
        steps=kind == "steps",
        units=UNITS.get(kind, UNKNOWN),
        answer="COVID-19 is likely.",
        boxing=kind if kind in ("phantom", "other") else "",
        identity="one" if kind == "thin" else "",
    )
    if kind == "thin" and not st.checkbox("Whole film"):
        view = replace(view, film=view.film[::2, ::2], layers=view.layers[2:], thinning=2)
    height = int(st.query_params.get("height", "480"))
    if kind == "linked":
        step = None
        for column, key, film in zip(
            st.columns(2), ("one", "two"), ("phantom", "other"), strict=True
        ):
            with column:
                viewer(replace(view, film=FILMS[film](), linked=True), key=key, height_px=height)
    else:
        step = viewer(view, key="viewer", height_px=height, on_boxes=keep_boxes)
    st.session_state["runs"] = st.session_state.get("runs", 0) + 1
    st.text(f"Runs: {st.session_state['runs']}")
    st.text(f"Step: {step}")
    st.text(f"Boxes: {st.session_state.get('sent')}")
    st.button("Run again")


def keep_boxes(film: str, sent: object) -> None:
    st.session_state["sent"] = json.dumps([film, sent])


def checks() -> np.ndarray:
    """A chequerboard of single pixels, uint8, small enough for a pane at 1:1."""
    return np.indices((200, 200)).sum(axis=0).astype(np.uint8) % 2 * 255


def ramp() -> np.ndarray:
    """Every grey of 16 bits once, uint16 (256, 256), in order."""
    return np.arange(256 * 256, dtype=np.uint16).reshape(256, 256)


def deep() -> np.ndarray:
    return draw_phantom(KINDS[-1], size_px=2048).astype(np.uint16) * 257


def huge() -> np.ndarray:
    """The largest film there is, uint16 (4096, 4096), brighter to the right and down."""
    side = np.arange(4096, dtype=np.uint16) * 8
    return side[:, np.newaxis] + side


FILMS = {
    "phantom": lambda: draw_phantom(KINDS[-1]),
    "linked": lambda: draw_phantom(KINDS[-1]),
    "thin": lambda: draw_phantom(KINDS[-1]),
    "other": lambda: draw_phantom(size_px=512),
    "steps": lambda: draw_phantom(size_px=512),
    "checks": checks,
    "ramp": ramp,
    "deep": deep,
    "huge": huge,
}


UNITS = {  # what each film's file would say of it
    "ramp": Units(ValueRange(4000.0, -1000.0, whole=True)),  # low values are white
    "checks": Units(ValueRange(0.0, 255.0, whole=True), pixel_mm=2.0, sides_known=True),
    "deep": Units(ValueRange(-0.5, 1.5, whole=False), pixel_mm=0.14, at_detector=False),
}


def layers() -> tuple[Layer, ...]:
    y, x = np.mgrid[0:1:96j, 0:1:96j]
    spots = sum(
        peak * np.exp(-((x - at_x) ** 2 + (y - at_y) ** 2) / 0.012)
        for at_x, at_y, peak in ((0.24, 0.63, 1.0), (0.76, 0.6, 0.8))
    )
    heat = np.rint(255 * np.clip(spots, 0, 1)).astype(np.uint8)
    inside = "71% of the heat lies in the lungs, which are 34% of the film."
    elsewhere = "12% of the heat lies in the lungs, which are 34% of the film: less than chance."
    below = "Normal is below its threshold: no heat is drawn."
    return (
        Layer("COVID-19", heat, True, inside, False),
        Layer("Other pneumonia", heat[::-1].copy(), True, elsewhere, True),
        Layer(f"Normal {MARKUP}", heat, False, below, False),
    )


def lungs() -> np.ndarray:
    y, x = np.mgrid[0:1:64j, 0:1:64j]
    sides = [((x - at) / 0.15) ** 2 + ((y - 0.48) / 0.32) ** 2 for at in (0.31, 0.69)]
    return np.rint(255 / (1 + np.exp(8 * (np.minimum(*sides) - 1)))).astype(np.uint8)


def table(colours: list[str]) -> np.ndarray:
    known = np.array([ImageColor.getrgb(colour) for colour in colours])
    return np.rint(zoom(known.astype(float), (256 / len(known), 1), order=1)).astype(np.uint8)


main()
