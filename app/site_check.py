"""What a site's check found, its own operating point, and the profile to keep of both."""

from __future__ import annotations

from dataclasses import replace
from math import isnan

import pandas as pd
import streamlit as st

from app import session
from app.charts import show_chart
from app.site_session import Check, use
from app.texts import validate as texts
from covid_core.errors import CovidCoreError
from covid_core.findings import Finding
from covid_core.local_validation.plots import reliability, roc
from covid_core.local_validation.prediction_sets import sets_at_site
from covid_core.local_validation.profile import MAX_NAME, SiteProfile, new_profile, profile_bytes
from covid_core.local_validation.validation import (
    CONFIDENCE,
    RECALL,
    PointHere,
    Validation,
    guaranteed_point,
    measure_point,
    with_calls,
)
from covid_core.metrics import Estimate, opposite
from covid_core.present.point_words import calls_in_words

FEW = 50  # films of a kind, below which a warning is due
HONEST, ROUGH = 0.05, 0.1  # calibration errors, up to which probabilities fit, or nearly
LEAN = 0.03  # how far the mean probability may lie from the prevalence before it is said
RECALLS = tuple(range(80, 100))
CONFIDENCES = (80, 90, 95, 99)


def summary(profile: SiteProfile) -> str:
    """A profile in words; its name is the user's, so that this is shown as plain text only."""
    return texts.SUMMARY.format(
        site=profile.site,
        created=profile.created[:10],
        auroc=format_estimate(profile.auroc),
        films=profile.films,
        threshold=profile.point.threshold,
        recall=profile.recall,
        confidence=profile.confidence,
    )


def show_check(check: Check) -> None:
    """Shows what was measured of the user's films, and their own operating point."""
    found = check.found
    answer = texts.ANSWER_MADE_UP if check.is_made_up else texts.ANSWER
    st.subheader(answer.format(auroc=format_estimate(found.auroc), films=found.films), anchor=False)
    if check.is_made_up:
        st.info(texts.MADE_UP_NOTE, icon=":material/casino:")
    if check.is_of_unknown_weights:
        st.warning(texts.UNKNOWN_WEIGHTS, icon=":material/help:")
    st.write(f"{calibration_in_words(found)} {counts_in_words(found)}")
    show_few(found)
    # The point is chosen further down, and drawn up here.
    plots, points = st.container(), st.container()
    own = show_own(check)
    with plots:
        show_plots(found, own)
    with points:
        show_points(found, own)


def show_few(found: Validation) -> None:
    """Shows a warning where there are too few films of either kind."""
    counts = (found.positives, found.films - found.positives)
    fewest, kind = min(zip(counts, texts.FEW_KINDS, strict=True))
    if fewest < FEW:
        st.warning(texts.FEW.format(fewest=fewest, kind=kind), icon=":material/warning:")


def show_plots(found: Validation, own: PointHere | None) -> None:
    """Shows the ROC curve, and whether probabilities can be taken at their word."""
    left, right = st.columns(2)
    with left:
        st.markdown(f"**{texts.ROC}**")
        show_chart(roc(found, own), key="site-roc", alt=texts.ROC_ALT)
        st.caption(texts.ROC_SEE)
    with right:
        st.markdown(f"**{texts.RELIABILITY}**")
        show_chart(reliability(found), key="site-reliability", alt=texts.RELIABILITY_ALT)
        st.caption(texts.RELIABILITY_SEE)


def show_points(found: Validation, own: PointHere | None) -> None:
    """Shows what each operating point costs at the user's site."""
    st.markdown(f"**{texts.POINTS}**")
    rows = [row_of(here) for here in (*found.points, *([own] if own else []))]
    table = pd.DataFrame(rows, columns=list(texts.POINTS_COLUMNS))
    st.dataframe(table, hide_index=True, alt=texts.POINTS_ALT)
    st.caption(texts.POINTS_SEE.format(prevalence=found.prevalence))


def row_of(here: PointHere) -> tuple[str, ...]:
    """An operating point's row of the table, in words."""
    point = here.point
    figures = (point.sensitivity, point.specificity, here.found_right, here.cleared_right)
    return (point.name.capitalize(), f"{point.threshold:.3f}", *map(format_estimate, figures))


def show_own(check: Check) -> PointHere | None:
    """The site's own operating point, and what may be done with it; None where none qualifies."""
    st.subheader(texts.OWN, anchor=False)
    st.write(texts.OWN_WORDS)
    recall_column, sure = st.columns(2)
    recall = recall_column.select_slider(
        texts.RECALL,
        RECALLS,
        round(RECALL * 100),
        key="site-recall",
        help=texts.RECALL_HELP,
        persist_state="session",
    )
    confidence = sure.segmented_control(
        texts.CONFIDENCE,
        CONFIDENCES,
        default=round(CONFIDENCE * 100),
        required=True,
        key="site-confidence",
        persist_state="session",
        help=texts.CONFIDENCE_HELP,
    )
    promise = {"recall": recall / 100, "confidence": confidence / 100}
    try:
        point = guaranteed_point(check.scores, **promise)
        rules = session.card().rules
        point = replace(point, least=sets_at_site(check.scores, rules))
        point = with_calls(point, check.scores, rules)
    except CovidCoreError as error:
        st.warning(error.sentence, icon=":material/warning:")
        return None
    own = measure_point(point, check.scores)
    st.write(texts.PROMISE.format(threshold=point.threshold, **promise))
    spared = own.point.specificity
    shares = (
        format_estimate(own.point.sensitivity, texts.SHARE),
        format_estimate(opposite(spared) if spared else None, texts.SHARE),
    )
    st.write(texts.COST.format(found=shares[0], alarmed=shares[1]))
    if calls := own.point.calls:
        st.write(texts.ANSWERS.format(calls=calls_in_words(calls, Finding.COVID)))
    st.write(texts.SETS_OWN if point.least else texts.SETS_KEPT)
    if not check.is_made_up:
        show_keeping(check, own, promise)
    return own


def show_keeping(check: Check, own: PointHere, promise: dict[str, float]) -> None:
    """A profile of it all, to use now and to keep."""
    name = st.text_input(
        texts.NAME,
        key="site-name",
        persist_state="session",
        max_chars=MAX_NAME,
        placeholder=texts.NAME_PLACEHOLDER,
    )
    profile = None
    if name.strip():
        try:
            profile = new_profile(name, check.card, check.found, own.point, **promise)
        except CovidCoreError as error:
            st.error(error.sentence, icon=":material/error:")
    with st.container(horizontal=True):
        st.button(
            texts.USE,
            key="site-use",
            on_click=use,
            args=(profile,),
            disabled=profile is None,
            icon=":material/verified:",
        )
        st.download_button(
            texts.DOWNLOAD,
            profile_bytes(profile) if profile else b"",
            "site-profile.json",
            "application/json",
            key="site-download",
            disabled=profile is None,
            on_click="ignore",
            icon=":material/download:",
        )
    lasting = texts.LASTS_FOR_ALL if session.settings().profile.save else texts.LASTS_HERE
    st.caption(f"{texts.DOWNLOAD_NOTE} {lasting}")


def format_estimate(estimate: Estimate | None, template: str = texts.INTERVAL) -> str:
    """A figure with its interval, as text; a dash where there is none."""
    if estimate is None or isnan(estimate.value):
        return texts.NO_FIGURE
    return template.format(value=estimate.value, low=estimate.low, high=estimate.high)


def calibration_in_words(found: Validation) -> str:
    """Whether the probabilities fit the user's films."""
    error = found.reliability.error
    if error <= HONEST:
        return texts.FITS.format(error=error)
    lean = found.expected - found.prevalence
    direction = ""
    if abs(lean) > LEAN:
        said = texts.TOO_HIGH if lean > 0 else texts.TOO_LOW
        direction = said.format(expected=found.expected, prevalence=found.prevalence)
    sentence = texts.ROUGH if error <= ROUGH else texts.MISFITS
    return sentence.format(error=error, direction=direction)


def counts_in_words(found: Validation) -> str:
    """How many films of each kind there are, and of how many patients."""
    counts = {"positives": found.positives, "negatives": found.films - found.positives}
    if found.patients == found.films:
        return texts.COUNTS_ALONE.format(**counts)
    return texts.COUNTS.format(**counts, patients=found.patients)
