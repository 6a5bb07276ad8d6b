"""`page` and `train`: the programs beside the package, found and started as requested."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from covid_core import extras
from covid_core.__main__ import main
from covid_core.commands import page, scripts
from covid_core.model.card import WEIGHTS, WEIGHTS_VARIABLE

ROOT = Path(__file__).parent.parent.parent
Started = list[tuple[list[str], dict[str, str]]]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    """What would have been started: command and environment."""
    found: Started = []
    monkeypatch.setattr(page, "become", lambda *given: found.append(given) or 0)
    return found


def test_the_page_is_started_with_its_port_weights_and_desk(
    started: Started, tmp_path: Path
) -> None:
    desk = tmp_path / "desk.toml"
    desk.touch()
    given = ["--port", "8600", "--weights", str(tmp_path), "--desk", str(desk), "--no-browser"]
    assert main(["page", *given]) == 0
    [(command, environment)] = started
    assert command[:5] == [
        sys.executable, "-m", "streamlit", "run", str(ROOT / "streamlit_app.py"),
    ]  # fmt: skip
    assert command[5:] == ["--server.port", "8600", "--server.headless", "true"]
    assert environment[WEIGHTS_VARIABLE] == str(tmp_path)
    assert environment[page.DESK_VARIABLE] == str(desk)


def test_without_options_it_has_the_project_s_weights_and_desk(started: Started) -> None:
    assert main(["page"]) == 0
    [(_, environment)] = started
    assert environment[WEIGHTS_VARIABLE] == str(WEIGHTS.resolve())
    assert page.DESK_VARIABLE not in environment


def test_a_desk_that_is_not_there_is_said(
    started: Started, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["page", "--desk", str(tmp_path / "desk.toml")]) == 2
    assert "there is no such file" in capsys.readouterr().err
    assert started == []


def test_without_streamlit_what_to_install_is_said(
    started: Started, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    assert main(["page"]) == 2
    said = capsys.readouterr().err
    assert "needs streamlit" in said and '".[desk]"' in said


def test_the_variables_are_what_the_page_and_the_package_go_by(tmp_path: Path) -> None:
    code = (
        "from app.deployment import DESK; from covid_core.model.card import WEIGHTS;"
        "from covid_core.predict.gate import GATE; print(DESK, WEIGHTS, GATE)"
    )
    names = {WEIGHTS_VARIABLE: "there", page.DESK_VARIABLE: "here.toml", "PATH": ""}
    command = [sys.executable, "-c", code]
    around = os.environ | names
    done = subprocess.run(command, cwd=ROOT, env=around, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["here.toml", "there", str(Path("there", "gate"))]


def test_an_installation_without_the_programs_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(scripts, "FOLDERS", (tmp_path,))
    for verb in (["page"], ["train", "--data", str(tmp_path)]):
        assert main(verb) == 2
        assert "is not there. Install chest-radiograph-reader again" in capsys.readouterr().err


def test_train_does_what_train_py_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    places = ["--out", str(tmp_path / "out"), "--run-dir", str(tmp_path / "run")]
    assert main(["train", "--data", str(tmp_path / "empty"), "--init", "random", *places]) == 2
    assert str(tmp_path / "empty") in capsys.readouterr().err
