"""The checks of a reading on paper: what a bar or a table says better, and the rest in words."""

from __future__ import annotations

from covid_core.explain.checks import NO_METER, NO_ZONES, Checks, nearest_in_words, seen_in_words
from covid_core.explain.lung_zones import ATTENTION_NOTE, ZONE_TITLES, ZONES
from covid_core.exports.sheet import QUIET, Sheet
from covid_core.findings import shown_probability
from covid_core.present.style import CLASS_COLOURS

Box = tuple[float, float, float]  # x, y, width in mm


def shortcut_bars(sheet: Sheet, checks: Checks, box: Box, points: float) -> float:
    """The shortcut meter: the score of the whole film, of its lungs, and without them."""
    x, y, width = box
    meter = checks.meter
    if meter is None:
        y = sheet.heading(x, y, width, "Score without the lungs", points)
        return sheet.words(x, y, width, NO_METER, points)
    y = sheet.heading(x, y, width, f"Probability of {meter.finding.display_name}", points)
    colour = CLASS_COLOURS.get(meter.finding, QUIET)
    for name, score in (
        ("Whole film", meter.whole),
        ("Lungs only", meter.lungs_only),
        ("Lungs removed", meter.lungs_removed),
    ):
        y = sheet.bar(
            x, y, width, name, score, colour, points, figure_text=shown_probability(score)
        )
    return y


def zone_table(sheet: Sheet, checks: Checks, box: Box, points: float) -> float:
    """The share of the map in each lung zone, as the lungs lie on the film."""
    x, y, width = box
    y = sheet.heading(x, y, width, "Share of the map by lung zone", points)
    if checks.zones is None:
        return sheet.words(x, y, width, NO_ZONES, points)
    half, figure = width / 2, 12.0
    rows = len(ZONES) // 2
    for row in range(rows):
        for side, at in enumerate((row, row + rows)):
            left = x + side * half
            sheet.words(left, y, figure, f"{checks.zones[at]:.0%}", points, bold=True)
            name = f"{ZONES[at]}  {ZONE_TITLES[ZONES[at]]}"
            below = sheet.words(left + figure, y, half - figure, name, points)
        y = below
    return sheet.words(x, y + 0.5, width, ATTENTION_NOTE, points, colour=QUIET)


def verdicts(sheet: Sheet, checks: Checks, box: Box, points: float, *, drawn: bool) -> float:
    """Whether the map passed its tests, unless that is a caution, and whether the film was seen."""
    x, y, width = box
    texts = []
    if drawn or checks.map_check.passed:
        texts.append(checks.map_check.sentence)
    texts.append(seen_in_words(checks))
    for text in texts:
        y = sheet.words(x, y, width, text, points) + 1
    return y


def nearest(sheet: Sheet, checks: Checks, box: Box, points: float) -> float:
    """The training films of each class that the network finds most like this one."""
    x, y, width = box
    if not checks.neighbours:
        return y
    y = sheet.heading(x, y, width, "Nearest training films, and how similar", points)
    for finding, found in checks.neighbours.items():
        line = f"{finding.display_name}: {nearest_in_words(found)}."
        y = sheet.words(x, y, width, line, points) + 1
    return y
