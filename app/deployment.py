"""What whoever runs the page allows its users: `desk.toml`, read and checked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from covid_core.errors import CovidCoreError

if TYPE_CHECKING:
    from covid_core.exports.dicomweb import Archive

ROOT = Path(__file__).parent.parent
DESK = ROOT / "desk.toml"
_PROFILE = "site-profile.json"
# The tables and keys that are known, with what each must be.
_KEYS: Mapping[str, Mapping[str, type]] = {
    "": {
        "max_films": int,
        "max_server_films": int,
        "max_upload_mb": int,
        "max_session_mb": int,
        "max_held_mb": int,
        "copies": list,
        "folders": dict,
        "archive": dict,
        "profile": dict,
    },
    "archive": {"name": str, "url": str, "user": str, "password": str},
    "profile": {"save": bool, "file": str},
}
_KINDS = {
    int: "a whole number",
    dict: "a table",
    str: "a text",
    bool: "true or false",
    list: "a list",
}


@dataclass(frozen=True, slots=True)
class Deployment:
    """The deployer's settings.

    `folders`: those of this machine that users may open, by the name shown. `archive_url`: of a
    DICOMweb archive, "" where there is none. `save_profile`: whether the page may write the site's
    profile to `profile`. `copies`: folders of public sets, where the page looks for one's own copy
    of a film that trained the model. `max_films`: how many dropped and fetched films a list takes;
    `max_server_films`: how many of a folder besides. `max_upload_mb`: of one dropped file, in MiB;
    `max_session_mb`: of all that one open page holds; `max_held_mb`: of all that the server holds.
    """

    folders: Mapping[str, Path] = field(default_factory=dict)
    archive_url: str = ""
    archive_name: str = ""
    archive_user: str = field(default="", repr=False)
    archive_password: str = field(default="", repr=False)
    save_profile: bool = False
    profile: Path = ROOT / _PROFILE
    max_films: int = 1000
    max_server_films: int = 5000
    max_upload_mb: int = 64
    max_session_mb: int = 1024
    max_held_mb: int = 4096
    copies: tuple[Path, ...] = ()

    @property
    def archive(self) -> Archive | None:
        """Where to fetch films and send results; None where the deployer named none."""
        if not self.archive_url:
            return None
        from covid_core.exports.dicomweb import Archive  # only deployments with one need it

        return Archive(self.archive_url, self.archive_user, self.archive_password)


def deployment(path: Path = DESK) -> Deployment:
    """The settings of a file; those that allow nothing where there is none.

    Paths that are not absolute start at the file's folder. Raises CovidCoreError, which names the
    key that is wrong.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Deployment()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CovidCoreError(
            f"it can't be read as TOML ({error})",
            "Repair it, or put the delivered one back",
            file=path.name,
        ) from error
    _check(path, "", raw)
    archive, profile = raw.get("archive", {}), raw.get("profile", {})
    _check(path, "archive", archive)
    _check(path, "profile", profile)
    url = archive.get("url", "")
    return Deployment(
        folders=_folders(path, raw.get("folders", {})),
        archive_url=_address(path, url) if archive else "",
        archive_name=archive.get("name", urlsplit(url).hostname or ""),
        archive_user=archive.get("user", ""),
        archive_password=archive.get("password", ""),
        save_profile=profile.get("save", False),
        profile=path.parent / profile.get("file", _PROFILE),
        max_films=_positive(path, raw, "max_films", Deployment().max_films),
        max_server_films=_positive(path, raw, "max_server_films", Deployment().max_server_films),
        max_upload_mb=_positive(path, raw, "max_upload_mb", Deployment().max_upload_mb),
        max_session_mb=_positive(path, raw, "max_session_mb", Deployment().max_session_mb),
        max_held_mb=_positive(path, raw, "max_held_mb", Deployment().max_held_mb),
        copies=_copies(path, raw.get("copies", [])),
    )


def _check(path: Path, table: str, raw: Mapping[str, Any]) -> None:
    known = _KEYS[table]
    for name, value in raw.items():
        key = f"{table}.{name}" if table else name
        if name not in known:
            raise _wrong(path, key, f"is not one of: {', '.join(known)}")
        if type(value) is not known[name]:
            raise _wrong(path, key, f"must be {_KINDS[known[name]]}")


def _folders(path: Path, raw: Mapping[str, Any]) -> dict[str, Path]:
    for name, folder in raw.items():
        if not isinstance(folder, str) or not folder:
            raise _wrong(path, f"folders.{name}", "must be the path of a folder")
    return {name: path.parent / folder for name, folder in raw.items()}


def _copies(path: Path, raw: Sequence[Any]) -> tuple[Path, ...]:
    for folder in raw:
        if not isinstance(folder, str) or not folder:
            raise _wrong(path, "copies", "must be a list of paths of folders")
    return tuple(path.parent / folder for folder in raw)


def _address(path: Path, url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _wrong(path, "archive.url", "must be an address that starts with http:// or https://")
    if parts.username or parts.password:
        raise _wrong(path, "archive.url", "must hold no password; use archive.user and .password")
    return url


def _positive(path: Path, raw: Mapping[str, Any], key: str, default: int) -> int:
    value: int = raw.get(key, default)
    if value < 1:
        raise _wrong(path, key, "must be 1 or more")
    return value


def _wrong(path: Path, key: str, problem: str) -> CovidCoreError:
    return CovidCoreError(
        f"“{key}” {problem}", "Correct that line and start the page again", file=path.name
    )
