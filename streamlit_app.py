"""The app: a chest radiograph dropped in, what the model makes of it, and where it looked.

    streamlit run streamlit_app.py

The router alone; `app/` has the pages and their parts, `covid_core/` all science. What a user gives
(file names, DICOM tags) is never rendered as Markdown or HTML: `st.text` and table cells only.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Route
from streamlit import runtime

from app import film_session, forgetting, preloading, session
from app.drop_anywhere import take_drops
from app.failures import show_busy, show_failure
from app.queue import Busy
from app.server import HEALTH, Guard, tell_health
from app.texts import common, read
from app.uploads import UploadLimits
from covid_core.errors import CovidCoreError, WeightsError

ICON = Path(__file__).parent / "app" / "icon.png"
PAGES = (
    ("app/pages/read.py", common.READ, ":material/radiology:"),
    ("app/pages/compare.py", common.COMPARE, ":material/compare:"),
    ("app/pages/validate.py", common.VALIDATE, ":material/fact_check:"),
    ("app/pages/model.py", common.MODEL, ":material/neurology:"),
    ("app/pages/about.py", common.ABOUT, ":material/help:"),
)


def main() -> None:
    """Shows the page that the address names, behind what every page needs."""
    forgetting.begin()
    # A picture of our own: a Material or emoji icon here makes the browser ask a host for it.
    st.set_page_config(read.TITLE, ICON, layout="wide")
    pages = [
        st.Page(path, title=title, icon=symbol, help=common.PAGE_HELP[title])
        for path, title, symbol in PAGES
    ]
    page = st.navigation(pages, position="top")
    notice = st.container()
    if page is not pages[0]:  # which needs the room for films
        st.title(page.title, anchor=False)
    try:
        session.settings()
        session.card()
        film_session.forget_of_older_card()
        session.profile()
    except CovidCoreError as error:
        show_not_ready(error)
        return
    try:
        page.run()
    except Busy as error:
        show_busy(error)
    except CovidCoreError as error:  # such as damaged tensors, which only a reading opens
        show_not_ready(error)
    take_drops()
    try:
        preloading.load_ahead()
    except CovidCoreError as error:
        with notice:
            show_not_ready(error)


def show_not_ready(error: CovidCoreError) -> None:
    """Shows why no film can be read here."""
    no_model = isinstance(error, WeightsError)
    show_failure(
        read.NO_MODEL if no_model else common.NOT_READY,
        error.sentence if no_model else str(error),
    )


if runtime.exists():  # the server is there, and runs this file for a page
    main()
else:  # `streamlit run` looks here for what to serve
    app = st.App(
        __file__,
        routes=[Route(HEALTH, tell_health)],
        middleware=[Middleware(Guard), Middleware(UploadLimits)],
    )
