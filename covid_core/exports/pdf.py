"""A reading on one page of paper: the call, both films, what it rests on, what it is worth."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

from covid_core.explain.checks import Checks
from covid_core.exports.paper_checks import nearest, shortcut_bars, verdicts, zone_table
from covid_core.exports.pictures import WARNING, opacity_overlay, overlay
from covid_core.exports.sheet import (
    HEIGHT,
    INK,
    INNER,
    LINE,
    MARGIN,
    QUIET,
    WHITE,
    WIDTH,
    Sheet,
)
from covid_core.findings import Finding, shown_probability
from covid_core.model.decision import Decision
from covid_core.model.tiers import CAVEAT, Tier, in_sentence
from covid_core.present.point_words import point_in_words
from covid_core.present.result import Result
from covid_core.present.sentences import (
    DISCLAIMER,
    category_in_words,
    checks_in_words,
    heat_in_words,
    opacity_in_words,
)
from covid_core.present.style import CLASS_COLOURS

TITLE = "Chest radiograph reading"
_GAP = 6.0  # mm between columns, and between parts
_COLUMN = (INNER - _GAP) / 2
_RIGHT = MARGIN + _COLUMN + _GAP
_TALLEST, _LEAST = 112.0, 40.0  # mm, of the films
# Points; the largest that leaves the films room.
_SIZES = (10.0, 9.5, 9.0, 8.5, 8.0, 7.5, 7.0, 6.5, 6.0, 5.5)
_BAND = 11.0  # mm
_CAUTION, _CAUTION_EDGE = "#FFF4D6", "#E69F00"


@dataclass(frozen=True, slots=True)
class _Fit:
    """How large text and films may be: points, mm."""

    points: float
    film_mm: float


def report_pdf(result: Result) -> bytes:
    """One page of A4 as a PDF file, the same bytes for the same result. It names no patient."""
    fit = _fit(result)
    with closing(Sheet(TITLE, result.made)) as sheet:
        _body(sheet, result, fit, pictured=True)
        _foot(sheet, result, fit.points)
        return sheet.data()


def _fit(result: Result) -> _Fit:
    """The largest text that leaves the films their least height; and the films' height.

    They get no more height than they need.
    """
    tall, wide = result.film.shape
    wanted = min(_TALLEST, _film_width(result) * tall / wide)
    with closing(Sheet(TITLE, result.made)) as trial:
        for points in _SIZES:
            text = _body(trial, result, _Fit(points, 0), pictured=False)
            left = _foot_top(trial, result, points) - text
            if left >= min(_LEAST, wanted):
                break
    return _Fit(points, max(min(_LEAST, wanted), min(wanted, left)))


def _body(sheet: Sheet, result: Result, fit: _Fit, *, pictured: bool) -> float:
    """All above the foot; gives the y below it."""
    _band(sheet, result)
    y = _call(sheet, result, _BAND + _GAP, fit.points)
    y = _cautions(sheet, result, y, fit.points)
    y = _films(sheet, result, y, fit, pictured)
    left = _probabilities(sheet, result, y, fit.points)
    if result.checks:
        left = _checked(sheet, result, result.checks, left + 2, fit.points)
    right = _worth(sheet, result, y, fit.points)
    return max(left, right) + _GAP / 2


def _band(sheet: Sheet, result: Result) -> None:
    sheet.block(0, 0, WIDTH, _BAND, INK)
    sheet.words(MARGIN, 3.2, INNER, DISCLAIMER, 9, bold=True, colour=WHITE)
    sheet.words(MARGIN, 3.4, INNER, _written(result.made), 8, colour=WHITE, align="R")


def _call(sheet: Sheet, result: Result, y: float, points: float) -> float:
    decision = result.prediction.decision
    x, width = MARGIN + 6, INNER - 6
    top = y
    y = sheet.words(x, y, width, TITLE, points - 1, colour=QUIET)
    y = sheet.words(x, y, width, decision.tier.heading, 24, bold=True)
    y = sheet.words(x, y, width, decision.sentence, points + 2)
    sheet.block(MARGIN, top, 2.4, y - top, _tier_colour(decision))
    return y + _GAP * 0.7


def _cautions(sheet: Sheet, result: Result, y: float, points: float) -> float:
    """What speaks against trusting it, where something does, on a ground of its own."""
    prediction = result.prediction
    notes = f"The file: {'; '.join(prediction.notes)}." if prediction.notes else ""
    texts = [text for text in (*(flag.sentence for flag in result.flags), notes) if text]
    if not texts:
        return y
    x, width, pad = MARGIN + 6, INNER - 9, 2.0
    height = sum(sheet.height_of(width, text, points) for text in texts) + 2 * pad
    sheet.block(MARGIN, y, INNER, height, _CAUTION)
    sheet.block(MARGIN, y, 2.4, height, _CAUTION_EDGE)
    below = y + pad
    for text in texts:
        below = sheet.words(x, below, width, text, points)
    return y + height + _GAP * 0.7


def _films(sheet: Sheet, result: Result, y: float, fit: _Fit, pictured: bool) -> float:
    """The radiograph alone, then under each map, with what was measured of the map."""
    drawn = [("The radiograph as it was read.", lambda shown: shown.film)]
    if result.opacity:
        drawn.append((f"{result.opacity_caption} {result.worth.opacity}", opacity_overlay))
    drawn.append((f"{result.caption} {result.worth.evidence}", overlay))
    width = _film_width(result)
    below = []
    for place, (caption, draw) in enumerate(drawn):
        x = MARGIN + place * (width + _GAP)
        if pictured:
            sheet.picture(x, y, width, fit.film_mm, draw(result), caption.strip())
        beneath = y + fit.film_mm + 1.2
        below.append(sheet.words(x, beneath, width, caption.strip(), fit.points - 1, colour=QUIET))
    return max(below) + _GAP * 0.7


def _film_width(result: Result) -> float:
    """How wide each of the pictures is, side by side."""
    count = 2 if result.opacity is None else 3
    return (INNER - (count - 1) * _GAP) / count


def _probabilities(sheet: Sheet, result: Result, y: float, points: float) -> float:
    """What the answer is made of; nothing of one that must not be used."""
    prediction = result.prediction
    if not prediction.decision.usable:
        return y
    y = sheet.heading(MARGIN, y, _COLUMN, prediction.score_name, points)
    for finding in prediction.answers:
        share = prediction.probability(finding)
        threshold = (
            prediction.decision.point.threshold if finding is prediction.answers[-1] else None
        )
        y = sheet.bar(
            MARGIN,
            y,
            _COLUMN,
            finding.display_name,
            share,
            _colour(finding),
            points,
            figure_text=shown_probability(share),
            mark=threshold,
        )
    y = sheet.words(MARGIN, y + 0.5, _COLUMN, _set_in_words(result), points)
    category = category_in_words(prediction)
    if not category:
        return y
    y = sheet.heading(MARGIN, y + 2, _COLUMN, "RSNA category", points)
    return sheet.words(MARGIN, y, _COLUMN, f"{category} {result.worth.category}", points)


def _worth(sheet: Sheet, result: Result, y: float, points: float) -> float:
    prediction = result.prediction
    point, disease = prediction.decision.point, prediction.answers[-1]
    y = sheet.heading(_RIGHT, y, _COLUMN, "Measured performance", points)
    heat, doubtful = _heat(result)
    texts = (
        point_in_words(point, disease),
        result.predictive_values,
        result.elsewhere,
        opacity_in_words(result.opacity, result.lungs)[0] if result.opacity else "",
        "" if doubtful else heat,
        "" if prediction.remarks else checks_in_words(prediction),  # else stated above
    )
    for text in texts:
        if text:
            y = sheet.words(_RIGHT, y, _COLUMN, text, points) + 1
    return nearest(sheet, result.checks, (_RIGHT, y + 1, _COLUMN), points) if result.checks else y


def _checked(sheet: Sheet, result: Result, checks: Checks, y: float, points: float) -> float:
    drawn = result.heat_drawn
    if result.prediction.decision.usable:
        y = shortcut_bars(sheet, checks, (MARGIN, y, _COLUMN), points) + 2
    if drawn:
        y = zone_table(sheet, checks, (MARGIN, y, _COLUMN), points) + 2
    return verdicts(sheet, checks, (MARGIN, y, _COLUMN), points, drawn=drawn)


def _heat(result: Result) -> tuple[str, bool]:
    """Where the heat lies, in words, and whether that is a caution; "" where none is drawn."""
    if not result.heat_drawn:
        return "", False
    return heat_in_words(result.lung_shares)


def _foot_top(sheet: Sheet, result: Result, points: float) -> float:
    small = points - 2
    lines = sheet.height_of(INNER, "\n".join(_identity(result)), small)
    return HEIGHT - _GAP - lines - sheet.height_of(INNER, CAVEAT, points) - 5


def _foot(sheet: Sheet, result: Result, points: float) -> None:
    y = _foot_top(sheet, result, points)
    sheet.block(MARGIN, y, INNER, 0.3, LINE)
    y = sheet.words(MARGIN, y + 2, INNER, CAVEAT, points, bold=True)
    sheet.words(MARGIN, y + 1, INNER, "\n".join(_identity(result)), points - 2, colour=QUIET)


def _identity(result: Result) -> list[str]:
    """What was read, and by what: enough to have it read again."""
    prediction = result.prediction
    return [
        WARNING,
        f"Model: {prediction.model}. Operating point: {prediction.decision.point.name}."
        f" Made: {result.made.astimezone(UTC).isoformat(timespec='seconds')}",
        f"Weights SHA-256: {prediction.weights_sha256}",
        f"Film SHA-256: {prediction.radiograph_sha256}",
    ]


def _set_in_words(result: Result) -> str:
    decision = result.prediction.decision
    names = ", ".join(map(in_sentence, decision.candidates))
    fits = f"Not ruled out: {names}." if names else "No class fits well."
    return f"{fits} The line marks the threshold, {decision.point.threshold:.2f}."


def _tier_colour(decision: Decision) -> str:
    """The disease's where it is likely or possible, the called class's elsewhere."""
    return _colour(Finding.COVID if decision.tier is Tier.POSSIBLE else decision.finding)


def _colour(finding: Finding | None) -> str:
    return QUIET if finding is None else CLASS_COLOURS.get(finding, QUIET)


def _written(made: datetime) -> str:
    return f"{made.day} {made:%B %Y, %H:%M %Z}"
