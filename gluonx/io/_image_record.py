"""Batches of images from files of records."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import ndarray as nd
from .. import recordio
from ..error import MXNetError
from ..image._record_augmenter import RecordAugmenter
from ..serialization import images
from ._pipeline import ImagePipeline, Record
from ._record_source import RecordSource, read_labels

__all__ = ["ImageRecordInt8Iter", "ImageRecordIter", "ImageRecordUInt8Iter"]


def need_data_shape(data_shape: Sequence[int]) -> tuple[int, int, int]:
    """ValueError unless it is (1, 3 or 4 channels, height, width)."""
    shape = tuple(int(n) for n in data_shape)
    if len(shape) != 3 or shape[0] not in (1, 3, 4) or min(shape) < 1:
        raise ValueError(
            f"data_shape={shape} must be (channels, height, width) with 1, 3 or 4 channels"
        )
    return shape


def decoded(data: bytes, channels: int, number: int) -> np.ndarray:
    """The pixels of an image file: (height, width, channels), uint8; red, green and blue."""
    try:
        img = images.decode_channels(data, {1: 0, 3: 1}.get(channels, -1))
    except MXNetError as e:
        raise MXNetError(f"the record {number} cannot be decoded: {e}") from None
    if img.shape[2] != channels or img.dtype != np.uint8:
        raise MXNetError(
            f"the image of the record {number} has {img.shape[2]} channels of {img.dtype}, but "
            f"data_shape says {channels} of uint8"
        )
    return img


class Normalizer:
    """From pixels (height, width, channels) to a batch's floating-point numbers.

    ``((x - mean) contrast + illumination) scale / std``, where contrast and illumination are drawn
    for each image.

    Parameters
    ----------
    mean : array
        (channels,), or (channels, height, width).
    std : array
        (channels,).
    scale : float
    contrast, illumination : float
        Ranges of the draws, around 1 and 0.
    mirror, rand_mirror : bool
        Whether to mirror all images, or half of them.
    """

    def __init__(self, mean, std, scale, contrast, illumination, mirror, rand_mirror):
        self.mean = np.asarray(mean, np.float32)
        self.factor = (np.float32(scale) / np.asarray(std, np.float32)).astype(np.float32)
        self.contrast, self.illumination = contrast, illumination
        self.mirror, self.rand_mirror = mirror, rand_mirror

    def __call__(self, img: np.ndarray, out: np.ndarray, rng: np.random.Generator) -> None:
        factor, shift = self.factor, None
        if self.contrast or self.illumination:
            light = rng.uniform(-self.illumination, self.illumination)
            shift = (self.factor * light).astype(np.float32)
            factor = self.factor * np.float32(1 + rng.uniform(-self.contrast, self.contrast))
        if self.mirror or (self.rand_mirror and rng.random() < 0.5):
            img = img[:, ::-1]
        for c in range(img.shape[2]):  # channel by channel: about twice as fast as all at once
            direct = out.dtype == np.float32
            part = out[c] if direct else np.empty(out.shape[1:], np.float32)
            part[...] = img[:, :, c]
            if self.mean[c].any():
                part -= self.mean[c]
            if factor[c] != 1:
                part *= factor[c]
            if shift is not None:
                part += shift[c]
            if not direct:
                out[c] = part


def raw(img: np.ndarray, out: np.ndarray, rng: np.random.Generator) -> None:
    """The pixels themselves; what is more than 127 is that as int8."""
    pixels = img.transpose(2, 0, 1)
    np.copyto(out, np.minimum(pixels, 127) if out.dtype == np.int8 else pixels, casting="unsafe")


class _Worker:
    """Decodes, augments and normalizes."""

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
        found = header.label
        if self.labels is not None:
            found = self.labels.get(header.id)
            if found is None:
                raise MXNetError(f"path_imglist has no record {header.id}")
        if np.size(found) != self.width:
            raise MXNetError(
                f"the record {header.id} has {np.size(found)} labels, but label_width is "
                f"{self.width}"
            )
        label[:] = found
        rng = np.random.default_rng((self.seed, *place))
        img = decoded(file, self.channels, header.id)
        self.finish(self.augmenter.apply(img, rng), data, rng)
        return header.id


class ImageRecordIter(ImagePipeline):
    """Batches of images from a file of records, decoded and augmented by threads.

    What is done to an image, in this order: `resize`; turning and scaling; `pad`; cropping to
    `data_shape` (an image that is smaller is enlarged); the colors; mirroring; and
    ``((x - mean) * contrast + illumination) * scale / std``. Draws depend on the seed, the epoch
    and the place of the record alone, not on the number of threads.

    Parameters
    ----------
    path_imgrec : str
        The file; or a folder of files, or files with ``;`` between them.
    data_shape : (int, int, int)
        Channels (1: gray, 3 or 4), height and width.
    batch_size : int
    path_imgidx : str, optional
        The index of the file. With it records are shuffled, and divided into parts, exactly.
    path_imglist : str, optional
        A list file, whose labels are taken instead of those in the records.
    label_width : int
        Number of labels of an image.
    preprocess_threads : int
    prefetch_buffer : int
        How many batches are begun ahead.
    num_parts, part_index : int
        Take one of equal parts of the records only, or of the bytes if there is no index.
    shuffle : bool
    seed : int
        For shuffling, and for augmentation unless there is `seed_aug`.
    seed_aug : int, optional
    shuffle_chunk_size : int
        Megabytes that are shuffled at once without an index; 64 by default.
    round_batch : bool
        Whether the last batch is filled up with samples behind which the next epoch goes on;
        otherwise with zeros.
    dtype : dtype, optional
        float32 by default; uint8 and int8 give pixels as they are.
    resize : int
        If positive, the shorter edge becomes that long.
    rand_crop : bool
        Crop anywhere, not in the middle.
    max_rotate_angle, rotate : int
        Turn by a random number of degrees up to this; by this one.
    max_aspect_ratio, min_aspect_ratio : float
        Change the ratio of width and height to one in that range; without the latter, to one from
        ``1 - max_aspect_ratio`` to ``1 + max_aspect_ratio``.
    max_shear_ratio : float
    min_random_scale, max_random_scale : float
        Range of the factor of both extents.
    min_img_size, max_img_size : float
        Limits of the extents thereafter.
    fill_value : int
        The color of what lies outside of the image.
    pad : int
        Width of a border.
    min_crop_size, max_crop_size : int
        Crop a square of such a size, and resize it.
    random_resized_crop : bool
        Crop a random part, and resize it (Szegedy et al., "Going deeper with convolutions", 2015).
    min_random_area, max_random_area : float
        Range of its share of the image.
    brightness, contrast, saturation : float
        Range of a random factor around 1.
    pca_noise : float
        Noise along the principal components of colors (Krizhevsky et al., 2012).
    random_h, random_s, random_l : int
        Add up to this to hue (of 180), saturation and lightness (of 255).
    inter_method : int
        See :func:`gluonx.image.imresize`.
    mirror, rand_mirror : bool
        Mirror all images, or half of them.
    mean_r, mean_g, mean_b, mean_a, std_r, std_g, std_b, std_a, scale : float
        Means and deviations of the channels, and a factor. Of gray images, those of red.
    mean_img : str, optional
        A file with a mean for each pixel, instead. If it is not there it is made: the mean of all
        images of this iterator.
    max_random_contrast, max_random_illumination : float
        Ranges of a factor around 1, and of what is added.
    verbose, ctx, device_id, aug_seq, shuffle_chunk_seed
        Not used.
    data_name, label_name : str
        Names in ``provide_data`` and ``provide_label``.

    Raises
    ------
    MXNetError
        If the file is damaged, an image cannot be decoded, or labels are not as many as expected.

    Examples
    --------
    >>> import gluonx as gx
    >>> import numpy as np
    >>> with gx.recordio.MXRecordIO("a.rec", "w") as record:
    ...     for k in range(3):
    ...         img = np.full((8, 8, 3), k, np.uint8)
    ...         record.write(gx.recordio.pack_img((0, k, k, 0), img, img_fmt=".png"))
    >>> batches = gx.io.ImageRecordIter(
    ...     path_imgrec="a.rec", data_shape=(3, 6, 6), batch_size=2, preprocess_threads=1)
    >>> [(b.data[0].shape, b.label[0].asnumpy().tolist(), b.pad) for b in batches]
    [((2, 3, 6, 6), [0.0, 1.0], 0), ((2, 3, 6, 6), [2.0, 0.0], 1)]
    """

    _fixed: Any = None

    def __init__(
        self, *, path_imgrec: Any, data_shape: Sequence[int], batch_size: int,
        path_imgidx: Any = "", path_imglist: Any = "", label_width: int = 1,
        preprocess_threads: int = 4, prefetch_buffer: int = 4, num_parts: int = 1,
        part_index: int = 0, shuffle: bool = False, seed: int = 0, seed_aug: int | None = None,
        shuffle_chunk_size: int = 0, shuffle_chunk_seed: int = 0, round_batch: bool = True,
        dtype: Any = None, aug_seq: str = "aug_default", verbose: bool = True, ctx: Any = None,
        device_id: int = 0, resize: int = -1, rand_crop: bool = False,
        random_resized_crop: bool = False, max_rotate_angle: int = 0,
        max_aspect_ratio: float = 0.0, min_aspect_ratio: float | None = None,
        max_shear_ratio: float = 0.0, max_crop_size: int = -1, min_crop_size: int = -1,
        max_random_scale: float = 1.0, min_random_scale: float = 1.0, max_random_area: float = 1.0,
        min_random_area: float = 1.0, max_img_size: float = 1e10, min_img_size: float = 0.0,
        brightness: float = 0.0, contrast: float = 0.0, saturation: float = 0.0,
        pca_noise: float = 0.0, random_h: int = 0, random_s: int = 0, random_l: int = 0,
        rotate: int = -1, fill_value: int = 255, inter_method: int = 1, pad: int = 0,
        mirror: bool = False, rand_mirror: bool = False, mean_img: Any = "", mean_r: float = 0.0,
        mean_g: float = 0.0, mean_b: float = 0.0, mean_a: float = 0.0, std_r: float = 1.0,
        std_g: float = 1.0, std_b: float = 1.0, std_a: float = 1.0, scale: float = 1.0,
        max_random_contrast: float = 0.0, max_random_illumination: float = 0.0,
        data_name: str = "data", label_name: str = "softmax_label",
    ):  # fmt: skip
        given = dict(locals())
        shape = need_data_shape(data_shape)
        if aug_seq != "aug_default":
            raise ValueError(f"aug_seq={aug_seq!r} is not known; there is 'aug_default' alone")
        if label_width < 1:
            raise ValueError(f"label_width must be at least 1, got {label_width}")
        kind = np.dtype(self._fixed or dtype or np.float32)
        augmenter = RecordAugmenter(shape, {n: given[n] for n in RecordAugmenter.names})
        labels = read_labels(path_imglist, label_width) if path_imglist else None
        source = RecordSource(
            path_imgrec, path_imgidx, num_parts, part_index, shuffle, shuffle_chunk_size, seed
        )
        seed_aug = abs(int(seed if seed_aug is None else seed_aug))
        worker = _Worker(shape[0], augmenter, raw, labels, label_width, seed_aug)
        if kind.kind not in "iub":
            mean: Any = [mean_r, mean_g, mean_b, mean_a][: shape[0]]
            if mean_img:
                mean = mean_image(mean_img, source, worker, shape, label_width, preprocess_threads)
            worker.finish = Normalizer(
                mean, [std_r, std_g, std_b, std_a][: shape[0]], scale, max_random_contrast,
                max_random_illumination, mirror, rand_mirror,
            )  # fmt: skip
        else:
            _refuse(type(self).__name__, kind, given)
        super().__init__(
            source, worker, batch_size, shape, label_width, kind, preprocess_threads,
            prefetch_buffer, round_batch, 0.0, data_name, label_name,
        )  # fmt: skip


_FLOATING = (
    "mirror", "rand_mirror", "mean_img", "mean_r", "mean_g", "mean_b", "mean_a",
    "max_random_contrast", "max_random_illumination",
)  # fmt: skip


def _refuse(name: str, kind: np.dtype, given: dict[str, Any]) -> None:
    """TypeError if there are parameters that pixels as they are have no use for."""
    used = [n for n in _FLOATING if given[n]]
    used += [n for n in ("std_r", "std_g", "std_b", "std_a", "scale") if given[n] != 1]
    if used:
        raise TypeError(
            f"{name} of {kind} gives pixels as they are, without {', '.join(used)}; use "
            "ImageRecordIter with a floating-point dtype for that"
        )


def mean_image(path, source, worker, shape, label_width, threads) -> np.ndarray:
    """The mean of each pixel, from a file; made if it is not there."""
    if not os.path.exists(path):
        batches = ImagePipeline(
            source, worker, 64, shape, label_width, np.float32, threads, 2, False, 0.0, "data", ""
        )
        total, count = np.zeros(shape, np.float64), 0
        while batches.iter_next():
            job = batches._present()
            total += job.data.sum(0, np.float64)
            count += batches.batch_size - job.pad
        batches.close()
        nd.save(path, {"mean_img": nd.array(total / count)})
    loaded = nd.load(path)
    mean = loaded.get("mean_img") if isinstance(loaded, dict) else None
    if mean is None or mean.shape != shape:
        found = None if mean is None else mean.shape
        raise MXNetError(
            f"{path} must have an array 'mean_img' of shape {shape}; found {found}. Remove the "
            "file to have it made anew"
        )
    return mean.asnumpy()


class ImageRecordUInt8Iter(ImageRecordIter):
    """:class:`ImageRecordIter` of pixels as they are, uint8."""

    _fixed = np.uint8


class ImageRecordInt8Iter(ImageRecordIter):
    """:class:`ImageRecordIter` of pixels as int8; those that are more than 127 are that."""

    _fixed = np.int8
