"""The small nets of random programs: what they compute is in the two libraries."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

__all__ = ["BATCH_NORM", "NETS", "Spec"]

#: A large epsilon: with few rows a small one makes rounding visible.
BATCH_NORM = {"epsilon": 0.05, "momentum": 0.75}


@dataclass(frozen=True)
class Spec:
    """A net.

    Attributes
    ----------
    form : str
        What it computes.
    inputs, output : tuple of int, int
        Columns of its inputs and of its output.
    shapes : tuple of tuple of int
        Of its parameters, in order.
    fixed : tuple of int
        Which of them are running statistics, without a gradient.
    """

    name: str
    form: str
    inputs: tuple[int, ...]
    output: int
    shapes: tuple[tuple[int, ...], ...]
    fixed: tuple[int, ...] = ()

    def initial(self) -> list[tuple[np.ndarray, bool]]:
        """Initial values, and whether each parameter is learned."""
        rng = np.random.RandomState(zlib.crc32(self.name.encode()))
        values = [rng.randint(-8, 9, shape) / 8 for shape in self.shapes]
        if self.form == "norm":
            values[2:6] = [np.full(4, v) for v in (1.0, 0.125, 0.0, 1.0)]
        return [(v, i not in self.fixed) for i, v in enumerate(values)]


_TWO = ((4, 4), (4,), (3, 4), (3,))

NETS = {
    spec.name: spec
    for spec in (
        Spec("dense", "dense", (4,), 3, ((3, 4), (3,))),
        Spec("back", "dense", (3,), 4, ((4, 3), (4,))),
        Spec("mlp", "mlp", (4,), 3, _TWO),
        Spec("tied", "tied", (4,), 3, _TWO),
        Spec("cell", "cell", (4, 3), 3, ((3, 4), (3,), (3, 3), (3,))),
        Spec("norm", "norm", (4,), 3, (*_TWO[:2], *((4,),) * 4, *_TWO[2:]), fixed=(4, 5)),
        # drawn numbers are compared between the ways to run gluonx only
        Spec("dropout", "dropout", (4,), 3, _TWO),
    )
}
