"""The page: a radiograph dropped in, what the model makes of it, and where it looked.

    streamlit run streamlit_app.py

It shows; all science is in covid_core. File names and DICOM tags are never rendered as Markdown:
`st.text` only.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from covid_core import figures
from covid_core.decision import BALANCED
from covid_core.errors import Abstained, CovidCoreError, WeightsError
from covid_core.findings import CLASSES, Finding
from covid_core.lungs import Lungs
from covid_core.overlay import displayed, png
from covid_core.phantom import KINDS, draw_phantom
from covid_core.predictor import Prediction, Predictor
from covid_core.radiograph import Radiograph, View
from covid_core.reading import read_radiograph
from covid_core.report import (
    DISCLAIMER,
    heat_in_words,
    point_in_words,
    shortcuts_in_words,
    values_in_words,
)
from covid_core.weights import WEIGHTS, read_audit, read_card

LONGEST_PX = 2048  # more is not seen on a screen, and slow to send
TOP_MARGIN = "2.5rem"  # Streamlit leaves 6, and pushes the films off a laptop's screen
READINGS_KEPT = 4  # in one session, so that going back to a film is instant


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One film as the page holds it: what was predicted, and the film as it is drawn.

    `lungs`: where they are, bool (128, 128) over the film.
    """

    prediction: Prediction
    source: str
    height: int
    width: int
    lungs: np.ndarray
    described: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the sidebar's controls say. `prevalence`: 0 to 1."""

    finding: Finding
    opacity: float
    outlined: bool
    point: str
    prevalence: float


def main() -> None:
    # A picture of our own: a Material or emoji icon here makes the browser ask a host for it.
    icon = Image.fromarray(draw_phantom(size_px=64))
    st.set_page_config("Chest radiograph reader", icon, layout="wide")
    show_header()
    try:
        predictor = load_predictor(read_card(WEIGHTS).sha256)
    except WeightsError as error:
        st.error("There is no model to read films with.", icon=":material/error:")
        st.text(error.sentence)
        return
    data = choose_film()
    if data is None:
        show_sidebar(predictor, None)
        show_empty_state()
        return
    try:
        with st.spinner("Reading the film…"):
            reading = read(data, predictor)
    except CovidCoreError as error:
        show_sidebar(predictor, None)
        judged = "The model gives no answer." if isinstance(error, Abstained) else ""
        st.error(judged or "This file got no reading.", icon=":material/error:")
        st.text(error.sentence)
        return
    chosen = show_sidebar(predictor, reading.prediction)
    prediction = predictor.decide(reading.prediction, chosen.point)
    words, chart = st.columns([5, 4], vertical_alignment="center")
    with words:
        show_decision(prediction, reading.described)
    with chart:
        show_probabilities(prediction, chosen.prevalence)
    show_film(predictor, reading, chosen)


@st.cache_resource(max_entries=1, show_spinner="Loading the model…")
def load_predictor(weights_sha256: str) -> Predictor:
    """One network for all sessions; new weights make a new one."""
    return Predictor.load(WEIGHTS)


@st.cache_data(max_entries=1, show_spinner=False)
def load_audit(weights_sha256: str) -> dict[str, Any] | None:
    return read_audit(WEIGHTS, read_card(WEIGHTS))


@st.cache_resource(max_entries=1, show_spinner=False)
def load_lungs() -> Lungs:
    return Lungs.load()


def read(data: bytes, predictor: Predictor) -> Reading:
    """The reading of a file's bytes, kept in the session by the file's and the weights' SHA-256."""
    kept: OrderedDict[tuple[str, str], Reading] = st.session_state.setdefault(
        "readings", OrderedDict()
    )
    key = (hashlib.sha256(data).hexdigest(), predictor.card.sha256)
    if key not in kept:
        kept[key] = new_reading(read_radiograph(data), predictor)
    kept.move_to_end(key)
    while len(kept) > READINGS_KEPT:
        kept.popitem(last=False)
    return kept[key]


def new_reading(radiograph: Radiograph, predictor: Predictor) -> Reading:
    film = displayed(radiograph.pixels, LONGEST_PX)
    return Reading(
        prediction=predictor.predict(radiograph),
        source=figures.film_source(film),
        height=film.shape[0],
        width=film.shape[1],
        lungs=load_lungs().inside(radiograph.pixels),
        described=describe(radiograph),
    )


def describe(radiograph: Radiograph) -> str:
    """The film in a few words, none of them from its name or its patient's tags."""
    size = f"{radiograph.width_px} x {radiograph.height_px} px"
    view = "" if radiograph.view is View.UNKNOWN else f", {radiograph.view} view"
    return f"{radiograph.source_format}, {size}{view}"


def show_header() -> None:
    """The title; what to do only until it is done, so that the films stand higher on the page."""
    st.html(f"<style>.stMainBlockContainer {{padding-top: {TOP_MARGIN}}}</style>")
    st.subheader("Chest radiograph reader", anchor=False)
    if not (st.session_state.get("film") or st.session_state.get("phantom")):
        st.caption(
            "Drop one frontal chest X-ray to see whether the model finds it normal, COVID-19 or"
            f" another pneumonia, and where in the film that comes from. **{DISCLAIMER}**"
        )


def choose_film() -> bytes | None:
    """The bytes of the dropped file, or of a phantom asked for; None where there is neither."""
    uploaded = st.file_uploader(
        "Chest radiograph: PNG, JPEG, TIFF, WebP or DICOM",
        key="film",
        on_change=lambda: st.session_state.pop("phantom", None),
        help="The file stays on the machine that runs this page. DICOM may have any file name.",
    )
    if uploaded is not None:
        return uploaded.getvalue()
    kind = st.session_state.get("phantom")
    return png(draw_phantom(kind)) if kind in KINDS else None


def show_empty_state() -> None:
    st.write("No film at hand? Read a synthetic phantom, drawn by this program:")
    for kind, column in zip(KINDS, st.columns(len(KINDS)), strict=True):
        with column:
            st.image(phantom_thumbnail(kind), width="stretch", alt=f"Synthetic phantom, {kind}")
            st.button(
                f"Phantom: {kind}",
                key=f"phantom-{kind}",
                on_click=st.session_state.update,
                args=({"phantom": kind},),
            )


@st.cache_data(max_entries=len(KINDS), show_spinner=False)
def phantom_thumbnail(kind: str) -> bytes:
    return png(draw_phantom(kind, size_px=440))


def show_sidebar(predictor: Predictor, prediction: Prediction | None) -> Chosen:
    """All controls, and the model's name."""
    rules = predictor.card.rules
    with st.sidebar:
        st.subheader("Decision", anchor=False)
        point = st.radio(
            "Operating point",
            rules.point_names,
            index=rules.point_names.index(BALANCED),
            format_func=str.capitalize,
            key="point",
            help="Rule-out misses few with COVID-19; rule-in calls few wrongly.",
        )
        st.caption(point_in_words(rules.point(point), CLASSES[-1]))
        prevalence = st.number_input(
            "COVID-19 among your films, %", 0.0, 100.0, 10.0, 1.0, key="prevalence"
        )
        st.subheader("Grad-CAM", anchor=False)
        most_likely = prediction.label if prediction else CLASSES[-1]
        finding = st.radio(
            "Evidence for",
            CLASSES,
            index=CLASSES.index(most_likely),
            format_func=lambda choice: choice.display_name,
            key=f"finding-{prediction.radiograph_sha256 if prediction else ''}",
            disabled=prediction is None,
        )
        opacity = st.slider(
            "Opacity", 0.0, 1.0, 0.5, 0.05, key="opacity", disabled=prediction is None
        )
        outlined = st.toggle("Lung outline", value=True, key="outline")
        st.caption(
            "The colours show how much each part of the film adds to the chosen class's score, on"
            " one scale for all films. Not a lesion outline."
        )
        st.divider()
        st.markdown("**Model**")
        st.text(predictor.card.name)
        st.caption(shortcuts_in_words(load_audit(predictor.card.sha256)))
        st.caption(DISCLAIMER)
    return Chosen(finding, opacity, outlined, point, prevalence / 100)


def show_decision(prediction: Prediction, described: str) -> None:
    decision = prediction.decision
    if st.session_state.get("phantom"):
        st.markdown("*A synthetic phantom: what the model says of it means nothing.*")
    st.subheader(
        decision.finding.display_name if decision.finding else "Indeterminate", anchor=False
    )
    st.write(decision.sentence)
    for remark in prediction.remarks:
        st.warning(remark.sentence, icon=":material/warning:")
    for note in prediction.notes:
        st.text(f"Note: {note}.")
    st.caption(f"{described}. {DISCLAIMER}")


def show_film(predictor: Predictor, reading: Reading, chosen: Chosen) -> None:
    saliency = predictor.explain(reading.prediction, chosen.finding)
    words, doubtful = heat_in_words(
        saliency.share_inside(reading.lungs), float(reading.lungs.mean())
    )
    figure = figures.side_by_side(
        reading.source, reading.height, reading.width, saliency, chosen.opacity,
        reading.lungs if chosen.outlined else None,
    )  # fmt: skip
    st.plotly_chart(
        figure,
        key="films",
        width="stretch",
        config={"scrollZoom": True, "displaylogo": False},
        alt=f"The radiograph, and beside it the same film under the evidence for"
        f" {chosen.finding.display_name}",
    )
    (st.warning if doubtful else st.caption)(words)


def show_probabilities(prediction: Prediction, prevalence: float) -> None:
    st.plotly_chart(
        figures.probability_bars(prediction.probabilities),
        key="probabilities",
        width="stretch",
        config={"displayModeBar": False},
        alt="Probability of each class",
    )
    worth = values_in_words(prediction.decision.point, prediction.answers[-1], prevalence)
    if worth:
        st.caption(worth)


main()
