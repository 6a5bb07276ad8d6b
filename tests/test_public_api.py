"""The front page: every public name is there, in order, and nothing else."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import covid_core

ROOT = Path(__file__).parent.parent


def test_all_names_exist() -> None:
    assert [name for name in covid_core.__all__ if not hasattr(covid_core, name)] == []


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
    assert server["maxUploadSize"] <= 200
    assert server["disconnectedSessionTTL"] <= 60
    assert server["enableStaticServing"] is False
    assert settings["browser"]["gatherUsageStats"] is False
    assert client["showErrorDetails"] == "none"


def pages() -> dict[str, str]:
    paths = [ROOT / "streamlit_app.py", *(ROOT / "app").rglob("*.py")]
    return {path.name: path.read_text(encoding="utf-8") for path in paths}


def test_nothing_that_a_user_gives_can_become_markup() -> None:
    """No page allows HTML but constants of ours; what is given goes through `st.text` and cells."""
    for name, page in pages().items():
        assert "unsafe_allow_html" not in page, name
        html = re.findall(r"st\.html\((.*)\)", page)
        assert [words for words in html if not re.fullmatch("_[A-Z_]+", words)] == [], name
        said = re.findall(
            r"st\.(?:write|markdown|caption|title|header|subheader|error|warning|info|success)\((.*)",
            page,
        )
        ours = [re.sub(r"(card|point)\.name", "", words) for words in said]
        assert [words for words in ours if re.search(r"\.name\b", words)] == []


def test_nothing_is_cached_by_an_array() -> None:
    """Streamlit hashes large arrays by sampling: films that differ in a patch would share a key."""
    cached = [
        part.split("def ", 1)[1].split(")")[0]
        for page in pages().values()
        for part in page.split("@st.cache_")[1:]
    ]
    assert len(cached) > 3
    assert all(("ndarray" not in part and "Radiograph" not in part) for part in cached)
