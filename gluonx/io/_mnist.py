"""Batches from the files of MNIST."""

from __future__ import annotations

import gzip
import struct
from typing import Any

import numpy as np

from ..error import MXNetError
from ._rows import RowsIter, need_part, read_bytes, rows_of

__all__ = ["MNISTIter"]


def read_idx(name: str, axes: int) -> np.ndarray:
    """The bytes of an idx file (LeCun), which may be packed by gzip, with so many axes."""
    data = read_bytes(name)
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    head = 4 + 4 * axes
    expected = bytes([0, 0, 8, axes])
    if data[:4] != expected or len(data) < head:
        raise MXNetError(
            f"{name} cannot be read: expected the {head} bytes with which an idx file of bytes of "
            f"{axes} axes begins ({expected.hex(' ')} ...), not {data[:4].hex(' ')}"
        )
    shape = struct.unpack(f">{axes}I", data[4:head])
    if len(data) - head != np.prod(shape, dtype=object):
        raise MXNetError(
            f"{name} cannot be read: its shape is {shape}, but {len(data) - head} bytes follow"
        )
    return np.frombuffer(data, np.uint8, offset=head).reshape(shape)


class MNISTIter(RowsIter):
    """Batches from the files of MNIST, or others in its format.

    Parameters
    ----------
    image, label : str
        Names of the files; they may be packed by gzip.
    batch_size : int
        Samples at the end that do not fill a batch are left out.
    shuffle : bool
        Whether to shuffle, once; the order is the same in each epoch.
    flat : bool
        Whether an image is a row of numbers, not (1, height, width).
    seed : int
        For shuffling.
    silent, prefetch_buffer, ctx
        Not used.
    num_parts, part_index : int
        Take one of equal parts of the samples only.
    dtype : dtype, optional
        float32 by default. Floating-point images are divided by 256; of integers they are not.
    data_name, label_name : str
        Names in ``provide_data`` and ``provide_label``.

    Raises
    ------
    MXNetError
        If a file is damaged or of another format.

    Examples
    --------
    >>> import gluonx as gx
    >>> import numpy as np
    >>> with open("images", "wb") as file:
    ...     _ = file.write(bytes([0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 3]) + bytes(24))
    >>> with open("labels", "wb") as file:
    ...     _ = file.write(bytes([0, 0, 8, 1, 0, 0, 0, 4, 7, 2, 1, 0]))
    >>> batch = next(gx.io.MNISTIter(image="images", label="labels", batch_size=4, shuffle=False))
    >>> batch.data[0].shape, batch.label[0].asnumpy().tolist()
    ((4, 1, 2, 3), [7.0, 2.0, 1.0, 0.0])
    """

    def __init__(
        self, *, image: str = "./train-images-idx3-ubyte", label: str = "./train-labels-idx1-ubyte",
        batch_size: int = 128, shuffle: bool = True, flat: bool = False, seed: int = 0,
        silent: bool = False, num_parts: int = 1, part_index: int = 0, prefetch_buffer: int = 4,
        ctx: Any = None, dtype: Any = None, data_name: str = "data",
        label_name: str = "softmax_label",
    ):  # fmt: skip
        images, labels = read_idx(image, 3), read_idx(label, 1)
        if len(images) != len(labels):
            raise MXNetError(f"{image} has {len(images)} images, {label} {len(labels)} labels")
        need_part(num_parts, part_index)
        begin, end = (len(images) * k // num_parts for k in (part_index, part_index + 1))
        order = np.arange(begin, end)
        if shuffle:
            np.random.default_rng(seed).shuffle(order)
        count = len(order) // max(batch_size, 1) * batch_size
        if not count:
            raise ValueError(f"MNISTIter: {len(order)} samples do not fill a batch of {batch_size}")
        kind = np.dtype(dtype or np.float32)
        # Not `isdtype`: bfloat16 is floating, too.
        self._scale = None if kind.kind in "iub" else np.float32(1 / 256)
        self._kind = kind
        self._images = images.reshape(len(images), -1) if flat else images[:, None]
        self._order = order
        label_rows = rows_of(labels.astype(kind))
        super().__init__(
            count, batch_size, False, lambda i: (self._pixels(order[i]), label_rows(order[i])),
            (self._images.shape[1:], ()), (kind, kind), data_name, label_name,
        )  # fmt: skip

    def _pixels(self, index: np.ndarray) -> Any:
        chosen = self._images[index]
        if self._scale is not None:
            chosen = chosen * self._scale
        return rows_of(chosen.astype(self._kind))(np.arange(len(index)))

    def getindex(self) -> np.ndarray:
        """The places in the file of the present batch."""
        return self._order[self._index]
