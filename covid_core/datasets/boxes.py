"""Boxes that radiologists drew round opacities, as the manifest's column `boxes` holds them."""

from __future__ import annotations

import json

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, as fractions of the film's width and height."""


def parse_boxes(text: str) -> tuple[Box, ...] | None:
    """The boxes of a cell of the manifest; none where nobody saw an opacity, None where nobody
    annotated the film."""
    if not text:
        return None
    return tuple((left, top, right, bottom) for left, top, right, bottom in json.loads(text))
