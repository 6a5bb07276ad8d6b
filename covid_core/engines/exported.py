"""What an engine gives of a network, as a PyTorch module of its own: that is what is exported."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

Tensors = tuple[torch.Tensor, ...]


class ExportedNetwork(nn.Module):
    """A network called by one of its methods, in evaluation mode with frozen parameters."""

    def __init__(self, network: nn.Module, give: Callable[[torch.Tensor], Tensors]) -> None:
        super().__init__()
        self.network = network  # so that its parameters are found
        self.give = give
        self.eval().requires_grad_(False)

    def forward(self, x: torch.Tensor) -> Tensors:
        """What the network's method gives of films, (N, 1, S, S)."""
        return self.give(x)
