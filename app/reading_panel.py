"""One film's reading as a page shows it: the answer in a line, the viewer, and why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import session
from app.explanation_panel import show_explanation
from app.export_panel import show_exports
from app.neighbours import show_neighbours
from app.open_film import OpenFilm
from app.texts import read as texts
from app.viewer import viewer
from app.viewer.package import Kind, Layer, View, Window
from covid_core.case.case_reading import Reading
from covid_core.explain.opacity_map import OpacityMap
from covid_core.findings import Finding
from covid_core.model.decision import in_sentence
from covid_core.predict.predictor import Prediction
from covid_core.present.display import display_film, grey_windows
from covid_core.present.flags import flags_of
from covid_core.present.overlay import COLOUR_MAPS, OPACITY_COLOURS, soft
from covid_core.present.sentences import (
    DISCLAIMER,
    category_in_words,
    heat_in_words,
    opacity_in_words,
    shown_probability,
    values_in_words,
)
from covid_core.present.worth import alarms_in_words, category_worth, map_worth, opacity_worth
from covid_core.read.patient_tags import Study, days_between, labelled, same_patient

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
        show_call(film)
        show_category(film.prediction)
        show_flags(film.reading)
        show_described(film)
    step = None
    if beside is None:
        step = viewer(view, key="viewer", height_px=_FILM_PX)
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


def show_call(film: OpenFilm) -> None:
    """The answer in one line, and how it came to that side."""
    prediction = film.prediction
    if film.is_phantom:
        st.caption(f"**{texts.IS_PHANTOM}**")
    said, bars = st.columns([3, 2], gap="large")
    with bars:
        for answer in prediction.answers:
            share = prediction.probability(answer)
            st.progress(share, f"{answer.display_name} {shown_probability(share)}")
    with said:
        show_answer(prediction)


def show_answer(prediction: Prediction) -> None:
    """The answer in a report's words, and what such an answer is worth."""
    decision, disease = prediction.decision, prediction.answers[-1]
    st.header(decision.tier.heading, anchor=False)
    st.write(decision.sentence)
    st.write(
        texts.probability(
            disease.display_name,
            shown_probability(prediction.probability(disease)),
            decision.point,
            decision.positive,
        )
    )
    if alarms := alarms_in_words(session.card(), decision.point):
        st.caption(alarms)


def show_category(prediction: Prediction) -> None:
    """How the film looks by the RSNA's consensus, by weights that learnt it, and its worth."""
    if prediction.category is None:
        return
    st.write(f"**{texts.CATEGORY}:** {category_in_words(prediction)}")
    worth = category_worth(session.card(), prediction.category)
    st.caption(f"{texts.CATEGORY_HELP} {worth}")


def show_flags(reading: Reading) -> None:
    """What speaks against the answer: the gravest in one line, the others behind it."""
    label = reading.prediction.label
    checks = reading.checks(label)
    in_lungs = reading.heat_in_lungs(label), float(reading.lungs.mean())
    flags = flags_of(reading.prediction, checks, in_lungs)
    for flag in flags[:1]:
        if flag.unusable:
            st.error(flag.sentence, icon=":material/block:")
        else:
            st.warning(flag.sentence, icon=":material/warning:")
    if flags[1:]:
        with st.expander(texts.MORE_FLAGS.format(count=len(flags) - 1)):
            for flag in flags[1:]:
                st.write(flag.sentence)
    if checks.meter and not checks.meter.explained:
        st.write(checks.meter.sentence)


def show_described(film: OpenFilm) -> None:
    """Shows what reading the file took, and the film in a few words."""
    for note in film.prediction.notes:
        st.text(texts.NOTE.format(note=note))
    st.caption(f"{film.described}. {DISCLAIMER}")


def view_of(reading: Reading, *, steps: bool = False) -> View:
    """What the viewer draws of a reading."""
    prediction, film = reading.prediction, display_film(reading.radiograph)
    windows = grey_windows(film, reading.lungs).items()
    named, shape = in_sentence(prediction.label), film.values.shape
    opacity = reading.opacity if prediction.decision.usable else None
    card = session.card()
    layers = [
        class_layer(reading, shape, answer, map_worth(card, answer))
        for answer in prediction.answers
    ]
    first = prediction.answers.index(prediction.label)
    if opacity:
        worth = opacity_worth(card)
        layers, first = [opacity_layer(opacity, reading.lungs, shape, worth), *layers], 0
    return View(
        film=film.values,
        windows=tuple(Window(texts.WINDOWS[name], low, high) for name, (low, high) in windows),
        layers=tuple(layers),
        layer=first,
        lungs=soft(reading.lungs),
        colours=COLOUR_MAPS,
        described=texts.FILM_OPACITY_ALT if opacity else texts.FILM_ALT.format(name=named),
        steps=steps,
        opacity_colours=OPACITY_COLOURS if opacity else None,
    )


def opacity_layer(
    opacity: OpacityMap, lungs: np.ndarray, shape: tuple[int, ...], worth: str
) -> Layer:
    """The opacity map over a film of that shape; shown of every film, for it is never stretched."""
    words, doubtful = opacity_in_words(opacity, lungs)
    levels = np.rint(opacity.heat(*heat_grid(shape)) * 255).astype(np.uint8)
    return Layer(texts.OPACITY_LAYER, levels, True, words, doubtful, Kind.OPACITY, worth)


def heat_grid(shape: tuple[int, ...]) -> tuple[int, int]:
    """Height and width of the grid on which heat is sent for a film of that shape."""
    height, width = shape
    scale = _HEAT_PX / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def class_layer(reading: Reading, shape: tuple[int, ...], finding: Finding, worth: str) -> Layer:
    """One class's heat over a film of that shape.

    None is shown where the class is below its threshold, or its map fails its tests.
    """
    prediction, saliency = reading.prediction, reading.maps[finding]
    heat = saliency.heat(*heat_grid(shape))
    shown, words, doubtful = False, no_heat(prediction, finding), False
    if prediction.heat_due(finding):
        check = reading.map_checks[finding].tests
        share = reading.heat_in_lungs(finding), float(reading.lungs.mean())
        shown = check.passed
        words, doubtful = heat_in_words(*share) if shown else (check.sentence, False)
    levels = np.rint(heat * 255).astype(np.uint8)
    return Layer(finding.display_name, levels, shown, words, doubtful, note=worth)


def no_heat(prediction: Prediction, finding: Finding) -> str:
    """Why a class is shown without heat."""
    if not prediction.decision.usable:
        return texts.HEAT_UNUSABLE.format(name=in_sentence(finding))
    if finding is not prediction.answers[-1]:
        return texts.HEAT_RULED_OUT.format(name=in_sentence(finding))
    return texts.HEAT_BELOW.format(
        name=in_sentence(finding),
        probability=shown_probability(prediction.probability(finding)),
        threshold=f"{prediction.decision.point.threshold:.2f}",
    )


def show_both(film: OpenFilm, other: OpenFilm) -> None:
    """Two films side by side, each under its own name and reading."""
    own, others = film.study, other.study
    is_same = own is not None and others is not None and same_patient(own, others)
    if not is_same:
        st.warning(texts.BESIDE_STRANGER, icon=":material/warning:")
    left, right = st.columns(2)
    with left:
        st.caption(texts.BESIDE_NOW)
        show_one(film, "viewer-now", warned=True)
    with right:
        st.caption(dated(own, others) if own and others and is_same else texts.BESIDE_THEN)
        show_one(other, "viewer-then")


def show_one(film: OpenFilm, key: str, *, warned: bool = False) -> None:
    """A film with what is said of it. `warned`: what speaks against that was said before."""
    prediction = film.prediction
    st.text(film.name)
    view = replace(view_of(film.reading), alone=True)
    viewer(view, key=key, height_px=_BESIDE_PX)
    st.caption(f"**{prediction.decision.tier.heading}.** {prediction.decision.sentence}")
    if not warned:
        show_flags(film.reading)


def dated(study: Study, other: Study) -> str:
    """How long before or after the one film the other was taken, where their files say."""
    days = days_between(other, study)
    return texts.BESIDE_THEN if days is None else texts.apart(days)


def show_study(film: OpenFilm) -> None:
    """The file's tags, on demand only; as plain text, whatever they hold."""
    if film.study is None:
        return
    with st.expander(texts.STUDY, icon=":material/badge:"):
        st.caption(texts.STUDY_HELP)
        # Of this film only: the next one's patient is shown when that is asked for.
        if st.toggle(texts.STUDY_SHOW, key=f"show-study-{film.sha256}"):
            for label, value in labelled(film.study):
                st.text(f"{label}: {value}")
