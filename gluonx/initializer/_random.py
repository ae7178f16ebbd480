"""Initializers that draw random numbers; :func:`gluonx.random.seed` governs them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import ndarray as nd
from ..random import generator
from ._base import Initializer, fill, register

__all__ = ["MSRAPrelu", "Normal", "Orthogonal", "Uniform", "Xavier"]


def _draw(rnd_type: str, scale: float, arr: nd.NDArray) -> None:
    """Fill ``arr`` with random numbers of the given scale."""
    rng = generator(arr.context)
    dtype: Any = np.float64 if arr.dtype == np.float64 else np.float32
    if rnd_type == "uniform":
        values = rng.random(arr.shape, dtype) * dtype(2 * scale) - dtype(scale)
    else:
        values = rng.standard_normal(arr.shape, dtype) * dtype(scale)
    fill(arr, values)


@register
class Uniform(Initializer):
    """Numbers from the uniform distribution on [-scale, scale].

    Parameters
    ----------
    scale : float
        Bound of the numbers.

    Examples
    --------
    >>> import gluonx as gx
    >>> net = gx.nn.Dense(100, in_units=100)
    >>> net.initialize(gx.init.Uniform(0.1))
    >>> bool(abs(net.weight.data().asnumpy()).max() <= 0.1)
    True
    """

    def __init__(self, scale: float = 0.07):
        super().__init__(scale=scale)
        self.scale = scale

    def _init_weight(self, name: str, arr: nd.NDArray) -> None:
        _draw("uniform", self.scale, arr)


@register
class Normal(Initializer):
    """Numbers from the normal distribution with mean 0.

    Parameters
    ----------
    sigma : float
        Standard deviation.
    """

    def __init__(self, sigma: float = 0.01):
        super().__init__(sigma=sigma)
        self.sigma = sigma

    def _init_weight(self, name: str, arr: nd.NDArray) -> None:
        _draw("gaussian", self.sigma, arr)


@register
class Xavier(Initializer):
    r"""Random numbers whose scale keeps the variance of signals and gradients across a layer.

    From Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", AISTATS 2010. With the default arguments the numbers are uniform on :math:`[-c, c]`,

    .. math:: c = \sqrt{\frac{3}{(n_{in} + n_{out}) / 2}},

    where :math:`n_{in}` and :math:`n_{out}` are the second and the first extent of the weight, each
    times the size of the receptive field (the product of all further extents).

    Parameters
    ----------
    rnd_type : {'uniform', 'gaussian'}
        Uniform numbers on [-c, c], or normal ones with standard deviation c.
    factor_type : {'avg', 'in', 'out'}
        What the denominator is: the mean of :math:`n_{in}` and :math:`n_{out}`, or one of them.
    magnitude : float
        The numerator.

    Raises
    ------
    ValueError
        For another ``rnd_type`` or ``factor_type``; when called, for an array with fewer than two
        axes.

    Examples
    --------
    >>> import gluonx as gx
    >>> net = gx.nn.Dense(20, in_units=10)
    >>> net.initialize(gx.init.Xavier())
    >>> bool(abs(net.weight.data().asnumpy()).max() <= (3 / 15) ** 0.5)
    True
    """

    def __init__(self, rnd_type: str = "uniform", factor_type: str = "avg", magnitude: float = 3):
        super().__init__(rnd_type=rnd_type, factor_type=factor_type, magnitude=magnitude)
        if rnd_type not in ("uniform", "gaussian"):
            raise ValueError(f"rnd_type must be 'uniform' or 'gaussian', got {rnd_type!r}")
        if factor_type not in ("avg", "in", "out"):
            raise ValueError(f"factor_type must be 'avg', 'in' or 'out', got {factor_type!r}")
        self.rnd_type = rnd_type
        self.factor_type = factor_type
        self.magnitude = float(magnitude)

    def _init_weight(self, name: str, arr: nd.NDArray) -> None:
        shape = arr.shape
        if len(shape) < 2:
            raise ValueError(
                f"{type(self).__name__} needs an array with two or more axes, and {name} has shape "
                f"{shape}; give it an initializer of its own, for example init='zeros'"
            )
        field = math.prod(shape[2:])
        fan_in, fan_out = shape[1] * field, shape[0] * field
        factor = {"avg": (fan_in + fan_out) / 2, "in": fan_in, "out": fan_out}[self.factor_type]
        _draw(self.rnd_type, math.sqrt(self.magnitude / factor), arr)


@register
class MSRAPrelu(Xavier):
    r"""Normal numbers with variance :math:`2 / ((1 + slope^2) n)`, for nets with (P)ReLU.

    From He et al., "Delving deep into rectifiers", ICCV 2015. :math:`n` as in :class:`Xavier`.

    Parameters
    ----------
    factor_type : {'avg', 'in', 'out'}
        Which :math:`n`; see :class:`Xavier`.
    slope : float
        Slope of the activation for negative input.
    """

    def __init__(self, factor_type: str = "avg", slope: float = 0.25):
        super().__init__("gaussian", factor_type, 2 / (1 + slope**2))
        self._kwargs = {"factor_type": factor_type, "slope": slope}


@register
class Orthogonal(Initializer):
    """An orthogonal matrix times a scale; all axes after the first are taken together.

    From Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear neural
    networks", ICLR 2014.

    Parameters
    ----------
    scale : float
        What the matrix is multiplied by.
    rand_type : {'uniform', 'normal'}
        The random matrix from whose singular vectors it is made.

    Raises
    ------
    ValueError
        For another ``rand_type``.
    """

    def __init__(self, scale: float = 1.414, rand_type: str = "uniform"):
        super().__init__(scale=scale, rand_type=rand_type)
        if rand_type not in ("uniform", "normal"):
            raise ValueError(f"rand_type must be 'uniform' or 'normal', got {rand_type!r}")
        self.scale = scale
        self.rand_type = rand_type

    def _init_weight(self, name: str, arr: nd.NDArray) -> None:
        rows = arr.shape[0]
        matrix = nd.zeros((rows, arr.size // rows), ctx=arr.context)
        _draw("gaussian" if self.rand_type == "normal" else "uniform", 1.0, matrix)
        u, _, v = np.linalg.svd(matrix.asnumpy(), full_matrices=False)
        arr[:] = self.scale * (u if u.shape == matrix.shape else v).reshape(arr.shape)
