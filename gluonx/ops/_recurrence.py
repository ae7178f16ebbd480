"""Recurrent cells along a sequence, with the gradient written out.

Everything that does not depend on the state before is left outside: the caller multiplies all
inputs by their weight at once and gives the products. Inside the loop there remains one product of
the state with the recurrent weight for each step, in both directions. The gradient of the weights
is one product over all steps after the backward loop. What ``jax.grad`` would make of the loop
adds up a whole weight matrix in every step; for a language model's LSTM on a CPU that is most of
the time.

What the backward loop needs of a step's gates takes the place of the gates' inputs: the arrays that
a scan returns are cleared first, which in cold memory takes as long as a part of the loop. (The
gates' gradient could take that place in turn, but there XLA copies the whole array in each step.)

A cell is a pair of elementwise functions::

    forward(x, z, h, c) -> (h, c, gates, more)
    backward(gates, more, h, c, dh, dc) -> (dx, dz, dh, dc)

``x`` is the input's part of the gates and ``z`` the state's, (batch, gates * hidden), and so are
``gates``, what is kept of them; ``h`` and ``c`` are the states before (``c`` is None but in an
LSTM), and ``more`` are further arrays that are kept.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

__all__ = ["GATES", "Clip", "run"]

#: Parts that the gates of each cell have.
GATES = {"rnn_relu": 1, "rnn_tanh": 1, "lstm": 4, "gru": 3}


@dataclass(frozen=True)
class Clip:
    """Bounds of an LSTM's cell state.

    ``nan`` puts the lower bound in the place of NaN, as cuDNN does when it does not propagate them.
    """

    low: float
    high: float
    nan: bool = False

    def __call__(self, c: jax.Array) -> tuple[jax.Array, jax.Array]:
        """The clipped state, and where it is as it was."""
        clipped = jnp.clip(c, self.low, self.high)
        if self.nan:
            clipped = jnp.where(jnp.isnan(c), jnp.asarray(self.low, c.dtype), clipped)
        return clipped, (c >= self.low) & (c <= self.high)


@dataclass(frozen=True)
class _Cell:
    """What the loop runs. Where only the sum of ``x`` and ``z`` counts, ``dz`` is None."""

    mode: str
    clip: Clip | None = None
    reverse: bool = False

    def forward(self, x: Any, z: Any, h: Any, c: Any) -> tuple[Any, Any, Any, Any]:
        if self.mode == "lstm":
            return _lstm(x + z, c, self.clip)
        if self.mode == "gru":
            return _gru(x, z, h)
        y = jnp.tanh(x + z) if self.mode == "rnn_tanh" else jax.nn.relu(x + z)
        return y, None, y, None

    def backward(
        self, gates: Any, more: Any, h: Any, c: Any, dh: Any, dc: Any
    ) -> tuple[Any, Any, Any, Any]:
        if self.mode == "lstm":
            return _lstm_gradient(gates, more, c, dh, dc)
        if self.mode == "gru":
            return _gru_gradient(gates, more, h, dh)
        slope = 1 - gates * gates if self.mode == "rnn_tanh" else (gates > 0).astype(gates.dtype)
        return dh * slope, None, None, None


def _squash(a, tanh: Sequence[bool]):
    """Sigmoid of the parts of the last axis, or tanh, in one loop.

    A sigmoid is half a tanh of half of it, plus a half.
    """
    size = a.shape[-1] // len(tanh)
    half = jnp.asarray(np.repeat(np.where(tanh, 1, 0.5), size), a.dtype)
    return jnp.tanh(a * half) * half + (1 - half)


def _lstm(a, c, clip: Clip | None):
    """Hochreiter and Schmidhuber, "Long short-term memory", 1997, with forget gates."""
    gates = _squash(a, (False, False, True, False))
    i, f, g, o = jnp.split(gates, 4, -1)
    c, free = f * c + i * g, None
    if clip is not None:
        c, free = clip(c)
    t = jnp.tanh(c)
    return o * t, c, gates, (t, free)


def _lstm_gradient(gates, more, c, dh, dc):
    i, f, g, o = jnp.split(gates, 4, -1)
    t, free = more
    do = dh * t * o * (1 - o)
    dc = dc + dh * o * (1 - t * t)
    if free is not None:
        dc = jnp.where(free, dc, jnp.zeros((), dc.dtype))
    da = [dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g * g), do]
    return jnp.concatenate(da, -1), None, None, dc * f


def _gru(x, z, h):
    """Cho et al., "Learning phrase representations", 2014; the reset gate after the product."""
    (xr, xu, xn), (zr, zu, zn) = jnp.split(x, 3, -1), jnp.split(z, 3, -1)
    r, u = jax.nn.sigmoid(xr + zr), jax.nn.sigmoid(xu + zu)
    n = jnp.tanh(xn + r * zn)
    return (1 - u) * n + u * h, None, jnp.concatenate([r, u, n], -1), zn


def _gru_gradient(gates, zn, h, dh):
    r, u, n = jnp.split(gates, 3, -1)
    dn = dh * (1 - u) * (1 - n * n)
    du = dh * (h - n) * u * (1 - u)
    dr = dn * zn * r * (1 - r)
    return jnp.concatenate([dr, du, dn], -1), jnp.concatenate([dr, du, dn * r], -1), dh * u, None


def _dot(a, b):
    """``a @ b`` in the type of the weight ``b``, summed and returned in that of ``a``."""
    return jnp.matmul(a.astype(b.dtype), b, preferred_element_type=a.dtype)


def _choose(live, new, old):
    return new if live is None or new is None else jnp.where(live, new, old)


def _part(live, d):
    """The part of a gradient that goes through a step, and the part that goes past it."""
    if live is None or d is None:
        return d, None
    zero = jnp.zeros((), d.dtype)
    return jnp.where(live, d, zero), jnp.where(live, zero, d)


def _add(*parts):
    """The sum of those that are there; None if there are none."""
    there = [p for p in parts if p is not None]
    return functools.reduce(jnp.add, there) if there else None


def _forward(cell: _Cell, x, live, h, c, wh, bh, wr):
    """Last states and what is kept of the gates; h after each step, and what else is kept."""
    wh, wr = wh.T, None if wr is None else wr.T

    def step(carry, inputs):
        h, c, gates = carry
        t, live = inputs
        x = lax.dynamic_index_in_dim(gates, t, keepdims=False)
        z = _dot(h, wh) if bh is None else _dot(h, wh) + bh.astype(h.dtype)
        y, new, kept, more = cell.forward(x, z, h, c)
        gates = lax.dynamic_update_index_in_dim(gates, kept, t, 0)
        r = y if wr is None else _dot(y, wr)
        r, new = _choose(live, r, h), _choose(live, new, c)
        return (r, new, gates), (r, (new, more, None if wr is None else y))

    return lax.scan(step, (h, c, x), (_times(x), live), reverse=cell.reverse)


def _times(x):
    return jnp.arange(len(x), dtype=jnp.int32)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _run(cell: _Cell, x, live, h, c, wh, bh, wr):
    (h, c, _), (all_h, _) = _forward(cell, x, live, h, c, wh, bh, wr)
    return all_h, h, c


def _run_forward(cell: _Cell, x, live, h, c, wh, bh, wr):
    (last_h, last_c, gates), (all_h, kept) = _forward(cell, x, live, h, c, wh, bh, wr)
    return (all_h, last_h, last_c), (live, h, c, wh, bh, wr, gates, all_h, kept)


def _run_backward(cell: _Cell, residuals, cotangents):
    live, h, c, wh, bh, wr, gates, all_h, (all_c, more, projected) = residuals
    d_all, dh, dc = cotangents
    h_before = _before(h, all_h, cell.reverse)
    c_before = None if c is None else _before(c, all_c, cell.reverse)

    def step(carry, inputs):
        dh, dc = carry
        dy, live, h, c, gates, more = inputs
        dh, past_h = _part(live, dh + dy)
        dc, past_c = _part(live, dc)
        inner = dh if wr is None else _dot(dh, wr)
        dx, dz, direct, dc = cell.backward(gates, more, h, c, inner, dc)
        new = _add(_dot(dx if dz is None else dz, wh), direct, past_h)
        return (new, _add(dc, past_c)), (dx, dz, None if wr is None else dh)

    (dh, dc), (dx, dz, dr) = lax.scan(
        step,
        (dh, dc),
        (d_all, live, h_before, c_before, gates, more),
        reverse=not cell.reverse,
    )
    dz = dx if dz is None else dz
    dwh = _outer(dz, h_before, wh)
    dbh = None if bh is None else dz.sum((0, 1)).astype(bh.dtype)
    dwr = None if wr is None else _outer(dr, projected, wr)
    return dx, None, dh, dc, dwh, dbh, dwr


_run.defvjp(_run_forward, _run_backward)


def _before(first, states, reverse: bool):
    """The state before each step."""
    if reverse:
        return jnp.concatenate([states[1:], first[None]])
    return jnp.concatenate([first[None], states[:-1]])


def _outer(d, states, like):
    """The gradient of a weight: one product over all steps and the batch."""
    wide = d.dtype
    d, states = d.astype(like.dtype), states.astype(like.dtype)
    return jnp.einsum("tna,tnb->ab", d, states, preferred_element_type=wide).astype(like.dtype)


def run(
    mode: str,
    x: jax.Array,
    h: jax.Array,
    c: jax.Array | None,
    wh: jax.Array,
    *,
    bh: jax.Array | None = None,
    wr: jax.Array | None = None,
    live: jax.Array | None = None,
    clip: Clip | None = None,
    reverse: bool = False,
) -> tuple[jax.Array, jax.Array, jax.Array | None]:
    """A cell along a sequence.

    Parameters
    ----------
    mode : str
        A key of ``GATES``.
    x : array
        The inputs' part of the gates, biases included: (time, batch, gates * hidden).
    h, c : array
        The states before, in the type of `x`: (batch, hidden); with a projection h is
        (batch, projected). c is None but for an LSTM.
    wh : array
        The recurrent weight, (gates * hidden, hidden or projected).
    bh : array, optional
        Added to the product with `wh`, where a GRU needs it apart from `x`: (gates * hidden,).
    wr : array, optional
        The projection's weight, (projected, hidden).
    live : array, optional
        Booleans (time, batch, 1); where False, a step leaves the states alone.
    clip : Clip, optional
        Bounds of c.
    reverse : bool
        From the last step to the first.

    Returns
    -------
    tuple of array
        h after each step, the last h, the last c (or None).
    """
    cell = _Cell(mode, clip, reverse)
    return _run(cell, x, live, h, c, wh, bh, wr)
