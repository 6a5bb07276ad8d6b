"""What is said of one film: the answer, how it looks, and what speaks against it.

Of a phantom only that its numbers mean nothing.
"""

from __future__ import annotations

import streamlit as st

from app import film_session, session
from app.film_session import Slot
from app.open_film import OpenFilm
from app.texts import read as texts
from covid_core.case.case_reading import Reading
from covid_core.explain.public_films import Recognised, recognise
from covid_core.findings import shown_probability
from covid_core.model.decision import Decision
from covid_core.model.tiers import DECIDED, caveat_of
from covid_core.predict.prediction import Prediction
from covid_core.present.flags import flags_of_reading
from covid_core.present.sentences import category_against_answer
from covid_core.present.worth import answer_worth, calls_worth, category_worth


def show_answer(film: OpenFilm, *, flags: bool = True) -> None:
    """All of it, once the film is checked. `flags`: with what speaks against it."""
    show_call(film)
    if film.is_phantom:
        return
    show_category(film.prediction)
    show_recognised(film.reading)
    if flags:
        show_flags(film.reading)


def show_call(film: OpenFilm) -> None:
    """The answer in one line, how it came to that side, and what such answers came to."""
    prediction = film.prediction
    if not (prediction.decision.usable or film.is_phantom):  # no figure of it, for none counts
        st.header(prediction.decision.tier.heading, anchor=False)
        return
    said, bars = st.columns([3, 2], gap="large")
    with bars:
        for answer in prediction.answers:
            share = prediction.probability(answer)
            value = shown_probability(share).replace(" ", "\N{NO-BREAK SPACE}")
            st.progress(share, f"{answer.display_name} {value}")
    with said:
        if film.is_phantom:
            st.header(texts.PHANTOM, anchor=False)
            st.write(texts.IS_PHANTOM)
        else:
            show_tier(prediction)
    if not film.is_phantom:
        show_worth(prediction)


def show_worth(prediction: Prediction) -> None:
    """How many films with such an answer have the disease, and what all answers came to."""
    card, decision = session.card(), prediction.decision
    for words in (
        answer_worth(card, decision, session.chosen().prevalence),
        calls_worth(card, decision.point),
    ):
        if words:
            st.caption(words)


def show_tier(prediction: Prediction) -> None:
    """The answer in a report's words, and the probability that goes with it."""
    decision, disease = prediction.decision, prediction.answers[-1]
    st.header(decision.tier.heading, anchor=False)
    if words := beyond_heading(decision):
        st.write(words)
    st.write(
        texts.probability(
            prediction.score_of(disease.display_name),
            shown_probability(prediction.probability(disease)),
            decision.point,
            decision.positive,
        )
    )


def beyond_heading(decision: Decision) -> str:
    """What the decision's sentence says and its tier's heading does not."""
    if decision.tier not in DECIDED:
        return decision.sentence
    return caveat_of(decision.tier)


def show_category(prediction: Prediction) -> None:
    """How the film looks by the RSNA's consensus, by weights that learnt it, and its worth.

    The network's share for each category is among the reasons for the answer.
    """
    if prediction.category is None or not prediction.decision.usable:
        return
    words = f"**{texts.CATEGORY}:** {prediction.category.display_name}"
    st.markdown(words, help=texts.CATEGORY_HELP)
    if contradiction := category_against_answer(prediction):
        st.caption(f":material/warning: {contradiction}")
    st.caption(category_worth(session.card(), prediction.category))


def show_recognised(reading: Reading) -> None:
    """What is known of a public film: its label, its licence, and whether it trained the model."""
    known = recognised(reading)
    if known is None:
        return
    checks = reading.checks(reading.prediction.label)
    if checks.seen:
        trained = texts.TRAINED_ON
    else:
        trained = texts.NOT_TRAINED_ON if checks.known_films else texts.TRAINED_UNKNOWN
    compared = known.compared(reading.prediction.decision)
    st.info(f"{known.sentence} {compared} {trained}", icon=":material/public:")


def recognised(reading: Reading) -> Recognised | None:
    """The public film that a reading's is, if any: sought once, and kept while the film is open."""
    film = reading.radiograph
    return film_session.remember(Slot.RECOGNISED, film.sha256, lambda: recognise(film))


def show_flags(reading: Reading) -> None:
    """What speaks against the answer: the gravest in one line, the others behind it."""
    flags = flags_of_reading(reading, reading.prediction.label)
    for flag in flags[:1]:
        if flag.unusable:
            st.error(flag.sentence, icon=":material/block:")
        else:
            st.warning(flag.sentence, icon=":material/warning:")
    if flags[1:]:
        with st.expander(texts.MORE_FLAGS.format(count=len(flags) - 1)):
            for flag in flags[1:]:
                st.write(flag.sentence)
