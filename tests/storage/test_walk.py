"""Walking below a folder: every file once, in order, no loops, and never all names at once."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from covid_core.errors import RefusedFile
from covid_core.read.reading import read_file
from covid_core.storage import walk as folders
from covid_core.storage.walk import PassedOver, Tally, files_below


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
        "png",
        "notes.txt",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"film")
    (root / "empty").mkdir()
    return root


def walked(folder: Path, **options: Any) -> list[Path]:
    return list(files_below(folder, **options))


def test_it_finds_every_file_in_order(folder: Path) -> None:
    found = walked(folder)
    assert len(found) == 9
    assert found == sorted(found)


@pytest.mark.parametrize(
    "name",
    [".hidden.png", "._b.png", "Thumbs.db", "desktop.ini", "DICOMDIR", "dicomdir", ".cache/1.dcm"]
    + ["__MACOSX/b.png", "@eaDir/b.png", "a/$RECYCLE.BIN/b.png", "System Volume Information/b.png"],
)
def test_what_is_hidden_or_a_system_s_own_is_passed_over_and_counted(
    folder: Path, name: str
) -> None:
    before = walked(folder)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"film")
    lines: list[str] = []
    tally = Tally(lines.append)
    assert walked(folder, note=tally.note) == before
    assert tally.counts == {PassedOver.SYSTEM: 1}
    assert len(lines) == 1 and str(folder) in lines[0]
    assert tally.sentences == ["1 passed over: hidden, or a system's own"]


def test_a_hidden_folder_that_was_named_is_walked(folder: Path) -> None:
    hidden = folder.rename(folder.with_name(".films"))
    assert len(walked(hidden)) == 9


@pytest.mark.linux
def test_what_is_no_file_is_never_opened(folder: Path) -> None:
    os.mkfifo(folder / "pipe.png")
    tally = Tally()
    assert len(walked(folder, note=tally.note)) == 9
    assert tally.counts == {PassedOver.NO_FILE: 1}


@pytest.mark.linux
def test_links_to_files_are_followed_and_links_to_folders_never(folder: Path) -> None:
    (folder / "link.png").symlink_to(folder / "b.png")
    (folder / "out.png").symlink_to(Path(__file__))
    (folder / "dead.png").symlink_to(folder / "gone.png")
    (folder / "self.png").symlink_to(folder / "self.png")
    (folder / "a" / "loop").symlink_to(folder)
    tally = Tally()
    found = walked(folder, note=tally.note)
    assert {"link.png", "out.png"} <= {path.name for path in found}
    assert len(found) == 11
    assert tally.counts == {PassedOver.DEAD_LINK: 2, PassedOver.LINK_TO_FOLDER: 1}
    inside = walked(folder, links_outside=False, note=tally.note)
    assert set(found) - set(inside) == {folder / "out.png"}
    assert tally.counts[PassedOver.LINK_OUTSIDE] == 1


def test_windows_other_links_to_folders_are_known_by_their_tag() -> None:
    def entry(tag: int) -> Any:
        return SimpleNamespace(stat=lambda *, follow_symlinks: SimpleNamespace(st_reparse_tag=tag))

    assert folders._is_junction(entry(0xA0000003)) and not folders._is_junction(entry(0))


@pytest.mark.linux
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
    """Of a folder without end only so many are requested as are needed to know that it is large."""
    scanned = list(os.scandir(folder / "a" / "c"))
    requested = 0

    class Endless:
        def __enter__(self) -> Iterator[os.DirEntry[str]]:
            return self.entries()

        def __exit__(self, *_: object) -> None: ...

        def entries(self) -> Iterator[os.DirEntry[str]]:
            nonlocal requested
            while True:
                requested += 1
                yield scanned[0]

    monkeypatch.setattr(folders, "SORTED_ENTRIES", 100)
    monkeypatch.setattr(os, "scandir", lambda _: Endless())
    walk = files_below(folder)
    assert next(walk).name == "1.jpg"
    assert requested == 101
    assert [next(walk).name for _ in range(200)] == ["1.jpg"] * 200
    assert requested == 201


def test_a_folder_can_be_left_out_however_it_is_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = [path for path in walked(folder) if path.parent.name != "c"]
    assert len(without) == 8
    monkeypatch.chdir(tmp_path)
    for name in (folder / "a" / "c", Path("films/a/../a/c")):
        assert walked(folder, leave_out=name) == without
    assert walked(Path("films"), leave_out=folder / "a" / "c") == [
        path.relative_to(tmp_path) for path in without
    ]
    assert walked(folder, leave_out=tmp_path / "elsewhere") == walked(folder)
    assert walked(folder, leave_out=tmp_path) == walked(folder)


def test_what_vanishes_during_the_walk_is_said_when_it_is_read(folder: Path) -> None:
    walk = files_below(folder)
    assert next(walk) == folder / "B.PNG"
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
