"""Recurrent networks of many layers as one operator."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import jax
import jax.numpy as jnp

from ..engine.attributes import Count, Part
from ..engine.op import register
from . import _recurrence
from ._checks import as_index, is_float, same_dtype
from .join import concat

__all__ = ["rnn", "rnn_param_concat"]


def _piece_shapes(
    mode: str, inputs: int, size: int, layers: int, directions: int, projection: int | None
) -> list[tuple[int, ...]]:
    """Shapes of what the parameter vector consists of, in order.

    First the weights, layer by layer and direction by direction: of the input, of the state, of the
    projection. Then the biases in the same order, of the input and of the state.
    """
    gates, state = _recurrence.GATES[mode] * size, projection or size
    weights: list[tuple[int, ...]] = []
    for layer in range(layers):
        inside = inputs if layer == 0 else directions * state
        one = [(gates, inside), (gates, state)]
        weights += (one + [(projection, size)] if projection else one) * directions
    return weights + [(gates,)] * (2 * layers * directions)


def _check_attributes(attrs: dict) -> None:
    mode = attrs["mode"]
    if attrs["projection_size"] is not None and (mode != "lstm" or attrs["projection_size"] < 1):
        raise ValueError(
            f"projection_size={attrs['projection_size']} needs mode='lstm' and must be at least 1"
        )


def _shapes(attrs: dict, inputs: int) -> list[tuple[int, ...]]:
    directions = 2 if attrs["bidirectional"] else 1
    return _piece_shapes(
        attrs["mode"], inputs, attrs["state_size"], attrs["num_layers"], directions,
        attrs["projection_size"],
    )  # fmt: skip


def _infer(shapes: dict, attrs: dict) -> dict:
    data = shapes.get("data")
    if not data or len(data) != 3:
        return {}
    _check_attributes(attrs)
    states = attrs["num_layers"] * (2 if attrs["bidirectional"] else 1)
    found: dict = {
        "state": (states, data[1], attrs["projection_size"] or attrs["state_size"]),
        "state_cell": (states, data[1], attrs["state_size"]),
        "sequence_length": (data[1],),
    }
    if data[2]:
        found["parameters"] = (sum(map(math.prod, _shapes(attrs, data[2]))),)
    return found


def _count(attrs: dict) -> int:
    return 1 + attrs["state_outputs"] * (2 if attrs["mode"] == "lstm" else 1)


def _names(attrs: dict) -> Sequence[str]:
    return ("output", "state_output", "statecell_output")[: _count(attrs)]


@register("RNN", infer=_infer, outputs=_count, output_names=_names)
def rnn(
    data,
    parameters,
    state,
    state_cell=None,
    sequence_length=None,
    *,
    state_size: Count,
    num_layers: Count,
    bidirectional: bool = False,
    mode: Literal["rnn_relu", "rnn_tanh", "lstm", "gru"],
    p: Part = 0.0,
    state_outputs: bool = False,
    projection_size: int | None = None,
    lstm_state_clip_min: float | None = None,
    lstm_state_clip_max: float | None = None,
    lstm_state_clip_nan: bool = False,
    use_sequence_length: bool = False,
    key,
    train,
):
    r"""Layers of recurrent cells, one on top of the other.

    With :math:`x_t` the input of a layer at time :math:`t` and :math:`h` its state, a layer is

    * ``'rnn_tanh'``, ``'rnn_relu'`` (Elman, "Finding structure in time", 1990):
      :math:`h_t = \tanh(W x_t + b + U h_{t-1} + d)`, or relu in place of tanh.
    * ``'lstm'`` (Hochreiter and Schmidhuber, "Long short-term memory", 1997): with
      :math:`(i, f, g, o) = W x_t + b + U h_{t-1} + d`,

      .. math:: c_t = \sigma(f) c_{t-1} + \sigma(i) \tanh(g), \quad h_t = \sigma(o) \tanh(c_t)

      and with a projection (Sak et al., "Long short-term memory based recurrent neural network
      architectures", 2014) :math:`R h_t` in place of :math:`h_t`.
    * ``'gru'`` (Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014):
      with :math:`(r, z, n) = W x_t + b` and :math:`(r', z', n') = U h_{t-1} + d`,

      .. math::
          h_t = (1 - \sigma(z + z')) \tanh(n + \sigma(r + r') n') + \sigma(z + z') h_{t-1}

    Parameters
    ----------
    data : array
        The inputs, (time, batch, features).
    parameters : array
        All weights and biases in one vector: first the weights, layer by layer, the forward before
        the backward direction, of each :math:`W`, :math:`U` and :math:`R`, in the order of rows;
        then the biases :math:`b` and :math:`d` in the same order.
    state : array
        The states before the first step, (layers * directions, batch, state_size); with a
        projection, projection_size in place of state_size. A batch of 1 serves all.
    state_cell : array, optional
        For an LSTM, :math:`c` before the first step, (layers * directions, batch, state_size).
    sequence_length : array, optional
        (batch,), lengths of the sequences, of any dtype; with `use_sequence_length`.
    state_size : int
        Number of elements of a state.
    num_layers : int
        Number of layers.
    bidirectional : bool
        Whether each layer also runs from the end to the beginning; the outputs of both directions
        stand side by side.
    mode : str
        ``'rnn_relu'``, ``'rnn_tanh'``, ``'lstm'`` or ``'gru'``.
    p : float
        While training, the share of elements that dropout sets to 0 between layers.
    state_outputs : bool
        Also return the states after the last step.
    projection_size : int, optional
        Size of the projection, for an LSTM.
    lstm_state_clip_min, lstm_state_clip_max : float, optional
        Bounds within which an LSTM's :math:`c` is kept; both or none.
    lstm_state_clip_nan : bool
        Also put the lower bound in the place of NaN.
    use_sequence_length : bool
        Take each sequence to its own length only: outputs beyond are 0, the last state is that
        after its last element, and the backward direction begins there.

    Returns
    -------
    array
        (time, batch, directions * state_size); with `state_outputs` also the last states, in the
        shapes of `state` and `state_cell`.

    Examples
    --------
    >>> x, h = nd.ones((5, 2, 3)), nd.zeros((1, 2, 4))
    >>> w = nd.ones(4 * (3 + 4 + 2)) * 0.1
    >>> y, last = nd.RNN(x, w, h, state_size=4, num_layers=1, mode='rnn_tanh', state_outputs=True)
    >>> y.shape, last.shape
    ((5, 2, 4), (1, 2, 4))
    """
    attrs = {
        "mode": mode, "state_size": state_size, "num_layers": num_layers,
        "bidirectional": bidirectional, "projection_size": projection_size,
    }  # fmt: skip
    _check_attributes(attrs)
    if use_sequence_length and mode != "lstm" and sequence_length is None:
        state_cell, sequence_length = None, state_cell  # given as the fourth array
    states = _states(data, state, state_cell, attrs)
    live = _live(data, sequence_length, use_sequence_length)
    clip = _clip(lstm_state_clip_min, lstm_state_clip_max, lstm_state_clip_nan, mode)
    weights, biases = _unpack(parameters, _shapes(attrs, data.shape[2]), data)
    directions = 2 if bidirectional else 1
    each = 3 if projection_size else 2
    last: list[tuple] = []
    x = data
    for layer in range(num_layers):
        if layer and p and train:
            x = _drop(jax.random.fold_in(key, layer), x, p)
        outputs = []
        for direction in range(directions):
            k = layer * directions + direction
            wi, wh, *wr = weights[each * k : each * (k + 1)]
            y, *after = _layer(
                mode, x, wi, wh, wr, biases[2 * k : 2 * k + 2], [s[k] for s in states], live, clip,
                bool(direction),
            )  # fmt: skip
            outputs.append(y)
            last.append(tuple(after))
        x = outputs[0] if directions == 1 else jnp.concatenate(outputs, -1)
    if not state_outputs:
        return x
    return x, *(jnp.stack(s).astype(data.dtype) for s in zip(*last, strict=True))


def _layer(mode, x, wi, wh, wr, biases, states, live, clip, reverse: bool):
    """One layer in one direction: outputs in the type of ``x``, last states in a wider one."""
    wide = jnp.promote_types(x.dtype, jnp.float32)
    h, *c = (s.astype(wide) for s in states)
    y, h, c = _recurrence.run(
        mode, x, h, c[0] if c else None, wi, wh, *biases, wr=wr[0] if wr else None, live=live,
        clip=clip, reverse=reverse,
    )  # fmt: skip
    if live is not None:
        y = jnp.where(live, y, jnp.zeros((), wide))
    return y.astype(x.dtype), h, *(() if c is None else (c,))


def _unpack(parameters, shapes: Sequence[tuple[int, ...]], data) -> tuple[list, list]:
    """Weights and biases."""
    sizes = [math.prod(s) for s in shapes]
    if parameters.shape != (sum(sizes),):
        raise ValueError(
            f"parameters must have shape ({sum(sizes)},) for data of shape {data.shape}, got "
            f"{parameters.shape}: the weights {_listed(shapes)} and then the biases, one after the "
            "other"
        )
    # the gradient of lax.split is one concatenation
    pieces = [a.reshape(s) for a, s in zip(jax.lax.split(parameters, sizes), shapes, strict=True)]
    return [a for a in pieces if a.ndim == 2], [a for a in pieces if a.ndim == 1]


def _listed(shapes: Sequence[tuple[int, ...]]) -> str:
    weights = [str(s) for s in shapes if len(s) == 2]
    return ", ".join(weights[:6] + ["..."] * (len(weights) > 6))


def _states(data, state, state_cell, attrs: dict) -> list[jax.Array]:
    """The states before the first step, after checks of all arrays."""
    if data.ndim != 3:
        raise ValueError(f"data must have shape (time, batch, features), got {data.shape}")
    if not is_float(data):
        raise ValueError(f"data must be of a floating-point type, got {data.dtype}; use astype")
    if not data.shape[0]:
        raise ValueError(f"data of shape {data.shape} has no time steps")
    given = {"state": state}
    if attrs["mode"] == "lstm":
        if state_cell is None:
            raise ValueError("mode='lstm' needs the array state_cell besides state")
        given["state_cell"] = state_cell
    elif state_cell is not None:
        raise ValueError(f"state_cell is for mode='lstm', and mode is {attrs['mode']!r}")
    shapes = _infer({"data": data.shape}, attrs)
    for name, a in given.items():
        same_dtype(data, a)
        layers, batch, size = shapes[name]
        if a.shape not in ((layers, batch, size), (layers, 1, size)):
            raise ValueError(
                f"{name} must have shape {shapes[name]}, (layers * directions, batch, size), for "
                f"data of shape {data.shape}, got {a.shape}"
            )
    return [jnp.broadcast_to(a, shapes[name]) for name, a in given.items()]


def _live(data, sequence_length, use: bool) -> jax.Array | None:
    """Where a step belongs to its sequence, (time, batch, 1); None if it always does."""
    if not use:
        if sequence_length is not None:
            raise ValueError("sequence_length is given, so set use_sequence_length=True")
        return None
    if sequence_length is None:
        raise ValueError("use_sequence_length=True needs the array sequence_length")
    if sequence_length.shape != data.shape[1:2]:
        raise ValueError(
            f"sequence_length must have shape {data.shape[1:2]} for data of shape {data.shape}, "
            f"got {sequence_length.shape}"
        )
    lengths = as_index(sequence_length, data.shape[0] + 1)
    return (jnp.arange(data.shape[0])[:, None] < lengths)[..., None]


def _clip(low, high, nan: bool, mode: str) -> _recurrence.Clip | None:
    if low is None and high is None:
        return None
    if low is None or high is None or not low <= high or mode != "lstm":
        raise ValueError(
            f"lstm_state_clip_min={low} and lstm_state_clip_max={high} must be given together, the "
            f"first not above the second, for mode='lstm' (mode is {mode!r})"
        )
    return _recurrence.Clip(low, high, nan)


def _drop(key, x, p: float):
    if not 0 <= p < 1:
        raise ValueError(f"p={p} is the share of elements to drop; it must be from 0 to below 1")
    keep = jax.random.bernoulli(key, 1 - p, x.shape)
    return jnp.where(keep, x / (1 - p), jnp.zeros((), x.dtype))


@register("_rnn_param_concat")
def rnn_param_concat(*data, dim: int = 1):
    """Weights and biases joined into the vector that ``RNN`` takes, in graphs of layers.

    Parameters
    ----------
    *data : array
        Arrays of one dtype.
    dim : int
        The axis along which they are joined. For axis 0 they are flat, or are made so.

    Returns
    -------
    array
        As long along `dim` as the arrays together.
    """
    if dim == 0:
        data = tuple(a.reshape(-1) for a in data)
    return concat(*data, dim=dim)
