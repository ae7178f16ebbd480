"""Layers in ``gluon.contrib.nn``, under the names that they have there."""

from __future__ import annotations

from typing import Any

from ...nn import Concatenate, Embedding, HybridConcatenate
from ...nn import Identity as Identity
from ...nn import PixelShuffle1D as PixelShuffle1D
from ...nn import PixelShuffle2D as PixelShuffle2D
from ...nn import PixelShuffle3D as PixelShuffle3D
from ...nn import SyncBatchNorm as SyncBatchNorm

__all__ = [
    "Concurrent",
    "HybridConcurrent",
    "Identity",
    "PixelShuffle1D",
    "PixelShuffle2D",
    "PixelShuffle3D",
    "SparseEmbedding",
    "SyncBatchNorm",
]


class Concurrent(Concatenate):
    """Blocks side by side; another name of :class:`gluonx.nn.Concatenate`.

    Parameters
    ----------
    axis : int
        The axis along which the outputs are concatenated.
    prefix, params
        See :class:`gluonx.gluon.Block`.
    """


class HybridConcurrent(HybridConcatenate):
    """Hybrid blocks side by side; another name of :class:`gluonx.nn.HybridConcatenate`.

    Parameters
    ----------
    axis : int
        The axis along which the outputs are concatenated.
    prefix, params
        See :class:`gluonx.gluon.Block`.
    """


class SparseEmbedding(Embedding):
    """A vector for each of a great number of things; see :class:`gluonx.nn.Embedding`.

    Parameters
    ----------
    input_dim : int
        Number of things.
    output_dim : int
        Length of the vectors.
    dtype : str or numpy.dtype
        Element type of the vectors.
    weight_initializer : Initializer or str, optional
        Initial vectors.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.

    Inputs
    ------
    data : NDArray, any shape
        Numbers from 0 to ``input_dim - 1``.

    Outputs
    -------
    out : NDArray, shape (..., output_dim)

    Examples
    --------
    >>> from gluonx import gluon, nd
    >>> embedding = gluon.contrib.nn.SparseEmbedding(100, 16)
    >>> embedding.initialize()
    >>> embedding(nd.array([[1, 5, 99]])).shape
    (1, 3, 16)
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        dtype: Any = "float32",
        weight_initializer: Any = None,
        **kwargs: Any,
    ):
        super().__init__(
            input_dim, output_dim, dtype, weight_initializer, sparse_grad=True, **kwargs
        )
