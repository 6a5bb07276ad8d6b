"""Which files are films: by their first bytes, and the same in a folder, a ZIP file and a list."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import fsspec
import pytest

from covid_core.cluster.places import Place
from covid_core.datasets.layouts.films import films_in
from covid_core.read.archives import in_folder, members
from covid_core.read.film_files import film_stem, films_below, read_head
from covid_core.storage.walk import PassedOver, Tally
from tests.films import dicom_file, encode, grey_film

DICOM = dicom_file(grey_film())
PNG = encode(grey_film(), "PNG")
FILMS = {
    "IM000001": DICOM,
    "1.2.840.7": DICOM,
    "CR.1.2.3": DICOM,
    "x.ima": DICOM,
    "x.001": DICOM,
    "bare": DICOM[132:],  # as it comes over a network, without a preamble
    "picture.dcm": PNG,
    "png.jpg": PNG,
    "film.dat": encode(grey_film(), "TIFF"),
    "UPPER.PNG": PNG,
    "damaged.png": b"no picture",  # its name says that it should be one
}
OTHERS = {
    "notes.txt": b"a report",
    "table.csv": b"a,b\n",
    "empty": b"",
    "page.html": b"<html>",
    ".hidden": DICOM,
    "._x.ima": b"\0\5\26\7",
    "DICOMDIR": DICOM,
    "Thumbs.db": b"\xd0\xcf",
    "@eaDir/film.png": PNG,
    "__MACOSX/film.png": PNG,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "films"
    for name, data in (FILMS | OTHERS).items():
        path = root / "ward" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def test_the_same_films_are_seen_everywhere(folder: Path, tmp_path: Path) -> None:
    packed = tmp_path / "films.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in (FILMS | OTHERS).items():
            archive.writestr(f"ward/{name}", data)
    remote, root = fsspec.url_to_fs("memory://film-files")
    for name, data in (FILMS | OTHERS).items():
        remote.pipe_file(f"{root}/ward/{name}", data)
    expected = sorted(f"ward/{name}" for name in FILMS)
    tallies = [Tally() for _ in range(5)]
    found = [
        [path.relative_to(folder).as_posix() for path in films_below(folder, note=tallies[0].note)],
        [item.name for item in in_folder(folder, tallies[1].note)],
        [
            item.name.removeprefix("films.zip/")
            for item in members(packed.read_bytes(), "films.zip", tallies[2].note)
        ],
        list(Place.of(str(folder)).films(tallies[3].note)),
        list(Place.of("memory://film-files").films(tallies[4].note)),
    ]
    assert [sorted(names) for names in found] == [expected] * 5
    assert films_in(folder) == sorted(folder / name for name in expected)
    assert {tally.counts[PassedOver.OTHER_KIND] for tally in tallies} == {4}
    assert all(tally.counts[PassedOver.SYSTEM] for tally in tallies)


def test_what_cannot_be_looked_into_is_given_so_that_reading_it_says_why(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("covid_core.read.film_files.read_head", lambda _: None)
    assert folder / "ward" / "notes.txt" in films_below(folder)


@pytest.mark.linux
def test_a_pipe_put_in_a_file_s_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "film.png")
    assert read_head(tmp_path / "film.png") is None


@pytest.mark.parametrize(
    ("name", "stem"),
    [("a.b.png", "a.b"), ("1.2.840.7", "1.2.840.7"), ("IM1", "IM1"), ("X.DCM", "X")],
)
def test_a_name_without_a_film_s_suffix_is_kept_whole(name: str, stem: str) -> None:
    assert film_stem(name) == stem
