"""A file of rows cut off at any byte is gone on with: no row is lost, doubled or mixed."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from covid_core.batch import ledger
from covid_core.batch.ledger import Terms, open_ledger
from covid_core.batch.pipeline import Row
from covid_core.errors import CovidCoreError, RefusedFile
from covid_core.present.overlay import png
from covid_core.present.rows import columns, error_row, prediction_row
from covid_core.read.phantom import draw_phantom
from covid_core.read.reading import read_radiograph
from tests.stand_in import StandIn

PREDICTOR = StandIn()
TERMS = Terms.of(PREDICTOR.card, "balanced", 0.1)
NAMES = (
    "films/a.png",
    "=cmd.png",
    "'=cmd.png",
    'quo"te,".png',
    "line\r\nbreak\n.png",
    "-1.png",
    "no text \udcff.png",
    "ü/片.png",
    "films/a.png",
    "'plain.png",
)


def row_of(name: str, seed: int = 0, point: str = "balanced", prevalence: float = 0.1) -> Row:
    film = read_radiograph(png(draw_phantom(size_px=128, seed=seed)))
    return prediction_row(name, PREDICTOR.predict(film, point), prevalence=prevalence)


ROWS = [row_of(name, seed) for seed, name in enumerate(NAMES)] + [
    error_row("empty.png", RefusedFile("empty", "the file is empty", "Copy it again"))
]


def write(path: Path, rows: list[Row], terms: Terms = TERMS) -> bytes:
    with open_ledger(path, terms) as file:
        for row in rows:
            file.write(row)
    return path.read_bytes()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "rows.csv"


def test_rows_of_every_decision_are_tried_here() -> None:
    decisions = {row["decision"] for row in ROWS}
    assert {"pneumonia or covid", "error"} < decisions and len(decisions) >= 3
    assert len({row["predictive_value"] for row in ROWS}) >= 3


def test_each_row_is_in_the_file_before_the_next_is_made(table: Path) -> None:
    with open_ledger(table, TERMS) as file:
        sizes = [table.stat().st_size]
        for row in ROWS:
            file.write(row)
            sizes.append(table.stat().st_size)
    assert sizes == sorted(set(sizes))
    with table.open(newline="", encoding="utf-8") as text:
        read = list(csv.DictReader(text))
    assert tuple(read[0]) == columns()
    assert [row["file"] for row in read][:2] == ["films/a.png", "'=cmd.png"]


def test_cut_at_any_byte_it_is_gone_on_with_to_the_same_file(table: Path) -> None:
    whole = write(table, ROWS)
    ends = [at + 2 for at in range(len(whole)) if whole[at : at + 2] == b"\r\n"]
    for cut in {*range(0, len(whole), 7), *ends, *(end - 1 for end in ends), len(whole)}:
        table.write_bytes(whole[:cut])
        with open_ledger(table, TERMS, resume=True) as file:
            missing = [row for row in ROWS if not file.holds(row["file"])]
            assert missing == ROWS[file.kept :]
            assert file.failed == (cut == len(whole))
            for row in missing:
                file.write(row)
        assert table.read_bytes() == whole


def test_without_resume_an_old_file_is_begun_anew(table: Path) -> None:
    write(table, ROWS)
    with open_ledger(table, TERMS) as file:
        assert not file.kept and not file.holds(NAMES[0])
        file.write(ROWS[3])
    assert table.read_bytes() == write(table.with_name("other.csv"), ROWS[3:4])


def test_a_file_that_is_not_there_is_begun(table: Path) -> None:
    with open_ledger(table, TERMS, resume=True) as file:
        file.write(ROWS[0])
    assert table.read_bytes() == write(table.with_name("other.csv"), ROWS[:1])


def test_rows_of_films_that_are_not_requested_are_counted(table: Path) -> None:
    write(table, ROWS[:4])
    with open_ledger(table, TERMS, resume=True) as file:
        assert file.not_given == 4
        assert file.holds(NAMES[0]) and not file.holds("films/b.png")
        assert file.not_given == 3


def test_a_name_that_has_one_row_is_held_once(table: Path) -> None:
    write(table, ROWS[:1])
    with open_ledger(table, TERMS, resume=True) as file:
        assert [file.holds(NAMES[0]) for _ in range(3)] == [True, False, False]


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (replace(TERMS, weights_sha256="0" * 64), "other weights"),
        (Terms.of(PREDICTOR.card, "rule-in", 0.1), "the operating point balanced"),
        (Terms.of(PREDICTOR.card, "balanced", 0.2), "another prevalence"),
        (Terms.of(PREDICTOR.card, "balanced", None), "another prevalence"),
        (replace(TERMS, names=TERMS.names[:-1]), "its header is not"),
    ],
)
def test_rows_made_on_other_terms_are_refused_and_stay(
    table: Path, terms: Terms, words: str
) -> None:
    before = write(table, ROWS)
    with (
        pytest.raises(CovidCoreError, match=words) as caught,
        open_ledger(table, terms, resume=True),
    ):
        pass
    assert caught.value.file == str(table) and "--resume" in caught.value.remedy
    assert table.read_bytes() == before


def test_rows_without_a_prevalence_are_not_gone_on_with_at_one(table: Path) -> None:
    plain = Terms.of(PREDICTOR.card, "balanced", None)
    rows = [row | {"predictive_value": None} for row in ROWS]
    write(table, rows, plain)
    with (
        pytest.raises(CovidCoreError, match="another prevalence"),
        open_ledger(table, TERMS, resume=True),
    ):
        pass
    with open_ledger(table, plain, resume=True) as file:
        assert file.kept == len(rows)


@pytest.mark.parametrize(
    "text",
    [
        b"some notes of mine",
        b"a,b\n1,2\n",
        b"\x89PNG\r\n\x1a\n" + bytes(200_000),
        b"HEADER" + b'"x"\r\n',
        b"HEADER" + b'"' + b"x" * 200_000,
        b"HEADER\r\n",
        b"HEADER" + b"a\rb\n",
        b"HEADER" + b",".join([b'"x"'] * 10) + b"\r\n",
    ],
)
def test_what_is_no_such_file_is_refused_and_stays(table: Path, text: bytes) -> None:
    header = write(table, [])
    given = text.replace(b"HEADER", header)
    table.write_bytes(given)
    with pytest.raises(CovidCoreError), open_ledger(table, TERMS, resume=True):
        pass
    assert table.read_bytes() == given


def test_two_runs_do_not_write_to_one_file(table: Path) -> None:
    with open_ledger(table, TERMS) as file:
        file.write(ROWS[0])
        for resume in (True, False):
            with (
                pytest.raises(CovidCoreError, match="another run"),
                open_ledger(table, TERMS, resume=resume),
            ):
                pass
    with open_ledger(table, TERMS, resume=True) as file:
        assert file.kept == 1


@pytest.mark.linux
def test_what_can_not_be_read_again_can_still_be_written_to() -> None:
    nowhere = Path("/dev/null")
    with open_ledger(nowhere, TERMS) as file:
        file.write(ROWS[0])
    with (
        pytest.raises(CovidCoreError, match="can't be read again"),
        open_ledger(nowhere, TERMS, resume=True),
    ):
        pass


def test_a_row_costs_a_few_bytes_of_memory(table: Path) -> None:
    write(table, ROWS[:1])
    line = table.read_bytes().split(b"\r\n", 1)[1]
    header = write(table, [])
    names = (f"films/{number}.png".encode() for number in range(5_000))
    table.write_bytes(header + b"".join(line.replace(b"films/a.png", name) for name in names))
    with open_ledger(table, TERMS, resume=True) as file:
        assert file.kept == 5_000
        held = sum(part.nbytes for part in (file._keys, file._left))
        assert held == 16 * 5_000
        assert all(file.holds(f"films/{number}.png") for number in range(5_000))


def test_names_are_distinguished_by_64_bits() -> None:
    keys = {ledger.key(f"films/{number}.png") for number in range(100_000)}
    assert len(keys) == 100_000
    assert 2**62 < max(keys) < 2**64
