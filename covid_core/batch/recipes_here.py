"""The recipes whose tensors are here, and what each makes of one film."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from covid_core.errors import WeightsError
from covid_core.findings import Finding, listed_in_words
from covid_core.metrics import Estimate
from covid_core.model.architectures import TITLES
from covid_core.model.card import NO_CARDS, RECIPES, SHIPPED, WeightsCard, read_card
from covid_core.model.results import Summary
from covid_core.model.saliency import Saliency
from covid_core.model.tiers import DECIDED, FLAGGED, in_sentence
from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor

_SHIPPED_NAME = "the shipped model"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A recipe whose card and tensors lie in `folder`; neither is proven whole by that."""

    recipe: str
    folder: Path
    card: WeightsCard


@dataclass(frozen=True, slots=True)
class RecipesHere:
    """What a weights folder holds: the shipped recipe first, the others by name.

    `absent`: recipes without tensors. `damaged`: those whose card can't be read, and why.
    """

    here: tuple[Candidate, ...]
    absent: tuple[str, ...]
    damaged: tuple[tuple[str, WeightsError], ...]


@dataclass(frozen=True, slots=True, eq=False)
class RecipeAnswer:
    """What one network makes of a film. `saliency`: of the disease, its last answer."""

    card: WeightsCard
    prediction: Prediction
    saliency: Saliency

    @property
    def title(self) -> str:
        """The network's name for a person."""
        title = TITLES[self.card.architecture]
        return title[0].upper() + title[1:]

    @property
    def calibrated(self) -> bool:
        """Whether its probabilities are; else they are scores, and the largest one is its call."""
        return self.card.rules.fitted

    @property
    def suspects(self) -> bool | None:
        """Whether it calls the disease likely or possible; None where it is undecided.

        It is undecided, too, where the answer must not be used.
        """
        decision = self.prediction.decision
        if self.calibrated:
            return decision.tier in FLAGGED if decision.tier in DECIDED else None
        return self.prediction.label is self.disease if decision.usable else None

    @property
    def disease(self) -> Finding:
        """What the network is made for, its last answer."""
        return self.prediction.answers[-1]

    @property
    def heat_due(self) -> bool:
        """Whether the disease reaches the network's own threshold for heat to be drawn."""
        return self.prediction.heat_due(self.disease) if self.calibrated else bool(self.suspects)


def find_recipes(weights: Path, known: Sequence[str]) -> RecipesHere:
    """What is in a weights folder, and in its folder of other recipes. Opens no tensors.

    `known`: the recipes that come with the project, by name.
    """
    here, absent, damaged = [], [], []
    for folder, recipe in [(weights, SHIPPED), *_recipes(weights / RECIPES, known)]:
        if not (folder / f"{recipe}.safetensors").is_file():
            absent.append(recipe)
            continue
        try:
            here.append(Candidate(recipe, folder, read_card(folder, recipe)))
        except WeightsError as error:
            damaged.append((recipe, error))
    return RecipesHere(tuple(here), tuple(absent), tuple(damaged))


def training_command(recipe: str, weights: str = "weights") -> str:
    """The command that makes a recipe's tensors, from the repository's root."""
    out = weights if recipe == SHIPPED else f"{weights}/{RECIPES}"
    return f"python train.py --data manifest.parquet --recipe {recipe} --out {out}"


def make_answer(predictor: Predictor, prediction: Prediction) -> RecipeAnswer:
    """The answer by a prediction that these weights made; runs no network."""
    saliency = predictor.explain(prediction, prediction.answers[-1])
    return RecipeAnswer(predictor.card, prediction, saliency)


def agreement_in_words(answers: Sequence[RecipeAnswer]) -> str:
    """How far several networks agree on one film, in words."""
    if len(answers) < 2:
        return "Fewer than two networks are here: there is nothing to compare."
    sides: dict[bool | None, list[str]] = {True: [], False: [], None: []}
    for one in answers:
        sides[one.suspects].append(_SHIPPED_NAME if one.card.recipe == SHIPPED else one.title)
    positive, negative, unsure = sides[True], sides[False], sides[None]
    if not (positive or negative):
        return f"All {len(answers)} are undecided."
    verb = "suspects" if len(positive) < 2 else "suspect"
    disease = in_sentence(answers[0].disease)
    parts = [f"{_count(len(positive), len(answers))} {verb} {disease}"]
    if positive and negative:
        parts.append(f"{listed_in_words(negative)} {'does' if len(negative) == 1 else 'do'} not")
    if unsure:
        parts.append(f"{listed_in_words(unsure)} {'is' if len(unsure) == 1 else 'are'} undecided")
    return "; ".join(parts) + "."


def auroc_at_home(card: WeightsCard) -> Estimate | None:
    """AUROC of the disease on test films of the sources that trained it; None if not measured."""
    return _auroc(card, card.results.test)


def aurocs_unseen(card: WeightsCard) -> dict[str, Estimate]:
    """AUROC of the disease in each source that trained nothing, by the source's name."""
    found = {part: _auroc(card, own) for part, own in card.results.held_out.items()}
    return {part: estimate for part, estimate in found.items() if estimate is not None}


def _recipes(folder: Path, known: Sequence[str]) -> list[tuple[Path, str]]:
    others = set(known) - {SHIPPED}
    cards = {path.stem for path in folder.glob("*.json") if not path.stem.endswith(NO_CARDS)}
    return [(folder, recipe) for recipe in sorted(others | cards)]


def _auroc(card: WeightsCard, part: Summary) -> Estimate | None:
    found = part.classes.get(card.classes[-1])
    return found.auroc if found and not math.isnan(found.auroc.value) else None


def _count(some: int, of: int) -> str:
    if some == of:
        return f"All {of}"
    return f"{some} of {of}" if some else f"None of the {of}"
