"""Taking a reading away: files, and to an archive.

Exporters are imported where they are asked for: their libraries take seconds to load.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import streamlit as st

from app import session
from app.session import Reading
from app.texts import read as texts
from covid_core.errors import CovidCoreError
from covid_core.findings import Finding
from covid_core.overlay import displayed
from covid_core.predictor import Prediction
from covid_core.result import Result, result_json
from covid_core.study import Study

_LONGEST_PX = 2048


def show_take_away(reading: Reading, prediction: Prediction) -> None:
    """Every export, made when it is asked for."""
    with st.expander(texts.TAKE, icon=":material/download:"):
        finding = st.selectbox(
            texts.TAKE_CLASS, prediction.answers, index=prediction.answers.index(prediction.label),
            format_func=lambda answer: answer.display_name,
            key=f"take-{prediction.radiograph_sha256}",
        )  # fmt: skip
        identity = reading.study is not None and st.toggle(
            texts.TAKE_IDENTITY, key="take-identity", help=texts.TAKE_IDENTITY_HELP
        )
        stem = f"film-{prediction.radiograph_sha256[:8]}"  # the file's name may be a patient's

        def result() -> Result:
            return result_of(reading, prediction, finding)

        def objects() -> tuple[bytes, bytes]:
            return dicom_objects(result(), reading.study, keep_identity=identity)

        with st.container(horizontal=True):
            offer(texts.TAKE_PDF, f"{stem}.pdf", lambda: as_pdf(result()))
            offer(texts.TAKE_PNG, f"{stem}.png", lambda: as_png(result()))
            offer(texts.TAKE_JSON, f"{stem}.json", lambda: as_json(result()))
            offer(texts.TAKE_CAPTURE, f"{stem}-overlay.dcm", lambda: objects()[0])
            offer(texts.TAKE_SR, f"{stem}-report.dcm", lambda: objects()[1])
        st.caption(texts.TAKE_NOTE)
        show_send(objects)


def offer(label: str, name: str, make: Callable[[], bytes]) -> None:
    st.download_button(
        label, make, name, key=f"take-{label}", on_click="ignore", icon=":material/download:"
    )


def show_send(objects: Callable[[], tuple[bytes, bytes]]) -> None:
    """A button for the archive, where the deployer has named one."""
    archive, name = session.archive(), session.settings().archive_name
    if archive is None or not st.button(texts.SEND.format(archive=name)):
        return
    from covid_core.exports.dicomweb import send

    try:
        with st.spinner(texts.MAKING):
            send(archive, objects())
    except CovidCoreError as error:
        st.error(texts.NOT_SENT, icon=":material/error:")
        st.text(error.sentence)
    else:
        st.success(texts.SENT.format(archive=name))


def result_of(reading: Reading, prediction: Prediction, finding: Finding) -> Result:
    """All that an export needs; made anew each time, so that its time is that of the export."""
    return Result(
        prediction=prediction,
        saliency=session.predictor().explain(prediction, finding),
        film=displayed(reading.film.pixels(), _LONGEST_PX),
        lungs=reading.lungs,
        prevalence=session.chosen().prevalence,
        made=datetime.now(UTC).replace(microsecond=0),
    )


def dicom_objects(
    result: Result, study: Study | None, *, keep_identity: bool
) -> tuple[bytes, bytes]:
    """The overlay as Secondary Capture, and the report that refers to it."""
    from covid_core.exports.secondary_capture import secondary_capture
    from covid_core.exports.structured_report import structured_report

    capture = secondary_capture(result, study, keep_identity=keep_identity)
    return capture, structured_report(result, study, capture, keep_identity=keep_identity)


def as_pdf(result: Result) -> bytes:
    from covid_core.exports.pdf import report_pdf

    return report_pdf(result)


def as_png(result: Result) -> bytes:
    from covid_core.exports.pictures import overlay_png

    return overlay_png(result)


def as_json(result: Result) -> bytes:
    return json.dumps(result_json(result), indent=2, ensure_ascii=False).encode()
