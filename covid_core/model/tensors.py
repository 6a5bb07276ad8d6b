"""A tensor file and its card side by side: both whole or neither, checked when they are read.

safetensors does not notice a flipped byte, so the card holds the SHA-256 of the tensor file; and
one of itself, for a digit of a calibration counts as much as a weight. What is in the tensor file
`network_files` knows.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from covid_core.errors import Unwritten, WeightsError
from covid_core.model.tensor_lists import check_header
from covid_core.storage.atomic import write_all_whole
from covid_core.storage.plain_files import NoPlainFile, read_regular

RETRAIN = (
    "Fetch the project's weights again (python -m covid_core weights --help), or make them with"
    " train.py"
)
_SEAL = "card_sha256"  # of the card without it; one from before seals has none
_MOST_CARD, _MOST_TENSORS = 2**24, 2**30  # bytes, far above any of ours


def read_card_file(path: Path) -> dict[str, Any]:
    """What a card says, as it was written. Raises WeightsError where it is missing or damaged."""
    try:
        card = json.loads(_read(path, "card", _MOST_CARD), parse_constant=_no_number)
        seal = dict.pop(card, _SEAL, None)
    except (ValueError, RecursionError, TypeError) as error:
        raise WeightsError(
            "the card is no JSON of this project", RETRAIN, file=str(path)
        ) from error
    if seal is not None and seal != _digest(card):
        problem = "the card is damaged: it no longer says what was written"
        raise WeightsError(problem, RETRAIN, file=str(path))
    return card


def read_pair(folder: Path, name: str) -> tuple[dict[str, Any], bytes]:
    """A card, and the tensor file's bytes that it describes, checked by its SHA-256.

    Raises WeightsError where either is missing or damaged.
    """
    path = folder / f"{name}.json"
    card = read_card_file(path)
    return card, checked(path.with_suffix(".safetensors"), card.get("sha256"))


def foreign_tensors(path: Path, network: str) -> WeightsError:
    """The error for tensors that are not those of the requested network."""
    return WeightsError(
        f"the tensors are not those of this project's {network}", RETRAIN, file=str(path)
    )


def checked(path: Path, sha256: object) -> bytes:
    """A tensor file's bytes, if they are those that its card describes."""
    data = _read(path, "tensor file", _MOST_TENSORS)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise WeightsError(
            "the file is damaged, or another than its card describes", RETRAIN, file=str(path)
        )
    try:
        check_header(data)
    except ValueError as error:
        raise WeightsError(str(error), RETRAIN, file=str(path)) from error
    return data


def _read(path: Path, what: str, most: int) -> bytes:
    try:
        data = read_regular(path, most + 1)
    except NoPlainFile as error:
        raise WeightsError(f"the {what} is no file", RETRAIN, file=str(path)) from error
    except OSError as error:
        problem = f"the {what} can't be read ({error.strerror})"
        raise WeightsError(problem, RETRAIN, file=str(path)) from error
    if len(data) > most:
        raise WeightsError(f"the {what} is larger than {most} bytes", RETRAIN, file=str(path))
    return data


def _no_number(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity, which JSON does not have


def _digest(card: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(card, sort_keys=True).encode()).hexdigest()


def identity(data: bytes) -> dict[str, str]:
    """What every card says of its tensors: which, from when, by which commit."""
    return {
        "sha256": hashlib.sha256(data).hexdigest(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "git_commit": git_commit(),
    }


def write_files(folder: Path, name: str, tensors: bytes, card: dict[str, Any]) -> None:
    """Write `name`.safetensors and `name`.json. Raises WeightsError; the old pair is kept then."""
    _write_in(folder, {f"{name}.safetensors": tensors, f"{name}.json": _text(card)})


def write_card(folder: Path, name: str, card: dict[str, Any]) -> None:
    """Write `name`.json alone. Raises WeightsError; the old one is kept then."""
    _write_in(folder, {f"{name}.json": _text(card)})


def _text(card: dict[str, Any]) -> bytes:
    # As a reader will find it: a tuple is a list there, and what is no number is null.
    card = json.loads(json.dumps(card), parse_constant=lambda _: None)
    return json.dumps({**card, _SEAL: _digest(card)}, indent=1).encode()


def _write_in(folder: Path, files: dict[str, bytes]) -> None:
    try:
        write_all_whole({folder / name: data for name, data in files.items()})
    except Unwritten as error:
        raise WeightsError(error.problem, error.remedy, file=error.file) from error


def git_commit() -> str:
    """The commit that this code is of, `-dirty` where it was changed since; "unknown" elsewhere.

    Elsewhere is where the package was installed, be it inside of somebody else's repository.
    """
    root = Path(__file__).parents[2]
    if not (root / "pyproject.toml").is_file():
        return "unknown"
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return answer.stdout.strip()
