"""A row of synthetic phantoms to try the program with."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import film_session
from app.open_film import OpenFilm
from app.texts import common as texts
from covid_core.present.overlay import png
from covid_core.read.phantom import KINDS, draw_phantom

_THUMBNAIL_PX = 440


def show_phantoms(columns: Sequence[DeltaGenerator]) -> None:
    """Shows a picture and a button for each kind of phantom.

    The one that is pressed becomes the session's phantom, which the Read page opens where no film
    is.
    """
    for kind, label, column in zip(KINDS, texts.PHANTOM_BUTTONS, columns, strict=True):
        with column:
            alt = texts.PHANTOM_ALT.format(kind=kind)
            st.image(thumbnail(kind), width="stretch", output_format="PNG", alt=alt)
            st.button(
                label,
                key=f"phantom-{kind}",
                width="stretch",
                on_click=st.session_state.update,
                args=({"phantom": kind},),
            )


def open_phantom(kind: str) -> OpenFilm:
    """A phantom read like a film; said to be one."""
    return film_session.open_file(phantom_film(kind), kind, is_phantom=True)


@st.cache_data(max_entries=len(KINDS), show_spinner=False)
def phantom_film(kind: str) -> bytes:
    """A phantom as a file; drawing one takes longer than reading it."""
    return png(draw_phantom(kind))


@st.cache_data(max_entries=len(KINDS), show_spinner=False)
def thumbnail(kind: str) -> bytes:
    """A small picture of a phantom as a PNG file."""
    return png(draw_phantom(kind, size_px=_THUMBNAIL_PX))
