"""Initializers that draw no random numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import ndarray as nd
from ._base import Initializer, alias, fill, register

__all__ = ["Bilinear", "Constant", "LSTMBias", "One", "Zero"]


@register
@alias("zeros")
class Zero(Initializer):
    """Zeros.

    Examples
    --------
    >>> import gluonx as gx
    >>> net = gx.nn.Dense(2, in_units=1)
    >>> net.initialize('zeros')
    >>> net.weight.data().asnumpy().tolist()
    [[0.0], [0.0]]
    """

    def __init__(self):
        super().__init__()

    def _init_weight(self, name: str, arr: nd.NDArray) -> None:
        fill(arr, 0)


@register
@alias("ones")
class One(Initializer):
    """Ones."""

    def __init__(self):
        super().__init__()

    def _init_weight(self, name: str, arr: nd.NDArray) -> None:
        fill(arr, 1)


@register
class Constant(Initializer):
    """A given value.

    Parameters
    ----------
    value : float, list, numpy.ndarray or NDArray
        A number, or an array of the shape of the parameter.

    Examples
    --------
    >>> import gluonx as gx
    >>> net = gx.nn.Dense(2, in_units=1, bias_initializer=gx.init.Constant([1, 2]))
    >>> net.initialize()
    >>> net.bias.data().asnumpy().tolist()
    [1.0, 2.0]
    """

    def __init__(self, value: Any):
        super().__init__(value=value)
        self.value = value

    def _init_weight(self, name: str, arr: nd.NDArray) -> None:
        value = np.asarray(self.value)
        try:
            fill(arr, value)
        except ValueError:
            raise ValueError(
                f"Constant: {name} has shape {arr.shape}, the value {value.shape}"
            ) from None


@register
class Bilinear(Initializer):
    """Weights with which a transposed convolution interpolates linearly.

    For an array of shape (..., height, width).
    """

    def __init__(self):
        super().__init__()

    def _init_weight(self, name: str, arr: nd.NDArray) -> None:
        if arr.ndim != 4:
            raise ValueError(f"Bilinear needs an array with four axes, and {name} has {arr.ndim}")
        height, width = arr.shape[2:]
        factor = math.ceil(width / 2)
        centre = (2 * factor - 1 - factor % 2) / (2 * factor)
        across = 1 - abs(np.arange(width) / factor - centre)
        down = 1 - abs(np.arange(height) / factor - centre)
        fill(arr, np.outer(down, across))


@register
class LSTMBias(Initializer):
    """Biases of an LSTM: zero, except those of the forget gate, the second quarter.

    Parameters
    ----------
    forget_bias : float
        Value for the forget gate. Jozefowicz et al., "An empirical exploration of recurrent network
        architectures", ICML 2015, recommend 1.
    """

    def __init__(self, forget_bias: float = 1.0):
        super().__init__(forget_bias=forget_bias)
        self.forget_bias = forget_bias

    def _init_weight(self, name: str, arr: nd.NDArray) -> None:
        fill(arr, 0)
        gate = arr.shape[0] // 4
        arr[gate : 2 * gate] = self.forget_bias
