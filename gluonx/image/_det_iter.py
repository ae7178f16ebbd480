"""Batches of images with boxes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..error import MXNetError
from ..io._batch import DataDesc
from ..random import host_rng
from ._decode import decoded, imdecode
from ._detection import CreateDetAugmenter, run
from ._host import on_host
from ._iter import ImageIter

__all__ = ["ImageDetIter"]


def parsed_label(label: Any) -> np.ndarray:
    """The objects (count, width) of a packed label: two or more numbers in front, the first two of
    which say how many these are and how many each object has; then the objects."""
    flat = np.asarray(on_host(label) if hasattr(label, "asnumpy") else label, np.float32).ravel()
    front, width = (int(flat[0]), int(flat[1])) if flat.size >= 2 else (0, 0)
    if front < 2 or width < 5 or flat.size <= front or (flat.size - front) % width:
        raise MXNetError(
            "a label for detection must be [A, B, ..., objects]: A numbers in front, then B >= 5 "
            "for each object (class, left, upper, right, lower edge, ...); got "
            f"{flat.size} numbers, {flat[:8].tolist()} ..."
        )
    objects = flat[front:].reshape(-1, width)
    real = (objects[:, 3] > objects[:, 1]) & (objects[:, 4] > objects[:, 2])
    if not real.any():
        raise MXNetError("a label for detection has no box with an inside")
    return objects[real]


class ImageDetIter(ImageIter):
    """Batches of images with boxes, from a file of records, a list file, or a list.

    The label of an image is ``[A, B, ..., objects]``: A numbers in front, the second of which says
    that each object has B numbers: class, left, upper, right and lower edge as shares of the
    image's extents, and what else there is. A batch's label is (batch, objects, B), with -1 where
    an image has fewer objects than another. All labels are looked at when the iterator is made.

    Parameters
    ----------
    batch_size : int
    data_shape : (int, int, int)
        3 or 1, height and width.
    path_imgrec, path_imglist, path_root, path_imgidx, shuffle, part_index, num_parts, imglist
        See :class:`ImageIter`.
    aug_list : list of DetAugmenter, optional
        By default those of :func:`CreateDetAugmenter`, which the further arguments go to.
    data_name, label_name : str
        Names in ``provide_data`` and ``provide_label``.
    last_batch_handle : {'pad', 'discard', 'roll_over'}
        See :class:`ImageIter`.

    Raises
    ------
    MXNetError
        If a label is of another form, or an image cannot be decoded.

    Examples
    --------
    >>> import gluonx as gx
    >>> import numpy as np
    >>> with gx.recordio.MXRecordIO("a.rec", "w") as record:
    ...     label = [2, 5, 1, 0.1, 0.2, 0.5, 0.6]
    ...     img = np.zeros((8, 8, 3), np.uint8)
    ...     record.write(gx.recordio.pack_img((0, label, 0, 0), img, img_fmt=".png"))
    >>> batch = next(gx.image.ImageDetIter(1, (3, 6, 6), path_imgrec="a.rec"))
    >>> batch.data[0].shape, batch.label[0].shape
    ((1, 3, 6, 6), (1, 1, 5))
    """

    def __init__(
        self, batch_size: int, data_shape: Sequence[int], path_imgrec: Any = None,
        path_imglist: Any = None, path_root: Any = None, path_imgidx: Any = None,
        shuffle: bool = False, part_index: int = 0, num_parts: int = 1,
        aug_list: list | None = None, imglist: Sequence | None = None, data_name: str = "data",
        label_name: str = "label", last_batch_handle: str = "pad", **kwargs: Any,
    ):  # fmt: skip
        super().__init__(
            batch_size, data_shape, 1, path_imgrec, path_imglist, path_root, path_imgidx, shuffle,
            part_index, num_parts, aug_list, imglist, data_name, label_name,
            last_batch_handle=last_batch_handle, **kwargs,
        )  # fmt: skip
        hooks = ("imdecode", "augmentation_transform", "postprocess_data")
        self._plain = all(getattr(type(self), n) is getattr(ImageDetIter, n) for n in hooks)
        self._set_label_shape(self._estimate_label_shape())

    def _augmenters(self, arguments: dict[str, Any]) -> list:
        return CreateDetAugmenter(self.data_shape, **arguments)

    def _set_label_shape(self, shape: Sequence[int]) -> None:
        self.label_shape = tuple(shape)
        name = self.provide_label[0].name
        self.provide_label = [DataDesc(name, (self.batch_size, *self.label_shape))]

    def _estimate_label_shape(self) -> tuple[int, int]:
        """The most objects that an image has, and the numbers of each."""
        shapes = []
        while True:
            try:
                shapes.append(parsed_label(self.next_sample()[0]).shape)
            except StopIteration:
                break
            except MXNetError as e:
                raise MXNetError(f"{self._samples.name}: {e}") from None
        if not shapes:
            raise MXNetError(f"{type(self).__name__}: there are no images")
        widths = {width for _, width in shapes}
        if len(widths) > 1:
            raise MXNetError(f"objects have different numbers of numbers: {sorted(widths)}")
        self.reset()
        return max(count for count, _ in shapes), widths.pop()

    def _empty_labels(self) -> np.ndarray:
        return np.full((self.batch_size, *self.label_shape), -1, np.float32)

    def _put(self, found: Any, file: bytes, data: np.ndarray, label: np.ndarray) -> None:
        objects = parsed_label(found)
        if self._plain:
            img, rng = decoded(file, self._flag), host_rng()
            for augmenter in self.auglist:
                img, objects = run(augmenter, img, objects, rng)
            img = img.transpose(2, 0, 1)
        else:
            changed, objects = self.augmentation_transform(self.imdecode(file), objects)
            img, objects = on_host(self.postprocess_data(changed)), on_host(objects)
        self._need_shape(img, data)
        if objects.shape[1] != label.shape[1]:
            raise MXNetError(f"an object has {objects.shape[1]} numbers, not {label.shape[1]}")
        if len(objects) > len(label):
            raise MXNetError(
                f"the image has {len(objects)} objects, but label_shape says {len(label)}; "
                "reshape(label_shape=...) makes room"
            )
        data[:] = img
        label[: len(objects)] = objects
        label[len(objects) :] = -1

    def augmentation_transform(self, data: Any, label: Any) -> tuple[Any, Any]:  # type: ignore[override]
        """Image and label after all augmenters."""
        for augmenter in self.auglist:
            data, label = augmenter(data, label)
        return data, label

    def check_label_shape(self, label_shape: Sequence[int]) -> None:
        """ValueError unless all labels fit into it."""
        if len(label_shape) != 2 or label_shape[0] < self.label_shape[0]:
            raise ValueError(
                f"label_shape={tuple(label_shape)} must be (objects, numbers) with at least "
                f"{self.label_shape[0]} objects"
            )
        if label_shape[1] != self.label_shape[1]:
            raise ValueError(
                f"label_shape={tuple(label_shape)}: an object has {self.label_shape[1]} numbers"
            )

    def reshape(
        self, data_shape: Sequence[int] | None = None, label_shape: Sequence[int] | None = None
    ) -> None:
        """Change the shape of images, or make room for more objects.

        Parameters
        ----------
        data_shape : (int, int, int), optional
            The augmenters must give images of that shape.
        label_shape : (int, int), optional
            Objects, and numbers of each.
        """
        if data_shape is not None:
            self.check_data_shape(data_shape)
            self.data_shape = tuple(data_shape)
            name = self.provide_data[0].name
            self.provide_data = [DataDesc(name, (self.batch_size, *self.data_shape))]
        if label_shape is not None:
            self.check_label_shape(label_shape)
            self._set_label_shape(label_shape)

    def sync_label_shape(self, it: ImageDetIter, verbose: bool = False) -> ImageDetIter:
        """Give this iterator and another one (for validation) room for equally many objects.

        Parameters
        ----------
        it : ImageDetIter
        verbose : bool
            Not used.

        Returns
        -------
        ImageDetIter
            `it`.
        """
        if not isinstance(it, ImageDetIter):
            raise TypeError(f"sync_label_shape takes an ImageDetIter, got {type(it).__name__}")
        shape = (max(self.label_shape[0], it.label_shape[0]), self.label_shape[1])
        for each in (it, self):
            each.reshape(label_shape=shape)
        return it

    def draw_next(
        self, color: Any = None, thickness: int = 2, mean: Any = None, std: Any = None,
        clip: bool = True, waitKey: Any = None, window_name: str = "draw_next",  # noqa: N803
        id2labels: Any = None,
    ) -> Iterator[np.ndarray]:  # fmt: skip
        """Images after the augmenters, with their boxes drawn into them.

        Parameters
        ----------
        color : tuple of int, optional
            Of the boxes; by default one for each class.
        thickness : int
            Of the lines, in pixels.
        mean, std : array_like or True, optional
            What the images were normalized with; True for those of ImageNet.
        clip : bool
            Cut values to 0 ... 255.
        waitKey, window_name, id2labels
            Not used: no window is opened.

        Yields
        ------
        numpy.ndarray
            (height, width, channels), uint8 if `clip`.
        """
        from ._color_augmenters import MEAN, STD

        self.reset()
        while True:
            try:
                found, file = self.next_sample()
            except StopIteration:
                return
            img, objects = imdecode(file, self._flag), parsed_label(found)
            img, objects = self.augmentation_transform(img, objects)
            img = on_host(img).astype(np.float32)
            if std is not None:
                img = img * np.asarray(STD if std is True else std, np.float32)
            if mean is not None:
                img = img + np.asarray(MEAN if mean is True else mean, np.float32)
            if clip:
                img = np.clip(img, 0, 255).astype(np.uint8)
            img = img.copy()
            for row in on_host(objects):
                _draw(img, row, color, thickness)
            yield img


def _draw(img: np.ndarray, row: np.ndarray, color: Any, thickness: int) -> None:
    """Draw the box of an object."""
    rows, columns = img.shape[:2]
    left, right = (min(max(int(row[k] * columns), 0), columns - 1) for k in (1, 3))
    top, bottom = (min(max(int(row[k] * rows), 0), rows - 1) for k in (2, 4))
    if color is None:
        angle = 2 * math.pi * (float(row[0]) * 0.618 % 1)  # golden ratio: neighbors differ
        color = [127 + 127 * math.cos(angle + k * 2 * math.pi / 3) for k in range(img.shape[2])]
    inside = img[top : bottom + 1, left : right + 1]
    for part in (inside[:thickness], inside[-thickness:]):
        part[:] = color
    for part in (inside[:, :thickness], inside[:, -thickness:]):
        part[:] = color
