"""The workflow on the code host: every system and Python, the same checks, the wheel, the image."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
FILE = ROOT / ".github" / "workflows" / "ci.yml"
# YAML 1.1, which PyYAML reads, has `on` for true.
WORKFLOW: dict[Any, Any] = yaml.safe_load(FILE.read_text("utf-8"))
JOBS: dict[str, Any] = WORKFLOW["jobs"]


def lines_of(job: str) -> str:
    return "\n".join(step.get("run", "") for step in JOBS[job]["steps"])


def test_it_runs_on_every_system_and_python_that_the_package_names() -> None:
    matrix = JOBS["tests"]["strategy"]["matrix"]
    assert matrix["system"] == ["ubuntu", "macos", "windows"]
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
        "classifiers"
    ]
    named = [one.rpartition(" ")[2] for one in classifiers if re.search(r":: 3\.\d+$", one)]
    assert matrix["python"] == named == ["3.11", "3.12", "3.13", "3.14"]
    assert "python -m pytest" in lines_of("tests")


def test_the_checks_are_those_of_the_other_ci() -> None:
    run = (ROOT / ".ci" / "run").read_text()
    body = run[run.index("check() {") : run.index("# The README's test command")]
    ours = [check.strip() for check in re.findall(r"\.venv/bin/([^\\\n&]*)", body)]
    assert ours[-2:] == ["python -m supply.sbom", "python -m supply.advisories"]
    lines = lines_of("checks").split("\n")
    assert [line for line in lines if line in ours] == ours
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    assert [hook["entry"].removeprefix(".venv/bin/") for hook in hooks] == ours


def test_packages_are_cached_by_what_is_required() -> None:
    for name in ("checks", "tests", "package"):
        [setup] = [one for one in JOBS[name]["steps"] if "setup-python" in one.get("uses", "")]
        assert setup["with"]["cache"] == "pip"
        assert (ROOT / setup["with"]["cache-dependency-path"]).is_file()
    [build] = [one for one in JOBS["image"]["steps"] if "build-push" in one.get("uses", "")]
    assert build["with"]["cache-from"]


def test_the_image_is_run_as_the_guide_says() -> None:
    guide = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    [command] = re.findall(r"docker run --rm (.*?)radiograph-reader\n", guide, re.DOTALL)
    options = set(re.findall(r"--[\w-]+", command)) - {"--name", "--publish"}
    assert options <= set(re.findall(r"--[\w-]+", lines_of("image")))


def test_it_may_read_the_code_and_nothing_else_and_each_job_ends() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}
    for job in JOBS.values():
        assert job["timeout-minutes"] <= 120
        assert "permissions" not in job
        for step in job["steps"]:
            assert re.fullmatch(r"(actions|docker)/[\w-]+@v\d+", step.get("uses", "docker/run@v1"))


@pytest.mark.skipif(not shutil.which("actionlint"), reason="needs actionlint")
def test_actionlint_finds_nothing() -> None:
    done = subprocess.run(["actionlint", str(FILE)], capture_output=True, text=True, check=False)
    assert done.stdout == ""
