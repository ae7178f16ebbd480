"""Loops and branches as single XLA operations, with gradients.

The functions here are pure: they take code as functions of lists of ``jax.Array``s, which are
traced once, so that neither the time to compile nor the size of the program grows with the number
of iterations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

__all__ = ["branch", "each", "repeat"]

Arrays = list[Any]


def each(
    step: Callable[[Arrays, Arrays], tuple[Arrays, Arrays]], data: Sequence[Any], states: Sequence
) -> tuple[Arrays, Arrays]:
    """Run ``step(slices, states) -> outputs, states`` over the first axis of ``data``.

    Returns the outputs of all steps, stacked, and the last states. A slice of a one-dimensional
    array has shape (1,), as ``x[i]`` has.
    """
    data = [a.reshape(-1, 1) if a.ndim == 1 else a for a in map(jnp.asarray, data)]

    def run(carry, slices):
        outs, news = step(slices, carry)
        return _like(news, carry), outs

    last, outs = jax.lax.scan(run, _strong(states), data)
    return outs, last


def repeat(
    test: Callable[[Arrays], tuple[Any, Arrays]],
    step: Callable[[Arrays], tuple[Arrays, Arrays]],
    states: Sequence[Any],
    limit: int,
) -> tuple[Arrays, Arrays]:
    """Run ``step(states) -> outputs, states`` while a test is true, ``limit`` times at most.

    ``test(states) -> truth, states`` may change states too. Returns the outputs of all steps,
    stacked and filled up to ``limit`` with zeros, and the last states. It is a scan of ``limit``
    steps of which those after the end do nothing, because a loop of unknown length has no reverse
    gradient.
    """
    states = _strong(states)
    shapes = jax.eval_shape(lambda given: step(given)[0], states)

    def go(given):
        outs, news = step(given)
        return list(outs), _like(news, given)

    def stay(given):
        return [jnp.zeros(s.shape, s.dtype) for s in shapes], given

    def run(carry, _):
        active, given = carry

        def check(given):
            truth, news = test(given)
            return jnp.asarray(truth).reshape(()) != 0, _like(news, given)

        active, given = jax.lax.cond(active, check, lambda g: (np.False_, g), given)
        outs, given = jax.lax.cond(active, go, stay, given)
        return (active, given), outs

    (_, last), outs = jax.lax.scan(run, (jnp.asarray(True), states), None, length=limit)
    return outs, last


def branch(
    truth: Any, then: Callable[[Arrays], Arrays], other: Callable[[Arrays], Arrays], given: Sequence
) -> Arrays:
    """``then(given)`` if ``truth``, an array of one element, is not zero, else ``other(given)``."""
    given = _strong(given)
    return jax.lax.cond(jnp.asarray(truth).reshape(()) != 0, then, other, given)


def _strong(arrays: Sequence[Any]) -> Arrays:
    """Arrays whose dtypes do not adapt to others, as the carry of a loop needs them."""
    return [jax.lax.convert_element_type(a, a.dtype) for a in arrays]


def _like(news: Sequence[Any], olds: Sequence[Any]) -> Arrays:
    return [
        jax.lax.convert_element_type(new, old.dtype) for new, old in zip(news, olds, strict=True)
    ]
