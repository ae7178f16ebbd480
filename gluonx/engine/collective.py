"""Computations that the processes of a job do together.

A :class:`Group` is one device of each process. What a process has of an array is its part of one
global array, without a copy; a collective is one executable over all the devices, with one exchange
for each element type, however many arrays there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from ..error import MXNetError
from .kernel import is_wide, x64
from .spread import over_devices

__all__ = ["FIRST", "SUM", "Group", "fellows", "packed"]

_AXIS = "processes"


def fellows(device: Any) -> list[Any]:
    """The devices of all processes that have the same number as one of this process.

    Raises
    ------
    MXNetError
        If a process has too few.
    """
    kind = device.platform
    number = jax.local_devices(backend=kind).index(device)
    by_process: dict[int, list[Any]] = {}
    for other in jax.devices(kind):
        by_process.setdefault(other.process_index, []).append(other)
    few = [p for p, found in by_process.items() if len(found) <= number]
    if few:
        raise MXNetError(
            f"worker {jax.process_index()} works on its {kind} number {number}, but worker "
            f"{few[0]} has only {len(by_process[few[0]])}. Start all workers with equally many "
            "devices, or use a lower number"
        )
    return [by_process[p][number] for p in sorted(by_process)]


class Group:
    """One device of each process.

    Parameters
    ----------
    device : jax.Device
        That of this process; the others take part with theirs of the same number.
    """

    def __init__(self, device: Any):
        devices = fellows(device)
        self.size = len(devices)
        self.device = device
        self._mesh = Mesh(np.array(devices), (_AXIS,))
        self._own = NamedSharding(self._mesh, PartitionSpec(_AXIS))
        self._programs: dict[Any, Any] = {}

    def run(self, combine: Callable, arrays: Sequence[Any]) -> tuple[list[Any], Any]:
        """What ``combine`` makes of arrays that every process has one of its own of.

        Parameters
        ----------
        combine : callable
            ``combine(flat, axis)`` gets the arrays of one type laid end to end, within a
            ``shard_map`` over ``axis``, and returns as many elements, which must be the same in
            all processes. One of :data:`SUM`, :data:`FIRST`.
        arrays : sequence of jax.Array
            On the group's device, with the same shapes and types in all processes.

        Returns
        -------
        list of jax.Array
            The results, on the group's device.
        jax.Array
            One number more, for waiting: nobody else has it, so that nobody donates it.
        """
        shapes = tuple(a.shape for a in arrays)
        parts = [a.reshape(1) if a.ndim == 0 else a for a in arrays]
        key = combine, shapes, tuple(str(a.dtype) for a in arrays)
        program = self._programs.get(key)
        if program is None:
            program = self._programs[key] = self._compiled(combine, shapes)
        wide = any(is_wide(a.dtype) for a in arrays)
        outs = self._call(program, parts) if not wide else self._call_wide(program, parts)
        *results, token = [out.addressable_data(0) for out in outs]
        return results, token

    def gather(self, decode: Callable, codes: Any, shapes: tuple) -> tuple[list[Any], Any]:
        """Sums of what all processes have sent each other in a shorter form.

        Parameters
        ----------
        decode : callable
            ``decode(codes, shapes)`` makes a list of arrays of the codes of one process.
        codes : jax.Array
            Those of this process, of one axis, on the group's device.
        shapes : tuple of tuple of int
            The shapes of the results.

        Returns
        -------
        list of jax.Array, jax.Array
            As for :meth:`run`.
        """
        key = decode, shapes, codes.shape, str(codes.dtype)
        program = self._programs.get(key)
        if program is None:

            def collective(part):
                everything = jax.lax.all_gather(part, _AXIS)
                outs = [a.sum(0) for a in jax.vmap(lambda c: decode(c, shapes))(everything)]
                return *outs, sum(a.ravel()[:1].sum() for a in outs)

            program = self._programs[key] = self._over_all(collective)
        outs = self._call(program, [codes])
        *results, token = [out.addressable_data(0) for out in outs]
        return results, token

    def _over_all(self, function: Callable) -> Any:
        return over_devices(function, self._mesh, PartitionSpec(_AXIS), PartitionSpec())

    def _call(self, program: Any, parts: list[Any]) -> Any:
        make = jax.make_array_from_single_device_arrays
        return program(
            *[make((self.size * a.shape[0], *a.shape[1:]), self._own, [a]) for a in parts]
        )

    def _call_wide(self, program: Any, parts: list[Any]) -> Any:
        with x64():
            return self._call(program, parts)

    def _compiled(self, combine: Callable, shapes: tuple) -> Any:
        def collective(*parts):
            outs = [
                a.reshape(s) for a, s in zip(packed(combine, parts, _AXIS), shapes, strict=True)
            ]
            return *outs, sum(a.ravel()[:1].sum().astype(jnp.float32) for a in outs)

        return self._over_all(collective)


def packed(combine: Callable, parts: Sequence[Any], axis: Any) -> list[Any]:
    """What ``combine`` makes of arrays, those of one type laid end to end, within a ``shard_map``.

    So there is one exchange for each type, and programs that are otherwise different exchange the
    same if they do it with the same arrays in the same order.
    """
    by_type: dict[Any, list[int]] = {}
    for i, a in enumerate(parts):
        by_type.setdefault(a.dtype, []).append(i)
    outs: list[Any] = [None] * len(parts)
    for places in by_type.values():
        flat = combine(jnp.concatenate([parts[i].ravel() for i in places]), axis)
        start = 0
        for i in places:
            outs[i] = flat[start : start + parts[i].size].reshape(parts[i].shape)
            start += parts[i].size
    return outs


def SUM(flat: Any, axis: str) -> Any:
    """The sum over the processes."""
    if flat.dtype == jnp.bool_:
        return jax.lax.pmax(flat.astype(jnp.uint8), axis).astype(jnp.bool_)
    return jax.lax.psum(flat, axis)


def FIRST(flat: Any, axis: str) -> Any:
    """What the first process has, to the bit."""
    bits = flat.astype(jnp.uint8) if flat.dtype == jnp.bool_ else flat
    if jnp.issubdtype(bits.dtype, jnp.inexact):  # a sum with zeros would lose the sign of zero
        width = jnp.dtype(f"uint{8 * bits.dtype.itemsize}")
        bits = jax.lax.bitcast_convert_type(bits, width)
    mine = jax.lax.axis_index(axis) == 0
    bits = jax.lax.psum(jnp.where(mine, bits, jnp.zeros_like(bits)), axis)
    if jnp.issubdtype(flat.dtype, jnp.inexact):
        return jax.lax.bitcast_convert_type(bits, flat.dtype)
    return bits.astype(flat.dtype)
