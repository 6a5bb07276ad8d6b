"""What speaks against an answer: one ordered list, the gravest first, for whatever presents it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from covid_core.case.case_reading import Reading
from covid_core.explain.checks import Checks
from covid_core.explain.lung_shares import LungShares
from covid_core.explain.shortcut_meter import NOT_FROM_THE_LUNGS
from covid_core.findings import Finding
from covid_core.model.gate_findings import UNDER_18, UNUSABLE, Code
from covid_core.predict.prediction import Prediction
from covid_core.present.sentences import heat_in_words, opacity_elsewhere_in_words

SEEN = (
    "Seen before: this film, or one that looks the same, was used to make this model, which may"
    " simply remember it."
)


# Of one severity: first what puts the answer in doubt, last what puts a map in doubt. What the gate
# found of the film's quality stands between.
_FIRST = (
    "age_under_18",
    "outside_the_lungs",
    Code.CHILD.value,
    "seen_in_training",
    Code.UNFAMILIAR.value,
    "heat_elsewhere",
)
_LAST = ("opacity_elsewhere", "heat_failed_its_tests")


class Severity(IntEnum):
    """How grave a flag is; the lower, the graver."""

    UNUSABLE = 0  # the answer must not be used, and is withheld
    WARNING = 1


@dataclass(frozen=True, slots=True)
class Flag:
    """One thing that speaks against an answer.

    `code`: stable, for files: one of the gate's (`gate_findings.Code`), or `age_under_18`,
    `outside_the_lungs`, `seen_in_training`, `heat_failed_its_tests`, `heat_elsewhere`,
    `opacity_elsewhere`.
    """

    severity: Severity
    code: str
    sentence: str

    @property
    def unusable(self) -> bool:
        """Whether the answer must not be used for it."""
        return self.severity is Severity.UNUSABLE


def flags_of(
    prediction: Prediction,
    checks: Checks | None = None,
    in_lungs: LungShares | None = None,
) -> tuple[Flag, ...]:
    """The flags of one film's answer, the gravest first.

    `checks`: of the film and of the map that is shown; None where none were made. `in_lungs`: of
    that map and of the opacity map; None without maps.
    """
    found = [
        Flag(_severity(remark.code in UNUSABLE), remark.code.value, remark.sentence)
        for remark in prediction.remarks
    ]
    if prediction.child:
        found.insert(0, Flag(Severity.UNUSABLE, "age_under_18", UNDER_18))
    if checks:
        found += _of_checks(prediction, checks)
    finding = checks.map_check.finding if checks else prediction.label
    passed = checks is None or checks.map_check.passed
    if in_lungs and passed and prediction.heat_due(finding):
        words, doubtful = heat_in_words(in_lungs)
        if doubtful:
            found.append(Flag(Severity.WARNING, "heat_elsewhere", words))
    if in_lungs and prediction.decision.draws_heat and in_lungs.opacity_elsewhere:
        words = opacity_elsewhere_in_words(in_lungs)
        found.append(Flag(Severity.WARNING, "opacity_elsewhere", words))
    return tuple(sorted(found, key=_gravity))


def flags_of_reading(reading: Reading, finding: Finding) -> tuple[Flag, ...]:
    """What speaks against a checked reading's answer and a class's map, the gravest first."""
    return flags_of(reading.prediction, reading.checks(finding), reading.lung_shares(finding))


def codes_of(flags: Sequence[Flag]) -> str:
    """The flags' codes for a cell of a table, joined by `|`."""
    return "|".join(flag.code for flag in flags)


def _of_checks(prediction: Prediction, checks: Checks) -> list[Flag]:
    found = []
    if checks.meter and checks.meter.explained:
        found.append(Flag(Severity.UNUSABLE, "outside_the_lungs", NOT_FROM_THE_LUNGS))
    if checks.seen:
        found.append(Flag(Severity.WARNING, "seen_in_training", SEEN))
    shown = checks.map_check
    if prediction.heat_due(shown.finding) and not shown.passed:
        found.append(Flag(Severity.WARNING, "heat_failed_its_tests", shown.sentence))
    return found


def _gravity(flag: Flag) -> tuple[Severity, int]:
    """By which flags are sorted, the gravest first."""
    if flag.code in _LAST:
        return flag.severity, len(_FIRST) + 1 + _LAST.index(flag.code)
    return flag.severity, _FIRST.index(flag.code) if flag.code in _FIRST else len(_FIRST)


def _severity(unusable: bool) -> Severity:
    return Severity.UNUSABLE if unusable else Severity.WARNING
