"""Images as files in memory, through OpenCV if it is installed, else through Pillow.

Pixels are in OpenCV's order of channels: blue, green, red, and alpha if there is one.
"""

from __future__ import annotations

import functools
import importlib
import io
import os
import threading
from typing import Any

import numpy as np

from ..error import MXNetError
from .files import open_read

__all__ = ["center_crop", "decode", "decode_channels", "encode", "opencv", "read"]

_ORIENTATION = 0x0112  # the number of that entry in EXIF
_FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}


@functools.cache
def opencv() -> Any:
    """The module ``cv2``; None if it is not installed.

    It is kept to one thread: images are worked on by several threads or processes already.
    """
    try:
        module = importlib.import_module("cv2")
    except ImportError:
        return None
    module.setNumThreads(0)
    return module


_turn = threading.Lock()


def taking_turns() -> threading.Lock:
    """A lock to hold while one image is worked on in many short calls of NumPy or Pillow.

    Between such calls threads would fight for the interpreter's lock, and all be slower than one
    alone. It is not for what runs for long without the interpreter, as decoding does.
    """
    return _turn


def _new_turn() -> None:
    global _turn
    _turn = threading.Lock()


if hasattr(os, "register_at_fork"):  # the thread that holds it would not be there in the child
    os.register_at_fork(after_in_child=_new_turn)


def _library() -> tuple[str, Any]:
    """OpenCV or Pillow, whichever is installed."""
    module = opencv()
    if module is not None:
        return "cv2", module
    try:
        return "PIL.Image", importlib.import_module("PIL.Image")
    except ImportError:
        raise MXNetError(
            "images need OpenCV or Pillow, and neither is installed: pip install pillow, or "
            "pip install opencv-python-headless"
        ) from None


def encode(img: Any, quality: int = 95, img_fmt: str = ".jpg") -> bytes:
    """The file of an image.

    Parameters
    ----------
    img : array of uint8
        Height, width and 1, 3 or 4 channels; or height and width.
    quality : int
        For JPEG 1 to 100, for PNG how much it is compressed, 0 to 9.
    img_fmt : {'.jpg', '.jpeg', '.png'}

    Raises
    ------
    MXNetError
        If this is not such an image, or there is no library for images.
    """
    fmt = _FORMATS.get(img_fmt.lower()) if isinstance(img_fmt, str) else None
    if fmt is None:
        raise MXNetError(f"img_fmt must be one of {', '.join(_FORMATS)}, not {img_fmt!r}")
    img = np.asarray(img.asnumpy() if hasattr(img, "asnumpy") else img)
    shape = img.shape
    if img.dtype != np.uint8 or len(shape) not in (2, 3) or shape[2:] not in ((), (1,), (3,), (4,)):
        raise MXNetError(
            "an image must be an array of uint8 with shape (height, width) or (height, width, "
            f"channels) of 1, 3 or 4 channels; got {img.dtype} {shape}"
        )
    if not img.size:
        raise MXNetError(f"an image must have pixels; got shape {shape}")
    quality = min(int(quality), 9) if fmt == "PNG" else int(quality)
    library, module = _library()
    if library == "cv2":
        flag = module.IMWRITE_JPEG_QUALITY if fmt == "JPEG" else module.IMWRITE_PNG_COMPRESSION
        done, data = module.imencode(img_fmt, np.ascontiguousarray(img), [flag, quality])
        if not done:
            raise MXNetError(f"OpenCV cannot encode an image of shape {shape} as {img_fmt}")
        return data.tobytes()
    if img.ndim == 3:
        img = img[:, :, 0] if shape[2] == 1 else img[:, :, [2, 1, 0, 3][: shape[2]]]
    if fmt == "JPEG" and shape[2:] == (4,):
        img = img[:, :, :3]  # as OpenCV does: JPEG has no alpha
    file = io.BytesIO()
    options = {"quality": quality} if fmt == "JPEG" else {"compress_level": quality}
    module.fromarray(np.ascontiguousarray(img)).save(file, fmt, **options)
    return file.getvalue()


def decode(data: Any, iscolor: int = -1, rgb: bool = False) -> np.ndarray:
    """The pixels of an image file.

    Parameters
    ----------
    data : bytes-like
    iscolor : {-1, 0, 1}
        -1: as it is in the file; 0: one channel; 1: blue, green and red. For 0 and 1 the image is
        turned as its camera says.
    rgb : bool
        Whether colors come as red, green and blue; then the array may be read-only.

    Returns
    -------
    numpy.ndarray
        Shape (height, width) or (height, width, channels); uint8, or uint16 for such a file.

    Raises
    ------
    MXNetError
        If it is not an image, or there is no library for images.
    """
    library, module = _library()
    if library == "cv2":
        array = np.frombuffer(data, np.uint8)
        try:
            img = module.imdecode(array, iscolor) if array.size else None
        except module.error as e:
            raise MXNetError(f"these {array.size} bytes are not an image: {e}") from None
        if img is None:
            raise MXNetError(f"these {array.size} bytes are not an image that OpenCV can decode")
        if rgb and img.ndim == 3:
            order = module.COLOR_BGR2RGB if img.shape[2] == 3 else module.COLOR_BGRA2RGBA
            module.cvtColor(img, order, dst=img)
        return img
    try:
        img = module.open(io.BytesIO(data))
        # Pillow warns; and making it raise would change the warnings of other threads.
        limit = module.MAX_IMAGE_PIXELS
        if limit is not None and img.width * img.height > limit:
            raise ValueError(f"{img.width} by {img.height} pixels are more than {limit}")
        if iscolor == 0:
            img.draft("L", img.size)  # what a JPEG file has itself
        img.load()
        with taking_turns():
            pixels = _pixels(img, iscolor)
            pixels = pixels if rgb else _swapped(pixels)
            return pixels if rgb or pixels.flags.writeable else pixels.copy()
    except Exception as e:  # of a damaged file Pillow raises nearly anything
        count = memoryview(data).nbytes
        raise MXNetError(f"these {count} bytes are not an image: {type(e).__name__}: {e}") from None


def decode_channels(data: Any, flag: int = 1, rgb: bool = True) -> np.ndarray:
    """The pixels of an image file with their channels, be it only one.

    Parameters
    ----------
    data : bytes-like
    flag : {0, 1, -1}
        0: one channel, gray; 1: three; -1: the channels of the file. See :func:`decode`.
    rgb : bool
        Whether they are red, green and blue, or blue, green and red.

    Returns
    -------
    numpy.ndarray
        (height, width, channels), uint8; with -1 perhaps uint16. It may be read-only.

    Raises
    ------
    MXNetError
        If it is not an image, or there is no library for images.
    """
    if flag not in (-1, 0, 1):
        raise ValueError(f"flag={flag!r} must be 1 for colors, 0 for gray or -1 for the file's")
    if not memoryview(data).nbytes:
        raise MXNetError("the image is empty: 0 bytes")
    img = decode(data, flag, rgb)
    return img if img.ndim == 3 else img[:, :, None]


def read(filename: str | os.PathLike, flag: int = 1, rgb: bool = True) -> np.ndarray:
    """The image in a file; see :func:`decode_channels`.

    Parameters
    ----------
    filename : str or os.PathLike
        A path, or a URL if fsspec is installed.
    flag : {0, 1, -1}
    rgb : bool

    Raises
    ------
    MXNetError
        If there is no such file (which is a FileNotFoundError too), or it is not an image.
    """
    with open_read(filename) as file:
        data = file.read()
    try:
        return decode_channels(data, flag, rgb)
    except MXNetError as e:
        raise MXNetError(f"{os.fspath(filename)} cannot be read: {e}") from None


def _swapped(img: np.ndarray) -> np.ndarray:
    """With the first and third channel in each other's place, if there are as many."""
    return img if img.ndim < 3 or img.shape[2] < 3 else img[:, :, [2, 1, 0, 3][: img.shape[2]]]


def _pixels(img: Any, iscolor: int) -> np.ndarray:
    # Pillow copies the image even if there is nothing to do, and so does `np.array`.
    if iscolor >= 0 and img.getexif().get(_ORIENTATION, 1) != 1:
        img = importlib.import_module("PIL.ImageOps").exif_transpose(img)
    if img.mode.startswith("I"):
        wide = np.array(img).astype(np.uint16)
        narrow = (wide >> 8).astype(np.uint8)
        return (narrow, np.repeat(narrow[:, :, None], 3, 2), wide)[iscolor]
    if iscolor == 0 and img.mode in ("RGB", "RGBA", "P"):
        return _gray(np.asarray(img.convert("RGB")))
    if iscolor >= 0:
        mode = "RGB" if iscolor else "L"
        return np.asarray(img if img.mode == mode else img.convert(mode))
    if img.mode in ("1", "L"):
        return np.array(img.convert("L"))
    has_alpha = img.mode in ("LA", "PA", "RGBA") or "transparency" in img.info
    return np.array(img.convert("RGBA" if has_alpha else "RGB"))


def _gray(img: np.ndarray) -> np.ndarray:
    """Gray as libpng makes it, whose weights have 15 bits."""
    red, green, blue = (img[:, :, k].astype(np.uint32) for k in range(3))
    return ((9797 * red + 19234 * green + 3737 * blue) >> 15).astype(np.uint8)


def center_crop(img: np.ndarray) -> np.ndarray:
    """The square in the middle of an image."""
    height, width = img.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return img[top : top + side, left : left + side]
