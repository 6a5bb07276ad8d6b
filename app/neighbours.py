"""Counter-evidence: the films that trained the model and that it finds most like this one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from app import film_session, session
from app.failures import show_busy
from app.film_session import Slot
from app.queue import Busy
from app.shared_queue import take_turn
from app.texts import checks as texts
from covid_core.errors import CovidCoreError, foreseen
from covid_core.explain.known_films import KnownFilm, Neighbour, own_copy
from covid_core.findings import Finding
from covid_core.model.tiers import in_sentence
from covid_core.present.overlay import displayed, png
from covid_core.read.reading import read_radiograph
from covid_core.sources import title_of

_PICTURE_PX, _SHOWN_PX = 480, 120  # sent larger, to be looked at in full screen


@st.fragment
def show_neighbours() -> None:
    """Each class's nearest films: their sources and kinds, and pictures where the user has them."""
    film = film_session.current()
    if film is None:
        return
    found = film.reading.checks(film.prediction.label).neighbours
    if not any(found.values()):
        return
    key = f"nearest-{film.sha256}"
    box = st.expander(texts.NEAREST, icon=":material/view_module:", key=key, on_change="rerun")
    if not box.open:
        return
    with box:
        st.write(texts.NEAREST_WORDS)
        films = [one.film for several in found.values() for one in several]
        st.markdown(f"**{texts.mix([title_of(one.source) for one in films])}**")
        try:
            pictures = own_pictures(film.sha256, films)
        except Busy as error:
            show_busy(error)
            return
        for column, (finding, several) in zip(st.columns(len(found)), found.items(), strict=True):
            with column:
                show_class(finding, several, pictures)
        if len(pictures) < len(films):
            show_hint()


def show_class(
    finding: Finding, several: Sequence[Neighbour], pictures: Mapping[str, bytes]
) -> None:
    """Shows the nearest training films of one class."""
    st.markdown(f"**{finding.display_name}**")
    if not several:
        st.caption(texts.NEAREST_NONE)
    for one in several:
        with st.container(border=True, horizontal=True, wrap=False, vertical_alignment="center"):
            show_neighbour(one, pictures.get(one.film.sha256))


def show_neighbour(one: Neighbour, picture: bytes | None) -> None:
    """Shows a training film: its picture, where there is one, and what is known of it."""
    film = one.film
    if picture:
        alt = texts.COPY_ALT.format(source=title_of(film.source), finding=in_sentence(film.finding))
        st.image(picture, width=_SHOWN_PX, output_format="PNG", alt=alt)
    view = texts.VIEW.format(view=film.view) if film.view else texts.UNKNOWN_VIEW
    age = film.age_group or texts.UNKNOWN_AGE
    with st.container(gap="xxsmall"):
        st.text(texts.FILM.format(source=title_of(film.source), view=view, age=age))
        st.text(film.reference)
        st.caption(texts.SIMILARITY.format(similarity=one.similarity))


def show_hint() -> None:
    """How the page may find the user's own copies."""
    st.caption(texts.COPIES_HINT)
    st.code(texts.COPIES_EXAMPLE, language="toml")


def own_pictures(of: str, films: Sequence[KnownFilm]) -> dict[str, bytes]:
    """The user's own copies of training films as PNG files, by the copy's SHA-256.

    Kept as long as the film is open. `of`: the open film's SHA-256.
    """

    def make() -> dict[str, bytes]:
        with take_turn():
            found = {film.sha256: own_picture(film) for film in films}
        return {sha256: picture for sha256, picture in found.items() if picture}

    return film_session.remember(Slot.COPIES, of, make)


def own_picture(film: KnownFilm) -> bytes | None:
    """The user's own copy, small; None where there is none, or it can't be read."""
    data = own_copy(film, session.settings().copies)
    if data is None:
        return None
    try:
        with foreseen():
            return png(displayed(read_radiograph(data).film, _PICTURE_PX))
    except CovidCoreError:
        return None
