"""The open film, read by every recipe whose weights are here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import streamlit as st

from app import film_session, session
from app.answer_panel import show_flags
from app.failures import show_failure
from app.film_session import Slot
from app.open_film import OpenFilm
from app.phantoms import open_phantom, show_phantoms
from app.queue import Busy
from app.readings_log import LoggedPredictor
from app.shared_queue import take_turn
from app.texts import compare as texts
from covid_core.batch.recipes_here import (
    Candidate,
    RecipeAnswer,
    RecipesHere,
    agreement_in_words,
    aurocs_unseen,
    find_recipes,
    make_answer,
    training_command,
)
from covid_core.case.case_reading import Reading
from covid_core.errors import CovidCoreError
from covid_core.findings import shown_probability
from covid_core.model.card import SHIPPED, WEIGHTS, WeightsCard
from covid_core.model.choices import choices_by
from covid_core.model.decision import BALANCED
from covid_core.model.tiers import CAVEAT
from covid_core.predict.predictor import Predictor
from covid_core.present.overlay import blend, clip_to_body, displayed, png
from covid_core.present.sentences import DISCLAIMER
from covid_core.read.phantom import KINDS
from covid_core.training.variant_names import recipe_names

_PICTURE_PX = 480
_OPACITY = 0.6
_A_ROW = 3  # pictures beside each other; more would be too small to read


def show() -> None:
    """Shows the page: the open film as every recipe here reads it."""
    st.write(texts.LEDE)
    film, found = film_session.current() or phantom(), find_recipes(WEIGHTS, recipe_names())
    if film is None:
        show_empty_state()
    else:
        show_comparison(film_session.check(film), found)
    show_absent(found)
    st.caption(DISCLAIMER)


def phantom() -> OpenFilm | None:
    """The session's phantom, where no film is open; None where there is none either."""
    kind = st.session_state.get("phantom")
    return open_phantom(kind) if kind in KINDS else None


def show_empty_state() -> None:
    """Shows how to open a film."""
    st.write(texts.NO_FILM)
    show_phantoms(st.columns(len(KINDS)))
    st.page_link("app/pages/read.py", label=texts.READ)


def show_comparison(film: OpenFilm, found: RecipesHere) -> None:
    """Shows the open film's answers by every recipe, and their pictures."""
    if film.is_phantom:
        st.info(texts.IS_PHANTOM, icon=":material/info:")
    else:
        st.text(film.name)
    decision = film.reading.prediction.decision
    if not (decision.usable or film.is_phantom):
        st.error(decision.sentence, icon=":material/block:")
        return
    if not film.is_phantom:
        show_flags(film.reading)
    answer = st.container()
    answers = ask_all(film.reading, found.here)
    for recipe, error in found.damaged:
        show_failure(texts.DAMAGED.format(recipe=recipe), error.sentence)
    if not answers:
        return
    if not film.is_phantom:
        with answer:
            st.subheader(agreement_in_words(answers), anchor=False)
    show_table(answers)
    if not all(one.suspects for one in answers):
        st.write(CAVEAT)
    show_pictures(film.reading, answers)


def ask_all(reading: Reading, candidates: tuple[Candidate, ...]) -> list[RecipeAnswer]:
    """One network after the other; one that fails is a line, and the others go on."""
    answers, bar = [], st.progress(0.0)
    for number, candidate in enumerate(candidates, 1):
        words = texts.ASKING.format(recipe=candidate.recipe, number=number, count=len(candidates))
        bar.progress((number - 1) / len(candidates), words)
        try:
            answers.append(ask(reading, candidate))
        except Busy:
            bar.empty()
            raise
        except CovidCoreError as error:
            show_failure(texts.NO_ANSWER.format(recipe=candidate.recipe), error.sentence)
    bar.empty()
    return answers


def ask(reading: Reading, candidate: Candidate) -> RecipeAnswer:
    """A candidate's answer, kept in the session as long as the film is open.

    At the operating point chosen, where it has one of that name. Raises WeightsError, Abstained,
    Busy.
    """
    if candidate.recipe == SHIPPED:
        prediction = reading.prediction
        return RecipeAnswer(candidate.card, prediction, reading.maps[prediction.answers[-1]])
    film, weights = reading.prediction.radiograph_sha256, candidate.card.sha256
    kept: dict[tuple[str, str], RecipeAnswer] = film_session.remember(
        Slot.RECIPE_ANSWERS, film, dict
    )
    chosen, own = session.chosen().point.name, candidate.card.rules.point_names
    key = weights, chosen if chosen in own else BALANCED
    if key not in kept:
        predictor = load(candidate.folder, candidate.recipe, weights)
        with take_turn():
            kept[key] = make_answer(predictor, predictor.predict(reading.radiograph, key[1]))
    return kept[key]


@st.cache_resource(max_entries=5, show_spinner=False)
def load(folder: Path, recipe: str, weights_sha256: str) -> Predictor:
    """A recipe's network for all sessions; new weights make a new one."""
    return LoggedPredictor.load(folder, recipe)


def show_table(answers: list[RecipeAnswer]) -> None:
    """Shows the recipes' answers as a table."""
    rows = [dict(zip(texts.COLUMNS.values(), row_of(one), strict=True)) for one in answers]
    st.dataframe(rows, hide_index=True, width="stretch", alt=texts.TABLE_ALT)
    sources = sorted({source for one in answers for source in aurocs_unseen(one.card)})
    notes = [texts.UNSEEN.format(sources=", ".join(sources))] if sources else []
    notes += [texts.CHOSE.format(recipe=card.recipe) for card in chosen_by_unseen(answers)]
    if not all(one.calibrated for one in answers):
        notes.append(texts.SCORES)
    if any(len(one.prediction.answers) == 2 for one in answers):
        notes.append(texts.TWO_ANSWERS)
    st.caption(" ".join(notes))


def chosen_by_unseen(answers: list[RecipeAnswer]) -> list[WeightsCard]:
    """The networks of which something was chosen by a source held out."""
    cards = [one.card for one in answers]
    return [
        card
        for card in cards
        if any(choices_by(source, card.training) for source in card.results.held_out)
    ]


def row_of(one: RecipeAnswer) -> tuple[str, ...]:
    """An answer's cells, in the order of the columns."""
    kind = texts.CALIBRATED if one.calibrated else texts.UNCALIBRATED
    probability = one.prediction.probability(one.disease)
    return (
        one.card.recipe,
        call_of(one),
        texts.SCORE.format(probability=shown_probability(probability), kind=kind),
        "; ".join(map(str, aurocs_unseen(one.card).values())) or texts.NOT_MEASURED,
        ", ".join(answer.display_name for answer in one.prediction.answers),
    )


def call_of(one: RecipeAnswer) -> str:
    """What it calls the film; of a network without rules, that it is but the larger score."""
    if one.calibrated:
        return one.prediction.decision.tier.heading
    sentence = texts.LARGER if len(one.prediction.answers) == 2 else texts.LARGEST
    return sentence.format(name=one.prediction.label.display_name)


def show_pictures(reading: Reading, answers: list[RecipeAnswer]) -> None:
    """Shows the film under each recipe's map."""
    st.subheader(texts.PICTURES, anchor=False)
    st.write(texts.PICTURES_WORDS)
    film = displayed(reading.radiograph.film, _PICTURE_PX)
    for start in range(0, len(answers), _A_ROW):
        row = answers[start : start + _A_ROW]
        for one, column in zip(row, st.columns(_A_ROW), strict=False):
            with column:
                show_picture(film, reading.body, one, withheld(reading, one))


def withheld(reading: Reading, one: RecipeAnswer) -> bool:
    """Whether this is the heat that the Read page withholds, for it failed its tests."""
    if one.card.recipe != SHIPPED or not one.heat_due:
        return False
    return not reading.map_checks[one.saliency.finding].map_check.passed


def show_picture(film: np.ndarray, body: np.ndarray, one: RecipeAnswer, is_withheld: bool) -> None:
    """The film, uint8 (H, W), under one network's heat; without it where none is due.

    `body`: where the patient is in it, bool (h, w).
    """
    alt, words, picture = texts.COLD_ALT, texts.COLD, film
    if is_withheld:
        alt, words = texts.WITHHELD_ALT, texts.WITHHELD
    elif one.heat_due:
        alt, words = texts.PICTURE_ALT, texts.HEAT
        picture = blend(film, clip_to_body(one.saliency.heat(*film.shape), body), _OPACITY)
    alt = alt.format(title=one.title, disease=one.disease.display_name)
    st.image(png(picture), width="stretch", output_format="PNG", alt=alt)
    st.caption(words.format(title=one.title, call=call_of(one)))


def show_absent(found: RecipesHere) -> None:
    """Shows how to train the recipes whose weights are not here."""
    if not found.absent:
        return
    with st.expander(texts.ABSENT, icon=":material/construction:"):
        st.write(texts.ABSENT_WORDS)
        for recipe in found.absent:
            st.code(training_command(recipe), language="sh")


show()
