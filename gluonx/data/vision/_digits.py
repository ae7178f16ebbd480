"""The handwritten digits that come with the package, so that a first training run has real data."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gluonx import ndarray as nd
from gluonx.data.vision._in_memory import InMemory

_FILE = Path(__file__).with_name("digits.npz")
_NUM_TRAIN = 1437


class Digits(InMemory):
    """The 1,797 handwritten digits of the UCI repository, scanned at 8x8 pixels.

    The split is fixed: 1,437 scans to train on and 360 held out, with nearly the same share of each
    digit in both. Nothing is downloaded. Where the scans come from and their licence
    (CC BY 4.0) are in ``DIGITS.md`` beside the file.

    Parameters
    ----------
    train : bool, default True
        Whether to give the training part or the held-out part.
    transform : callable, optional
        Called as ``transform(image, label)`` for each item; the item is what it returns.

    Outputs
    -------
    image : NDArray, shape (8, 8, 1), uint8
        Ink per pixel, from 0 (paper) to 16.
    label : numpy.int32
        The digit, 0 to 9.

    Examples
    --------
    >>> from gluonx.data.vision import Digits
    >>> digits = Digits(train=True)
    >>> len(digits)
    1437
    >>> image, label = digits[0]
    >>> image.shape, label.shape
    ((8, 8, 1), ())
    """

    def __init__(
        self, train: bool = True, transform: Callable[[nd.NDArray, np.int32], Any] | None = None
    ):
        part = slice(_NUM_TRAIN) if train else slice(_NUM_TRAIN, None)
        with np.load(_FILE) as file:
            images = file["images"][part, :, :, np.newaxis]
            labels = file["labels"][part].astype(np.int32)
        super().__init__(images, labels, transform)
