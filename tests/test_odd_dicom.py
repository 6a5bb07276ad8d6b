"""DICOM files that break the standard, or use its corners, and that other readers open."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from covid_core.errors import RefusedFile
from covid_core.read.patient_tags import read_study
from covid_core.read.reading import read_radiograph
from tests.dcmtk import OWN_RANGE, WINDOW, needs_dcmtk, rendered
from tests.films import dicom_file, grey_film

FILM = grey_film()
EXACT = FILM / 255
WIDE = FILM.astype(np.uint16) * 16
PLACEHOLDER = b"1234567890123456"
# pytest undoes the filter of covid_core.read.dicom.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")


def body_of(data: bytes) -> bytes:
    """A file without its preamble and its meta group."""
    return data[144 + int.from_bytes(data[140:144], "little") :]


def without_syntax(data: bytes) -> bytes:
    """A file whose meta group lacks the Transfer Syntax UID."""
    start = data.index(b"\x02\x00\x10\x00UI")
    end = start + 8 + int.from_bytes(data[start + 6 : start + 8], "little")
    length = int.from_bytes(data[140:144], "little") - (end - start)
    return data[:140] + length.to_bytes(4, "little") + data[144:start] + data[end:]


def without(keyword: str, **tags: Any) -> bytes:
    file = pydicom.filebase.DicomBytesIO(dicom_file(WIDE, bits_stored=12, **tags))
    dataset = pydicom.dcmread(file)
    delattr(dataset, keyword)
    made = pydicom.filebase.DicomBytesIO()
    dataset.save_as(made)
    return made.getvalue()


def refusal(data: bytes) -> RefusedFile:
    with pytest.raises(RefusedFile) as refused:
        read_radiograph(data)
    return refused.value


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("head", ["no preamble", "no meta group", "no syntax"])
def test_a_file_that_was_saved_as_it_was_sent_is_read(head: str, syntax: pydicom.uid.UID) -> None:
    data = dicom_file(WIDE, syntax=syntax, bits_stored=12, PatientID="12345")
    made = {
        "no preamble": data[132:],
        "no meta group": body_of(data),
        "no syntax": without_syntax(data),
    }[head]
    film = read_radiograph(made)
    assert np.abs(film.pixels - EXACT).max() < 1e-6
    assert film.source_format == f"DICOM, {syntax.name}"
    study = read_study(made)
    assert study is not None and study.patient_id == "12345"


@pytest.mark.parametrize(
    "data", [b"\x08\0\5\0CS\2\0AB" * 40, b"\2\0\0\0UL\4\0\0\0\0\0", b"\x08\0" * 99]
)
def test_what_only_begins_like_a_dicom_file_is_of_an_unknown_format(data: bytes) -> None:
    assert refusal(data).code == "unknown_format"


@pytest.mark.parametrize(
    ("word", "inverted"),
    [("Monochrome2", False), ("monochrome1", True), ("MONOCHROME 2", False), ("XYZ", False)],
)
def test_photometric_interpretation_in_odd_letters(word: str, inverted: bool) -> None:
    data = dicom_file(WIDE, bits_stored=12, photometric=word)
    expected = 1 - EXACT if inverted else EXACT
    film = read_radiograph(data)
    assert np.abs(film.pixels - expected).max() < 1e-6
    named = any("Photometric Interpretation was left aside" in note for note in film.notes)
    assert named == (word == "XYZ")


@pytest.mark.parametrize(
    "keyword",
    [
        "SamplesPerPixel",
        "PhotometricInterpretation",
        "PixelRepresentation",
        "HighBit",
        "BitsStored",
        "Modality",
        "SOPClassUID",
    ],
)
def test_a_header_that_lacks_a_tag_is_read_without(keyword: str) -> None:
    assert np.abs(read_radiograph(without(keyword)).pixels - EXACT).max() < 1e-6


@pytest.mark.parametrize("keyword", ["Rows", "Columns", "BitsAllocated"])
def test_a_header_that_lacks_what_no_picture_goes_without_is_refused_for_that(keyword: str) -> None:
    error = refusal(without(keyword))
    assert error.code == "bad_header"
    title = {"BitsAllocated": "Bits Allocated"}.get(keyword, keyword)
    assert f"does not state {title}" in error.sentence


@needs_dcmtk
def test_decimal_commas_are_points() -> None:
    """Another reader is given the points."""
    tags = {"WindowCenter": "PLACEHOLDER", "WindowWidth": 1200}
    expected = rendered(dicom_file(WIDE, bits_stored=12, **tags | {"WindowCenter": 1500.5}), WINDOW)
    film = read_radiograph(with_text("WindowCenter", b"1500,5", WindowWidth=1200))
    assert np.abs(film.pixels - expected).mean() < 0.004
    assert film.notes == ("shown through the window stored in the file",)


def with_text(keyword: str, text: bytes, **tags: Any) -> bytes:
    """A file whose tag of decimal strings holds this text."""
    data = dicom_file(WIDE, bits_stored=12, **tags, **{keyword: PLACEHOLDER.decode()})
    return data.replace(PLACEHOLDER, text.ljust(16))


@pytest.mark.parametrize("text", [b"1.500,5", b"NaN", b"inf", b"x", b"\xff\xfe", b"--1"])
@pytest.mark.parametrize(
    ("keyword", "title", "tags"),
    [
        ("WindowCenter", "Window Center", {"WindowWidth": 900}),
        ("RescaleSlope", "Rescale Slope", {"RescaleIntercept": 0}),
        ("RescaleIntercept", "Rescale Intercept", {"RescaleSlope": 1}),
    ],
)
def test_a_number_that_is_none_costs_its_tag_and_not_the_film(
    keyword: str, title: str, tags: dict[str, Any], text: bytes
) -> None:
    film = read_radiograph(with_text(keyword, text, **tags))
    assert np.abs(film.pixels - EXACT).max() < 1e-6
    [note] = film.notes
    assert note == f"{title} was left aside: it holds no number"


def test_a_picture_that_is_cut_short_is_refused_for_that() -> None:
    error = refusal(dicom_file(WIDE, PixelData=WIDE.tobytes()[:-100]))
    assert error.code == "corrupt" and "61340 of the 61440 bytes" in error.sentence


def test_tags_that_are_cut_short_are_refused_for_that() -> None:
    data = dicom_file(FILM)
    error = refusal(data[: 144 + int.from_bytes(data[140:144], "little") + 30])
    assert error.code in ("corrupt", "no_pixels") and "one without" not in error.sentence


@pytest.mark.parametrize("signed", [False, True])
def test_32_bits_keep_their_depth(signed: bool) -> None:
    values = FILM.astype(np.int32 if signed else np.uint32) + (2**30 if not signed else -(2**30))
    assert np.abs(read_radiograph(dicom_file(values)).pixels - EXACT).max() < 1e-6


@needs_dcmtk
@pytest.mark.skipif(shutil.which("dcmcjpeg") is None, reason="needs DCMTK's dcmcjpeg")
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_jpeg_extended_of_12_bits(photometric: str, tmp_path: Path) -> None:
    plain, packed = tmp_path / "plain.dcm", tmp_path / "packed.dcm"
    plain.write_bytes(dicom_file(WIDE, bits_stored=12, photometric=photometric))
    subprocess.run(["dcmcjpeg", "+ee", "+q", "95", str(plain), str(packed)], check=True)
    film = read_radiograph(packed.read_bytes())
    assert "JPEG Extended" in film.source_format
    assert np.abs(film.pixels - read_radiograph(plain.read_bytes()).pixels).mean() < 0.01
    damaged = bytearray(packed.read_bytes())
    damaged[-4000:-2000] = bytes(2000)
    try:
        assert np.isfinite(read_radiograph(bytes(damaged)).pixels).all()
    except RefusedFile as error:
        assert error.code in ("undecodable", "corrupt")


@needs_dcmtk
@pytest.mark.parametrize("head", ["no meta group", "no syntax"])
def test_another_reader_opens_what_has_no_head(head: str) -> None:
    data = dicom_file(WIDE, syntax=ImplicitVRLittleEndian, bits_stored=12)
    if head == "no meta group":
        made, options = body_of(data), ("-f", *OWN_RANGE)
        assert np.abs(read_radiograph(made).pixels - rendered(made, options)).mean() < 0.004
    else:
        assert np.abs(read_radiograph(without_syntax(data)).pixels - EXACT).max() < 1e-6
