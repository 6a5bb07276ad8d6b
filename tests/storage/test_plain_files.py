"""Reading a file that may have been replaced since it was found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from covid_core.storage import plain_files
from covid_core.storage.plain_files import open_regular, read_regular, read_within


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of films, beside a secret that is none of it."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "a.png").write_bytes(b"secret")
    ward = tmp_path / "films" / "ward"
    ward.mkdir(parents=True)
    (ward / "a.png").write_bytes(b"film")
    return tmp_path / "films"


def test_a_plain_file_is_read_up_to_a_size(folder: Path) -> None:
    path = folder / "ward" / "a.png"
    assert (read_regular(path), read_regular(path, 2)) == (b"film", b"fi")
    assert (read_within(folder, path), read_within(folder, path, 2)) == (b"film", b"fi")
    with open_regular(path) as file:
        assert file.read() == b"film"


@pytest.mark.parametrize("put", ["pipe", "folder"])
@pytest.mark.linux
def test_what_is_no_plain_file_is_neither_read_nor_waited_for(folder: Path, put: str) -> None:
    path = folder / "other"
    os.mkfifo(path) if put == "pipe" else path.mkdir()
    handles = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with pytest.raises(OSError, match="no plain file"):
            read_regular(path)
        with pytest.raises(OSError, match="no plain file"):
            read_within(folder, path)
    assert len(list(Path("/proc/self/fd").iterdir())) == handles


@pytest.mark.linux
def test_a_link_is_followed_in_its_folder_and_not_out_of_it(folder: Path) -> None:
    (folder / "inside.png").symlink_to(folder / "ward" / "a.png")
    (folder / "outside.png").symlink_to(folder.parent / "secret" / "a.png")
    (folder / "there").symlink_to(folder.parent / "secret")
    (folder / "ring").symlink_to(folder / "ring")
    assert read_within(folder, folder / "inside.png") == b"film"
    for name in ("outside.png", "there/a.png", "ring", "../secret/a.png", "gone"):
        with pytest.raises(OSError):
            read_within(folder, folder / name)


@pytest.mark.linux
@pytest.mark.parametrize("swapped", ["ward", "ward/a.png"])
def test_a_link_put_there_once_the_path_was_looked_at_is_not_followed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, swapped: str
) -> None:
    """A file, or a folder above it, swapped at the worst moment: just before it is opened."""
    path = folder / "ward" / "a.png"
    resolve, seen = Path.resolve, []

    def resolving(self: Path, strict: bool = False) -> Path:
        found = resolve(self, strict)
        seen.append(found)
        if len(seen) == 2:  # after the folder itself
            (folder / swapped).rename(folder / "aside")
            (folder / swapped).symlink_to(folder.parent / swapped.replace("ward", "secret"))
        return found

    monkeypatch.setattr(Path, "resolve", resolving)
    with pytest.raises(OSError):
        read_within(folder, path)
    assert path.read_bytes() == b"secret"  # which is what reading by its path would have given


@pytest.mark.linux
def test_where_nothing_is_opened_relative_to_a_folder_the_path_is_looked_at(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain_files, "_ON_WINDOWS", True)
    (folder / "outside.png").symlink_to(folder.parent / "secret" / "a.png")
    assert read_within(folder, folder / "ward" / "a.png") == b"film"
    with pytest.raises(OSError, match="leads out"):
        read_within(folder, folder / "outside.png")
