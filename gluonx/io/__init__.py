"""Batches of data for :mod:`gluonx.module`: ``mx.io``."""

from ._batch import DataBatch as DataBatch
from ._batch import DataDesc as DataDesc
from ._batch import DataIter as DataIter
from ._ndarray_iter import NDArrayIter as NDArrayIter
from ._wrappers import PrefetchingIter as PrefetchingIter
from ._wrappers import ResizeIter as ResizeIter

__all__ = ["DataBatch", "DataDesc", "DataIter", "NDArrayIter", "PrefetchingIter", "ResizeIter"]
