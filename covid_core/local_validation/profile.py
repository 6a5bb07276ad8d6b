"""A site's profile: what it measured of certain weights, and the operating point it calls by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from covid_core.errors import CovidCoreError
from covid_core.metrics import Estimate
from covid_core.model.card import WeightsCard
from covid_core.model.decision import SITE, SITE_FILMS, OperatingPoint
from covid_core.storage.atomic import write_whole

if TYPE_CHECKING:  # statistics that a page which only reads a profile can do without
    from covid_core.local_validation.validation import Validation

MAX_NAME = 80  # characters of a site's name
FORMAT_VERSION = 1
_MAX_BYTES = 64 * 1024
_REMEDY = "Choose a profile that the page Validate wrote"
_REMEDY_IN_PLACE = "Delete that file, or put back one that the page Validate wrote"


@dataclass(frozen=True, slots=True)
class SiteProfile:
    """What a site measured of certain weights.

    `site`: its name, free text of MAX_NAME characters at most. `created`: ISO 8601. `point`: what
    the site calls films by. `recall`, `confidence`: what that promises, 0 to 1: the share of films
    with COVID-19 that is found, at that confidence. `calibration_error`: of the probability of
    COVID-19.
    """

    site: str
    weights_sha256: str
    created: str
    films: int
    positives: int
    recall: float
    confidence: float
    point: OperatingPoint
    auroc: Estimate
    calibration_error: float


def new_profile(
    site: str,
    weights_sha256: str,
    validation: Validation,
    point: OperatingPoint,
    *,
    recall: float,
    confidence: float,
) -> SiteProfile:
    """A profile of what these weights did there. Raises CovidCoreError for a name that is none."""
    return SiteProfile(
        site=_site(site),
        weights_sha256=weights_sha256,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        films=validation.films,
        positives=validation.positives,
        recall=recall,
        confidence=confidence,
        point=point,
        auroc=validation.auroc,
        calibration_error=validation.reliability.error,
    )


def fits(profile: SiteProfile, card: WeightsCard) -> bool:
    """Whether the profile was measured with these very weights.

    With others its threshold means nothing.
    """
    return profile.weights_sha256 == card.sha256


def profile_bytes(profile: SiteProfile) -> bytes:
    """The profile as a JSON file's bytes; no film and no patient is in it."""
    return json.dumps({"format_version": FORMAT_VERSION, **asdict(profile)}, indent=1).encode()


def save_profile(profile: SiteProfile, path: Path) -> None:
    """Write it, whole or not at all. Raises CovidCoreError."""
    if not path.parent.is_dir():  # a slip of a deployer's pen is no folder to be made
        raise CovidCoreError(
            "the profile can't be written: its folder is not there",
            "Make it, or name another",
            file=str(path),
        )
    write_whole(path, profile_bytes(profile))


def read_profile(path: Path) -> SiteProfile | None:
    """The profile in a file; None where there is no file. Raises CovidCoreError."""
    try:
        return load_profile(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CovidCoreError(
            f"the site's profile can't be read ({error.strerror})", _REMEDY_IN_PLACE, file=path.name
        ) from error
    except CovidCoreError as error:
        raise CovidCoreError(error.problem, _REMEDY_IN_PLACE, file=path.name) from error


def load_profile(data: bytes) -> SiteProfile:
    """What `profile_bytes` gave, every value checked. Raises CovidCoreError."""
    try:
        raw = json.loads(data) if len(data) <= _MAX_BYTES else None
        if not isinstance(raw, dict) or "format_version" not in raw:
            raise CovidCoreError("this file is no site's profile", _REMEDY)
        if raw["format_version"] != FORMAT_VERSION:
            raise CovidCoreError(
                "this profile was written by another release", "Validate the site again"
            )
        return _profile(raw)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise CovidCoreError("this site's profile is damaged", _REMEDY) from error


def _profile(raw: Mapping[str, Any]) -> SiteProfile:
    point = raw["point"]
    films, positives = _count(raw["films"]), _count(raw["positives"])
    if positives > films:
        raise ValueError("more positives than films")
    return SiteProfile(
        site=_site(str.strip(raw["site"])),
        weights_sha256=_sha256(raw["weights_sha256"]),
        created=datetime.fromisoformat(raw["created"]).isoformat(),
        films=films,
        positives=positives,
        recall=_share(raw["recall"]),
        confidence=_share(raw["confidence"]),
        point=OperatingPoint(
            SITE,
            _share(point["threshold"]),
            _estimate(point["sensitivity"]),
            _estimate(point["specificity"]),
            SITE_FILMS,
        ),
        auroc=_estimate(raw["auroc"]),
        calibration_error=_share(raw["calibration_error"]),
    )


def _site(name: str) -> str:
    """A name on one line. Raises CovidCoreError for one that is none."""
    plain = " ".join(name.split())
    if not plain or len(plain) > MAX_NAME or not plain.isprintable():
        raise CovidCoreError(
            "the site needs a name that fits on a line", f"Give it 1 to {MAX_NAME} characters"
        )
    return plain


def _sha256(text: str) -> str:
    if len(bytes.fromhex(text)) != 32 or (not text.islower() and not text.isdigit()):
        raise ValueError("no SHA-256")
    return text


def _estimate(raw: Mapping[str, Any]) -> Estimate:
    return Estimate(_share(raw["value"]), _share(raw["low"]), _share(raw["high"]), _count(raw["n"]))


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError("no share")
    return float(value)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError("no count")
    return value
