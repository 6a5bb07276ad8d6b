"""The app: a chest radiograph dropped in, what the model makes of it, and where it looked.

    streamlit run streamlit_app.py

The router alone; `app/` has the pages and their parts, `covid_core/` all science. What a user gives
(file names, DICOM tags) is never rendered as Markdown or HTML: `st.text` and table cells only.
"""

from __future__ import annotations

import streamlit as st
from PIL import Image

from app import session
from app.failures import show_failure
from app.texts import common, read
from covid_core.errors import CovidCoreError, WeightsError
from covid_core.phantom import draw_phantom

PAGES = (
    ("app/pages/read.py", common.READ, ":material/radiology:"),
    ("app/pages/compare.py", common.COMPARE, ":material/compare:"),
    ("app/pages/validate.py", common.VALIDATE, ":material/fact_check:"),
    ("app/pages/model.py", common.MODEL, ":material/neurology:"),
    ("app/pages/about.py", common.ABOUT, ":material/help:"),
)


def main() -> None:
    # A picture of our own: a Material or emoji icon here makes the browser ask a host for it.
    icon = Image.fromarray(draw_phantom(size_px=64))
    st.set_page_config(read.TITLE, icon, layout="wide")
    pages = [
        st.Page(path, title=title, icon=symbol, help=common.PAGE_HELP[title])
        for path, title, symbol in PAGES
    ]
    page = st.navigation(pages, position="top")
    if page is not pages[0]:  # which needs the room for films
        st.title(page.title, anchor=False)
    try:
        session.settings()
        session.predictor()
        session.profile()
    except CovidCoreError as error:
        no_model = isinstance(error, WeightsError)
        show_failure(
            read.NO_MODEL if no_model else common.NOT_READY,
            error.sentence if no_model else str(error),
        )
        return
    page.run()


main()
