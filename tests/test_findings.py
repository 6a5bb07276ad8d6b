"""Classes and appearances: the order that files go by, and a definition of each."""

from __future__ import annotations

from covid_core.findings import APPEARANCES, CLASSES, Appearance, Finding


def test_the_order_of_classes_and_appearances_is_fixed() -> None:
    assert [finding.value for finding in CLASSES] == ["normal", "pneumonia", "covid"]
    assert [appearance.value for appearance in APPEARANCES] == [
        "negative",
        "typical",
        "indeterminate",
        "atypical",
    ]


def test_each_has_a_name_and_a_definition_of_its_own() -> None:
    for members in (tuple(Finding), APPEARANCES):
        assert len({member.display_name for member in members}) == len(members)
        assert len({member.definition for member in members}) == len(members)


def test_normal_is_said_to_be_no_more_than_no_pneumonia_seen() -> None:
    assert Finding.NORMAL.definition.startswith("no pneumonia seen: ")


def test_no_appearance_is_a_class() -> None:
    assert {appearance.value for appearance in Appearance} & {f.value for f in Finding} == set()
