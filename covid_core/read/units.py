"""What a picture's greys, pixels and edges mean, as far as its file says: for a viewer's eyes."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class ValueRange:
    """The file's own values at the two ends of its greys; in between they are a straight line.

    Of DICOM they are those after the modality's table or rescale (PS3.3 C.11.1). `darkest`,
    `brightest`: at grey 0 and 1; the former is the larger where low values are white. `whole`:
    whether all values are whole numbers. Padding is shown as air and so reads as the darkest.
    """

    darkest: float
    brightest: float
    whole: bool

    def inverted(self) -> ValueRange:
        """The same values with the darkest shown brightest."""
        return replace(self, darkest=self.brightest, brightest=self.darkest)


@dataclass(frozen=True, slots=True)
class Units:
    """What a file says of its picture's numbers, pixels and sides.

    `values`: over all that the file holds, before any window; None where the greys are no straight
    line of them, by a lookup table or a curve. `pixel_mm`: the side of a pixel in mm, None where
    the file does not say; `at_detector`: it is measured there, where a patient's parts look larger
    than they are. `sides_known`: the file says how the patient lies in the picture, which then
    shows the patient's left at its right edge.
    """

    values: ValueRange | None = None
    pixel_mm: float | None = None
    at_detector: bool = True
    sides_known: bool = False


UNKNOWN = Units()
