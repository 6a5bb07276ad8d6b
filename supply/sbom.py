"""What the reader is made of, as CycloneDX (ECMA-424) lists it: sbom.cdx.json.

    python -m supply.sbom [FILE]

Packages, files' hashes and who needs whom are requirements.lock's, for every system; licences are
those that the packages installed here declare, read by cyclonedx-py. The weights stand beside them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

from covid_core.explain.known_index import FOLDER as KNOWN
from covid_core.model.tensors import git_commit
from supply.requirements import ROOT, Locked, locked

SBOM = ROOT / "sbom.cdx.json"
_SPEC = SchemaVersion.V1_6
_ENVIRONMENT = (
    "cyclonedx_py",
    "environment",
    f"--spec-version={_SPEC.to_version()}",
    "--output-format=JSON",
    "--no-validate",  # the whole is, below
)
_READER = "chest-radiograph-reader"
Json = dict[str, Any]


def sbom(packages: Sequence[Locked], installed: Json, weights: Sequence[Path]) -> Json:
    """The list, as JSON has it. `installed`: cyclonedx-py's of an environment."""
    known: dict[str, Json] = {
        canonicalize_name(one["name"]): one for one in installed["components"]
    }
    models = [_model(path) for path in weights]
    needed = [_purl(one) for one in packages if "-r requirements.txt" in one.needed_by]
    reader = {"type": "application", "bom-ref": _READER, "name": _READER, "version": git_commit()}
    whole = {"ref": _READER, "dependsOn": needed + [model["bom-ref"] for model in models]}
    return {
        **{name: installed[name] for name in ("$schema", "bomFormat", "specVersion")},
        "version": 1,
        "metadata": {**installed["metadata"], "component": reader},
        "components": [*(_package(one, known.get(one.name, {})) for one in packages), *models],
        "dependencies": [whole, *(_needs(one, packages) for one in packages)],
    }


def _package(one: Locked, known: Json) -> Json:
    hashes = [{"alg": "SHA-256", "content": digest} for digest in one.sha256]
    files = {"type": "distribution", "url": _purl(one), "comment": "one of", "hashes": hashes}
    return {
        "type": "library",
        "bom-ref": _purl(one),
        "name": one.name,
        "version": one.version,
        "purl": _purl(one),
        **{name: known[name] for name in ("description", "licenses") if name in known},
        "externalReferences": [files],
    }


def _needs(one: Locked, packages: Sequence[Locked]) -> Json:
    needed = [_purl(other) for other in packages if one.name in other.needed_by]
    return {"ref": _purl(one), "dependsOn": needed}


def _model(path: Path) -> Json:
    name = path.relative_to(ROOT).as_posix()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {
        "type": "data" if path.parent.name == KNOWN else "machine-learning-model",
        "bom-ref": name,
        "name": name,
        "hashes": [{"alg": "SHA-256", "content": digest}],
    }


def _purl(one: Locked) -> str:
    return f"pkg:pypi/{one.name}@{one.version}"


def installed_here() -> Json:
    """What cyclonedx-py makes of the environment that runs this."""
    command = [sys.executable, "-m", *_ENVIRONMENT]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: Json = json.loads(done.stdout)
    return found


def main() -> None:
    """Write the list, once it holds against its schema."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", nargs="?", type=Path, default=SBOM)
    file = parser.parse_args().file
    weights = sorted((ROOT / "weights").rglob("*.safetensors"))
    text = json.dumps(sbom(locked(), installed_here(), weights), indent=1)
    if wrong := JsonStrictValidator(_SPEC).validate_str(text):
        raise SystemExit(f"it is not as CycloneDX has it: {wrong}")
    file.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
