"""A site's own films, in folders by what they show, read one by one to scores."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.typing import UploadedFile

from app import session
from app.forgetting import release
from app.held_films import films_in_upload, held_bytes, held_item
from app.passed_over import Listing, show_listings
from app.shared_queue import take_turn
from app.site_session import FAILED, JOB, clear, measure, refuse
from app.texts import common
from app.texts import validate as texts
from app.uploads import BUDGET, content, hold
from covid_core.errors import CovidCoreError, foreseen
from covid_core.findings import Finding
from covid_core.local_validation.scores import (
    MAX_FILMS,
    build_scores,
    finding_by_folder,
    label_by_folder,
)
from covid_core.predict.predictor import Predictor
from covid_core.read.archives import Item, in_folder, members
from covid_core.storage.walk import Note

_REFUSED = "site-refused"  # the session's place for the uploads whose refusal was said


class Scored(NamedTuple):
    """One film: whether it shows COVID-19, its probability, the patient, its class by its folder.

    `probabilities`: of every class, in the order of CLASSES.
    """

    shown: bool
    score: float
    patient: str
    finding: Finding | None
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Failed:
    """What gave no score of what was given: films, of so many in all, by name and reason; files."""

    films: list[tuple[str, str]] = field(default_factory=list)
    total: int = 0
    passed_over: Listing = field(default_factory=Listing)


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """Films on their way to scores by certain weights, known by their SHA-256.

    It holds what is to be read, what came of what was, and which files are not taken for films.
    """

    items: list[Item]
    weights: str
    rows: list[Scored] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    passed_over: Listing = field(default_factory=Listing)

    @property
    def done(self) -> int:
        """How many of the films were read, or could not be."""
        return len(self.rows) + len(self.failed)


def show_films() -> None:
    """The ways to give films, and the reading of those that were given."""
    limit = session.settings().max_upload_mb
    st.write(texts.FILMS_WORDS)
    packed, folder = st.columns(2)
    packed.file_uploader(
        texts.FILMS_UPLOAD, type=["zip"], key="site-zip", on_change=take_zip, max_upload_size=limit
    )
    folder.file_uploader(
        texts.FOLDER_UPLOAD,
        key="site-folder",
        accept_multiple_files="directory",
        on_change=take_folder,
        max_upload_size=limit,
    )
    offer_server_folders()
    st.caption(texts.FILMS_MORE)
    job: Job | None = st.session_state.get(JOB)
    if job is not None:
        read_films(job)


def offer_server_folders() -> None:
    """Those that the deployer allows, if any."""
    folders = list(session.settings().folders)
    if not folders:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            texts.SERVER, folders, index=None, placeholder=texts.SERVER_NONE, key="site-server"
        )
        st.button(
            texts.SERVER_READ,
            key="site-server-read",
            on_click=take_server_folder,
            disabled=name is None,
            icon=":material/folder_open:",
        )


def take_zip() -> None:
    """Begins with the films of the ZIP file that was just given."""
    clear()
    file = st.session_state["site-zip"]
    if file is not None:
        start(lambda note: films_in_zip(file, note))
        release([file])


def films_in_zip(file: UploadedFile, note: Note) -> list[Item]:
    """What a ZIP file holds; `note` takes what is passed over in it. Raises RefusedFile."""
    data = content(file)
    return [held_item(item, data) for item in members(data, file.name, note)]


def take_folder() -> None:
    """Begins with the films of the folder that was just given.

    Those given before are read, and were let go: where one is taken back, what they came to stays.
    """
    files = [file for file in st.session_state["site-folder"] if isinstance(file, UploadedFile)]
    refused = frozenset(file.file_id for file in files if BUDGET.refusal(file.file_id))
    unsaid = refused - st.session_state.get(_REFUSED, frozenset())
    st.session_state[_REFUSED] = refused
    new = [file for file in files if file.size or file.file_id in unsaid]
    if files and not new:
        return
    clear()
    if new:
        start(lambda note: (item for file in new for item in films_in_upload(file, note)))
        release(new)


def take_server_folder() -> None:
    """Begins with the films of the server's folder that was just chosen."""
    clear()
    allowed = session.settings()
    folder = allowed.folders.get(st.session_state["site-server"])
    if folder is not None:  # a browser may send any name
        most = min(allowed.max_server_films, MAX_FILMS)
        start(lambda note: in_folder(folder, note), most, folder.resolve())


def start(
    films: Callable[[Note], Iterable[Item]], most: int = MAX_FILMS, folder: Path | None = None
) -> None:
    """A job of these films, or why there is none: the first of too many would be no fair sample.

    `folder`: the one of the server that they are in, whose own path is not shown.
    """
    passed_over = Listing(folder)
    try:
        items = list(islice(films(passed_over.note), most + 1))
        if not items:
            raise CovidCoreError(texts.NO_FILMS, texts.NO_FILMS_REMEDY)
        if len(items) > most:
            raise CovidCoreError(texts.TOO_MANY.format(most=most), texts.TOO_MANY_REMEDY)
        weights = session.card().sha256
    except CovidCoreError as error:
        refuse(error)
        st.session_state[FAILED] = Failed(passed_over=passed_over)
        return
    hold(JOB, held_bytes(items))
    # In no order: a stop leaves a fair sample of them.
    mixed = random.Random(0).sample(items, len(items))
    st.session_state[JOB] = Job(mixed, weights, passed_over=passed_over)


def read_films(job: Job) -> None:
    """Go on with a job, film by film, each in its turn, until it is done or stopped.

    Raises Busy, where others' films fill the line; the job is kept.
    """
    network = session.predictor()
    if job.weights != network.card.sha256:  # scores of two networks do not go together
        job = Job(job.items, network.card.sha256, passed_over=job.passed_over)
        st.session_state[JOB] = job
    total = len(job.items)
    bar = st.progress(job.done / total, texts.READING.format(done=job.done, total=total))
    st.button(texts.STOP, key="site-stop", on_click=finish, args=(job,), icon=":material/stop:")
    st.caption(texts.STOPPED)
    show_listings([job.passed_over])

    def show_position(position: int) -> None:
        bar.progress(job.done / total, common.WAITING.format(position=position))

    while job.done < total:
        with take_turn(show_position):
            read_next(job, network)
        # A click on Stop takes effect here: what was read is in the job by now.
        bar.progress(job.done / total, texts.READING.format(done=job.done, total=total))
    finish(job)
    st.rerun()


def read_next(job: Job, network: Predictor) -> None:
    """One film more: its score, or why there is none; whatever happens, it counts as done."""
    item = job.items[job.done]
    try:
        with foreseen():
            row = read_one(item, network)
    except CovidCoreError as error:
        job.failed.append((item.name, error.sentence))
    else:
        job.rows.append(row)


def read_one(item: Item, network: Predictor) -> Scored:
    """What a film shows by its folder, and the probabilities it gets. Raises CovidCoreError."""
    known = label_by_folder(item.name)
    if known is None:
        raise CovidCoreError(texts.NO_FOLDER, texts.NO_FOLDER_REMEDY)
    shown, patient = known
    prediction = network.predict(item.radiograph())
    disease = prediction.answers[-1]
    return Scored(
        shown,
        prediction.probability(disease),
        patient or prediction.radiograph_sha256,
        finding_by_folder(item.name),
        tuple(prediction.probabilities.tolist()),
    )


def finish(job: Job) -> None:
    """Measure what was read; the films themselves are let go."""
    clear()
    st.session_state[FAILED] = Failed(job.failed, job.done, job.passed_over)
    rows = job.rows
    measure(
        lambda: build_scores(
            [row.shown for row in rows],
            [row.score for row in rows],
            [row.patient for row in rows],
            job.weights,
            findings=[row.finding for row in rows],
            probabilities=np.array([row.probabilities for row in rows]),
        )
    )


def show_failed() -> None:
    """The films that gave no score, and why; and the files that were not taken for films."""
    found: Failed = st.session_state.get(FAILED, Failed())
    if found.films:
        words = texts.FAILED.format(failed=len(found.films), total=found.total)
        st.warning(words, icon=":material/warning:")
        table = pd.DataFrame(found.films, columns=[texts.FAILED_FILE, texts.FAILED_WHY])
        st.dataframe(table, hide_index=True, alt=texts.FAILED_ALT)
    show_listings([found.passed_over])
