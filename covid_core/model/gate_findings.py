"""What may be said of a film before it is judged: stable codes, and the words for each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from covid_core.crop import Crop


class Code(StrEnum):
    """Why a picture is not, or not simply, judged. Stable: safe to test or count by."""

    SEVERAL_FILMS = "several_films"
    SCREENSHOT = "screenshot"
    PHOTO = "photo"
    NOT_A_RADIOGRAPH = "not_a_radiograph"
    NOT_A_CHEST = "not_a_chest"
    LATERAL_OR_CT = "lateral_or_ct"
    ROTATED = "rotated"
    UPSIDE_DOWN = "upside_down"
    INVERTED = "inverted"
    UNFAMILIAR = "unfamiliar"  # after those that say what to do about it
    CROPPED = "cropped"
    TOO_DARK = "too_dark"
    SATURATED = "saturated"
    CHILD = "child"
    BORDERS = "borders"


UNDER_18 = "By its file the patient is under 18: do not use this model for children."
UNUSABLE = (Code.CHILD,)  # found in a film that is judged, whose answer must not be used

# What was found, and what to do.
WORDS = {
    Code.SEVERAL_FILMS: (
        "this looks like several films in one picture",
        "Give each frontal film in a file of its own",
    ),
    Code.SCREENSHOT: (
        "this looks like a screenshot: a film among the menus or text of a program",
        "Export the film itself from the viewer, as DICOM or PNG",
    ),
    Code.PHOTO: (
        "this looks like a photo of a film, with what lies around it",
        "Give the film itself, exported from the viewer or scanned",
    ),
    Code.NOT_A_RADIOGRAPH: (
        "this looks like a photo, a document or a drawing, not a radiograph",
        "Give the film itself, as it was exported",
    ),
    Code.NOT_A_CHEST: ("this does not look like a chest", "Give a frontal chest radiograph"),
    Code.LATERAL_OR_CT: (
        "this looks like a lateral view, or a slice of a CT or MR",
        "Give the frontal (PA or AP) view",
    ),
    Code.UNFAMILIAR: (
        "this is unlike every frontal chest film that the program knows",
        "Check that it is one, whole and with nothing drawn over it",
    ),
    Code.ROTATED: ("the film lies on its side", "Turn it upright"),
    Code.UPSIDE_DOWN: ("the film is upside down", "Turn it upright"),
    Code.INVERTED: (
        "black and white are swapped, so that the lungs are bright",
        "Export it with dark lungs",
    ),
    Code.CROPPED: ("part of the lungs seems to be cut off", "Use the whole film if there is one"),
    Code.TOO_DARK: (
        "the film is darker than nearly all that were tested",
        "Check its window and export it again",
    ),
    Code.SATURATED: (
        "much of the film is clipped to plain white",
        "Check its window and export it again",
    ),
    Code.CHILD: (  # of the picture alone: nobody is called a child whose age is not known
        "this looks like a child's radiograph",
        "Do not use the answer: the model is for adults",
    ),
    Code.BORDERS: (
        "more than a quarter of the picture is a plain border, which was cut off",
        "Check that no part of the chest was cut off with it",
    ),
}
MUCH_CUT = 0.25  # of the film's area, as the words for it say
BORDER_KEPT = (
    "more than a quarter of the picture is a plain border, which changes the answer",
    "Cut the border off and read the film again",
)
COLOURED = ("this is a colour picture, not a radiograph", WORDS[Code.NOT_A_RADIOGRAPH][1])

# The gate network's first outputs: a frontal chest film (the first, of no code), or one of these.
OTHERS = (Code.NOT_A_RADIOGRAPH, Code.NOT_A_CHEST, Code.LATERAL_OR_CT)
# Its other outputs, each a yes or no about a chest film.
FLAWS = (Code.ROTATED, Code.UPSIDE_DOWN, Code.INVERTED, Code.CROPPED, Code.CHILD)
# The outputs of its last branch: one film by itself (the first, of no code), or one of these.
DISPLAYED = (Code.SEVERAL_FILMS, Code.SCREENSHOT, Code.PHOTO)


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing found odd: `problem` says what, `remedy` what to do.

    `abstains`: no probability may be shown.
    """

    code: Code
    problem: str
    remedy: str
    abstains: bool

    @property
    def sentence(self) -> str:
        """Problem and remedy in words."""
        return f"{self.problem[:1].upper()}{self.problem[1:]}. {self.remedy}."


def remarks_on_crop(crop: Crop, *, kept: bool = False) -> tuple[Remark, ...]:
    """A remark where much of a film is its border, cut off or `kept`; else none."""
    if crop.share <= MUCH_CUT:
        return ()
    words = BORDER_KEPT if kept else WORDS[Code.BORDERS]
    return (Remark(Code.BORDERS, *words, abstains=False),)
