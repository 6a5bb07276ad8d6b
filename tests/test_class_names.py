"""The vocabulary of class names: what each spelling names, and what names nothing."""

from __future__ import annotations

import pytest

from covid_core.class_names import is_lung_opacity, parse_class, says_covid
from covid_core.findings import CLASSES, Finding

NAMES = {
    Finding.COVID: (
        "COVID, covid, COVID-19, covid19, Covid_19, COVID 19, covid-2019, SARS-CoV-2, sars_cov_2,"
        " SARSCoV2, corona, Coronavirus, 2019-nCoV, nCoV, Covid pneumonia, COVID-19 Pneumonia,"
        " covidpneumonia, COVID_positive, Covid Patients, covids, COVID19_images, 0_covid,"
        " 01. Covid-19, Pneumonia (COVID-19), Pneumonia/Viral/COVID-19, severe covid,"
        " COVID-19 ARDS, Neumonía COVID, 新冠肺炎"
    ),
    Finding.PNEUMONIA: (
        "Pneumonia, PNEUMONIA, pneumonias, Pnemonia, Bacterial pneumonia, Viral Pneumonia,"
        " VIRAL_PNEUMONIA, viralpneumonia, bacterial, BACTERIAL, bacteria, Virus, SARS, SARS-CoV,"
        " MERS-CoV, E.Coli, H1N1, Mycoplasma Bacterial Pneumonia, other pneumonia, non-COVID"
        " pneumonia, Pneumonia (non covid), Pneumonia/Fungal/Pneumocystis, neumonía,"
        " Lungenentzündung, polmonite, pneumonie, zatürre, пневмония, 2_pneumonia"
    ),
    Finding.NORMAL: (
        "NORMAL, normal, Normals, healthy, No Finding, No_findings, NO-FINDINGS, nofinding, Normal"
        " cases, NORMAL (healthy), no pneumonia, Negative for Pneumonia, sano, gesund, saudável,"
        " unauffällig, saglıklı, 正常, 2 normal"
    ),
    Finding.NOT_COVID: "non-COVID, nonCOVID, not covid, COVID negative, no covid, negative",
    None: (
        "tuberculosis, TB, notes, images, masks, data, rsna-pneumonia, covid-cxnet, siim-covid19,"
        " suspected covid, post covid, normal covid, not normal, abnormal, COVID-, todo, Unknown,"
        " 2021, 1, other, ARDS, covd, lung opacity, papers, pneumothorax, no, -"
    ),
}


@pytest.mark.parametrize(
    ("name", "finding"),
    [(name, finding) for finding, names in NAMES.items() for name in names.split(", ")],
)
def test_each_spelling_names_its_class(name: str, finding: Finding | None) -> None:
    assert parse_class(name) is finding
    assert parse_class(f" {name.upper()} ") is finding


def test_the_names_of_files_and_pages_are_known() -> None:
    for finding in (*CLASSES, Finding.NOT_COVID):
        assert parse_class(finding.value) is finding
        assert parse_class(finding.display_name) is finding


@pytest.mark.parametrize(
    ("label", "answer"),
    [("1", True), ("0", False), ("True", True), ("1.0", True), ("POSITIVE", True), ("neg", False)]
    + [("other", False), ("SARS-CoV-2", True), ("Viral Pneumonia", False), ("non-COVID", False)]
    + [("Lung_Opacity", False), ("flu", None), ("", None), ("2", None)],
)
def test_a_label_says_covid_by_class_or_by_yes_and_no(label: str, answer: bool | None) -> None:
    assert says_covid(label) is answer


def test_lung_opacity_is_known_and_names_no_class() -> None:
    for name in ("Lung_Opacity", "lung opacity", "LUNG-OPACITY", "Lung opacities"):
        assert is_lung_opacity(name) and parse_class(name) is None
    assert not is_lung_opacity("lung")


def test_a_name_without_end_takes_no_time() -> None:
    assert parse_class("covid" * 100_000 + "q") is None
