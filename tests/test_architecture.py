"""Imports run one way: a module knows only floors below its own. The table is the house."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "covid_core"
APP = ROOT / "app"
SAYING = {"label", "help", "placeholder", "text", "alt", "caption", "body"}

FLOORS: tuple[set[str], ...] = (
    {"errors", "findings", "choices", "architectures", "torchvision_ops", "levels", "head",
     "covering", "engines.engine", "engines.outputs", "folders", "exports.sheet",
     "reporting_items", "commands.arguments", "commands.status"},
    {"dicom_values", "file_kinds", "bounded", "boxes", "decompress", "efficientnet_lite",
     "engines.memory", "engines.trial"},
    {"whole_files"},
    {"claims", "exports.optional", "dicom_parse", "engines.openvino", "engines.torch", "machine",
     "radiograph", "networks", "metrics", "phantom", "look", "markdown", "pages", "tasks",
     "tensor_files", "turns", "datasets.layouts.films", "datasets.duplicates",
     "datasets.remembered", "datasets.sides", "remarks", "training.feed", "training.log",
     "training.processes", "evaluation.corruptions", "training.schedule"},
    {"anatomy_words", "deep_pictures", "geometry", "lookup_tables", "picture_header",
     "tiff_numbers", "windows"},
    {"grey_chain", "jpeg_extended"},
    {"initial_weights", "training.averaging", "training.losses",
     "raster", "dicom", "case_film", "engines.proof", "site.scores", "preprocess", "decision",
     "datasets.case", "datasets.split"},
    {"datasets.readings", "datasets.layouts.dicom_header"},
    {"reading", "perceptual_hash", "saliency", "weights", "study", "site.validation",
     "evaluation.within_source",
     "datasets.layouts.*", "datasets.figures", "datasets.manifest", "datasets.published",
     "datasets.thumbnail_models"},
    {"network_files", "known_index", "places", "overlay", "zones", "goals", "display", "collection",
     "site.profile", "site.figures", "exports.dicomweb", "datasets.layouts", "datasets.cache",
     "datasets.survey", "evaluation.box_agreement", "training.augment", "training.checkpoint",
     "training.texture"},
    {"gate_network", "lungs_network", "training.teachers"},
    {"engines.trained"},
    {"engines.graphs"},
    {"engines.choice"},
    {"lungs", "gate"},
    {"predictor", "figures", "results_card", "trust_card", "card_figures", "datasets.compile",
     "datasets.confounders", "training.films", "training.other_views", "evaluation.strata",
     "evaluation.glimpses"},
    {"evaluation.floors", "training.batches"},
    {"floors_card", "within_source_card"},
    {"report", "audit_words", "known_films", "training.known_films", "shortcut_meter", "map_check",
     "model_card", "within_source_plots", "evaluation.source_films", "recipes_here", "walkthrough",
     "evaluation.saliency_methods", "evaluation.precision", "training.scoring",
     "training.calibration", "datasets.exploration", "training.negatives"},
    {"training.step_losses", "checks", "pipeline", "ledger", "walkthrough_figures", "worklist",
     "training.recipe", "training.lungs", "training.gate_films", "training.tuning"},
    {"result"},
    {"parts", "case_reader", "exports.identity", "exports.paper_checks", "exports.pictures",
     "training.sampling", "training.terms", "training.validating", "training.forms",
     "training.progress",
     "training.gate_measures"},
    {"cluster", "exports.pdf", "exports.secondary_capture", "exports.structured_report",
     "training.loop", "training.gate"},
    {"bundle", "evaluation.evaluate", "evaluation.trust", "evaluation.sample",
     "evaluation.faithfulness", "evaluation.answers"},
    {"left_files", "evaluation.compare", "training.bench", "evaluation.probes",
     "evaluation.robustness", "evaluation.explanations", "evaluation.zone_scores",
     "evaluation.within_source_measurement"},
    {"evaluation.audit", "evaluation.figures", "evaluation.audit_figures"},
    {"evaluation.comparison", "evaluation.audit_report"},
    {"speed.timing", "speed.limit", "speed.files", "speed.plain", "speed.rivals"},
    {"speed.predict"},
    {"commands.*"},
    {"__main__"},
)  # fmt: skip


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def floor_of(module: str) -> int:
    for names in (module, module.rsplit(".", 1)[0] + ".*"):
        for floor, modules in enumerate(FLOORS):
            if names in modules:
                return floor
    raise AssertionError(f"{module} has no floor in the table")


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module and not node.level, f"{path}: imports are absolute here"
            children = {f"{node.module}.{alias.name}" for alias in node.names}
            modules = {
                c for c in children if (ROOT / c.replace(".", "/")).with_suffix(".py").exists()
            }
            found |= modules or {node.module}
    return found


def modules() -> dict[str, Path]:
    named = {name_of(path): path for path in PACKAGE.rglob("*.py")}
    fronts = {
        "",
        "datasets",
        "training",
        "evaluation",
        "commands",
        "engines",
        "exports",
        "speed",
        "site",
    }  # docstrings, and the public names
    return {name: path for name, path in named.items() if name not in fronts}


def test_each_module_imports_only_from_below() -> None:
    wrong = [
        f"{module} imports {imported}"
        for module, path in modules().items()
        for imported in imports_of(path)
        if imported == "covid_core"  # the front page stands above all of them
        or imported.startswith("covid_core.")
        and floor_of(imported.removeprefix("covid_core.")) >= floor_of(module)
    ]
    assert wrong == []


def test_the_table_names_nothing_that_is_gone() -> None:
    named = {name for floor in FLOORS for name in floor} - {"datasets.layouts.*", "commands.*"}
    assert named - set(modules()) == set()


def test_the_core_knows_no_screen() -> None:
    libraries = {
        imported.split(".")[0] for path in PACKAGE.rglob("*.py") for imported in imports_of(path)
    }
    assert "torch" in libraries
    assert "streamlit" not in libraries


def test_the_page_holds_no_science() -> None:
    """Arrays are carried there, and times of reading; networks, statistics and files' formats are
    the core's."""
    theirs = {"torch", "torchvision", "pytorch_grad_cam", "scipy", "sklearn", "mapie", "pydicom",
              "highdicom", "dicomweb_client", "fpdf", "PIL", "gdcm", "matplotlib"}  # fmt: skip
    found = {
        (path.name, imported.split(".")[0]) for path in APP.rglob("*.py")
        for imported in imports_of(path)
    }  # fmt: skip
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
    for name, path in modules().items():
        text = path.read_text(encoding="utf-8")
        if name == "torchvision_ops":
            continue
        for library in ("from torchvision", "import torchvision", "from pytorch_grad_cam"):
            if f"\n{library}" in text:
                assert text.index("import covid_core.model.torchvision_ops") < text.index(
                    f"\n{library}"
                )


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
    assert {name: lines for name, lines in long.items() if lines > 260} == {}
