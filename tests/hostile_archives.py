"""ZIP files that were made to harm."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from functools import partial

from tests.films import encode
from tests.mutants import FILM, zipped

Made = tuple[str, Callable[[], bytes]]
MIB = 1024 * 1024
_NAMES = (
    "../../etc/passwd",
    "/etc/passwd",
    "..\\..\\boot.ini",
    "C:\\x.png",
    "a\0b.png",
    "x" * 4_096,
    "film\u202egnp.exe",
    "\n\r\t.png",
    "<img src=x onerror=alert(1)>.png",
    "=1+1.png",
    "![x](http://localhost/p.png)",
    "con",
    "a/" * 300 + "b.png",
    "\ufeff.png",
)


def archives() -> Iterator[Made]:
    film = encode(FILM, "PNG")
    for number, name in enumerate(_NAMES):
        yield f"name-{number}.zip", partial(zipped, (name, film))
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        yield f"method-{method}.zip", partial(zipped, ("a.png", film), method=method)
    yield "nested.zip", lambda: zipped(("a.zip", zipped(("b.png", film))), ("c.png", film))
    yield "bomb.zip", lambda: zipped(("a.png", bytes(70 * MIB)))
    yield "fits.zip", lambda: zipped(("a.png", bytes(60 * MIB)))
    yield "link.zip", _link
    yield "encrypted.zip", lambda: _encrypted(film)
    yield "overlapping.zip", partial(_overlapping, 200)
    yield "twice.zip", lambda: _twice(film)
    yield "many.zip", lambda: zipped(*((f"{n}.png", b"") for n in range(5_001)))
    yield "extras.zip", partial(_extras, 900)
    yield "no-directory.zip", lambda: zipped(("a.png", film))[:-60]
    yield "only-end.zip", lambda: b"PK\5\6" + bytes(18)
    yield "absurd-end.zip", lambda: b"PK\3\4" + bytes(99) + b"PK\5\6" + b"\xff" * 18


def _link() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        link = zipfile.ZipInfo("link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return file.getvalue()


def _encrypted(film: bytes) -> bytes:
    data = bytearray(zipped(("a.png", film)))
    data[data.index(b"PK\1\2") + 8] |= 1
    return bytes(data)


def _twice(film: bytes) -> bytes:
    return zipped(("a.png", film), ("a.png ", film)).replace(b"a.png ", b"a.png\0")


def _overlapping(count: int) -> bytes:
    """Many names for one deflated kernel of 50 MiB."""
    whole = zipped(("0000.png", bytes(50 * MIB)))
    start, end = whole.index(b"PK\1\2"), whole.index(b"PK\5\6")
    entry = whole[start:end]
    entries = b"".join(entry.replace(b"0000", b"%04d" % n) for n in range(count))
    closing = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(entries), start, 0)
    return whole[:start] + entries + closing


def _extras(count: int) -> bytes:
    """A directory of entries that each hold thousands of extra fields of no bytes."""
    whole = zipped(("0000.png", b""))
    start, end = whole.index(b"PK\1\2"), whole.index(b"PK\5\6")
    entry = bytearray(whole[start:end])
    extra = b"\x99\x99\0\0" * 16_000
    entry[30:32] = struct.pack("<H", len(extra))
    entries = (bytes(entry) + extra) * count
    closing = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(entries), start, 0)
    return whole[:start] + entries + closing
