"""A tensor file and its card side by side: both whole or neither, checked when they are read.

safetensors does not notice a flipped byte, so the card holds the SHA-256 of the tensor file. What
is in it `network_files` knows.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from covid_core.errors import WeightsError

Card = TypeVar("Card")  # a frozen dataclass of what stands beside the tensors
RETRAIN = "Fetch the project's weights again, or make them with train.py"


def read_pair(folder: Path, name: str) -> tuple[dict[str, Any], bytes]:
    """A card, and the tensor file's bytes that it describes, checked by its SHA-256.

    Raises WeightsError where either is missing or damaged.
    """
    path = folder / f"{name}.json"
    try:
        card = json.loads(path.read_bytes())
        sha256 = card["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError("the card is missing or no card", RETRAIN, file=str(path)) from error
    return card, checked(path.with_suffix(".safetensors"), sha256)


def as_card(raw: dict[str, Any], card: type[Card], folder: Path) -> Card:
    """What stands in a card's file, as that dataclass. Raises WeightsError for another's."""
    try:
        return card(**raw)
    except TypeError as error:
        raise foreign_network(folder) from error


def foreign_network(folder: Path) -> WeightsError:
    """What is said of tensors or a card of another network than was asked for."""
    return WeightsError(
        "they are not those of this project's network of that name", RETRAIN, file=str(folder)
    )


def checked(path: Path, sha256: str) -> bytes:
    """A tensor file's bytes, if they are those that its card describes."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError("the weights are not there", RETRAIN, file=str(path)) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise WeightsError(
            "the file is damaged, or another than its card describes", RETRAIN, file=str(path)
        )
    return data


def identity(data: bytes) -> dict[str, str]:
    """What every card says of its tensors: which, from when, by which commit."""
    return {
        "sha256": hashlib.sha256(data).hexdigest(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "git_commit": git_commit(),
    }


def write_files(folder: Path, name: str, tensors: bytes, card: dict[str, Any]) -> None:
    """`name`.safetensors and `name`.json. Raises WeightsError; the old pair is kept then."""
    _write_in(folder, {f"{name}.safetensors": tensors, f"{name}.json": _text(card)})


def write_card(folder: Path, name: str, card: dict[str, Any]) -> None:
    """`name`.json alone. Raises WeightsError; the old one is kept then."""
    _write_in(folder, {f"{name}.json": _text(card)})


def _text(card: dict[str, Any]) -> bytes:
    return json.dumps(card, indent=1).encode()


def _write_in(folder: Path, files: dict[str, bytes]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_whole({folder / name: data for name, data in files.items()})
    except OSError as error:
        raise WeightsError(
            f"the weights can't be written ({error.strerror})",
            "Free some disk space or give another --out",
            file=str(folder),
        ) from error


def _write_whole(files: dict[Path, bytes]) -> None:
    # All are on the disk before any takes its name: a full disk leaves the old files a pair.
    partials = {path: path.with_name(path.name + ".partial") for path in files}
    try:
        for path, data in files.items():
            with partials[path].open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        for path, partial in partials.items():
            partial.replace(path)
    except OSError:
        for partial in partials.values():
            partial.unlink(missing_ok=True)
        raise


def git_commit() -> str:
    """The commit that this code is of, `-dirty` where it was changed since; "unknown" elsewhere."""
    here = Path(__file__).parent
    command = ["git", "-C", str(here), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return answer.stdout.strip()
