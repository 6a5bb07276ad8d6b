"""What whoever runs the page allows its users: `desk.toml`, read and checked."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from covid_core.errors import CovidCoreError
from covid_core.storage.records import Record, SecretError

if TYPE_CHECKING:
    from covid_core.exports.dicomweb import Archive

ROOT = Path(__file__).parent.parent
DESK = Path(os.environ.get("CHEST_READER_DESK") or ROOT / "desk.toml")
_REMEDY = "Correct that line and start the page again"

# A site as a content security policy names it: all of its pages; with a star all its subdomains'.
_SITE = re.compile(r"https?://(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?", re.IGNORECASE)


def _is_a_place(text: object) -> object:
    if text == "":
        raise ValueError("it must name a file or folder")
    return text


Place = Annotated[Path, BeforeValidator(_is_a_place)]
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


class ArchiveAccess(Record):
    """A DICOMweb archive, where radiographs are fetched from and results sent."""

    url: Annotated[str, AfterValidator(_is_an_address)]
    name: str = ""
    user: str = ""
    password: str = Field("", repr=False)

    @property
    def title(self) -> str:
        """The archive's name on the page: its host's where it has none of its own."""
        return self.name or urlsplit(self.url).hostname or ""

    def connect(self) -> Archive:
        """The archive, to be searched and written to."""
        from covid_core.exports.dicomweb import Archive  # only deployments with one need it

        return Archive(self.url, self.user, self.password)


class ProfileStorage(Record):
    """Whether the page may save the site's profile, and in which file."""

    save: bool = False
    file: Place = Path("site-profile.json")


class Deployment(Record):
    """The deployer's settings: what `desk.toml` holds, all of it left out as delivered.

    `folders`: those of this machine that users may open, by the name shown. `copies`: folders of
    public sets, where the page looks for one's own copy of a film that trained the model.
    `max_films`: how many dropped and fetched films a list takes; `max_server_films`: how many of a
    folder besides. `max_upload_mb`: of one dropped file, in MiB; `max_session_mb`: of all that one
    open page holds; `max_held_mb`: of all that the server holds. `framed_by`: the sites that may
    show the page in a frame. `readings_log`: the file that gets a line for each reading; None where
    there is none.
    """

    max_films: Most = 1000
    max_server_films: Most = 5000
    max_upload_mb: Most = 64
    max_session_mb: Most = 1024
    max_held_mb: Most = 4096
    copies: tuple[Place, ...] = ()
    folders: dict[str, Place] = Field(default_factory=dict)
    archive: ArchiveAccess | None = None
    profile: ProfileStorage = Field(default_factory=ProfileStorage)
    framed_by: tuple[Annotated[str, AfterValidator(_is_a_site)], ...] = ()
    readings_log: Place | None = None

    def starting_at(self, here: Path) -> Deployment:
        """The same with every path that is not absolute starting at that folder."""
        log = self.readings_log
        return self.replace(
            folders={name: here / folder for name, folder in self.folders.items()},
            copies=tuple(here / folder for folder in self.copies),
            profile=self.profile.replace(file=here / self.profile.file),
            readings_log=None if log is None else here / log,
        )


def deployment(path: Path = DESK) -> Deployment:
    """The settings of a file; those that allow nothing where there is none.

    Paths that are not absolute start at the file's folder. Raises CovidCoreError, which names the
    key that is wrong.
    """
    raw = {}
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CovidCoreError(
            f"it can't be read as TOML ({error})",
            "Repair it, or put the delivered one back",
            file=path.name,
        ) from error
    desk = Deployment.parse(raw, Path(path.name), error=CovidCoreError, remedy=_REMEDY)
    return desk.starting_at(path.parent)
