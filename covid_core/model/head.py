"""A network's head in NumPy: from feature map to logits, and back to the evidence on the film.

Mean over the cells, hidden layers if any, one linear layer: a few thousand products. Done here in
float64 from the feature map that is shown, a logit and the evidence that adds up to it are the same
numbers whatever engine made the map, and neither needs PyTorch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

LEAK = 0.1  # slope below zero of the hidden layers' leaky ReLU


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """The layers after the mean over the cells.

    `layers`: weight, float64 (outputs, inputs), and bias, float64 (outputs,), of each in order;
    all but the last are followed by a leaky ReLU.
    """

    layers: tuple[tuple[np.ndarray, np.ndarray], ...]

    @classmethod
    def of(cls, tensors: Mapping[str, np.ndarray]) -> Head:
        """From a network's tensors by name, as `network_files` stores them.

        Raises KeyError, and ValueError where they make no head.
        """
        hidden = sorted(
            (name.removesuffix(".weight") for name in tensors if _is_hidden(name)),
            key=lambda name: int(name.rpartition(".")[2]),
        )
        return cls.of_layers(tensors, *hidden, "head.linear")

    @classmethod
    def of_layers(cls, tensors: Mapping[str, np.ndarray], *names: str) -> Head:
        """The head made of the linear layers of these names, in this order.

        Raises KeyError, and ValueError where they make no head.
        """
        layers = [(tensors[f"{name}.weight"], tensors[f"{name}.bias"]) for name in names]
        inputs = layers[0][0].shape[-1:]
        for weight, bias in layers:
            if weight.dtype.kind != "f" or weight.shape != bias.shape + inputs or bias.ndim != 1:
                raise ValueError(f"a layer of {weight.dtype} {weight.shape} after {inputs}")
            if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
                raise ValueError("NaN or infinity")
            inputs = bias.shape
        return cls(
            tuple((weight.astype(np.float64), bias.astype(np.float64)) for weight, bias in layers)
        )

    @property
    def bias(self) -> np.ndarray:
        """Of the last layer, float64 (outputs,)."""
        return self.layers[-1][1]

    def logits(self, feature_map: np.ndarray) -> np.ndarray:
        """Feature map, float32 (channels, h, w), to logits, float64 (outputs,)."""
        *hidden, (weight, bias) = self.layers
        values = _mean(feature_map)
        for step, shift in hidden:
            values = _leaky(step @ values + shift)
        return weight @ values + bias

    def evidence(self, feature_map: np.ndarray, output: int) -> np.ndarray:
        """Grad-CAM of an output before it is clipped and stretched: float32 (h, w), in logits.

        Selvaraju et al. 2017. The gradient of a logit with respect to a cell is the same in all
        cells of a channel, so its mean comes from the head alone. For one linear layer the cells'
        sum plus the bias is the logit.
        """
        return summed(self.weights(feature_map, output), feature_map)

    def weights(self, feature_map: np.ndarray, output: int) -> np.ndarray:
        """What each channel counts in a cell for an output, in logits: float64 (channels,)."""
        cells = feature_map.shape[1] * feature_map.shape[2]
        return self._gradient(_mean(feature_map), output) / cells

    def _gradient(self, means: np.ndarray, output: int) -> np.ndarray:
        """Of an output's logit with respect to the channels' means, float64 (channels,)."""
        *hidden, (weight, _) = self.layers
        slopes, values = [], means
        for step, shift in hidden:
            values = step @ values + shift
            slopes.append(np.where(values > 0, 1.0, LEAK))
            values = _leaky(values)
        gradient = weight[output]
        for (step, _), slope in zip(reversed(hidden), reversed(slopes), strict=True):
            gradient = (gradient * slope) @ step
        return gradient


def summed(weights: np.ndarray, feature_map: np.ndarray) -> np.ndarray:
    """The evidence in each cell of a feature map: float32 (h, w).

    `weights`: how much each channel counts, (channels,). `feature_map`: (channels, h, w).
    """
    return np.einsum("c,chw->hw", weights, feature_map, dtype=np.float64).astype(np.float32)


def sigmoid(log_odds: np.ndarray) -> np.ndarray:
    """The probabilities of log odds: float32 of the same shape, 0 to 1."""
    return np.asarray(1 / (1 + np.exp(-log_odds.astype(np.float64))), np.float32)


def _is_hidden(name: str) -> bool:
    return name.startswith("head.hidden.") and name.endswith(".weight")


def _mean(feature_map: np.ndarray) -> np.ndarray:
    return feature_map.mean(axis=(1, 2), dtype=np.float64)


def _leaky(values: np.ndarray) -> np.ndarray:
    return np.where(values > 0, values, LEAK * values)
