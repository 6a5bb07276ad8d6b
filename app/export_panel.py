"""The exports of a reading: as files, and sent to an archive.

Exporters are imported where they are needed: their libraries take seconds to load.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from app import film_session, session
from app.failures import show_failure
from app.film_session import Slot
from app.open_film import OpenFilm
from app.opinion_panel import opinion_here
from app.shared_queue import take_turn
from app.texts import read as texts
from covid_core.errors import CovidCoreError
from covid_core.exports.opinions import Opinion
from covid_core.exports.request import ExportRequest, result_of
from covid_core.findings import Finding
from covid_core.read.patient_tags import Study


@dataclass(frozen=True, slots=True, eq=False)
class Files:
    """The files that are exported of one film, made together.

    `stem`: of the files' names, which identifies the film and names nobody. `opacity`: None by
    weights without an opacity map.
    """

    stem: str
    pdf: bytes
    png: bytes
    json: bytes
    capture: bytes
    report: bytes
    bundle: bytes
    opacity: bytes | None = None


@st.fragment
def show_exports() -> None:
    """Shows every export of the open film, made on request; those of one film are kept."""
    film = film_session.current()
    if film is None or film.is_phantom:
        return
    prediction = film.prediction
    key = f"export-{film.sha256}"
    box = st.expander(texts.EXPORT, icon=":material/download:", key=key, on_change="rerun")
    if not box.open:
        return
    with box:
        finding = st.selectbox(
            texts.EXPORT_CLASS,
            prediction.answers,
            index=prediction.answers.index(prediction.label),
            format_func=lambda answer: answer.display_name,
            key=f"export-class-{film.sha256}",
        )
        # Without the study's own UID no archive would file them with it.
        is_known = film.study is not None and bool(film.study.study_uid)
        identity = is_known and st.toggle(
            texts.EXPORT_IDENTITY, key="export-identity", help=texts.EXPORT_IDENTITY_HELP
        )
        try:
            files = files_of(film, finding, identity=identity)
        except CovidCoreError as error:
            show_failure(texts.NOT_MADE, error.sentence)
            return
        with st.container(horizontal=True):
            offer(texts.EXPORT_PDF, f"{files.stem}.pdf", files.pdf)
            if files.opacity:
                offer(texts.EXPORT_OPACITY, f"{files.stem}-opacity.png", files.opacity)
            offer(texts.EXPORT_PNG, f"{files.stem}.png", files.png)
            offer(texts.EXPORT_JSON, f"{files.stem}.json", files.json)
            offer(texts.EXPORT_CAPTURE, f"{files.stem}-overlay.dcm", files.capture)
            offer(texts.EXPORT_SR, f"{files.stem}-report.dcm", files.report)
            offer(texts.EXPORT_BUNDLE, f"{files.stem}-case.zip", files.bundle)
        st.write(texts.EXPORT_BUNDLE_NOTE)
        st.caption(texts.EXPORT_NOTE)
        show_burned_in(film.study)
        show_send(files, identity=identity)


def show_burned_in(study: Study | None) -> None:
    """What no export takes away: words that are part of the picture."""
    if study and study.burned_in == "YES":
        st.warning(texts.BURNED_IN, icon=":material/warning:")
    else:
        st.caption(texts.NOT_SOUGHT)


def offer(label: str, name: str, data: bytes) -> None:
    """Shows a button that downloads a file."""
    st.download_button(
        label, data, name, key=f"export-{label}", on_click="ignore", icon=":material/download:"
    )


def show_send(files: Files, *, identity: bool) -> None:
    """A button for the archive, where the deployer has named one."""
    access = session.settings().archive
    if access is None:
        return
    st.caption(texts.SEND_OWN if identity else texts.SEND_NOBODY)
    if not st.button(texts.SEND.format(archive=access.title), key="send"):
        return
    from covid_core.exports.dicomweb import send

    try:
        with st.spinner(texts.SENDING):
            send(access.connect(), [files.capture, files.report])
    except CovidCoreError as error:
        show_failure(texts.NOT_SENT, error.sentence)
    else:
        st.success(texts.SENT.format(archive=access.title), icon=":material/check:")


def files_of(film: OpenFilm, finding: Finding, *, identity: bool) -> Files:
    """The files as the controls stand.

    Made whole before they are offered: Streamlit forgets a file that is made at the click when the
    page runs in between.
    """
    chosen, prediction = session.chosen(), film.prediction
    opinion = opinion_here(prediction)
    wanted = (film.sha256, prediction.weights_sha256, finding, chosen, identity, opinion)

    def make() -> Files:
        now = datetime.now().astimezone().replace(microsecond=0)
        request = ExportRequest(prediction.decision.point, finding, chosen.prevalence, now)
        with st.spinner(texts.MAKING):
            checked = film_session.check(film, finding)
            with take_turn():
                return new_files(checked, request, opinion, identity=identity)

    return film_session.remember(Slot.FILES, wanted, make)


def new_files(
    film: OpenFilm, request: ExportRequest, opinion: Opinion | None, *, identity: bool
) -> Files:
    """All files of one reading. What is offered by itself is what lies in the bundle."""
    from covid_core.exports.bundle import (
        OPACITY,
        OVERLAY,
        REPORT,
        RESULT,
        make_bundle,
        unpacked,
    )
    from covid_core.exports.secondary_capture import secondary_capture
    from covid_core.exports.structured_report import structured_report

    reader, reading, study = session.reader(), film.reading, film.study
    result = result_of(reader, reading, request)
    capture = secondary_capture(result, study, keep_identity=identity)
    bundle = make_bundle(reader, reading.radiograph, result)
    members = unpacked(bundle)
    return Files(
        stem=result.name,
        pdf=members[REPORT],
        png=members[OVERLAY],
        json=members[RESULT],
        capture=capture,
        report=structured_report(result, study, capture, keep_identity=identity, opinion=opinion),
        bundle=bundle,
        opacity=members.get(OPACITY),
    )
