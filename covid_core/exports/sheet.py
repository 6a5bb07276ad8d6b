"""What a page on paper is drawn with: one sheet of A4, and texts that know how high they are."""

from __future__ import annotations

import io
import logging
from datetime import datetime
from pathlib import Path

import matplotlib
import numpy as np
from fpdf import FPDF
from fpdf.fonts import TTFFont
from PIL import Image, ImageColor

# It logs the letters that a font lacks, and those may be of a patient's tags.
logging.getLogger("fpdf").setLevel(logging.CRITICAL)

WIDTH, HEIGHT, MARGIN = 210.0, 297.0, 16.0  # mm, as all lengths here
INNER = WIDTH - 2 * MARGIN
INK, QUIET, LINE, TRACK, WHITE = "#1B1F23", "#57606A", "#D0D7DE", "#EAEEF2", "#FFFFFF"
_FONTS = Path(matplotlib.get_data_path(), "fonts", "ttf")
_FAMILY = "DejaVu"
_MM_A_POINT = 25.4 / 72
_NAMED = 0.41  # of a bar's width, for its name
_LEADING = 1.4  # lines apart, of the letters' size
_LONGEST_PX = 1200  # 350 dots an inch on half the page's width
_JPEG_QUALITY = 92


class Sheet:
    """One sheet of A4, drawn from the top left corner. It never breaks into a second one.

    Lengths in mm, letters in points, colours as "#RRGGBB".
    """

    def __init__(self, title: str, made: datetime) -> None:
        self._pdf = FPDF(format="A4")
        self._pdf.set_auto_page_break(False)
        self._pdf.c_margin = 0  # texts begin at their x
        self._pdf.add_font(_FAMILY, "", _FONTS / "DejaVuSans.ttf")
        self._pdf.add_font(_FAMILY, "B", _FONTS / "DejaVuSans-Bold.ttf")
        self._pdf.set_title(title)
        self._pdf.set_lang("en")
        self._pdf.set_creation_date(made)  # or else no two files were alike
        self._pdf.add_page()

    def data(self) -> bytes:
        """The PDF file."""
        return bytes(self._pdf.output())

    def close(self) -> None:
        """Let go of the fonts' files, which fpdf2 keeps open."""
        for font in self._pdf.fonts.values():
            if isinstance(font, TTFFont):
                font.ttfont.close()

    def words(
        self,
        x: float,
        y: float,
        width: float,
        text: str,
        points: float,
        *,
        bold: bool = False,
        colour: str = INK,
        align: str = "L",
    ) -> float:
        """A text broken to a width; gives the y below it."""
        self._pdf.set_font(_FAMILY, "B" if bold else "", points)
        self._pdf.set_text_color(*_rgb(colour))
        self._pdf.set_xy(x, y)
        self._pdf.multi_cell(
            width, points * _MM_A_POINT * _LEADING, text, align=align, new_x="LEFT", new_y="NEXT"
        )
        return float(self._pdf.get_y())

    def heading(self, x: float, y: float, width: float, text: str, points: float) -> float:
        """What stands above a part; gives the y below it."""
        return self.words(x, y, width, text, points, bold=True) + 1.2

    def height_of(self, width: float, text: str, points: float) -> float:
        """How high a text would be, without drawing it."""
        self._pdf.set_font(_FAMILY, "", points)
        line = points * _MM_A_POINT * _LEADING
        height = self._pdf.multi_cell(width, line, text, align="L", dry_run=True, output="HEIGHT")
        return float(height)  # type: ignore[arg-type]  # the type that the call returns here

    def block(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """A filled rectangle."""
        self._pdf.set_fill_color(*_rgb(colour))
        self._pdf.rect(x, y, width, height, "F")

    def bar(
        self,
        x: float,
        y: float,
        width: float,
        name: str,
        share: float,
        colour: str,
        points: float,
        *,
        figure_text: str,
        mark: float | None = None,
    ) -> float:
        """Draws a share, 0 to 1, as a named bar with its figure; gives the y below it.

        `figure_text`: the figure, in words. `mark`: a line across the bar, where there is one.
        """
        named, figure, high = _NAMED * width, 14.0, 3.6
        left, long = x + named, width - named - figure
        below = self.words(x, y, named, name, points)
        self.words(left + long, y, figure, figure_text, points, bold=True, align="R")
        top = (y + below - high) / 2
        self.block(left, top, long, high, TRACK)
        self.block(left, top, long * share, high, colour)
        if mark is not None:
            self.block(left + long * mark - 0.2, top - 0.8, 0.4, high + 1.6, INK)
        return below + 1.2

    def picture(
        self, x: float, y: float, width: float, height: float, pixels: np.ndarray, alt: str
    ) -> None:
        """Pixels, uint8 (H, W) or (H, W, 3), as large as they fit into the box, in its middle.

        `alt`: what is to be seen, for who can't see it.
        """
        self.block(x, y, width, height, "#000000")
        tall, wide = pixels.shape[:2]
        scale = min(width / wide, height / tall)
        size = wide * scale, tall * scale
        place = x + (width - size[0]) / 2, y + (height - size[1]) / 2
        self._pdf.image(_jpeg(pixels), *place, *size, alt_text=alt)


def _jpeg(pixels: np.ndarray) -> bytes:
    picture = Image.fromarray(pixels)
    picture.thumbnail((_LONGEST_PX, _LONGEST_PX), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    return file.getvalue()


def _rgb(colour: str) -> tuple[int, ...]:
    return ImageColor.getrgb(colour)
