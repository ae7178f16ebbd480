"""RNNCell, LSTMCell and GRUCell."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ..initializer import LSTMBias
from ._base import HybridRecurrentCell

__all__ = ["GRUCell", "LSTMCell", "RNNCell"]


class _GatedCell(HybridRecurrentCell):
    """A cell whose gates are a linear function of the input and of the first state."""

    _gates: int
    _states: int

    def __init__(
        self, hidden_size: int, i2h_weight_initializer: Any, h2h_weight_initializer: Any,
        i2h_bias_initializer: Any, h2h_bias_initializer: Any, input_size: int, prefix: str | None,
        params: Any,
    ):  # fmt: skip
        super().__init__(prefix=prefix, params=params)
        if hidden_size < 1 or input_size < 0:
            raise ValueError(
                f"{type(self).__name__}: sizes must be positive, got hidden_size={hidden_size}, "
                f"input_size={input_size}"
            )
        self._hidden_size = hidden_size
        self._input_size = input_size
        rows = self._gates * hidden_size
        self.i2h_weight = self._parameter("i2h_weight", (rows, input_size), i2h_weight_initializer)
        state = (rows, self._state_size())
        self.h2h_weight = self._parameter("h2h_weight", state, h2h_weight_initializer)
        self._more_weights()
        self.i2h_bias = self._parameter("i2h_bias", (rows,), i2h_bias_initializer)
        self.h2h_bias = self._parameter("h2h_bias", (rows,), h2h_bias_initializer)

    def _parameter(self, name: str, shape: tuple[int, ...], init: Any) -> Any:
        return self.params.get(name, shape=shape, init=init, allow_deferred_init=True)

    def _state_size(self) -> int:
        """Size of the first state."""
        return self._hidden_size

    def _more_weights(self) -> None:
        """Weights between those of the gates and the biases."""

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        shape = (batch_size, self._hidden_size)
        return [{"shape": shape, "__layout__": "NC"} for _ in range(self._states)]

    def _linear(
        self, F: ModuleType, inputs: Any, states: Any, weights: tuple[Any, Any, Any, Any]
    ) -> tuple[Any, Any]:
        """The input's and the state's part of the gates."""
        i2h_weight, h2h_weight, i2h_bias, h2h_bias = weights
        rows = self._gates * self._hidden_size
        i2h = F.FullyConnected(inputs, i2h_weight, i2h_bias, num_hidden=rows)
        return i2h, F.FullyConnected(states[0], h2h_weight, h2h_bias, num_hidden=rows)

    def __repr__(self) -> str:
        rows, inside = self.i2h_weight.shape
        return f"{type(self).__name__}({inside or None} -> {rows}{self._extra()})"

    def _extra(self) -> str:
        return ""


def _size(kind: str, hidden_size: int | None, num_hidden: int | None) -> int:
    """The size of the state, which ``mx.rnn`` calls ``num_hidden``."""
    if (hidden_size is None) == (num_hidden is None):
        raise TypeError(f"{kind}() takes hidden_size, or num_hidden for mx.rnn's cell")
    return num_hidden if hidden_size is None else hidden_size  # type: ignore[return-value]


class RNNCell(_GatedCell):
    r"""Elman's cell: :math:`h_t = f(W x_t + b + U h_{t-1} + d)`.

    Elman, "Finding structure in time", 1990.

    Parameters
    ----------
    hidden_size : int
        Size of the state.
    activation : str or callable
        :math:`f`: a name that :class:`gluonx.nn.Activation` knows, a layer or a function.
    i2h_weight_initializer, h2h_weight_initializer : Initializer or str, optional
        Initial :math:`W` and :math:`U`.
    i2h_bias_initializer, h2h_bias_initializer : Initializer or str
        Initial :math:`b` and :math:`d`.
    input_size : int
        Size of the input. 0: learned at the first call.
    prefix, params
        See :class:`gluonx.gluon.Block`.
    num_hidden : int
        In place of ``hidden_size``: the cell is named as one of ``mx.rnn``, ``rnn_``.

    Inputs
    ------
    inputs : NDArray, shape (N, input_size)
    states : list of one NDArray, shape (N, hidden_size)

    Outputs
    -------
    output : NDArray, shape (N, hidden_size)
    states : list
        The output again.

    Examples
    --------
    >>> from gluonx import nd, rnn
    >>> cell = rnn.RNNCell(4)
    >>> cell.initialize()
    >>> output, states = cell(nd.ones((2, 3)), cell.begin_state(2))
    >>> output.shape, cell
    ((2, 4), RNNCell(3 -> 4, tanh))
    """

    _gates, _states = 1, 1
    _gate_names = ("",)

    def __init__(
        self, hidden_size: int | None = None, activation: Any = "tanh",
        i2h_weight_initializer: Any = None, h2h_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros", h2h_bias_initializer: Any = "zeros",
        input_size: int = 0, prefix: str | None = None,
        params: Any = None, *, num_hidden: int | None = None,
    ):  # fmt: skip
        if num_hidden is not None and prefix is None:
            prefix = "rnn_"
        super().__init__(
            _size("RNNCell", hidden_size, num_hidden), i2h_weight_initializer,
            h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer, input_size,
            prefix, params,
        )  # fmt: skip
        self._activation = activation

    def _alias(self) -> str:
        return "rnn"

    def hybrid_forward(  # type: ignore[override]
        self, F: ModuleType, inputs: Any, states: Any, i2h_weight: Any, h2h_weight: Any,
        i2h_bias: Any, h2h_bias: Any,
    ) -> Any:  # fmt: skip
        i2h, h2h = self._linear(F, inputs, states, (i2h_weight, h2h_weight, i2h_bias, h2h_bias))
        output = self._get_activation(F, i2h + h2h, self._activation)
        return output, [output]

    def _extra(self) -> str:
        return f", {self._activation}"


class LSTMCell(_GatedCell):
    r"""Long short-term memory (Hochreiter and Schmidhuber, 1997), with forget gates.

    .. math::
        (i, f, g, o) = W x_t + b + U h_{t-1} + d, \quad
        c_t = \sigma(f) c_{t-1} + \sigma(i) \tanh(g), \quad h_t = \sigma(o) \tanh(c_t)

    Parameters
    ----------
    hidden_size : int
        Size of each state.
    i2h_weight_initializer, h2h_weight_initializer : Initializer or str, optional
        Initial :math:`W` and :math:`U`, in the order of rows i, f, g, o.
    i2h_bias_initializer, h2h_bias_initializer : Initializer or str
        Initial :math:`b` and :math:`d`; ``'lstmbias'`` opens the forget gate.
    input_size : int
        Size of the input. 0: learned at the first call.
    prefix, params
        See :class:`gluonx.gluon.Block`.
    activation, recurrent_activation : str or callable
        In place of :math:`\tanh` and :math:`\sigma`.
    num_hidden : int
        In place of ``hidden_size``: the cell is named as one of ``mx.rnn``, ``lstm_``, and its
        forget gate begins with the bias ``forget_bias``.
    forget_bias : float

    Inputs
    ------
    inputs : NDArray, shape (N, input_size)
    states : list of two NDArrays, shape (N, hidden_size)
        h and c.

    Outputs
    -------
    output : NDArray, shape (N, hidden_size)
        The new h.
    states : list
        The new h and c.

    Examples
    --------
    >>> from gluonx import nd, rnn
    >>> cell = rnn.LSTMCell(4)
    >>> cell.initialize()
    >>> outputs, states = cell.unroll(5, nd.ones((2, 5, 3)), merge_outputs=True)
    >>> outputs.shape, len(states)
    ((2, 5, 4), 2)
    """

    _gates, _states = 4, 2
    _gate_names = ("_i", "_f", "_c", "_o")

    def __init__(
        self, hidden_size: int | None = None, i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None, i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros", input_size: int = 0, prefix: str | None = None,
        params: Any = None, activation: Any = "tanh", recurrent_activation: Any = "sigmoid",
        *, num_hidden: int | None = None, forget_bias: float = 1.0,
    ):  # fmt: skip
        if num_hidden is not None:
            prefix = "lstm_" if prefix is None else prefix
            i2h_bias_initializer = LSTMBias(forget_bias)
        super().__init__(
            _size("LSTMCell", hidden_size, num_hidden), i2h_weight_initializer,
            h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer, input_size,
            prefix, params,
        )  # fmt: skip
        self._activation = activation
        self._recurrent_activation = recurrent_activation

    def _alias(self) -> str:
        return "lstm"

    def hybrid_forward(  # type: ignore[override]
        self, F: ModuleType, inputs: Any, states: Any, i2h_weight: Any, h2h_weight: Any,
        i2h_bias: Any, h2h_bias: Any,
    ) -> Any:  # fmt: skip
        i2h, h2h = self._linear(F, inputs, states, (i2h_weight, h2h_weight, i2h_bias, h2h_bias))
        output, c = self._step(F, i2h + h2h, states[1])
        return output, [output, c]

    def _step(self, F: ModuleType, gates: Any, c: Any) -> tuple[Any, Any]:
        i, f, g, o = F.split(gates, num_outputs=4, axis=1)
        gate, value = self._recurrent_activation, self._activation
        kept = self._get_activation(F, f, gate) * c
        new = self._get_activation(F, i, gate) * self._get_activation(F, g, value)
        c = kept + new
        return self._get_activation(F, o, gate) * self._get_activation(F, c, value), c


class GRUCell(_GatedCell):
    r"""Gated recurrent unit (Cho et al., 2014), in cuDNN's variant.

    .. math::
        (r, z, n) = W x_t + b, \quad (r', z', n') = U h_{t-1} + d, \quad
        h_t = (1 - \sigma(z + z')) \tanh(n + \sigma(r + r') n') + \sigma(z + z') h_{t-1}

    Parameters
    ----------
    hidden_size : int
        Size of the state.
    i2h_weight_initializer, h2h_weight_initializer : Initializer or str, optional
        Initial :math:`W` and :math:`U`, in the order of rows r, z, n.
    i2h_bias_initializer, h2h_bias_initializer : Initializer or str
        Initial :math:`b` and :math:`d`.
    input_size : int
        Size of the input. 0: learned at the first call.
    prefix, params
        See :class:`gluonx.gluon.Block`.
    num_hidden : int
        In place of ``hidden_size``: the cell is named as one of ``mx.rnn``, ``gru_``.

    Inputs
    ------
    inputs : NDArray, shape (N, input_size)
    states : list of one NDArray, shape (N, hidden_size)

    Outputs
    -------
    output : NDArray, shape (N, hidden_size)
    states : list
        The output again.

    Examples
    --------
    >>> from gluonx import nd, rnn
    >>> cell = rnn.GRUCell(4, input_size=3)
    >>> cell.initialize()
    >>> cell(nd.ones((2, 3)), cell.begin_state(2))[0].shape
    (2, 4)
    """

    _gates, _states = 3, 1
    _gate_names = ("_r", "_z", "_o")

    def __init__(
        self, hidden_size: int | None = None, i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None, i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros", input_size: int = 0, prefix: str | None = None,
        params: Any = None, *, num_hidden: int | None = None,
    ):  # fmt: skip
        if num_hidden is not None and prefix is None:
            prefix = "gru_"
        super().__init__(
            _size("GRUCell", hidden_size, num_hidden), i2h_weight_initializer,
            h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer, input_size,
            prefix, params,
        )  # fmt: skip

    def _alias(self) -> str:
        return "gru"

    def hybrid_forward(  # type: ignore[override]
        self, F: ModuleType, inputs: Any, states: Any, i2h_weight: Any, h2h_weight: Any,
        i2h_bias: Any, h2h_bias: Any,
    ) -> Any:  # fmt: skip
        i2h, h2h = self._linear(F, inputs, states, (i2h_weight, h2h_weight, i2h_bias, h2h_bias))
        xr, xz, xn = F.split(i2h, num_outputs=3, axis=1)
        hr, hz, hn = F.split(h2h, num_outputs=3, axis=1)
        reset, update = F.sigmoid(xr + hr), F.sigmoid(xz + hz)
        output = (1 - update) * F.tanh(xn + reset * hn) + update * states[0]
        return output, [output]
