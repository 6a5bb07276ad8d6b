"""The checks of a reading: made together, stated plainly; a map that fails them is not shown."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, cast

import numpy as np
import pytest

from covid_core.explain.checks import (
    NO_ZONES,
    Checks,
    check_film,
    check_one_map,
    check_sentences,
    checks_json,
    nearest_in_words,
    seen_in_words,
    zones_in_words,
)
from covid_core.explain.known_films import KnownFilm, KnownFilms, Neighbour, Seen
from covid_core.explain.lung_zones import attention_by_zone
from covid_core.explain.map_tests import check_map
from covid_core.explain.shortcut_meter import read_meter
from covid_core.exports.pdf import report_pdf
from covid_core.exports.pictures import overlay
from covid_core.exports.secondary_capture import secondary_capture
from covid_core.exports.structured_report import structured_report
from covid_core.findings import CLASSES, Finding, shown_probability
from covid_core.model.gate_findings import Code
from covid_core.model.saliency import Saliency
from covid_core.predict.prediction import Prediction
from covid_core.present.result import Result, result_json
from covid_core.read.radiograph import Radiograph
from covid_core.read.reading import read_radiograph
from tests.exports.results import made
from tests.exports.test_pdf import NOTES, needs_poppler, page_of, poppler, text_of
from tests.whole_way import films, reader

KNOWN = KnownFilm(
    "radiography/COVID/COVID-7.png", "radiography", Finding.COVID, "PA", "", "train", "ab" * 32
)
SEEN = Seen(KNOWN, 3, False)


@dataclass
class Index:
    """Stands for an index of training films; `excluded`: what its nearest films leave out."""

    seen_film: Seen | None = SEEN
    sha256: str = "cd" * 32
    excluded: Seen | None = None

    def seen(self, radiograph: Radiograph) -> Seen | None:
        return self.seen_film

    def nearest(
        self, prediction: Prediction, *, seen: Seen | None
    ) -> dict[Finding, tuple[Neighbour, ...]]:
        self.excluded = seen
        return {one: (Neighbour(replace(KNOWN, finding=one), 0.91234567),) for one in CLASSES}


@cache
def film() -> tuple[Radiograph, Prediction, np.ndarray]:
    radiograph = read_radiograph(films()["8-bit PNG"])
    return radiograph, reader().predictor.predict(radiograph), reader().lungs.inside(radiograph)


def checked(index: Index | None = None, finding: Finding = Finding.COVID) -> Checks:
    predictor, (radiograph, prediction, lungs) = reader().predictor, film()
    known = cast(KnownFilms | None, index)
    saliency = predictor.explain(prediction, finding)
    return Checks.of(
        check_film(predictor, known, radiograph, prediction, lungs),
        check_one_map(predictor, prediction, saliency, lungs),
    )


def failing(checks: Checks) -> Checks:
    """The same, its map's first test failed."""
    first, *rest = checks.map_check.tests
    return replace(
        checks, map_check=replace(checks.map_check, tests=(replace(first, passed=False), *rest))
    )


def passing(checks: Checks) -> Checks:
    tests = tuple(replace(test, passed=True) for test in checks.map_check.tests)
    return replace(checks, map_check=replace(checks.map_check, tests=tests))


def with_checks(checks: Checks | None, **others: Any) -> Result:
    return replace(made(**others), checks=checks)


def test_each_check_is_the_one_of_its_module() -> None:
    _, prediction, lungs = film()
    predictor, found = reader().predictor, checked()
    saliency = predictor.explain(prediction, Finding.COVID)
    assert found.meter == read_meter(predictor, prediction, lungs)
    assert found.map_check == check_map(predictor, prediction, saliency, lungs)
    assert found.zones == attention_by_zone(saliency, lungs)
    assert found.seen is None and found.neighbours == {} and found.known_films == ""
    assert checked(finding=Finding.NORMAL).map_check.finding is Finding.NORMAL


def test_the_index_is_searched_for_the_film_and_its_own_is_no_neighbour() -> None:
    index = Index()
    found = checked(index)
    assert found.seen is SEEN and index.excluded is SEEN and found.known_films == index.sha256
    assert set(found.neighbours) == set(CLASSES)


def test_they_are_written_as_strict_json() -> None:
    content = json.loads(json.dumps(checks_json(checked(Index())), allow_nan=False))
    assert {test["name"] for test in content["map"]["tests"]} == {
        "lungs",
        "deletion",
        "weights",
        "mirror",
    }
    assert sum(content["zones"]["shares"].values()) == pytest.approx(1, abs=1e-5)
    assert content["zones"]["note"] == "Saliency map, not a lesion outline."
    assert 0 <= content["shortcut_meter"]["lungs_removed"] <= 1
    assert content["seen"]["film"]["reference"] == KNOWN.reference
    own = replace(KNOWN, source="our clinic", reference="our clinic/Doe^Jane.png")
    found = replace(checked(Index()), seen=replace(SEEN, film=own))
    assert "Doe" not in json.dumps(checks_json(found)), "a site's own file may name a patient"
    assert "our clinic, abababababab" in seen_in_words(found)
    assert content["nearest"]["pneumonia"][0]["similarity"] == 0.9123
    assert content["known_films_sha256"] == "cd" * 32


def test_what_could_not_be_checked_is_null() -> None:
    blind = replace(checked(), meter=None, zones=None)
    test = replace(blind.map_check.tests[0], value=float("nan"))
    content = checks_json(replace(blind, map_check=replace(blind.map_check, tests=(test,))))
    assert content["shortcut_meter"] is content["zones"] is content["seen"] is None
    assert content["known_films_sha256"] is None and content["nearest"] == {}
    assert content["map"]["tests"][0]["value"] is None
    assert zones_in_words(None) == NO_ZONES


def test_words_say_what_is_known_and_what_is_not() -> None:
    assert seen_in_words(checked(Index())) == SEEN.sentence
    assert seen_in_words(checked(Index(None))).startswith("Not seen before")
    assert "not known" in seen_in_words(checked())
    several = (Neighbour(KNOWN, 0.9), Neighbour(replace(KNOWN, view="", age_group="child"), 0.8))
    assert nearest_in_words(several) == (
        "radiography, PA view, age unknown (0.90); radiography, view unknown, child (0.80)"
    )
    assert zones_in_words((0.5, 0.1, 0.1, 0.1, 0.1, 0.1)).startswith(
        "Of the map inside the lungs: right upper 50%, right middle 10%"
    )


def test_a_map_that_fails_a_test_of_itself_is_not_drawn_anywhere() -> None:
    shown, withheld = (with_checks(change(checked())) for change in (passing, failing))
    assert shown.heat_drawn and not withheld.heat_drawn
    assert withheld.caption.startswith(
        "No heat is drawn. The heat map for COVID-19 did not pass its self-test"
    )
    assert "heat in the lungs" in withheld.caption
    content = result_json(withheld)
    assert (
        content["evidence"]["heat_drawn"] is False and content["checks"]["map"]["passed"] is False
    )
    cold = replace(withheld, saliency=_cold(withheld.saliency))
    assert np.array_equal(overlay(withheld), overlay(cold))
    assert not np.array_equal(overlay(shown), overlay(withheld))


def _cold(saliency: Saliency) -> Saliency:
    return replace(saliency, cells=-np.ones_like(saliency.cells))


def test_checks_of_another_map_make_no_result() -> None:
    with pytest.raises(ValueError, match="another class"):
        with_checks(checked(finding=Finding.NORMAL))


def test_a_result_without_checks_says_so_in_json() -> None:
    content = result_json(made())
    assert (
        content["checks"] is None
        and content["caveat"] == "A chest radiograph cannot exclude COVID-19."
    )


@needs_poppler
def test_the_page_on_paper_shows_them() -> None:
    found = passing(checked(Index(None)))
    text = in_columns(with_checks(found))
    assert found.meter is not None
    for words in (
        "Lungs only",
        "Lungs removed",
        shown_probability(found.meter.lungs_removed),
        "The heat map for COVID-19 passed its self-test.",
        "D left upper",
        "Saliency map, not a lesion outline.",
        "Not seen before",
        "Nearest training films",
    ):
        assert words in text


@needs_poppler
def test_what_speaks_against_the_answer_comes_first_on_paper() -> None:
    found = failing(checked(Index()))
    assert found.meter is not None
    against = replace(found, meter=replace(found.meter, explained=True))
    text = text_of(with_checks(against))
    for words in (
        "Seen before:",
        "does not come from the lungs",
        "did not pass its self-test",
    ):
        assert text.index(words) < text.index("Calibrated probability")
    assert "right upper" not in text and "of the heat lies" not in text


def test_the_dicom_report_states_them_too() -> None:
    for change in (passing, failing):
        result = with_checks(change(checked(Index())))
        capture = secondary_capture(result, None, keep_identity=False)
        report = structured_report(result, None, capture, keep_identity=False).decode("latin-1")
        assert result.checks is not None
        for words in check_sentences(result.checks, drawn=result.heat_drawn):
            assert words in report
        assert ("right upper" in report) is result.heat_drawn


def in_columns(result: Result) -> str:
    """Its page's words, column after column, in one line."""
    return " ".join(poppler("pdftotext", data=report_pdf(result)).decode().split())


@needs_poppler
@pytest.mark.parametrize("shape", [(512, 448), (1300, 450)])
def test_all_of_it_is_still_one_page_on_which_nothing_overlaps(shape: tuple[int, int]) -> None:
    long = replace(KNOWN, source="a source of a rather long name", view="", age_group="")
    near = tuple(Neighbour(long, 0.5) for _ in range(3))
    full = replace(failing(checked(Index())), neighbours={one: near for one in CLASSES})
    for checks in (full, passing(replace(full, seen=None))):
        result = with_checks(checks, shape=shape, remarks=tuple(Code), notes=NOTES)
        result = replace(result, elsewhere="Elsewhere it does worse. " * 12)
        assert len(re.findall(rb"/Type /Page\b(?!s)", report_pdf(result))) == 1
        page = page_of(result)
        line = np.nonzero((page[:, 60:-60] < 235).mean(axis=1) > 0.99)[0]
        assert page[line[-1] - 4 : line[-1] - 1].min() > 250  # over the line of the foot


@needs_poppler
def test_a_film_without_lungs_has_its_page_too() -> None:
    text = text_of(with_checks(replace(passing(checked()), meter=None, zones=None)))
    assert "no lungs were found" in text and "two lungs were not" in text


def test_the_same_film_is_checked_alike() -> None:
    assert checks_json(checked()) == checks_json(checked())
