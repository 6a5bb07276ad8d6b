"""A page with nothing but the ways to open films and the list of them, for the tests."""

from __future__ import annotations

import streamlit as st

from app.reading_panel import show_controls
from app.sources import choose_films
from app.worklist_panel import show_worklist

st.set_page_config("List of films", layout="wide")
films = choose_films()
if films:
    show_controls(of_many=True)
    show_worklist(films, key="worklist")
