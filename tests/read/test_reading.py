"""The front door: content decides, not the name; a refusal names the file and the way out."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from covid_core.errors import CovidCoreError, RefusedFile
from covid_core.read.grey_levels import Levels
from covid_core.read.reading import MAX_FILE_BYTES, read_file, read_radiograph
from tests.films import dicom_file, encode, grey_film

FILM = grey_film()


def code_of(data: bytes) -> str:
    with pytest.raises(RefusedFile) as refused:
        read_radiograph(data)
    return refused.value.code


def test_radiograph_keeps_its_promises() -> None:
    data = encode(FILM, "PNG")
    radiograph = read_radiograph(data)
    assert radiograph.sha256 == hashlib.sha256(data).hexdigest()
    assert radiograph.pixels.dtype == np.float32
    assert (radiograph.height_px, radiograph.width_px) == FILM.shape
    assert 0 <= radiograph.pixels.min() < radiograph.pixels.max() <= 1
    assert not radiograph.pixels.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        radiograph.pixels[0, 0] = 0


def test_pixels_are_made_once_and_not_before_they_are_requested() -> None:
    radiograph = read_radiograph(encode(FILM, "PNG"), "known")
    assert radiograph.sha256 == "known"
    assert isinstance(radiograph.film, Levels)
    assert radiograph.film.codes.dtype == np.uint8
    assert not radiograph._made
    assert radiograph.pixels is radiograph.pixels


def test_content_decides_what_a_file_is(tmp_path: Path) -> None:
    for name, data in {"a.txt": encode(FILM, "PNG"), "b.png": dicom_file(FILM)}.items():
        (tmp_path / name).write_bytes(data)
        assert np.abs(read_file(tmp_path / name).pixels - FILM / 255).max() < 0.004


@pytest.mark.parametrize(
    "data", [b"hello", b"<html></html>", b"GIF89a" * 50, bytes(4000), b"PK\3\4"]
)
def test_anything_else_is_unknown(data: bytes) -> None:
    assert code_of(data) == "unknown_format"


def test_empty_and_huge_files() -> None:
    assert code_of(b"") == "empty"
    assert code_of(bytes(MAX_FILE_BYTES + 1)) == "too_many_bytes"


def test_a_zip_behind_a_picture_changes_nothing() -> None:
    data = encode(FILM, "PNG")
    assert np.array_equal(
        read_radiograph(data + b"PK\3\4" * 99).pixels, read_radiograph(data).pixels
    )


def test_file_errors_name_the_file_and_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "page.png").write_text("<html>")
    with (tmp_path / "huge.png").open("wb") as huge:
        huge.truncate(MAX_FILE_BYTES + 1)
    codes = {
        "no such file.png": "unreadable",
        "": "unreadable",
        "page.png": "unknown_format",
        "huge.png": "too_many_bytes",
    }
    for name, code in codes.items():
        with pytest.raises(RefusedFile) as refused:
            read_file(tmp_path / name)
        assert refused.value.code == code
        assert refused.value.file == str(tmp_path / name)
        assert str(refused.value).startswith(str(tmp_path / name))


@pytest.mark.linux
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "film.png")
    with pytest.raises(RefusedFile, match="no plain file") as refused:
        read_file(tmp_path / "film.png")
    assert refused.value.code == "unreadable"


def test_refusals_name_no_file_until_there_is_one() -> None:
    with pytest.raises(RefusedFile) as refused:
        read_radiograph(b"hello")
    assert refused.value.file is None
    assert str(refused.value) == refused.value.sentence
    assert refused.value.sentence.startswith("It is not a PNG")
    assert refused.value.sentence.endswith(".")


def test_errors_speak_in_sentences() -> None:
    error = CovidCoreError("it is blank.", "Export it again", file="film.png")
    assert error.sentence == "It is blank. Export it again."
    assert str(error) == "film.png: it is blank. Export it again."
