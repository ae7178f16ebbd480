"""Pieces of optimizers as optax transformations, and the one function that applies them.

A transformation works on a list of parameters. What may differ from parameter to parameter or
change from step to step comes as arguments of ``update``, arrays with one entry for each
parameter, so that no change of a number recompiles anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from ..engine.kernel import is_wide, sharding_on, x64

__all__ = [
    "Hyper", "Update", "add_decay_and_clip", "number_of", "packed", "scale_by_rate",
    "with_multipliers",
]  # fmt: skip


class Hyper(NamedTuple):
    """Numbers of one step, all traced.

    ``learning_rate``, ``weight_decay`` and ``count`` are float32, either one number that holds for
    all parameters or an array with one entry for each, see :func:`number_of`; ``rescale`` is a
    number that multiplies the gradients. ``more`` is an array of what else an optimizer needs, see
    :meth:`Optimizer.more`.
    """

    learning_rate: Any
    weight_decay: Any
    rescale: Any
    more: Any
    count: Any


def packed(numbers: list[float]) -> np.ndarray:
    """A field of a :class:`Hyper`: one number where all are equal.

    XLA needs half the time for a large network if it does not have to cut arrays up.
    """
    return np.array(numbers[0] if len(set(numbers)) == 1 else numbers, np.float32)


def number_of(numbers: Any, i: int) -> Any:
    """The entry of a field of a :class:`Hyper` that belongs to parameter ``i``."""
    return numbers[i] if numbers.ndim else numbers


def _stateless(fn: Callable) -> optax.GradientTransformationExtraArgs:
    return optax.GradientTransformationExtraArgs(
        lambda params: optax.EmptyState(),
        lambda updates, state, params=None, *, hyper, **more: (fn(updates, params, hyper), state),  # type: ignore[arg-type]
    )


def add_decay_and_clip(clip: float | None) -> optax.GradientTransformationExtraArgs:
    """``clip(rescale * g, -c, c) + wd * w``, the gradient as most optimizers take it."""

    def fn(updates, params, hyper):
        out = []
        for i, (g, w) in enumerate(zip(updates, params, strict=True)):
            g = g.astype(w.dtype) * hyper.rescale.astype(w.dtype)
            if clip is not None and clip > 0:
                g = jnp.clip(g, -clip, clip)
            out.append(g + number_of(hyper.weight_decay, i).astype(w.dtype) * w)
        return out

    return _stateless(fn)


def scale_by_rate() -> optax.GradientTransformationExtraArgs:
    """``-lr * g``."""
    return _stateless(
        lambda updates, params, hyper: [
            -number_of(hyper.learning_rate, i).astype(g.dtype) * g for i, g in enumerate(updates)
        ]
    )


class Update:
    """A transformation compiled for use in steps: new parameters and states, in one executable.

    Parameters
    ----------
    transformation : optax.GradientTransformation
    precision : Precision, optional
        What to do about 16-bit parameters; by default the transformation gets them as they are.
    """

    def __init__(self, transformation: Any, precision: Any = None):
        self.transformation = optax.with_extra_args_support(transformation)
        if precision is not None:
            self.transformation = precision.wrap(self.transformation)
        self.precision = precision
        #: The structure of the state of one parameter, once somebody asked for it.
        self.tree: Any = None
        self._compiled = {
            donate: jax.jit(self.apply, donate_argnums=(0, 2) if donate else ())
            for donate in (False, True)
        }

    def init(self, params: list[Any], device: Any) -> Any:
        """The state for ``params``; on a mesh each leaf is divided as its parameter is."""
        sharding: Any = sharding_on(device)
        if sharding is None:
            avals = jax.eval_shape(self.transformation.init, params)
            sharding = jax.tree.map(
                lambda a, i: device if i < 0 or a.shape != params[i].shape else params[i].sharding,
                avals, self.owners(avals, len(params)),
            )  # fmt: skip
        init = jax.jit(self.transformation.init, out_shardings=sharding)
        if any(is_wide(p.dtype) for p in params):
            with x64():
                return init(params)
        return init(params)

    def apply(
        self, params: list[Any], grads: list[Any], state: Any, hyper: Hyper, mask: Any = None
    ) -> tuple:
        """New parameters and state; pure. Where ``mask`` is false, both stay as they are."""
        updates: Any
        updates, after = self.transformation.update(grads, state, params, hyper=hyper)
        if self.precision is not None:
            new = self.precision.apply(params, updates, after)
        else:
            new = [p + u.astype(p.dtype) for p, u in zip(params, updates, strict=True)]
        if mask is not None:
            rows = [mask[i] for i in range(len(params))]
            new = [jnp.where(m, n, p) for m, n, p in zip(rows, new, params, strict=True)]
            owner = self.owners(state, len(params))
            after = jax.tree.map(
                lambda n, o, i: n if i < 0 else jnp.where(rows[i], n, o), after, state, owner
            )
        return new, after

    def structure(self, params: list[Any]) -> Any:
        """The tree structure of the state for ``params``."""
        return jax.tree.structure(jax.eval_shape(self.transformation.init, params))

    def owners(self, state: Any, count: int) -> Any:
        """Which of ``count`` parameters each leaf of the state belongs to, -1 for none."""
        return optax.tree_map_params(
            self.transformation, lambda _, i: i, state, list(range(count)),
            transform_non_params=lambda _: -1,
        )  # fmt: skip

    def __call__(
        self, params: list[Any], grads: list[Any], state: Any, hyper: Hyper, mask: Any, donate: bool
    ) -> tuple:
        """New parameters and state, computed now; ``donate`` gives up the old ones."""
        compiled = self._compiled[donate]
        if any(is_wide(p.dtype) for p in params):
            with x64():
                return compiled(params, grads, state, hyper, mask)
        return compiled(params, grads, state, hyper, mask)


def with_multipliers(transformation: Any) -> Any:
    """An optax transformation that gets rescaled gradients and obeys ``lr_mult``."""
    inner = optax.with_extra_args_support(transformation)

    def update(updates: Any, state: Any, params: Any = None, *, hyper: Hyper, **more: Any):
        scaled = [
            g.astype(p.dtype) * hyper.rescale.astype(p.dtype)
            for g, p in zip(updates, params, strict=True)
        ]
        out: Any
        out, state = inner.update(scaled, state, params, **more)
        rates = hyper.learning_rate
        return [u * number_of(rates, i).astype(u.dtype) for i, u in enumerate(out)], state

    return optax.GradientTransformationExtraArgs(inner.init, update)  # type: ignore[arg-type]
