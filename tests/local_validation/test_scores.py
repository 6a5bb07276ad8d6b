"""Labels and scores from a table or from folders: what is taken, and what is refused, and why."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from covid_core.errors import CovidCoreError
from covid_core.exports.opinions import opinion_of, opinions_json
from covid_core.local_validation.scores import (
    FEWEST,
    MAX_BYTES,
    MAX_COLUMNS,
    MAX_FILMS,
    TEMPLATE,
    build_scores,
    label_by_folder,
    read_scores,
)
from covid_core.model.tiers import Tier
from covid_core.present.rows import columns
from tests.exports.results import COVID, made

LABELS = ["covid", "normal", "pneumonia", "COVID "] * 6
SHARES = [round(0.03 * i + 0.01, 2) for i in range(24)]
PATIENTS = [f"P{i // 2}" for i in range(24)]


def table(**changed: list) -> pd.DataFrame:
    return pd.DataFrame({"label": LABELS, "score": SHARES} | changed)


def csv(frame: pd.DataFrame, **options: str) -> bytes:
    return frame.to_csv(index=False, **options).encode()


def test_opinions_that_name_no_class_are_left_out() -> None:
    opinions = table(
        verdict=["agree", "disagree"] * 12, label=["covid"] * 11 + [""] * 2 + ["normal"] * 11
    )
    found = read_scores(csv(opinions.rename(columns={"score": "p_covid"})), "opinions.csv")
    assert len(found.positive) == 22 and found.positive.sum() == 11
    with pytest.raises(CovidCoreError, match="names no known class"):
        read_scores(csv(opinions.drop(columns="verdict")), "films.csv")


def test_opinions_may_be_json() -> None:
    prediction = made(COVID).prediction
    tiers = [Tier.LIKELY, Tier.NONE_SEEN] * FEWEST
    opinions = [opinion_of(prediction, tier, "2026-11-29T17:00:00+00:00") for tier in tiers]
    found = read_scores(opinions_json([*opinions, opinions[0]]), "opinions.json")
    assert found.positive.sum() == FEWEST + 1 and len(found.positive) == 2 * FEWEST + 1
    assert found.score == pytest.approx(COVID[2]) and found.weights == prediction.weights_sha256
    assert "no list of opinions" in refusal(b"[1, 2]").problem


def refusal(data: bytes) -> CovidCoreError:
    with pytest.raises(CovidCoreError) as caught:
        read_scores(data, "films.csv")
    assert caught.value.file == "films.csv"
    return caught.value


def test_labels_scores_and_patients_are_read() -> None:
    frame = table(patient=PATIENTS, file=[f"{i}.dcm" for i in range(24)])
    scores = read_scores(csv(frame), "films")
    assert scores.positive.tolist() == [True, False, False, True] * 6
    assert scores.score.tolist() == SHARES
    assert scores.patients == 12
    assert scores.groups[0] == scores.groups[1] != scores.groups[2]


def test_parquet_which_may_expand_to_any_size_is_not_opened() -> None:
    """One value, a million times: 20,000 rows of a small file that take gigabytes as text."""
    stored = io.BytesIO()
    pd.DataFrame({"label": ["x" * 1_000_000] * 2000}).to_parquet(stored)
    assert len(stored.getvalue()) < MAX_BYTES
    assert "Parquet" in refusal(stored.getvalue()).problem


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_table_of_very_many_columns_is_refused_before_they_are_made(separator: str) -> None:
    data = separator.join(["label", "score", *["x"] * MAX_COLUMNS]).encode()
    assert "columns" in refusal(data).problem


@pytest.mark.parametrize(
    "labels",
    [["1", "0"] * 12, ["Positive", "negative"] * 12, ["COVID-19", "other"] * 12],
)
def test_other_words_for_the_labels_are_understood(labels: list[str]) -> None:
    scores = read_scores(csv(table(label=labels)), "films")
    assert scores.positive.tolist() == [True, False] * 12


def test_numbers_and_truths_are_labels() -> None:
    for labels in ([1, 0] * 12, [1.0, 0.0] * 12, [True, False] * 12):
        assert (
            read_scores(csv(table(label=labels)), "films").positive.tolist() == [True, False] * 12
        )


def test_names_of_columns_in_any_case_and_a_decimal_comma_are_understood() -> None:
    frame = table().rename(columns={"label": " Label", "score": "P_COVID"})
    written = frame.to_csv(index=False, sep=";", decimal=",").encode("utf-8-sig")
    assert read_scores(written, "films").score.tolist() == SHARES


def test_films_without_a_patient_stand_alone() -> None:
    scores = read_scores(csv(table(patient=["", "A"] * 12)), "films")
    assert scores.patients == 13
    assert build_scores([True] * 10 + [False] * 10, [0.5] * 20, [""] * 20).patients == 20


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"label": ["flu", *LABELS[1:]]}, "row 2 has a label that names no known class: 'flu'"),
        ({"score": ["", *SHARES[1:]]}, "row 2 has no number as score"),
        ({"score": [*SHARES[:-2], "n/a", "nan"]}, "rows 24 and 25 have no number"),
        ({"score": [1.5, *SHARES[1:-1], -0.1]}, "rows 2 and 25 have a score outside 0 to 1"),
        ({"score": [s * 100 for s in SHARES]}, "23 rows, the first of them 3, 4, 5, 6, 7, have"),
        ({"label": ["covid"] * 24}, "only 0 films without"),
        ({"label": ["normal"] * 15 + ["covid"] * 9}, "only 9 films with COVID-19"),
    ],
)
def test_what_is_wrong_is_named_with_its_rows(changed: dict, words: str) -> None:
    error = refusal(csv(table(**changed)))
    assert words in error.problem
    assert error.remedy


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_table_that_a_spreadsheet_saved_is_read(separator: str, encoding: str) -> None:
    text = table().to_csv(index=False, sep=separator) + f"\r\n{separator}{separator}\n\n"
    for first in ("", f"sep={separator}\n"):
        assert read_scores((first + text).encode(encoding), "films").score.tolist() == SHARES


def test_labels_in_every_common_spelling_are_known() -> None:
    labels = ["SARS-CoV-2", "No Finding", "covid pneumonia", "COVID_19", "healthy", "non-COVID"] * 4
    positive = read_scores(csv(table(label=labels)), "films").positive.tolist()
    assert positive == [True, False, True, True, False, False] * 4


def test_decimal_commas_that_part_the_cells_are_refused_with_their_rows() -> None:
    error = refusal(csv(table()).decode().replace("0.", "0,").encode())
    assert "24 rows, the first of them 2, 3, 4, 5, 6, have more cells" in error.problem
    assert "columns, which are 2" in error.problem


def test_a_column_that_is_there_twice_is_named() -> None:
    assert "2 columns label" in refusal(b"label,Label ,score\ncovid,normal,0.5\n").problem


def test_a_missing_column_is_named() -> None:
    assert "no column label" in refusal(csv(table().drop(columns="label"))).problem
    assert "score or p_covid" in refusal(csv(table().drop(columns="score"))).problem


@pytest.mark.parametrize("data", [b"", b"PAR1 broken", b"\xff\xfe\x00l", b'label,score\n"never'])
def test_what_is_no_table_is_refused_in_words(data: bytes) -> None:
    assert refusal(data).remedy


def test_a_table_of_too_many_rows_is_refused_before_it_is_worked_on() -> None:
    long = pd.DataFrame({"label": ["covid"] * (MAX_FILMS + 1), "score": [0.5] * (MAX_FILMS + 1)})
    assert f"more than {MAX_FILMS:,} rows" in refusal(csv(long)).problem


def test_the_model_s_own_answers_are_no_reference() -> None:
    """The table as `predict --csv` writes it holds a `label`: the model's, always "right"."""
    shares = np.random.default_rng(0).dirichlet((1, 1, 1), 60)
    called = [("normal", "pneumonia", "covid")[row.argmax()] for row in shares]
    frame = pd.DataFrame("", index=range(60), columns=list(columns()))
    frame[["p_normal", "p_pneumonia", "p_covid"]] = shares
    frame["label"] = called
    assert "the model's own answers" in refusal(csv(frame)).problem
    commas = frame.map(lambda cell: str(cell).replace(".", ","))
    spreadsheet = commas.to_csv(index=False, sep=";").encode()
    assert "the model's own answers" in refusal(spreadsheet).problem
    frame["label"] = called[::-1]
    assert read_scores(csv(frame), "films").score.tolist() == pytest.approx(shares[:, 2])


def test_a_table_says_which_weights_made_its_scores() -> None:
    one, other = "a" * 64, "b" * 64
    frame = table(weights_sha256=[one] * 24).rename(columns={"score": "p_covid"})
    assert read_scores(csv(frame), "films").weights == one
    assert read_scores(csv(table()), "films").weights == ""
    assert read_scores(csv(table(weights_sha256=[""] * 24)), "films").weights == ""
    for mixed in ([one] * 22 + [other, ""], [""] + [one] * 23):
        assert "weights_sha256" in refusal(csv(table(weights_sha256=mixed))).problem
    assert "rows 24 and 25" in refusal(csv(table(weights_sha256=[one] * 22 + [other] * 2))).problem


def test_scores_of_other_weights_are_refused_and_unknown_ones_are_not() -> None:
    labels, shares, nobody = [True] * 10 + [False] * 10, [0.5] * 20, [""] * 20
    own = build_scores(labels, shares, nobody, "a" * 64)
    own.refuse_other_weights("a" * 64)
    build_scores(labels, shares, nobody).refuse_other_weights("a" * 64)
    with pytest.raises(CovidCoreError, match="other weights"):
        own.refuse_other_weights("b" * 64)


def test_the_template_has_the_columns_that_are_read() -> None:
    first, *rows = TEMPLATE.splitlines()
    grown = "\n".join([first, *(rows * FEWEST)]).encode()
    assert len(read_scores(grown, "template").score) == 2 * FEWEST


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("films.zip/covid/1.dcm", (True, "")),
        ("films.zip/site A/COVID/patient 7/1.dcm", (True, "COVID/patient 7")),
        ("films.zip/Other/x/y/1.dcm", (False, "Other/x")),
        ("films.zip/pneumonia/1.png", (False, "")),
        ("films.zip/Bacterial_Pneumonia/ann/1.png", (False, "Bacterial_Pneumonia/ann")),
        ("films.zip/SARS-CoV-2/1.png", (True, "")),
        ("films.zip/no_finding/1.png", (False, "")),
        ("films.zip/Non-COVID/1.png", (False, "")),
        ("films.zip/normal/covid/1.png", None),
        ("films.zip/2021/1/a.png", None),
        ("covid.png", None),
    ],
)
def test_a_folder_says_what_its_films_show(name: str, answer: tuple[bool, str] | None) -> None:
    assert label_by_folder(name) == answer
