"""What the export panel says of names that are written into the picture itself."""

from __future__ import annotations

NOT_SOUGHT = "Names written into the picture itself are not looked for, and not removed."
BURNED_IN = (
    "This film's file says that names are written into its picture: they stay in the PDF, the PNG"
    " and the DICOM overlay. Look before you give those away."
)
