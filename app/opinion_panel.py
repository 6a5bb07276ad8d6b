"""A reader's opinion of the open film's answer, kept in the session and exported as labels.

One click agrees, one disagrees, one more says what is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import cast

import streamlit as st

from app.open_film import OpenFilm
from app.texts import opinion as texts
from app.viewer import MOST_BOXES
from covid_core.boxes import Boxes, check_boxes
from covid_core.exports.opinions import (
    CSV_NAME,
    JSON_NAME,
    Opinion,
    Verdict,
    opinion_of,
    opinions_csv,
    opinions_json,
)
from covid_core.model.tiers import Tier
from covid_core.predict.prediction import Prediction

_KEPT, _BOXES = "reader-opinions", "reader-boxes"


def show_opinion(film: OpenFilm) -> None:
    """Shows the controls for the open film's answer, and all opinions to take away."""
    prediction = film.prediction
    tier, kept = prediction.decision.tier, opinion_here(prediction)
    key = f"opinion-{film.sha256[:16]}-{tier.name}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            texts.OPINION,
            list(texts.VERDICTS),
            default=kept and (Verdict.AGREE if kept.verdict is Verdict.AGREE else Verdict.DISAGREE),
            format_func=lambda one: texts.VERDICTS[one],
            key=key,
            on_change=take_verdict,
            args=(prediction, key),
            help=texts.OPINION_HELP,
            width="content",
        )
        if kept:
            show_boxes(film)
        offer_all()
    if kept and kept.verdict is not Verdict.AGREE:
        st.pills(
            texts.RIGHT,
            [one for one in texts.TIERS if one is not tier],
            default=kept.reader_tier,
            format_func=lambda one: one.heading,
            key=f"{key}-right",
            on_change=take_tier,
            args=(prediction, f"{key}-right"),
        )


def opinion_here(prediction: Prediction) -> Opinion | None:
    """The session's opinion of this very answer; None where none was given."""
    kept = opinions().get(prediction.radiograph_sha256)
    same = kept and (kept.tier, kept.weights_sha256) == (
        prediction.decision.tier,
        prediction.weights_sha256,
    )
    return kept if same else None


def opinions() -> dict[str, Opinion]:
    """The session's opinions, by the films' SHA-256; they stay until the page is closed."""
    kept: dict[str, Opinion] = st.session_state.setdefault(_KEPT, {})
    return kept


def take_verdict(prediction: Prediction, key: str) -> None:
    """Keeps what was chosen; an opinion that is taken back is dropped."""
    verdict = st.session_state[key]
    if verdict is None:
        opinions().pop(prediction.radiograph_sha256, None)
    else:
        keep(prediction, prediction.decision.tier if verdict is Verdict.AGREE else None)


def take_tier(prediction: Prediction, key: str) -> None:
    """Keeps what the reader says is right."""
    keep(prediction, st.session_state[key])


def keep(prediction: Prediction, reader_tier: Tier | None) -> None:
    """Keeps an opinion, and the boxes that were drawn on the film."""
    made = datetime.now(UTC).isoformat(timespec="seconds")
    boxes = boxes_of(prediction.radiograph_sha256) or None
    one = opinion_of(prediction, reader_tier, made, boxes)
    opinions()[prediction.radiograph_sha256] = one


def show_boxes(film: OpenFilm) -> None:
    """Shows how many boxes the reader drew in the viewer, or how to draw one."""
    count = len(boxes_of(film.sha256))
    st.caption(texts.BOXES.format(count=count) if count else texts.BOX, width="content")


def boxes_of(sha256: str) -> Boxes:
    """The boxes that the reader drew on a film, by the film's SHA-256."""
    boxes: Boxes = st.session_state.get(_BOXES, {}).get(sha256, ())
    return boxes


def take_boxes(sha256: str, sent: object) -> None:
    """Keeps the boxes that the viewer sent for a film; what are none are left aside."""
    try:
        boxes = check_boxes(cast("Iterable[Sequence[float]]", sent))[:MOST_BOXES]
    except (TypeError, ValueError):
        return
    st.session_state.setdefault(_BOXES, {})[sha256] = boxes
    if kept := opinions().get(sha256):
        opinions()[sha256] = kept.replace(boxes=boxes or None)


def offer_all() -> None:
    """Shows buttons that download all opinions of the session."""
    kept = opinions().values()
    if not kept:
        return
    files = (
        (texts.CSV.format(count=len(kept)), CSV_NAME, opinions_csv(kept)),
        (texts.JSON, JSON_NAME, opinions_json(kept)),
    )
    for label, name, data in files:
        st.download_button(
            label,
            data,
            name,
            key=f"take-{name}",
            on_click="ignore",
            icon=":material/download:",
            help=texts.FILES_HELP,
        )
