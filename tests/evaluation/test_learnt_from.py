"""No film measures, or tunes, a network that learnt from it, be it by another manifest's split."""

from __future__ import annotations

import pandas as pd
import pytest

from covid_core.datasets.split import fingerprint
from covid_core.errors import DatasetError
from covid_core.evaluation.learnt_from import check_kept_split, check_start
from covid_core.model.card import WEIGHTS, WeightsCard, read_card

SPLITS = ["train", "validation", "test", "unlabelled"]
EACH = 3


def films(*sources: str) -> pd.DataFrame:
    """A few films on each side of each source, each of a patient of its own."""
    rows = [
        {
            "source": source,
            "split": split,
            "patient": f"{split}{i}",
            "sha256": f"{source}{split}{i}",
        }
        for source in sources
        for split in SPLITS
        for i in range(EACH)
    ]
    return pd.DataFrame(rows).assign(duplicate_group=lambda table: table["sha256"])


def trained_on(table: pd.DataFrame, **training: str) -> WeightsCard:
    sources = {source: {"normal": EACH} for source in table["source"].unique()}
    return read_card(WEIGHTS).replace(
        split=fingerprint(table), films={"train": sources}, training=training
    )


def check(
    card: WeightsCard, table: pd.DataFrame, before: pd.DataFrame | None = None, split: str = "test"
) -> None:
    check_kept_split(card, table, (table["split"] == split).to_numpy(), before)


def test_what_trained_the_weights_must_stay_on_its_side() -> None:
    old, both = films("old"), films("old", "new")
    card = trained_on(old)
    check(card, old)
    check(card, both)  # adds a source, and keeps the split of the one known
    moved = both.assign(split=both["split"].replace({"validation": "train"}))
    with pytest.raises(DatasetError, match="another split"):
        check(card, moved)
    with pytest.raises(DatasetError, match="another split"):
        check(card, moved, both)  # not the manifest that they were trained on
    check(card, moved, old)  # what trained them is not measured
    own = (both["source"] == "old") & (both["split"] == "validation")
    overruled = both.assign(split=both["split"].mask(own, "a radiologist read it otherwise"))
    check(card, overruled, old)
    with pytest.raises(
        DatasetError, match="3 radiographs that the weights learnt from are not in it"
    ):
        check(card, overruled[~own], old)


def test_no_twin_of_what_trained_the_weights_is_measured() -> None:
    old, both = films("old"), films("old", "new")
    groups = both["duplicate_group"].mask(both["sha256"] == "newtest0", "oldtrain0")
    with pytest.raises(DatasetError, match="1 radiographs to be measured"):
        check(trained_on(old), both.assign(duplicate_group=groups))


def test_films_without_a_label_that_a_teacher_answered_were_learnt_from() -> None:
    old = films("old")
    named = old.assign(split=old["split"].replace({"test": "train", "unlabelled": "test"}))
    check(trained_on(old, teacher="None"), named, old)
    with pytest.raises(DatasetError, match="3 radiographs to be measured"):
        check(trained_on(old, teacher="teachers"), named, old)
    of_test = old["patient"].replace({f"unlabelled{i}": f"test{i}" for i in range(EACH)})
    before = old.assign(patient=of_test)  # their patients tested: no teacher answered them
    after = named.assign(split=named["split"].mask(old["split"] == "test", "no side"))
    check(trained_on(before, teacher="teachers"), after, before)


def test_weights_to_start_from_are_held_to_the_split_that_trained_them() -> None:
    old, new = films("old"), films("new")
    card = trained_on(old)
    check_start([card], old)
    check_start([card], new)  # a hospital of its own
    for side in ("test", "validation"):
        swapped = old.assign(split=old["split"].replace({"train": side, side: "train"}))
        with pytest.raises(DatasetError, match="trained on another split"):
            check_start([card], swapped)
        with pytest.raises(DatasetError, match="radiographs to be measured are"):
            check_start([card], swapped, [new, old])
        check_start([], swapped)
