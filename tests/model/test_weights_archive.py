"""Weights from a ZIP file: only those that were requested, whole, and nothing left otherwise."""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from covid_core.__main__ import main
from covid_core.errors import WeightsError
from covid_core.model import card, weights_archive
from covid_core.model.card import find_part, read_card
from covid_core.model.weights_archive import install_weights
from supply.weights_archive import write_weights_archive
from tests.models import random_weights


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = random_weights(tmp_path_factory.mktemp("made") / "weights")
    (folder / "gate").mkdir()
    (folder / "gate" / "gate.json").write_text("{}")
    assert (folder / ".graphs").is_dir(), "exported there, and no part of the weights"
    return folder


@pytest.fixture
def archive(weights: Path, tmp_path: Path) -> tuple[Path, str]:
    """A ZIP file of the weights, and its SHA-256."""
    file = tmp_path / "weights.zip"
    return file, write_weights_archive(file, weights)


def digest_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_the_same_weights_make_the_same_file(weights: Path, archive: tuple[Path, str]) -> None:
    file, digest = archive
    again = file.with_name("again.zip")
    assert write_weights_archive(again, weights) == digest == digest_of(file)
    with zipfile.ZipFile(file) as opened:
        assert "gate/gate.json" in opened.namelist()
        assert not any(".graphs" in name for name in opened.namelist())


@pytest.mark.parametrize("of", [str, lambda file: file.as_uri()], ids=["path", "address"])
def test_the_command_puts_them_in_place(
    of: Callable[[Path], str],
    archive: tuple[Path, str],
    weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file, digest = archive
    to = tmp_path / "new" / "weights"
    given = ["weights", "--from", of(file), "--sha256", digest.upper(), "--to", str(to)]
    assert main(given) == 0
    assert read_card(to).sha256 == read_card(weights).sha256
    assert read_card(to).name in capsys.readouterr().out
    assert sorted(path.name for path in to.parent.iterdir()) == ["weights"]
    if os.name == "posix":
        assert stat.S_IMODE((to / "gate" / "gate.json").stat().st_mode) == 0o644
    assert main(given) == 2
    assert "there are files already" in capsys.readouterr().err


def test_another_file_is_refused_by_its_digest(archive: tuple[Path, str], tmp_path: Path) -> None:
    file, digest = archive
    file.write_bytes(file.read_bytes() + b"\0")
    with pytest.raises(WeightsError, match=f"and not {digest}"):
        install_weights(str(file), digest, tmp_path / "weights")
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize(
    "name", ["../densenet121.json", "/densenet121.json", "a\\b.json", "C:x.json", "run.py", ".json"]
)
def test_a_name_that_leaves_the_folder_or_is_no_weights_is_refused(
    name: str, tmp_path: Path
) -> None:
    file = tmp_path / "weights.zip"
    with zipfile.ZipFile(file, "w") as opened:
        opened.writestr(name, b"{}")
    with pytest.raises(WeightsError, match="no archive of weights"):
        install_weights(str(file), digest_of(file), tmp_path / "in" / "weights")
    assert list((tmp_path / "in").iterdir()) == []


def test_what_is_no_archive_or_has_no_model_is_refused(tmp_path: Path) -> None:
    text, empty = tmp_path / "text.zip", tmp_path / "empty.zip"
    text.write_bytes(b"<html>")
    zipfile.ZipFile(empty, "w").close()
    for file, reason in ((text, "no archive"), (empty, "can't be read")):
        with pytest.raises(WeightsError, match=reason):
            install_weights(str(file), digest_of(file), tmp_path / "weights")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("nowhere.zip", "no such file"),
        ("ftp://127.0.0.1/weights.zip", "no address starts like that"),
        ("http://127.0.0.1:9/weights.zip", "can't be fetched"),
    ],
)
def test_what_can_t_be_fetched_is_said(source: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=reason) as refused:
        install_weights(source, "0" * 64, tmp_path / "weights")
    assert refused.value.file == source
    assert list(tmp_path.iterdir()) == []


def test_no_digest_and_too_large_a_file_are_refused(
    archive: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, digest = archive
    with pytest.raises(WeightsError, match="no SHA-256"):
        install_weights(str(file), "abc", tmp_path / "weights")
    monkeypatch.setattr(weights_archive, "MAX_BYTES", 1000)
    with pytest.raises(WeightsError, match="larger than"):
        install_weights(str(file), digest, tmp_path / "weights")


def test_the_gate_is_the_project_s_own_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, given = tmp_path / "own", tmp_path / "given"
    monkeypatch.setattr(card, "WEIGHTS", own)
    assert find_part(given, "gate") == own / "gate"  # whose absence is said
    (given / "gate").mkdir(parents=True)
    assert find_part(given, "gate") == given / "gate"
    (own / "gate").mkdir(parents=True)
    assert find_part(given, "gate") == own / "gate"
