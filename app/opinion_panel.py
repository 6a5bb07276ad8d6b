"""A reader's opinion of the open film's answer, kept in the session and exported as labels.

One click agrees, one disagrees, one more says what is right.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

import streamlit as st

from app.open_film import OpenFilm
from app.texts import opinion as texts
from covid_core.boxes import Box
from covid_core.exports.opinions import (
    FILE_NAME,
    Opinion,
    Verdict,
    opinion_of,
    opinions_csv,
    opinions_json,
)
from covid_core.model.tiers import Tier
from covid_core.predict.predictor import Prediction
from covid_core.present.overlay import displayed, outlined, png

_KEPT = "reader-opinions"
_PREVIEW_PX = 320


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
            show_box(film, kept)
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
    before = opinion_here(prediction)
    made = datetime.now(UTC).isoformat(timespec="seconds")
    boxes = before.boxes if before else None
    one = opinion_of(prediction, reader_tier, made, boxes)
    opinions()[prediction.radiograph_sha256] = one


def show_box(film: OpenFilm, kept: Opinion) -> None:
    """Shows the way to box an opacity: two sliders over a small picture of the film."""
    key = f"box-{film.sha256[:16]}"
    with st.popover(texts.BOX, icon=":material/select:"):
        across = st.slider(texts.ACROSS, 0, 100, (20, 45), key=f"{key}-across")
        down = st.slider(texts.DOWN, 0, 100, (40, 70), key=f"{key}-down")
        box = (across[0] / 100, down[0] / 100, across[1] / 100, down[1] / 100)
        drawn = kept.boxes or ()
        picture = displayed(film.reading.radiograph.film, _PREVIEW_PX)
        is_box = box[0] < box[2] and box[1] < box[3]
        shown = outlined(picture, (*drawn, box) if is_box else drawn)
        st.image(png(shown), output_format="PNG", alt=texts.BOX_ALT)
        with st.container(horizontal=True):
            put = (kept, (*drawn, box))
            st.button(
                texts.ADD, key=f"{key}-add", on_click=put_boxes, args=put, disabled=not is_box
            )
            if drawn:
                st.button(texts.REMOVE, key=f"{key}-none", on_click=put_boxes, args=(kept, ()))
                st.caption(texts.BOXES.format(count=len(drawn)))


def put_boxes(kept: Opinion, boxes: Collection[Box]) -> None:
    """Keeps an opinion with these boxes, with none where there are none."""
    opinions()[kept.film_sha256] = kept.replace(boxes=tuple(boxes) or None)


def offer_all() -> None:
    """Shows buttons that download all opinions of the session."""
    kept = opinions().values()
    if not kept:
        return
    files = (
        (texts.CSV.format(count=len(kept)), FILE_NAME, opinions_csv(kept)),
        (texts.JSON, "opinions.json", opinions_json(kept)),
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
