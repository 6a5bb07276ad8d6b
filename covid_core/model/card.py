"""What lies in weights/: tensors in safetensors, each with a card that says what they are.

    weights/densenet121.safetensors   convolutions and head in float16, the rest in float32
    weights/densenet121.json          the card: classes, preprocessing, data, results, sha256
    weights/recipes/                  the other recipes' cards, and the tensors of the small ones
    weights/as-published/             cards of every recipe trained as its study did, leaks and all
    weights/corrected/                cards of the same without the study's mistakes
    weights/left-out/                 cards of networks each trained without one source, if any
    weights/teachers/                 networks to learn from, by `train.py --teacher`
    weights/lungs/, weights/gate/     two more networks, by `lungs` and `gate`
    weights/known/                    which films made the weights, by `index`: `known_index`
    weights/*.engines.json            what bfloat16 changes of their answers: `engines.proof`
    weights/.graphs/                  not shipped: the networks as graphs: `engines.graphs`

The card holds the SHA-256 of the tensor file and of itself, and no network is given out where
either does not match. Pickle is never read. Cards are read here, the tensors in `network_files`.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
import safetensors.numpy
from pydantic import AfterValidator, Field, model_validator

from covid_core.errors import WeightsError
from covid_core.findings import APPEARANCES, CLASSES, Finding, listed_in_words
from covid_core.model.architectures import DENSENET121, TITLES, ArchitectureName, can_be_fine
from covid_core.model.audit import AuditFigures
from covid_core.model.decision import Rules
from covid_core.model.head import Head
from covid_core.model.head_plan import HeadPlan, deep_head
from covid_core.model.results import TEST, EpochFigures, Results, Trust
from covid_core.model.tasks import TASKS
from covid_core.model.tensors import RETRAIN, checked, foreign_tensors, read_card_file, write_card
from covid_core.prepare.preprocess import Preprocess
from covid_core.storage.records import Record

WEIGHTS_VARIABLE = "CHEST_READER_WEIGHTS"  # of the environment: a folder instead of those beside
# Those that are shipped: beside the package, in a clone and, by `weights`, once it is installed.
WEIGHTS = Path(os.environ.get(WEIGHTS_VARIABLE) or Path(__file__).parent.parent.parent / "weights")
RECIPES = "recipes"  # a folder of it: other recipes
# Variants of a recipe; the latter two are folders of it too, with cards of the studies' recipes.
OURS, AS_PUBLISHED, CORRECTED = "ours", "as-published", "corrected"
_ONCE_MENDED = "mended"  # what `CORRECTED` was called in older cards and folders
_EMPTIED = re.compile(r"'emptied': (\d+(?:\.\d+)?)")  # as a training's choices are stated
LEFT_OUT = "left-out"  # of it: cards, named by the source that their networks never saw
AUDIT = ".audit"  # what `evaluation.audit` found of a recipe
PROOF = ".engines"  # what `engines.proof` holds of its answers
NO_CARDS = (AUDIT, PROOF)  # ends of names of other files beside the weights
SHIPPED = DENSENET121  # the recipe of the weights that the page and the command line use
APPEARANCE = "appearance"  # the linear layer of a network that answers appearances too
FORMAT_VERSION = 1
_LOG = logging.getLogger(__name__)


def find_part(folder: Path, part: str) -> Path:
    """The folder of the project's own gate or lungs; `folder`'s where the project has none beside.

    As in an installed package that was given its weights by `--weights`.
    """
    own, other = WEIGHTS / part, folder / part
    return own if own.is_dir() or not other.is_dir() else other


def _are_outputs_of_a_task(classes: tuple[Finding, ...]) -> tuple[Finding, ...]:
    if classes not in [task.outputs for task in TASKS.values()]:
        raise ValueError("they must be those of a recipe, in its order")
    return classes


def _is_in_order(preprocess: Preprocess) -> Preprocess:
    if not preprocess.low_percentile < preprocess.high_percentile:
        raise ValueError("its low percentile must be below the high one")
    return preprocess


def _is_a_name(recipe: str) -> str:
    if recipe != Path(recipe).name:
        raise ValueError("it must be a file's name without a folder")
    return recipe


def _plain_rules(card: dict[str, Any]) -> Rules:
    """What calls by a card on which no rules were fitted."""
    return Rules.plain(len(card.get("classes", CLASSES)))


class WeightsCard(Record):
    """What stands beside the tensors.

    `recipe`: what trained it, and the files' name. `opacity_map`, `appearance`: whether the network
    has these outputs too; `fine_opacity`: whether that map, and the feature map that it weights,
    have cells half as wide as the backbone's. `classes`: what it answers, in the order of its
    outputs. `films`: split, source, class to count. `full_heat`: the evidence of one cell, in
    logits, drawn at full heat. `head_depth`: of older cards, in place of `head`.
    `split`: `datasets.split.fingerprint` of the manifest. `history`: what was logged at the end of
    each epoch. `rules`: how its logits become a call. `trust`: by part of films, what
    `evaluation.trust` measured of the rules.
    """

    format_version: int = FORMAT_VERSION
    architecture: ArchitectureName
    classes: Annotated[tuple[Finding, ...], AfterValidator(_are_outputs_of_a_task)]
    preprocess: Annotated[Preprocess, AfterValidator(_is_in_order)]
    sha256: str = ""
    created: str = ""
    git_commit: str = ""
    torch_version: str = ""
    training: dict[str, str] = Field(default_factory=dict)
    films: dict[str, dict[str, dict[str, int]]] = Field(default_factory=dict)
    results: Results = Field(default_factory=Results)
    full_heat: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    recipe: Annotated[str, AfterValidator(_is_a_name)] = SHIPPED
    head: HeadPlan | None = None
    head_depth: Annotated[int, Field(ge=0, le=4)] = 0
    opacity_map: bool = False
    fine_opacity: bool = False
    appearance: bool = False
    split: str = ""
    history: tuple[EpochFigures, ...] = ()
    rules: Rules = Field(default_factory=_plain_rules)
    trust: dict[str, Trust] = Field(default_factory=dict)

    @property
    def rules_sha256(self) -> str:
        """SHA-256, in hex, of the rules that turn logits into a call, not of what they cost."""
        points = [(point.name, point.threshold, point.least) for point in self.rules.points]
        decisive = (self.rules.weights, self.rules.bias, self.rules.least, points)
        return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        rules, answers = self.rules, len(self.classes)
        if not len(rules.weights) == len(rules.bias) == len(rules.least) == answers:
            raise ValueError(f"the rules are not for {answers} classes")
        if self.fine_opacity and not can_be_fine(self.architecture, opacity_map=self.opacity_map):
            raise ValueError(f"{self.architecture} has no fine_opacity, or no opacity map at all")
        return self

    @property
    def name(self) -> str:
        """Model name and version for a person: the architecture, the day, the tensors' hash."""
        return f"{TITLES[self.architecture]}, {self.created[:10]}, {self.sha256[:8]}"

    @property
    def head_plan(self) -> HeadPlan:
        """What its network's head is made of."""
        return self.head or deep_head(self.head_depth)

    @property
    def variant(self) -> str:
        """Which variant of its recipe trained it: `OURS`, `AS_PUBLISHED` or `CORRECTED`."""
        name = self.training.get("variant") or self.training.get("form", OURS)  # in older cards
        return CORRECTED if name == _ONCE_MENDED else name

    @property
    def trained_without_lungs(self) -> bool:
        """Whether films with their lungs painted over trained it, as of no class."""
        share = _EMPTIED.search(self.training.get("surroundings", ""))
        return share is not None and float(share[1]) > 0


def save_card(card: WeightsCard, folder: Path) -> None:
    """Write the card anew, whole or not at all; the tensors stay. Raises WeightsError."""
    write_card(folder, card.recipe, card.as_json())


def read_card(folder: Path, recipe: str = SHIPPED) -> WeightsCard:
    """The card alone, checked against this code, to use its network. Raises WeightsError."""
    card = read_any_card(folder, recipe)
    if recipe == SHIPPED and card.classes != CLASSES:
        path = folder / f"{recipe}.json"
        raise _misfit(path, "classes", ", ".join(card.classes), ", ".join(CLASSES))
    return card


def read_any_card(folder: Path, recipe: str) -> WeightsCard:
    """The same of a study's network too, which may answer otherwise than ours by the same name."""
    path = folder / f"{recipe}.json"
    if not path.exists():
        raise WeightsError(
            "there is no model here",
            "Train one with: python train.py --data DIR --out weights/, or fetch the project's, as"
            " python -m covid_core weights --help says",
            file=str(folder),
        )
    return _card(read_card_file(path), path)


def _card(raw: dict[str, Any], path: Path) -> WeightsCard:
    for what, found, ours in (
        ("format", raw.get("format_version"), FORMAT_VERSION),
        ("preprocessing", _version(raw.get("preprocess")), Preprocess().version),
    ):
        if found is not None and found != ours:
            raise _misfit(path, what, found, ours)
    card = WeightsCard.parse(raw, path, error=WeightsError, remedy=RETRAIN)
    sources = sorted(card.films.get("test", {}))
    if not sources:
        return card
    # Every operating point names the sources it was measured on, and counts their films by answer.
    at_home = card.trust.get(TEST)
    calls = {name: own.calls for name, own in at_home.tiers.items()} if at_home else {}
    where = f"new films of {listed_in_words(sources)}"
    points = [
        replace(point, measured_on=where, calls=calls.get(point.name) or point.calls)
        for point in card.rules.points
    ]
    return card.replace(rules=replace(card.rules, points=tuple(points)))


def _version(preprocess: object) -> object:
    return preprocess.get("version") if isinstance(preprocess, dict) else None


def head_tensors(folder: Path, name: str, card: WeightsCard) -> dict[str, np.ndarray]:
    """The tensors of a network's heads by name, for `head.Head`; the file is checked whole.

    Those of the classes' head, and of the appearances' where the card says that there is one.

    Raises WeightsError where it is missing, damaged, or holds no head of this project.
    """
    path = folder / f"{name}.safetensors"
    try:
        tensors = safetensors.numpy.load(checked(path, card.sha256))
        heads = ("head.", f"{APPEARANCE}.") if card.appearance else ("head.",)
        head = {name: tensor for name, tensor in tensors.items() if name.startswith(heads)}
        fits = len(Head.of(head, card.head_plan).bias) == len(card.classes)
        if card.appearance:
            fits &= len(Head.of_layers(head, APPEARANCE).bias) == len(APPEARANCES)
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
        raise foreign_tensors(path, TITLES[card.architecture]) from error
    if not fits:
        raise foreign_tensors(path, TITLES[card.architecture])
    return head


def save_audit(folder: Path, recipe: str, figures: AuditFigures) -> None:
    """Write what an audit found beside the weights. Raises WeightsError."""
    write_card(folder, recipe + AUDIT, figures.as_json())


def read_audit(folder: Path, card: WeightsCard) -> AuditFigures | None:
    """What an audit found of these very weights; None where there was none."""
    path = folder / f"{card.recipe}{AUDIT}.json"
    try:
        figures = AuditFigures.parse(
            read_card_file(path), path, error=WeightsError, remedy="Audit the weights again"
        )
    except WeightsError as error:
        if path.exists():
            _LOG.warning("the audit beside the weights can't be used: %s", error)
        return None
    return figures if figures.sha256 == card.sha256 else None


def read_cards(folder: Path) -> dict[str, WeightsCard]:
    """The cards in a folder, by the files' name, as `read_any_card` reads them, without tensors.

    Raises WeightsError.
    """
    names = [path.stem for path in sorted(folder.glob("*.json"))]
    return {name: read_any_card(folder, name) for name in names if not name.endswith(NO_CARDS)}


def card_of(file: Path) -> WeightsCard | None:
    """The card beside a file of weights; None where there is none of ours."""
    try:
        return read_any_card(file.parent, file.stem)
    except WeightsError:
        return None


def read_variants(folder: Path) -> dict[str, dict[str, WeightsCard]]:
    """The cards of the studies' recipes in a weights folder: by recipe, then by variant.

    Raises WeightsError.
    """
    variants: dict[str, dict[str, WeightsCard]] = {}
    for name in (AS_PUBLISHED, _ONCE_MENDED, CORRECTED):
        for recipe, card in read_cards(folder / name).items():
            variants.setdefault(recipe, {})[card.variant] = card
    return variants


def _misfit(path: Path, what: str, found: object, expected: object) -> WeightsError:
    return WeightsError(
        f"{what} {found} does not fit this code, which works with {expected}",
        "Use the release that the weights were made with, or train them anew",
        file=str(path),
    )
