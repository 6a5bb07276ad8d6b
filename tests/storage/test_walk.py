"""Walking below a folder: every film once, in order, no loops, and never all names at once."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from covid_core.datasets.layouts.films import films_in
from covid_core.errors import RefusedFile
from covid_core.read.reading import FILM_SUFFIXES, read_file
from covid_core.storage import walk as folders
from covid_core.storage.walk import files_below


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "films"
    for name in (
        "b.png",
        "B.PNG",
        "a/z.dcm",
        "a/c/1.jpg",
        "a-b/2.tif",
        "a.png",
        "c.png/in.webp",
        ".hidden.png",
        "png",
        "notes.txt",
        ".cache/kept.jpeg",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"film")
    (root / "empty").mkdir()
    return root


def walked(folder: Path, **options: Path) -> list[Path]:
    return list(files_below(folder, FILM_SUFFIXES, **options))


def test_it_finds_what_the_datasets_find_in_the_same_order(folder: Path) -> None:
    found = walked(folder)
    assert len(found) == 8
    assert found == films_in(folder)


def test_links_to_files_are_followed_and_links_to_folders_never(folder: Path) -> None:
    (folder / "link.png").symlink_to(folder / "b.png")
    (folder / "out.png").symlink_to(Path(__file__))
    (folder / "dead.png").symlink_to(folder / "gone.png")
    (folder / "self.png").symlink_to(folder / "self.png")
    (folder / "a" / "loop").symlink_to(folder)
    found = walked(folder)
    assert found == films_in(folder)
    assert {"link.png", "out.png"} <= {path.name for path in found}
    assert len(found) == 10


def test_a_link_to_a_folder_may_be_where_the_walk_starts(folder: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(folder)
    assert [path.relative_to(link) for path in walked(link)] == [
        path.relative_to(folder) for path in walked(folder)
    ]


def test_a_folder_of_more_entries_than_are_sorted_gives_each_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sorted_ones = walked(folder)
    monkeypatch.setattr(folders, "SORTED_ENTRIES", 2)
    assert sorted(walked(folder)) == sorted_ones


def test_names_of_a_large_folder_are_not_read_ahead(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a folder without end only so many are asked for as are needed to know that it is large."""
    scanned = list(os.scandir(folder / "a" / "c"))
    asked = 0

    class Endless:
        def __enter__(self) -> Iterator[os.DirEntry[str]]:
            return self.entries()

        def __exit__(self, *_: object) -> None: ...

        def entries(self) -> Iterator[os.DirEntry[str]]:
            nonlocal asked
            while True:
                asked += 1
                yield scanned[0]

    monkeypatch.setattr(folders, "SORTED_ENTRIES", 100)
    monkeypatch.setattr(os, "scandir", lambda _: Endless())
    walk = files_below(folder, FILM_SUFFIXES)
    assert next(walk).name == "1.jpg"
    assert asked == 101
    assert [next(walk).name for _ in range(200)] == ["1.jpg"] * 200
    assert asked == 201


def test_a_folder_can_be_left_out_however_it_is_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = [path for path in walked(folder) if path.parent.name != "c"]
    assert len(without) == 7
    monkeypatch.chdir(tmp_path)
    for name in (folder / "a" / "c", Path("films/a/../a/c")):
        assert walked(folder, leave_out=name) == without
    assert walked(Path("films"), leave_out=folder / "a" / "c") == [
        path.relative_to(tmp_path) for path in without
    ]
    assert walked(folder, leave_out=tmp_path / "elsewhere") == walked(folder)
    assert walked(folder, leave_out=tmp_path) == walked(folder)


def test_what_vanishes_during_the_walk_is_said_when_it_is_read(folder: Path) -> None:
    walk = files_below(folder, FILM_SUFFIXES)
    assert next(walk) == folder / ".cache" / "kept.jpeg"
    (folder / "a" / "c" / "1.jpg").unlink()
    (folder / "a" / "c").rmdir()
    (folder / "a" / "z.dcm").unlink()
    (folder / "a").rmdir()
    rest = list(walk)
    assert folder / "a" in rest and folder / "a-b" / "2.tif" in rest
    with pytest.raises(RefusedFile, match="can't be opened"):
        read_file(folder / "a")


def test_a_deep_tree_takes_no_deep_stack(tmp_path: Path) -> None:
    deepest = tmp_path.joinpath(*["d"] * 200)
    deepest.mkdir(parents=True)
    (deepest / "film.png").write_bytes(b"film")
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 100)
    try:
        found = walked(tmp_path)
    finally:
        sys.setrecursionlimit(before)
    assert found == [deepest / "film.png"]
