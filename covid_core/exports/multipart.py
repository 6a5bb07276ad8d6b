"""A multipart answer (RFC 2046) taken apart as it arrives; no more than a part is ever held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from email.message import Message

_MAX_HEAD_BYTES = 8 * 1024  # of a part's own headers, and of what stands before the first part
_BLANK_LINE = b"\r\n\r\n"


class TooLarge(Exception):
    """A part has more bytes than it may."""


def boundary_of(content_type: str) -> bytes | None:
    """The boundary between a multipart answer's parts, by its Content-Type; None of any other.

    Raises ValueError where a multipart answer names none.
    """
    header = Message()
    header["Content-Type"] = content_type
    if header.get_content_maintype() != "multipart":
        return None
    boundary = header.get_boundary()
    if not boundary:
        raise ValueError("a multipart answer without a boundary")
    return boundary.encode("latin-1")


def split_parts(chunks: Iterable[bytes], boundary: bytes, most: int) -> Iterator[bytes]:
    """The content of each part, in order; what follows the last is not read.

    `most`: bytes of a part. Raises TooLarge, and ValueError for what is no multipart or ends early.
    """
    delimiter = b"\r\n--" + boundary
    held = bytearray(b"\r\n")  # the first delimiter may stand at the very beginning
    searched, limit, before_first = 0, _MAX_HEAD_BYTES, True
    for chunk in chunks:
        held += chunk
        while (end := held.find(delimiter, searched)) >= 0:
            if not before_first:
                if held.startswith(b"--"):
                    return
                yield _content(held, end, most)
            del held[: end + len(delimiter)]
            searched, limit, before_first = 0, most + _MAX_HEAD_BYTES, False
        if not before_first and held.startswith(b"--"):
            return
        if len(held) > limit + len(delimiter):
            raise TooLarge
        searched = max(0, len(held) - len(delimiter) + 1)
    raise ValueError("a multipart answer that was cut short")


def _content(held: bytearray, end: int, most: int) -> bytes:
    head = held.find(_BLANK_LINE, 0, min(end, _MAX_HEAD_BYTES))
    if head < 0:
        raise ValueError("a part without a blank line after its headers")
    start = head + len(_BLANK_LINE)
    if end - start > most:
        raise TooLarge
    with memoryview(held) as view:
        return bytes(view[start:end])
