"""Batches of images for classification."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import ndarray as nd
from ..error import MXNetError
from ..io._batch import DataBatch, DataDesc, DataIter
from ..ndarray import NDArray
from ..random import host_rng
from ._augmenters import run
from ._color_augmenters import CreateAugmenter
from ._decode import decoded, imdecode
from ._host import on_host
from ._samples import Samples

__all__ = ["ImageIter"]

_HANDLING = ("pad", "discard", "roll_over")


class ImageIter(DataIter):
    """Batches of images from a file of records, a list file, or a list.

    It works in the thread that calls it; :class:`gluonx.io.ImageRecordIter` uses several. A
    subclass may define `imdecode`, `augmentation_transform` and `postprocess_data`, which take and
    return NDArrays.

    Parameters
    ----------
    batch_size : int
    data_shape : (int, int, int)
        3 or 1, height and width.
    label_width : int
        Number of labels of an image.
    path_imgrec : str, optional
        A file of records.
    path_imgidx : str, optional
        Its index; needed for `shuffle` and `num_parts`.
    path_imglist : str, optional
        A list file, with lines ``number TAB labels TAB path``. With records it gives labels and
        their order.
    path_root : str, optional
        The folder that paths are below.
    imglist : list, optional
        Lists of a label, or a list of labels, and a path.
    shuffle : bool
        Whether each epoch has its own order; :func:`gluonx.random.seed` governs it.
    part_index, num_parts : int
        Take one of equal parts only.
    aug_list : list of Augmenter, optional
        By default those of :func:`CreateAugmenter`, which the further arguments go to.
    data_name, label_name : str
        Names in ``provide_data`` and ``provide_label``.
    dtype : dtype
        Of labels.
    last_batch_handle : {'pad', 'discard', 'roll_over'}
        What becomes of images at the end that do not fill a batch: they are filled up with those
        from the beginning, left out, or put in front of the next epoch.

    Raises
    ------
    MXNetError
        If an image cannot be decoded, or labels are not as many as expected.

    Examples
    --------
    >>> import gluonx as gx
    >>> import numpy as np
    >>> with gx.recordio.MXRecordIO("a.rec", "w") as record:
    ...     for k in range(3):
    ...         img = np.full((8, 8, 3), k, np.uint8)
    ...         record.write(gx.recordio.pack_img((0, k, k, 0), img, img_fmt=".png"))
    >>> batches = gx.image.ImageIter(2, (3, 6, 6), path_imgrec="a.rec", rand_mirror=True)
    >>> [(b.data[0].shape, b.label[0].asnumpy().tolist(), b.pad) for b in batches]
    [((2, 3, 6, 6), [0.0, 1.0], 0), ((2, 3, 6, 6), [2.0, 0.0], 1)]
    """

    def __init__(
        self, batch_size: int, data_shape: Sequence[int], label_width: int = 1,
        path_imgrec: Any = None, path_imglist: Any = None, path_root: Any = None,
        path_imgidx: Any = None, shuffle: bool = False, part_index: int = 0, num_parts: int = 1,
        aug_list: list | None = None, imglist: Sequence | None = None, data_name: str = "data",
        label_name: str = "softmax_label", dtype: Any = "float32", last_batch_handle: str = "pad",
        **kwargs: Any,
    ):  # fmt: skip
        super().__init__(batch_size)
        if last_batch_handle not in _HANDLING:
            raise ValueError(
                f"last_batch_handle must be one of {', '.join(map(repr, _HANDLING))}, got "
                f"{last_batch_handle!r}"
            )
        self.check_data_shape(data_shape)
        self.data_shape = tuple(data_shape)
        self.label_width = label_width
        self.label_dtype = np.dtype(dtype)
        self.last_batch_handle = last_batch_handle
        self.shuffle = shuffle
        self._samples = Samples(
            path_imgrec, path_imgidx, path_imglist, path_root, imglist, shuffle, part_index,
            num_parts,
        )  # fmt: skip
        self.auglist = self._augmenters(kwargs) if aug_list is None else aug_list
        self.provide_data = [DataDesc(data_name, (batch_size, *self.data_shape))]
        shape = (batch_size, label_width)[: 1 + (label_width > 1)]
        self.provide_label = [DataDesc(label_name, shape, self.label_dtype.type)]
        self._rest: tuple[np.ndarray, np.ndarray] | None = None
        self._ended = False
        hooks = ("imdecode", "augmentation_transform", "postprocess_data")
        self._plain = all(getattr(type(self), n) is getattr(ImageIter, n) for n in hooks)

    def _augmenters(self, arguments: dict[str, Any]) -> list:
        return CreateAugmenter(self.data_shape, **arguments)

    def reset(self) -> None:
        """Begin the next epoch; what the last one has left over comes first."""
        self._samples.restart()
        self._ended = False

    def hard_reset(self) -> None:
        """Begin anew; what the last epoch has left over is forgotten."""
        self._rest = None
        self.reset()

    def next_sample(self) -> tuple[Any, bytes]:
        """The next label, and the bytes of its image.

        Raises
        ------
        StopIteration
            At the end.
        """
        return self._samples.next()

    def next(self) -> DataBatch:
        """The next batch."""
        if self._ended:
            raise StopIteration
        data = np.zeros((self.batch_size, *self.data_shape), np.float32)
        label = self._empty_labels()
        count = 0
        if self._rest is not None:
            count = len(self._rest[0])
            data[:count], label[:count] = self._rest
            self._rest = None
        carried = count
        count = self._fill(data, label, count)
        pad = self.batch_size - count
        if pad:
            self._ended = True
            if self.last_batch_handle == "discard" or not count:
                raise StopIteration
            if self.last_batch_handle == "roll_over":
                self._rest = data[:count].copy(), label[:count].copy()
                raise StopIteration
            while count < self.batch_size:
                self._samples.restart()
                before, count = count, self._fill(data, label, count)
                if count == before:
                    raise MXNetError(f"{type(self).__name__}: there are no images")
        return self._batch(data, label, self.batch_size - carried if carried else pad)

    def _batch(self, data: np.ndarray, label: np.ndarray, pad: int) -> DataBatch:
        shape = self.provide_label[0].shape
        return DataBatch([nd.array(data)], [nd.array(label.reshape(shape), dtype=label.dtype)], pad)

    def _empty_labels(self) -> np.ndarray:
        return np.zeros((self.batch_size, self.label_width), self.label_dtype)

    def _fill(self, data: np.ndarray, label: np.ndarray, count: int) -> int:
        """Fill the batch from this place on; returns how many samples it has."""
        while count < self.batch_size:
            try:
                found, file = self.next_sample()
            except StopIteration:
                break
            try:
                self._put(found, file, data[count], label[count])
            except MXNetError as e:
                raise MXNetError(f"{self._samples.name}: {e}") from None
            count += 1
        return count

    def _put(self, found: Any, file: bytes, data: np.ndarray, label: np.ndarray) -> None:
        """Put an image and its label into their places in the batch."""
        if np.size(found) != self.label_width:
            raise MXNetError(
                f"the image has {np.size(found)} labels, but label_width is {self.label_width}"
            )
        label[:] = np.reshape(found, -1)
        if self._plain:
            img, rng = decoded(file, self._flag), host_rng()
            for augmenter in self.auglist:
                img = run(augmenter, img, rng)
            img = img.transpose(2, 0, 1)
        else:
            changed = self.augmentation_transform(self.imdecode(file))
            img = on_host(self.postprocess_data(changed))
        self._need_shape(img, data)
        data[:] = img

    def _need_shape(self, img: np.ndarray, data: np.ndarray) -> None:
        if img.shape != data.shape:
            raise MXNetError(
                f"the image has shape {img.shape} after the augmenters, but data_shape is "
                f"{data.shape}"
            )

    @property
    def _flag(self) -> int:
        return 1 if self.data_shape[0] == 3 else 0

    def check_data_shape(self, data_shape: Sequence[int]) -> None:
        """ValueError unless it is (3 or 1, height, width)."""
        if len(data_shape) != 3 or data_shape[0] not in (1, 3):
            raise ValueError(
                f"data_shape={tuple(data_shape)} must be (3 or 1 channels, height, width)"
            )

    def check_valid_image(self, data: Sequence[Any]) -> None:
        """MXNetError unless the first of a list of images has pixels."""
        if not len(data[0].shape):
            raise MXNetError("an image has no pixels")

    def imdecode(self, s: bytes) -> NDArray:
        """The image of a file's bytes: (height, width, channels)."""
        return imdecode(s, self._flag)

    def read_image(self, fname: str) -> bytes:
        """The bytes of a file below `path_root`."""
        return self._samples.read_image(fname)

    def augmentation_transform(self, data: NDArray) -> NDArray:
        """The image after all augmenters."""
        for augmenter in self.auglist:
            data = augmenter(data)
        return data

    def postprocess_data(self, datum: NDArray) -> NDArray:
        """The image with its channels first."""
        return nd.transpose(datum, axes=(2, 0, 1))
