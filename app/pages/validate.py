"""Does it work here? A site's own films measured, and its own operating point kept as a profile."""

from __future__ import annotations

import streamlit as st

from app import session
from app.failures import show_failure
from app.forgetting import release
from app.site_check import show_check, summary
from app.site_films import show_failed, show_films
from app.site_session import REFUSED, UNSAVED, clear, last_check, measure, stop_using, use
from app.texts import validate as texts
from app.uploads import content
from covid_core.errors import CovidCoreError
from covid_core.local_validation.profile import fits, load_profile
from covid_core.local_validation.scores import MAX_BYTES, TEMPLATE, made_up, read_scores
from covid_core.model.decision import SITE
from covid_core.present.sentences import DISCLAIMER


def show() -> None:
    """Shows the page: what the user's own films say of the model."""
    st.write(texts.LEAD)
    show_in_use()
    table, films, earlier = st.tabs([texts.TABLE, texts.FILMS, texts.EARLIER])
    with table:
        show_table()
    with films:
        show_films()
    with earlier:
        show_earlier()
    check = last_check()
    if REFUSED in st.session_state:
        show_failure(texts.REFUSED, st.session_state[REFUSED])
    show_failed()
    if check is not None:
        show_check(check)
    st.caption(f"{texts.PUBLIC} {DISCLAIMER}")


def show_in_use() -> None:
    """Shows which profile films are called by, and the way out of it."""
    own = session.profile()
    if own:
        if session.chosen().point.name == SITE:
            st.success(texts.IN_USE, icon=":material/verified:")
        else:
            st.info(texts.LOADED, icon=":material/info:")
        st.text(summary(own))
        st.button(
            texts.FORGET,
            key="site-forget",
            on_click=stop_using,
            help=texts.FORGET_HELP,
            icon=":material/undo:",
        )
    elif session.outdated_profile():
        st.warning(texts.OUTDATED, icon=":material/sync_problem:")
    if UNSAVED in st.session_state:
        show_failure(texts.UNSAVED, st.session_state[UNSAVED])


def show_table() -> None:
    """Shows the way to give a table of scores."""
    st.write(texts.TABLE_WORDS)
    st.file_uploader(
        texts.TABLE_UPLOAD,
        type=["csv", "json"],
        key="site-table",
        on_change=take_table,
        max_upload_size=MAX_BYTES // 1024**2,
    )
    with st.container(horizontal=True):
        st.download_button(
            texts.TEMPLATE,
            TEMPLATE,
            "scores.csv",
            "text/csv",
            key="site-template",
            on_click="ignore",
            icon=":material/download:",
        )
        st.button(
            texts.MADE_UP, key="site-made-up", on_click=take_made_up, icon=":material/casino:"
        )


def show_earlier() -> None:
    """Shows the way to give a profile that was saved earlier."""
    st.write(texts.EARLIER_WORDS)
    file = st.file_uploader(
        texts.EARLIER_UPLOAD, type=["json"], key="site-profile", max_upload_size=1
    )
    if file is None:
        return
    try:
        earlier = load_profile(content(file))
    except CovidCoreError as error:
        st.error(error.sentence, icon=":material/error:")
        return
    st.text(summary(earlier))
    if fits(earlier, session.card()):
        st.button(texts.USE, key="site-use-earlier", on_click=use, args=(earlier,))
    else:
        st.error(texts.OTHER_WEIGHTS, icon=":material/sync_problem:")


def take_table() -> None:
    """Measures the table that was just given."""
    clear()
    file = st.session_state["site-table"]
    if file is not None:
        measure(lambda: read_scores(content(file), file.name))
        release([file])


def take_made_up() -> None:
    """Measures scores that are made up, to show what the page does."""
    clear()
    measure(made_up, is_made_up=True)


show()
