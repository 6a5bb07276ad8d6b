"""One film's reading as a page shows it: the answer in a line, the viewer, and why.

A film that is read while its visitor waits is shown as far as it is known: the film, the answer,
then the whole, in a run of its own. So the viewer stays one element, whose film is not drawn anew.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import film_session, session
from app.answer_panel import (
    beyond_heading,
    show_answer,
    show_call,
    show_category,
    show_flags,
)
from app.explanation_panel import show_explanation
from app.export_panel import show_exports
from app.film_view import film_alone, prepared_in_session, view_of
from app.neighbours import show_neighbours
from app.open_film import OpenFilm
from app.opinion_panel import show_opinion, take_boxes
from app.study_panel import show_study
from app.texts import read as texts
from app.viewer import viewer
from covid_core.model.calls import PREVALENCE
from covid_core.present.change import change_in_words
from covid_core.present.flags import flags_of_reading
from covid_core.present.point_words import calls_elsewhere, values_in_words
from covid_core.present.sentences import DISCLAIMER
from covid_core.read.patient_tags import Study, same_patient, time_between

if TYPE_CHECKING:
    from covid_core.case.case_reading import Reading
    from covid_core.read.radiograph import Radiograph

_FILM_PX, _BESIDE_PX = 460, 420
_NUMBER_PX = 130
_EARLY = "early-answer"
# As high as most answers once they are checked, so that the film below stays where it was drawn.
_EARLY_STYLE = (
    f"<style>@media (min-width: 48rem) {{.st-key-{_EARLY} {{min-height: 26rem}}}}</style>"
)


def read_in_sight(
    data: bytes,
    name: str,
    answer: DeltaGenerator,
    picture: DeltaGenerator,
    *,
    is_phantom: bool = False,
    known: Reading | None = None,
    on_step: Callable[[str], None] | None = None,
) -> OpenFilm:
    """The checked film of a file's bytes.

    One that had to be read is shown meanwhile, and then the page is run anew. `answer`, `picture`:
    the places for both. `known`: as `film_session.open_file` has it. `on_step`: is given "next" or
    "previous" where the viewer's arrow keys ask for another film before this one has its answer.
    Raises CovidCoreError as `film_session.open_file` does.
    """
    early: list[DeltaGenerator] = []  # once the film is shown: the answer's room, the answer in it

    def show_film(radiograph: Radiograph) -> None:
        waiting.close()  # what is done is said in the answer's room from here on
        room = answer.empty()
        early.extend((room, room.container(key=_EARLY).empty()))
        early[-1].caption(texts.READING)
        with picture:
            step = show_film_alone(radiograph, steps=on_step is not None)
        if step and on_step:
            on_step(step)  # and this film is not waited for

    st.html(_EARLY_STYLE)
    waiting = ExitStack()
    try:
        with answer, waiting:
            waiting.enter_context(st.spinner(texts.READING))
            film = film_session.open_file(
                data, name, is_phantom=is_phantom, on_film=show_film, known=known
            )
        if early:
            show_early_call(early[-1], film)
        film = film_session.check(film)
    except Exception:
        if early:
            early[0].empty()
        raise
    if early:
        st.rerun()
    return film


def show_film_alone(radiograph: Radiograph, *, steps: bool = False) -> str | None:
    """The film before it is read, or where there is no answer, in the viewer's own place.

    Gives the step to another film that was chosen there, if any.
    """
    view = film_alone(radiograph, texts.NO_HEAT_YET, steps=steps)
    return viewer(view, key="viewer", height_px=_FILM_PX)


def show_reading(
    film: OpenFilm,
    answer: DeltaGenerator,
    picture: DeltaGenerator,
    *,
    beside: OpenFilm | None = None,
    steps: bool = False,
) -> str | None:
    """The whole of it, as the controls stand.

    `answer`, `picture`: the places for both. `beside`: another film of the patient, to compare it
    with. `steps`: the viewer's arrow keys ask for other films; gives "next" or "previous" where one
    was chosen.
    """
    film = film_session.check(film)
    film_session.make_current(film)
    step = None
    if beside is None:
        with answer.container().container():  # as the early answer was, which it takes the place of
            show_details(film)
        with picture:
            step = show_viewer(film, "viewer", _FILM_PX, steps=steps)
    else:  # they are opened to be compared: the films come first
        with answer:
            show_both(film, film_session.check(beside))
        with picture:
            st.text(texts.ANSWERED.format(name=film.name))
            show_details(film, flags=False)
    show_explanation()
    show_neighbours()
    show_exports()
    show_study()
    return step


def show_details(film: OpenFilm, *, flags: bool = True) -> None:
    """The answer, what it is worth, and the reader's own. `flags`: with what speaks against it."""
    show_answer(film, flags=flags)
    show_described(film)
    if not film.is_phantom:
        show_opinion(film)


def show_viewer(
    film: OpenFilm, key: str, height_px: int, *, steps: bool = False, linked: bool = False
) -> str | None:
    """The film and its maps in the viewer; gives the step that was chosen there, if any."""
    ready = prepared_in_session(film)
    usable = film.prediction.decision.usable  # else its sentence says why not
    flags = flags_of_reading(film.reading, film.prediction.label)
    warning = " ".join(flag.sentence for flag in flags[:usable])
    view = view_of(film.reading, ready, warning=warning, steps=steps)
    view = replace(view, linked=linked)
    if film.is_phantom:
        layers = tuple(replace(layer, doubtful=False) for layer in view.layers)
        view = replace(view, answer=texts.IS_PHANTOM, layers=layers)
    elif not linked:
        view = replace(view, boxing=film.sha256)
    return viewer(view, key=key, height_px=height_px, planes=ready.planes, on_boxes=take_boxes)


def show_early_call(place: DeltaGenerator, film: OpenFilm) -> None:
    """What is known before the checks are made."""
    film = film_session.decide(film)
    with place.container():
        st.caption(texts.CHECKING)  # first: the checks may withhold what follows
        show_call(film)
        if not film.is_phantom:
            show_category(film.prediction)
        show_described(film)


def show_controls(*, of_many: bool = False) -> None:
    """Operating point and prevalence, kept from page to page.

    `of_many`: with what answers are worth by them, which otherwise stands below the one answer.
    """
    names = [point.name for point in session.points()]
    if st.session_state.get("point") not in names:  # the site's own goes with its profile
        st.session_state["point"] = session.default_point()
    st.session_state.setdefault("prevalence", PREVALENCE * 100)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            texts.POINT,
            names,
            required=True,
            format_func=str.capitalize,
            key="point",
            help=texts.POINT_HELP,
            width="content",
            persist_state="session",
        )
        st.number_input(
            texts.PREVALENCE,
            0.0,
            100.0,
            step=0.5,
            format="%.1f",
            key="prevalence",
            help=texts.PREVALENCE_HELP,
            width=_NUMBER_PX,
            persist_state="session",
        )
        if of_many:
            show_values()
    if session.outdated_profile():
        st.warning(texts.OUTDATED, icon=":material/sync_problem:")
        st.page_link("app/pages/validate.py", label=texts.VALIDATE)


def show_values() -> None:
    """The predictive values of the answers at the point and prevalence that were chosen."""
    chosen = session.chosen()
    card, point = session.card(), chosen.point
    away = calls_elsewhere(card, point)
    worth = values_in_words(point, card.classes[-1], chosen.prevalence, away)
    if worth:
        st.caption(worth, width="stretch")


def show_described(film: OpenFilm) -> None:
    """Shows what reading the file took, and the film in a few words."""
    for note in film.prediction.notes:
        st.text(texts.NOTE.format(note=note))
    st.caption(f"{film.described}. {DISCLAIMER}")


def show_both(film: OpenFilm, other: OpenFilm) -> None:
    """Two films side by side, the earlier left, each under its own name and reading."""
    own, others = film.study, other.study
    if own is None or others is None or not same_patient(own, others):
        st.warning(texts.BESIDE_STRANGER, icon=":material/warning:")
        caption, pair = texts.BESIDE_THEN, (film, other)
    else:
        gap, caption = time_between(others, own), dated(own, others)
        pair = (other, film) if gap and gap > timedelta() else (film, other)
        readings = [one.reading for one in pair]
        st.markdown(f"**{change_in_words(*readings, dated=bool(gap))}**")
    for one, column in zip(pair, st.columns(2), strict=True):
        with column:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.caption(texts.BESIDE_NOW if one is film else caption, width="content")
                st.text(one.name, width="content")
                st.markdown(f"**{one.prediction.decision.tier.heading}**", width="content")
            show_one(one, "viewer-now" if one is film else "viewer-then")


def show_one(film: OpenFilm, key: str) -> None:
    """A film, what its tier's heading does not say, and what speaks against the answer."""
    show_viewer(film, key, _BESIDE_PX, linked=True)
    if words := beyond_heading(film.prediction.decision):
        st.caption(words)
    show_flags(film.reading)


def dated(study: Study, other: Study) -> str:
    """How long before or after the one film the other was taken, where their files say."""
    gap = time_between(other, study)
    return texts.BESIDE_THEN if gap is None else texts.apart(gap)
