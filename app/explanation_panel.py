"""Why the model gave its answer: scores, what they rest on, and every check.

Behind a click, for together with the heat all of it slows reading; what it takes is done at the
click, in a run of its own that leaves the rest of the page as it is.
"""

from __future__ import annotations

import numpy as np
import streamlit as st

from app import film_session, session
from app.charts import show_chart
from app.meter_plot import meter_bars
from app.texts import checks as words
from app.texts import read as texts
from covid_core.case.case_reading import Reading
from covid_core.explain.checks import NO_METER, NO_ZONES, Checks, seen_in_words
from covid_core.explain.lung_zones import ATTENTION_NOTE
from covid_core.explain.map_tests import MapCheck
from covid_core.findings import APPEARANCES, Finding, listed_in_words, shown_probability
from covid_core.model.decision import SITE_FILMS
from covid_core.model.tiers import in_sentence
from covid_core.model_card.audit_words import shortcuts_in_words, zones_worth_in_words
from covid_core.predict.prediction import Prediction
from covid_core.present import plots
from covid_core.present.heat_words import no_heat_in_words
from covid_core.present.point_words import elsewhere_in_words, point_in_words
from covid_core.present.sentences import checks_in_words, in_percent
from covid_core.sources import title_of


@st.fragment
def show_explanation() -> None:
    """Shows, on request, what the open film's answer rests on and every check."""
    film = film_session.current()
    if film is None:
        return
    key = f"why-{film.sha256}"
    box = st.expander(texts.WHY, icon=":material/help:", key=key, on_change="rerun")
    if not box.open:
        return
    reading, prediction = film.reading, film.prediction
    checks = reading.checks(prediction.label)
    with box:
        scores, meter = st.columns(2, gap="large")
        with scores:
            if prediction.decision.usable:
                show_scores(prediction)
            else:
                st.write(prediction.decision.sentence)
        with meter:
            show_meter(checks, prediction)
        show_maps(reading)
        worth, known = st.columns(2, gap="large")
        with worth:
            show_point(prediction)
        with known:
            show_known(checks, prediction)


def show_scores(prediction: Prediction) -> None:
    """Shows the calibrated probabilities, what they do not rule out, and the RSNA category."""
    st.markdown(f"**{prediction.score_name}**")
    threshold = prediction.decision.point.threshold
    bars = plots.probability_bars(prediction.probabilities, threshold)
    show_chart(bars, key="probabilities", alt=texts.CHART_ALT)
    st.caption(set_in_words(prediction))
    if prediction.appearances is not None:
        show_categories(prediction.appearances)


def show_categories(shares: np.ndarray) -> None:
    """The network's share for each RSNA category, and what the categories mean."""
    table = [
        dict(zip(texts.CATEGORY_COLUMNS, (one.display_name, in_percent(share)), strict=True))
        for one, share in zip(APPEARANCES, shares.tolist(), strict=True)
    ]
    st.table(table, hide_index=True, border="horizontal", alt=texts.CATEGORY_ALT)
    for one in APPEARANCES:
        st.caption(f"{one.display_name}: {one.definition}.")


def show_meter(checks: Checks, prediction: Prediction) -> None:
    """One score three times: of the whole film, of its lungs alone, and without them."""
    st.markdown(f"**{words.METER}**")
    meter = checks.meter
    if meter is None:
        st.write(NO_METER)
        return
    threshold = prediction.decision.point.threshold
    alt = words.METER_ALT.format(
        name=in_sentence(meter.finding),
        whole=shown_probability(meter.whole),
        lungs_only=shown_probability(meter.lungs_only),
        lungs_removed=shown_probability(meter.lungs_removed),
        threshold=threshold,
    )
    show_chart(meter_bars(meter, threshold), key="meter", alt=alt)
    st.write(meter.sentence)
    st.caption(words.METER_WORDS)


def show_maps(reading: Reading) -> None:
    """Shows whether each map of a likely class may be shown, and where it lies.

    The likeliest class first.
    """
    if not reading.due:
        st.caption(no_heat_in_words(reading.prediction.decision) or words.NO_MAP)
    for finding in reading.due:
        checks = reading.map_checks[finding]
        tests, zones = st.columns([3, 2], gap="large")
        with tests:
            show_tests(checks.map_check)
        with zones:
            if checks.map_check.passed:
                show_zones(checks.zones, finding)


def show_tests(check: MapCheck) -> None:
    """Each test in a row, marked by a word and a sign."""
    name = in_sentence(check.finding)
    st.markdown(f"**{words.TESTS.format(name=name)}**")
    rows = [
        (test.title.capitalize(), words.PASSED if test.passed else words.FAILED, test.sentence)
        for test in check.tests
    ]
    table = [dict(zip(words.TESTS_COLUMNS, row, strict=True)) for row in rows]
    st.table(table, hide_index=True, border="horizontal", alt=words.TESTS_ALT.format(name=name))
    if not check.passed:
        st.caption(check.sentence)


def show_zones(zones: tuple[float, ...] | None, finding: Finding) -> None:
    """Six shares, arranged as on the film."""
    name = in_sentence(finding)
    st.markdown(f"**{words.ZONES.format(name=name)}**")
    if zones is None:
        st.write(NO_ZONES)
        return
    right, left = zones[:3], zones[3:]
    table = [
        dict(zip(words.ZONES_COLUMNS, (level, f"{one:.0%}", f"{other:.0%}"), strict=True))
        for level, one, other in zip(words.ZONES_LEVELS, right, left, strict=True)
    ]
    st.table(table, hide_index=True, border="horizontal", alt=words.ZONES_ALT.format(name=name))
    st.caption(words.ZONES_NOTE.format(note=ATTENTION_NOTE))
    worth = zones_worth_in_words(session.audit())
    if worth and finding is Finding.COVID:  # measured of its maps alone
        st.caption(worth)


def show_point(prediction: Prediction) -> None:
    """Shows what the operating point costs, at home and away."""
    decision, disease = prediction.decision, prediction.answers[-1]
    st.markdown(f"**{texts.WHY_POINT}**")
    st.write(point_in_words(decision.point, disease))
    away = elsewhere_in_words(session.card(), decision, disease, session.chosen().prevalence)
    if away:
        st.markdown(f"**{away}**")


def show_known(checks: Checks, prediction: Prediction) -> None:
    """What is known of this film, and of the model."""
    st.markdown(f"**{texts.WHY_GATE}**")
    st.write(checks_in_words(prediction))
    st.markdown(f"**{words.SEEN}**")
    st.text(seen_in_words(checks))  # it names a file
    st.markdown(f"**{texts.WHY_SHORTCUTS}**")
    st.write(shortcuts_in_words(session.audit(), session.card()))
    st.page_link("app/pages/about.py", label=texts.WHY_MORE)


def set_in_words(prediction: Prediction) -> str:
    """The prediction set, for someone who does not know the term."""
    card = session.card()
    coverage, fitted_on = card.rules.coverage, sorted(card.films.get("validation", {}))
    if prediction.decision.point.least is not None:
        fitted_on = [SITE_FILMS]  # as a site's own sets were
    names = ", ".join(map(in_sentence, prediction.decision.candidates))
    sentences = [texts.SET.format(names=names) if names else texts.SET_NONE]
    if coverage and fitted_on:
        sources = listed_in_words([title_of(source) for source in fitted_on])
        sentences.append(texts.COVERAGE.format(share=round(coverage * 100), sources=sources))
    return " ".join(sentences)
