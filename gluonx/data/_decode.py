"""Image files as NumPy arrays, through OpenCV if it is installed, else through Pillow.

Pixels are (height, width, channels) in the order red, green, blue. This module imports no JAX.
"""

from __future__ import annotations

import importlib
import io
import os
from functools import cache
from typing import Any

import numpy as np

from ..error import MXNetError

__all__ = ["decode", "decode_file", "opencv"]


@cache
def opencv() -> Any:
    """The module cv2, or None. It is kept to one thread: the workers are what runs in parallel."""
    try:
        module = importlib.import_module("cv2")
    except ImportError:
        return None
    module.setNumThreads(0)
    return module


def decode_file(path: str | os.PathLike, flag: int = 1) -> np.ndarray:
    """The image in a file; see :func:`decode`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    MXNetError
        If it is not an image.
    """
    with open(path, "rb") as file:
        data = file.read()
    try:
        return decode(data, flag)
    except MXNetError as e:
        raise MXNetError(f"{os.fspath(path)}: {e}") from None


def decode(data: Any, flag: int = 1) -> np.ndarray:
    """The pixels of an image file in memory, turned as its camera says.

    Parameters
    ----------
    data : bytes-like
    flag : {0, 1, -1}
        0: one channel, gray; 1: red, green and blue; -1: the channels of the file.

    Returns
    -------
    numpy.ndarray
        (height, width, channels), uint8; with -1 perhaps uint16.

    Raises
    ------
    MXNetError
        If it is not an image, or there is no library for images.
    """
    if flag not in (-1, 0, 1):
        raise ValueError(f"flag must be 0 (gray), 1 (colour) or -1 (as in the file), got {flag!r}")
    if not memoryview(data).nbytes:
        raise MXNetError("0 bytes are not an image")
    cv2 = opencv()
    pixels = _by_pillow(data, flag) if cv2 is None else _by_opencv(cv2, data, flag)
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


def _by_opencv(cv2: Any, data: Any, flag: int) -> np.ndarray:
    array = np.frombuffer(data, np.uint8)
    try:
        image = cv2.imdecode(array, flag)
    except cv2.error as e:
        raise MXNetError(f"these {array.size} bytes are not an image: {e}") from None
    if image is None:
        raise MXNetError(f"these {array.size} bytes are not an image that OpenCV can decode")
    if image.ndim == 3:
        order = cv2.COLOR_BGR2RGB if image.shape[2] == 3 else cv2.COLOR_BGRA2RGBA
        cv2.cvtColor(image, order, dst=image)
    return image


def _by_pillow(data: Any, flag: int) -> np.ndarray:
    try:
        pillow = importlib.import_module("PIL.Image")
    except ImportError:
        raise MXNetError(
            "images need Pillow or OpenCV, and neither is installed: pip install pillow, or "
            "pip install opencv-python-headless"
        ) from None
    try:
        # Not through the filters of warnings: they are not per thread.
        image = pillow.open(io.BytesIO(data))
        limit = pillow.MAX_IMAGE_PIXELS
        if limit is not None and image.width * image.height > limit:
            raise ValueError(f"{image.width} x {image.height} pixels are more than {limit}")
        if flag == 0:
            image.draft("L", image.size)  # of a JPEG the brightness alone, as OpenCV takes it
        image.load()
        return _pixels(image, flag)
    except Exception as e:  # of a damaged file Pillow raises nearly anything
        count = memoryview(data).nbytes
        raise MXNetError(f"these {count} bytes are not an image: {type(e).__name__}: {e}") from None


def _pixels(image: Any, flag: int) -> np.ndarray:
    if flag >= 0 and image.getexif().get(0x0112, 1) != 1:  # orientation
        image = importlib.import_module("PIL.ImageOps").exif_transpose(image)
    if image.mode.startswith("I"):
        wide = np.array(image).astype(np.uint16)
        if flag < 0:
            return wide
        narrow = (wide >> 8).astype(np.uint8)
        return narrow if flag == 0 else np.repeat(narrow[:, :, None], 3, 2)
    if flag < 0:
        if image.mode in ("1", "L"):
            return np.array(image.convert("L"))
        alpha = image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info
        return np.array(image.convert("RGBA" if alpha else "RGB"))
    mode = "RGB" if flag else "L"
    return np.asarray(image if image.mode == mode else image.convert(mode))
