"""Makes `import torchvision` work beside a CPU build of torch. Import it before torchvision.

torchvision's usual wheel is built for CUDA. Beside a CPU-only torch its compiled library can't be
loaded, so the operators `torchvision::nms` and `torchvision::qnms` are never registered, and
`import torchvision` stops at "operator torchvision::nms does not exist" (pytorch/vision#9085),
although nothing here ever calls them. Declaring their schemas first is enough: models, transforms
and grad-cam, which imports torchvision too, then work. They are declared only where the library
can't be loaded: one that can declares them itself, and a second time is an error.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import torch

_SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}
# A torch.library.Library takes its operators with it when it is collected, so it is kept.
_declared: list[torch.library.Library] = []


def declare_missing() -> None:
    """Declare the two detection operators' schemas, where torch's registry lacks them."""
    if _library_loads():
        return
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name, schema in _SCHEMAS.items():
        if not hasattr(torch.ops.torchvision, name):
            library.define(schema)
    _declared.append(library)


def _library_loads() -> bool:
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        return False
    for compiled in Path(spec.origin).parent.glob("_C.*"):
        try:
            torch.ops.load_library(str(compiled))
        except OSError:
            return False
    return hasattr(torch.ops.torchvision, "nms")


declare_missing()
