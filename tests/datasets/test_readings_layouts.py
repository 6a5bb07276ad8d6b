"""SIIM-FISABIO-RSNA and RSNA Pneumonia in miniature, as downloaded and as resized copies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from covid_core.datasets.case import Case, parse_age
from covid_core.datasets.layouts import LAYOUTS, read_cases
from covid_core.findings import Appearance, Finding
from covid_core.read.radiograph import View
from tests.films import dicom_file, encode, grey_film

SIIM_KINDS = (
    "Negative for Pneumonia,Typical Appearance,Indeterminate Appearance,Atypical Appearance"
)
SIIM_STUDIES = f"""id,{SIIM_KINDS}
s1_study,0,1,0,0
s2_study,1,0,0,0
s3_study,0,0,1,0
s4_study,0,0,0,1
s5_study,0,0,0,0
"""
SIIM_IMAGES = """id,boxes,label,StudyInstanceUID
a_image,"[{}]",opacity 1 20 40 60 80 opacity 1 100 10 220 90,s1
b_image,,none 1 0 0 1 1,s1
c_image,,none 1 0 0 1 1,s2
d_image,"[{}]",opacity 1 0 0 100 50,s3
e_image,,none 1 0 0 1 1,s4
f_image,,none 1 0 0 1 1,s5
gone_image,,none 1 0 0 1 1,s2
"""
SIIM_NAMES = {"a": "s1", "b": "s1", "c": "s2", "d": "s3", "e": "s4", "f": "s5"}
META = "image_id,patient,width,height\n" + "".join(
    f"{name},p{name},{size}\n" for name, size in zip("abcdef", ["200,100"] * 5 + [","], strict=True)
)


def siim(root: Path, *, dicom: bool, meta: str = META) -> Path:
    film = grey_film(100, 200)
    for name, study in SIIM_NAMES.items():
        path = root / "train" / (f"{study}/series/{name}.dcm" if dicom else f"{name}.jpg")
        path.parent.mkdir(parents=True, exist_ok=True)
        tags: dict[str, Any] = {"PatientID": f"tag {study}", "ViewPosition": "AP"}
        path.write_bytes(dicom_file(film, **tags) if dicom else encode(film, "JPEG"))
    (root / "test").mkdir()
    (root / "test" / "z.jpg").write_bytes(encode(film, "JPEG"))
    (root / "train_study_level.csv").write_text(SIIM_STUDIES)
    (root / "train_image_level.csv").write_text(SIIM_IMAGES)
    if meta:
        (root / "meta.csv").write_text(meta)
    return root


def rsna(root: Path, *, dicom: bool, metadata: bool) -> Path:
    folder = root / "stage_2_train_images"
    folder.mkdir(parents=True)
    for name in "nox":
        tags: dict[str, Any] = {"PatientAge": "045Y", "PatientSex": "F", "ViewPosition": "PA"}
        data = dicom_file(grey_film(), **tags) if dicom else encode(grey_film(), "JPEG")
        (folder / f"{name}.{'dcm' if dicom else 'jpg'}").write_bytes(data)
    (root / "stage_2_test_images").mkdir()
    (root / "stage_2_test_images" / "t.jpg").write_bytes(encode(grey_film(), "JPEG"))
    (root / "stage_2_train_labels.csv").write_text(
        "patientId,x,y,width,height,Target\nn,,,,,0\nx,,,,,0\n"
        "o,512,256,256,512,1\no,0,0,102.4,1124,1\ngone,,,,,0\n"
    )
    (root / "stage_2_detailed_class_info.csv").write_text(
        "patientId,class\nn,Normal\nx,No Lung Opacity / Not Normal\no,Lung Opacity\n"
        "o,Lung Opacity\ngone,Normal\n"
    )
    if metadata:
        (root / "metadata.csv").write_text("patientId,age,sex,view\nn,51,F,PA\no,9,M,AP\n")
    return root


def by_name(root: Path) -> dict[str, Case]:
    return {case.path.stem: case for case in read_cases([root]).cases}


@pytest.mark.parametrize("dicom", [True, False])
def test_siim_gives_appearance_class_and_boxes(tmp_path: Path, dicom: bool) -> None:
    root = siim(tmp_path / "siim", dicom=dicom)
    cases = by_name(root)
    assert {case.source for case in cases.values()} == {"siim-covid19"}
    assert (cases["a"].label, cases["a"].appearance) == (Finding.COVID, Appearance.TYPICAL)
    assert cases["a"].boxes == ((0.1, 0.4, 0.3, 0.8), (0.5, 0.1, 1.0, 0.9))
    assert (cases["c"].label, cases["c"].boxes) == (Finding.NORMAL, ())
    assert (cases["d"].label, cases["d"].appearance) == (None, Appearance.INDETERMINATE)
    assert (cases["e"].appearance, cases["e"].boxes) == (Appearance.ATYPICAL, None)
    assert cases["a"].patient == "pa"
    reasons = {left.path.stem: left.reason for left in read_cases([root]).left_out}
    assert reasons == {
        "gone": "in the tables, not on the disk",
        "f": "its study has not one reading in the tables",
    }


def test_siim_s_image_beside_the_annotated_one_has_no_reading(tmp_path: Path) -> None:
    case = by_name(siim(tmp_path, dicom=False))["b"]
    assert (case.label, case.appearance, case.boxes) == (None, None, None)
    assert "not annotated" in case.finding


def test_siim_s_test_films_are_unlabelled(tmp_path: Path) -> None:
    case = by_name(siim(tmp_path, dicom=False))["z"]
    assert (case.label, case.appearance, case.boxes) == (None, None, None)


def test_siim_without_meta_keeps_what_dicom_holds(tmp_path: Path) -> None:
    cases = by_name(siim(tmp_path, dicom=True, meta=""))
    assert (cases["a"].patient, cases["a"].view) == ("tag s1", View.AP)
    assert cases["a"].boxes == ((0.1, 0.4, 0.3, 0.8), (0.5, 0.1, 1.0, 0.9))


def test_siim_s_copies_without_meta_lose_only_size_and_patient(tmp_path: Path) -> None:
    cases = by_name(siim(tmp_path, dicom=False, meta=""))
    assert cases["a"].boxes is None
    assert cases["a"].label is Finding.COVID
    assert (cases["a"].patient, cases["b"].patient) == ("s1", "s1")
    assert cases["c"].boxes == ()


def test_siim_reads_the_sizes_of_the_other_common_table(tmp_path: Path) -> None:
    meta = "image_id,dim0,dim1,split\na,100,200,train\n"
    case = by_name(siim(tmp_path, dicom=False, meta=meta))["a"]
    assert case.boxes == ((0.1, 0.4, 0.3, 0.8), (0.5, 0.1, 1.0, 0.9))


def test_siim_s_boxes_in_an_image_of_no_size_say_nothing(tmp_path: Path) -> None:
    meta = "image_id,dim0,dim1,split\na,nan,200,train\n"
    assert by_name(siim(tmp_path / "nan", dicom=False, meta=meta))["a"].boxes is None
    meta = "image_id,dim0,dim1,split\na,n/a,200,train\n"
    [left] = read_cases([siim(tmp_path / "words", dicom=False, meta=meta)]).left_out
    assert left.damaged and "a size that is no number" in left.reason


@pytest.mark.parametrize("dicom", [True, False])
@pytest.mark.parametrize("metadata", [True, False])
def test_rsna_gives_three_kinds_and_boxes(tmp_path: Path, dicom: bool, metadata: bool) -> None:
    root = rsna(tmp_path / "rsna", dicom=dicom, metadata=metadata)
    cases = by_name(root)
    assert {case.source for case in cases.values()} == {"rsna-pneumonia"}
    assert [cases[name].label for name in "nxo"] == [
        Finding.NORMAL,
        Finding.NORMAL,
        Finding.PNEUMONIA,
    ]
    assert cases["o"].boxes == ((0.5, 0.25, 0.75, 0.75), (0.0, 0.0, 0.1, 1.0))
    assert cases["n"].boxes == cases["x"].boxes == ()
    assert (cases["t"].label, cases["t"].boxes) == (None, None)
    assert {case.patient for case in cases.values()} == {None}, "patientId is an image's"
    known = {(True, True): 9.0, (True, False): 9.0, (False, True): 45.0, (False, False): None}
    assert cases["o"].age == known[metadata, dicom]
    assert cases["o"].view is {True: View.AP, False: View.PA if dicom else View.UNKNOWN}[metadata]
    assert [left.path.name for left in read_cases([root]).left_out] == ["gone"]


@pytest.mark.parametrize("make", [siim, rsna])
def test_one_layout_alone_recognises_it(tmp_path: Path, make: Any) -> None:
    options = {"metadata": True} if make is rsna else {}
    root = make(tmp_path / "set", dicom=True, **options)
    assert sum(layout.recognises(root) for layout in LAYOUTS) == 1


@pytest.mark.parametrize(
    ("text", "years"), [("045Y", 45.0), ("018M", 1.5), ("52", 52.0), ("", None), ("900Y", None)]
)
def test_ages_are_in_years(text: str, years: float | None) -> None:
    assert parse_age(text) == years
