"""What was measured within sources of both kinds, and of maps against boxes, in words and tables.

`within_source_plots` draws it.

`found`: figures by source, then by population; `boxes`: of maps alone, likewise.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from covid_core.evaluation.box_agreement import AREA, FIXED_POINT, RANDOM
from covid_core.evaluation.within_source import (
    ALL,
    AT_BALANCED,
    CALLED_COVID,
    CALLED_NORMAL,
    MEAN,
    OF_OPACITY,
    REFERENCE,
    SCORES,
    TYPICAL,
    WITHIN_VIEW,
)
from covid_core.findings import Finding
from covid_core.metrics import Estimate, format_estimate
from covid_core.model.card import WeightsCard
from covid_core.model.results import (
    OPACITY_MAP,
    UNSEEN,
    BoxFigures,
    Populations,
)
from covid_core.model.tiers import in_sentence
from covid_core.present.markdown import table
from covid_core.present.populations import parts_within, titled

_PAIRS = {
    TYPICAL: "one read as typical and one as negative",
    "indeterminate against negative": "one read as indeterminate and one as negative",
    "typical against atypical": "one read as typical and one as atypical",
    OF_OPACITY: "one with an opacity and one with another abnormality",
}
BESIDE = {
    AREA: "a point at random",
    FIXED_POINT: "the best fixed point",
    RANDOM: "random weights",
}
_CALLS = (CALLED_NORMAL, CALLED_COVID, AT_BALANCED)


def within_source_section(card: WeightsCard) -> str:
    """The model card's section, as Markdown; "" where nothing was measured."""
    found = card.results.within_source
    if not found:
        return ""
    contrasts = [
        [
            name,
            str(figures[ALL].n),
            contrast,
            SCORES[score],
            format_estimate(figures[ALL]),
            format_estimate(figures[WITHIN_VIEW]) if WITHIN_VIEW in figures else "–",
        ]
        for name, own in parts_within(found)
        for contrast, scores in own.contrasts.items()
        for score, figures in scores.items()
    ]
    calls = [
        [
            name,
            kind,
            str(calls[CALLED_NORMAL].n),
            *(format_estimate(calls[call]) if call in calls else "–" for call in _CALLS),
        ]
        for name, own in parts_within(found)
        for kind, calls in (
            ("negatives", own.negatives),
            ("other abnormality", own.other_abnormality),
        )
        if calls
    ]
    blocks = [
        """## Within one hospital: films of both kinds

Films with the disease and without it from the same hospitals, as radiologists read them: here no
scanner and no marker gives the answer away. An AUROC of 0.5 is a coin's toss. "Same view": over
pairs of films that are both AP or both PA, since the severely ill are imaged lying down.""",
        table(["Films", "n", "Contrast", "Ranked by", "AUROC", "AUROC, same view"], contrasts),
    ]
    if calls:
        header = ["Films", "Of them", "n", "Called normal", "Called COVID-19", AT_BALANCED]
        blocks += ["What films without such opacities are called:", table(header, calls)]
    blocks += [*_appearances(found), *_boxes(card.results.boxes)]
    return "\n\n".join(blocks)


def within_in_words(found: Populations) -> list[str]:
    """A sentence or two for each source and population.

    How well its first contrast is separated, and what its negative films are called.
    """
    sentences = []
    for source, populations in found.items():
        for population, own in populations.items():
            if not own.contrasts:
                continue
            contrast, scores = next(iter(own.contrasts.items()))
            of_opacity = contrast == OF_OPACITY
            score = "p_pneumonia" if of_opacity else "p_covid"
            figures = scores[score]
            auroc = figures.get(WITHIN_VIEW, figures[ALL])
            view = " of the same view" if WITHIN_VIEW in figures else ""
            words = (
                f"{_films(source, population)}: of two films{view}, {_PAIRS[contrast]}, the"
                f" {SCORES[score]} ranks the right one higher in {_percent(auroc)}; tossing a coin"
                " would in 50%."
            )
            if shares := own.negatives:
                clear = "normal" if of_opacity else "negative"
                words += (
                    f" Of the films read as {clear}, {_percent(shares[CALLED_NORMAL])} are called"
                    f" normal and {_percent(shares[CALLED_COVID])} COVID-19."
                )
            sentences.append(words)
    return sentences


def boxes_in_words(boxes: BoxFigures) -> list[str]:
    """A sentence or two for each source and population.

    How often the map points at an opacity, and whether that is better than pointing without
    looking.
    """
    sentences = []
    for source, populations in boxes.items():
        for population, maps in populations.items():
            for answer, own in maps.items():
                sentences.append(
                    f"{_films(source, population)}: on {own.films} films with opacities that"
                    f" radiologists boxed, the hottest point of the map of"
                    f" {_in_sentence(answer)} lies in a box in {_percent(own.peak)}. A"
                    f" point at random would in {_whole(own.area)}, always the same point in"
                    f" {_whole(own.fixed_point)}, and a map by random weights in"
                    f" {_whole(own.random.peak)}. {_verdict(own.lead)}"
                )
    return sentences


def _appearances(found: Populations) -> Iterator[str]:
    rows = [
        [
            name,
            appearance,
            format_estimate(figures.auroc),
            format_estimate(figures.average_precision),
            _reference(appearance),
        ]
        for name, own in parts_within(found)
        for appearance, figures in (own.appearance or {}).items()
    ]
    if rows:
        yield f"""Each appearance against the rest. Published for {REFERENCE.described}: mean
AUROC {REFERENCE.auroc:.2f}, and average precision as in the last column."""
        header = ["Films", "Appearance", "AUROC", "Average precision", "Published"]
        yield table(header, rows)


def _reference(appearance: str) -> str:
    published = REFERENCE.average_precision
    mean = sum(published.values()) / len(published)
    return f"{mean if appearance == MEAN else published[appearance]:.3f}"


def _boxes(boxes: BoxFigures) -> Iterator[str]:
    rows = [
        [
            titled(source, population),
            str(own.films),
            map_title(answer),
            format_estimate(own.peak),
            format_estimate(own.area),
            format_estimate(own.fixed_point),
            format_estimate(own.random.peak),
            format_estimate(own.heat),
            format_estimate(own.random.heat),
        ]
        for source, populations in boxes.items()
        for population, maps in populations.items()
        for answer, own in maps.items()
    ]
    if rows:
        yield """### Maps against radiologists' boxes

How often the map's hottest point lies in a box around an opacity, beside points that know nothing
of the film: one at random (the boxes' share of the area), the best fixed one (chosen on other
patients), and the hottest by random weights. Heat: the share of it in the boxes over their share of
the area; 1 is heat spread evenly."""
        header = [
            "Films",
            "n",
            "Map of",
            "Hottest point in a box",
            "At random",
            "Best fixed point",
            "Random weights",
            "Heat",
            "Heat, random weights",
        ]
        yield table(header, rows)
        yield "\n".join(f"- {sentence}" for sentence in boxes_in_words(boxes))


def _verdict(lead: Mapping[str, Estimate]) -> str:
    """The lead of a map's hottest point over what knows nothing of the film, in words."""
    above = {name: one.low > 0 for name, one in lead.items()}
    if all(above.values()):
        return "So the map does point at opacities."
    if above[AREA]:
        missed = [BESIDE[name] for name in (FIXED_POINT, RANDOM) if not above[name]]
        return f"That is better than chance, but not clearly better than {' or '.join(missed)}."
    return "So the map is no guide to where the opacities are."


def _films(source: str, population: str) -> str:
    kind = "which never trained it" if population == UNSEEN else "new films"
    return f"{source} ({kind})"


def map_title(name: str) -> str:
    """What a map shows, as tables and plots name it: a finding, or opacities."""
    return "Opacities" if name == OPACITY_MAP else Finding(name).display_name


def _in_sentence(name: str) -> str:
    return "opacities" if name == OPACITY_MAP else in_sentence(Finding(name))


def _percent(estimate: Estimate) -> str:
    return f"{estimate.value:.0%} ({estimate.low:.0%} to {estimate.high:.0%})"


def _whole(estimate: Estimate) -> str:
    """A share in percent, without its interval; a dash where there is none."""
    return "–" if math.isnan(estimate.value) else f"{estimate.value:.0%}"
