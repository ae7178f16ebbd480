"""RNN, LSTM and GRU: whole sequences through layers of cells, as one operator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from .. import ndarray as nd
from ..block import HybridBlock
from ..engine.op import OPS
from ..ndarray import NDArray
from ..symbol.namespace import function
from . import _sequence
from ._base import make_states

__all__ = ["GRU", "LSTM", "RNN"]

_GATES = {"rnn_relu": 1, "rnn_tanh": 1, "lstm": 4, "gru": 3}
_concat = function(OPS["_rnn_param_concat"], "_rnn_param_concat")


class _Layers(HybridBlock):
    """Recurrent layers of one kind."""

    def __init__(
        self, mode: str, hidden_size: int, num_layers: int, layout: str, dropout: float,
        bidirectional: bool, input_size: int, initializers: dict[str, Any], dtype: Any,
        projection_size: int | None = None, clip: tuple[Any, Any, bool] = (None, None, False),
        use_sequence_length: bool = False, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(**kwargs)
        kind = type(self).__name__
        if layout not in ("TNC", "NTC"):
            raise ValueError(f"{kind}: layout must be 'TNC' or 'NTC', got {layout!r}")
        if hidden_size < 1 or num_layers < 1 or input_size < 0:
            raise ValueError(
                f"{kind}: sizes must be positive, got hidden_size={hidden_size}, "
                f"num_layers={num_layers}, input_size={input_size}"
            )
        self._mode, self._layout, self._dropout = mode, layout, dropout
        self._hidden_size, self._num_layers, self._input_size = hidden_size, num_layers, input_size
        self._projection_size, self._clip, self._dtype = projection_size, clip, dtype
        self._use_sequence_length = use_sequence_length
        self._sides = ("l", "r") if bidirectional else ("l",)
        rows, state = _GATES[mode] * hidden_size, projection_size or hidden_size
        shapes: dict[str, tuple[int, ...]] = {
            "i2h_weight": (rows, input_size), "h2h_weight": (rows, state), "i2h_bias": (rows,),
            "h2h_bias": (rows,),
        }  # fmt: skip
        if projection_size:
            shapes["h2r_weight"] = (projection_size, hidden_size)
        self._pieces = tuple(shapes)
        for layer in range(num_layers):
            for side in self._sides:
                for piece, shape in shapes.items():
                    name = f"{side}{layer}_{piece}"
                    p = self.params.get(
                        name, shape=shape, init=initializers[piece], dtype=dtype,
                        allow_deferred_init=True,
                    )  # fmt: skip
                    setattr(self, name, p)
            shapes["i2h_weight"] = (rows, len(self._sides) * state)

    def __repr__(self) -> str:
        rows, inside = self._reg_params["l0_i2h_weight"].shape or (0, 0)
        text = f"{inside or None} -> {rows // _GATES[self._mode]}, {self._layout}"
        if self._num_layers > 1:
            text += f", num_layers={self._num_layers}"
        if self._dropout:
            text += f", dropout={self._dropout}"
        if len(self._sides) == 2:
            text += ", bidirectional"
        return f"{type(self).__name__}({text})"

    # -- names in files -------------------------------------------------------------------------

    def _in_files(self) -> Iterator[tuple[str, str]]:
        """The name of each parameter, and the one that MXNet's files have for it."""
        for layer in range(self._num_layers):
            for side in self._sides:
                cell = f"{side}_cell." if len(self._sides) == 2 else ""
                for piece in self._pieces:
                    yield f"{side}{layer}_{piece}", f"_unfused.{layer}.{cell}{piece}"

    def _collect_params_with_prefix(self, prefix: str = "") -> dict[str, Any]:
        prefix = prefix and prefix + "."
        return {prefix + file: self._reg_params[name] for name, file in self._in_files()}

    def _other_names(self, prefix: str = "") -> dict[str, str]:
        prefix = prefix and prefix + "."
        return {prefix + name: prefix + file for name, file in self._in_files()}

    # -- states ---------------------------------------------------------------------------------

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        """Shape, layout and dtype of each state.

        Parameters
        ----------
        batch_size : int
            Number of samples.
        """
        count = self._num_layers * len(self._sides)
        sizes = [self._projection_size or self._hidden_size]
        if self._mode == "lstm":
            sizes.append(self._hidden_size)
        return [
            {"shape": (count, batch_size, n), "__layout__": "LNC", "dtype": self._dtype}
            for n in sizes
        ]

    def begin_state(
        self, batch_size: int = 0, func: Callable[..., Any] = nd.zeros, **kwargs: Any
    ) -> list[Any]:
        """States to begin a sequence with.

        Parameters
        ----------
        batch_size : int
            Number of samples.
        func : callable
            Makes a state: ``nd.zeros``, ``nd.ones``, ``sym.var``, ... It gets ``shape``, ``dtype``
            and ``kwargs``, and ``name`` if it takes that.
        **kwargs
            ``ctx``, ``dtype``, ...

        Returns
        -------
        list of NDArray or Symbol
        """
        return make_states(self.prefix, self.state_info(batch_size), func, kwargs)

    def cast(self, dtype: Any) -> None:
        super().cast(dtype)
        self._dtype = dtype

    # -- calling --------------------------------------------------------------------------------

    def forward(self, inputs: Any, states: Any = None, sequence_length: Any = None) -> Any:
        """Run the layers along sequences."""
        wanted = len(self.state_info())
        if states is not None and not isinstance(states, (list, tuple)):
            states = [states]
        if states is not None and len(states) != wanted:
            raise ValueError(
                f"{self!r} has {wanted} states, got {len(states)}; begin_state() makes them"
            )
        if (sequence_length is not None) != self._use_sequence_length:
            raise ValueError(
                f"{self!r} takes sequence_length if it is made with use_sequence_length=True, and "
                "only then"
            )
        if isinstance(inputs, NDArray):
            self._check(inputs)
        return super().forward(inputs, states, sequence_length)

    def _check(self, inputs: NDArray) -> None:
        """Look at the inputs' shape, and tell it to the weights that wait for it."""
        rows, size = self._reg_params["l0_i2h_weight"].shape or (0, 0)
        if inputs.ndim != 3 or (size and inputs.shape[2] != size):
            raise ValueError(
                f"{self!r} takes inputs of shape ({', '.join(self._layout)}) with C = "
                f"{size or 'any'}, got {inputs.shape}"
            )
        if not size:
            for side in self._sides:
                self._reg_params[f"{side}0_i2h_weight"]._learn_shape((rows, inputs.shape[2]))

    def hybrid_forward(
        self, F: ModuleType, x: Any, states: Any = None, sequence_length: Any = None, **params: Any
    ) -> Any:
        batch_axis = _sequence.axis_of("N", self._layout)
        given = states
        if states is None:
            shapes = [info["shape"] for info in self.state_info()]
            states = [_sequence.zeros(x, batch_axis, shape, 1) for shape in shapes]
        if self._layout == "NTC":
            x = F.swapaxes(x, dim1=0, dim2=1)
        named = {"state": states[0]}
        if self._mode == "lstm":
            named["state_cell"] = states[1]
        if self._use_sequence_length:
            named["sequence_length"] = sequence_length
        low, high, nan = self._clip
        out, *after = F.RNN(
            x, self._packed(F, params), **named, state_size=self._hidden_size,
            num_layers=self._num_layers, bidirectional=len(self._sides) == 2, mode=self._mode,
            p=self._dropout, state_outputs=True, projection_size=self._projection_size,
            lstm_state_clip_min=low, lstm_state_clip_max=high, lstm_state_clip_nan=nan,
            use_sequence_length=self._use_sequence_length,
        )  # fmt: skip
        if self._layout == "NTC":
            out = F.swapaxes(out, dim1=0, dim2=1)
        return out if given is None else (out, after)

    def _packed(self, F: ModuleType, params: dict[str, Any]) -> Any:
        """The parameters as the operator's vector: all weights, then all biases."""
        names = [
            f"{side}{layer}_{piece}"
            for kind in ("weight", "bias")
            for layer in range(self._num_layers)
            for side in self._sides
            for piece in self._pieces
            if piece.endswith(kind)
        ]
        flat = [params[n] for n in names]
        if not isinstance(flat[0], NDArray):  # MXNet reads the graph, too
            flat = [F.reshape(a, shape=(-1,)) for a in flat]
        return _concat(*flat, dim=0)


class RNN(_Layers):
    r"""Layers of Elman's cells: :math:`h_t = f(W x_t + b + U h_{t-1} + d)`; see :class:`RNNCell`.

    Parameters
    ----------
    hidden_size : int
        Size of the state.
    num_layers : int
        Number of layers, each on top of the one before.
    activation : {'relu', 'tanh'}
        :math:`f`.
    layout : {'TNC', 'NTC'}
        Order of time, samples and features in inputs and outputs.
    dropout : float
        While training, the share of elements set to zero between layers.
    bidirectional : bool
        Whether each layer also runs from the end to the beginning; the outputs of both directions
        stand side by side.
    i2h_weight_initializer, h2h_weight_initializer : Initializer or str, optional
        Initial :math:`W` and :math:`U` of each layer.
    i2h_bias_initializer, h2h_bias_initializer : Initializer or str
        Initial :math:`b` and :math:`d` of each layer.
    input_size : int
        Number of features of the input. 0: learned at the first call.
    dtype : str or numpy.dtype
        Element type of the parameters.
    **kwargs
        ``use_sequence_length``, and ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.

    Inputs
    ------
    data : NDArray, shape (T, N, C), or (N, T, C) with layout ``'NTC'``
    states : list of one NDArray, optional
        Shape (directions * num_layers, N, hidden_size), :meth:`begin_state` makes it; zeros by
        default.
    sequence_length : NDArray, optional
        With ``use_sequence_length``: length of each sample's sequence, shape (N,).

    Outputs
    -------
    out : NDArray, shape (T, N, directions * hidden_size), or (N, T, ...)
    states : list of NDArray
        The states after the last step; only if states were given.

    Examples
    --------
    >>> from gluonx import nd, rnn
    >>> layer = rnn.RNN(4, 2, activation='tanh')
    >>> layer.initialize()
    >>> layer(nd.ones((5, 3, 6))).shape
    (5, 3, 4)
    >>> out, states = layer(nd.ones((5, 3, 6)), layer.begin_state(3))
    >>> states[0].shape
    (2, 3, 4)
    """

    def __init__(
        self, hidden_size: int, num_layers: int = 1, activation: str = "relu", layout: str = "TNC",
        dropout: float = 0, bidirectional: bool = False, i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None, i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros", input_size: int = 0, dtype: Any = "float32",
        **kwargs: Any,
    ):  # fmt: skip
        if activation not in ("relu", "tanh"):
            raise ValueError(
                f"RNN: activation must be 'relu' or 'tanh', got {activation!r}; RNNCell takes any"
            )
        initializers = _initializers(
            i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer,
            h2h_bias_initializer,
        )  # fmt: skip
        super().__init__(
            "rnn_" + activation, hidden_size, num_layers, layout, dropout, bidirectional,
            input_size, initializers, dtype, **kwargs,
        )  # fmt: skip


class LSTM(_Layers):
    r"""Layers of long short-term memory; see :class:`LSTMCell`.

    Parameters
    ----------
    hidden_size : int
        Size of each state.
    num_layers : int
        Number of layers, each on top of the one before.
    layout : {'TNC', 'NTC'}
        Order of time, samples and features in inputs and outputs.
    dropout : float
        While training, the share of elements set to zero between layers.
    bidirectional : bool
        Whether each layer also runs from the end to the beginning; the outputs of both directions
        stand side by side.
    input_size : int
        Number of features of the input. 0: learned at the first call.
    i2h_weight_initializer, h2h_weight_initializer : Initializer or str, optional
        Initial weights of the input and of the state, of each layer.
    i2h_bias_initializer, h2h_bias_initializer : Initializer or str
        Initial biases of each layer; ``'lstmbias'`` opens the forget gate.
    projection_size : int, optional
        Project :math:`h` to this size (Sak et al., 2014).
    h2r_weight_initializer : Initializer or str, optional
        Initial weight of the projection.
    state_clip_min, state_clip_max : float, optional
        Bounds within which :math:`c` is kept; both or none.
    state_clip_nan : bool
        Also replace NaN by the lower bound.
    dtype : str or numpy.dtype
        Element type of the parameters.
    **kwargs
        ``use_sequence_length``, and ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.

    Inputs
    ------
    data : NDArray, shape (T, N, C), or (N, T, C) with layout ``'NTC'``
    states : list of two NDArrays, optional
        h and c, each (directions * num_layers, N, hidden_size), :meth:`begin_state` makes them;
        zeros by default. With a projection h has projection_size in place of hidden_size.
    sequence_length : NDArray, optional
        With ``use_sequence_length``: length of each sample's sequence, shape (N,).

    Outputs
    -------
    out : NDArray, shape (T, N, directions * hidden_size), or (N, T, ...)
    states : list of NDArray
        The states after the last step; only if states were given.

    Examples
    --------
    >>> from gluonx import nd, rnn
    >>> layer = rnn.LSTM(4, layout='NTC', bidirectional=True)
    >>> layer.initialize()
    >>> out, states = layer(nd.ones((3, 5, 6)), layer.begin_state(3))
    >>> out.shape, states[1].shape
    ((3, 5, 8), (2, 3, 4))
    """

    def __init__(
        self, hidden_size: int, num_layers: int = 1, layout: str = "TNC", dropout: float = 0,
        bidirectional: bool = False, input_size: int = 0, i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None, i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros", projection_size: int | None = None,
        h2r_weight_initializer: Any = None, state_clip_min: float | None = None,
        state_clip_max: float | None = None, state_clip_nan: bool = False, dtype: Any = "float32",
        **kwargs: Any,
    ):  # fmt: skip
        initializers = _initializers(
            i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer,
            h2h_bias_initializer, h2r_weight_initializer,
        )  # fmt: skip
        super().__init__(
            "lstm", hidden_size, num_layers, layout, dropout, bidirectional, input_size,
            initializers, dtype, projection_size, (state_clip_min, state_clip_max, state_clip_nan),
            **kwargs,
        )  # fmt: skip


class GRU(_Layers):
    r"""Layers of gated recurrent units; see :class:`GRUCell`.

    Parameters
    ----------
    hidden_size : int
        Size of the state.
    num_layers : int
        Number of layers, each on top of the one before.
    layout : {'TNC', 'NTC'}
        Order of time, samples and features in inputs and outputs.
    dropout : float
        While training, the share of elements set to zero between layers.
    bidirectional : bool
        Whether each layer also runs from the end to the beginning; the outputs of both directions
        stand side by side.
    input_size : int
        Number of features of the input. 0: learned at the first call.
    i2h_weight_initializer, h2h_weight_initializer : Initializer or str, optional
        Initial weights of the input and of the state, of each layer.
    i2h_bias_initializer, h2h_bias_initializer : Initializer or str
        Initial biases of each layer.
    dtype : str or numpy.dtype
        Element type of the parameters.
    **kwargs
        ``use_sequence_length``, and ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.

    Inputs
    ------
    data : NDArray, shape (T, N, C), or (N, T, C) with layout ``'NTC'``
    states : list of one NDArray, optional
        Shape (directions * num_layers, N, hidden_size), :meth:`begin_state` makes it; zeros by
        default.
    sequence_length : NDArray, optional
        With ``use_sequence_length``: length of each sample's sequence, shape (N,).

    Outputs
    -------
    out : NDArray, shape (T, N, directions * hidden_size), or (N, T, ...)
    states : list of NDArray
        The states after the last step; only if states were given.

    Examples
    --------
    >>> from gluonx import nd, rnn
    >>> layer = rnn.GRU(4, 2)
    >>> layer.initialize()
    >>> layer(nd.ones((5, 3, 6))).shape
    (5, 3, 4)
    >>> layer
    GRU(6 -> 4, TNC, num_layers=2)
    """

    def __init__(
        self, hidden_size: int, num_layers: int = 1, layout: str = "TNC", dropout: float = 0,
        bidirectional: bool = False, input_size: int = 0, i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None, i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros", dtype: Any = "float32", **kwargs: Any,
    ):  # fmt: skip
        initializers = _initializers(
            i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer,
            h2h_bias_initializer,
        )  # fmt: skip
        super().__init__(
            "gru", hidden_size, num_layers, layout, dropout, bidirectional, input_size,
            initializers, dtype, **kwargs,
        )  # fmt: skip


def _initializers(i2h: Any, h2h: Any, i2h_bias: Any, h2h_bias: Any, h2r: Any = None) -> dict:
    return {
        "i2h_weight": i2h, "h2h_weight": h2h, "h2r_weight": h2r, "i2h_bias": i2h_bias,
        "h2h_bias": h2h_bias,
    }  # fmt: skip
