"""How it is said that something did not work."""

from __future__ import annotations

import streamlit as st


def show_failure(problem: str, sentence: str) -> None:
    """What did not work, and why and what to do: the latter as plain text, for it may quote a
    file."""
    st.error(problem, icon=":material/error:")
    st.text(sentence)
