"""Where films come from: dropped files, a folder, the server, the archive, a phantom.

Items are kept in the session, each as long as its source is chosen: what is known of a film is
known by its item.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.deployment import Deployment, deployment
from app.failures import show_failure
from app.forgetting import release
from app.held_films import films_in_upload, held_bytes, held_item, let_go
from app.passed_over import begin_listing, show_passed_over
from app.phantoms import phantom_film
from app.texts import worklist as texts
from app.uploads import hold
from covid_core.errors import CovidCoreError
from covid_core.read.archives import Item, in_folder, members
from covid_core.read.phantom import KINDS

if TYPE_CHECKING:
    from covid_core.exports.dicomweb import Archive, FoundStudy

# How the names of sources that were dropped, fetched or listed begin.
_FILE, _FETCHED, _FOLDER = "file ", "study ", "folder "

Kept = dict[str, list[Item]]


def choose_films() -> tuple[Item, ...]:
    """The films that the user has chosen, from every source; a phantom only where there are none.

    Fetched ones come first, then dropped ones, then those of the server's folder. The same film is
    the same item in every run of the script. Raises CovidCoreError where the deployer's settings
    are wrong.
    """
    allowed = deployment()
    kept: Kept = st.session_state.setdefault("items", {})
    dropped = st.file_uploader(
        texts.DROP,
        key="film",
        accept_multiple_files=True,
        help=texts.DROP_HELP,
        max_upload_size=allowed.max_upload_mb,
        on_change=_hear_files,
    )
    with st.popover(texts.MORE, type="tertiary", icon=":material/folder_open:"):
        files = [*dropped, *_choose_folder(allowed)]
        listed = _server_folder(allowed, kept)
        fetched = _from_archive(allowed, kept)
    given = fetched | _files(files, kept)
    used = given | listed
    kind = st.session_state.get("phantom")
    if not used and kind in KINDS:
        used = given = {f"phantom {kind}": kept.get(f"phantom {kind}") or [_phantom(kind)]}
        st.button(texts.CLOSE_FILES, key="close-phantom", on_click=_forget_phantom)
    # In place: of what is replaced, Streamlit holds the old value until the next run, here films.
    _keep(kept, used)
    hold("films", held_bytes(item for items in used.values() for item in items))
    release(files)
    show_passed_over(used)
    return _bounded(given, allowed.max_films) + _bounded(listed, allowed.max_server_films)


def _files(files: Sequence[Any], kept: Kept) -> Kept:
    """What the uploaders hold, after what they held before a visit to another page.

    Streamlit has forgotten the latter; the page keeps it until it is closed.
    """
    now = {f"{_FILE}{file.file_id}": file for file in files}
    held: frozenset[str] = st.session_state.get("uploaded", frozenset())
    removed = held - now.keys() if st.session_state.pop("files-heard", False) else frozenset()
    st.session_state["uploaded"] = frozenset(now)
    earlier = {
        source: items
        for source, items in kept.items()
        if source.startswith(_FILE) and source not in now and source not in removed
    }
    if earlier:
        label = texts.CLOSE_EARLIER if now else texts.CLOSE_FILES
        st.button(label, key="close-files", on_click=_close, args=(tuple(earlier),))
    return earlier | {
        source: kept.get(source) or films_in_upload(file, begin_listing(source))
        for source, file in now.items()
    }


def _choose_folder(allowed: Deployment) -> list[Any]:
    files = st.file_uploader(
        texts.FOLDER,
        key="folder",
        accept_multiple_files="directory",
        max_upload_size=allowed.max_upload_mb,
        on_change=_hear_files,
    )
    st.caption(texts.FOLDER_LIMIT)
    return list(files)


def _server_folder(allowed: Deployment, kept: Kept) -> Kept:
    """The films of the server's folder that is chosen, listed once, and anew on request."""
    if not allowed.folders:
        return {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            texts.SERVER,
            list(allowed.folders),
            index=None,
            placeholder=texts.SERVER_NONE,
            key="server-folder",
            on_change=_forget_phantom,
            persist_state="session",
        )
        again = st.button(
            texts.AGAIN, key="server-again", help=texts.AGAIN_HELP, disabled=name is None
        )
    if name is None or name not in allowed.folders:  # a browser may send any name
        return {}
    source, folder = f"{_FOLDER}{name}", allowed.folders[name]
    known = kept.get(source, [])
    if again or not known:
        found = in_folder(folder, begin_listing(source, folder))
        listed = islice(found, allowed.max_server_films + 1)
        old = {(item.name, item.stamp): item for item in known}
        # Taken out, for two files may share a name as shown, and no item stands for both.
        known = [old.pop((item.name, item.stamp), item) for item in listed]
    return {source: known}


def _from_archive(allowed: Deployment, kept: Kept) -> Kept:
    """The films that were fetched from the archive, and the way to fetch more."""
    access = allowed.archive
    if access is None:
        return {}
    archive = access.connect()
    fetched = {source: items for source, items in kept.items() if source.startswith(_FETCHED)}
    st.text(texts.ARCHIVE.format(name=access.title))
    try:
        _find(archive)
        for study in _choose_studies():
            source = f"{_FETCHED}{study.study_uid}"
            if source not in fetched:
                fetched[source] = _fetched(archive, study.study_uid, len(fetched) + 1)
    except CovidCoreError as error:
        show_failure(texts.NOT_FETCHED, error.sentence)
    if fetched:
        st.button(texts.FORGET, key="archive-forget", on_click=_close, args=(tuple(fetched),))
    return fetched


def _find(archive: Archive) -> None:
    with st.form("archive", border=False):
        patient_id = st.text_input(texts.PATIENT_ID, key="archive-patient", help=texts.FIND_HELP)
        day = st.date_input(texts.STUDY_DATE, None, key="archive-date")
        submitted = st.form_submit_button(texts.FIND)
    if submitted:
        from covid_core.exports.dicomweb import find_studies  # only pages with an archive need it

        study_date = day.strftime("%Y%m%d") if day else ""
        st.session_state["found"] = find_studies(
            archive, patient_id=patient_id, study_date=study_date
        )


def _choose_studies() -> list[FoundStudy]:
    """The studies that were found and ticked, in the run after the button to fetch was pressed."""
    found: list[FoundStudy] | None = st.session_state.get("found")
    if not found:
        if found is not None:
            st.caption(texts.FOUND_NONE)
        return []
    st.caption(texts.FOUND.format(count=len(found)))
    event = st.dataframe(
        [_study_row(study) for study in found],
        key=f"found-{hash(tuple(study.study_uid for study in found))}",
        on_select="rerun",
        hide_index=True,
        alt=texts.FOUND_ALT,
    )
    ticked = [found[row] for row in event["selection"]["rows"]]
    pressed = st.button(texts.FETCH, key="archive-fetch", disabled=not ticked)
    return ticked if pressed else []


def _study_row(study: FoundStudy) -> dict[str, str]:
    values = (
        study.study_date,
        study.description,
        ", ".join(study.modalities),
        study.patient_name,
        study.patient_id,
    )
    return dict(zip(texts.STUDY_COLUMNS, values, strict=True))


def _fetched(archive: Archive, study_uid: str, number: int) -> list[Item]:
    from covid_core.exports.dicomweb import fetch_study

    with st.spinner(texts.FETCHING):
        films = fetch_study(archive, study_uid)
    _forget_phantom()
    named = [(texts.FETCHED.format(study=number, film=i), data) for i, data in enumerate(films, 1)]
    return [held_item(item, data) for name, data in named for item in members(data, name)]


def _phantom(kind: str) -> Item:
    name = texts.PHANTOM.format(kind=kind)
    return Item(name, lambda: phantom_film(kind), synthetic=True)


def _hear_files() -> None:
    """The user has added or removed a file."""
    st.session_state["files-heard"] = True
    _forget_phantom()


def _forget_phantom() -> None:
    st.session_state.pop("phantom", None)


def _close(sources: Collection[str]) -> None:
    kept: Kept = st.session_state["items"]
    _keep(kept, {one: items for one, items in kept.items() if one not in sources})


def _keep(kept: Kept, used: Kept) -> None:
    still = {item for items in used.values() for item in items}
    for item in {item for items in kept.values() for item in items} - still:
        let_go(item)
    kept.clear()
    kept.update(used)


def _bounded(sources: Kept, most: int) -> tuple[Item, ...]:
    items = [item for found in sources.values() for item in found]
    if len(items) > most:
        st.warning(texts.TOO_MANY.format(most=most), icon=":material/warning:")
    return tuple(items[:most])
