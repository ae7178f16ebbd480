"""A mesh of devices as one context, over which XLA divides arrays and work.

Where every context has its own copy of a parameter, devices share only the batch. On a mesh a
parameter is one array, of which each device may hold a part, and XLA adds the exchange that the
program needs: GSPMD, Xu et al., "GSPMD: general and scalable parallelization for ML computation
graphs", 2021. Rules say which parameter is divided along what, see :meth:`gluonx.Block.shard`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from .context import Context

__all__ = ["MeshContext", "partition_of", "placement"]

P = jax.sharding.PartitionSpec


class MeshContext(Context):
    """The devices of a mesh as one context.

    Wherever a context is expected a ``jax.sharding.Mesh`` can be given, and means this context with
    its first axis for batches.

    Parameters
    ----------
    mesh : jax.sharding.Mesh
    batch : str or tuple of str, optional
        The axes of the mesh over which arrays that are copied to the context (``as_in_context``,
        ``split_and_load``) are divided, along their first axis; the mesh's first axis by default.
        An array whose length they do not divide is on every device.

    Examples
    --------
    >>> import gluonx as gx, jax
    >>> mesh = jax.make_mesh((1, 1), ('data', 'model'), devices=jax.devices()[:1])
    >>> x = gx.nd.ones((4, 3)).as_in_context(gx.mesh.MeshContext(mesh, batch='data'))
    >>> x.context
    mesh(data=1, model=1)
    """

    __slots__ = ("mesh", "batch", "_split")
    mesh: jax.sharding.Mesh
    batch: tuple[str, ...]

    def __new__(cls, mesh: jax.sharding.Mesh, batch: Any = None) -> MeshContext:
        names = mesh.axis_names
        batch = names[:1] if batch is None else (batch,) if isinstance(batch, str) else tuple(batch)
        for name in batch:
            if name not in names:
                raise ValueError(f"the mesh has no axis {name!r}, only {', '.join(names)}")
        # XLA decides how what is computed is divided
        mesh = jax.sharding.Mesh(mesh.devices, names)
        found = _known.get((mesh, batch))
        if found is None:
            found = object.__new__(cls)
            found.device_type = "cpu" if mesh.devices.flat[0].platform == "cpu" else "gpu"
            found.device_id = 0
            found.mesh, found.batch = mesh, batch
            found._device = jax.sharding.NamedSharding(mesh, P())
            found._split = jax.sharding.NamedSharding(mesh, P(batch))
            found = _known.setdefault((mesh, batch), found)
        return found

    def place(self, shape: Sequence[int]) -> jax.sharding.NamedSharding:
        """How an array that is copied here is divided."""
        parts = int(np.prod([self.mesh.shape[name] for name in self.batch]))
        return self._split if shape and shape[0] % parts == 0 else self._device

    def __repr__(self) -> str:
        return f"mesh({', '.join(f'{k}={n}' for k, n in self.mesh.shape.items())})"

    __str__ = __repr__

    def __reduce__(self) -> tuple:  # elsewhere there may be other devices
        return Context, (self.device_type, 0)


_known: dict[tuple, MeshContext] = {}

#: What a rule gives: a specification, the name of an axis, or a function of the shape.
Rule = Any


def partition_of(rules: Mapping[str, Rule] | Sequence[tuple[str, Rule]], name: str) -> Rule:
    """What the first rule that matches a name gives; None if none does."""
    items = rules.items() if isinstance(rules, Mapping) else rules
    return next((rule for pattern, rule in items if re.search(pattern, name)), None)


def placement(ctx: MeshContext, rule: Rule, shape: Sequence[int], title: str) -> Any:
    """The sharding of a parameter of some shape.

    Raises
    ------
    ValueError
        If the rule divides an axis into parts that are not equal, or names no axis of the mesh.
    """
    sizes = ctx.mesh.shape
    if isinstance(rule, Callable):
        rule = rule(tuple(shape))
    if isinstance(rule, str):
        _check(rule, sizes, title)
        order = sorted(range(len(shape)), key=lambda i: -shape[i])
        along = next((i for i in order if shape[i] % sizes[rule] == 0), None)
        rule = P(*[rule if i == along else None for i in range(len(shape))])
    spec = P() if rule is None else rule if isinstance(rule, P) else P(*rule)
    if len(spec) > len(shape):
        raise ValueError(
            f"{title} of shape {tuple(shape)} cannot be divided by {spec}: too many axes"
        )
    for n, names in zip(shape, spec, strict=False):
        names = () if names is None else (names,) if isinstance(names, str) else names
        for name in names:
            _check(name, sizes, title)
        parts = int(np.prod([sizes[name] for name in names]))
        if n % parts:
            raise ValueError(
                f"{title} of shape {tuple(shape)} cannot be divided by {spec}: {n} is not a "
                f"multiple of {parts}. Put a rule of its own before this one, for example "
                "jax.sharding.PartitionSpec() to have it on every device"
            )
    return jax.sharding.NamedSharding(ctx.mesh, spec)


def _check(name: str, sizes: Mapping[str, int], title: str) -> None:
    if name not in sizes:
        raise ValueError(f"the rule for {title} names {name!r}; the mesh has {', '.join(sizes)}")
