"""The front page: every public name is there, in order, and nothing else."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import covid_core

ROOT = Path(__file__).parent.parent


def test_all_names_exist_and_are_sorted() -> None:
    names = covid_core.__all__
    assert names == sorted(names)
    assert all(hasattr(covid_core, name) for name in names)


def test_top_of_the_tree_is_as_promised() -> None:
    promised = (
        "streamlit_app.py",
        "covid_core",
        "weights",
        "train.py",
        "requirements.txt",
        "tests",
    )
    assert [name for name in promised if not (ROOT / name).exists()] == []


def test_page_settings_keep_films_here() -> None:
    settings = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())
    server, client = settings["server"], settings["client"]
    assert server["address"] == "127.0.0.1"
    assert server["enableXsrfProtection"] is True
    assert server["maxUploadSize"] == 64
    assert server["disconnectedSessionTTL"] <= 60
    assert server["enableStaticServing"] is False
    assert settings["browser"]["gatherUsageStats"] is False
    assert client["showErrorDetails"] == "none"


def test_file_names_reach_the_page_only_as_plain_text() -> None:
    """The page never asks for a dropped file's name, and never allows HTML."""
    page = (ROOT / "streamlit_app.py").read_text()
    assert ".name" not in page.replace("card.name", "").replace("display_name", "")
    assert "unsafe_allow_html" not in page
    assert re.findall(r"st\.html\((.*)\)", page) == [
        'f"<style>.stMainBlockContainer {{padding-top: {TOP_MARGIN}}}</style>"'
    ]


def test_nothing_is_cached_by_an_array() -> None:
    """Streamlit hashes large arrays by sampling: films that differ in a patch would share a key."""
    page = (ROOT / "streamlit_app.py").read_text()
    cached = [part.split("def ", 1)[1].split(")")[0] for part in page.split("@st.cache_")[1:]]
    assert cached
    assert all(("ndarray" not in part and "Radiograph" not in part) for part in cached)
