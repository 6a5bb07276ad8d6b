"""How it is said that something did not work."""

from __future__ import annotations

import streamlit as st

from app.queue import Busy
from app.texts import common as texts


def show_failure(problem: str, sentence: str) -> None:
    """What failed, why, and what to do, as plain text, for it may quote a file."""
    st.error(problem, icon=":material/error:")
    st.text(sentence)


def show_busy(error: Busy) -> None:
    """That nothing was begun, and a button that asks anew, as any run of the page does."""
    st.warning(texts.BUSY, icon=":material/hourglass_empty:")
    st.text(error.sentence)
    st.button(texts.TRY_AGAIN, key="try-again", icon=":material/refresh:")
