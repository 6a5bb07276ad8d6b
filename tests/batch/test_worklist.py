"""A list of films: a bad one stops no other, the likeliest first, no patient, no formula in it."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from PIL import Image

from covid_core.batch.worklist import (
    THUMBNAIL_PX,
    Entry,
    Filter,
    csv_text,
    earlier,
    entry,
    let_go_of_readings,
    triage,
)
from covid_core.case.reader import CaseReader
from covid_core.errors import Abstained, RefusedFile
from covid_core.findings import CLASSES
from covid_core.model.card import WEIGHTS
from covid_core.model.decision import OperatingPoint
from covid_core.model.gate_findings import Code, Remark
from covid_core.model.tiers import Tier
from covid_core.predict.lungs import Lungs
from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor
from covid_core.present.overlay import png
from covid_core.present.rows import columns
from covid_core.read.archives import Item, refused
from covid_core.read.patient_tags import Study
from covid_core.read.phantom import KINDS, draw_phantom
from tests.exports.results import made as result
from tests.films import dicom_file

PHANTOM = draw_phantom(KINDS[2], size_px=256)
ALWAYS, NEVER = OperatingPoint("always", 0.0), OperatingPoint("never", 1.1)


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.load(WEIGHTS)


@pytest.fixture(scope="module")
def lungs() -> Lungs:
    return Lungs.load()


def item(data: bytes, name: str = "film.png") -> Item:
    return Item(name, lambda: data)


def judged(one: Item, predictor: Predictor, lungs: Lungs) -> Entry:
    point = predictor.card.rules.points[0]
    return entry(one, CaseReader(predictor, lungs), point=point, prevalence=0.1)


def made(
    name: str, probability: float | None = None, tier: Tier = Tier.NOT_READ, **more: Any
) -> Entry:
    row = dict.fromkeys(columns()) | {"file": name, "tier": tier.value, "reason": "Because."}
    if probability is not None:
        rest = max(1 - probability, 1e-6) / 2
        more["prediction"] = result((rest, rest, probability)).prediction
    return replace(Entry(name, row), **more)


def test_a_film_gives_a_row_a_thumbnail_and_its_probability(
    predictor: Predictor, lungs: Lungs
) -> None:
    found = judged(item(png(PHANTOM), "ward/film.png"), predictor, lungs)
    assert tuple(found.row) == columns()
    assert found.row["file"] == found.name == "ward/film.png"
    assert found.row["p_covid"] == pytest.approx(found.probability, abs=1e-6)
    assert 0 <= found.row["heat_in_lungs"] <= 1
    assert len(found.sha256) == 64 and found.weights_sha256 == predictor.card.sha256
    picture = Image.open(io.BytesIO(found.thumbnail))
    assert picture.format == "JPEG" and max(picture.size) == THUMBNAIL_PX
    assert len(found.thumbnail) < 8_000


def test_an_entry_is_light_enough_for_thousands(predictor: Predictor, lungs: Lungs) -> None:
    found = judged(item(png(PHANTOM)), predictor, lungs)
    assert isinstance(found.prediction, Prediction)
    held = found.prediction.feature_map.nbytes + found.prediction.probabilities.nbytes
    assert held < 100


def test_only_the_likeliest_films_keep_their_readings(
    predictor: Predictor, lungs: Lungs, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = judged(item(png(PHANTOM)), predictor, lungs)
    assert found.reading is not None and found.reading.radiograph.shape == (0, 0)
    assert found.reading.prediction.feature_map.size > 0
    assert found.prediction is not None
    entries = {
        item(b""): replace(found, prediction=replace(found.prediction, probabilities=shares))
        for share in (0.2, 0.9, 0.5)
        for shares in [np.array([1 - share, 0.0, share])]
    }
    monkeypatch.setattr("covid_core.batch.worklist.READINGS_KEPT", 2)
    let_go_of_readings(entries)
    assert [one.reading is not None for one in entries.values()] == [False, True, True]
    assert [one.probability for one in entries.values()] == [0.2, 0.9, 0.5]


def test_another_operating_point_redecides_without_the_network(
    predictor: Predictor, lungs: Lungs, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = judged(item(png(PHANTOM)), predictor, lungs)
    monkeypatch.setattr(Predictor, "predict", pytest.fail)
    called = found.redecided(predictor, ALWAYS, 0.5)
    cleared = found.redecided(predictor, NEVER, 0.5)
    assert called.prediction and called.prediction.decision.positive
    assert cleared.prediction and not cleared.prediction.decision.positive
    assert (called.row["operating_point"], cleared.row["operating_point"]) == ("always", "never")
    assert called.row["heat_in_lungs"] == found.row["heat_in_lungs"]
    assert called.probability == found.probability


def test_the_prevalence_changes_what_a_call_is_worth(predictor: Predictor, lungs: Lungs) -> None:
    found = judged(item(png(PHANTOM)), predictor, lungs)
    assert found.prediction
    sure = replace(found, prediction=replace(found.prediction, probabilities=np.eye(3)[2]))
    point = predictor.card.rules.point("balanced")
    rare, common = (sure.redecided(predictor, point, share).row for share in (0.01, 0.5))
    assert rare["decision"] == common["decision"] == "covid"
    assert rare["predictive_value"] < common["predictive_value"]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (item(b"no film"), "not a PNG"),
        (refused("a.zip", RefusedFile("damaged_zip", "it is damaged", "Pack it again")), "damaged"),
    ],
)
def test_a_bad_file_gives_an_entry_that_says_why(
    bad: Item, words: str, predictor: Predictor, lungs: Lungs
) -> None:
    found = judged(bad, predictor, lungs)
    assert tuple(found.row) == columns()
    assert found.decision == "error" and words in found.row["reason"]
    assert (found.probability, found.thumbnail, found.warned) == (None, b"", False)
    assert found.redecided(predictor, NEVER, 0.5) is found


def test_what_is_no_film_abstains_and_is_still_shown(predictor: Predictor, lungs: Lungs) -> None:
    found = judged(item(png(PHANTOM[::-1].copy())), predictor, lungs)
    assert found.decision == "abstained" and "upside down" in found.row["reason"]
    assert found.probability is None and found.thumbnail


@pytest.mark.parametrize("error", [ZeroDivisionError, MemoryError])
@pytest.mark.parametrize("step", ["predict", "explain"])
def test_a_defect_costs_one_film_and_its_message_is_kept_nowhere(
    predictor: Predictor,
    lungs: Lungs,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: type[Exception],
    step: str,
) -> None:
    def broken(*_: object) -> None:
        raise error("of Canary^Anna")

    monkeypatch.setattr(Predictor, step, broken)
    found = judged(item(png(PHANTOM)), predictor, lungs)
    assert found.decision == "error" and "did not foresee" in found.row["reason"]
    assert tuple(found.row) == columns() and found.prediction is None
    assert error.__name__ in caplog.text
    assert "Canary" not in caplog.text + str(found.row)


def test_a_film_that_is_read_in_no_way_is_one_error(predictor: Predictor, lungs: Lungs) -> None:
    def read() -> bytes:
        raise MemoryError

    found = judged(Item("film.png", read), predictor, lungs)
    assert (found.decision, found.sha256, found.thumbnail) == ("error", "", b"")


def film_of(patient: str, day: str, **tags: str) -> bytes:
    return dicom_file(PHANTOM, PatientID=patient, StudyDate=day, **tags)


def test_films_of_one_patient_are_known_without_the_patient(
    predictor: Predictor, lungs: Lungs
) -> None:
    films = {
        "now": film_of("Canary1", "20210402"),
        "before": film_of("Canary1", "20210227"),
        "long before": film_of("Canary1", "20190101"),
        "later": film_of("Canary1", "20220101"),
        "another": film_of("Canary2", "20200101"),
        "nobody": film_of("ANONYMOUS", "20200101"),
    }
    entries = {n: judged(item(data, n), predictor, lungs) for n, data in films.items()}
    now = entries["now"]
    assert [one.name for one in earlier(now, entries.values())] == ["long before", "before"]
    assert now.patient.taken == date(2021, 4, 2)
    assert now.patient.patient_id and not entries["nobody"].patient.patient_id
    assert "Canary" not in repr(now) and "Canary" not in csv_text(entries.values())


def test_a_film_that_lacks_issuer_or_birth_date_is_still_the_patient_s(
    predictor: Predictor, lungs: Lungs
) -> None:
    tags = {"IssuerOfPatientID": "Ward", "PatientBirthDate": "19500101"}
    films = {
        "no issuer": film_of("Canary1", "20200101", PatientBirthDate="19500101"),
        "no birth date": film_of("Canary1", "20200102", IssuerOfPatientID="Ward"),
        "neither": film_of("Canary1", "20200103"),
        "born later": film_of("Canary1", "20200104", PatientBirthDate="19500102"),
        "other issuer": film_of("Canary1", "20200105", IssuerOfPatientID="Other"),
    }
    now = judged(item(film_of("Canary1", "20210402", **tags)), predictor, lungs)
    before = [judged(item(data, name), predictor, lungs) for name, data in films.items()]
    assert [one.name for one in earlier(now, before)] == ["no issuer", "no birth date", "neither"]
    kept = {name: value for name, value in asdict(now.patient).items() if value}
    assert kept.pop("study_date") == "20210402"
    assert set(kept) == {"patient_id", "issuer", "birth_date"}
    assert all(len(value) == 32 for value in kept.values()), "hashes"


def test_without_patient_or_date_no_film_is_earlier() -> None:
    nobody, patient = Study(), Study(patient_id="x")

    def on(whose: Study, day: str, time: str = "") -> Entry:
        return made("a", patient=replace(whose, study_date=day, study_time=time))

    known = on(patient, "20210101", "1200")
    assert earlier(on(nobody, "20220101"), [on(nobody, "20210101")]) == []
    assert earlier(on(patient, ""), [known]) == []
    assert earlier(on(patient, "20210101"), [known]) == []
    assert earlier(on(patient, "20210101", "1100"), [known]) == []
    assert earlier(on(patient, "20210101", "1300"), [known]) == [known]
    assert earlier(on(patient, "20210102"), [known]) == [known]


def test_an_answer_that_must_not_be_used_has_no_probability_and_comes_last() -> None:
    usable, withheld = made("a", 0.2), made("b", 0.9)
    assert withheld.prediction is not None
    decision = withheld.prediction.decision.withheld("Because.")
    withheld = replace(withheld, prediction=replace(withheld.prediction, decision=decision))
    assert withheld.unusable and withheld.probability is None
    assert triage([withheld, usable]) == [usable, withheld]
    assert not Filter(least=0.5).admits(withheld) and Filter(unusable=True).admits(withheld)


def test_the_likeliest_come_first_and_those_without_answer_last() -> None:
    films = [made("a"), made("b", 0.2), made("c", 0.9), made("d"), made("e", 0.2), made("f", 0.01)]
    assert [one.name for one in triage(films)] == ["c", "b", "e", "f", "a", "d"]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (Filter(), "abc"),
        (Filter(tiers=frozenset({Tier.LIKELY, Tier.NOT_READ})), "ac"),
        (Filter(least=0.5), "a"),
        (Filter(text=" B.PNG "), "b"),
        (Filter(warned=True), ""),
        (Filter(tiers=frozenset({Tier.NONE_SEEN}), least=0.5), ""),
    ],
)
def test_a_filter_shows_what_was_requested(wanted: Filter, names: str) -> None:
    films = [made("a.png", 0.9, Tier.LIKELY), made("b.png", 0.1, Tier.NONE_SEEN), made("c.png")]
    assert [one.name[0] for one in films if wanted.admits(one)] == list(names)


def test_only_films_that_the_gate_found_odd_are_warned_of(
    predictor: Predictor, lungs: Lungs
) -> None:
    plain = judged(item(png(PHANTOM)), predictor, lungs)
    assert plain.prediction
    remark = Remark(Code.CROPPED, "it is cropped", "Use the whole film", abstains=False)
    odd = replace(plain, prediction=replace(plain.prediction, remarks=(remark,)))
    assert [Filter(warned=True).admits(one) for one in (plain, odd, made("a"))] == [
        False,
        True,
        False,
    ]


def test_the_csv_opens_in_a_spreadsheet_and_runs_nothing(
    predictor: Predictor, lungs: Lungs
) -> None:
    good = judged(item(png(PHANTOM), "=HYPERLINK(0)"), predictor, lungs)
    text = csv_text([good, made('@SUM(A1),\n"x"')])
    assert text.encode("utf-8").startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert tuple(rows[0]) == columns(CLASSES)
    assert [row["file"] for row in rows] == ["'=HYPERLINK(0)", '\'@SUM(A1),\n"x"']
    assert float(rows[0]["p_covid"]) == pytest.approx(good.probability, abs=1e-6)
    assert rows[1]["p_covid"] == ""


def test_no_name_becomes_a_formula_where_cells_end_at_semicolons() -> None:
    text = csv_text([made("x;=HYPERLINK(1);.png", 0.5), made('y";=HYPERLINK(1);".png')])
    for separator in ",;\t":
        lines = io.StringIO(text.removeprefix("\ufeff"), newline="")
        cells = [cell for row in csv.reader(lines, delimiter=separator) for cell in row]
        assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []
        assert any("x;=HYPERLINK(1);.png" in cell for cell in cells)


def test_an_abstention_keeps_its_reason(predictor: Predictor) -> None:
    error = Abstained("not_a_chest", "it is no chest", "Give a chest film")

    def read() -> bytes:
        raise error

    found = judged(Item("a", read), predictor, Lungs.load())
    assert found.row["reason"] == error.sentence
