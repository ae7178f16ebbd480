"""Parameters that a Trainer updates in one executable, with what that executable needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from ..engine.buffer import Buffer
from ..engine.bundle import Bundle
from ..engine.kernel import Kernel
from ..engine.replicas import Written
from ..engine.spread import Team
from ..error import MXNetError
from ..ndarray import NDArray
from .lazy import keep_rows, touched
from .transform import Hyper

if TYPE_CHECKING:
    from ..parameter import Parameter

__all__ = ["Group"]


class Group:
    """Parameters that share one state of the optimizer: those that became trainable together."""

    def __init__(self, indices: list[int]):
        self.indices = indices
        #: Leaves of the state.
        self.states: list[Buffer] = []
        self.device: Any = None
        #: Where numbers go to: a device, or the team of several.
        self.target: Any = None
        self._tree: Any = None
        #: Parameters with a sparse gradient and their numbers in the group, once it is known.
        self.sparse: list[tuple[int, Parameter]] | None = None
        self._kernels: dict[Any, Kernel] = {}
        self._last: tuple[Any, Any, list] = (None, None, [])
        # what follows from the arrays of all parameters, while these are the same
        self._single: Any = None
        self._arrays: list[NDArray] = []
        self._written: tuple[Any, list[Bundle]] = (None, [])
        self._spread: tuple[Any, Written | None] = (None, None)

    def arrays_of(self, single: list[NDArray]) -> list[NDArray]:
        """The group's part of the arrays of all parameters."""
        if self._single is not single:
            self._single, self._arrays = single, [single[i] for i in self.indices]
        return self._arrays

    def written_with(self, arrays: list[NDArray]) -> list[Bundle]:
        """What an update writes: the parameters, and the states if there are any."""
        if self._written[0] is not arrays:
            buffers = [x._buffer for x in arrays]
            self._written = arrays, [Bundle(own) for own in (buffers, self.states) if own]
        return self._written[1]

    def spread_with(self, team: Team, arrays: list[list[NDArray]]) -> Written:
        """What an update on several devices writes; ``arrays`` has the parameters on each."""
        if self._spread[0] is not arrays:
            params = [[x._buffer for x in own] for own in arrays]
            self._spread = arrays, Written(team, params, self.states)
        return self._spread[1]  # type: ignore[return-value]

    def writes(self, several: Written) -> bool:
        """Whether updates on several devices still write this."""
        return self._spread[1] is several

    def kernel(self, update: Any, arrays: list[NDArray], masked: bool, lazy: tuple = ()) -> Kernel:
        """The update of parameters and state as a kernel.

        Its inputs are the parameters, the leaves of the state, the gradients, the marks of lazily
        updated ones, the numbers of the step, and the mask; its outputs new parameters and leaves.
        ``lazy`` has the numbers of the parameters that are updated lazily, and whether there is a
        mark.
        """
        if self._tree is None:
            self.prepare(update, arrays)
        found = self._kernels.get((masked, lazy))
        if found is None:
            found = self._kernels[masked, lazy] = self._make(update, arrays, masked, lazy)
        return found

    def prepare(self, update: Any, arrays: list[NDArray]) -> None:
        """Make the state that the optimizer begins with."""
        ctx = arrays[0].context
        leaves, self._tree = jax.tree.flatten(update.init([x._data for x in arrays], ctx.device))
        # an update may have buffers of its own, which others read too
        self.states = [a if type(a) is Buffer else Buffer(a, ctx) for a in leaves]
        self.device = ctx.device

    def changed(self, update: Any, arrays: list[NDArray]) -> None:
        """The optimizer was compiled anew; the state goes on."""
        if self._tree is not None:
            if update.structure([x._data for x in arrays]) != self._tree:
                raise MXNetError(
                    "a number of the optimizer that decides what its state is made of (such as a "
                    "momentum of 0) was changed after the first step; make a new Trainer instead"
                )
        self._kernels.clear()

    def on_device(self, numbers: tuple[np.ndarray, ...]) -> list[Any]:
        """Numbers as arrays on the device: those of the last step again, if they are equal."""
        if self._last[0] is not numbers or self._last[1][0] is not self.target:
            values = [self.target, *[a.tolist() for a in numbers]]
            if self._last[1] != values:
                put = self.target.put if isinstance(self.target, Team) else self._put
                arrays = list(map(put, numbers))
                self._last = numbers, values, arrays
        return self._last[2]

    def _put(self, number: np.ndarray) -> Any:
        return jax.device_put(number, self.target)

    def _make(self, update: Any, arrays: list[NDArray], masked: bool, lazy: tuple) -> Kernel:
        n, m, tree = len(self.indices), len(self.states), self._tree
        #: On a mesh: how parameters and states are divided, and stay so.
        places = [None] * (n + m)
        if isinstance(self.device, jax.sharding.Sharding):
            places = [b.get().sharding for b in [x._buffer for x in arrays] + self.states]
        divided, constrain = places[:n], jax.lax.with_sharding_constraint

        def step(*flat):
            params, leaves, grads = list(flat[:n]), flat[n : n + m], list(flat[n + m : 2 * n + m])
            numbers = list(flat[2 * n + m :])
            rows = {k: touched(grads[k], numbers.pop(0) if marked else None) for k, marked in lazy}
            mask = numbers.pop() if masked else None
            state = jax.tree.unflatten(tree, leaves)
            grads = [
                g if s is None else constrain(g, s) for g, s in zip(grads, divided, strict=True)
            ]
            new, after = update.apply(params, grads, state, Hyper(*numbers), mask)
            if rows:
                new, after = keep_rows(update, (params, state), (new, after), rows)
            flat = [*new, *jax.tree.leaves(after)]
            return tuple(
                a if s is None else constrain(a, s) for a, s in zip(flat, places, strict=True)
            )

        return Kernel(step, "update", visible=0)
