"""Rows: the promised columns, and errors that lose nothing."""

from __future__ import annotations

from covid_core.errors import Abstained, RefusedFile
from covid_core.present.flags import Flag, Severity
from covid_core.present.rows import columns, error_row, prediction_row
from tests.exports.results import made as made_result


def test_columns_are_those_promised() -> None:
    assert columns() == (
        "file",
        "label",
        "p_normal",
        "p_pneumonia",
        "p_covid",
        "tier",
        "decision",
        "prediction_set",
        "operating_point",
        "predictive_value",
        "heat_in_lungs",
        "opacity_peak",
        "rsna_category",
        "p_rsna_category",
        "flags",
        "checked",
        "reason",
        "weights_sha256",
    )


def test_a_row_has_the_opacity_and_the_category_of_weights_that_give_them() -> None:
    row = prediction_row("a.png", made_result(opacity=True).prediction)
    assert tuple(row) == columns()
    assert (row["opacity_peak"], row["rsna_category"]) == (0.86, "typical")
    assert row["p_rsna_category"] == 0.7
    assert row["checked"] == "no", "no maps were made"
    plain = prediction_row("a.png", made_result().prediction)
    assert plain["opacity_peak"] is plain["rsna_category"] is plain["p_rsna_category"] is None


def test_what_speaks_against_an_answer_is_in_its_row_as_codes_and_in_words() -> None:
    flags = (
        Flag(Severity.UNUSABLE, "rotated", "The film is rotated."),
        Flag(Severity.WARNING, "too_dark", "It is too dark."),
    )
    row = prediction_row("a.png", made_result().prediction, flags=flags, checked=True)
    assert (row["flags"], row["checked"]) == ("rotated|too_dark", "yes")
    assert "The film is rotated. It is too dark." in row["reason"]


def test_error_row_says_why_and_what_to_do() -> None:
    row = error_row("a.png", RefusedFile("blank", "it is blank", "Export it again"))
    assert tuple(row) == columns()
    assert (row["tier"], row["decision"]) == ("not read", "error")
    assert (row["decision"], row["reason"]) == ("error", "It is blank. Export it again.")
    assert row["p_covid"] is row["weights_sha256"] is None


def test_a_film_that_is_none_is_distinguished_from_a_file_that_failed() -> None:
    row = error_row("a.png", Abstained("not_a_chest", "it is no chest", "Give a chest film"))
    assert row["tier"] == "not judged"
    assert (row["decision"], row["reason"]) == ("abstained", "It is no chest. Give a chest film.")
