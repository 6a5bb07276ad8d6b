"""The first page: films dropped in, and what the model makes of them."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import session
from app.reading import show_controls, show_reading
from app.sources import choose_films
from app.texts import read as texts
from app.worklist import show_worklist
from covid_core.collection import Item
from covid_core.errors import Abstained, CovidCoreError
from covid_core.overlay import png
from covid_core.phantom import KINDS, draw_phantom
from covid_core.report import DISCLAIMER

_THUMBNAIL_PX = 440


def show() -> None:
    # What it says stands left, what it is given right, from the empty page on: nothing jumps.
    answer, given = st.columns([3, 2], gap="large")
    with given:
        items = choose_films()
        if len(items) == 1:
            show_controls()
    if len(items) == 1:
        show_film(items[0], answer)
        return
    with answer:
        st.title(texts.TITLE, anchor=False)
        st.write(f"{texts.LIST if items else texts.LEDE} **{DISCLAIMER}**")
        if items:
            show_controls()
    if items:
        show_worklist(items, key="worklist")
    else:
        show_phantoms()


def show_film(item: Item, answer: DeltaGenerator) -> None:
    try:
        with answer, st.spinner(texts.READING):
            phantom = "phantom" in st.session_state
            reading = session.reading(item.read(), item.name, is_phantom=phantom)
    except CovidCoreError as error:
        with answer:
            st.error(
                texts.ABSTAINED if isinstance(error, Abstained) else texts.NOT_READ,
                icon=":material/error:",
            )
            st.text(error.sentence)
        return
    show_reading(reading, answer=answer)


def show_phantoms() -> None:
    """Something to try it with."""
    words, *columns = st.columns([1, 1, 1, 1], vertical_alignment="center")
    with words:
        st.write(texts.PHANTOMS)
        st.caption(texts.PRIVATE)
    for kind, column in zip(KINDS, columns, strict=True):
        with column:
            st.image(thumbnail(kind), width="stretch", alt=texts.PHANTOM_ALT.format(kind=kind))
            st.button(
                texts.PHANTOM_BUTTON.format(kind=kind),
                key=f"phantom-{kind}",
                on_click=st.session_state.update,
                args=({"phantom": kind},),
                width="stretch",
            )


@st.cache_data(max_entries=len(KINDS), show_spinner=False)
def thumbnail(kind: str) -> bytes:
    return png(draw_phantom(kind, size_px=_THUMBNAIL_PX))


show()
