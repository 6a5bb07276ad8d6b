"""How the open film's answer came about, step by step, with its own pictures and numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import plotly.graph_objects as go
import streamlit as st

from app import film_session, session
from app.charts import show_chart
from app.open_film import OpenFilm
from app.phantoms import open_phantom
from app.texts import about as texts
from covid_core.batch.recipes_here import auroc_at_home, aurocs_unseen
from covid_core.case.case_reading import Reading
from covid_core.explain.walkthrough import Walkthrough, walk_through
from covid_core.findings import Finding, listed_in_words, shown_probability
from covid_core.model.results import TEST
from covid_core.model.tiers import in_sentence
from covid_core.predict.prediction import Prediction
from covid_core.present import walkthrough_plots as figures
from covid_core.present.heat_words import not_due_in_words
from covid_core.present.overlay import displayed, png
from covid_core.present.sentences import DISCLAIMER
from covid_core.read.phantom import KINDS

_FILM_PX = 800  # longer side, as sent
_ENLARGED = 2  # the network's picture, so that its pixels can be seen


def show() -> None:
    """Shows the page: how the open film's answer came about, step by step."""
    opened = film_session.current()
    film = opened or phantom()
    if opened is not None:
        show_which(opened)
    film = film_session.check(film)
    reading, prediction = film.reading, film.prediction
    finding = st.segmented_control(
        texts.FINDING,
        prediction.answers,
        default=prediction.label,
        required=True,
        format_func=lambda answer: answer.display_name,
        key=f"about-{prediction.radiograph_sha256[:16]}",
    )
    if not (prediction.decision.usable or film.is_phantom):
        st.error(prediction.decision.sentence, icon=":material/block:")
        show_limits()
        st.caption(DISCLAIMER)
        return
    walk = walk_through(session.card(), prediction, reading.maps[finding])
    whole, seen = st.columns(2)
    with whole:
        show_film(png(displayed(reading.radiograph.film, _FILM_PX)))
    with seen:
        show_seen(walk)
    show_cells(walk)
    show_withheld(reading, finding)
    show_sum(walk)
    show_calibration(walk)
    show_call(walk, prediction)
    show_limits()
    st.caption(DISCLAIMER)


def phantom() -> OpenFilm:
    """A phantom's reading, where no film is open; said to be one."""
    st.info(texts.NO_FILM, icon=":material/info:")
    kind = st.segmented_control(
        texts.KIND,
        KINDS,
        default=KINDS[-1],
        required=True,
        key="about-phantom",
        format_func=str.capitalize,
    )
    return open_phantom(kind)


def show_which(film: OpenFilm) -> None:
    """Shows which film it is about; of a phantom, that it is one."""
    if film.is_phantom:
        st.info(texts.PHANTOM_OPEN, icon=":material/info:")
    else:
        st.text(texts.OPEN_FILM.format(name=film.name, described=film.described))


def show_film(film: bytes) -> None:
    """Shows the film as it was read."""
    with tall(texts.FILM, texts.FILM_WORDS):
        st.image(film, width="stretch", output_format="PNG", alt=texts.FILM_ALT)


def show_seen(walk: Walkthrough) -> None:
    """Shows the picture that the network was given."""
    size = len(walk.picture)
    with tall(texts.SEEN, texts.SEEN_WORDS.format(size=size)):
        picture = walk.picture.repeat(_ENLARGED, 0).repeat(_ENLARGED, 1)
        alt = texts.SEEN_ALT.format(size=size)
        st.image(png(picture), width="stretch", output_format="PNG", alt=alt)


def show_cells(walk: Walkthrough) -> None:
    """Shows the evidence in each cell of the map."""
    row, column = walk.strongest
    words = texts.CELLS_WORDS.format(
        name=in_sentence(walk.finding), row=row, column=column, value=signed(walk.cells.max(), 2)
    )
    with tall(texts.CELLS, words):
        plot(figures.cells(walk, texts.UNIT), "cells", texts.CELLS_ALT)


def show_withheld(reading: Reading, finding: Finding) -> None:
    """Why the Read page draws no heat of these cells, where it does not."""
    if words := not_due_in_words(reading.prediction, finding):
        st.caption(words)
        return
    check = reading.map_checks[finding].map_check
    if not check.passed:
        words = texts.WITHHELD.format(sentence=check.sentence)
        st.warning(words, icon=":material/warning:")


def show_sum(walk: Walkthrough) -> None:
    """Shows that the cells and the bias add up to the class's score."""
    words = texts.SUM_WORDS.format(
        supporting=signed(walk.supporting),
        opposing=signed(walk.opposing),
        bias=signed(walk.bias, 4),
        score=signed(walk.score),
    )
    with step(texts.SUM, words):
        alt = texts.SUM_ALT.format(score=signed(walk.score))
        plot(figures.adding_up(walk, texts.SUM_NAMES, texts.SUM_AXIS), "sum", alt)


def show_calibration(walk: Walkthrough) -> None:
    """Shows the probabilities before and after calibration."""
    card = session.card()
    place = walk.answers.index(walk.finding)
    words = texts.CALIBRATION_WORDS if card.trust else texts.UNCALIBRATED_WORDS
    name = in_sentence(walk.finding)
    before, after = (shown_probability(one[place]) for one in (walk.before, walk.after))
    sentence = words.format(name=name, before=before, after=after, sources=home_sources())
    with step(texts.CALIBRATION, sentence):
        bars = figures.before_after(walk, texts.BEFORE_AFTER)
        plot(bars, "before-after", texts.BEFORE_AFTER_ALT)
        if card.trust:
            lines = figures.reliability(reliability_lines(), texts.RELIABILITY_AXES)
            plot(lines, "reliability", texts.RELIABILITY_ALT)


def reliability_lines() -> dict[str, figures.Line]:
    """How sure and how right the model was, at home and where it had never been."""
    card = session.card()
    parts = {texts.AT_HOME: figures.Line(card.trust[TEST].reliability, figures.HOME)}
    for source in aurocs_unseen(card):
        if source in card.trust:
            line = figures.Line(card.trust[source].reliability, figures.AWAY)
            parts[texts.AWAY.format(source=source)] = line
    return parts


def home_sources() -> str:
    """The sources on whose new films the model was tested at home."""
    sources = sorted(session.card().films.get("test", {}))
    return listed_in_words(sources) if sources else texts.UNRECORDED


def show_call(walk: Walkthrough, prediction: Prediction) -> None:
    """Shows how probabilities become a call."""
    disease, point = walk.answers[-1], walk.point
    words = texts.CALL_WORDS.format(
        disease=disease.display_name,
        probability=shown_probability(prediction.probability(disease)),
        threshold=point.threshold,
        point=point.name,
        reaches=texts.REACHES if prediction.decision.positive else texts.BELOW,
    )
    with step(texts.CALL, words):
        alt = texts.THRESHOLD_ALT.format(disease=disease.display_name)
        plot(figures.threshold(walk), "threshold", alt)
        plot(figures.prediction_set(walk, *texts.SET_NAMES), "set", texts.SET_ALT)
        sentence = prediction.decision.sentence
        st.write(texts.CALL_RESULT.format(sentence=sentence))


def show_limits() -> None:
    """Shows what none of these steps can tell."""
    card = session.card()
    home, away = auroc_at_home(card), aurocs_unseen(card)
    measured = texts.LIMITS_WORDS.format(sources=home_sources())
    words = measured if home and away else texts.NOT_MEASURED
    with step(texts.LIMITS, words):
        if home and away:
            elsewhere = {texts.AWAY.format(source=name): one for name, one in away.items()}
            parts = {texts.AT_HOME: home, **elsewhere}
            figures_in_words = "; ".join(f"{name} {one}" for name, one in parts.items())
            alt = texts.TRANSFER_ALT.format(figures=figures_in_words)
            plot(figures.transfer(parts, texts.CHANCE), "transfer", alt)
        for point in texts.LIMITS_POINTS:
            st.markdown(f"- {point}")
        st.page_link("app/pages/validate.py", label=texts.VALIDATE)


@contextmanager
def step(title: str, words: str) -> Iterator[None]:
    """A step's heading and words, and beside them the place for its pictures."""
    with st.container(border=True):
        explanation, picture = st.columns([2, 3], gap="large")
        with explanation:
            st.subheader(title, anchor=False)
            st.write(words)
        with picture:
            yield


@contextmanager
def tall(title: str, words: str) -> Iterator[None]:
    """The same, with the pictures below."""
    with st.container(border=True):
        st.subheader(title, anchor=False)
        st.write(words)
        yield


def signed(value: float, digits: int = 3) -> str:
    """A number with its sign, and a true minus."""
    return f"{value:+.{digits}f}".replace("-", "\N{MINUS SIGN}")


def plot(figure: go.Figure, name: str, alt: str) -> None:
    """Shows a plot."""
    show_chart(figure, key=f"about-{name}", alt=alt)


show()
