"""Where films come from: the public datasets by the names that their films go by.

How each lies on disk is described in `datasets.layouts`.
"""

from __future__ import annotations

from dataclasses import dataclass

_OWN = "a folder of one's own"


@dataclass(frozen=True, slots=True)
class PublicDataset:
    """A public dataset that films may come from.

    `title`: its name. `provenance`: whose films they are and under which terms, in one line.
    `ages`: the least and the greatest, in years, that its authors state for all its patients; None
    where they state none.
    """

    title: str
    provenance: str
    ages: tuple[float, float] | None = None


PUBLIC = {
    "siim-covid19": PublicDataset(
        "SIIM-FISABIO-RSNA COVID-19",
        "SIIM-FISABIO-RSNA challenge (Lakhani et al. 2021), radiographs of BIMCV-COVID19"
        " (Valencia) and MIDRC-RICORD; non-commercial research, with citation",
    ),
    "rsna-pneumonia": PublicDataset(
        "RSNA Pneumonia Detection",
        "RSNA Pneumonia Detection Challenge (Shih et al. 2019), radiographs of NIH ChestX-ray8;"
        " free use with citation",
    ),
    "covid-chestxray": PublicDataset(
        "COVID-19 image data collection",
        "COVID-19 image data collection (Cohen et al. 2020); a licence an image, in its metadata",
    ),
    "coronahack": PublicDataset(
        "CoronaHack", "CoronaHack Chest X-Ray Dataset (Govindaraj 2020), compiled from public sets"
    ),
    "covid-cxnet": PublicDataset(
        "COVID-CXNet", "COVID-CXNet (Haghanifar et al. 2020); see its repository"
    ),
    "chest_xray": PublicDataset(
        "Chest X-Ray Images (Pneumonia), of children",
        "Chest X-Ray Images (Pneumonia) (Kermany et al. 2018), children of one to five years;"
        " CC BY 4.0",
        (1.0, 5.0),
    ),
    "nih": PublicDataset(
        "NIH ChestX-ray8",
        "NIH ChestX-ray8 (Wang et al. 2017) as used by DarkCovidNet, adults; free use with"
        " citation",
        (18.0, 120.0),
    ),
    "radiography": PublicDataset(
        "COVID-19 Radiography Database",
        "COVID-19 Radiography Database (Chowdhury et al. 2020, Rahman et al. 2021);"
        " academic use, cite both papers",
    ),
}


def title_of(source: str) -> str:
    """A public dataset's name, for people; of another source its own."""
    return PUBLIC[source].title if source in PUBLIC else source


def provenance(source: str) -> str:
    """Where a source's films come from and under which terms, in one line."""
    return PUBLIC[source].provenance if source in PUBLIC else _OWN


def is_public(source: str) -> bool:
    """Whether a source is a public dataset, whose files anyone may name."""
    return source in PUBLIC


def stated_ages(source: str) -> tuple[float, float] | None:
    """The least and greatest age, in years, that a source's authors state for all its patients."""
    return PUBLIC[source].ages if source in PUBLIC else None
