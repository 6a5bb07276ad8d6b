"""Makes `import torchvision` work beside a CPU build of torch. Import it before torchvision.

The torchvision wheel of the Python package index is built for CUDA. Beside a CPU-only torch its
compiled library can't be loaded, so the operators `torchvision::nms` and `torchvision::qnms` are
never registered, and `import torchvision` stops at "operator torchvision::nms does not exist"
(pytorch/vision#9085), although nothing here ever calls them. Declaring their schemas first, only
where they are missing, is enough: Python-side models and transforms then import and run. A working
torchvision library is loaded first by torchvision itself on CUDA builds, so the schemas are declared
only where torch has no CUDA to load it with.
"""

from __future__ import annotations

import torch

_SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}
# A torch.library.Library undeclares its operators when it is collected, so it is kept.
_declared: list[torch.library.Library] = []


def declare_missing() -> None:
    """Declare the two detection operators' schemas, where torch's registry lacks them."""
    if torch.version.cuda is not None or torch.version.hip is not None:
        return
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name, schema in _SCHEMAS.items():
        if not hasattr(torch.ops.torchvision, name):
            library.define(schema)
    _declared.append(library)


declare_missing()
