"""The wheel: what is in it, and that it runs where there is no clone."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from PIL import Image

from covid_core.model.card import WEIGHTS
from covid_core.read.phantom import draw_phantom
from supply.requirement_files import CORE, PYPROJECT, declared

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree, built without a network by the backend that is installed here."""
    folder = tmp_path_factory.mktemp("dist")
    build = "import sys, hatchling.build; print(hatchling.build.build_wheel(sys.argv[1]), end='')"
    command = [sys.executable, "-c", build, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return folder / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a new environment, with the wheel and this one's packages."""
    folder = tmp_path_factory.mktemp("away") / "venv"
    venv.create(folder, with_pip=False, symlinks=os.name == "posix")
    names = {"base": str(folder), "platbase": str(folder)}
    packages = Path(sysconfig.get_path("purelib", "venv", names))
    (packages / "this-environment.pth").write_text(sysconfig.get_path("purelib") + "\n")
    scripts = Path(sysconfig.get_path("scripts", "venv", names))
    pip = [sys.executable, "-m", "pip", "--python", str(python_in(scripts)), "install", "--no-deps"]
    command = [*pip, "--no-index", "--quiet", "--disable-pip-version-check", str(wheel)]
    subprocess.run(command, check=True, capture_output=True)
    return scripts


def python_in(scripts: Path) -> Path:
    return next(path for path in scripts.iterdir() if path.stem == "python")


def run(installed: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The program, run far from the clone."""
    return subprocess.run(
        [str(installed / "chest-reader"), *arguments],
        cwd=installed.parent,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wheel_holds_the_code_and_what_it_reads_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
    listed = ["git", "ls-files", "covid_core", "app"]
    done = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True)
    tracked = {name for name in done.stdout.splitlines() if (ROOT / name).is_file()}
    expected = {f"chest_reader/{name}" if name.startswith("app/") else name for name in tracked} | {
        f"chest_reader/{name}"
        for name in ("streamlit_app.py", "train.py", "desk.toml", ".streamlit/config.toml")
    }
    assert expected <= names
    others = {name for name in names - expected if ".dist-info/" not in name}
    assert {
        name for name in others if not (ROOT / name.removeprefix("chest_reader/")).is_file()
    } == set()
    assert {name.split("/")[0].split("-")[0] for name in names} == {
        "covid_core",
        "chest_reader",
        "chest_radiograph_reader",
    }
    assert "covid_core/py.typed" in names
    for name in ("LICENSE", "NOTICE", "entry_points.txt"):
        assert any(one.endswith(f"/{name}") for one in names), name


def test_it_asks_for_what_is_declared(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        [name] = [one for one in opened.namelist() if one.endswith("/METADATA")]
        metadata = Parser().parsestr(opened.read(name).decode())
    lists = declared(PYPROJECT.read_text("utf-8"))
    requirements = [Requirement(one) for one in metadata.get_all("Requires-Dist", [])]
    always = {str(one) for one in requirements if one.marker is None}
    assert always == {str(Requirement(one)) for one in lists[CORE]}
    extras = set(metadata.get_all("Provides-Extra", []))
    assert extras == set(lists) - {CORE, "dev"} >= {"desk", "dicom", "train", "cluster"}


def test_the_program_helps_and_reads_a_radiograph(installed: Path, tmp_path: Path) -> None:
    done = run(installed, "--help")
    assert done.returncode == 0 and done.stdout.startswith("Usage: chest-reader ")
    Image.fromarray(draw_phantom(size_px=320)).save(tmp_path / "film.png")
    done = run(installed, "predict", str(tmp_path / "film.png"))
    assert done.returncode == 2, "it brings no weights"
    assert "there is no model here" in done.stderr and "weights --help" in done.stderr
    given = ["--weights", str(WEIGHTS), "--engine", "torch"]
    done = run(installed, "predict", str(tmp_path / "film.png"), *given)
    assert done.returncode == 0, done.stderr
    header, row = done.stdout.splitlines()
    assert '"p_covid"' in header and row.startswith(f'"{tmp_path / "film.png"}"')


def test_the_page_and_train_lie_where_the_program_looks_for_them(installed: Path) -> None:
    assert "--stages" in run(installed, "train", "--help").stdout
    code = (
        "from covid_core.commands.scripts import find_script as f;"
        "print(f('train.py').is_file(), f('streamlit_app.py').parent.name)"
    )
    command = [str(python_in(installed)), "-c", code]
    done = subprocess.run(command, cwd=installed, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "chest_reader"]
