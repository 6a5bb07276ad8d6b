"""What an audit found of a network, as it is kept beside the weights.

`evaluation.audit` measures it; the page, the commands and the model card only present it.
"""

from __future__ import annotations

from pydantic import Field

from covid_core.findings import Finding
from covid_core.metrics import NO_ESTIMATE
from covid_core.model.results import BoxFigures
from covid_core.storage.records import Figure, Measured, Record

Number = int | Measured


class GroupFigures(Record):
    """A group of films: how many, how many of COVID-19, and the figures that they are enough for.

    `covered`, `single`: how often the prediction set holds the right answer, and one answer only.
    `auroc_within_view`: by pairs of films of one view.
    """

    films: int
    covid: int
    covered: Figure | None = None
    single: Figure | None = Field(default=None, validation_alias="told")
    sensitivity: Figure | None = None
    specificity: Figure | None = None
    auroc: Figure | None = None
    auroc_within_view: Figure | None = None


Groups = dict[str, GroupFigures]


class Failure(Record):
    """Films of one kind, the share called otherwise (`wrong`), and what they are mostly called.

    `finding`: the source's own word for them.
    """

    source: str
    label: Finding
    finding: str
    films: int
    wrong: float
    called: Finding


class AuditedPart(Record):
    """One part of films by `strata` (kind, then value), by `age`, and its worst `failures`."""

    strata: dict[str, Groups]
    age: Groups
    failures: tuple[Failure, ...]


class Probe(Record):
    """What COVID-19's AUROC becomes under one probe."""

    title: str
    without_lungs: bool
    auroc: Figure


class Probes(Record):
    """Every probe of one part of films. `within`: AUROCs by source, then by probe.

    `covered`: when a probe covers a part of the film; None in an audit of before that was measured.
    """

    films: int
    left_out: int
    covered: str | None = None
    limit: float
    probes: dict[str, Probe]
    within: dict[str, dict[str, Figure]]


class Curve(Record):
    """An answer's probability as a film is removed or shown, and the area under it."""

    curve: tuple[Measured, ...]
    area: Figure


class Curves(Record):
    """Both curves of one order of a film's places."""

    deletion: Curve
    insertion: Curve


class MethodFigures(Curves):
    """One method's maps: the heat in the lungs, and its excess over the lungs' area."""

    in_lungs: Figure
    excess: Figure


class Explanations(Record):
    """What heat maps are worth, as `evaluation.explanations` describes it."""

    films: int
    shares: tuple[float, ...]
    lung_area: Figure
    methods: dict[str, MethodFigures]
    chance: Curves
    better: dict[str, Figure]
    randomised: dict[str, Figure]
    like: float


class Corruption(Record):
    """What one corruption costs, in the order of the strengths."""

    title: str
    published: bool
    measure: str
    values: tuple[float, ...]
    auroc: tuple[Measured, ...]
    drop: tuple[Measured, ...]
    abstention: tuple[Measured, ...]


class Intact(Record):
    """The same films before they were corrupted."""

    auroc: Measured
    abstention: Measured


class WorstCorruption(Record):
    """The corruption and strength that cost most."""

    name: str
    strength: int
    drop: Measured


class RobustnessSummary(Record):
    """The mean cost of mild corruptions, and whether abstention rises with their strength."""

    drop: dict[str, Figure]
    goal: float
    worst: WorstCorruption
    abstention: float | None


class Robustness(Record):
    """What corruptions cost, as `evaluation.robustness` describes it."""

    films: int
    strengths: tuple[int, ...]
    intact: Intact
    corruptions: dict[str, Corruption]
    summary: RobustnessSummary


class Displays(Record):
    """What a gate refuses of good films (`sources`), and of films photographed or framed."""

    sources: dict[str, dict[str, Number]] = Field(default_factory=dict)
    kinds: dict[str, dict[str, bool | Number]] = Field(default_factory=dict)


class GateMeasured(Record):
    """What a gate refuses (`sources`), warns of (`warned`) and finds (`found`), and of which kinds.

    `refused`, `auroc`: on the test part, against the kinds of pictures that did not train.
    """

    refused: Figure = NO_ESTIMATE
    auroc: Figure = NO_ESTIMATE
    sources: dict[str, dict[str, Number]] = Field(default_factory=dict)
    warned: dict[str, dict[str, Number]] = Field(default_factory=dict)
    found: dict[str, dict[str, Number]] = Field(default_factory=dict)
    kinds: dict[str, dict[str, bool | Number]] = Field(default_factory=dict)
    aged_children: dict[str, Number] | None = None
    displays: Displays | None = None


class ZoneRow(Record):
    """A rank correlation over six lung zones with radiologists' scores."""

    title: str
    correlation: Figure


class Zones(Record):
    """The maps against scores of lung zones, as `evaluation.zone_scores` describes it."""

    films: int
    rows: dict[str, ZoneRow]
    leads: dict[str, Figure]
    clearly_leads: bool | None
    severity: Figure
    sources: tuple[str, ...] = ()
    left_out: int = 0


class AuditFigures(Record):
    """Every figure of an audit of the weights of that SHA-256; by part of films where a dict.

    `gate`, `lungs`: of the networks that stand before. `zones`, `boxes`: where they were measured.
    """

    sha256: str
    amount: dict[str, int]
    parts: dict[str, AuditedPart]
    probes: dict[str, Probes]
    explanations: Explanations
    robustness: Robustness
    gate: GateMeasured
    lungs: Figure
    zones: Zones | None = None
    boxes: BoxFigures = Field(default_factory=dict)
