"""Compressed pixels: the same from a server's child as from a process of its own, and whatever
happens to either takes nothing else along."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from pydicom.uid import JPEG2000Lossless, JPEGLosslessSV1, RLELossless

from covid_core.errors import RefusedFile
from covid_core.read import sandbox
from covid_core.read.dicom import unpacked
from covid_core.read.sandbox import MAX_MORE_BYTES, Decoded, in_child
from tests.films import dicom_file, grey_film

FILM = grey_film().astype(np.uint16) * 16
WAYS = [True, False] if hasattr(os, "fork") else [False]


def decompressed(data: bytes) -> np.ndarray | None:
    decoded = in_child(unpacked, data)
    return None if decoded is None else decoded[0]


@pytest.fixture(params=WAYS, ids=lambda forks: "forked" if forks else "spawned")
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(sandbox, "_FORKS", request.param)
    return bool(request.param)


def greedy(_: bytes) -> Decoded:
    return np.ones(MAX_MORE_BYTES + 64 * 1024**2, np.uint8), {}


@pytest.mark.skipif(sys.platform != "linux", reason="a limit on memory is set on Linux alone")
def test_a_child_has_only_so_much_memory() -> None:
    assert in_child(greedy, b"") is None


@pytest.mark.parametrize("syntax", [JPEGLosslessSV1, JPEG2000Lossless, RLELossless])
def test_either_way_gives_what_was_stored(way: bool, syntax: str) -> None:
    pixels = decompressed(dicom_file(FILM, bits_stored=12, syntax=syntax))
    assert pixels is not None and np.array_equal(pixels, FILM)


def test_the_largest_film_allowed_is_within_a_child_s_limits() -> None:
    film = np.resize(FILM, (3520, 4280))
    pixels = decompressed(dicom_file(film, bits_stored=12, syntax=JPEG2000Lossless))
    assert pixels is not None and np.array_equal(pixels, film)


def test_either_way_survives_what_is_no_film(way: bool) -> None:
    data = dicom_file(FILM, bits_stored=12, syntax=JPEGLosslessSV1)
    with pytest.raises(RefusedFile, match="program"):
        decompressed(b"MZ")
    with pytest.raises(RefusedFile, match="cut short"):
        decompressed(data[: len(data) // 2])
    assert decompressed(data) is not None


def test_a_child_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_FORKS", False)
    monkeypatch.setattr(sandbox, "MAX_SECONDS", 0.001)
    assert decompressed(dicom_file(FILM, syntax=RLELossless)) is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no server here")
def test_films_at_once_do_not_mix() -> None:
    films = [(grey_film(seed=seed).astype(np.uint16) * 16) for seed in range(6)]
    files = [dicom_file(film, bits_stored=12, syntax=JPEGLosslessSV1) for film in films]
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(decompressed, files))
    for film, pixels in zip(films, found, strict=True):
        assert pixels is not None and np.array_equal(pixels, film)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no server here")
def test_a_server_that_died_is_followed_by_another() -> None:
    data = dicom_file(FILM, bits_stored=12, syntax=RLELossless)
    assert decompressed(data) is not None
    first = sandbox._server()
    first._process.kill()
    first._process.wait()
    assert decompressed(data) is not None
    assert sandbox._server() is not first


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no server here")
def test_the_server_ends_with_who_started_it() -> None:
    server = sandbox._Server()
    assert server.serves()
    server._control.close()
    assert server._process.wait() == 0
    assert not server.serves()
