"""Each public layout, in miniature: recognised, labelled, its patients known."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from covid_core.datasets.case import Case, Selection
from covid_core.datasets.layouts import LAYOUTS, read_cases
from covid_core.errors import DatasetError
from covid_core.read.radiograph import View
from covid_core.sources import PUBLIC, provenance, stated_ages
from covid_core.storage.walk import PassedOver, Tally
from tests.films import dicom_file, encode, grey_film


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def cases_in(root: Path, **selection: Any) -> tuple[Case, ...]:
    return read_cases([root], Selection(**selection)).cases


def counted(root: Path, **selection: Any) -> Counter[tuple[str, str]]:
    cases = cases_in(root, **selection)
    return Counter((case.source, case.label.value if case.label else "") for case in cases)


def left_out(root: Path, **selection: Any) -> Counter[str]:
    return Counter(left.reason for left in read_cases([root], Selection(**selection)).left_out)


def patients(root: Path) -> set[str | None]:
    return {case.patient for case in cases_in(root)}


@pytest.mark.parametrize("inner", ["", "images/"])
def test_radiography_database(tmp_path: Path, inner: str) -> None:
    films = [f"{name}/{inner}{name}-{n}.png" for name in ("COVID", "Normal") for n in (1, 2)]
    extra = ["Viral Pneumonia/" + inner + "Viral Pneumonia-1.png", f"Lung_Opacity/{inner}L-1.png"]
    masks = ["COVID/masks/COVID-1.png"] if inner else []
    root = touch(tmp_path, *films, *extra, *masks, "COVID.metadata.xlsx")
    assert counted(root) == {
        ("radiography", "covid"): 2,
        ("radiography", "normal"): 2,
        ("radiography", "pneumonia"): 1,
    }
    assert left_out(root) == {"lung opacity of any cause": 1}
    assert counted(root, lung_opacity=True)["radiography", "pneumonia"] == 2


def test_kermany(tmp_path: Path) -> None:
    root = touch(
        tmp_path,
        "train/NORMAL/IM-0115-0001.jpeg",
        "train/PNEUMONIA/person1_bacteria_1.jpeg",
        "train/PNEUMONIA/person1_virus_2.jpeg",
        "test/NORMAL/NORMAL2-IM-0007-0001.jpeg",
        "test/PNEUMONIA/person1_virus_9.jpeg",
        "train/NORMAL/.DS_Store",
    )
    assert counted(root) == {("chest_xray", "normal"): 2, ("chest_xray", "pneumonia"): 3}
    assert patients(root) == {"IM-0115", "NORMAL2-IM-0007", "person1"}
    assert Counter(case.finding for case in cases_in(root)) == {"": 2, "bacteria": 1, "virus": 2}


def test_cohen_keeps_frontal_films_of_mapped_findings(tmp_path: Path) -> None:
    rows = [
        ("1", "COVID-19", "PA", "X-ray", "a.jpg"),
        ("1", "COVID-19, ARDS", "AP", "X-ray", "b.jpg"),
        ("2", "Pneumonia/Viral/COVID-19", "AP Supine", "X-ray", "c.jpg"),
        ("3", "Pneumonia/Bacterial/Streptococcus", "PA", "X-ray", "d.jpg"),
        ("4", "No Finding", "PA", "X-ray", "e.jpg"),
        ("5", "todo", "PA", "X-ray", "f.jpg"),
        ("6", "COVID-19", "L", "X-ray", "g.jpg"),
        ("7", "COVID-19", "Axial", "CT", "h.jpg"),
        ("8", "COVID-19", "PA", "X-ray", "not there.jpg"),
    ]
    lines = ["patientid,finding,view,modality,filename"]
    lines += [f'{p},"{finding}",{view},{m},{name}' for p, finding, view, m, name in rows]
    root = touch(tmp_path, *(f"images/{row[4]}" for row in rows[:-1]))
    (root / "metadata.csv").write_text("\n".join(lines))
    source = "covid-chestxray"
    assert counted(root) == {(source, "covid"): 3, (source, "pneumonia"): 1, (source, "normal"): 1}
    assert patients(root) == {"1", "2", "3", "4"}
    assert left_out(root) == {
        "finding not mapped: todo": 1,
        "lateral view": 1,
        "not a radiograph: modality CT, Axial": 1,
        "in the metadata, not on the disk": 1,
    }
    assert sum(counted(root, views=frozenset({View.PA})).values()) == 3
    assert left_out(root, views=frozenset({View.PA}))["view AP"] == 2


def test_cohen_knows_view_age_and_sex(tmp_path: Path) -> None:
    root = touch(tmp_path, "images/a.jpg", "images/b.jpg")
    (root / "metadata.csv").write_text(
        "patientid,finding,view,modality,filename,folder,age,sex\n"
        "1,COVID-19,AP Supine,X-ray,a.jpg,images,65,M\n"
        "2,COVID-19,,X-ray,b.jpg,images,old,\n"
    )
    known, unknown = cases_in(root)
    assert (known.view, known.age, known.sex) == (View.AP, 65.0, "M")
    assert (unknown.view, unknown.age, unknown.sex) == (View.UNKNOWN, None, None)
    assert left_out(root, views=frozenset({View.AP})) == {"view unknown": 1}


def coronahack(root: Path, inner: str = "") -> Path:
    rows = [
        ("IM-0128-0001.jpeg", "Normal", "TRAIN", "", ""),
        ("person1_virus_6.jpeg", "Pnemonia", "TRAIN", "", "Virus"),
        ("c.jpg", "Pnemonia", "TRAIN", "COVID-19", "Virus"),
        ("d.jpg", "Pnemonia", "TRAIN", "ARDS", "Stress-Smoking"),
        ("e.jpeg", "Pnemonia", "TEST", "Streptococcus", "bacteria"),
        ("f.jpeg", "", "TEST", "", ""),
        ("gone.jpeg", "Normal", "TEST", "", ""),
    ]
    films = f"{inner}Coronahack-Chest-XRay-Dataset/"
    for name, _, part, _, _ in rows[:-1]:
        touch(root, f"{films}{part.lower()}/{name}")
    touch(root, f"{films}test/without a row.jpeg")
    lines = [",X_ray_image_name,Label,Dataset_type,Label_2_Virus_category,Label_1_Virus_category"]
    lines += [f"{i},{','.join(row)}" for i, row in enumerate(rows)]
    table = root / inner / "Chest_xray_Corona_Metadata.csv"
    table.parent.mkdir(parents=True, exist_ok=True)
    table.write_text("\n".join(lines))
    return root


@pytest.mark.parametrize("inner", ["", "archive/"])
def test_coronahack_leaves_its_unlabelled_films_unlabelled(tmp_path: Path, inner: str) -> None:
    root = coronahack(tmp_path, inner)
    source = "coronahack"
    assert counted(root) == {
        (source, "normal"): 1,
        (source, "pneumonia"): 2,
        (source, "covid"): 1,
        (source, ""): 2,
    }
    assert patients(root) == {"IM-0128", "person1", None}
    assert {case.finding for case in cases_in(root)} == {"", "Virus", "COVID-19", "Streptococcus"}
    assert left_out(root) == {
        "finding not mapped: Pnemonia, ARDS": 1,
        "in the metadata, not on the disk": 1,
    }


def test_a_stated_view_is_required_only_of_datasets_that_state_views(tmp_path: Path) -> None:
    root = touch(tmp_path / "cx", "covid19/1.jpg", "covid19/2.jpg", "covid19/3.jpg").parent
    (root / "cx" / "metadata.csv").write_text("filename,patient_id,view\n1.jpg,7,PA\n2.jpg,8,AP\n")
    touch(root / "nih", "No_findings/1_0.jpg", "Pneumonia/2_0.jpg")
    kept = cases_in(root, views=frozenset({View.PA}))
    assert [case.path.name for case in kept] == ["1.jpg", "1_0.jpg", "2_0.jpg"]


def test_a_file_given_twice_counts_once(tmp_path: Path) -> None:
    root = touch(tmp_path / "nih", "No_findings/1_0.jpg", "Pneumonia/2_0.jpg")
    assert len(read_cases([root, tmp_path]).cases) == 2


def test_covid_cxnet_knows_some_patients(tmp_path: Path) -> None:
    root = touch(tmp_path, "covid19/1.jpg", "covid19/2.jpg")
    (root / "metadata.csv").write_text("filename,patient_id,sex\n1.jpg,77,male\n2.jpg,,\n")
    assert counted(root) == {("covid-cxnet", "covid"): 2}
    assert patients(root) == {"77", None}


def test_nih(tmp_path: Path) -> None:
    root = touch(tmp_path, "No_findings/00000001_000.jpg", "Pneumonia/00000001_004.jpg")
    assert counted(root) == {("nih", "normal"): 1, ("nih", "pneumonia"): 1}
    assert patients(root) == {"00000001"}


def test_folders_of_one_s_own_in_any_letters(tmp_path: Path) -> None:
    root = touch(
        tmp_path / "clinic", "Normal/a.png", "COVID/ann/1.dcm", "COVID/ann/2.dcm", "notes/x.txt"
    )
    assert counted(root) == {("clinic", "normal"): 1, ("clinic", "covid"): 2}
    assert patients(root) == {None, "ann"}


NAMES = ["COVID-19", "Covid19", "COVID_19", "Viral Pneumonia", "BACTERIAL", "Bacterial Pneumonia"]
NAMES += ["Lung_Opacity", "NORMAL", "No_findings"]


def test_class_folders_in_every_common_spelling(tmp_path: Path) -> None:
    root = touch(tmp_path / "clinic", *(f"{name}/{name}-1.png" for name in NAMES))
    expected = {("clinic", "covid"): 3, ("clinic", "pneumonia"): 3, ("clinic", "normal"): 2}
    assert counted(root) == expected
    assert left_out(root) == {"lung opacity of any cause": 1}
    assert counted(root, lung_opacity=True)["clinic", "pneumonia"] == 4
    assert {case.finding for case in cases_in(root)} == set(NAMES) - {"Lung_Opacity"}


@pytest.mark.parametrize("unknown", ["Tuberculosis", "covd", "non-COVID"])
def test_a_folder_of_an_unknown_name_stops_with_its_name_or_is_skipped_on_purpose(
    tmp_path: Path, unknown: str
) -> None:
    root = touch(tmp_path / "clinic", "normal/a.png", "covid/b.png", f"{unknown}/c/d.png")
    with pytest.raises(DatasetError, match="class is known") as stopped:
        read_cases([root])
    assert f"{root / unknown}, radiographs: 1" in stopped.value.problem
    assert "--skip-unknown" in stopped.value.remedy
    found = read_cases([root], Selection(skip_unknown=True))
    assert len(found.cases) == 2
    [left] = found.left_out
    assert unknown in left.reason and not left.damaged


def test_what_is_not_covid_is_normal_where_pneumonia_stands_beside(tmp_path: Path) -> None:
    root = touch(tmp_path / "clinic", "covid/a.png", "non-covid/b.png", "pneumonia/c.png")
    labels = {case.path.parent.name: str(case.label) for case in cases_in(root)}
    assert labels == {"covid": "covid", "non-covid": "normal", "pneumonia": "pneumonia"}


def test_parts_are_read_as_one_and_masks_are_no_films(tmp_path: Path) -> None:
    root = touch(
        tmp_path / "clinic",
        "Train/COVID-19/images/a.png",
        "Train/COVID-19/lung masks/a.png",
        "Train/Normal/images/ann/b.png",
        "Val/Normal/images/ann/c.png",
        "Test/COVID-19/images/00001281_000.png",
    )
    assert counted(root) == {("clinic", "covid"): 2, ("clinic", "normal"): 2}
    assert patients(root) == {None, "ann", "00001281"}


@pytest.mark.parametrize("name", ["chest_xray", "nih"])
@pytest.mark.parametrize("covid", [True, False])
def test_films_in_folders_named_like_a_public_set_s_are_not_said_to_be_of_children(
    tmp_path: Path, name: str, covid: bool
) -> None:
    """Kermany's set, known to be all of children, is recognised by its films' names, too."""
    classes = ("NORMAL", "PNEUMONIA", "COVID19") if covid else ("NORMAL", "PNEUMONIA")
    films = (f"{part}/{one}/{one}(0).jpg" for part in ("train", "test") for one in classes)
    root = touch(tmp_path / name, *films)
    assert {case.source for case in cases_in(root)} == {f"{name} (own)"}
    assert stated_ages(f"{name} (own)") is None


def test_a_class_folder_beside_a_public_set_s_does_not_vanish(tmp_path: Path) -> None:
    touch(tmp_path / "dark", "No_findings/1_0.jpg", "Pneumonia/2_0.jpg", "Covid-19/c.jpg")
    names = [f"{name}/{name}-1.png" for name in ("COVID", "Normal", "Viral Pneumonia")]
    touch(tmp_path / "radio", *names, "Bacterial Pneumonia/b.png")
    touch(tmp_path / "cx", "covid19/1.jpg", "normal/2.jpg")
    assert counted(tmp_path) == {
        ("dark", "normal"): 1,
        ("dark", "pneumonia"): 1,
        ("dark", "covid"): 1,
        ("radio", "covid"): 1,
        ("radio", "normal"): 1,
        ("radio", "pneumonia"): 2,
        ("cx", "covid"): 1,
        ("cx", "normal"): 1,
    }


def test_datasets_called_by_a_class_are_no_class_folders(tmp_path: Path) -> None:
    touch(tmp_path / "chest-xray-pneumonia", "normal/a.png", "pneumonia/b.png")
    touch(tmp_path / "covid", "normal/a.png", "covid/b.png")
    sources = {case.source for case in cases_in(tmp_path)}
    assert sources == {"chest-xray-pneumonia", "covid"}


def test_films_are_known_by_their_bytes_and_the_rest_is_counted(tmp_path: Path) -> None:
    root = touch(tmp_path / "clinic", "normal/a.txt", "covid/b.png", "covid/masks/b.png", "t.csv")
    (root / "normal" / "IM000001").write_bytes(dicom_file(grey_film()))
    (root / "normal" / "film.dat").write_bytes(encode(grey_film(), "PNG"))
    touch(root, "covid/.hidden/c.png", "normal/@eaDir/d.png", "covid/Thumbs.db")
    tally = Tally()
    found = read_cases([root], note=tally.note)
    assert [case.path.name for case in found.cases] == ["b.png", "IM000001", "film.dat"]
    assert found.left_out == ()
    assert tally.counts == {
        PassedOver.SYSTEM: 3,
        PassedOver.OTHER_KIND: 2,
        PassedOver.NOT_IN_LAYOUT: 1,
    }


def cohen(root: Path, *rows: str, encoding: str = "utf-8", end: str = "\n") -> Path:
    touch(root, *(f"images/{name}.jpg" for name in "abcdef"))
    lines = ["patientid,finding,view,modality,filename", *rows]
    (root / "metadata.csv").write_bytes(end.join([*lines, ""]).encode(encoding))
    return root


def test_a_file_with_two_labels_or_patients_is_left_out_and_named(tmp_path: Path) -> None:
    root = cohen(
        tmp_path,
        "1,COVID-19,PA,X-ray,a.jpg",
        "2,No Finding,PA,X-ray,b.jpg",
        "9,No Finding,PA,X-ray,a.jpg",
        '2,"no finding",AP,x-ray,b.jpg',
        "3,Pneumonia,PA,X-ray,c.jpg",
        "4,Pneumonia,PA,X-ray,c.jpg",
        "5,Pneumonia,L,X-ray,d.jpg",
        "5,Pneumonia,PA,X-ray,d.jpg",
    )
    assert [case.path.name for case in cases_in(root)] == ["b.jpg"]
    assert left_out(root) == {
        "its table contradicts itself: covid; normal": 1,
        "its table contradicts itself: two patients": 1,
        "its table contradicts itself: lateral view; pneumonia": 1,
    }


def test_a_short_or_long_row_is_named_by_its_line_and_the_others_are_read(tmp_path: Path) -> None:
    root = cohen(
        tmp_path,
        "1,COVID-19,PA,X-ray,a.jpg",
        "2,,",
        "3,COVID-19,ARDS,PA,X-ray,c.jpg",
        "4,SARS,PA,X-ray,d.jpg,,",
        "",
        ",,,,",
    )
    assert [case.path.name for case in cases_in(root)] == ["a.jpg", "d.jpg"]
    rows = {left.path.name: left.reason for left in read_cases([root]).left_out}
    assert rows == {
        "metadata.csv:3": "a row of 3 cells, where the table has 5 columns",
        "metadata.csv:4": "a row of 6 cells, where the table has 5 columns",
    }


@pytest.mark.parametrize(
    ("modality", "view", "read"),
    [("X-ray", "", True), ("x-ray", "", True), ("XRAY", "PA", True), ("DX", "", True)]
    + [("", "PA", True), ("", "", False), ("CT", "PA", False), ("X-ray", "Axial", False)],
)
def test_a_radiograph_is_distinguished_from_ct_in_any_spelling(
    tmp_path: Path, modality: str, view: str, read: bool
) -> None:
    root = cohen(tmp_path, f"1,covid 19,{view},{modality},a.jpg", "2,Normal,PA,X-ray,b.jpg")
    assert ("a.jpg" in [case.path.name for case in cases_in(root)]) is read
    if not modality and not read:
        assert left_out(root) == {"neither modality nor view is stated": 1}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_table_that_a_spreadsheet_saved_is_read(tmp_path: Path, encoding: str, end: str) -> None:
    rows = ("1,COVID-19,PA,X-ray,a.jpg", "2,Normal,PA,X-ray,b.jpg")
    assert len(cases_in(cohen(tmp_path, *rows, encoding=encoding, end=end))) == 2


def test_a_label_of_an_unknown_name_stops_with_it(tmp_path: Path) -> None:
    root = cohen(tmp_path, "1,COVD-19,PA,X-ray,a.jpg", "2,Normal,PA,X-ray,b.jpg")
    with pytest.raises(DatasetError) as stopped:
        read_cases([root])
    assert "metadata.csv: COVD-19, radiographs: 1" in stopped.value.problem
    assert len(cases_in(root, skip_unknown=True)) == 1


def test_folders_of_one_s_own_that_differ_in_letters_only_are_both_read(tmp_path: Path) -> None:
    root = touch(tmp_path / "clinic", "COVID/a.png", "Covid/b.png", "normal/c.png")
    if len(list(root.iterdir())) == 2:
        pytest.skip("this file system knows no difference")
    assert counted(root) == {("clinic", "normal"): 1, ("clinic", "covid"): 2}


@pytest.mark.parametrize("patient", ["ann", None])
def test_films_of_one_s_own_named_by_class_are_no_public_set(
    tmp_path: Path, patient: str | None
) -> None:
    """They look like the radiography database, which has neither patients nor `Pneumonia/`."""
    inner = f"{patient}/" if patient else ""
    names = [f"{name}/{inner}{name}_1.png" for name in ("COVID", "Normal", "Pneumonia")]
    root = touch(tmp_path / "clinic", *(names[:2] if patient else names))
    assert {case.source for case in cases_in(root)} == {"clinic"}
    assert len(cases_in(root)) == (2 if patient else 3)
    assert patients(root) == {patient}


def test_a_dataset_called_covid19_keeps_its_own_labels(tmp_path: Path) -> None:
    root = touch(tmp_path, "covid19/normal/a.png", "covid19/covid/b.png")
    assert counted(root) == {("covid19", "normal"): 1, ("covid19", "covid"): 1}


@pytest.mark.linux
def test_what_is_no_file_is_no_film(tmp_path: Path) -> None:
    root = touch(tmp_path / "clinic", "normal/a.png", "covid/b.png")
    (root / "normal" / "folder.png").mkdir()
    (root / "covid" / "dead link.png").symlink_to(root / "gone.png")
    assert counted(root) == {("clinic", "normal"): 1, ("clinic", "covid"): 1}


def test_a_folder_of_datasets(tmp_path: Path) -> None:
    touch(tmp_path / "one", "No_findings/1_0.jpg", "Pneumonia/2_0.jpg")
    touch(tmp_path / "two", "normal/a.png", "covid/b.png")
    touch(tmp_path / "papers", "read me.txt", "scan.png")
    assert set(counted(tmp_path)) == {
        ("nih", "normal"),
        ("nih", "pneumonia"),
        ("two", "normal"),
        ("two", "covid"),
    }
    assert left_out(tmp_path) == {"in no layout known here": 1}


@pytest.mark.parametrize("name", ["", "no such folder"])
def test_nothing_recognised_says_what_is_wanted(tmp_path: Path, name: str) -> None:
    touch(tmp_path, "holiday/beach.jpg")
    with pytest.raises(DatasetError) as refused:
        read_cases([tmp_path / name])
    assert refused.value.file == str(tmp_path / name)
    assert refused.value.remedy


def test_every_source_says_where_it_is_from() -> None:
    assert "Kermany" in provenance("chest_xray")
    assert provenance("clinic") == "a folder of one's own"


@pytest.mark.real_data
def test_the_shared_sets_are_read_whole(shared_data: Path) -> None:
    counts = counted(shared_data)
    assert counts[("radiography", "covid")] == 3566
    assert counts[("radiography", "normal")] == 10152
    assert counts[("chest_xray", "normal")] + counts[("chest_xray", "pneumonia")] == 5839
    assert counts[("nih", "normal")] + counts[("nih", "pneumonia")] == 499
    assert counts[("covid-cxnet", "covid")] == 809


def test_every_layout_has_the_same_three_names() -> None:
    for layout in LAYOUTS:
        for name in ("SOURCE", "recognises", "read"):
            assert hasattr(layout, name), f"{layout.__name__} has no {name}"


def test_every_layout_of_a_public_dataset_has_a_source_and_each_source_a_layout() -> None:
    assert {layout.SOURCE for layout in LAYOUTS} - {None} == set(PUBLIC)


def test_ages_are_those_that_a_source_states() -> None:
    assert stated_ages("chest_xray") == (1, 5)
    assert stated_ages("radiography") is None
