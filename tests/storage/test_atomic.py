"""Writing: the new file or the old one, never half of one, and a sentence where it can't be."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from covid_core.errors import NameRefused, Unwritten
from covid_core.storage import atomic
from covid_core.storage.atomic import replacing, write_all_whole, write_whole
from covid_core.storage.locks import claimed

pytestmark = pytest.mark.linux
resource = pytest.importorskip("resource")

LIMIT = 4096
FORK = multiprocessing.get_context("fork" if sys.platform == "linux" else None)


def in_a_child(work: Callable[[], None]) -> int | None:
    """A forked process's exit status: negative where a signal ended it."""
    child = FORK.Process(target=work)
    child.start()
    child.join(30)
    return child.exitcode


@pytest.fixture
def little_room() -> Iterator[None]:
    """Files of LIMIT bytes at most, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_file_is_replaced_and_the_one_before_may_be_kept(tmp_path: Path) -> None:
    place, before = tmp_path / "new folder" / "a", tmp_path / "new folder" / "before"
    write_whole(place, b"first", old_to=before)
    assert not before.exists()
    write_whole(place, b"second", old_to=before)
    assert (place.read_bytes(), before.read_bytes()) == (b"second", b"first")
    assert sorted(path.name for path in place.parent.iterdir()) == ["a", "before"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_killed_at_any_step_the_old_one_stands_and_the_next_clears_up(
    tmp_path: Path, step: str
) -> None:
    place = tmp_path / "a"
    write_whole(place, b"first")

    def killed(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def half() -> None:
        owner = atomic.os if step == "fsync" else Path
        setattr(owner, step, killed)
        write_whole(place, b"second" * 1000)

    assert in_a_child(half) == -signal.SIGKILL
    assert place.read_bytes() == b"first"
    write_whole(place, b"third")
    assert place.read_bytes() == b"third"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_on_a_full_disk_the_old_one_stands_and_nothing_is_left(
    tmp_path: Path, little_room: None
) -> None:
    write_whole(tmp_path / "a", b"first")
    with pytest.raises(Unwritten, match="the disk is full") as refused:
        write_whole(tmp_path / "a", bytes(LIMIT + 1))
    assert refused.value.file == str(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"first"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={16 * LIMIT}", "tmpfs", str(disk)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("disks can't be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_that_is_really_full_says_how_full(small_disk: Path) -> None:
    write_whole(small_disk / "a", b"first")
    with pytest.raises(
        Unwritten, match=r"the disk is full \(1.0 MB are needed and 0.1 MB are free"
    ):
        write_whole(small_disk / "a", bytes(1_000_000))
    assert [path.read_bytes() for path in small_disk.iterdir()] == [b"first"]


def test_a_disk_that_is_read_only_says_so(small_disk: Path) -> None:
    write_whole(small_disk / "a", b"first")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(Unwritten, match="Read-only") as refused:
        write_whole(small_disk / "a", b"second")
    assert "may write" in refused.value.remedy
    with pytest.raises(Unwritten, match="Read-only"):
        claimed(small_disk).__enter__()
    assert (small_disk / "a").read_bytes() == b"first"


def test_of_several_files_all_are_replaced_or_none(tmp_path: Path, little_room: None) -> None:
    files = {tmp_path / name: b"old" for name in ("a", "b")}
    write_all_whole(files)
    with pytest.raises(Unwritten):
        write_all_whole({tmp_path / "a": b"new", tmp_path / "b": bytes(LIMIT + 1)})
    assert {path: path.read_bytes() for path in sorted(tmp_path.iterdir())} == files


def test_how_much_is_needed_and_free_is_said() -> None:
    full = OSError(28, "No space left on device")
    said = str(atomic.unwritten(full, Path("nowhere/x"), size=2_500_000))
    assert said.startswith("nowhere/x: it can't be written: the disk is full (2.5 MB are needed")


def test_a_file_system_that_is_read_only_is_said() -> None:
    with pytest.raises(Unwritten, match="can't be written"):
        write_whole(Path("/proc/self/report.html"), b"x")
    said = str(atomic.unwritten(OSError(30, "Read-only file system"), Path("x")))
    assert "may write" in said


def test_what_fails_in_the_block_leaves_the_old_one(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", b"first")
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "a") as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"first"]


def test_two_processes_that_write_the_same_take_turns(tmp_path: Path) -> None:
    place = tmp_path / "a"

    def written(letter: bytes) -> None:
        for _ in range(50):
            with replacing(place) as file:
                for _ in range(10):
                    file.write(letter * 1000)
                    file.flush()

    children = [FORK.Process(target=written, args=(letter,)) for letter in (b"x", b"y")]
    for child in children:
        child.start()
    while any(child.is_alive() for child in children):
        data = place.read_bytes() if place.exists() else b""
        assert data in (b"", b"x" * 10_000, b"y" * 10_000)
    assert [child.exitcode for child in children] == [0, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def put_link(partial: Path, secret: Path) -> None:
    partial.symlink_to(secret)


def put_second_name(partial: Path, secret: Path) -> None:
    partial.hardlink_to(secret)


def put_pipe(partial: Path, secret: Path) -> None:
    os.mkfifo(partial)


def put_socket(partial: Path, secret: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(partial))


@pytest.mark.parametrize("put", [put_link, put_second_name, put_pipe, put_socket])
def test_what_was_put_where_a_file_will_be_written_is_cleared_away(
    tmp_path: Path, put: Callable[[Path, Path], None]
) -> None:
    secret, place = tmp_path / "secret", tmp_path / "out" / "a"
    secret.write_bytes(b"secret")
    place.parent.mkdir()
    put(tmp_path / "out" / "a.partial", secret)
    write_whole(place, b"whole")
    assert secret.read_bytes() == b"secret"
    assert place.read_bytes() == b"whole" and not place.is_symlink()
    assert [path.name for path in place.parent.iterdir()] == ["a"]


def test_a_name_that_is_refused_is_distinguished_from_a_disk_that_is(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("x" * 250, "folder"):
        with pytest.raises(NameRefused, match="can't be written"):
            write_whole(tmp_path / name, b"x")
    for code in (errno.ENOSPC, errno.EROFS, errno.EIO):
        assert type(atomic.unwritten(OSError(code, ""), tmp_path)) is Unwritten
