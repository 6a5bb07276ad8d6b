"""The weights as one ZIP file, and its SHA-256, for those who install the package without a clone.

    python -m supply.weights_archive FILE

The same weights give the same bytes. Graphs that were exported here stay out; NOTICE, the terms of
the datasets, goes along as NOTICE.md.
`python -m covid_core weights --from FILE --sha256 HEX` puts them in place.
"""

from __future__ import annotations

import argparse
import hashlib
import zipfile
from pathlib import Path

from covid_core.model.card import WEIGHTS
from covid_core.model.weights_archive import SUFFIXES
from covid_core.storage.atomic import replacing


def write_weights_archive(file: Path, weights: Path = WEIGHTS) -> str:
    """The SHA-256 of the ZIP file that is written. Raises Unwritten."""
    names = sorted(path.relative_to(weights).as_posix() for path in weights.rglob("*"))
    with replacing(file) as opened, zipfile.ZipFile(opened, "w") as archive:
        for name in names:
            hidden = any(part.startswith(".") for part in Path(name).parts)
            if not hidden and (weights / name).suffix in SUFFIXES:
                # Stored: weights hardly shrink, and zlib's versions pack differently.
                archive.writestr(zipfile.ZipInfo(name), (weights / name).read_bytes())
        terms = zipfile.ZipInfo("NOTICE.md")
        archive.writestr(terms, (Path(__file__).parent.parent / "NOTICE").read_bytes())
    with file.open("rb") as written:
        return hashlib.file_digest(written, "sha256").hexdigest()


def main() -> None:
    """Write the file, and print its SHA-256."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    print(write_weights_archive(parser.parse_args().file))


if __name__ == "__main__":
    main()
