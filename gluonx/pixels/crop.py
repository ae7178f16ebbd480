"""Which part of an image a crop takes.

A place is (left column, upper row, width, height); the extents of an image are (height, width).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .resize import scale_down

__all__ = ["any_size", "anywhere", "centered", "need_place"]

Place = tuple[int, int, int, int]


def need_place(place: Sequence[int], extents: Sequence[int]) -> None:
    """ValueError unless an image of these extents has this part."""
    (x, y, width, height), (rows, columns) = place, extents
    if min(x, y) < 0 or min(width, height) < 1 or x + width > columns or y + height > rows:
        raise ValueError(
            f"x={x}, y={y}, width={width}, height={height} is not a part of an image of width "
            f"{columns} and height {rows}"
        )


def centered(extents: Sequence[int], size: Sequence[int]) -> Place:
    """The middle, of the (width, height) `size`; where that is too large, of its ratio."""
    rows, columns = extents
    width, height = scale_down((columns, rows), size)
    return (columns - width) // 2, (rows - height) // 2, width, height


def _drawn(extents: Sequence[int], width: int, height: int, rng: np.random.Generator) -> Place:
    rows, columns = extents
    x, y = int(rng.integers(columns - width + 1)), int(rng.integers(rows - height + 1))
    return x, y, width, height


def anywhere(extents: Sequence[int], size: Sequence[int], rng: np.random.Generator) -> Place:
    """As large as :func:`centered`, but anywhere."""
    _, _, width, height = centered(extents, size)
    return _drawn(extents, width, height, rng)


def any_size(
    extents: Sequence[int],
    size: Sequence[int],
    area: Sequence[float],
    ratio: Sequence[float],
    rng: np.random.Generator,
) -> Place:
    """Anywhere, with a random size and ratio.

    After ten parts that do not fit into the image it is :func:`centered` (Szegedy et al., "Going
    deeper with convolutions", 2015).

    Parameters
    ----------
    extents : (int, int)
    size : (int, int)
        For :func:`centered`.
    area : (float, float)
        Range of the share of the image that the part has.
    ratio : (float, float)
        Range of the part's width divided by its height.
    rng : numpy.random.Generator
    """
    rows, columns = extents
    for _ in range(10):
        wanted = rng.uniform(area[0], area[1]) * rows * columns
        shape = math.exp(rng.uniform(math.log(ratio[0]), math.log(ratio[1])))
        width, height = round(math.sqrt(wanted * shape)), round(math.sqrt(wanted / shape))
        if 1 <= width <= columns and 1 <= height <= rows:
            return _drawn(extents, width, height, rng)
    return centered(extents, size)
