"""What the project is made of that is not its own: locked, listed, and looked up.

Run by hand and by `.ci/run`; no part of the reader.

    python -m supply.lock       requirements*.txt, the lock files and constraints.txt anew, from
                                pyproject.toml
    python -m supply.sbom       sbom.cdx.json: packages and weights, as CycloneDX lists them
    python -m supply.advisories what is known against the locked versions
"""

from __future__ import annotations
