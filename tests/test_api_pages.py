"""The API's pages are made of the docstrings, of every module that is for programmers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from docs import api

ROOT = Path(__file__).parent.parent
SOME = ["covid_core", "covid_core.errors", "covid_core.crop"]


def test_a_page_has_the_public_names_and_what_they_are(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "docs.api", *SOME, "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    front = (tmp_path / "covid_core.html").read_text("utf-8")
    for name in ("CaseReader", "read_case", "RefusedFile"):
        assert f'id="{name}"' in front
    errors = (tmp_path / "covid_core" / "errors.html").read_text("utf-8")
    assert "An outcome that a person must hear about" in errors
    assert "<script src=" not in front + errors, "nothing is fetched from elsewhere"


def test_all_modules_are_listed_but_the_commands() -> None:
    names = api.module_names()
    assert {"covid_core", "covid_core.case.reader", "covid_core.storage"} <= set(names)
    files = {path for path in (ROOT / "covid_core").rglob("*.py") if "commands" not in path.parts}
    assert len(names) == len(files) - 1, "all but __main__"


@pytest.mark.parametrize("name", ["covid_core.commands.predict", "covid_core.__main__"])
def test_what_is_for_people_is_left_to_help(name: str) -> None:
    assert name not in api.module_names()
