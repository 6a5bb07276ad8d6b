"""Where real radiographs to try the program with are had: a list, for none is shipped."""

from __future__ import annotations

import streamlit as st

from app.texts import read as texts
from covid_core.explain.public_films import SHA256_OF, PublicFilm, public_films


def show_public_films() -> None:
    """Shows the list with links to each film's page, and behind a click their digests."""
    films = public_films()
    st.markdown(f"**{texts.PUBLIC}**")
    st.write(texts.PUBLIC_WORDS)
    rows = [texts.PUBLIC_COLUMNS, ["---"] * len(texts.PUBLIC_COLUMNS), *map(cells_of, films)]
    st.markdown("\n".join(f"| {' | '.join(row)} |" for row in rows))
    with st.expander(texts.PUBLIC_DIGESTS):
        st.caption(texts.PUBLIC_DIGESTS_WORDS.format(copy=SHA256_OF))
        st.code("\n".join(f"{film.sha256}  {film.name}" for film in films), language=None)


def cells_of(film: PublicFilm) -> tuple[str, ...]:
    """A film's cells as Markdown, by the columns; all of the list's own words."""
    name = film.name.replace("_", "\\_")
    return film.finding, f"[{name}]({film.page})", film.collection, film.licence
