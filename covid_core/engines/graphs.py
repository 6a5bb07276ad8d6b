"""A network as a graph that OpenVINO reads: exported once, kept beside its weights by their hash.

    weights/.graphs/densenet121-<hash>-<OpenVINO's version>/graph.xml, graph.bin, graph.json

Exporting takes PyTorch and some seconds, so it is done in a process of its own: the page then never
holds PyTorch in memory. What is found is checked against the digests written with it, and what was
exported against PyTorch before it is kept; and wherever it is loaded, against what PyTorch answered
then.

    python -m covid_core.engines.graphs KIND FOLDER NAME SHA256 SIZE_PX TO
"""

from __future__ import annotations

import atexit
import hashlib
import json
import logging
import re
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from covid_core.engines.engine import Lanes, Precision
from covid_core.engines.openvino import VERSION, OpenVinoEngine
from covid_core.engines.trained import Kind, Trained, reference
from covid_core.engines.trial import outputs_match, sample_outputs, trial_film
from covid_core.errors import WeightsError
from covid_core.storage.plain_files import open_regular, read_regular

_LOG = logging.getLogger(__name__)
_FOLDER, _PARTIAL = ".graphs", ".partial-"
_GRAPH, _TENSORS, _CARD = "graph.xml", "graph.bin", "graph.json"
_FORMAT = 2  # raised whenever a graph of the same weights would come out otherwise
_MAX_SECONDS = 300
_STALE_S = 3600  # an export that was killed left its folder behind
_ON_TORCH = "Score with --engine torch"
_MADE_BY = f"{VERSION}-{_FORMAT}"
_ROOT = Path(__file__).parent.parent.parent


def graph_of(trained: Trained) -> Path:
    """The graph's file, exported where it is not there yet. Raises WeightsError if that fails."""
    folder = trained.folder / _FOLDER
    name = f"{trained.name}-{trained.sha256[:16]}-{_MADE_BY}"
    if _is_whole(folder / name, trained.sha256):
        return folder / name / _GRAPH
    try:
        folder.mkdir(exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=folder))
    except OSError as error:
        # Weights that may only be read: exported for this process alone.
        _LOG.warning("graphs can't be kept beside the weights (%s)", error.strerror)
        return _for_this_process(trained) / _GRAPH
    try:
        _export_apart(trained, work)
        return _take_name(work, folder / name, trained) / _GRAPH
    finally:
        shutil.rmtree(work, ignore_errors=True)


def export(trained: Trained, folder: Path) -> None:
    """Write the graph of a network into an empty folder, if it answers as PyTorch does.

    Raises WeightsError.
    """
    import openvino
    import torch

    network = reference(trained)
    film = torch.from_numpy(trial_film(trained.size_px))
    with torch.inference_mode():
        expected = [output.numpy() for output in network(film)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # OpenVINO reads no other kind yet
        traced = torch.jit.freeze(torch.jit.trace(network, film, check_trace=False))
    graph = openvino.convert_model(traced, input=list(film.shape))
    # Not halved: a layer folded into the one before it no longer has the digits it was stored with.
    openvino.save_model(graph, folder / _GRAPH, compress_to_fp16=False)
    _keep_first_layer_exact(folder / _GRAPH)
    found = OpenVinoEngine(folder / _GRAPH, Precision.FLOAT32, Lanes()).trial
    if not outputs_match(found, expected, Precision.FLOAT32):
        raise WeightsError("the exported graph answers otherwise than PyTorch", _ON_TORCH)
    card = {
        "weights": trained.sha256,
        "answers": [answer.tolist() for answer in sample_outputs(expected)],
        **{file: _sha256(folder / file) for file in (_GRAPH, _TENSORS)},
    }
    (folder / _CARD).write_text(json.dumps(card))


def check_answers(engine: OpenVinoEngine, graph: Path) -> None:
    """Raise WeightsError where the engine answers otherwise than PyTorch did at the export."""
    answers = json.loads((graph.parent / _CARD).read_text())["answers"]
    expected = [np.array(answer, np.float32) for answer in answers]
    if not outputs_match(sample_outputs(engine.trial), expected, engine.precision):
        raise WeightsError(f"{engine.title}, answers otherwise here than PyTorch", _ON_TORCH)


def _export_apart(trained: Trained, folder: Path) -> Path:
    """Export the graph in a process of its own, or here where PyTorch is loaded already."""
    if "torch" in sys.modules:
        export(trained, folder)
        return folder
    options = (
        trained.kind,
        trained.folder.resolve(),
        trained.name,
        trained.sha256,
        trained.size_px,
    )
    command = [sys.executable, "-m", "covid_core.engines.graphs", *map(str, options), str(folder)]
    try:
        child = subprocess.run(
            command, capture_output=True, text=True, timeout=_MAX_SECONDS, cwd=_ROOT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _not_exported(type(error).__name__) from error
    if child.returncode:
        raise _not_exported((child.stderr.strip().splitlines() or [""])[-1])
    return folder


def _keep_first_layer_exact(graph: Path) -> None:
    """Marks the graph's first layer as float32, whatever precision the rest runs in.

    It takes hardly any of the time, and rounding the film itself to eight bits did most of what
    bfloat16 changed of probabilities.
    """
    tree = ElementTree.parse(graph)
    first = tree.find("./layers/layer[@type='Convolution']")
    if first is not None:
        about = first.find("rt_info")
        about = ElementTree.SubElement(first, "rt_info") if about is None else about
        ElementTree.SubElement(about, "attribute", name="precise", version="0")
    tree.write(graph)


def _not_exported(reason: str) -> WeightsError:
    return WeightsError(
        f"the network can't be exported ({reason})", "Free some memory, or score with PyTorch"
    )


def _take_name(work: Path, place: Path, trained: Trained) -> Path:
    """The finished folder under its own name, in one step; graphs of older weights go."""
    of_the_same = re.compile(f"{re.escape(trained.name)}-[0-9a-f]{{16}}-{re.escape(VERSION)}-\\d+")
    for old in place.parent.iterdir():
        spared = old == place and _is_whole(old, trained.sha256)
        older = of_the_same.fullmatch(old.name) and not spared
        if older or (old.name.startswith(_PARTIAL) and old != work and _is_stale(old)):
            shutil.rmtree(old, ignore_errors=True)
    work.chmod(0o755)  # mkdtemp's is its owner's alone; others may run these weights too
    try:
        work.rename(place)
    except OSError:
        if not _is_whole(place, trained.sha256):  # else another process was quicker
            raise
    return place


def _is_stale(folder: Path) -> bool:
    try:
        return time.time() - folder.stat().st_mtime > _STALE_S
    except OSError:  # its own process has just cleared it away
        return False


def _is_whole(folder: Path, weights: str) -> bool:
    """Whether it holds the graph of these weights, by their SHA-256, as it was written."""
    try:
        card = json.loads(read_regular(folder / _CARD))
        digests = {file: _sha256(folder / file) for file in (_GRAPH, _TENSORS)}
        return all(card[what] == its for what, its in {"weights": weights, **digests}.items())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _sha256(file: Path) -> str:
    with open_regular(file) as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


@cache
def _for_this_process(trained: Trained) -> Path:
    folder = tempfile.mkdtemp(prefix="covid-core-graphs-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return _export_apart(trained, Path(folder))


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)  # one film; and several wait for each other on busy cores
    _kind, _folder, _name, _digest, _side, _to = sys.argv[1:]
    export(Trained(Kind(_kind), Path(_folder), _name, _digest, int(_side)), Path(_to))
