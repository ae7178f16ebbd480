"""What a test case of an operator is, and how its inputs are drawn.

Nothing here needs gluonx, JAX or MXNet: the script that makes reference values with MXNet's Python
and the tests read the same cases and draw the same inputs.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

import numpy as np

__all__ = [
    "Case",
    "Input",
    "away",
    "const",
    "distinct",
    "full",
    "integers",
    "normal",
    "spd",
    "uniform",
]


@dataclass(frozen=True)
class Input:
    """One array: its kind (a name in ``KINDS``), shape, dtype and what the kind needs."""

    kind: str
    shape: tuple
    dtype: str
    args: tuple

    def draw(self, rng: np.random.RandomState) -> np.ndarray:
        """The array in float64, rounded to what its dtype can hold."""
        values = np.asarray(KINDS[self.kind](rng, self.shape, *self.args), np.float64)
        values = values.reshape(self.shape)
        if self.dtype in ("float64", "bfloat16"):
            return values
        return values.astype(self.dtype).astype(np.float64)

    @property
    def is_float(self) -> bool:
        return "float" in self.dtype


def _away(rng, shape, points, gap, low, high):
    values = rng.uniform(low, high, shape)
    for point in points:
        near = np.abs(values - point) < gap
        values = np.where(near, point + np.where(values < point, -gap, gap) * 1.5, values)
    return values


def _distinct(rng, shape, low, high):
    return rng.permutation(np.linspace(low, high, int(np.prod(shape))))


def _spd(rng, shape):
    a = rng.uniform(-1, 1, shape)
    return a @ np.swapaxes(a, -1, -2) + shape[-1] * np.eye(shape[-1])


KINDS = {
    "normal": lambda rng, shape, scale, shift: rng.standard_normal(shape) * scale + shift,
    "uniform": lambda rng, shape, low, high: rng.uniform(low, high, shape),
    "integers": lambda rng, shape, low, high: rng.randint(low, high, shape),
    "away": _away,
    "distinct": _distinct,
    "spd": _spd,
    "full": lambda rng, shape, value: np.full(shape, value),
    "const": lambda rng, shape, values: np.array(values),
}


def normal(*shape: int, scale: float = 1.0, shift: float = 0.0, dtype: str = "float32") -> Input:
    """Normally distributed values."""
    return Input("normal", shape, dtype, (scale, shift))


def uniform(*shape: int, low: float = -1.0, high: float = 1.0, dtype: str = "float32") -> Input:
    """Values in [low, high)."""
    return Input("uniform", shape, dtype, (low, high))


def integers(*shape: int, low: int = 0, high: int = 3, dtype: str = "float32") -> Input:
    """Whole numbers in [low, high), of any dtype: indices, labels, integer data."""
    return Input("integers", shape, dtype, (low, high))


def away(
    *shape: int,
    points: tuple = (0.0,),
    gap: float = 0.05,
    low: float = -2.0,
    high: float = 2.0,
    dtype: str = "float32",
) -> Input:
    """Uniform values no nearer than ``gap`` to any of ``points`` (kinks, poles)."""
    return Input("away", shape, dtype, (tuple(points), gap, low, high))


def distinct(*shape: int, low: float = -2.0, high: float = 2.0, dtype: str = "float32") -> Input:
    """Evenly spaced values in random order: no two are equal, or nearly so."""
    return Input("distinct", shape, dtype, (low, high))


def spd(*shape: int, dtype: str = "float32") -> Input:
    """Symmetric positive definite matrices in the last two axes."""
    return Input("spd", shape, dtype, ())


def full(*shape: int, value: float = 0.0, dtype: str = "float32") -> Input:
    """One value everywhere."""
    return Input("full", shape, dtype, (value,))


def const(values: object, dtype: str = "float32") -> Input:
    """Exactly these values (a number or nested lists of numbers)."""
    array = np.array(values, np.float64)
    return Input("const", array.shape, dtype, (_nested_tuple(array.tolist()),))


def _nested_tuple(values):
    return tuple(map(_nested_tuple, values)) if isinstance(values, list) else values


@dataclass
class Case:
    """One call of one operator.

    Parameters
    ----------
    op : str
        Canonical name of the operator.
    inputs : list of Input or None
        Arrays in the operator's order; None leaves an optional one out.
    attrs : dict
        Attributes.
    grad : bool or tuple of int
        Inputs whose gradient is compared with MXNet's; True means every floating-point one.
    fd : bool or tuple of int, optional
        Inputs whose gradient is compared with finite differences; by default those of ``grad``.
        False where the gradient is a convention, not the derivative.
    aux : tuple of int
        Inputs that the operator changes; their values afterwards are compared too.
    train : bool
        Train mode while recording.
    reference : bool
        False where there is nothing in MXNet to compare with: the call only has to work.
    value : bool
        False where the values are random: only shapes and dtypes are compared.
    half : bool
        Whether the case also runs in float16 and bfloat16.
    hybrid : bool
        Whether the case also runs inside a hybridized block.
    rtol, atol : float
        Tolerances of the comparison with MXNet.
    fd_tol : float
        Tolerance, relative and absolute, of the comparison with finite differences.
    mx : str, optional
        Name of the function in MXNet, where it is not ``op``.
    mx_attrs : dict, optional
        Attributes for MXNet, where they are not ``attrs``.
    mx_out : tuple of int
        Inputs whose copies MXNet gets as ``out=``, where it cannot tell the shapes of the outputs.
    note : str
        What differs from MXNet, where ``reference`` is False on purpose.
    """

    op: str
    inputs: list = field(default_factory=list)
    attrs: dict = field(default_factory=dict)
    grad: object = True
    fd: object = None
    aux: tuple = ()
    train: bool = True
    reference: bool = True
    value: bool = True
    half: bool = True
    hybrid: bool = True
    rtol: float = 2e-5
    atol: float = 2e-6
    fd_tol: float = 1e-5
    mx: str | None = None
    mx_attrs: dict | None = None
    mx_out: tuple = ()
    note: str = ""

    @property
    def key(self) -> str:
        """Identifies the reference values: another call has another key."""
        what = repr(
            (self.op, self.inputs, sorted(self.attrs.items()), self.grad, self.aux, self.train)
        )
        return f"{self.op}-{zlib.crc32(what.encode()):08x}"

    @property
    def seed(self) -> int:
        return zlib.crc32(self.key.encode()) & 0x7FFFFFFF

    def draw(self) -> list:
        """The inputs in float64; the same on every call."""
        rng = np.random.RandomState(self.seed)
        return [None if i is None else i.draw(rng) for i in self.inputs]

    def head(self, index: int, shape: tuple) -> np.ndarray:
        """The gradient that arrives at output ``index``."""
        rng = np.random.RandomState((self.seed + 1 + index) & 0x7FFFFFFF)
        return rng.uniform(-1, 1, shape).astype(np.float32)

    def wanted(self, which: object = None) -> tuple:
        """Indices of the inputs that ``grad`` means, or ``which`` in its place."""
        which = self.grad if which is None else which
        if which is True:
            return tuple(i for i, a in enumerate(self.inputs) if a is not None and a.is_float)
        return tuple(which or ())
