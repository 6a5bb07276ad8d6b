"""The page, run without a server or a browser."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

from tests.waits import LONGEST_S

APP = Path(__file__).parent.parent.parent / "streamlit_app.py"


def run_page(script: Path = APP) -> AppTest:
    """A page after its first run."""
    return AppTest.from_file(str(script), default_timeout=LONGEST_S).run()
