"""What an iterator gives, and its interface."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..ndarray import NDArray

__all__ = ["DataBatch", "DataDesc", "DataIter"]


class DataDesc(namedtuple("DataDesc", ["name", "shape"])):
    """Name and shape of one array of a batch; a pair, with two more attributes.

    Parameters
    ----------
    name : str
    shape : tuple of int
    dtype : dtype
        float32 by default.
    layout : str
        What the axes are; the place of ``'N'`` is the axis of the batch.

    Examples
    --------
    >>> import gluonx as gx
    >>> desc = gx.io.DataDesc('data', (32, 10), layout='NC')
    >>> desc == ('data', (32, 10)), desc.layout
    (True, 'NC')
    """

    dtype: Any
    layout: Any

    def __new__(cls, name: str, shape: Any, dtype: Any = np.float32, layout: str | None = "NCHW"):
        made = super().__new__(cls, name, tuple(shape))
        made.dtype = dtype
        made.layout = layout
        return made

    def __repr__(self) -> str:
        return f"DataDesc[{self.name},{self.shape},{self.dtype},{self.layout}]"

    def __getnewargs__(self) -> tuple:
        return self.name, self.shape, self.dtype, self.layout

    @staticmethod
    def get_batch_axis(layout: str | None) -> int:
        """The axis of the batch in a layout: 0 for None, -1 if there is no ``'N'``."""
        return 0 if layout is None else layout.find("N")

    @staticmethod
    def get_list(shapes: Iterable[tuple], types: Iterable[tuple] | None) -> list[DataDesc]:
        """Descriptions from pairs of names and shapes, and pairs of names and types."""
        known = dict(types) if types is not None else {}
        return [DataDesc(name, shape, *([known[name]] if known else [])) for name, shape in shapes]


class DataBatch:
    """One batch.

    Parameters
    ----------
    data : list of NDArray
    label : list of NDArray, optional
    pad : int, optional
        How many rows at the end were added to fill the batch.
    index : numpy.ndarray, optional
        Which samples these are.
    bucket_key : object, optional
        For :class:`~gluonx.module.BucketingModule`.
    provide_data, provide_label : list of DataDesc, optional
        What the arrays are, where that changes from batch to batch.

    Examples
    --------
    >>> import gluonx as gx
    >>> gx.io.DataBatch([gx.nd.zeros((2, 3))]).data[0].shape
    (2, 3)
    """

    def __init__(
        self, data: Sequence[NDArray], label: Sequence[NDArray] | None = None,
        pad: int | None = None, index: Any = None, bucket_key: Any = None,
        provide_data: Any = None, provide_label: Any = None,
    ):  # fmt: skip
        for what, given in (("data", data), ("label", label)):
            if given is not None and not isinstance(given, (list, tuple)):
                raise TypeError(
                    f"DataBatch({what}=...) takes a list of NDArrays, got {type(given).__name__}"
                )
        self.data = data
        self.label = label
        self.pad = pad
        self.index = index
        self.bucket_key = bucket_key
        self.provide_data = provide_data
        self.provide_label = provide_label

    def __str__(self) -> str:
        shapes = [x.shape for x in self.data]
        labels = [x.shape for x in self.label] if self.label else None
        return f"{type(self).__name__}: data shapes: {shapes} label shapes: {labels}"


class DataIter:
    """Base class of iterators over batches.

    Subclasses define ``provide_data`` and ``provide_label``, lists of :class:`DataDesc`, and either
    :meth:`next`, or :meth:`iter_next`, :meth:`getdata`, :meth:`getlabel` and :meth:`getpad`.

    Parameters
    ----------
    batch_size : int
    """

    def __init__(self, batch_size: int = 0):
        self.batch_size = batch_size

    def __iter__(self) -> DataIter:
        return self

    def __next__(self) -> DataBatch:
        return self.next()

    def reset(self) -> None:
        """Begin anew."""

    def next(self) -> DataBatch:
        """The next batch.

        Raises
        ------
        StopIteration
            At the end.
        """
        if not self.iter_next():
            raise StopIteration
        return DataBatch(self.getdata(), self.getlabel(), self.getpad(), self.getindex())  # type: ignore[arg-type]

    def iter_next(self) -> bool:
        """Go to the next batch; False at the end."""
        raise NotImplementedError(f"{type(self).__name__} must define next() or iter_next()")

    def getdata(self) -> Any:
        """The data of the present batch."""
        raise NotImplementedError(f"{type(self).__name__} must define next() or getdata()")

    def getlabel(self) -> Any:
        """The labels of the present batch."""
        raise NotImplementedError(f"{type(self).__name__} must define next() or getlabel()")

    def getindex(self) -> Any:
        """Which samples the present batch has; None if that is not known."""
        return None

    def getpad(self) -> int | None:
        """How many rows at the end of the present batch were added to fill it."""
        raise NotImplementedError(f"{type(self).__name__} must define next() or getpad()")
