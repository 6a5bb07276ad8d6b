"""Imports run one way: a room of the house knows only rooms below its own, and no two modules know
each other. An import inside a function counts, and so does one for types alone."""

from __future__ import annotations

import ast
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import covid_core

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "covid_core"
APP = ROOT / "app"
SAYING = {"label", "help", "placeholder", "text", "alt", "caption", "body"}

GROUND = {"errors", "extras", "findings", "metrics", "crop", "boxes", "sources", "class_names"}
HOUSE: tuple[set[str], ...] = (
    GROUND,
    {"storage"},
    {"read"},
    {"prepare"},
    {"model"},
    {"engines"},
    {"predict"},
    {"explain"},
    {"case"},
    {"present"},
    {"exports"},
    {"batch"},
    {"cluster"},
    {"local_validation"},
    {"datasets"},
    {"training"},
    {"evaluation"},
    {"model_card"},
    {"bench"},
    {"commands"},
)  # from the ground up; above all stand `__main__`, and the front page with the public names
FRONT, OURS = (
    "covid_core",
    (
        "covid_core",
        "app",
        "benchmarks",
        "docs",
        "examples",
        "supply",
        "tests",
        "train",
    ),
)

Imports = dict[str, set[str]]
"""What each module imports, by their whole names."""


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def modules(folder: Path = PACKAGE) -> dict[str, Path]:
    return {name_of(path): path for path in sorted(folder.rglob("*.py"))}


def is_module(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module and not node.level, f"{path}: imports are absolute here"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if is_module(inner) else node.module)
    return found


def imports_in(folder: Path) -> Imports:
    """What the modules in a folder import of this project."""
    return {
        name: {one for one in imports_of(path) if one.partition(".")[0] in OURS}
        for name, path in modules(folder).items()
    }


def room_of(module: str) -> str:
    return module.split(".")[1]


def floor_of(module: str) -> int:
    """The floor of a module's room, the ground's 0."""
    if module in (FRONT, f"{FRONT}.__main__"):
        return len(HOUSE)
    floors = [floor for floor, rooms in enumerate(HOUSE) if room_of(module) in rooms]
    assert len(floors) == 1, f"{module} has no room in the table, or two"
    return floors[0]


def upward(imports: Imports) -> list[str]:
    """Imports of a room above, or of what is no room."""
    return [
        f"{module} imports {imported}"
        for module, those in imports.items()
        if module != FRONT  # its public names, each imported when it is first requested
        for imported in sorted(those)
        if not imported.startswith(f"{FRONT}.") or floor_of(imported) > floor_of(module)
    ]


def circle_of(imports: Imports) -> list[str]:
    """The modules of one circle, the first again at its end; none where there is no circle."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def between_rooms(imports: Imports) -> Imports:
    """The same, room by room; each module of the ground is one."""
    rooms: Imports = {}
    for module, those in imports.items():
        own = room_of(module)
        rooms.setdefault(own, set()).update(room_of(one) for one in those if room_of(one) != own)
    return rooms


@pytest.fixture(scope="module")
def core() -> Imports:
    return imports_in(PACKAGE)


def test_no_room_imports_from_above(core: Imports) -> None:
    assert len(core) > 200
    assert upward(core) == []


def test_no_two_modules_and_no_two_rooms_import_each_other(core: Imports) -> None:
    inside = {module: those for module, those in core.items() if module != FRONT}
    assert circle_of(inside) == []
    assert circle_of(between_rooms(inside)) == []


def test_what_is_wrong_would_be_found() -> None:
    assert upward({"covid_core.read.a": {"covid_core.model.b", "covid_core.read.c", "app.d"}}) == [
        "covid_core.read.a imports app.d",
        "covid_core.read.a imports covid_core.model.b",
    ]
    assert upward({"covid_core.read.a": {"covid_core"}}), "the front page stands above all of them"
    rooms = {
        "covid_core.read.a": {"covid_core.model.b"},
        "covid_core.model.c": {"covid_core.read.d"},
    }
    assert circle_of(rooms) == []
    assert set(circle_of(between_rooms(rooms))) == {"read", "model"}


def test_the_front_page_lists_the_rooms_in_their_order() -> None:
    lines = re.findall(r"^    ((?:\w+, )*\w+)  +\S", covid_core.__doc__ or "", re.MULTILINE)
    assert [set(line.split(", ")) for line in lines] == list(HOUSE)


def test_the_table_names_each_room_and_nothing_that_is_gone(core: Imports) -> None:
    rooms = {room_of(module) for module in core if module != FRONT}
    assert rooms - {"__main__"} == {room for floor in HOUSE for room in floor}
    alone = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    assert alone == GROUND, "all else has a room"


def test_the_app_has_no_circle_and_imports_the_core_only() -> None:
    imports = imports_in(APP)
    assert circle_of(imports) == []
    foreign = {one for those in imports.values() for one in those} - set(imports)
    assert {one for one in foreign if not one.startswith(f"{FRONT}.")} == set()


def test_the_core_knows_no_screen() -> None:
    libraries = {
        imported.split(".")[0] for path in PACKAGE.rglob("*.py") for imported in imports_of(path)
    }
    assert "torch" in libraries
    assert "streamlit" not in libraries


def test_the_page_holds_no_science() -> None:
    """Arrays are carried there, and times of reading; networks, statistics and files' formats are
    the core's."""
    theirs = {
        "torch",
        "torchvision",
        "pytorch_grad_cam",
        "scipy",
        "sklearn",
        "mapie",
        "pydicom",
        "highdicom",
        "dicomweb_client",
        "fpdf",
        "PIL",
        "gdcm",
        "matplotlib",
    }
    found = {
        (path.name, imported.split(".")[0])
        for path in APP.rglob("*.py")
        for imported in imports_of(path)
    }
    assert {(name, library) for name, library in found if library in theirs} == set()


def test_what_the_page_says_is_all_in_its_texts() -> None:
    """So that it can be translated: no sentence stands in a call of Streamlit's."""
    pages = [path for path in APP.rglob("*.py") if path.parent.name != "texts"]
    spoken = {
        f"{path.name}: {text}"
        for path in [*pages, ROOT / "streamlit_app.py"]
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and ast.unparse(call.func).startswith("st.")
        for text in texts_of(call)
    }
    assert spoken == set()


def texts_of(call: ast.Call) -> set[str]:
    """What a call shows a person, as far as it stands there: texts of more than one word."""
    said = [*call.args, *(word.value for word in call.keywords if word.arg in SAYING)]
    nodes = [node for part in said for node in ast.walk(part) if isinstance(node, ast.Constant)]
    return {n.value for n in nodes if isinstance(n.value, str) and " " in n.value.strip()}


def test_only_one_module_imports_torchvision_first() -> None:
    """torchvision and grad-cam, which imports it, come after torchvision_ops in every module."""
    first = "covid_core.model.torchvision_ops"
    for name, path in modules().items():
        text = path.read_text(encoding="utf-8")
        if name == first:
            continue
        for library in ("from torchvision", "import torchvision", "from pytorch_grad_cam"):
            if f"\n{library}" in text:
                assert text.index(f"import {first}") < text.index(f"\n{library}")


def test_every_module_says_what_it_is_for() -> None:
    files = [
        *PACKAGE.rglob("*.py"),
        *APP.rglob("*.py"),
        ROOT / "train.py",
        ROOT / "streamlit_app.py",
    ]
    assert [p.name for p in files if not ast.get_docstring(ast.parse(p.read_text()))] == []


def test_files_stay_short_enough_to_read_in_one_sitting() -> None:
    files = [*PACKAGE.rglob("*.py"), *APP.rglob("*.py")]
    long = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in files}
    assert {name: lines for name, lines in long.items() if lines > 300} == {}


# What only some systems have: files opened past no link, locks, limits, the start of processes,
# the child's confinement.
OF_SYSTEMS = {
    "covid_core/storage/plain_files.py",
    "covid_core/storage/system_files.py",
    "covid_core/storage/system_limits.py",
    "covid_core/storage/system_processes.py",
    "covid_core/read/confinement.py",
}


def test_what_differs_between_systems_is_in_one_module_each() -> None:
    systems = re.compile(
        r"sys\.platform|os\.name\b|import (fcntl|resource|msvcrt)\b|set_start_method"
    )
    asking = {
        path.relative_to(ROOT).as_posix()
        for path in [*PACKAGE.rglob("*.py"), *APP.rglob("*.py"), ROOT / "train.py"]
        if systems.search(path.read_text(encoding="utf-8"))
    }
    assert asking == OF_SYSTEMS


# Each says why, and of which versions.
PRIVATE = {"private_interfaces.py", "forgetting.py"}
# Of PyTorch's, which counts operations by them: there is no public way.
PRIVATE_OF_BENCHES = {"covid_core/bench/training.py"}


def test_what_libraries_do_not_publish_is_used_in_one_file_that_says_why() -> None:
    users = {
        path.relative_to(ROOT).as_posix()
        for path in [*PACKAGE.rglob("*.py"), *APP.rglob("*.py"), ROOT / "streamlit_app.py"]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and is_private(node) and path.name not in PRIVATE
    }
    assert users == PRIVATE_OF_BENCHES


def is_private(node: ast.ImportFrom) -> bool:
    module = node.module or ""
    parts = [*module.split("."), *(alias.name for alias in node.names)]
    inside = module.startswith(("streamlit.runtime.", "streamlit.proto."))
    return inside or any(part.startswith("_") for part in parts if part != "__future__")
