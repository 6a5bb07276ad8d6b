"""Films in any filesystem: found, named once and for all, and read in bounds."""

from __future__ import annotations

import os
import uuid
import zipfile
from pathlib import Path

import fsspec
import pytest

from covid_core.cluster.places import Place, Unreachable
from covid_core.errors import CovidCoreError, RefusedFile
from covid_core.present.overlay import png
from covid_core.read import reading
from covid_core.read.phantom import draw_phantom
from covid_core.read.reading import read_file
from covid_core.storage.walk import PassedOver, Tally

FILM = png(draw_phantom(size_px=160))
TREE = ("a.png", "deep/er/b.JPG", "deep/c.dcm", "deep/note.txt", ".hidden.png", "d.png/e.tif")
NO_FILMS = ("deep/note.txt",)


@pytest.fixture(params=["disk", "memory"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A folder of films and other files, on a disk and in another filesystem of fsspec."""
    url = str(tmp_path / "films") if request.param == "disk" else f"memory://{uuid.uuid4().hex}"
    filesystem, folder = fsspec.url_to_fs(url)
    for name in TREE:
        filesystem.makedirs(f"{folder}/{name}".rsplit("/", 1)[0], exist_ok=True)
        filesystem.pipe_file(f"{folder}/{name}", b"a report" if name in NO_FILMS else FILM)
    return url


def test_films_at_any_depth_are_found_by_their_first_bytes(root: str) -> None:
    filesystem, folder = fsspec.url_to_fs(root)
    for name, data in {
        "IM000001": FILM,
        "x.dat": FILM,
        "@eaDir/a.png": FILM,
        "x.zip": b"PK\x03\x04",
    }.items():
        filesystem.makedirs(f"{folder}/{name}".rsplit("/", 1)[0], exist_ok=True)
        filesystem.pipe_file(f"{folder}/{name}", data)
    tally = Tally()
    found = sorted(Place.of(root).films(tally.note))
    assert found == ["IM000001", "a.png", "d.png/e.tif", "deep/c.dcm", "deep/er/b.JPG", "x.dat"]
    assert tally.counts == {PassedOver.SYSTEM: 2, PassedOver.OTHER_KIND: 1, PassedOver.ZIP: 1}


def test_a_film_is_read_by_the_name_it_was_found_under(root: str) -> None:
    place = Place.of(root + "/")
    radiographs = [place.read(film) for film in place.films()]
    assert {radiograph.width_px for radiograph in radiographs} == {160}
    assert len(radiographs) == 4


@pytest.mark.linux
def test_a_pipe_in_a_film_s_place_is_that_film_s_refusal(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(RefusedFile, match="no plain file"):
        Place.of(str(tmp_path)).read("a.png")


def test_a_film_may_itself_be_the_place(root: str) -> None:
    place = Place.of(f"{root}/deep/c.dcm")
    assert list(place.films()) == [""]
    assert place.name("") == place.url
    assert place.read("").width_px == 160


def test_nothing_there_is_said(root: str) -> None:
    with pytest.raises(CovidCoreError, match="nothing there"):
        next(Place.of(f"{root}/elsewhere").films())


def test_a_path_and_its_url_are_one_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "films").mkdir()
    monkeypatch.chdir(tmp_path)
    places = {Place.of(url) for url in ("films", "./films/", f"file://{tmp_path}/films")}
    assert places == {Place(f"file://{tmp_path}/films")}
    assert Place.of("films").name("x/y.png") == f"file://{tmp_path}/films/x/y.png"


def test_two_archives_give_no_film_the_same_name(tmp_path: Path) -> None:
    for ward in "ab":
        with zipfile.ZipFile(tmp_path / f"{ward}.zip", "w") as archive:
            archive.writestr("one/film.png", FILM)
    places = [Place.of(f"zip://::file://{tmp_path}/{ward}.zip") for ward in "ab"]
    assert [list(place.films()) for place in places] == [["one/film.png"]] * 2
    assert len({place.name("one/film.png") for place in places}) == 2
    assert places[0].read("one/film.png").width_px == 160


def test_no_password_gets_into_a_table() -> None:
    assert Place("ftp://me:secret@host/films").name("x.png") == "ftp://host/films/x.png"
    assert Place("ftp://me:se@cret@host/films").name("x.png") == "ftp://host/films/x.png"
    assert Place("https://host/films?sig=secret").title == "https://host/films"
    cached = Place("simplecache::https://host/films?sig=secret")
    assert cached.title == "simplecache::https://host/films"
    assert Place("s3://bucket/films of ?").title == "s3://bucket/films of ?"
    container = "abfs://films@account.example/deep"
    assert Place(container).name("x.png") == f"{container}/x.png"


def test_a_name_of_odd_bytes_becomes_text() -> None:
    assert Place("file:///films").name("odd\udcff.png") == "file:///films/odd\\udcff.png"


def test_what_cannot_be_opened_is_refused_as_a_file_is(tmp_path: Path) -> None:
    with pytest.raises(RefusedFile) as here:
        Place.of(str(tmp_path)).read("none.png")
    with pytest.raises(RefusedFile) as there:
        read_file(tmp_path / "none.png")
    assert here.value.sentence == there.value.sentence


def test_a_storage_that_fails_is_distinguished_from_a_film_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = Place.of("memory://films")

    class Expired(Exception): ...

    def refuses(*_: object, **__: object) -> None:
        raise Expired("token of Canary^Anna")

    monkeypatch.setattr(type(place.filesystem()[0]), "open", refuses)
    with pytest.raises(Unreachable, match="does not answer") as error:
        place.read("film.png")
    assert "Canary" not in str(error.value)


def test_a_file_that_is_too_large_is_never_read_whole(
    root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("cluster.places", "read.reading"):
        monkeypatch.setattr(f"covid_core.{module}.MAX_FILE_BYTES", 1024)
    seen: list[int] = []
    monkeypatch.setattr(
        "covid_core.cluster.places.read_radiograph",
        lambda data: (seen.append(len(data)), reading.read_radiograph(data)),
    )
    with pytest.raises(RefusedFile, match="larger than"):
        Place.of(root).read("a.png")
    assert seen == [1025]
    assert len(FILM) > 2048


@pytest.mark.parametrize("url", ["nosuch://films/x", "lakefs://films/x"])
def test_a_filesystem_that_is_not_there_says_what_is_missing(url: str) -> None:
    with pytest.raises(CovidCoreError, match="can't be opened"):
        Place.of(url)
