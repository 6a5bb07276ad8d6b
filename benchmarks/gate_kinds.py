"""What the gate says of films as people pass them on, and how many plain films it refuses.

    python -m benchmarks.gate_kinds MANIFEST [--each 200] [--weights weights/gate]

Films of held-out sources, none of which ever trained a gate, are put together here at full size and
in other ways than for the gate's training, written to files and read as any file is. Plain films
are those of the test part, too.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from scipy.stats import binomtest
from tqdm import tqdm

from benchmarks.arguments import parser_of
from covid_core.datasets.manifest import read_manifest
from covid_core.datasets.split import MEASURED, Split
from covid_core.errors import RefusedFile
from covid_core.model.gate_findings import Code
from covid_core.predict.gate import GATE, Gate
from covid_core.present import markdown
from covid_core.read.reading import read_file, read_radiograph

Make = Callable[[Sequence[Image.Image], np.random.Generator], Image.Image]
_FULL_HD = (1920, 1080)


def side_by_side(films: Sequence[Image.Image], drawing: np.random.Generator) -> Image.Image:
    """Two films of one height beside each other, with a black, a white or no gap."""
    height = int(drawing.integers(300, 900))
    shown = [film.resize((round(height * film.width / film.height), height)) for film in films[:2]]
    gap = int(drawing.choice([0, 0.02 * height, 0.08 * height]))
    width = sum(film.width for film in shown) + gap
    sheet = Image.new("L", (width, height), int(drawing.choice([0, 255])))
    sheet.paste(shown[0], (0, 0))
    sheet.paste(shown[1], (width - shown[1].width, 0))
    return sheet


def stacked(films: Sequence[Image.Image], drawing: np.random.Generator) -> Image.Image:
    """Two films of one width above each other."""
    turned = [film.transpose(Image.Transpose.TRANSPOSE) for film in films]
    return side_by_side(turned, drawing).transpose(Image.Transpose.TRANSPOSE)


def screenshot(films: Sequence[Image.Image], drawing: np.random.Generator) -> Image.Image:
    """A viewer with tools and a list of studies around a film, dark or light, mostly in colour."""
    dark, accent = drawing.random() < 0.6, tuple(drawing.integers(30, 220, 3).tolist())
    desk, panel, ink = (
        ((22, 23, 25), (38, 44, 52), (190, 195, 200))
        if dark
        else ((210, 212, 215), (240, 240, 240), (30, 30, 30))
    )
    screen = Image.new("RGB", _FULL_HD, desk)
    pen = ImageDraw.Draw(screen)
    width, height = _FULL_HD
    tools, listed = int(drawing.integers(30, 110)), int(drawing.integers(150, 460))
    on_right = drawing.random() < 0.3
    left, right = (0, width - listed) if on_right else (listed, width)
    pen.rectangle((left, tools, right, height), fill=(0, 0, 0) if drawing.random() < 0.7 else desk)
    space = (right - left - 20, height - tools - 60)
    film = films[0].convert("RGB")
    scale = min(space[0] / film.width, space[1] / film.height) * drawing.uniform(0.75, 1)
    film = film.resize((round(film.width * scale), round(film.height * scale)))
    middle = ((left + right - film.width) // 2, tools + (height - tools - film.height) // 2)
    screen.paste(film, middle)
    for i in range(int(drawing.integers(2, 7))):
        pen.text((left + 12, tools + 10 + i * 18), f"Im: {i + 1}/7 W 2048 L 1024", fill=ink)
    start = width - listed if on_right else 0
    pen.rectangle((start, tools, start + listed, height), fill=panel)
    for y in range(
        tools + 20, int(height * drawing.uniform(0.4, 1)), int(drawing.integers(22, 60))
    ):
        pen.text((start + 14, y), f"Study {y * 7919 % 10007:05d}  CR  CHEST", fill=ink)
    pen.rectangle((0, 0, width, tools), fill=panel if drawing.random() < 0.5 else accent)
    step = int(drawing.integers(40, 120))
    for x in range(10, int(width * drawing.uniform(0.3, 1)), step):
        pen.rectangle((x, 8, x + 0.7 * step, tools - 8), fill=accent, outline=ink)
    return screen if drawing.random() < 0.6 else screen.convert("L")


def photo(films: Sequence[Image.Image], drawing: np.random.Generator) -> Image.Image:
    """A film before a lit or dark ground, taken askew by a telephone; in colour, or made grey."""
    size = (900, 1200) if drawing.random() < 0.5 else (1200, 900)
    tint = np.array([1.0, drawing.uniform(0.9, 1), drawing.uniform(0.75, 1)])
    ground = np.ones((size[1], size[0], 3)) * drawing.uniform(15, 235) * tint
    planks = int(drawing.integers(60, 400))
    ground[:, (np.arange(size[0]) // planks) % 2 == 0] *= drawing.uniform(0.8, 1)
    ground += drawing.normal(0, drawing.uniform(1, 6), ground.shape)
    picture = Image.fromarray(np.clip(ground, 0, 255).astype(np.uint8))
    side = round(min(size) * drawing.uniform(0.6, 0.85))
    film = films[0].convert("RGB").resize((side, side))
    sheet = Image.new("RGB", size)
    mask = Image.new("L", size)
    at = ((size[0] - side) // 2, (size[1] - side) // 2)
    sheet.paste(film, at)
    mask.paste(255, (*at, at[0] + side, at[1] + side))
    corners = np.array([(0, 0), (0, size[1]), size, (size[0], 0)]) * 1.0
    corners += drawing.uniform(-0.07, 0.07, (4, 2)) * min(size)
    quad = tuple(corners.ravel().tolist())
    bend = (size, Image.Transform.QUAD, quad, Image.Resampling.BILINEAR)
    picture.paste(sheet.transform(*bend), (0, 0), mask.transform(*bend))
    light = np.linspace(drawing.uniform(0.6, 1), drawing.uniform(0.6, 1), size[0])[:, None]
    lit = np.asarray(picture, float) * light
    taken = Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8))
    taken = taken.filter(ImageFilter.GaussianBlur(drawing.uniform(0, 2)))
    return taken if drawing.random() < 0.5 else taken.convert("L")


def collimated(films: Sequence[Image.Image], drawing: np.random.Generator) -> Image.Image:
    """A film on black, slightly askew, as a collimator leaves it: to be let through."""
    film = films[0].rotate(drawing.uniform(-3, 3), Image.Resampling.BILINEAR, expand=True)
    edges = (drawing.uniform(0.02, 0.2, 4) * film.width).astype(int).tolist()
    size = (film.width + edges[0] + edges[2], film.height + edges[1] + edges[3])
    canvas = Image.new("L", size)
    canvas.paste(film, (edges[0], edges[1]))
    return canvas


def in_white_border(films: Sequence[Image.Image], drawing: np.random.Generator) -> Image.Image:
    """A film in a white frame of even width: to be let through."""
    edge = int(drawing.uniform(0.05, 0.2) * films[0].width)
    canvas = Image.new("L", (films[0].width + 2 * edge, films[0].height + 2 * edge), 255)
    canvas.paste(films[0], (edge, edge))
    return canvas


KINDS: dict[str, tuple[Code | None, Make]] = {
    "two films side by side": (Code.SEVERAL_FILMS, side_by_side),
    "two films stacked": (Code.SEVERAL_FILMS, stacked),
    "screenshot of a viewer": (Code.SCREENSHOT, screenshot),
    "telephone's photo": (Code.PHOTO, photo),
    "collimated, on black": (None, collimated),
    "in a white border": (None, in_white_border),
}


def first_code(gate: Gate, picture: Image.Image) -> str | None:
    """Why a picture, written as JPEG and read again, gets no probability; None if it gets one."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=92)
    try:
        remarks = gate.examine(read_radiograph(file.getvalue()))
    except RefusedFile as error:  # two broad films beside each other
        return error.code
    return next((remark.code for remark in remarks if remark.abstains), None)


def measure_kind(gate: Gate, name: str, films: Sequence[Image.Image], each: int) -> tuple[int, int]:
    """How many pictures of a kind are refused, and how many judged as they should be."""
    code, make = KINDS[name]
    drawing = np.random.default_rng(7)
    found = []
    for _ in tqdm(range(each), name, leave=False):
        two = [films[i] for i in drawing.permutation(len(films))[:2]]
        found.append(first_code(gate, make(two, drawing)))
    return sum(one is not None for one in found), found.count(code)


def share_in_words(count: int, among: int) -> str:
    """A share with Wilson's 95% interval."""
    interval = binomtest(count, among).proportion_ci(method="wilson")
    return f"{count / among:.1%} ({interval.low:.1%} to {interval.high:.1%})"


def measure_source(gate: Gate, paths: Sequence[Path]) -> list[Code]:
    """Why plain films are refused, one code for each that is."""
    found = [gate.examine(read_file(path)) for path in tqdm(paths, leave=False)]
    return [remarks[0].code for remarks in found if any(one.abstains for one in remarks)]


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--each", type=int, default=200, help="pictures of each kind")
    parser.add_argument("--weights", type=Path, default=GATE, help="the gate's folder")
    options = parser.parse_args()
    gate, table = Gate.load(options.weights), read_manifest(options.manifest)
    table = table[table["split"].isin([side.value for side in MEASURED])]
    unseen = table[table["split"] == Split.HELD_OUT.value]
    films = [Image.open(path).convert("L") for path in unseen["path"]]
    rows = []
    for name in KINDS:
        counts = measure_kind(gate, name, films, options.each)
        rows.append([name, *(share_in_words(count, options.each) for count in counts)])
    print(markdown.table([f"{options.each} of each kind", "refused", "right"], rows))
    rows = []
    for source, own in table.groupby("source"):
        refused = measure_source(gate, [Path(path) for path in own["path"]])
        rows.append([str(source), str(len(own)), str(len(refused)), ", ".join(sorted(refused))])
    stopped = sum(int(row[2]) for row in rows)
    rows.append(["all", str(len(table)), share_in_words(stopped, len(table)), ""])
    print(markdown.table(["Source", "films", "refused", "why"], rows))


if __name__ == "__main__":
    main()
