"""A site's profile: what it measured of certain weights, and the operating point it calls by."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from covid_core.errors import CovidCoreError
from covid_core.findings import CLASSES
from covid_core.metrics import Estimate
from covid_core.model.card import WeightsCard
from covid_core.model.decision import SITE, SITE_FILMS, OperatingPoint
from covid_core.storage.atomic import write_whole
from covid_core.storage.plain_files import read_regular
from covid_core.storage.records import Record, Share

if TYPE_CHECKING:  # statistics that a page which only reads a profile can do without
    from covid_core.local_validation.validation import Validation

MAX_NAME = 80  # characters of a site's name
FORMAT_VERSION = 1
_MAX_BYTES = 64 * 1024
_REMEDY = "Choose a profile that the page Validate wrote"
_REMEDY_IN_PLACE = "Delete that file, or put back one that the page Validate wrote"


AtLeastOne = Annotated[int, Field(ge=1)]


def _is_a_time(text: str) -> str:
    return datetime.fromisoformat(text).isoformat()


def _is_within_its_interval(estimate: Estimate) -> Estimate:
    shares = (estimate.value, estimate.low, estimate.high)
    if not all(0 <= share <= 1 for share in shares) or estimate.n < 1:
        raise ValueError("its shares lie from 0 to 1, of 1 film or more")
    return estimate


def _is_measured_whole(point: OperatingPoint) -> OperatingPoint:
    if point.sensitivity is None or point.specificity is None:
        raise ValueError("it says what it costs")
    for cost in (point.sensitivity, point.specificity):
        _is_within_its_interval(cost)
    if point.least is not None and len(point.least) != len(CLASSES):
        raise ValueError(f"its prediction sets are of {len(CLASSES)} classes")
    return replace(point, name=SITE, measured_on=SITE_FILMS)


class SiteProfile(Record):
    """What a site measured of certain weights.

    `site`: its name, free text of MAX_NAME characters at most. `rules_sha256`: of the card's rules,
    by which its probabilities are calibrated; None of older profiles. `created`: ISO 8601.
    `point`: what the site calls films by, and the thresholds of its prediction sets. `recall`,
    `confidence`: what that promises, 0 to 1: the share of films with COVID-19 that reaches the
    threshold, at that confidence.
    `calibration_error`: of the probability of COVID-19.
    """

    site: str
    weights_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    rules_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    created: Annotated[str, AfterValidator(_is_a_time)]
    films: AtLeastOne
    positives: AtLeastOne
    recall: Share
    confidence: Share
    point: Annotated[OperatingPoint, AfterValidator(_is_measured_whole)]
    auroc: Annotated[Estimate, AfterValidator(_is_within_its_interval)]
    calibration_error: Share

    @model_validator(mode="after")
    def _counts_go_together(self) -> Self:
        if self.positives > self.films:
            raise ValueError("there are more positives than films")
        return self


def new_profile(
    site: str,
    card: WeightsCard,
    validation: Validation,
    point: OperatingPoint,
    *,
    recall: float,
    confidence: float,
) -> SiteProfile:
    """A profile of what the card's weights did there.

    Raises CovidCoreError for a name that is none.
    """
    return SiteProfile(
        site=_site(site),
        weights_sha256=card.sha256,
        rules_sha256=card.rules_sha256,
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
    """Whether the profile was measured with these very weights, by these rules.

    With others its threshold means nothing: `calibrate` changes the probabilities too.
    """
    same_rules = profile.rules_sha256 in (None, card.rules_sha256)
    return profile.weights_sha256 == card.sha256 and same_rules


def profile_bytes(profile: SiteProfile) -> bytes:
    """The profile as a JSON file's bytes; no film and no patient is in it."""
    return json.dumps({"format_version": FORMAT_VERSION, **profile.as_json()}, indent=1).encode()


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
        return load_profile(read_regular(path))
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
    except (TypeError, ValueError, RecursionError) as error:
        raise CovidCoreError("this site's profile is damaged", _REMEDY) from error
    del raw["format_version"]
    if isinstance(raw.get("site"), str):
        raw["site"] = _site(raw["site"])
    try:
        return SiteProfile.parse(raw, Path(), error=CovidCoreError, remedy=_REMEDY)
    except CovidCoreError as error:
        problem = f"this site's profile is damaged: {error.problem}"
        raise CovidCoreError(problem, _REMEDY) from error


def _site(name: str) -> str:
    """A name on one line. Raises CovidCoreError for one that is none."""
    plain = " ".join(name.split())
    if not plain or len(plain) > MAX_NAME or not plain.isprintable():
        raise CovidCoreError(
            "the site needs a name that fits on a line", f"Give it 1 to {MAX_NAME} characters"
        )
    return plain
