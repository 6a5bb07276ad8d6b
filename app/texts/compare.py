"""What the Compare page says."""

from __future__ import annotations

LEDE = (
    "The open film, read by every network that is here. Where they disagree, trust none of them on"
    " its word; where they agree, they may share a mistake: they learnt from the same films."
)
NO_FILM = "No film is open. Open one on the Read page, or take a synthetic phantom:"
READ = "Open a film"
IS_PHANTOM = "A drawing: the numbers mean nothing."

ASKING = "Reading with {recipe} ({number} of {count})…"
NO_ANSWER = "{recipe} gave no answer."

LARGER, LARGEST = "{name} (the larger score)", "{name} (the largest score)"
CALIBRATED, UNCALIBRATED = "calibrated", "uncalibrated"
NOT_MEASURED = "not measured"
SCORES = (
    "“The larger score”: these recipes were given no operating points and no calibration, so the"
    " answer with the larger score is shown as their call, and the score is no probability."
)
TWO_ANSWERS = "Some recipes know two answers only: they can't say “other pneumonia”."
UNSEEN = (
    "AUROC for COVID-19 on films of a source not used in training ({sources}), with its 95%"
    " interval: 0.5 is a coin, 1 is perfect. It is measured against all other films, or against"
    " normal films where a recipe knows no others."
)

CHOSE = "{recipe} was partly chosen by how it did on them, which flatters its figure."

COLUMNS = {
    "recipe": "Recipe",
    "call": "Answer",
    "score": "COVID-19",
    "unseen": "AUROC, source not used in training",
    "answers": "Classes",
}
SCORE = "{probability}, {kind}"
TABLE_ALT = (
    "Each recipe's answer, its figure for COVID-19 and its AUROC on a source that it never"
    " learnt from"
)

PICTURES = "Where each looked for COVID-19"
PICTURES_WORDS = (
    "Full colour is strong evidence for that network, by its own card; no heat is drawn where it"
    " does not call COVID-19 likely enough. Only the heat of the Read page's own network was put to"
    " the tests that are described there."
)
PICTURE_ALT = "The film under the evidence that {title} finds for {disease}"
COLD_ALT = "The film without heat: {title} does not call {disease}"
WITHHELD_ALT = "The film without heat: {title}'s map for {disease} failed its tests"
WITHHELD = "{title}: {call}. Heat withheld: it failed its tests"
HEAT, COLD = "{title}: {call}", "{title}: {call}. No heat"

ABSENT = "Recipes that are not here"
ABSENT_WORDS = (
    "Their tensors are too large to be delivered, or were never made. With a manifest of your"
    " films, one command each makes them:"
)
DAMAGED = "{recipe} can't be used."
