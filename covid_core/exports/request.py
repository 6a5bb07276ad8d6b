"""A request for an export of a reading, and the result that answers it.

A request is made of plain values, so that it may be made again for the same radiograph.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from covid_core.case.case_reading import Reading
from covid_core.case.reader import CaseReader
from covid_core.findings import Finding
from covid_core.model.decision import OperatingPoint
from covid_core.present.overlay import displayed
from covid_core.present.point_words import elsewhere_in_words
from covid_core.present.result import Result
from covid_core.present.worth import Worth

LONGEST_PX = 2048  # of a film as it is shown


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What an export shall show of a reading.

    `finding`: the class whose map is shown; None for the likeliest. `prevalence`: of the disease, 0
    to 1. `made`: when, with its time zone.
    """

    point: OperatingPoint
    finding: Finding | None
    prevalence: float
    made: datetime


def result_of(reader: CaseReader, reading: Reading, request: ExportRequest) -> Result:
    """The result of a reading that this reader made, the same for the same radiograph and question.

    Of the checks, only those are made that the reading lacks.
    """
    card = reader.predictor.card
    finding = request.finding or reading.prediction.label
    reading = reader.decide(reader.check(reading, finding), request.point)
    return Result(
        prediction=reading.prediction,
        saliency=reading.maps[finding],
        film=displayed(reading.radiograph.film, LONGEST_PX),
        lungs=reading.lungs,
        body=reading.body,
        prevalence=request.prevalence,
        made=request.made,
        elsewhere=elsewhere_in_words(
            card, reading.prediction.decision, card.classes[-1], request.prevalence
        ),
        checks=reading.checks(finding),
        opacity=reading.opacity if reading.prediction.decision.usable else None,
        worth=Worth.of(card, finding, reading.prediction.category),
    )


def request_of(result: Result) -> ExportRequest:
    """The request that a result answers."""
    decision = result.prediction.decision
    return ExportRequest(decision.point, result.finding, result.prevalence, result.made)


def with_kept_time(result: Result) -> Result:
    """The result with its time as a file keeps it: in seconds, its zone without a name."""
    return replace(result, made=datetime.fromisoformat(result.made.isoformat(timespec="seconds")))
