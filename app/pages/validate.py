"""Does it work here? A site's own films measured, and its own operating point, kept as a profile.

What is given stays in this session's memory: no film, label or score is written to disk.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from app import session
from app.site_check import Check, show_check, summary
from app.texts import validate as texts
from covid_core.collection import Item, members
from covid_core.errors import CovidCoreError
from covid_core.predictor import Predictor
from covid_core.reading import read_radiograph
from covid_core.report import DISCLAIMER
from covid_core.site.profile import fits, load_profile
from covid_core.site.scores import (
    MAX_BYTES,
    TEMPLATE,
    Scores,
    gathered,
    labelled,
    made_up,
    read_scores,
)
from covid_core.site.validation import validate

CHECK, JOB, REFUSED, FAILED = "site-check", "site-job", "site-refused", "site-failed"


@dataclass(slots=True, eq=False)
class Job:
    """Films on their way to scores: what is to be read, and what came of what was."""

    items: list[Item]
    done: int = 0
    rows: list[tuple[bool, float, str]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)


def show() -> None:
    st.write(texts.LEAD)
    show_in_use()
    table, films, earlier = st.tabs([texts.TABLE, texts.FILMS, texts.EARLIER])
    with table:
        show_table()
    with films:
        show_films()
    with earlier:
        show_earlier()
    if REFUSED in st.session_state:
        st.error(texts.REFUSED, icon=":material/error:")
        st.text(st.session_state[REFUSED])
    show_failed()
    if CHECK in st.session_state:
        show_check(st.session_state[CHECK])
    st.caption(DISCLAIMER)


def show_in_use() -> None:
    own = session.profile()
    if own:
        st.success(texts.IN_USE, icon=":material/verified:")
        st.text(summary(own))
    elif session.outdated_profile():
        st.warning(texts.OUTDATED, icon=":material/sync_problem:")


def show_table() -> None:
    st.write(texts.TABLE_WORDS)
    st.file_uploader(
        texts.TABLE_UPLOAD, type=["csv", "parquet"], key="site-table", on_change=take_table,
        max_upload_size=MAX_BYTES // 1024**2,
    )  # fmt: skip
    with st.container(horizontal=True):
        st.download_button(
            texts.TEMPLATE, TEMPLATE, "scores.csv", "text/csv", key="site-template",
            on_click="ignore", icon=":material/download:",
        )  # fmt: skip
        st.button(
            texts.MADE_UP, key="site-made-up", on_click=take_made_up, icon=":material/casino:"
        )


def show_films() -> None:
    limit = st.get_option("server.maxUploadSize")
    st.write(texts.FILMS_WORDS.format(limit=limit))
    st.file_uploader(texts.FILMS_UPLOAD, type=["zip"], key="site-zip", on_change=take_zip)
    job: Job | None = st.session_state.get(JOB)
    if job is not None:
        read_films(job)


def show_earlier() -> None:
    st.write(texts.EARLIER_WORDS)
    file = st.file_uploader(
        texts.EARLIER_UPLOAD, type=["json"], key="site-profile", max_upload_size=1
    )
    if file is None:
        return
    try:
        earlier = load_profile(file.getvalue())
    except CovidCoreError as error:
        st.error(error.sentence, icon=":material/error:")
        return
    st.text(summary(earlier))
    if fits(earlier, session.predictor().card):
        st.button(texts.USE, key="site-use-earlier", on_click=session.use_profile, args=(earlier,))
    else:
        st.error(texts.OTHER_WEIGHTS, icon=":material/sync_problem:")


def take_table() -> None:
    clear()
    file = st.session_state["site-table"]
    if file is not None:
        take(lambda: read_scores(file.getvalue(), file.name))


def take_made_up() -> None:
    clear()
    take(made_up, is_made_up=True)


def take_zip() -> None:
    clear()
    file = st.session_state["site-zip"]
    if file is None:
        return
    try:
        items = list(members(file.getvalue(), file.name))
        if not items:
            raise CovidCoreError(texts.NO_FILMS, texts.NO_FILMS_REMEDY)
        # In no order: a stop leaves a fair sample of them.
        st.session_state[JOB] = Job(random.Random(0).sample(items, len(items)))
    except CovidCoreError as error:
        st.session_state[REFUSED] = error.sentence


def clear() -> None:
    """Forget what was measured, and what is being read."""
    for name in (CHECK, JOB, REFUSED, FAILED):
        st.session_state.pop(name, None)


def take(scores: Callable[[], Scores], *, is_made_up: bool = False) -> None:
    """Measure scores; keep what came of it, or why there are none."""
    try:
        given = scores()
    except CovidCoreError as error:
        st.session_state[REFUSED] = error.sentence
        return
    with st.spinner(texts.MEASURING):
        found = validate(given, session.predictor().card.rules.points)
    st.session_state[CHECK] = Check(given, found, is_made_up)


def read_films(job: Job) -> None:
    """Go on with a job, film by film, until it is done or stopped."""
    total = len(job.items)
    bar = st.progress(job.done / total, texts.READING.format(done=job.done, total=total))
    st.button(texts.STOP, key="site-stop", on_click=finish, args=(job,), icon=":material/stop:")
    st.caption(texts.STOPPED)
    network = session.predictor()
    while job.done < total:
        read_next(job, network)
        # A click on Stop takes effect here: what was read is in the job by now.
        bar.progress(job.done / total, texts.READING.format(done=job.done, total=total))
    finish(job)
    st.rerun()


def read_next(job: Job, network: Predictor) -> None:
    item = job.items[job.done]
    try:
        row = read_one(item, network)
    except CovidCoreError as error:
        job.failed.append((item.name, error.sentence))
    else:
        job.rows.append(row)
    job.done += 1


def read_one(item: Item, network: Predictor) -> tuple[bool, float, str]:
    """Whether it shows COVID-19, the probability it gets, its patient. Raises CovidCoreError."""
    known = labelled(item.name)
    if known is None:
        raise CovidCoreError(texts.NO_FOLDER, texts.NO_FOLDER_REMEDY)
    shown, patient = known
    prediction = network.predict(read_radiograph(item.read()))
    disease = prediction.answers[-1]
    return shown, prediction.probability(disease), patient or prediction.radiograph_sha256


def finish(job: Job) -> None:
    """Measure what was read; the films themselves are let go."""
    clear()
    st.session_state[FAILED] = (job.failed, job.done)
    shown, scores, patients = zip(*job.rows, strict=True) if job.rows else ((), (), ())
    take(lambda: gathered(shown, scores, patients))


def show_failed() -> None:
    failed, total = st.session_state.get(FAILED, ([], 0))
    if failed:
        st.warning(texts.FAILED.format(failed=len(failed), total=total), icon=":material/warning:")
        table = pd.DataFrame(failed, columns=[texts.FAILED_FILE, texts.FAILED_WHY])
        st.dataframe(table, hide_index=True, alt=texts.FAILED_ALT)


show()
