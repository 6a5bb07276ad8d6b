"""DICOM: the same film from every compression and convention, and a sentence for the rest."""

from __future__ import annotations

import logging
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pydicom
import pytest
from PIL import Image
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

from covid_core.errors import RefusedFile
from covid_core.read.dicom import is_child
from covid_core.read.dicom_tags import MAX_INFLATED_BYTES
from covid_core.read.radiograph import Radiograph, View
from covid_core.read.reading import read_radiograph
from tests.films import dicom_file, grey_film

FILM = grey_film()
EXACT = FILM / 255
LEVEL = 1 / 255
COLOURS = np.dstack([FILM, 255 - FILM, FILM // 2])
SYNTAXES = [
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    DeflatedExplicitVRLittleEndian,
    RLELossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEG2000Lossless,
]

# pytest undoes the filter of covid_core.read.dicom. Damaged files make pydicom warn of what they
# hold.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom.valuerep")


def full_range(values: np.ndarray) -> np.ndarray:
    return (values - values.min()) / np.ptp(values)


def deflated_file() -> tuple[bytes, bytes]:
    """A deflated DICOM file's head, up to and with its meta group, and its body."""
    data = dicom_file(FILM, syntax=DeflatedExplicitVRLittleEndian)
    body_start = 144 + int.from_bytes(data[140:144], "little")
    return data[:body_start], data[body_start:]


def deflate(data: bytes) -> bytes:
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflater.compress(data) + deflater.flush()


def bomb() -> bytes:
    """Less than 2 MB of deflated zeros, just over the limit."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    zeros = bytes(1024 * 1024)
    rounds = MAX_INFLATED_BYTES // len(zeros) + 8
    return b"".join(deflater.compress(zeros) for _ in range(rounds)) + deflater.flush()


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


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_jpeg_baseline_gives_nearly_the_same_film(photometric: str) -> None:
    stored = 255 - FILM if photometric == "MONOCHROME1" else FILM
    data = dicom_file(stored, photometric=photometric, syntax=JPEGBaseline8Bit)
    assert np.abs(read_radiograph(data).pixels - EXACT).max() <= 4 * LEVEL


def test_rescale_and_window_clip_as_the_standard_says() -> None:
    data = dicom_file(
        FILM.astype(np.int16) - 100,
        RescaleSlope=2,
        RescaleIntercept=200,
        WindowCenter=256,
        WindowWidth=256,
        VOILUTFunction="LINEAR_EXACT",
    )
    radiograph = read_radiograph(data)
    assert np.abs(radiograph.pixels - np.clip((2.0 * FILM - 128) / 256, 0, 1)).max() < 1e-3
    assert any("window" in note for note in radiograph.notes)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT"])
def test_what_a_window_hides_is_kept_for_a_viewer(photometric: str, function: str) -> None:
    counts = FILM.astype(np.uint16) * 16
    film = read_radiograph(
        dicom_file(
            counts,
            photometric=photometric,
            WindowCenter=1500,
            WindowWidth=2000,
            VOILUTFunction=function,
        )
    )
    whole = film.unwindowed
    assert whole is not None and whole.values().dtype == np.uint16
    dark = counts.max() - counts if photometric == "MONOCHROME1" else counts
    assert np.abs(whole.values() / 65535 - full_range(dark.astype(float))).max() < 1e-4
    through = np.clip((whole.values() / 65535 - whole.low) / (whole.high - whole.low), 0, 1)
    assert np.abs(through - film.pixels).max() < 1e-3


def test_without_a_window_or_with_a_curve_there_is_nothing_more_to_show() -> None:
    assert read_radiograph(dicom_file(FILM)).unwindowed is None
    curve = dicom_file(FILM, WindowCenter=128, WindowWidth=64, VOILUTFunction="SIGMOID")
    assert read_radiograph(curve).unwindowed is None


def test_empty_rescale_and_window_are_as_none() -> None:
    tags = ("RescaleSlope", "RescaleIntercept", "WindowCenter", "WindowWidth")
    radiograph = read_radiograph(dicom_file(FILM, **dict.fromkeys(tags, "")))
    assert np.abs(radiograph.pixels - EXACT).max() < 1e-6
    assert radiograph.notes == ()


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


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_signed_padding_is_air(syntax: pydicom.uid.UID) -> None:
    stored = FILM.astype(np.int16) * 8 - 1000
    stored[:20] = -2000
    pixels = read_radiograph(dicom_file(stored, PixelPaddingValue=-2000, syntax=syntax)).pixels
    assert pixels[:20].max() == 0
    assert np.abs(pixels[20:] - full_range(stored[20:])).max() < 1e-6


@pytest.mark.parametrize("signed", [False, True])
def test_bits_above_those_stored_mean_nothing(signed: bool) -> None:
    values = FILM.astype(np.int16) * 8 - (1000 if signed else 0)
    overlay = np.random.default_rng(0).integers(0, 16, FILM.shape).astype(np.uint16) << 12
    stored = ((values.view(np.uint16) & 0x0FFF) | overlay).view(np.int16 if signed else np.uint16)
    data = dicom_file(stored, bits_stored=12, WindowCenter=300, WindowWidth=900)
    clean = dicom_file(values.astype(stored.dtype), WindowCenter=300, WindowWidth=900)
    expected, found = read_radiograph(clean), read_radiograph(data)
    assert np.array_equal(found.pixels, expected.pixels)
    assert found.unwindowed is not None and expected.unwindowed is not None
    assert np.array_equal(found.unwindowed.values(), expected.unwindowed.values())


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
def test_grey_film_stored_in_colour(photometric: str) -> None:
    grey = np.repeat(FILM[..., np.newaxis], 3, axis=2)
    if photometric == "YBR_FULL":
        grey[..., 1:] = 128
    pixels = read_radiograph(dicom_file(grey, photometric=photometric)).pixels
    assert np.abs(pixels - EXACT).max() <= 2 * LEVEL


@pytest.mark.parametrize(
    ("photometric", "syntax"),
    [
        ("RGB", ExplicitVRLittleEndian),
        ("YBR_FULL", ExplicitVRLittleEndian),
        ("RGB", RLELossless),
        ("YBR_FULL", RLELossless),
        ("RGB", JPEG2000Lossless),
    ],
)
def test_colours_become_their_brightness(photometric: str, syntax: pydicom.uid.UID) -> None:
    image = Image.fromarray(COLOURS)
    stored = np.asarray(image if photometric == "RGB" else image.convert("YCbCr"))
    window = {"WindowCenter": 10, "WindowWidth": 5}  # for grey only: nothing to colours
    radiograph = read_radiograph(
        dicom_file(stored, photometric=photometric, syntax=syntax, **window)
    )
    brightness = full_range(COLOURS @ np.array([0.299, 0.587, 0.114]))
    assert np.abs(radiograph.pixels - brightness).max() <= 6 * LEVEL  # the range here is 112 levels
    assert radiograph.coloured and "colour" in " ".join(radiograph.notes)


def test_a_grey_film_stored_in_colours_with_a_mark_is_no_colour_picture() -> None:
    marked = np.dstack([FILM] * 3)
    marked[10:30, 10:30] = (200, 30, 30)
    assert not read_radiograph(dicom_file(marked, photometric="RGB")).coloured


def test_palette_is_resolved() -> None:
    """Its pixels are numbers of colours, and say nothing of brightness."""
    table = (np.arange(255, -1, -1) * 257).astype("<u2").tobytes()
    tags: dict[str, object] = {}
    for colour in ("Red", "Green", "Blue"):
        tags[f"{colour}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        tags[f"{colour}PaletteColorLookupTableData"] = table
    data = dicom_file(255 - FILM, photometric="PALETTE COLOR", **tags)
    assert np.abs(read_radiograph(data).pixels - EXACT).max() <= LEVEL


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


def test_what_is_no_code_is_not_repeated_as_a_body_part() -> None:
    [note] = read_radiograph(dicom_file(FILM, BodyPartExamined="<B>Müller</B>")).notes
    assert note == "the word that the file gives for the body part is not known here"


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
    head, _ = deflated_file()
    assert refusal(head + bomb()).code == "too_large"


def test_deflated_bomb_behind_a_long_meta_group_is_refused() -> None:
    head, _ = deflated_file()
    version = b"\2\0\1\0OB\0\0" + struct.pack("<I", 4000) + bytes(4000)
    assert refusal(head[:144] + version + head[144:] + bomb()).code == "too_large"


def test_deflated_file_in_a_deflated_file_is_left_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body with a meta group of its own once made pydicom inflate it again, without a limit."""
    head, body = deflated_file()
    unlimited: list[object] = []
    monkeypatch.setattr(zlib, "decompress", lambda *given: unlimited.append(given) or b"")
    assert refusal(head + deflate(head[144:] + body)).code in ("corrupt", "no_pixels")
    assert unlimited == []


@pytest.mark.parametrize("deflated", [False, True])
def test_endless_sequences_are_refused(deflated: bool) -> None:
    opening = bytes.fromhex("08001511 53510000 ffffffff") + bytes.fromhex("feff00e0 ffffffff")
    head, _ = deflated_file()
    data = dicom_file(FILM)
    body_start = 144 + int.from_bytes(data[140:144], "little")
    body = opening * 20_000
    file = head + deflate(body) if deflated else data[:body_start] + body
    assert refusal(file).code == "corrupt"


def test_program_in_the_preamble_is_refused() -> None:
    data = b"MZ" + dicom_file(FILM)[2:]
    assert refusal(data).code == "executable_preamble"


def test_patient_is_nowhere() -> None:
    canary = {"PatientName": "Canary^Patient", "PatientID": "Canary", "InstitutionName": "Canary"}
    radiograph = read_radiograph(dicom_file(FILM, **canary))
    fields = [getattr(radiograph, name) for name in Radiograph.__slots__ if name != "pixels"]
    assert "Canary" not in repr(fields)
    for refused in ({"modality": "CT"}, {"Rows": 300}, {"Rows": 0}, {"NumberOfFrames": 2}):
        error = refusal(dicom_file(FILM, **refused, **canary))
        assert "Canary" not in f"{error} {error.sentence} {error!r}"


def test_pydicom_logs_no_values(caplog: pytest.LogCaptureFixture) -> None:
    """It quotes a value that it finds odd, and in a damaged file that may be any."""
    data = dicom_file(FILM)
    syntax = ExplicitVRLittleEndian.encode()
    with caplog.at_level(logging.DEBUG):
        refused = refusal(data.replace(syntax, b"Canary".ljust(len(syntax))))
    assert refused.code == "undecodable" and "Canary" not in refused.sentence
    assert "Canary" not in caplog.text


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


@pytest.mark.parametrize(
    ("age", "child"),
    [("012Y", True), ("006M", True), ("17Y", True), ("018Y", False), ("216M", False)]
    + [("030D", True), ("000Y", False), ("", False), ("adult", False), ("0\u0663Y", False)],
)
def test_a_child_is_recognised_by_the_age_tag_alone(age: str, child: bool) -> None:
    assert is_child(age) is child


@pytest.mark.parametrize(
    ("born", "taken", "child"),
    [
        ("20150101", "20200401", True),
        ("20020402", "20200401", True),
        ("20020401", "20200401", False),
        ("19500101", "20200401", False),
        ("", "20200401", False),
        ("20150101", "", False),
        ("20200402", "20200401", False),
        ("20000101", "20000101", False),
        ("00010101", "20200401", False),
        ("2015", "20200401", False),
    ],
)
def test_without_an_age_the_days_of_birth_and_study_tell(
    born: str, taken: str, child: bool
) -> None:
    assert is_child("", born, taken) is child
    assert is_child("000Y", born, taken) is child
    assert is_child("045Y", born, taken) is False
    film = dicom_file(grey_film(256, 256), PatientBirthDate=born, StudyDate=taken)
    assert read_radiograph(film).child is child


def test_the_view_code_is_read_where_the_view_position_says_nothing() -> None:
    lateral, frontal = Dataset(), Dataset()
    lateral.CodeMeaning, frontal.CodeMeaning = "lateral", "postero-anterior"
    for position, code, view in (
        ("", lateral, View.LATERAL),
        ("", frontal, View.PA),
        ("AP", lateral, View.AP),
    ):
        film = dicom_file(grey_film(256, 256), ViewPosition=position, ViewCodeSequence=[code])
        assert read_radiograph(film).view is view


def test_raw_data_of_a_detector_is_noted() -> None:
    for intent, noted in (("FOR PROCESSING", True), ("FOR PRESENTATION", False)):
        film = read_radiograph(dicom_file(grey_film(256, 256), PresentationIntentType=intent))
        assert any("FOR PROCESSING" in note for note in film.notes) is noted


def test_a_film_carries_whether_it_is_a_child_s_and_not_the_age() -> None:
    files = {age: dicom_file(grey_film(256, 256), PatientAge=age) for age in ("009Y", "045Y")}
    found = {age: read_radiograph(data) for age, data in files.items()}
    assert (found["009Y"].child, found["045Y"].child) == (True, False)
