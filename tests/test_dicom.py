"""DICOM: the same film from every compression and convention, and a sentence for the rest."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from covid_core.dicom import MAX_INFLATED_BYTES
from covid_core.errors import RefusedFile
from covid_core.radiograph import Radiograph, View
from covid_core.reading import read_radiograph
from tests.films import dicom_file, grey_film

FILM = grey_film()
EXACT = FILM / 255
LEVEL = 1 / 255
SYNTAXES = [
    ExplicitVRLittleEndian, ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, RLELossless,
    JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless,
]  # fmt: skip


def refusal(data: bytes) -> RefusedFile:
    with pytest.raises(RefusedFile) as refused:
        read_radiograph(data)
    return refused.value


@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name)
def test_lossless_files_give_the_same_film(
    syntax: pydicom.uid.UID, photometric: str, bits: int
) -> None:
    stored = FILM if bits == 8 else FILM.astype(np.uint16) * (2**bits // 256)
    if photometric == "MONOCHROME1":
        stored = stored.max() - stored
    data = dicom_file(stored, photometric=photometric, bits_stored=bits, syntax=syntax)
    radiograph = read_radiograph(data)
    assert np.abs(radiograph.pixels - EXACT).max() <= LEVEL
    assert any("inverted" in note for note in radiograph.notes) == (photometric == "MONOCHROME1")
    expected = ExplicitVRLittleEndian if syntax == DeflatedExplicitVRLittleEndian else syntax
    assert radiograph.source_format == f"DICOM, {expected.name}"


def test_jpeg_baseline_gives_nearly_the_same_film() -> None:
    radiograph = read_radiograph(dicom_file(FILM, syntax=JPEGBaseline8Bit))
    assert np.abs(radiograph.pixels - EXACT).max() <= 6 * LEVEL


def test_rescale_and_window_clip_as_the_standard_says() -> None:
    data = dicom_file(
        FILM.astype(np.int16) - 100, RescaleSlope=2, RescaleIntercept=200, WindowCenter=256,
        WindowWidth=256, VOILUTFunction="LINEAR_EXACT",
    )  # fmt: skip
    radiograph = read_radiograph(data)
    assert np.abs(radiograph.pixels - np.clip((2.0 * FILM - 128) / 256, 0, 1)).max() < 1e-3
    assert any("window" in note for note in radiograph.notes)


def test_lookup_table_is_applied() -> None:
    table = Dataset()
    table.LUTDescriptor = [256, 0, 16]
    table.LUTData = np.sqrt(np.arange(256) * 256 * 65535).astype("<u2").tobytes()
    table["LUTData"].VR = "OW"
    radiograph = read_radiograph(dicom_file(FILM, VOILUTSequence=Sequence([table])))
    assert np.abs(radiograph.pixels - np.sqrt(EXACT)).max() < 2 * LEVEL


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_air(photometric: str) -> None:
    stored = 1000 + FILM.astype(np.uint16) * 4
    if photometric == "MONOCHROME1":
        stored = 3000 - stored
    stored[:20] = 65000
    data = dicom_file(stored, photometric=photometric, PixelPaddingValue=65000)
    pixels = read_radiograph(data).pixels
    assert pixels[:20].max() == 0
    inside = FILM[20:].astype(float) - FILM[20:].min()
    assert np.abs(pixels[20:] - inside / inside.max()).max() <= LEVEL


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
def test_grey_film_stored_in_colour(photometric: str) -> None:
    grey = np.repeat(FILM[..., np.newaxis], 3, axis=2)
    if photometric == "YBR_FULL":
        grey[..., 1:] = 128
    pixels = read_radiograph(dicom_file(grey, photometric=photometric)).pixels
    assert np.abs(pixels - EXACT).max() <= 2 * LEVEL


@pytest.mark.parametrize(
    ("position", "view"),
    [
        ("PA", View.PA),
        ("AP", View.AP),
        ("LL", View.LATERAL),
        ("", View.UNKNOWN),
        ("?", View.UNKNOWN),
    ],
)
def test_view_position(position: str, view: View) -> None:
    assert read_radiograph(dicom_file(FILM, ViewPosition=position)).view is view


def test_another_body_part_is_said() -> None:
    assert any(
        "hand" in n for n in read_radiograph(dicom_file(FILM, BodyPartExamined="HAND")).notes
    )
    assert read_radiograph(dicom_file(FILM, BodyPartExamined="CHEST")).notes == ()


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({"modality": "CT"}, "wrong_modality"),
        ({"NumberOfFrames": 2**31 - 1}, "multi_frame"),
        ({"Rows": 65535, "Columns": 65535}, "too_large"),
        ({"Rows": 0}, "bad_header"),
        ({"Rows": 8, "Columns": 8}, "too_small"),
        ({"Rows": 300}, "corrupt"),
        ({"PixelData": b""}, "corrupt"),
    ],
)
def test_header_alone_refuses(tags: dict[str, object], code: str) -> None:
    assert refusal(dicom_file(FILM, **tags)).code == code


def test_report_without_a_picture() -> None:
    data = dicom_file(FILM)
    dataset = pydicom.dcmread(pydicom.filebase.DicomBytesIO(data))
    del dataset.PixelData
    file = pydicom.filebase.DicomBytesIO()
    dataset.save_as(file)
    assert refusal(file.getvalue()).code == "no_pixels"


def test_deflated_bomb_is_refused_before_it_unfolds() -> None:
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    zeros = bytes(1024 * 1024)
    rounds = MAX_INFLATED_BYTES // len(zeros) + 8
    bomb = b"".join(deflater.compress(zeros) for _ in range(rounds)) + deflater.flush()
    data = dicom_file(FILM, syntax=DeflatedExplicitVRLittleEndian)
    body_start = 144 + int.from_bytes(data[140:144], "little")
    assert len(bomb) < 2_000_000
    assert refusal(data[:body_start] + bomb).code == "too_large"


def test_endless_sequences_are_refused() -> None:
    opening = bytes.fromhex("08001511 53510000 ffffffff") + bytes.fromhex("feff00e0 ffffffff")
    data = dicom_file(FILM)
    body_start = 144 + int.from_bytes(data[140:144], "little")
    assert refusal(data[:body_start] + opening * 20_000).code == "corrupt"


def test_program_in_the_preamble_is_refused() -> None:
    data = b"MZ" + dicom_file(FILM)[2:]
    assert refusal(data).code == "executable_preamble"


def test_patient_is_nowhere() -> None:
    canary = {"PatientName": "Canary^Patient", "PatientID": "Canary", "InstitutionName": "Canary"}
    radiograph = read_radiograph(dicom_file(FILM, **canary))
    fields = [getattr(radiograph, name) for name in Radiograph.__slots__ if name != "pixels"]
    assert "Canary" not in repr(fields)
    assert "Canary" not in str(refusal(dicom_file(FILM, modality="CT", **canary)))


def cut(data: bytes, drawing: np.random.Generator) -> bytes:
    return data[: drawing.integers(132, len(data))]


def flip(data: bytes, drawing: np.random.Generator) -> bytes:
    changed = bytearray(data)
    for place in drawing.integers(132, 1200, 8):
        changed[place] = drawing.integers(256)
    return bytes(changed)


@pytest.mark.parametrize("damage", [cut, flip])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, JPEGLosslessSV1])
def test_damaged_files_only_ever_give_a_film_or_a_refusal(
    syntax: pydicom.uid.UID, damage: Callable[[bytes, np.random.Generator], bytes]
) -> None:
    """A damaged JPEG Lossless stream crashes gdcm: only the child process may notice."""
    data, drawing = dicom_file(FILM, syntax=syntax), np.random.default_rng(0)
    refused = 0
    for _ in range(12 if syntax.is_encapsulated else 100):  # a process each, where compressed
        try:
            radiograph = read_radiograph(damage(data, drawing))
        except RefusedFile as error:
            refused += 1
            assert error.sentence
        else:
            assert np.isfinite(radiograph.pixels).all()
    assert refused > 0
