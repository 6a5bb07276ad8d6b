"""The viewer: a radiograph, and over it or beside it the model's heat, drawn in the browser.

Zoom, window, class and all else answer there, without one run of the script. The script hears of it
only where the reader asks by key for another film, or boxes an opacity.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from app.viewer.package import MOST_BOXES, Kind, Layer, Planes, View, Window, package

__all__ = ["MOST_BOXES", "Kind", "Layer", "Planes", "View", "Window", "viewer"]

_FOLDER = Path(__file__).parent
_SCRIPTS = (
    "film",
    "heat",
    "boxes",
    "units",
    "linking",
    "state",
    "paint",
    "picture",
    "controls",
    "gestures",
    "viewer",
)


def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


_mount = st.components.v2.component(
    "radiograph_viewer",
    html=_text("viewer.html"),
    css=_text("viewer.css"),
    js="\n".join(_text(f"{name}.js") for name in _SCRIPTS),
)


OnBoxes = Callable[[str, object], None]


def viewer(
    view: View,
    *,
    key: str,
    height_px: int = 560,
    planes: Planes | None = None,
    on_boxes: OnBoxes | None = None,
) -> str | None:
    """Shows a view, its panes at least `height_px` high, and gives the step that the reader chose.

    "next" or "previous" in the one run after the reader chose another film by key, where the
    view has steps; else None. `planes`: as `package` has it. `on_boxes`: is given `view.boxing` and
    all boxes of that film, as the browser sent them, whenever one was drawn or removed.
    """

    def take_boxes() -> None:
        sent = st.session_state[key].get("boxes")
        if on_boxes and sent and sent.get("film") == view.boxing:
            on_boxes(view.boxing, sent.get("boxes"))

    result = _mount(
        data=package(view, height_px=height_px, planes=planes),
        key=key,
        on_step_change=_heard,
        on_boxes_change=take_boxes,
    )
    return result.step if view.steps else None


def _heard() -> None:
    """Streamlit names a trigger in the result only where there is a callback for it."""
