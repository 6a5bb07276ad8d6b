"""A multipart answer taken apart, however its bytes arrive."""

from __future__ import annotations

import pytest

from covid_core.exports.multipart import TooLarge, boundary_of, split_parts

PARTS = [b"one", b"", b"\r\n--edg\r\nthree"]
BODY = b"--edge" + b"--edge".join(
    b"\r\nContent-Type: application/dicom\r\n\r\n" + part + b"\r\n" for part in PARTS
)


def pieces(body: bytes, size: int) -> list[bytes]:
    return [body[at : at + size] for at in range(0, len(body), size)]


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize("before", [b"", b"\r\n", b"words before\r\n"])
@pytest.mark.parametrize("after", [b"", b"\r\n", b"\r\nwords after\r\n--edge"])
def test_parts_are_had_as_they_were_sent(size: int, before: bytes, after: bytes) -> None:
    body = before + BODY + b"--edge--" + after
    assert list(split_parts(pieces(body, size), b"edge", 100)) == PARTS


@pytest.mark.parametrize("body", [b"", b"words", BODY, b"--edge\r\nno blank line\r\n--edge--"])
def test_what_is_no_multipart_or_ends_early_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="part"):
        list(split_parts(pieces(body, 50), b"edge", 100))


def test_a_part_is_as_large_as_it_may_be_and_no_larger() -> None:
    def body(size: int) -> bytes:
        return b"--edge\r\n\r\n" + bytes(size) + b"\r\n--edge--"

    assert list(split_parts([body(100)], b"edge", 100)) == [bytes(100)]
    with pytest.raises(TooLarge):
        list(split_parts([body(101)], b"edge", 100))


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ('multipart/related; type="application/dicom"; boundary="a b"', b"a b"),
        ("Multipart/Related;boundary=edge", b"edge"),
        ("application/dicom", None),
        ("", None),
    ],
)
def test_the_boundary_is_read_from_the_header(content_type: str, boundary: bytes | None) -> None:
    assert boundary_of(content_type) == boundary


def test_a_multipart_answer_says_its_boundary() -> None:
    with pytest.raises(ValueError, match="without a boundary"):
        boundary_of("multipart/related")
