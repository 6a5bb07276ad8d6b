"""Which choices were made by a source held out: one that chose is no longer unseen."""

from __future__ import annotations

from collections.abc import Mapping

from covid_core.findings import listed_in_words

CHOSEN_BY = "chosen_by"  # of a card's training: "SOURCE: choice, choice; SOURCE: …"
_CHOOSES_THE_EPOCH = "unseen_auroc"  # a recipe's `keep`, by every source held out


def choices_by(source: str, training: Mapping[str, str]) -> list[str]:
    """What was chosen by a source held out, such as `tone`; empty where nothing was.

    `training`: of the weights' card, which states the recipe's `keep` and what people chose
    besides.
    """
    stated = {}
    for one in training.get(CHOSEN_BY, "").split(";"):
        name, _, choices = one.partition(":")
        stated[name.strip()] = [choice.strip() for choice in choices.split(",") if choice.strip()]
    chosen = list(stated.get(source, []))
    if training.get("keep") == _CHOOSES_THE_EPOCH and "epoch" not in chosen:
        chosen.append("epoch")
    return chosen


def use_in_words(source: str, training: Mapping[str, str]) -> str:
    """Whether a source held out was used for a choice: "used for no choice", or for which."""
    chosen = choices_by(source, training)
    if not chosen:
        return "used for no choice"
    return f"but used to choose {listed_in_words([f'the {choice}' for choice in chosen])}"
