"""The films of manifests cut to their lungs' box, and manifests of these films.

    python -m benchmarks.lung_crops MANIFEST... --out DIR [--margin 0.05]

To see whether that hides the hospital, a network trained on the cut films is compared with one
trained on the same films with a margin of 1, which cuts nothing. A film in which no lungs are found
stays whole. Equalisation, which comes afterwards, is then of the box alone.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from tqdm import tqdm

from benchmarks.arguments import parser_of
from covid_core.boxes import crop_boxes, format_boxes, parse_boxes
from covid_core.crop import WHOLE, Crop
from covid_core.datasets.manifest import read_manifest, write_manifest
from covid_core.datasets.sides import texts_of
from covid_core.datasets.split import on_a_side
from covid_core.predict.lungs import Lungs
from covid_core.prepare.occlusion import LEAST_LUNG
from covid_core.prepare.preprocess import Preprocess
from covid_core.present.overlay import png
from covid_core.read.reading import read_file

SIDE_PX = 256  # of a film that is written: more than the networks to be compared are given


@dataclass(frozen=True, slots=True)
class Written:
    """A film that was written, and which part of the original it shows."""

    path: Path
    crop: Crop


def lungs_box(mask: np.ndarray, margin: float) -> Crop:
    """The box around a mask of lungs, bool (h, w), wider by a share of the film on each side.

    The whole film where hardly any lung was found.
    """
    if mask.mean() < LEAST_LUNG:
        return WHOLE
    rows, columns = (np.nonzero(mask.any(axis=axis))[0] for axis in (1, 0))
    height, width = mask.shape
    return Crop(
        max(0.0, columns[0] / width - margin),
        max(0.0, rows[0] / height - margin),
        min(1.0, (columns[-1] + 1) / width + margin),
        min(1.0, (rows[-1] + 1) / height + margin),
    )


def write_crop(path: Path, folder: Path, lungs: Lungs, margin: float) -> Written:
    """The part of a film around its lungs, written as a PNG of SIDE_PX.

    Prepared as for a network, but for the tone, which is of the part: borders are cut first.
    """
    film = read_file(path)
    plain = Preprocess(size_px=2 * SIDE_PX, borders="cut")
    picture, inside = plain.picture(film), plain.crop(film)
    crop = WHOLE
    if margin < 1:
        crop = lungs_box(lungs.inside(picture.astype(np.float32) / 255), margin)
    part = Image.fromarray(np.ascontiguousarray(crop.of(picture)))
    small = part.resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX)
    target = folder / f"{sha256(str(path).encode()).hexdigest()[:24]}.png"
    target.write_bytes(png(np.asarray(small)))
    across, down = inside.right - inside.left, inside.bottom - inside.top
    shown = Crop(
        inside.left + crop.left * across,
        inside.top + crop.top * down,
        inside.left + crop.right * across,
        inside.top + crop.bottom * down,
    )
    return Written(target, shown)


def move_to_crops(table: pd.DataFrame, written: dict[str, Written]) -> pd.DataFrame:
    """The rows of films that were written, with their files and their boxes as these show them."""
    own = table[table["path"].isin(list(written))].copy()
    shown = [written[path] for path in own["path"]]
    boxes = [parse_boxes(text) for text in texts_of(own, "boxes")]
    own["boxes"] = [
        format_boxes(crop_boxes(box, one.crop)) for box, one in zip(boxes, shown, strict=True)
    ]
    own["path"] = [str(one.path) for one in shown]
    own["width"] = own["height"] = SIDE_PX
    return own


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("manifests", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--margin", type=float, default=0.05, help="a share of the film's side")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    tables = {path.stem: read_manifest(path) for path in options.manifests}
    wanted = sorted({path for table in tables.values() for path in table[on_a_side(table)]["path"]})
    films = options.out / "films"
    films.mkdir(parents=True, exist_ok=True)
    lungs = Lungs.load()

    def write(path: str) -> Written:
        return write_crop(Path(path), films, lungs, options.margin)

    with ThreadPoolExecutor(options.workers) as pool:
        done = tqdm(pool.map(write, wanted), total=len(wanted), unit="radiograph")
        written = dict(zip(wanted, done, strict=True))
    for stem, table in tables.items():
        write_manifest(move_to_crops(table, written), options.out / f"{stem}.parquet")
    cut = np.mean([not one.crop.is_whole for one in written.values()])
    share = np.mean([1 - one.crop.share for one in written.values()])
    print(f"{len(written):,} films, {cut:.1%} of them cut; {share:.2f} of a film shown, on average")


if __name__ == "__main__":
    main()
