"""Images from files."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ..ndarray import NDArray
from ..serialization import images
from ._host import into, on_host, to_array

__all__ = ["decoded", "imdecode", "imread"]


def decoded(buf: Any, flag: int = 1, to_rgb: Any = 1) -> np.ndarray:
    """What :func:`imdecode` gives, as a NumPy array."""
    _check(flag)
    if isinstance(buf, str):
        raise TypeError("buf must be the bytes of an image file, got a str; imread takes a name")
    if isinstance(buf, (NDArray, np.ndarray)):
        buf = on_host(buf).astype(np.uint8).tobytes()
    return images.decode_channels(buf, flag, bool(to_rgb))


def _check(flag: int) -> None:
    if flag not in (0, 1):
        raise ValueError(f"flag={flag} must be 1 for colors or 0 for gray")


def imdecode(buf: Any, flag: int = 1, to_rgb: Any = 1, out: NDArray | None = None) -> NDArray:
    """The image in the bytes of an image file.

    Parameters
    ----------
    buf : bytes-like, numpy.ndarray or NDArray of uint8
        JPEG, PNG, or what else Pillow (or OpenCV, if it is installed) can read. The image is turned
        as its camera says.
    flag : {1, 0}
        1: three channels; 0: gray, one channel.
    to_rgb : bool
        Whether the channels are red, green and blue, or blue, green and red.
    out : NDArray, optional
        Where to put the image.

    Returns
    -------
    NDArray
        (height, width, channels), uint8.

    Raises
    ------
    MXNetError
        If it is not an image, or there is no library for images.

    Examples
    --------
    >>> import numpy as np
    >>> from gluonx import image, recordio
    >>> packed = recordio.pack_img((0, 1, 0, 0), np.zeros((4, 6, 3), np.uint8), img_fmt=".png")
    >>> image.imdecode(recordio.unpack(packed)[1]).shape
    (4, 6, 3)
    """
    return into(out, to_array(decoded(buf, flag, to_rgb)))


def imread(
    filename: str | os.PathLike, flag: int = 1, to_rgb: Any = 1, out: NDArray | None = None
) -> NDArray:
    """The image in a file; see :func:`imdecode`.

    Parameters
    ----------
    filename : str or os.PathLike
        A path, or a URL if fsspec is installed.
    flag : {1, 0}
        1: three channels; 0: gray, one channel.
    to_rgb : bool
        Whether the channels are red, green and blue, or blue, green and red.
    out : NDArray, optional
        Where to put the image.

    Returns
    -------
    NDArray
        (height, width, channels), uint8.

    Raises
    ------
    MXNetError
        If there is no such file (which is a FileNotFoundError too), or it is not an image.
    """
    _check(flag)
    return into(out, to_array(images.read(filename, flag, bool(to_rgb))))
