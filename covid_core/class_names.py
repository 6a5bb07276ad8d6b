"""The one vocabulary of class names: what people call normal, other pneumonia and COVID-19.

For folders and tables alike, in manifests, training and local validation: any case of letters,
accents, spaces, hyphens and underscores, singular or plural, and the commonest other languages. A
name is known only where each of its words is.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from covid_core.findings import Finding

_NUMBERED = re.compile(r"^\d{1,2}(?=[\s_.\-)]+\D)[\s_.\-)]+")  # as in `0_Normal`
_WORD = re.compile(r"[^\W\d_]+|\d+")
# In one word, for people part and join them in every way; the longest first.
_JOINED = (
    ("sarscov2", "covid"),
    ("2019ncov", "covid"),
    ("ncov2019", "covid"),
    ("covid2019", "covid"),
    ("coronavirusdisease2019", "covid"),
    ("coronavirus2019", "covid"),
    ("coronavirus", "covid"),
    ("covid19", "covid"),
    ("sarscov", "sars"),
    ("merscov", "mers"),
    ("ecoli", "bacteria"),
    ("h1n1", "virus"),
    ("nofindings", "normal"),
    ("nofinding", "normal"),
)
_WORDS = {  # by the kind of word; without accents
    "covid": "covid corona ncov ковид коронавирус 新冠 新冠肺炎",
    "pneumonia": (
        "pneumonia pneumonic pnemonia pneumonie neumonia polmonite lungenentzundung"
        " longontsteking pnomoni zaturre пневмония 肺炎"
    ),
    # Of a pneumonia, beside its name or alone.
    "cause": (
        "bacteria bacterial bacteriana bacterienne bakteriell bakterielle batterica viral virale"
        " virus fungal lipoid aspiration chlamydophila influenza klebsiella legionella mers mrsa"
        " mycoplasma nocardia pneumocystis sars staphylococcus streptococcus varicella herpes"
        " aspergillosis"
    ),
    "normal": (
        "normal normale normaux normaal healthy sain sano sana gesund gezond saudavel saglikli"
        " unauffallig unremarkable норма 正常 健康"
    ),
    "negation": "non not no without negative neg nicht kein keine sans sin senza",
    "severity": "ards mild moderate severe critical",
    # Words that name nothing by themselves, and change nothing beside a name.
    "filler": (
        "a of the for with due to by in and or chest lung thorax xray x ray cxr radiograph"
        " radiography film image img scan case patient class finding disease infection positive"
        " pos other altra autre andere otra outra atypical community acquired lobar"
    ),
}
_KINDS = {word: kind for kind, words in _WORDS.items() for word in words.split()}
_UNKNOWN = "unknown"
_YES = frozenset({"positive", "pos", "1", "1.0", "true", "yes"})
_NO = frozenset({"negative", "neg", "0", "0.0", "false", "no", "other", "others"})
_MINUS = ("-", "-)", "\N{MINUS SIGN}")  # as in `COVID-` for a negative test, or a slip
_LONGEST = 200  # characters of a name
_SHORTEST = 3  # letters of a word that is written together with another
_DENIALS = {  # by the kinds of the words
    ("negation", "covid"): Finding.NOT_COVID,
    ("covid", "negation"): Finding.NOT_COVID,
    ("negation", "covid", "pneumonia"): Finding.PNEUMONIA,
    ("pneumonia", "negation", "covid"): Finding.PNEUMONIA,
    ("covid", "negation", "pneumonia"): Finding.PNEUMONIA,
    ("negation", "pneumonia"): Finding.NORMAL,
    ("pneumonia", "negation"): Finding.NORMAL,
}
_OPACITY = frozenset({"lung opacity", "lungopacity", "lung opacities", "opacity", "opacities"})

NAMES_KNOWN = "normal, pneumonia or covid"
"""The names to give, for messages."""


@lru_cache(maxsize=4096)
def parse_class(name: str) -> Finding | None:
    """The class that a folder or a label names; None where it names none that is known here.

    NOT_COVID where it says only that, as `non-COVID` does.
    """
    plain = _plain(name)
    if plain in ("negative", "neg"):
        return Finding.NOT_COVID
    words = _words(plain) if len(plain) <= _LONGEST else []
    if not words:
        return None
    kinds = [_kind(word) for word in words]
    if _UNKNOWN in kinds or plain.endswith(_MINUS):
        return None
    if "negation" in kinds:
        return _DENIALS.get(tuple(kind for kind in kinds if kind not in ("filler", "cause")))
    said = {kind for kind in kinds if kind != "filler"}
    if said == {"normal"}:
        return Finding.NORMAL
    if "normal" in said:
        return None
    if "covid" in said:
        return Finding.COVID
    return Finding.PNEUMONIA if said & {"pneumonia", "cause"} else None


def says_covid(name: str) -> bool | None:
    """Whether a label says COVID-19, by a class or by yes and no; None where it says neither.

    Lung opacity, which names no class, is none that says COVID-19.
    """
    answer = _plain(name)
    if answer in _YES or answer in _NO:
        return answer in _YES
    if is_lung_opacity(name):
        return False
    found = parse_class(name)
    return None if found is None else found is Finding.COVID


def is_lung_opacity(name: str) -> bool:
    """Whether a name says lung opacity, of whatever cause."""
    return " ".join(_WORD.findall(_plain(name))) in _OPACITY


def _kind(word: str) -> str:
    """The kind of a word in the singular or plural."""
    return _KINDS.get(word) or _KINDS.get(word.removesuffix("s"), _UNKNOWN)


def _words(plain: str) -> list[str]:
    """The words of a name, what is written joined or parted brought to one form."""
    joined = re.sub(r"[\W_]+", " ", _NUMBERED.sub("", plain)).strip()
    for written, word in _JOINED:
        spaced = r"\s?".join(re.escape(letter) for letter in written)
        joined = re.sub(rf"(?<![^\W\d_]){spaced}(?![^\W_])", word, joined)
    return [part for word in _WORD.findall(joined) for part in _parts(word) or [word]]


def _parts(word: str) -> list[str]:
    """The known words that make up one such as `viralpneumonia`; none where a part is not known."""
    if _kind(word) != _UNKNOWN:
        return [word]
    for end in range(_SHORTEST, len(word) - _SHORTEST + 1):
        if _kind(word[:end]) != _UNKNOWN and (rest := _parts(word[end:])):
            return [word[:end], *rest]
    return []


def _plain(name: str) -> str:
    """The name in small letters, without accents."""
    parts = unicodedata.normalize("NFKD", name.strip().casefold().replace("ı", "i"))
    return "".join(letter for letter in parts if not unicodedata.combining(letter))
