"""Batches of data for :mod:`gluonx.module`: ``mx.io``."""

from ._batch import DataBatch as DataBatch
from ._batch import DataDesc as DataDesc
from ._batch import DataIter as DataIter
from ._csv import CSVIter as CSVIter
from ._libsvm import LibSVMIter as LibSVMIter
from ._mnist import MNISTIter as MNISTIter
from ._ndarray_iter import NDArrayIter as NDArrayIter
from ._rows import MXDataIter as MXDataIter
from ._wrappers import PrefetchingIter as PrefetchingIter
from ._wrappers import ResizeIter as ResizeIter

__all__ = [
    "CSVIter", "DataBatch", "DataDesc", "DataIter", "LibSVMIter", "MNISTIter", "MXDataIter",
    "NDArrayIter", "PrefetchingIter", "ResizeIter",
]  # fmt: skip
