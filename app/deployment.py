"""What whoever runs the page allows its users: `desk.toml`, read and checked."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from covid_core.errors import CovidCoreError
from covid_core.storage.records import Record, SecretError

if TYPE_CHECKING:
    from covid_core.exports.dicomweb import Archive

ROOT = Path(__file__).parent.parent
DESK = Path(os.environ.get("CHEST_READER_DESK") or ROOT / "desk.toml")
_REMEDY = "Correct that line and start the page again"

# A site as a content security policy names it: all of its pages; with a star all its subdomains'.
_SITE = re.compile(r"https?://(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?", re.IGNORECASE)

Folder = Annotated[str, Field(min_length=1)]
Most = Annotated[int, Field(ge=1)]


def _is_an_address(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it must be an address that starts with http:// or https://")
    if parts.username or parts.password:
        raise SecretError("it must hold no password; use .user and .password")
    return url


def _is_a_site(text: str) -> str:
    if not _SITE.fullmatch(text):
        raise ValueError("it must be a site such as https://portal.example, without a path")
    return text


class ArchiveTable(Record):
    """Where films are fetched from and results sent."""

    url: Annotated[str, AfterValidator(_is_an_address)]
    name: str = ""
    user: str = ""
    password: str = ""


class ProfileTable(Record):
    """The site's profile: whether the page may save it, and where."""

    save: bool = False
    file: str = "site-profile.json"


class DeskFile(Record):
    """What `desk.toml` may hold, all of it left out as delivered; the defaults stand here alone."""

    max_films: Most = 1000
    max_server_films: Most = 5000
    max_upload_mb: Most = 64
    max_session_mb: Most = 1024
    max_held_mb: Most = 4096
    copies: tuple[Folder, ...] = ()
    folders: dict[str, Folder] = Field(default_factory=dict)
    archive: ArchiveTable | None = None
    profile: ProfileTable = Field(default_factory=ProfileTable)
    framed_by: tuple[Annotated[str, AfterValidator(_is_a_site)], ...] = ()
    readings_log: Folder | None = None


_DELIVERED = DeskFile()


@dataclass(frozen=True, slots=True)
class Deployment:
    """The deployer's settings.

    `folders`: those of this machine that users may open, by the name shown. `archive_url`: of a
    DICOMweb archive, "" where there is none. `save_profile`: whether the page may write the site's
    profile to `profile`. `copies`: folders of public sets, where the page looks for one's own copy
    of a film that trained the model. `max_films`: how many dropped and fetched films a list takes;
    `max_server_films`: how many of a folder besides. `max_upload_mb`: of one dropped file, in MiB;
    `max_session_mb`: of all that one open page holds; `max_held_mb`: of all that the server holds.
    `framed_by`: the sites that may show the page in a frame. `readings_log`: the file that gets a
    line for each reading; None where there is none.
    """

    folders: Mapping[str, Path] = field(default_factory=dict)
    archive_url: str = ""
    archive_name: str = ""
    archive_user: str = field(default="", repr=False)
    archive_password: str = field(default="", repr=False)
    save_profile: bool = _DELIVERED.profile.save
    profile: Path = ROOT / _DELIVERED.profile.file
    max_films: int = _DELIVERED.max_films
    max_server_films: int = _DELIVERED.max_server_films
    max_upload_mb: int = _DELIVERED.max_upload_mb
    max_session_mb: int = _DELIVERED.max_session_mb
    max_held_mb: int = _DELIVERED.max_held_mb
    copies: tuple[Path, ...] = ()
    framed_by: tuple[str, ...] = _DELIVERED.framed_by
    readings_log: Path | None = None

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
    desk = DeskFile.parse(raw, Path(path.name), error=CovidCoreError, remedy=_REMEDY)
    archive, here = desk.archive, path.parent
    return Deployment(
        folders={name: here / folder for name, folder in desk.folders.items()},
        archive_url=archive.url if archive else "",
        archive_name=(archive.name or urlsplit(archive.url).hostname or "") if archive else "",
        archive_user=archive.user if archive else "",
        archive_password=archive.password if archive else "",
        save_profile=desk.profile.save,
        profile=here / desk.profile.file,
        max_films=desk.max_films,
        max_server_films=desk.max_server_films,
        max_upload_mb=desk.max_upload_mb,
        max_session_mb=desk.max_session_mb,
        max_held_mb=desk.max_held_mb,
        copies=tuple(here / folder for folder in desk.copies),
        framed_by=desk.framed_by,
        readings_log=here / desk.readings_log if desk.readings_log else None,
    )
