"""One reading in one file: the film, its results, and what it takes to compute them again.

A ZIP file, its members always these, in this order and with no time of their own, so that its bytes
depend on what is in it alone:

    report.pdf          one page on paper
    result.json         the reading with its checks: `result.result_json`
    opacity.png         the film under its opacity map, captioned; by weights that have one
    overlay.png         the film under its heat, captioned
    film.png            the film as it is shown
    film.safetensors    the film as its file stored it, to the last bit: `stored_film`
    case.json           the request, what answered, and the SHA-256 of each member above

No tag of the film's file is in it, nor the file's name. A name burned into the picture can't be
found, and stays in it.

A bundle is made by `make_bundle`, opened by `read_bundle` and made anew by `replay`, which carries
over only the request, when, and by what it was made (for a person who wonders about a
difference); all else is read again from the film.

So the same bytes prove that a bundle is consistent: this film gives these answers. They do not
prove where it comes from. Whoever has this program can make one of any film and date, for any
file's digest, and at an operating point of a site of their own. That it is of one radiograph, that
radiograph's file shows; who made it, and when, a `signature` by somebody who is trusted.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from covid_core.case.reader import CaseReader
from covid_core.errors import CovidCoreError
from covid_core.explain.checks import checks_json
from covid_core.exports.pdf import report_pdf
from covid_core.exports.pictures import opacity_png, overlay_png
from covid_core.exports.request import ExportRequest, request_of, result_of, with_kept_time
from covid_core.exports.stored_film import (
    describe_radiograph,
    film_bytes,
    load_film,
    rebuild_radiograph,
)
from covid_core.findings import Finding
from covid_core.model.decision import OperatingPoint
from covid_core.present.overlay import png
from covid_core.present.result import Result, result_json
from covid_core.present.sentences import DISCLAIMER
from covid_core.read.archives import opened
from covid_core.read.radiograph import MAX_PIXELS, Radiograph
from covid_core.storage.records import Record, Share

FORMAT_VERSION = 3
_READABLE = (1, 2, FORMAT_VERSION)  # 1 had no opacity map; 2 had no card's digest
REPORT, RESULT, OPACITY, OVERLAY, SHOWN, FILM, CASE = MEMBERS = (
    "report.pdf",
    "result.json",
    "opacity.png",
    "overlay.png",
    "film.png",
    "film.safetensors",
    "case.json",
)
NOTE = (
    f"{DISCLAIMER} No tag, name or UID of the film's file is in this bundle."
    " The picture itself was not searched for burned-in names."
)
MAX_BYTES = 192 * 1024 * 1024  # of a bundle
# A film that was stretched to square pixels takes four bytes a pixel.
_MOST_BYTES = {FILM: 4 * MAX_PIXELS + 4_000_000, CASE: 1_000_000, RESULT: 1_000_000}
_MOST_OTHERS = 40_000_000
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that ZIP files can hold
_QUICK = 1  # of zlib: a film of noise hardly gets smaller by more
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_REMEDY = "Give a ZIP file that this program made as a case bundle, unchanged"

Word = Annotated[str, Field(max_length=200)]
Words = Annotated[dict[Word, Word], Field(min_length=1, max_length=40)]


def _has_a_zone(made: str) -> str:
    if datetime.fromisoformat(made).tzinfo is None:
        raise ValueError("it lacks a time zone")
    return made


def _name_a_recipe(makers: dict[str, str]) -> dict[str, str]:
    if not _PLAIN_NAME.fullmatch(makers.get("recipe", "")):  # a file's name is made of it
        raise ValueError("it names no recipe")
    return makers


class CaseFile(Record):
    """What `case.json` holds: the settings, the model, and the members' SHA-256."""

    format_version: int
    note: str
    made: Annotated[str, AfterValidator(_has_a_zone)]
    film: dict[str, Any]
    finding: Finding
    operating_point: OperatingPoint
    prevalence: Share
    checks: dict[str, Any]
    made_by: Annotated[Words, AfterValidator(_name_a_recipe)]
    made_with: Words
    members: dict[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """An opened bundle.

    `data`: its bytes. `members`: by name. `made_by`, `made_with`: what answered, and what else its
    bytes may depend on.
    """

    data: bytes
    members: Mapping[str, bytes]
    radiograph: Radiograph
    request: ExportRequest
    made_by: Mapping[str, str]
    made_with: Mapping[str, str]


def make_bundle(
    reader: CaseReader,
    radiograph: Radiograph,
    result: Result,
    made_with: Mapping[str, str] | None = None,
) -> bytes:
    """A reading as a ZIP file; the same bytes for the same reading.

    `radiograph`: what the result was made of, as its file was read. `result`: as
    `request.result_of` gives it. `made_with`: what to name as its surroundings, where not the
    reader's own. Raises ValueError for a result without checks, or of another film.
    """
    checks = result.checks
    if checks is None or radiograph.sha256 != result.prediction.radiograph_sha256:
        raise ValueError("a bundle needs a result of this film, with its checks")
    result = with_kept_time(result)
    members = {
        REPORT: report_pdf(result),
        RESULT: _json(result_json(result)),
        **({OPACITY: opacity_png(result)} if result.opacity else {}),
        OVERLAY: overlay_png(result),
        SHOWN: png(result.film),
        FILM: film_bytes(radiograph.film),
    }
    request = request_of(result)
    case = {
        "format_version": FORMAT_VERSION,
        "note": NOTE,
        "made": request.made.isoformat(),
        "film": describe_radiograph(radiograph),
        "finding": result.finding.value,
        "operating_point": asdict(request.point),
        "prevalence": request.prevalence,
        "checks": checks_json(checks),
        "made_by": reader.identity,
        "made_with": dict(made_with or reader.surroundings),
        "members": {name: _sha256(data) for name, data in members.items()},
    }
    return _zipped({**members, CASE: _json(case)})


def replay(bundle: Bundle, reader: CaseReader, radiograph: Radiograph | None = None) -> bytes:
    """The bundle made anew, all the way from its film, or from the `radiograph` that it is said of.

    Raises Abstained and CovidCoreError where this reader gives that film no answer.
    """
    request = bundle.request
    again = ExportRequest(
        reader.point(request.point), request.finding, request.prevalence, request.made
    )
    radiograph = radiograph or bundle.radiograph
    result = result_of(reader, reader.read(radiograph), again)
    return make_bundle(reader, radiograph, result, bundle.made_with)


def read_bundle(data: bytes) -> Bundle:
    """A bundle's parts, each the one that `case.json` names by its SHA-256.

    Nothing is written anywhere, and no more is unpacked than a film can need. Raises CovidCoreError
    for what is no bundle, was changed since it was made, or was made by another release.
    """
    members = unpacked(data)
    case = _case(members[CASE])
    changed = [n for n in members if n != CASE and _sha256(members[n]) != case.members.get(n)]
    if changed:
        raise CovidCoreError(f"{', '.join(changed)} is not what the bundle was made with", _REMEDY)
    try:
        radiograph = rebuild_radiograph(load_film(members[FILM]), case.film)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise CovidCoreError("its case.json lacks or garbles the film", _REMEDY) from error
    made = datetime.fromisoformat(case.made)
    request = ExportRequest(case.operating_point, case.finding, case.prevalence, made)
    return Bundle(data, members, radiograph, request, case.made_by, case.made_with)


def _case(data: bytes) -> CaseFile:
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise CovidCoreError("its case.json is not JSON", _REMEDY) from error
    if isinstance(raw, dict) and raw.get("format_version", FORMAT_VERSION) not in _READABLE:
        raise CovidCoreError(
            "this bundle was made by another release", "Replay it with that release"
        )
    return CaseFile.parse(raw, Path(CASE), error=CovidCoreError, remedy=_REMEDY)


def unpacked(data: bytes) -> dict[str, bytes]:
    """The members of a bundle by name.

    Raises CovidCoreError where they are not just those, or larger than they can be.
    """
    if len(data) > MAX_BYTES:
        raise CovidCoreError("it is larger than any bundle", _REMEDY)
    with opened(data) as archive:
        entries = archive.infolist()
        names = tuple(entry.filename for entry in entries)
        if names not in (MEMBERS, tuple(name for name in MEMBERS if name != OPACITY)):
            raise CovidCoreError("it is no case bundle", _REMEDY)
        return {entry.filename: _inflated(archive, entry) for entry in entries}


def _inflated(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    most = _MOST_BYTES.get(entry.filename, _MOST_OTHERS)
    if entry.file_size > most or entry.flag_bits & 1 or entry.compress_type not in _PACKED:
        raise CovidCoreError(
            f"its {entry.filename} is too large, encrypted or compressed in another way", _REMEDY
        )
    try:
        with archive.open(entry) as member:
            return member.read(most)  # checked against its length and CRC by then
    except Exception as error:  # zipfile, zlib and struct have each their own
        raise CovidCoreError(f"its {entry.filename} is damaged", _REMEDY) from error


def _zipped(members: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            entry = zipfile.ZipInfo(name, _TIME)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            packed = name.endswith((".json", ".safetensors"))
            entry.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
            archive.writestr(entry, data, compresslevel=_QUICK)
    return file.getvalue()


def _json(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False).encode()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
