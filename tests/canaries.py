"""Files that name a patient wherever their formats let them: each place has a word of its own."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from functools import cache
from typing import Any

import pydicom
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pydicom.dataset import Dataset
from pydicom.uid import UID

from covid_core.read.phantom import KINDS, draw_phantom
from tests.films import dicom_file, encode

_PHANTOM = draw_phantom(KINDS[-1], size_px=256)
_TAGS = (
    "PatientName",
    "PatientID",
    "OtherPatientNames",
    "OtherPatientIDs",
    "PatientAddress",
    "PatientComments",
    "AdditionalPatientHistory",
    "PatientTelephoneNumbers",
    "StudyID",
    "StudyDescription",
    "SeriesDescription",
    "AccessionNumber",
    "ReferringPhysicianName",
    "OperatorsName",
    "PerformingPhysicianName",
    "InstitutionName",
    "InstitutionAddress",
    "StationName",
    "ProtocolName",
    "DeviceSerialNumber",
    "ImageComments",
    "DerivationDescription",
)
_BORN, _TAKEN, _UID = "19530717", "20190223", "1.2.826.0.1.4711.90125"


@dataclass(frozen=True, slots=True)
class Marked:
    """A file that holds canaries. `reads`: whether a film can be read from it. `places`: where a
    canary is, to the canary."""

    name: str
    data: bytes
    reads: bool
    places: dict[str, str]


def word(number: int) -> str:
    """A canary that fits into 16 characters, and into no other text."""
    return f"ZQ{number:02}Canary"


@cache
def marked_files() -> tuple[Marked, ...]:
    """All of them: DICOM, PNG, JPEG, TIFF and ZIP, and what is refused."""
    film, *others = marked_dicom(), marked_png(), marked_jpeg(), marked_tiff(), marked_zip()
    cut = Marked(f"{word(90)}-cut.dcm", film.data[:1500], False, {"name of a cut file": word(90)})
    scan = _other_modality()
    nothing = Marked(
        f"{word(92)}.png",
        f"no film {word(93)}".encode(),
        False,
        {"name of no film": word(92), "words of no film": word(93)},
    )
    return film, *others, cut, scan, nothing


def marked_dicom() -> Marked:
    """A computed radiograph of somebody, in tags, private tags, items, overlay, head and tail."""
    places: dict[str, Any] = {keyword: word(number) for number, keyword in enumerate(_TAGS)}
    dates: dict[str, Any] = {
        "PatientBirthDate": _BORN,
        "StudyDate": _TAKEN,
        "StudyInstanceUID": _UID,
    }
    dataset = pydicom.dcmread(io.BytesIO(dicom_file(_PHANTOM, modality="CR", **places, **dates)))
    private = dataset.private_block(0x0009, word(30), create=True)
    private.add_new(1, "LO", word(31))
    request = Dataset()
    request.ScheduledProcedureStepDescription = word(32)
    dataset.RequestAttributesSequence = [request]
    dataset.add_new(0x60000022, "LO", word(33))
    dataset.add_new(0x60001500, "LO", word(34))
    dataset.add_new(0xFFFCFFFC, "OB", word(35).encode() + b"\0\0")
    dataset.file_meta.SourceApplicationEntityTitle = word(36)
    dataset.file_meta.PrivateInformationCreatorUID = UID("1.2.3")
    dataset.file_meta.PrivateInformation = word(37).encode() + b"\0"
    dataset.preamble = word(38).encode().ljust(128, b"\0")
    names = (
        "private creator",
        "private tag",
        "item",
        "overlay description",
        "overlay label",
        "trailing padding",
        "application entity",
        "private information",
        "preamble",
    )
    places |= {name: word(30 + at) for at, name in enumerate(names)} | dates
    file = io.BytesIO()
    dataset.save_as(file)
    return Marked(f"{word(39)}.dcm", file.getvalue(), True, places | {"name": word(39)})


def marked_png() -> Marked:
    words = PngInfo()
    words.add_text("Comment", word(40))
    words.add_text("Author", word(41), zip=True)
    words.add_itxt("XML:com.adobe.xmp", _xmp(word(42)))
    data = encode(_PHANTOM, "PNG", pnginfo=words, exif=_exif(word(43)), icc_profile=_icc(word(44)))
    places = {"tEXt": word(40), "zTXt": word(41), "XMP": word(42), "eXIf": word(43)}
    return Marked(f"{word(45)}.png", data, True, places | {"ICC": word(44), "name": word(45)})


def marked_jpeg() -> Marked:
    data = encode(
        _PHANTOM,
        "JPEG",
        quality=95,
        exif=_exif(word(50)),
        icc_profile=_icc(word(51)),
        comment=word(52).encode(),
        xmp=_xmp(word(53)).encode(),
    )
    places = {"EXIF": word(50), "ICC": word(51), "comment": word(52), "XMP": word(53)}
    return Marked(f"{word(54)}.jpg", data, True, places | {"name": word(54)})


def marked_tiff() -> Marked:
    tags = {270: word(60), 315: word(61), 316: word(62), 700: _xmp(word(63)).encode()}
    data = encode(Image.fromarray(_PHANTOM), "TIFF", tiffinfo=tags, icc_profile=_icc(word(64)))
    names = ("description", "artist", "computer", "XMP", "ICC")
    places = {name: word(60 + at) for at, name in enumerate(names)}
    return Marked(f"{word(65)}.tif", data, True, places | {"name": word(65)})


def marked_zip() -> Marked:
    member = zipfile.ZipInfo(f"{word(70)}/{word(71)}.png")
    member.comment = word(72).encode()
    member.extra = struct.pack("<HH", 0x4711, len(word(73))) + word(73).encode()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(member, encode(_PHANTOM[::-1].copy(), "PNG"))
        archive.comment = word(74).encode()
    names = ("folder", "member", "member's comment", "extra field", "comment")
    places = {name: word(70 + at) for at, name in enumerate(names)}
    return Marked(f"{word(75)}.zip", file.getvalue(), True, places | {"name": word(75)})


def found_in(data: bytes, *, but: tuple[str, ...] = ()) -> list[str]:
    """The canaries in some bytes, also as UTF-16 and in another case, except for some."""
    plain = data.replace(b"\0", b"").lower()
    every = {text for file in marked_files() for text in file.places.values()} - set(but)
    return sorted(text for text in every if text.lower().encode() in plain)


def unpacked(pdf: bytes) -> bytes:
    """A PDF file with what is compressed in it beside it, as far as it is Flate."""
    streams = re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    inflated = [zlib.decompressobj().decompress(s) for s in streams if s[:1] == b"x"]
    return b"\n".join([pdf, *inflated])


def names() -> tuple[str, ...]:
    """The canaries in file names, which users give and see again."""
    named = ("name", "folder", "member", "name of a cut file", "name of no film", "name of a scan")
    every = [(place, text) for file in marked_files() for place, text in file.places.items()]
    return tuple(text for place, text in every if place in named)


def _other_modality() -> Marked:
    data = dicom_file(_PHANTOM, modality="CT", PatientName=word(94))
    places = {"name of a scan": word(91), "patient of a scan": word(94)}
    return Marked(f"{word(91)}.dcm", data, False, places)


def _exif(text: str) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = exif[0x013B] = text
    return exif


def _xmp(text: str) -> str:
    return f"<x:xmpmeta xmlns:x='adobe:ns:meta/'><dc:title>{text}</dc:title></x:xmpmeta>"


def _icc(text: str) -> bytes:
    """Bytes of a colour profile, as far as anything here looks into one."""
    return bytes(128) + text.encode()
