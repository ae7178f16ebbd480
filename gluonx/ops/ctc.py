"""Connectionist temporal classification."""

from __future__ import annotations

from typing import Literal

import jax
import jax.numpy as jnp

from ..engine.op import register
from ._checks import as_index, is_float

__all__ = ["ctc_loss"]

#: The logarithm of 0: finite, so that no difference of two of them is NaN.
_NEVER = -1e30


@register(
    "CTCLoss",
    aliases=("ctc_loss", "_contrib_CTCLoss", "_contrib_ctc_loss"),
    output_names=("output0", "output1"),
)
def ctc_loss(
    data,
    label,
    data_lengths=None,
    label_lengths=None,
    *,
    use_data_lengths: bool = False,
    use_label_lengths: bool = False,
    blank_label: Literal["first", "last"] = "first",
):
    r"""The negative logarithm of the probability of a text, over all its alignments.

    With :math:`y^t` the softmax of the activations at time :math:`t`,

    .. math:: -\log \sum_\pi \prod_t y^t_{\pi_t}

    where :math:`\pi` runs over the sequences of symbols and blanks that give the label when
    repeated symbols are merged and then blanks removed. It is computed by the forward recursion,
    in logarithms. Graves et al., "Connectionist temporal classification: labelling unsegmented
    sequence data with recurrent neural networks", ICML 2006.

    Parameters
    ----------
    data : array
        Activations before the softmax, (time, batch, symbols); one of the symbols is the blank.
    label : array
        (batch, length), numbers of symbols, of any dtype.
    data_lengths : array, optional
        (batch,), with `use_data_lengths`: how many time steps belong to each sequence.
    label_lengths : array, optional
        (batch,), with `use_label_lengths`: how long each label is. Without it a label ends before
        the first padding, which is 0 if the blank is first and -1 if it is last.
    use_data_lengths, use_label_lengths : bool
        Whether the lengths are given.
    blank_label : str
        ``'first'``: the blank is symbol 0; ``'last'``: it is the last one.

    Returns
    -------
    array
        (batch,). 0, with gradient 0, for a label that no alignment can give because the sequence
        is too short for it.

    Examples
    --------
    >>> nd.CTCLoss(nd.zeros((4, 1, 3)), nd.array([[1, 2]]))
    [1.686399]
    """
    fits = data.ndim == 3 and label.ndim == 2 and label.shape[0] == data.shape[1] and data.shape[2]
    if not fits or not is_float(data):
        raise ValueError(
            "data must be floating-point numbers (time, batch, symbols) and label (batch, length), "
            f"got {data.shape} of {data.dtype} and {label.shape}"
        )
    steps, batch, symbols = data.shape
    blank = 0 if blank_label == "first" else symbols - 1
    padding = 0 if blank_label == "first" else -1
    ends = jnp.argmax(jnp.pad(label == padding, ((0, 0), (0, 1)), constant_values=True), 1)
    size = _lengths("label", label_lengths, use_label_lengths, batch, label.shape[1])
    size = ends if size is None else size
    times = _lengths("data", data_lengths, use_data_lengths, batch, steps)
    label = as_index(label, symbols)

    # a blank before, between and after the symbols
    path = jnp.full((batch, 2 * label.shape[1] + 1), blank, label.dtype).at[:, 1::2].set(label)
    jump = jnp.pad(path[:, 2:] != path[:, :-2], ((0, 0), (2, 0)))[:, : path.shape[1]]
    jump &= path != blank
    wide = data.astype(jnp.promote_types(data.dtype, jnp.float32))
    logs = jax.nn.log_softmax(wide, -1)
    logs = jnp.take_along_axis(logs, jnp.broadcast_to(path, (steps, *path.shape)), 2)
    never = jnp.asarray(_NEVER, logs.dtype)

    def step(alpha, inputs):
        t, log = inputs
        one = jnp.pad(alpha, ((0, 0), (1, 0)), constant_values=never)[:, :-1]
        two = jnp.pad(alpha, ((0, 0), (2, 0)), constant_values=never)[:, :-2]
        new = log + _log_sum(alpha, one, jnp.where(jump, two, never))
        return new if times is None else jnp.where((t < times)[:, None], new, alpha), None

    start = jnp.full(path.shape, never).at[:, 0].set(0)
    alpha, _ = jax.lax.scan(step, start, (jnp.arange(steps), logs))
    at = jnp.stack([2 * size, jnp.maximum(2 * size - 1, 0)], 1)
    last = jnp.take_along_axis(alpha, at, 1)
    last = jnp.where(jnp.stack([size >= 0, size > 0], 1), last, never)
    total = _log_sum(last[:, 0], last[:, 1])
    return jnp.where(total > never / 2, -total, 0).astype(data.dtype)


def _log_sum(*terms):
    """The logarithm of a sum, from those of the terms."""
    terms = jnp.stack(terms)
    top = jax.lax.stop_gradient(terms.max(0))
    return top + jnp.log(jnp.exp(terms - top).sum(0))


def _lengths(what: str, lengths, use: bool, batch: int, longest: int):
    """Lengths as integers from 0 to ``longest``, or None where they are not used."""
    if not use:
        if lengths is not None:
            raise ValueError(f"{what}_lengths is given, so set use_{what}_lengths=True")
        return None
    if lengths is None or lengths.shape != (batch,):
        got = "none" if lengths is None else f"shape {lengths.shape}"
        raise ValueError(
            f"use_{what}_lengths=True needs {what}_lengths of shape ({batch},), got {got}"
        )
    return as_index(lengths, longest + 1)
