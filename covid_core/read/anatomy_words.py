"""What a file says of the body part and the view, in the words of many languages."""

from __future__ import annotations

import re
import unicodedata

from covid_core.read.radiograph import View

# A part of the text, in capitals and without accents: with endings, beside other words.
_CHEST = (
    "CHEST",
    "THORAX",
    "THORAC",
    "TORAX",
    "TORACE",
    "TORAK",
    "TORAS",
    "LUNG",
    "PECHO",
    "PEITO",
    "POITRINE",
    "POUMON",
    "PULMO",
    "PULMAO",
    "POLMON",
    "PETTO",
    "BRUSTKORB",
    "BORSTKAS",
    "BRYSTKAS",
    "BROSTKORG",
    "RINTAKEHA",
    "KEUHKO",
    "KLATKA PIERSIOWA",
    "PLUCA",
    "HRUDNIK",
    "HRUDNI",
    "MELLKAS",
    "TUDO",
    "GOGUS",
    "AKCIGER",
    "PLAMAN",
    "PRSNI KOS",
    "PLJUC",
    "LONGEN",
    "PARU-PARU",
    "ΘΩΡΑΚ",
    "ΠΝΕΥΜΟΝ",
    "ГРУДН",
    "ЛЕГКИ",
    "ЛЕГЕН",
    "胸",
    "肺",
    "흉부",
    "폐",
    "صدر",
    "חזה",
)
# The whole text, or one of its words.
_CHEST_WORDS = frozenset(
    (
        "CXR",
        "HEART",
        "CORAZON",
        "COEUR",
        "HERZ",
        "CUORE",
        "CORACAO",
        "CARDIAC",
        "BRUST",
        "LONG",
        "HRUD",
        "PRSA",
        "DADA",
        "PARU",
        "NGUC",
        "PHOI",
        "ОГК",
        "RX TORAX",
    )
)
# What is named back to the user: what else stands in such a tag may be a name.
_PARTS = (
    "ABDOMEN",
    "ANKLE",
    "ARM",
    "BREAST",
    "CLAVICLE",
    "CSPINE",
    "ELBOW",
    "EXTREMITY",
    "FEMUR",
    "FINGER",
    "FOOT",
    "FOREARM",
    "HAND",
    "HEAD",
    "HIP",
    "HUMERUS",
    "JAW",
    "KNEE",
    "LEG",
    "LSPINE",
    "NECK",
    "PELVIS",
    "RIB",
    "SHOULDER",
    "SKULL",
    "SPINE",
    "STERNUM",
    "TOE",
    "TSPINE",
    "WRIST",
)
_SPINES = ("TSPINE", "SPINE")  # THORACIC SPINE is no chest
_NOT_SAID = frozenset(
    ("", "UNKNOWN", "UNSPECIFIED", "OTHER", "NONE", "NA", "N/A", "NULL", "ANY", "DEFAULT", "-", "?")
)
_VIEWS = {
    View.PA: ("PA", "POSTEROANTERIOR", "POSTERO-ANTERIOR"),
    View.AP: ("AP", "ANTEROPOSTERIOR", "ANTERO-POSTERIOR"),
    View.LATERAL: (
        "L",
        "R",
        "LL",
        "RL",
        "LR",
        "LLAT",
        "RLAT",
        "LAT",
        "LATERAL",
        "LATERALE",
        "LEFT",
        "RIGHT",
        "LEFTLATERAL",
        "RIGHTLATERAL",
        "PROFIL",
        "PROFILE",
        "PERFIL",
    ),
}
_VIEW_OF = {word: view for view, words in _VIEWS.items() for word in words}
_PLAIN = str.maketrans({"Ł": "L", "Ø": "O", "Æ": "AE", "ß": "SS", "Đ": "D", "İ": "I", "ı": "I"})


def parse_view(text: str | None) -> View:
    """The view that a tag or a table's cell names, such as `PA`, `AP Supine`, `L` or `LLAT`."""
    word = _plain(text or "")
    first = re.split("[^A-Z]", word)[0]
    for known in (re.sub("[^A-Z-]", "", word), first):
        if known in _VIEW_OF:
            return _VIEW_OF[known]
    return View.UNKNOWN


def note_body_part(text: str) -> str:
    """A note on a file that gives this as its body part; "" for a chest, or where none is given.

    A word that is not known here is not repeated: it may be a name.
    """
    part = _plain(text)
    words = frozenset(re.split(r"[\s,;/_\\-]+", part))
    if part in _NOT_SAID:
        return ""
    named = next((known for known in _PARTS if known in words or known + "S" in words), "")
    is_chest = any(known in part for known in _CHEST) or _CHEST_WORDS & {part, *words}
    if is_chest and named not in _SPINES:
        return ""
    if named:
        return f"the file says that the body part is {named.lower()}, not the chest"
    return "the word that the file gives for the body part is not known here"


def _plain(text: str) -> str:
    """The text in capitals, without accents."""
    apart = unicodedata.normalize("NFKD", text.upper().translate(_PLAIN))
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).strip()
