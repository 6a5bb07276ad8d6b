"""One list of what speaks against an answer, the gravest first, and where it must not be used."""

from __future__ import annotations

from dataclasses import replace

from covid_core.explain.checks import Checks, withhold_explained
from covid_core.explain.lung_shares import LungShares
from covid_core.findings import Finding
from covid_core.model.gate_findings import Code
from covid_core.model.tiers import Tier
from covid_core.present.flags import SEEN, Severity, codes_of, flags_of
from covid_core.present.result import result_json
from covid_core.present.tiers import tiers_in_words
from tests.app.checked import map_check, meter, seen
from tests.exports.results import made

ELSEWHERE = LungShares(0.1, 0.4)
CHECKS = Checks(
    replace(meter(removed=0.9), explained=True),
    seen(),
    map_check=map_check(Finding.COVID),
    zones=None,
)


def test_a_film_without_anything_odd_has_no_flag() -> None:
    assert flags_of(made().prediction) == ()


def test_the_gravest_comes_first_whatever_was_found_first() -> None:
    prediction = made(remarks=(Code.CROPPED, Code.CHILD)).prediction
    flags = flags_of(prediction, in_lungs=ELSEWHERE)
    assert codes_of(flags) == "child|heat_elsewhere|cropped"
    assert flags[0].unusable and flags[0].severity is Severity.UNUSABLE


def test_checks_add_what_they_found() -> None:
    flags = flags_of(made(remarks=(Code.CROPPED,)).prediction, CHECKS)
    assert codes_of(flags) == "outside_the_lungs|seen_in_training|cropped"
    assert flags[1].sentence == SEEN and "COVID-1.png" not in SEEN
    failed = replace(CHECKS, meter=None, seen=None, map_check=map_check(Finding.COVID, "deletion"))
    [flag] = flags_of(made().prediction, failed, in_lungs=ELSEWHERE)
    assert flag.code == "heat_failed_its_tests" and "(deletion)" in flag.sentence
    assert "Found of deletion." not in flag.sentence, "that stands in the table of tests"


def test_what_is_explained_without_lungs_is_withheld_and_has_no_heat() -> None:
    prediction = withhold_explained(made().prediction, CHECKS)
    assert (prediction.decision.tier, prediction.decision.usable) == (Tier.UNDECIDED, False)
    assert "must not be used" in prediction.decision.sentence
    assert not any(prediction.heat_due(answer) for answer in prediction.answers)
    assert withhold_explained(prediction, CHECKS) is prediction
    plain = made().prediction
    for checks in (None, replace(CHECKS, meter=None)):
        assert withhold_explained(plain, checks) is plain


def test_heat_is_flagged_only_where_it_is_drawn() -> None:
    prediction = made().prediction
    assert codes_of(flags_of(prediction, in_lungs=ELSEWHERE)) == "heat_elsewhere"
    held = replace(prediction, decision=prediction.decision.withheld("Because."))
    assert flags_of(held, in_lungs=ELSEWHERE) == ()


def test_an_opacity_map_that_marks_what_is_no_lung_is_flagged_where_it_is_shown() -> None:
    prediction = made().prediction
    outside, inside = LungShares(0.9, 0.4, opacity=0.2), LungShares(0.9, 0.4, opacity=0.8)
    [flag] = flags_of(prediction, in_lungs=outside)
    assert flag.code == "opacity_elsewhere" and "Only 20%" in flag.sentence
    assert flags_of(prediction, in_lungs=inside) == ()
    held = replace(prediction, decision=prediction.decision.withheld("Because."))
    assert flags_of(held, in_lungs=outside) == ()


def test_a_child_s_film_has_words_of_its_own() -> None:
    [flag] = flags_of(replace(made().prediction, child=True))
    assert flag.unusable and flag.code == "age_under_18" and "children" in flag.sentence


def test_json_has_the_flags_in_their_order() -> None:
    content = result_json(made(remarks=(Code.CROPPED, Code.CHILD)))
    assert [flag["code"] for flag in content["flags"]] == ["child", "cropped"]
    assert content["flags"][0]["severity"] == "unusable"


def test_counts_are_listed_in_the_order_of_tiers() -> None:
    tiers = [Tier.NOT_READ, Tier.UNLIKELY, Tier.LIKELY, Tier.UNLIKELY]
    assert tiers_in_words(tiers) == (
        "COVID-19 likely 1; pneumonia, COVID-19 unlikely 2; not read 1"
    )
    assert tiers_in_words([]) == ""
