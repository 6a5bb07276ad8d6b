"""A film's patient and study, shown on request."""

from __future__ import annotations

import streamlit as st

from app import film_session
from app.texts import read as texts
from covid_core.read.patient_tags import labelled


@st.fragment
def show_study() -> None:
    """The open film's tags, on demand only; as plain text, whatever they hold."""
    film = film_session.current()
    if film is None or film.study is None:
        return
    with st.expander(texts.STUDY, icon=":material/badge:"):
        st.caption(texts.STUDY_HELP)
        # Of this film only: the next one's patient is shown on a request of its own.
        if st.toggle(texts.STUDY_SHOW, key=f"show-study-{film.sha256}"):
            for label, value in labelled(film.study):
                st.text(f"{label}: {value}")
