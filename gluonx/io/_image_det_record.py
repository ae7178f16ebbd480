"""Batches of images with boxes from files of records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import recordio
from ..error import MXNetError
from ..image._record_det_augmenter import RecordDetAugmenter
from ._image_record import Normalizer, decoded, mean_image, need_data_shape, raw
from ._pipeline import ImagePipeline, Record
from ._record_source import RecordSource, read_labels

__all__ = ["ImageDetRecordIter"]

_FRONT = 4  # channels, height, width and length, before the label


class _Worker:
    """Decodes and augments images with boxes."""

    def __init__(self, channels, augmenter, finish, labels, width, seed):
        self.channels = channels
        self.augmenter = augmenter
        self.finish = finish
        self.labels = labels
        self.width = width
        self.seed = seed

    def __call__(self, record: Record, data: np.ndarray, label: np.ndarray) -> int:
        packed, place = record
        header, file = recordio.unpack(packed)
        found = label_of(header, self.labels, self.width)
        front = int(found[0])
        objects = found[front:].reshape(-1, int(found[1]))
        rng = np.random.default_rng((self.seed, *place))
        img = decoded(file, self.channels, header.id)
        img, objects = self.augmenter.apply(img, objects, rng)
        height, width = img.shape[:2]
        if (height, width) != data.shape[1:]:
            data[:] = 0
        self.finish(img, data[:, :height, :width], rng)
        count = front + objects.size
        if count + _FRONT > len(label):
            raise MXNetError(
                f"the record {header.id} has a label of {count} numbers, but label_pad_width is "
                f"{len(label) - _FRONT}"
            )
        label[:_FRONT] = (self.channels, height, width, count)
        label[_FRONT : _FRONT + front] = found[:front]
        label[_FRONT + front : _FRONT + count] = objects.ravel()
        return header.id


def label_of(header: Any, labels: dict | None, width: int) -> np.ndarray:
    """The label of a record: ``[A, B, ..., objects]``."""
    found = header.label
    if labels is not None:
        found = labels.get(header.id)
        if found is None:
            raise MXNetError(f"path_imglist has no record {header.id}")
    found = np.atleast_1d(np.asarray(found, np.float32))
    if width > 0 and found.size != width:
        raise MXNetError(
            f"the record {header.id} has {found.size} labels, but label_width is {width}"
        )
    front, each = (int(found[0]), int(found[1])) if found.size >= 2 else (0, 0)
    if front < 2 or each < 5 or found.size < front or (found.size - front) % each:
        raise MXNetError(
            f"the label of the record {header.id} must be [A, B, ..., objects]: A numbers in "
            "front, then B >= 5 for each object (class, left, upper, right, lower edge, ...); got "
            f"{found.size} numbers, {found[:8].tolist()} ..."
        )
    return found


class ImageDetRecordIter(ImagePipeline):
    """Batches of images with boxes from a file of records, decoded and augmented by threads.

    The label of a record is ``[A, B, ..., objects]``: A numbers in front, the second of which says
    that each object has B numbers: class, left, upper, right and lower edge as shares of the
    image's extents, and what else there is. A row of a batch's label is the number of channels, the
    height and width of the image (without what is filled up), the length of the label, and the
    label, with `label_pad_value` behind it.

    Parameters
    ----------
    path_imgrec : str
        The file; or a folder of files, or files with ``;`` between them.
    data_shape : (int, int, int)
        Channels (1: gray, 3 or 4), height and width.
    batch_size : int
    path_imglist : str, optional
        A list file, whose labels are taken instead of those in the records.
    label_width : int
        If positive, all labels must have so many numbers.
    label_pad_width : int
        Room for the longest label; 0 looks for it in all records.
    label_pad_value : float
    preprocess_threads, prefetch_buffer, num_parts, part_index, round_batch, dtype
        See :class:`ImageRecordIter`.
    shuffle, seed, shuffle_chunk_size
        See :class:`ImageRecordIter`.
    resize : int
        If positive, the shorter edge becomes that long.
    random_hue_prob, random_saturation_prob, random_illumination_prob, random_contrast_prob : float
        How often these are changed, by up to
    max_random_hue, max_random_saturation, max_random_illumination : int
        of 180, 255 and 255, and
    max_random_contrast : float
        around the factor 1.
    rand_mirror_prob : float
        How often image and boxes are mirrored.
    rand_pad_prob, max_pad_scale : float
        How often the image is put into one that is larger by up to this factor.
    rand_crop_prob : float
        How often a part is cropped.
    num_crop_sampler : int
        How many ways there are to choose it; each has a number in the following tuples, or they
        have one for all.
    min_crop_scales, max_crop_scales : tuple of float
        Range of the part's extent, relative to the image's.
    min_crop_aspect_ratios, max_crop_aspect_ratios : tuple of float
        Range of its ratio, relative to the image's.
    min_crop_overlaps, max_crop_overlaps : tuple of float
        Range of its intersection over union with at least one object.
    min_crop_sample_coverages, max_crop_sample_coverages : tuple of float
        Range of the share of it that an object covers.
    min_crop_object_coverages, max_crop_object_coverages : tuple of float
        Range of the share of an object that it covers.
    max_crop_trials : tuple of int
        How many parts are tried.
    crop_emit_mode : {'center', 'overlap'}
        Objects stay whose middle is in the part; or whose share in it is above
    emit_overlap_thresh : float
    resize_mode : {'force', 'shrink', 'fit'}
        Make the image the size of `data_shape`; or fit it in, never larger, or larger as well, with
        zeros to the right and below.
    fill_value : int
        The color around an image that is put into a larger one.
    inter_method : int
        See :func:`gluonx.image.imresize`.
    mean_r, mean_g, mean_b, mean_a, std_r, std_g, std_b, std_a, scale : float
        ``(x - mean) scale / std``; a deviation of 0 is 1.
    mean_img : str, optional
        See :class:`ImageRecordIter`; with ``resize_mode='force'``.
    verbose, ctx, aug_seq, shuffle_chunk_seed
        Not used.
    data_name, label_name : str
        Names in ``provide_data`` and ``provide_label``.

    Examples
    --------
    >>> import gluonx as gx
    >>> import numpy as np
    >>> with gx.recordio.MXRecordIO("a.rec", "w") as record:
    ...     label = [2, 5, 1, 0.25, 0.25, 0.5, 0.75]
    ...     img = np.zeros((8, 8, 3), np.uint8)
    ...     record.write(gx.recordio.pack_img((0, label, 0, 0), img, img_fmt=".png"))
    >>> batch = next(gx.io.ImageDetRecordIter(
    ...     path_imgrec="a.rec", data_shape=(3, 4, 4), batch_size=1, preprocess_threads=1))
    >>> batch.label[0].asnumpy().tolist()
    [[3.0, 4.0, 4.0, 7.0, 2.0, 5.0, 1.0, 0.25, 0.25, 0.5, 0.75]]
    """

    def __init__(
        self, *, path_imgrec: Any, data_shape: Sequence[int], batch_size: int,
        path_imglist: Any = "", label_width: int = -1, label_pad_width: int = 0,
        label_pad_value: float = -1.0, preprocess_threads: int = 4, prefetch_buffer: int = 4,
        num_parts: int = 1, part_index: int = 0, shuffle: bool = False, seed: int = 0,
        shuffle_chunk_size: int = 0, shuffle_chunk_seed: int = 0, round_batch: bool = True,
        dtype: Any = None, aug_seq: str = "det_aug_default", verbose: bool = True,
        ctx: Any = None, mean_img: Any = "", mean_r: float = 0.0, mean_g: float = 0.0,
        mean_b: float = 0.0, mean_a: float = 0.0, std_r: float = 0.0, std_g: float = 0.0,
        std_b: float = 0.0, std_a: float = 0.0, scale: float = 1.0, data_name: str = "data",
        label_name: str = "softmax_label", **augmentation: Any,
    ):  # fmt: skip
        shape = need_data_shape(data_shape)
        unknown = sorted(set(augmentation) - set(RecordDetAugmenter.names))
        if unknown:
            raise TypeError(
                f"ImageDetRecordIter has no parameter {', '.join(map(repr, unknown))}; those of "
                f"its augmentation are {', '.join(RecordDetAugmenter.names)}"
            )
        if aug_seq != "det_aug_default":
            raise ValueError(f"aug_seq={aug_seq!r} is not known; there is 'det_aug_default' alone")
        labels = read_labels(path_imglist, label_width) if path_imglist else None
        if label_pad_width <= 0:
            records = RecordSource(path_imgrec).records(0)
            headers = (recordio.unpack(record)[0] for record in records)
            lengths = [label_of(h, labels, label_width).size for h in headers]
            if not lengths:
                raise MXNetError(f"there are no records in {path_imgrec}")
            label_pad_width = max(lengths)
        std = [s or 1.0 for s in (std_r, std_g, std_b, std_a)][: shape[0]]
        mean: Any = [mean_r, mean_g, mean_b, mean_a][: shape[0]]
        worker = _Worker(
            shape[0], RecordDetAugmenter(shape, augmentation), raw, labels, label_width,
            abs(int(seed)),
        )  # fmt: skip
        source = RecordSource(
            path_imgrec, None, num_parts, part_index, shuffle, shuffle_chunk_size, seed
        )
        width = _FRONT + label_pad_width
        if mean_img:
            if augmentation.get("resize_mode", "force") != "force":
                raise ValueError("mean_img needs images of one size: resize_mode='force'")
            mean = mean_image(mean_img, source, worker, shape, width, preprocess_threads)
        worker.finish = Normalizer(mean, std, scale, 0.0, 0.0, False, False)
        super().__init__(
            source, worker, batch_size, shape, width, dtype or np.float32,
            preprocess_threads, prefetch_buffer, round_batch, label_pad_value, data_name,
            label_name,
        )  # fmt: skip
