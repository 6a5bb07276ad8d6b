"""What is required, locked and listed agrees, and each of it is there for a reason."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import sys
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from covid_core.model.card import WEIGHTS, read_card
from supply import advisories
from supply import sbom as listing
from supply.requirement_files import CORE, PYPROJECT, declared, file_text
from supply.requirement_files import FILES as MADE
from supply.requirements import CONSTRAINTS, DEV_LOCK, LOCK, ROOT, direct, locked

RUNTIME = ROOT / "requirements.txt"
DEV = ROOT / "requirements-dev.txt"
FILES = sorted(ROOT.glob("requirements*.txt"))
# Required, though no line of the reader imports them.
UNIMPORTED = {
    "tensorboard": "torch.utils.tensorboard writes by it",
}
PROGRAMS = {
    "hatchling",
    "pre-commit",
    "ruff",
    "mypy",
    "pytest-xdist",
    "cyclonedx-bom",
    "pip-audit",
}  # run, not imported


@pytest.mark.parametrize(("file", "lock"), [(RUNTIME, LOCK), (RUNTIME, DEV_LOCK), (DEV, DEV_LOCK)])
def test_what_is_required_is_locked_at_that_version(file: Path, lock: Path) -> None:
    versions = {package.name: package.version for package in locked(lock)}
    for name, requirement in direct(file).items():
        assert str(requirement.specifier) == f"=={versions[name]}", name


@pytest.mark.parametrize("lock", [LOCK, DEV_LOCK])
def test_each_locked_package_has_its_files_hashes_and_is_needed(lock: Path) -> None:
    packages = locked(lock)
    names = [package.name for package in packages]
    assert len(names) == len(set(names)) > len(direct(RUNTIME))
    for package in packages:
        assert package.sha256, package.name
        assert package.needed_by, package.name
        needing = {name for name in package.needed_by if not name.startswith("-r ")}
        assert needing <= set(names), package.name


def test_the_tests_lock_holds_the_readers() -> None:
    wider = {package.name: package for package in locked(DEV_LOCK)}
    for package in locked(LOCK):
        assert wider[package.name].requirement == package.requirement
        assert wider[package.name].sha256 == package.sha256


def test_constraints_hold_all_that_is_locked_or_required_at_those_versions() -> None:
    held = direct(CONSTRAINTS)
    for package in locked(DEV_LOCK):
        assert held[package.name] == package.requirement
    for file in FILES:
        for name, requirement in direct(file).items():
            assert held[name].specifier == requirement.specifier
    assert "\n-c constraints.txt\n" in RUNTIME.read_text("utf-8")


def test_no_file_says_where_packages_come_from() -> None:
    for file in (*FILES, LOCK, DEV_LOCK, CONSTRAINTS):
        assert not re.search(r"://|index-url|find-links", file.read_text("utf-8")), file.name


def test_this_environment_has_the_locked_versions() -> None:
    """Of what is here: where a package is of a build of its own, such as PyTorch's for CPUs, so is
    what it brings."""
    here = {package.name: package for package in locked(DEV_LOCK) if applies(package.requirement)}
    for name in direct(RUNTIME) | direct(DEV):
        assert installed(name), name
    for name, package in here.items():
        if found := installed(name):
            assert found.public == package.version, name


def test_the_files_are_made_of_what_the_package_declares() -> None:
    text = PYPROJECT.read_text("utf-8")
    assert sorted(file.name for file in MADE) == [file.name for file in FILES]
    for file in MADE:
        assert (ROOT / file.name).read_text("utf-8") == file_text(file, text), (
            "python -m supply.requirement_files"
        )
    lists = declared(text)
    assert {"desk", "dicom", "train", "cluster"} <= set(lists)
    assert any(one.startswith("grad-cam==") for one in lists[CORE])


def applies(requirement: Any) -> bool:
    return requirement.marker is None or requirement.marker.evaluate()


def installed(name: str) -> Version | None:
    try:
        return Version(version(name))
    except PackageNotFoundError:
        return None


def imported(*places: str) -> set[str]:
    """The packages, by their registry's names, that our files import anywhere in them."""
    files = [file for place in places for file in sorted(ROOT.glob(place))]
    assert files
    modules = {
        name.partition(".")[0]
        for file in files
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        for name in named(node)
    }
    ours = {path.stem for path in ROOT.glob("*.py")} | {path.name for path in ROOT.glob("*/")}
    owners = packages_distributions()
    foreign = modules - sys.stdlib_module_names - ours
    return {canonicalize_name(owners.get(module, [module])[0]) for module in foreign}


def named(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []


READER = ("covid_core/**/*.py", "app/**/*.py", "train.py", "streamlit_app.py")
AROUND = (
    "tests/**/*.py",
    "benchmarks/**/*.py",
    "docs/**/*.py",
    "examples/**/*.py",
    "supply/**/*.py",
)


def test_each_requirement_is_used_and_all_that_is_used_is_required() -> None:
    optional = ("bench", "cluster", "signing")
    extras = {name for kind in optional for name in direct(ROOT / f"requirements-{kind}.txt")}
    assert imported(*READER, *AROUND).isdisjoint(direct(ROOT / "requirements-teacher.txt"))
    assert imported(*READER) - extras == set(direct(RUNTIME)) - set(UNIMPORTED)
    assert extras <= imported(*READER)
    around = imported(*READER, *AROUND) | set(UNIMPORTED) | PROGRAMS
    assert around == set(direct(RUNTIME)) | set(direct(DEV)) | extras


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_each_line_says_why_it_is_there(file: Path) -> None:
    lines = [line for line in file.read_text("utf-8").splitlines() if "==" in line]
    assert lines
    assert [line for line in lines if not re.search(r"==\S+ +# \w", line)] == []


# As cyclonedx-py reports it; `.ci/run` lists a whole environment, which takes it many seconds.
PYDICOM_ALONE = {
    "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "metadata": {"timestamp": "2026-11-22T00:00:00+00:00"},
    "components": [{"name": "pydicom", "licenses": [{"license": {"id": "MIT"}}]}],
}


def test_the_list_has_what_is_locked_and_the_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "sbom.cdx.json"
    monkeypatch.setattr("sys.argv", ["sbom", str(file)])
    monkeypatch.setattr(listing, "installed_here", lambda: PYDICOM_ALONE)
    listing.main()  # which holds it against CycloneDX's schema
    found = json.loads(file.read_text())
    components = {component["bom-ref"]: component for component in found["components"]}
    packages = [component for component in components.values() if "purl" in component]
    assert {(one["name"], one["version"]) for one in packages} == {
        (package.name, package.version) for package in locked()
    }
    assert all(one["externalReferences"][0]["hashes"] for one in packages)
    assert components["pkg:pypi/pydicom@3.0.2"]["licenses"][0]["license"]["id"] == "MIT"
    model = components["weights/densenet121.safetensors"]
    films = components["weights/known/densenet121.safetensors"]
    assert (model["type"], films["type"]) == ("machine-learning-model", "data")
    assert model["hashes"] == [{"alg": "SHA-256", "content": read_card(WEIGHTS).sha256}]
    reached = reached_from(found["metadata"]["component"]["bom-ref"], found["dependencies"])
    assert reached == set(components)


def reached_from(whole: str, needs: list[dict[str, Any]]) -> set[str]:
    """All that something needs, and that these need in turn."""
    by_name = {one["ref"]: one["dependsOn"] for one in needs}
    reached: set[str] = set()
    waiting = [whole]
    while waiting:
        new = set(by_name.get(waiting.pop(), ())) - reached
        reached |= new
        waiting += new
    return reached


def test_a_changed_tensor_file_is_listed_with_its_own_hash() -> None:
    path = WEIGHTS / "gate" / "gate.safetensors"
    [model] = listing.sbom([], PYDICOM_ALONE, [path])["components"]
    assert model["hashes"][0]["content"] == hashlib.sha256(path.read_bytes()).hexdigest()


SKIPPED = {"name": "a", "skip_reason": "not found"}
CLEAN = {"name": "b", "version": "1", "vulns": []}
KNOWN = {"name": "c", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}]}


@pytest.mark.parametrize(
    ("report", "status", "said"),
    [
        ([], 0, "nothing is known, for better or worse"),
        ([SKIPPED], 0, "nothing is known, for better or worse"),
        ([CLEAN], 0, "1 packages, 0 advisories"),
        ([SKIPPED, CLEAN], 0, "Not to be looked up: a"),
        ([CLEAN, KNOWN], 1, "c 2: CVE-1, mended in 3"),
    ],
)
def test_only_what_was_looked_up_is_called_clean(
    report: list[dict[str, Any]],
    status: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(advisories, "audited_packages", lambda: report)
    assert advisories.main() == status
    assert said in capsys.readouterr().out


def test_an_audit_that_can_not_run_says_nothing_of_any_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(advisories, "_AUDIT", ("-c", "raise SystemExit(1)"))
    assert advisories.audited_packages() == []
