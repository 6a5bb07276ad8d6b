"""Body parts and views in the words that files give."""

from __future__ import annotations

import pytest

from covid_core.read.anatomy_words import note_body_part, parse_view
from covid_core.read.radiograph import View
from covid_core.read.reading import read_radiograph
from tests.films import dicom_file, grey_film

UNKNOWN_WORD = "the word that the file gives for the body part is not known here"


@pytest.mark.parametrize(
    "word",
    [
        "CHEST",
        "chest pa",
        "PORT CHEST",
        "THORAX",
        "TORAX",
        "TÓRAX",
        "Tórax AP",
        "TORACE",
        "PECHO",
        "POUMON",
        "POITRINE",
        "PULMÃO",
        "LUNG",
        "LUNGE",
        "CXR",
        "HEART",
        "CŒUR/COEUR",
        "PŁUCA",
        "GÖĞÜS",
        "ГРУДНАЯ КЛЕТКА",
        "胸部",
        "UNKNOWN",
        "unknown",
        "",
        " ",
        "N/A",
    ],
)
def test_nothing_is_said_of_a_chest_or_of_no_word(word: str) -> None:
    assert note_body_part(word) == ""


@pytest.mark.parametrize("word", ["HAND", "hand", "L HAND", "HANDS", "KNEE", "THORACIC SPINE"])
def test_another_body_part_is_named(word: str) -> None:
    named = "spine" if "SPINE" in word else "hand" if "HAND" in word.upper() else "knee"
    assert note_body_part(word) == f"the file says that the body part is {named}, not the chest"


@pytest.mark.parametrize("word", ["XYZZY", "<B>Müller</B>", "MANO", "A" * 64])
def test_a_word_that_is_not_known_is_called_so_and_not_repeated(word: str) -> None:
    assert note_body_part(word) == UNKNOWN_WORD


@pytest.mark.parametrize("coding", ["latin-1", "utf-8"])
def test_a_word_is_read_in_the_alphabet_it_was_written_in(coding: str) -> None:
    data = dicom_file(grey_film(), BodyPartExamined="ABCDEF")
    word = "TÓRAX".encode(coding).ljust(6)
    assert read_radiograph(data.replace(b"ABCDEF", word)).notes == ()


@pytest.mark.parametrize(
    ("text", "view"),
    [
        ("PA", View.PA),
        ("pa ", View.PA),
        ("AP", View.AP),
        ("AP Supine", View.AP),
        ("AP_SUPINE", View.AP),
        ("POSTERO-ANTERIOR", View.PA),
        ("L", View.LATERAL),
        ("LL", View.LATERAL),
        ("RL", View.LATERAL),
        ("LAT", View.LATERAL),
        ("LLAT", View.LATERAL),
        ("L LAT", View.LATERAL),
        ("Left Lateral", View.LATERAL),
        ("LATERAL", View.LATERAL),
        ("", View.UNKNOWN),
        ("?", View.UNKNOWN),
        ("OBLIQUE", View.UNKNOWN),
        (None, View.UNKNOWN),
        ("LLD", View.UNKNOWN),
    ],
)
def test_views_are_of_one_table(text: str | None, view: View) -> None:
    assert parse_view(text) is view
    if text is not None:
        assert read_radiograph(dicom_file(grey_film(), ViewPosition=text)).view is view
