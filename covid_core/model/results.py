"""What was measured of a network, as its card holds it: results by part of films, and trust.

`evaluation` measures it; the page, the commands and the model card only present it. The one list of
parts of films is `Results.parts`.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import BeforeValidator, ConfigDict, Field

from covid_core.findings import Finding
from covid_core.metrics import NO_ESTIMATE, Estimate, cohen_kappa
from covid_core.model.calls import Calls, calls_of
from covid_core.model.decision import Probabilities
from covid_core.model.tasks import TaskName
from covid_core.model.tiers import Tier
from covid_core.storage.records import Figure, Measured, Record

TEST = "test part"  # the name of all test films together
UNSEEN = "never trained on"  # the population of a source's films that had no part in training
NEW_FILMS = "test"  # the population of new films of a source that trained
POPULATIONS = (UNSEEN, NEW_FILMS)  # of a source, the more meaningful first
OPACITY_MAP = "opacity"  # among a source's maps, beside those of findings


class ClassFigures(Record):
    """How well one class is separated from the rest."""

    auroc: Figure
    sensitivity: Figure
    specificity: Figure
    precision: Figure
    f1: Figure


class Summary(Record):
    """What one part of films came to.

    `groups`: sets of films that belong together; `patients_known`: of which share of the films the
    patient is. `confusion`: counts, a row a label, a column a call. `commonest`: the accuracy of
    always calling the commonest class. `classes`: those with films enough.
    """

    films: int = 0
    groups: int = 0
    patients_known: float | None = None
    confusion: tuple[tuple[int, ...], ...] = ()
    accuracy: Figure = NO_ESTIMATE
    commonest: float | None = None
    classes: dict[Finding, ClassFigures] = Field(default_factory=dict)

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa of labels and calls; None where there is no film."""
        return cohen_kappa(np.array(self.confusion)) if self.confusion else None


class Comparable(Record):
    """Accuracy, and the AUROC of the disease where films are enough."""

    accuracy: Figure
    auroc: Figure | None = None

    def figure(self, name: str) -> Estimate | None:
        """One of the two by name; None where it was not measured."""
        found: Estimate | None = getattr(self, name)
        return found


class Lead(Comparable):
    """How far the network is above a baseline. `paired`: measured on the same draws of patients."""

    paired: bool


class Baseline(Comparable):
    """What a simple model reaches that sees no lungs, and the network's lead over it."""

    lead: Lead


class RandomMap(Record):
    """How often a map's hottest point lies in a box, and its heat in boxes over their area."""

    peak: Figure
    heat: Figure


class MapAgreement(RandomMap):
    """One map against radiologists' boxes, beside what knows no film.

    `films`: how many have a box and what the map is of. `area`: the boxes' share of the film;
    `fixed_point`: how often the best fixed point lies in one. `lead`: the peak's, over each.
    """

    films: int
    area: Figure
    fixed_point: Figure = Field(validation_alias="fixed point", serialization_alias="fixed point")
    random: RandomMap = Field(
        validation_alias="random weights", serialization_alias="random weights"
    )
    lead: dict[str, Figure]


def _read_older_maps(raw: Any) -> Any:
    """Maps as cards held them before each was measured on films of its own class."""
    if isinstance(raw, dict) and isinstance(raw.get("maps"), dict):
        shared = {name: raw[name] for name in raw if name != "maps"}
        return {
            name: one | shared if isinstance(one, dict) else one
            for name, one in raw["maps"].items()
        }
    return {} if raw is None else raw


Maps = Annotated[dict[str, MapAgreement], BeforeValidator(_read_older_maps)]
"""Maps against boxes, by name."""


class AppearanceFigures(Record):
    """How well one appearance is separated from the rest."""

    auroc: Figure
    average_precision: Figure


class WithinSource(Record):
    """One population of a source with films of both kinds.

    `contrasts`: AUROCs by contrast, by score, by films. `negatives`, `other_abnormality`: what such
    films are called. `maps`: against boxes, by name.
    """

    films: int
    contrasts: dict[str, dict[str, dict[str, Figure]]] = Field(default_factory=dict)
    negatives: dict[str, Figure] | None = None
    other_abnormality: dict[str, Figure] | None = Field(
        default=None,
        validation_alias="other abnormality",
        serialization_alias="other abnormality",
    )
    appearance: dict[str, AppearanceFigures] | None = None
    maps: Maps = Field(default_factory=dict)


Populations = dict[str, dict[str, WithinSource]]
"""Figures by source, then by population."""
BoxFigures = dict[str, dict[str, Maps]]
"""Maps against boxes by source, by population, then by name."""


class Part(NamedTuple):
    """A part of films: `unseen` where its source never trained the network."""

    name: str
    unseen: bool
    summary: Summary


class Results(Record):
    """The card's results.

    `test`: the locked test part; `test_by_source`: its sources that hold more than one class;
    `held_out`: sources never trained on. `probabilities`: what all of these are measured on, as
    `decision` names them. `storage_change`: the largest change of a test probability by storing.
    `shared`: the share of test films that share a patient or picture with training.
    `within_source_split`: the fingerprint of the manifest that `within_source` was measured on.
    `stages`: of networks that another task came after, by task, then by part, before calibration.
    """

    test: Summary = Field(default_factory=Summary)
    test_by_source: dict[str, Summary] = Field(default_factory=dict)
    held_out: dict[str, Summary] = Field(default_factory=dict)
    storage_change: float | None = None
    shared: float = 0.0
    baselines: dict[str, dict[str, Baseline]] = Field(
        default_factory=dict, validation_alias="floors"
    )
    probabilities: Probabilities | None = None
    within_source: Populations = Field(default_factory=dict)
    within_source_split: str = ""
    stages: dict[TaskName, dict[str, Summary]] = Field(default_factory=dict)

    @property
    def parts(self) -> list[Part]:
        """Every part that was measured, the most meaningful first, all test films together last."""
        return [
            *(Part(source, True, summary) for source, summary in self.held_out.items()),
            *(Part(source, False, summary) for source, summary in self.test_by_source.items()),
            Part(TEST, False, self.test),
        ]

    @property
    def independent_parts(self) -> list[Part]:
        """All test films together, then each source never trained on."""
        *others, test = self.parts
        return [test, *(part for part in others if part.unseen)]

    @property
    def boxes(self) -> BoxFigures:
        """Those of maps against boxes."""
        kept = {
            source: {name: own.maps for name, own in populations.items() if own.maps}
            for source, populations in self.within_source.items()
        }
        return {source: populations for source, populations in kept.items() if populations}


class CalibrationBins(Record):
    """Films by how sure the network was: its mean in each bin, the share right, how many films."""

    sure: tuple[float, ...]
    right: tuple[float, ...]
    films: tuple[int, ...]
    error: Measured


class PointCosts(Record):
    """What an operating point costs on some films."""

    sensitivity: Figure
    specificity: Figure


class Coverage(Record):
    """What prediction sets are worth on some films.

    `covered`: how often they hold the right answer. `single`: one answer only; `single_right`: the
    right one, of those. `disease_certain`: no doubt whether it is the disease. By answer: its index
    as text. `decided` and what follows: of older cards alone, by the rule before tiers.
    """

    covered: Figure
    covered_by_answer: dict[str, Figure]
    single: Figure = Field(validation_alias="told")
    single_right: Figure | None = Field(validation_alias="told_right")
    disease_certain: Figure = Field(validation_alias="disease_told")
    decided: Figure | None = None
    decided_right: Figure | None = None
    decided_by_answer: dict[str, Figure] = Field(default_factory=dict)


class TierFigures(Record):
    """What the answers in a report's words are worth on some films, at one operating point.

    `counts`: films by tier, then by class in the order of the outputs. `decided`: the share that is
    not undecided; `right`: of these, the share whose label is one of those that the tier names.
    `normal_seen`: of normal films, the share said to show no pneumonia. `sensitivity`,
    `specificity`: of calling the disease likely or possible. `flagged_without`: how many of the
    films `without_disease` were called so. None where there is no film to measure it on.
    """

    counts: dict[Tier, tuple[int, ...]]
    decided: Figure | None = None
    right: Figure | None = None
    normal_seen: Figure | None = None
    sensitivity: Figure | None = None
    specificity: Figure | None = None
    without_disease: int = 0
    flagged_without: int = 0

    @property
    def calls(self) -> Calls | None:
        """The same as rates of calls; None without films of both kinds."""
        found, cleared = self.sensitivity, self.specificity
        if found is None or cleared is None or self.decided is None:
            return None
        return calls_of(self.counts, found, cleared, self.decided)


class Trust(Coverage):
    """What the rules are worth on some films they were not fitted on.

    `reliability`, `reliability_before`: with the rules and without. `points`: by name. `pooled`:
    with thresholds over all sources together. `tiers`: by operating point; none in older cards.
    """

    films: int
    reliability: CalibrationBins
    reliability_before: CalibrationBins
    points: dict[str, PointCosts]
    pooled: Coverage
    tiers: dict[str, TierFigures] = Field(default_factory=dict)


class EpochFigures(Record):
    """What was logged at the end of an epoch; AUROCs by class and by source stand besides."""

    model_config = ConfigDict(extra="allow")

    task: str = ""
    step: int = 0
    loss: Measured | None = None
    validation_loss: Measured | None = None
    validation_accuracy: Measured | None = None
    unseen_auroc: Measured | None = None
