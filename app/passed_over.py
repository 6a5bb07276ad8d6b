"""What is passed over in the files and folders that were given: counted, and listed on demand."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from app.texts import worklist as texts
from covid_core.read.archives import shown_name
from covid_core.storage.walk import Note, PassedOver

_MAX_NAMED = 200  # of one source; all are counted


@dataclass(slots=True)
class Listing:
    """What was passed over in one source of films. Its `note` is a Note.

    `folder`: of the server, whose own path is not shown. `named`: the first _MAX_NAMED, by name and
    reason.
    """

    folder: Path | None = None
    count: int = 0
    named: list[tuple[str, PassedOver]] = field(default_factory=list)

    def note(self, path: str, reason: PassedOver) -> None:
        """Counts one file or folder."""
        self.count += 1
        if len(self.named) < _MAX_NAMED:
            name = Path(path).relative_to(self.folder).as_posix() if self.folder else path
            self.named.append((shown_name(name), reason))


def begin_listing(source: str, folder: Path | None = None) -> Note:
    """Takes what is passed over in a source from now on, in place of what was known of it.

    `folder`: the one of the server that the source is.
    """
    listing = Listing(folder.resolve() if folder else None)
    _listings()[source] = listing
    return listing.note


def show_passed_over(sources: Collection[str]) -> None:
    """Show how many files of these sources were passed over, and on demand their names and why.

    What is known of other sources is forgotten.
    """
    listings = _listings()
    for source in listings.keys() - sources:
        del listings[source]
    show_listings(listings[source] for source in sources if source in listings)


def show_listings(listings: Iterable[Listing]) -> None:
    """Show how many files were passed over, and on demand their names and why.

    Names are shown by `st.text` alone.
    """
    used = list(listings)
    count = sum(one.count for one in used)
    if not count:
        return
    named = [pair for one in used for pair in one.named][:_MAX_NAMED]
    with st.expander(texts.passed_over(count), icon=":material/visibility_off:"):
        st.text("\n".join(f"{name}: {reason}" for name, reason in named))
        if len(named) < count:
            st.caption(texts.more_passed_over(len(named)))


def _listings() -> dict[str, Listing]:
    listings: dict[str, Listing] = st.session_state.setdefault("passed-over", {})
    return listings
