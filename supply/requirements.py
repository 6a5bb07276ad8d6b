"""Requirement files and lock files, read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"
CONSTRAINTS = ROOT / "constraints.txt"
_SHA256 = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Locked:
    """One package of a lock file.

    `sha256`: of each of its files, as its registry gives them. `needed_by`: other packages, or `-r
    FILE`.
    """

    requirement: Requirement
    sha256: tuple[str, ...]
    needed_by: tuple[str, ...]

    @property
    def name(self) -> str:
        """The package, as registries spell it."""
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        """The one version that is locked."""
        (pin,) = self.requirement.specifier
        return pin.version


def direct(file: Path) -> dict[str, Requirement]:
    """What a requirements file asks for itself, by name; not what the files do that it includes."""
    lines = (line.partition("#")[0].strip() for line in file.read_text("utf-8").splitlines())
    required = (Requirement(line) for line in lines if line and not line.startswith("-"))
    return {canonicalize_name(requirement.name): requirement for requirement in required}


def locked(file: Path = LOCK) -> tuple[Locked, ...]:
    """The packages of a lock file, in its order. One may stand there twice, for other systems."""
    entries = re.split(r"\n(?=\S)", file.read_text("utf-8").strip())
    return tuple(_locked(entry) for entry in entries if not entry.startswith("#"))


def _locked(entry: str) -> Locked:
    requirement = entry.splitlines()[0].removesuffix("\\").strip()
    _, _, via = entry.partition("# via")
    needed_by = (line.strip(" #") for line in via.splitlines())
    return Locked(
        Requirement(requirement),
        tuple(_SHA256.findall(entry)),
        tuple(name for name in needed_by if name and not name.startswith("-c ")),
    )
