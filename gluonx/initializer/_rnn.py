"""Initial values of recurrent layers whose parameters are one array."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ndarray as nd
from ._base import InitDesc, Initializer, create, fill, register

__all__ = ["FusedRNN"]

_GATES = {
    "rnn_relu": ("",),
    "rnn_tanh": ("",),
    "lstm": ("_i", "_f", "_c", "_o"),
    "gru": ("_r", "_z", "_o"),
}


@register
class FusedRNN(Initializer):
    """For the one array of all parameters of a fused recurrent layer.

    The array is taken apart into the weights and biases of each layer, direction and gate, which
    are initialized one by one, by their names; forget gates of an LSTM get ``forget_bias``.

    Parameters
    ----------
    init : Initializer, str or None
        For the parts. None: the one that the network is initialized with.
    num_hidden, num_layers : int
        Units, and layers.
    mode : {'rnn_relu', 'rnn_tanh', 'lstm', 'gru'}
        Kind of the layer.
    bidirectional : bool
        Whether there are two directions.
    forget_bias : float
        Both biases of a forget gate.

    Raises
    ------
    ValueError
        For another mode; when called, if the array's length is not that of such a layer.

    Examples
    --------
    >>> import gluonx as gx
    >>> init = gx.init.FusedRNN('ones', num_hidden=1, num_layers=1, mode='rnn_tanh')
    >>> parameters = gx.nd.zeros((6,))
    >>> init('lstm_parameters', parameters)
    >>> parameters.asnumpy().tolist()
    [1.0, 1.0, 1.0, 1.0, 0.0, 0.0]
    """

    def __init__(
        self,
        init: Any,
        num_hidden: int,
        num_layers: int,
        mode: str,
        bidirectional: bool = False,
        forget_bias: float = 1.0,
    ):
        if mode not in _GATES:
            raise ValueError(f"mode must be one of {', '.join(_GATES)}, got {mode!r}")
        chosen = None if init is None else create(init)
        super().__init__(
            init=chosen,
            num_hidden=num_hidden,
            num_layers=num_layers,
            mode=mode,
            bidirectional=bidirectional,
            forget_bias=forget_bias,
        )
        self._init = chosen
        self._hidden, self._layers = num_hidden, num_layers
        self._gates, self._directions = _GATES[mode], "lr" if bidirectional else "l"
        self._forget = forget_bias if mode == "lstm" else None

    def _parts(self, name: str, size: int) -> list[tuple[str, tuple[int, ...]]]:
        """Names and shapes of the parts, in their order: weights first, then biases."""
        hidden, sides = self._hidden, len(self._directions)
        rows = len(self._gates) * hidden
        later = (self._layers - 1) * sides * rows * (sides * hidden + hidden + 2)
        inputs, rest = divmod(size - later, sides * rows)
        inputs -= hidden + 2
        if rest or inputs < 1:
            raise ValueError(
                f"{name} has {size} elements, which no layer has with {self._kwargs}; check "
                "num_hidden, num_layers, mode and bidirectional"
            )
        parts: list[tuple[str, tuple[int, ...]]] = []
        for kind in ("weight", "bias"):
            for layer in range(self._layers):
                width = inputs if layer == 0 else sides * hidden
                for side in self._directions:
                    for group, columns in (("i2h", width), ("h2h", hidden)):
                        shape = (hidden, columns) if kind == "weight" else (hidden,)
                        parts += [
                            (f"{side}{layer}_{group}{gate}_{kind}", shape) for gate in self._gates
                        ]
        return parts

    def __call__(self, desc: InitDesc | str, arr: nd.NDArray) -> None:
        self._init_weight(desc, arr)

    def _init_weight(self, name: str, arr: nd.NDArray) -> None:
        init = self._init or getattr(name, "global_init", None)
        if init is None or init is self:
            raise ValueError("FusedRNN(None, ...) is for a parameter of a network; give an init")
        values = []
        for part, shape in self._parts(str(name), int(np.prod(arr.shape))):
            piece = nd.zeros(shape, dtype=arr.dtype)
            if self._forget is not None and part.endswith("_f_bias"):
                fill(piece, self._forget)
            else:
                init(InitDesc(part, global_init=init), piece)
            values.append(piece.asnumpy().ravel())
        fill(arr, np.concatenate(values).reshape(arr.shape))
