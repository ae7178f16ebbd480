"""Recurrent cells along a sequence, with the gradient written out.

Everything that does not depend on the state before is left outside of the loops. All inputs are
multiplied by their weight at once, and inside the forward loop there remains one product of the
state with the recurrent weight for each step. Of the gradient, what does not depend on the step
behind is computed for all steps at once before the backward loop: the factor of each gate, by which
the loop multiplies the state's gradient. The gradients of the weights are products over all steps
after it, of both weights in one where their gates' gradients are the same. What ``jax.grad`` would
make of the loop adds up a whole weight matrix in every step; for a language model's LSTM on a CPU
that is most of the time.

What is kept of a step's gates takes the place of the gates' inputs, and their gradient that of the
factors: the arrays that a scan returns are cleared first, and written in cold memory, which takes
as long as a part of the loop.

A cell is three elementwise functions::

    forward(x, z, h, c) -> (h, c, gates, more)
    prepare(gates, more, h, c_before, c) -> (factors, rest)
    backward(factors, rest, dh, dc) -> (dz, dh, dc, dn)

``x`` is the input's part of the gates and ``z`` the state's, (batch, gates * hidden), and so are
``gates``, what is kept of them, ``factors`` and ``dz``, the gradient of ``z``. That of ``x`` is the
same, but for the last part of a GRU's gates, where it is ``dn``. ``h`` and ``c`` are the states
before (``c`` is None but in an LSTM), and ``more`` are further arrays that are kept. ``prepare``
works on all steps at once, the others on one.
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

from ._once import product

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
    """What the loops run."""

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

    def prepare(self, gates: Any, more: Any, h: Any, c_before: Any, c: Any) -> tuple[Any, Any]:
        if self.mode == "lstm":
            return _lstm_factors(gates, more, c_before, c)
        if self.mode == "gru":
            return _gru_factors(gates, more, h)
        slope = 1 - gates * gates if self.mode == "rnn_tanh" else (gates > 0).astype(gates.dtype)
        return slope, None

    def backward(self, factors: Any, rest: Any, dh: Any, dc: Any) -> tuple[Any, Any, Any, Any]:
        if self.mode == "lstm":
            slope, f = rest
            dc = dc + dh * slope
            return factors * jnp.concatenate([dc, dc, dc, dh], -1), None, dc * f, None
        if self.mode == "gru":
            u, n = rest
            return factors * jnp.concatenate([dh, dh, dh], -1), dh * u, None, dh * n
        return factors * dh, None, None, None


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
    return o * jnp.tanh(c), c, gates, free


def _lstm_factors(gates, free, c_before, c):
    i, f, g, o = jnp.split(gates, 4, -1)
    t = jnp.tanh(c)
    tanh = jnp.asarray(np.repeat([False, False, True, False], i.shape[-1]))
    slope = jnp.where(tanh, 1 - gates * gates, gates * (1 - gates))
    others = [g, c_before, i, t]
    if free is not None:  # no gradient goes through a state that was clipped
        zero = jnp.zeros((), c.dtype)
        f, *others[:3] = (jnp.where(free, a, zero) for a in (f, *others[:3]))
    return slope * jnp.concatenate(others, -1), (o * (1 - t * t), f)


def _gru(x, z, h):
    """Cho et al., "Learning phrase representations", 2014; the reset gate after the product."""
    (xr, xu, xn), (zr, zu, zn) = jnp.split(x, 3, -1), jnp.split(z, 3, -1)
    r, u = jax.nn.sigmoid(xr + zr), jax.nn.sigmoid(xu + zu)
    n = jnp.tanh(xn + r * zn)
    return (1 - u) * n + u * h, None, jnp.concatenate([r, u, n], -1), zn


def _gru_factors(gates, zn, h):
    r, u, n = jnp.split(gates, 3, -1)
    dn = (1 - u) * (1 - n * n)
    return jnp.concatenate([dn * zn * r * (1 - r), (h - n) * u * (1 - u), dn * r], -1), (u, dn)


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


def _forward(cell: _Cell, x, live, h, c, wi, wh, bi, bh, wr):
    """Last states; what is kept of the gates; h after each step, and what else is kept."""
    wide = h.dtype
    gru = cell.mode == "gru"
    gates = jnp.matmul(x, wi.T, preferred_element_type=wide)
    gates = gates + (bi.astype(wide) if gru else bi.astype(wide) + bh.astype(wide))
    back, project = wh.T, None if wr is None else wr.T

    def step(carry, x, live):
        h, c = carry
        z = product(h.astype(wh.dtype), back, (1, 0), wide)
        if gru:
            z = z + bh.astype(wide)
        y, new, kept, more = cell.forward(x, z, h, c)
        r = y if project is None else _dot(y, project)
        r, new = _choose(live, r, h), _choose(live, new, c)
        return (r, new), kept, (r, (new, more, None if wr is None else y))

    return _replace(step, (h, c), gates, live, cell.reverse, wh)


def _replace(step, carry, rows, inputs, reverse: bool, weight):
    """A scan that replaces `rows`: step(carry, row, inputs) gives the carry, the row and more.

    It is done in their place, but where XLA would copy all of them in each step: with a batch of 1,
    or where a row is also cast for a product.
    """
    if rows.shape[1] == 1 or rows.dtype != weight.dtype:

        def apart(carry, both):
            carry, row, more = step(carry, *both)
            return carry, (row, more)

        carry, (rows, more) = lax.scan(apart, carry, (rows, inputs), reverse=reverse)
        return carry, rows, more

    def inside(both, given):
        (carry, rows), (t, inputs) = both, given
        row = lax.dynamic_index_in_dim(rows, t, keepdims=False)
        carry, row, more = step(carry, row, inputs)
        return (carry, lax.dynamic_update_index_in_dim(rows, row, t, 0)), more

    times = jnp.arange(len(rows), dtype=jnp.int32)
    (carry, rows), more = lax.scan(inside, (carry, rows), (times, inputs), reverse=reverse)
    return carry, rows, more


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _run(cell: _Cell, x, live, h, c, wi, wh, bi, bh, wr):
    (h, c), _, (all_h, _) = _forward(cell, x, live, h, c, wi, wh, bi, bh, wr)
    return all_h, h, c


def _run_forward(cell: _Cell, x, live, h, c, wi, wh, bi, bh, wr):
    last, gates, (all_h, kept) = _forward(cell, x, live, h, c, wi, wh, bi, bh, wr)
    return (all_h, *last), (x, live, h, c, wi, wh, bi, bh, wr, gates, all_h, kept)


def _run_backward(cell: _Cell, residuals, cotangents):
    x, live, h, c, wi, wh, bi, bh, wr, gates, all_h, (all_c, more, projected) = residuals
    d_all, dh, dc = cotangents
    h_before = _before(h, all_h, cell.reverse)
    c_before = None if c is None else _before(c, all_c, cell.reverse)
    factors, rest = cell.prepare(gates, more, h_before, c_before, all_c)

    def step(carry, factors, inputs):
        (dh, dc), (dy, live, rest) = carry, inputs
        dh, past_h = _part(live, dh + dy)
        dc, past_c = _part(live, dc)
        inner = dh if wr is None else _dot(dh, wr)
        dz, direct, dc, dn = cell.backward(factors, rest, inner, dc)
        new = _add(_dot(dz, wh), direct, past_h), _add(dc, past_c)
        return new, dz, (dn, None if wr is None else dh)

    (dh, dc), dz, (dn, dr) = _replace(
        step, (dh, dc), factors, (d_all, live, rest), not cell.reverse, wh
    )
    if dn is None:
        dx = dz
        dwi, dwh = _weights(dz, (x, h_before), wh)
    else:
        dx = jnp.concatenate([dz[..., : -dn.shape[-1]], dn], -1)
        (dwi,), (dwh,) = _weights(dx, (x,), wh), _weights(dz, (h_before,), wh)
    dbi = dx.sum((0, 1)).astype(bi.dtype)
    dbh = dbi if dn is None else dz.sum((0, 1)).astype(bh.dtype)
    dwr = None if wr is None else _weights(dr, (projected,), wr)[0]
    dx = _dot(dx.reshape(-1, dx.shape[-1]), wi).reshape(x.shape).astype(x.dtype)
    return dx, None, dh, dc, dwi, dwh, dbi, dbh, dwr


_run.defvjp(_run_forward, _run_backward)


def _before(first, states, reverse: bool):
    """The state before each step."""
    if reverse:
        return jnp.concatenate([states[1:], first[None]])
    return jnp.concatenate([first[None], states[:-1]])


def _weights(d, states: Sequence[Any], like) -> Sequence[Any]:
    """The gradients of weights: one product over all steps and the batch for all `states`."""
    wide = d.dtype
    sizes = [a.shape[-1] for a in states]
    both = jnp.concatenate([a.astype(like.dtype) for a in states], -1).reshape(-1, sum(sizes))
    d = d.reshape(-1, d.shape[-1]).astype(like.dtype)
    found = jnp.matmul(d.T, both, preferred_element_type=wide).astype(like.dtype)
    return lax.split(found, sizes, axis=1)


def run(
    mode: str,
    x: jax.Array,
    h: jax.Array,
    c: jax.Array | None,
    wi: jax.Array,
    wh: jax.Array,
    bi: jax.Array,
    bh: jax.Array,
    *,
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
        The inputs, (time, batch, features).
    h, c : array
        The states before, in the type to compute in: (batch, hidden); with a projection h is
        (batch, projected). c is None but for an LSTM.
    wi, wh : array
        The weights of the inputs and of the states, (gates * hidden, features) and (gates * hidden,
        hidden or projected), in the type of `x`.
    bi, bh : array
        Their biases, (gates * hidden,).
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
    return _run(cell, x, live, h, c, wi, wh, bi, bh, wr)
