"""Which choices were made by a source held out: one that chose is no longer unseen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from covid_core.findings import listed_in_words

CHOSEN_BY = "chosen_by"  # of a card's training: "SOURCE: choice, choice; SOURCE: …"
_BY_SOURCES_HELD_OUT = "unseen_auroc"  # a measure that a recipe may name
_CHOOSES = {"keep": "epoch", "stop": "epoch", "schedule": "learning rate", "phases": "schedule"}


def choices_by(source: str, training: Mapping[str, str]) -> list[str]:
    """What was chosen by a source held out, such as `tone`; empty where nothing was.

    `training`: of the weights' card, which states the recipe's settings and what people chose
    besides.
    """
    chosen = list(_stated(training).get(source, []))
    for setting, choice in _CHOOSES.items():
        if _BY_SOURCES_HELD_OUT in training.get(setting, "") and choice not in chosen:
            chosen.append(choice)
    return chosen


def list_choices(training: Mapping[str, str], sources: Iterable[str]) -> str:
    """What was chosen by each source that was held out, as a card states it under CHOSEN_BY.

    `sources`: those held out, beside those that `training` names itself.
    """
    named = dict.fromkeys([*_stated(training), *sources])
    chosen = {source: choices_by(source, training) for source in named}
    return "; ".join(f"{source}: {', '.join(own)}" for source, own in chosen.items() if own)


def _stated(training: Mapping[str, str]) -> dict[str, list[str]]:
    """What a card states under CHOSEN_BY, by source."""
    found = {}
    for one in training.get(CHOSEN_BY, "").split(";"):
        source, _, choices = one.partition(":")
        own = [choice.strip() for choice in choices.split(",") if choice.strip()]
        if own:
            found[source.strip()] = own
    return found


def use_in_words(source: str, training: Mapping[str, str]) -> str:
    """Whether a source held out was used for a choice: "used for no choice", or for which."""
    chosen = choices_by(source, training)
    if not chosen:
        return "used for no choice"
    return f"but used to choose {listed_in_words([f'the {choice}' for choice in chosen])}"
