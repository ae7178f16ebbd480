"""Batches of data for :mod:`gluonx.module`: ``mx.io``."""

from ._batch import DataBatch as DataBatch
from ._batch import DataDesc as DataDesc
from ._batch import DataIter as DataIter
from ._csv import CSVIter as CSVIter
from ._image_det_record import ImageDetRecordIter as ImageDetRecordIter
from ._image_record import ImageRecordInt8Iter as ImageRecordInt8Iter
from ._image_record import ImageRecordIter as ImageRecordIter
from ._image_record import ImageRecordUInt8Iter as ImageRecordUInt8Iter
from ._libsvm import LibSVMIter as LibSVMIter
from ._mnist import MNISTIter as MNISTIter
from ._ndarray_iter import NDArrayIter as NDArrayIter
from ._rows import MXDataIter as MXDataIter
from ._wrappers import PrefetchingIter as PrefetchingIter
from ._wrappers import ResizeIter as ResizeIter

ImageRecordIter_v1 = ImageRecordIter
ImageRecordUInt8Iter_v1 = ImageRecordUInt8Iter

__all__ = [
    "CSVIter", "DataBatch", "DataDesc", "DataIter", "ImageDetRecordIter", "ImageRecordInt8Iter",
    "ImageRecordIter", "ImageRecordIter_v1", "ImageRecordUInt8Iter", "ImageRecordUInt8Iter_v1",
    "LibSVMIter", "MNISTIter", "MXDataIter", "NDArrayIter", "PrefetchingIter", "ResizeIter",
]  # fmt: skip
