"""The first page: films dropped in, and what the model makes of them.

What shows a film is imported once there is one: the empty page is there sooner.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import film_session
from app.failures import show_busy, show_failure
from app.phantoms import show_phantoms
from app.public_films import show_public_films
from app.queue import Busy
from app.sources import choose_films
from app.texts import read as texts
from covid_core.errors import Abstained, CovidCoreError, WeightsError, foreseen
from covid_core.present.sentences import DISCLAIMER
from covid_core.read.archives import Item

_PRELOAD = "preload"
_HIDDEN = f"<style>.st-key-{_PRELOAD} {{display: none}}</style>"


def show() -> None:
    """Shows the page: the open film's reading, the list of many, or how to open one."""
    before = film_session.current()  # it stays, for other pages, until this run opens another
    try:
        show_what_is_given()
    except CovidCoreError:
        film_session.close_film()
        film_session.forget_closed()
        raise
    if film_session.current() is before:
        film_session.close_film()
    film_session.forget_closed()


def show_what_is_given() -> None:
    """Shows one film's reading, a list, or the empty page."""
    # What it says stands left, what it is given right, from the empty page on: nothing jumps.
    answer, given = st.columns([3, 2], gap="large")
    with given:
        items = choose_films()
    if len(items) < 2:
        film_session.drop_ahead()
        film_session.close_list()
    if len(items) == 1:
        show_film(items[0], answer, given)
    else:
        with answer:
            st.title(texts.TITLE, anchor=False)
            st.write(f"{texts.LIST if items else texts.LEDE} **{DISCLAIMER}**")
        if items:
            show_films(items, answer)
        else:
            show_empty_state()


def show_films(items: Sequence[Item], answer: DeltaGenerator) -> None:
    """Shows several films as a list."""
    from app.reading_panel import show_controls
    from app.worklist_panel import show_worklist

    with answer:
        show_controls(of_many=True)
    show_worklist(items, key=film_session.LIST)


def show_film(item: Item, answer: DeltaGenerator, given: DeltaGenerator) -> None:
    """Shows one film's reading, or why it has none."""
    from app.reading_panel import read_in_sight, show_controls, show_reading

    with given:
        show_controls()
    if not item.synthetic:
        with answer:
            st.text(item.name)  # which the place for files may name no more
    picture = st.container()
    try:
        with foreseen():
            film = read_in_sight(item.read(), item.name, answer, picture, is_phantom=item.synthetic)
    except Busy as error:
        with answer:
            show_busy(error)
        return
    except WeightsError:
        raise  # no fault of the file's
    except CovidCoreError as error:
        with answer:
            abstained = isinstance(error, Abstained)
            show_failure(texts.ABSTAINED if abstained else texts.NOT_READ, error.sentence)
        return
    show_reading(film, answer, picture)


def show_empty_state() -> None:
    """Something to try it with: drawings, and where real films are had."""
    words, *columns = st.columns([2, 1, 1, 1], vertical_alignment="center")
    with words:
        st.write(texts.PHANTOMS)
        st.caption(texts.PRIVATE)
    show_phantoms(columns)
    show_public_films()
    preload_widgets()


def preload_widgets() -> None:
    """Has the browser fetch, behind the empty page, the code of what the first answer shows.

    Streamlit fetches a widget's code when it first shows one, which would delay that answer.
    """
    with st.container(key=_PRELOAD):
        st.html(_HIDDEN)
        st.segmented_control(texts.POINT, [""])
        st.number_input(texts.PREVALENCE, 0)
        st.progress(0)


show()
