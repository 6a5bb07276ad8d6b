"""One film's reading as a page shows it: the answer in a line, the viewer, and why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import session
from app.answer_panel import show_answer, show_call, show_flags
from app.explanation_panel import show_explanation
from app.export_panel import show_exports
from app.neighbours import show_neighbours
from app.open_film import OpenFilm
from app.opinion_panel import show_opinion, take_boxes
from app.study_panel import show_study
from app.texts import read as texts
from app.viewer import viewer
from app.viewer.package import Kind, Layer, View, Window
from covid_core.case.case_reading import Reading
from covid_core.explain.opacity_map import OpacityMap
from covid_core.findings import Finding
from covid_core.model.saliency import Saliency
from covid_core.present.change import change_in_words
from covid_core.present.display import display_film, grey_windows
from covid_core.present.heat_words import no_heat_in_words, not_due_in_words
from covid_core.present.overlay import COLOUR_MAPS, OPACITY_COLOURS, clip_to_body, soft
from covid_core.present.sentences import (
    DISCLAIMER,
    heat_in_words,
    opacity_in_words,
    values_in_words,
)
from covid_core.present.worth import map_worth, opacity_worth
from covid_core.read.patient_tags import Study, days_between, same_patient

_HEAT_PX = 256  # the longer side of the heat's grid: it is smooth, more would only be sent
_FILM_PX, _BESIDE_PX = 460, 420
_NUMBER_PX = 130


def show_reading(
    film: OpenFilm,
    *,
    answer: DeltaGenerator | None = None,
    beside: OpenFilm | None = None,
    steps: bool = False,
) -> str | None:
    """The whole of it, as the controls stand.

    `answer`: the place for that, where it is not here. `beside`: another
    film of the patient, to look at with it. `steps`: the viewer's arrow keys ask for other films;
    gives "next" or "previous" where one was chosen.
    """
    film = session.check(film)
    session.make_current(film)
    view = view_of(film.reading, steps=steps)
    with answer.container() if answer else st.container():
        show_answer(film)
        show_described(film)
        if not film.is_phantom:
            show_opinion(film)
    step = None
    if beside is None:
        if not film.is_phantom:
            view = replace(view, boxing=film.sha256)
        step = viewer(view, key="viewer", height_px=_FILM_PX, on_boxes=take_boxes)
    else:
        show_both(film, session.check(beside))
    show_explanation(film)
    show_neighbours(film)
    show_exports(film)
    show_study(film)
    return step


def show_early_call(place: DeltaGenerator, film: OpenFilm) -> None:
    """The answer alone, while its checks are still made."""
    with place.container():
        show_call(session.decide(film))


def show_controls() -> None:
    """Operating point and prevalence, kept from page to page, and what a call is worth by them."""
    names = [point.name for point in session.points()]
    if st.session_state.get("point") not in names:  # the site's own goes with its profile
        st.session_state["point"] = session.default_point()
    st.session_state.setdefault("prevalence", session.PREVALENCE * 100)
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
            step=1.0,
            format="%.0f",
            key="prevalence",
            help=texts.PREVALENCE_HELP,
            width=_NUMBER_PX,
            persist_state="session",
        )
        chosen = session.chosen()
        worth = values_in_words(chosen.point, session.card().classes[-1], chosen.prevalence)
        if worth:
            st.caption(worth, width="stretch")
    if session.outdated_profile():
        st.warning(texts.OUTDATED, icon=":material/sync_problem:")
        st.page_link("app/pages/validate.py", label=texts.VALIDATE)


def show_described(film: OpenFilm) -> None:
    """Shows what reading the file took, and the film in a few words."""
    for note in film.prediction.notes:
        st.text(texts.NOTE.format(note=note))
    st.caption(f"{film.described}. {DISCLAIMER}")


def view_of(reading: Reading, *, steps: bool = False) -> View:
    """What the viewer draws of a reading."""
    prediction, film = reading.prediction, display_film(reading.radiograph)
    windows = grey_windows(film, reading.lungs).items()
    shape = film.values.shape
    opacity = reading.opacity
    card = session.card()
    layers = [
        class_layer(reading, shape, answer, map_worth(card, answer))
        for answer in prediction.answers
    ]
    first = prediction.answers.index(prediction.label)
    if opacity:
        worth = opacity_worth(card)
        layers, first = [opacity_layer(reading, opacity, shape, worth), *layers], 0
    return View(
        film=film.values,
        windows=tuple(Window(texts.WINDOWS[name], low, high) for name, (low, high) in windows),
        layers=tuple(layers),
        layer=first,
        lungs=soft(reading.lungs),
        colours=COLOUR_MAPS,
        described=texts.FILM_ALT,
        steps=steps,
        units=film.units,
        answer=f"{prediction.decision.sentence}\n{DISCLAIMER}",
        opacity_colours=OPACITY_COLOURS if opacity else None,
    )


def opacity_layer(
    reading: Reading, opacity: OpacityMap, shape: tuple[int, ...], worth: str
) -> Layer:
    """A reading's opacity map over a film of that shape; shown where maps may be drawn."""
    words, doubtful = opacity_in_words(opacity, reading.lungs)
    if why := no_heat_in_words(reading.prediction.decision):
        words, doubtful = why, False
    levels = levels_of(opacity, reading, shape)
    return Layer(texts.OPACITY_LAYER, levels, not why, words, doubtful, Kind.OPACITY, worth)


def levels_of(shown: OpacityMap | Saliency, reading: Reading, shape: tuple[int, ...]) -> np.ndarray:
    """A map's heat inside the body, over a film of that shape: uint8, 255 at full heat."""
    heat = clip_to_body(shown.heat(*heat_grid(shape)), reading.body)
    return np.rint(heat * 255).astype(np.uint8)


def heat_grid(shape: tuple[int, ...]) -> tuple[int, int]:
    """Height and width of the grid on which heat is sent for a film of that shape."""
    height, width = shape
    scale = _HEAT_PX / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def class_layer(reading: Reading, shape: tuple[int, ...], finding: Finding, worth: str) -> Layer:
    """One class's heat over a film of that shape.

    None is shown where it is not due, or its map fails its tests.
    """
    prediction = reading.prediction
    shown, words, doubtful = False, not_due_in_words(prediction, finding), False
    if prediction.heat_due(finding):
        check = reading.map_checks[finding].tests
        share = reading.heat_in_lungs(finding), float(reading.lungs.mean())
        shown = check.passed
        words, doubtful = heat_in_words(*share) if shown else (check.sentence, False)
    levels = levels_of(reading.maps[finding], reading, shape)
    return Layer(finding.display_name, levels, shown, words, doubtful, note=worth)


def show_both(film: OpenFilm, other: OpenFilm) -> None:
    """Two films side by side, the earlier left, each under its own name and reading."""
    own, others = film.study, other.study
    if own is None or others is None or not same_patient(own, others):
        st.warning(texts.BESIDE_STRANGER, icon=":material/warning:")
        caption, pair = texts.BESIDE_THEN, (film, other)
    else:
        days, caption = days_between(others, own), dated(own, others)
        pair = (other, film) if days is not None and days > 0 else (film, other)
        readings = [one.reading for one in pair]
        st.markdown(f"**{change_in_words(*readings, dated=bool(days))}**")
    for one, column in zip(pair, st.columns(2), strict=True):
        with column:
            st.caption(texts.BESIDE_NOW if one is film else caption)
            show_one(one, "viewer-now" if one is film else "viewer-then", warned=one is film)


def show_one(film: OpenFilm, key: str, *, warned: bool = False) -> None:
    """A film with what is said of it. `warned`: what speaks against that was said before."""
    prediction = film.prediction
    st.text(film.name)
    view = replace(view_of(film.reading), linked=True)
    viewer(view, key=key, height_px=_BESIDE_PX)
    st.caption(f"**{prediction.decision.tier.heading}.** {prediction.decision.sentence}")
    if not warned:
        show_flags(film.reading)


def dated(study: Study, other: Study) -> str:
    """How long before or after the one film the other was taken, where their files say."""
    days = days_between(other, study)
    return texts.BESIDE_THEN if days is None else texts.apart(days)
