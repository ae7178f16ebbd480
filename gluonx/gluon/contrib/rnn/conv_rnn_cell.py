"""Cells whose states are images: convolutions in the place of matrix products.

Shi et al., "Convolutional LSTM network: a machine learning approach for precipitation nowcasting",
2015. The classes for one, two and three spatial axes differ in nothing else; see :class:`ConvCell`.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ....rnn._base import HybridRecurrentCell

__all__ = [
    "Conv1DGRUCell",
    "Conv1DLSTMCell",
    "Conv1DRNNCell",
    "Conv2DGRUCell",
    "Conv2DLSTMCell",
    "Conv2DRNNCell",
    "Conv3DGRUCell",
    "Conv3DLSTMCell",
    "Conv3DRNNCell",
]


class ConvCell(HybridRecurrentCell):
    """What the convolutional cells have in common.

    Parameters
    ----------
    input_shape : tuple of int
        Shape of an input without the batch axis, in the order of ``conv_layout``.
    hidden_channels : int
        Channels of each state.
    i2h_kernel, h2h_kernel : int or tuple of int
        Extents of the kernels for the input and for the state; odd for the state, which keeps its
        size.
    i2h_pad, i2h_dilate, h2h_dilate : int or tuple of int
        Padding and dilation of the input's convolution, dilation of the state's.
    i2h_weight_initializer, h2h_weight_initializer : Initializer or str, optional
        Initial weights.
    i2h_bias_initializer, h2h_bias_initializer : Initializer or str
        Initial biases.
    conv_layout : str
        ``'NCW'``, ``'NCHW'`` or ``'NCDHW'``, or with the channels last.
    activation : str or callable
        A name that :class:`gluonx.nn.Activation` knows, a layer or a function.
    prefix, params
        See :class:`gluonx.gluon.Block`.

    Inputs
    ------
    inputs : NDArray, shape (N, *input_shape)
    states : list of NDArray
        As :meth:`state_info` says.

    Outputs
    -------
    output : NDArray
        The new first state.
    states : list of NDArray

    Examples
    --------
    >>> from gluonx import gluon, nd
    >>> cell = gluon.contrib.rnn.Conv2DLSTMCell((3, 8, 8), 4, 3, 3, i2h_pad=1)
    >>> cell.initialize()
    >>> output, states = cell(nd.ones((2, 3, 8, 8)), cell.begin_state(2))
    >>> output.shape
    (2, 4, 8, 8)
    """

    _spatial: int
    _gates: int
    _states = 1

    def __init__(
        self, input_shape: Any, hidden_channels: int, i2h_kernel: Any, h2h_kernel: Any,
        i2h_pad: Any = 0, i2h_dilate: Any = 1, h2h_dilate: Any = 1,
        i2h_weight_initializer: Any = None, h2h_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros", h2h_bias_initializer: Any = "zeros",
        conv_layout: str | None = None, activation: Any = "tanh", prefix: str | None = None,
        params: Any = None,
    ):  # fmt: skip
        super().__init__(prefix=prefix, params=params)
        n = self._spatial
        conv_layout = conv_layout or "NC" + "DHW"[3 - n :]
        self._layout = conv_layout
        self._channels = conv_layout.index("C")
        self._hidden_channels = hidden_channels
        self._activation = activation
        self._input_shape = tuple(input_shape)
        if len(self._input_shape) != n + 1 or len(conv_layout) != n + 2:
            raise ValueError(
                f"{type(self).__name__}: input_shape must have {n + 1} extents, channels and space "
                f"as in {conv_layout}, got {self._input_shape}"
            )
        i2h_kernel, h2h_kernel = _each(i2h_kernel, n), _each(h2h_kernel, n)
        i2h_pad, i2h_dilate, h2h_dilate = (_each(v, n) for v in (i2h_pad, i2h_dilate, h2h_dilate))
        if any(k % 2 == 0 for k in h2h_kernel):
            raise ValueError(
                f"{type(self).__name__}: h2h_kernel must be odd, so that the state keeps its "
                f"size, got {h2h_kernel}"
            )
        h2h_pad = tuple(d * (k - 1) // 2 for k, d in zip(h2h_kernel, h2h_dilate, strict=True))
        rows = self._gates * hidden_channels
        common = {"num_filter": rows, "layout": conv_layout}
        self._i2h = {"kernel": i2h_kernel, "pad": i2h_pad, "dilate": i2h_dilate, **common}
        self._h2h = {"kernel": h2h_kernel, "pad": h2h_pad, "dilate": h2h_dilate, **common}
        space = [v for i, v in enumerate(self._input_shape, 1) if i != self._channels]
        self._space = [
            v + 2 * p - d * (k - 1)
            for v, k, p, d in zip(space, i2h_kernel, i2h_pad, i2h_dilate, strict=True)
        ]
        if min(self._space) < 1:
            raise ValueError(
                f"{type(self).__name__}: inputs {self._input_shape} are too small for i2h_kernel="
                f"{i2h_kernel}"
            )
        inside = self._input_shape[self._channels - 1]
        for name, kernel, channels, init in (
            ("i2h_weight", i2h_kernel, inside, i2h_weight_initializer),
            ("h2h_weight", h2h_kernel, hidden_channels, h2h_weight_initializer),
        ):
            shape = (rows, *self._placed(channels, kernel))
            setattr(self, name, self.params.get(name, shape=shape, init=init))
        for name, init in (("i2h_bias", i2h_bias_initializer), ("h2h_bias", h2h_bias_initializer)):
            setattr(self, name, self.params.get(name, shape=(rows,), init=init))

    def _placed(self, channels: int, space: Any) -> tuple[int, ...]:
        """Channels and spatial extents in the order of the layout."""
        return (channels, *space) if self._channels == 1 else (*space, channels)

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        shape = (batch_size, *self._placed(self._hidden_channels, self._space))
        return [{"shape": shape, "__layout__": self._layout} for _ in range(self._states)]

    def __repr__(self) -> str:
        inside = self._input_shape[self._channels - 1]
        rows = self._gates * self._hidden_channels
        return f"{type(self).__name__}({inside} -> {rows}, {self._activation}, {self._layout})"

    def hybrid_forward(  # type: ignore[override]
        self, F: ModuleType, inputs: Any, states: Any, i2h_weight: Any, h2h_weight: Any,
        i2h_bias: Any, h2h_bias: Any,
    ) -> Any:  # fmt: skip
        i2h = F.Convolution(inputs, i2h_weight, i2h_bias, **self._i2h)
        h2h = F.Convolution(states[0], h2h_weight, h2h_bias, **self._h2h)
        return self._step(F, i2h, h2h, states)

    def _step(self, F: ModuleType, i2h: Any, h2h: Any, states: Any) -> Any:
        raise NotImplementedError

    def _act(self, F: ModuleType, x: Any) -> Any:
        return self._get_activation(F, x, self._activation)


class _RNN(ConvCell):
    _gates = 1

    def _alias(self) -> str:
        return "conv_rnn"

    def _step(self, F: ModuleType, i2h: Any, h2h: Any, states: Any) -> Any:
        output = self._act(F, i2h + h2h)
        return output, [output]


class _LSTM(ConvCell):
    _gates, _states = 4, 2

    def _alias(self) -> str:
        return "conv_lstm"

    def _step(self, F: ModuleType, i2h: Any, h2h: Any, states: Any) -> Any:
        i, f, g, o = F.split(i2h + h2h, num_outputs=4, axis=self._channels)
        c = F.sigmoid(f) * states[1] + F.sigmoid(i) * self._act(F, g)
        output = F.sigmoid(o) * self._act(F, c)
        return output, [output, c]


class _GRU(ConvCell):
    _gates = 3

    def _alias(self) -> str:
        return "conv_gru"

    def _step(self, F: ModuleType, i2h: Any, h2h: Any, states: Any) -> Any:
        xr, xz, xn = F.split(i2h, num_outputs=3, axis=self._channels)
        hr, hz, hn = F.split(h2h, num_outputs=3, axis=self._channels)
        reset, update = F.sigmoid(xr + hr), F.sigmoid(xz + hz)
        output = (1 - update) * self._act(F, xn + reset * hn) + update * states[0]
        return output, [output]


class Conv1DRNNCell(_RNN):
    """:class:`gluonx.rnn.RNNCell` with convolutions along one axis; see :class:`ConvCell`."""

    _spatial = 1


class Conv2DRNNCell(_RNN):
    """:class:`gluonx.rnn.RNNCell` with convolutions of images; see :class:`ConvCell`."""

    _spatial = 2


class Conv3DRNNCell(_RNN):
    """:class:`gluonx.rnn.RNNCell` with convolutions of volumes; see :class:`ConvCell`."""

    _spatial = 3


class Conv1DLSTMCell(_LSTM):
    """:class:`gluonx.rnn.LSTMCell` with convolutions along one axis; see :class:`ConvCell`."""

    _spatial = 1


class Conv2DLSTMCell(_LSTM):
    """:class:`gluonx.rnn.LSTMCell` with convolutions of images; see :class:`ConvCell`."""

    _spatial = 2


class Conv3DLSTMCell(_LSTM):
    """:class:`gluonx.rnn.LSTMCell` with convolutions of volumes; see :class:`ConvCell`."""

    _spatial = 3


class Conv1DGRUCell(_GRU):
    """:class:`gluonx.rnn.GRUCell` with convolutions along one axis; see :class:`ConvCell`."""

    _spatial = 1


class Conv2DGRUCell(_GRU):
    """:class:`gluonx.rnn.GRUCell` with convolutions of images; see :class:`ConvCell`."""

    _spatial = 2


class Conv3DGRUCell(_GRU):
    """:class:`gluonx.rnn.GRUCell` with convolutions of volumes; see :class:`ConvCell`."""

    _spatial = 3


def _each(value: Any, axes: int) -> tuple[int, ...]:
    """A number for each axis."""
    values = (value,) * axes if isinstance(value, int) else tuple(value)
    if len(values) != axes:
        raise ValueError(f"expected one number or {axes} of them, got {value}")
    return values
