"""Files dropped anywhere on a page go to its first place for files, and never take its place."""

from __future__ import annotations

from html import escape
from pathlib import Path

import streamlit as st

from app.texts.common import DROP_ANYWHERE

_FOLDER = Path(__file__).parent


def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


_mount = st.components.v2.component(
    "drop_anywhere",
    html=f'<p class="veil" hidden>{escape(DROP_ANYWHERE)}</p>',
    css=_text("drop.css"),
    js=_text("drop.js"),
)


def take_drops() -> None:
    """Let files dropped anywhere on this page go to its first `st.file_uploader`, from now on.

    Called last, for what it draws takes no place but a gap.
    """
    _mount(key="drop-anywhere")  # given words, Streamlit would import pandas to look at them
