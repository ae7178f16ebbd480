"""Geometry of boxes, and greedy non-maximum suppression."""

from __future__ import annotations

import jax
import jax.numpy as jnp

__all__ = ["iou", "suppress", "to_center", "to_corner", "wide"]


def wide(data):
    """`data` in 32 bits at least."""
    return data if data.dtype.itemsize >= 4 else data.astype(jnp.float32)


def to_corner(box):
    """(x, y, width, height) as (x1, y1, x2, y2)."""
    middle, half = box[..., :2], box[..., 2:4] / 2
    return jnp.concatenate([middle - half, middle + half], -1)


def to_center(box):
    """(x1, y1, x2, y2) as (x, y, width, height)."""
    low, high = box[..., :2], box[..., 2:4]
    return jnp.concatenate([(low + high) / 2, high - low], -1)


def iou(a, b, extra: float = 0.0):
    """Intersection over union of each of ``a`` (..., n, 4) with each of ``b`` (..., m, 4).

    Boxes are (x1, y1, x2, y2); one that is turned inside out has no area, and no area of the union
    gives 0. `extra` is added to widths and heights, 1 where both corners are pixels of the box.
    """

    def area(low, high):
        side = jnp.maximum(high - low + extra, 0)
        return side[..., 0] * side[..., 1]

    low = jnp.maximum(a[..., :, None, :2], b[..., None, :, :2])
    high = jnp.minimum(a[..., :, None, 2:], b[..., None, :, 2:])
    both = area(low, high)
    total = area(a[..., :2], a[..., 2:])[..., :, None] + area(b[..., :2], b[..., 2:])[..., None, :]
    union = total - both
    return jnp.where(union > 0, both / jnp.where(union > 0, union, 1), 0)


#: Boxes that are compared with all others at once.
_TILE = 128


def suppress(boxes, alive, threshold, group=None, extra: float = 0.0, most: int = 0):
    """Greedy non-maximum suppression.

    Boxes are worked on in tiles: those of a tile decide among themselves, then strike out the boxes
    after them. The memory needed is one tile times all boxes.

    Parameters
    ----------
    boxes : array
        (n, 4): corners, the best box first.
    alive : array
        (n,): which boxes take part.
    threshold : number
        A box goes when its overlap with a better one that stays is greater than this.
    group : array, optional
        (n,): only boxes of one group go for each other.
    extra : float
        See :func:`iou`.
    most : int
        If not 0: stop when so many boxes stay; those after them may be left unexamined.

    Returns
    -------
    array
        (n,): which boxes stay.
    """
    count = boxes.shape[0]
    if not count:
        return alive
    tile = min(_TILE, count)
    tiles = -(-count // tile)
    spare = tiles * tile - count
    boxes = jnp.pad(boxes, ((0, spare), (0, 0)))
    alive = jnp.pad(alive, (0, spare))
    group = None if group is None else jnp.pad(group, (0, spare))
    place = jnp.arange(tiles * tile)
    last = jnp.where(alive, place + 1, 0).max()

    def strikes(begin):
        """Which boxes of the tile would strike out which boxes after them."""
        some = jax.lax.dynamic_slice_in_dim(boxes, begin, tile)
        found = iou(some, boxes, extra) > threshold
        if group is not None:
            found &= jax.lax.dynamic_slice_in_dim(group, begin, tile)[:, None] == group
        return found & (place > begin + jnp.arange(tile)[:, None])

    def step(carry):
        number, alive = carry
        begin = number * tile
        found = strikes(begin)
        among = jax.lax.dynamic_slice_in_dim(found, begin, tile, 1)
        start = jax.lax.dynamic_slice_in_dim(alive, begin, tile)

        # A box stays if no better one that stays strikes it out. Repeating that settles at least
        # one more box each time, and usually all of them in a few times.
        def settle(state):
            stay, _ = state
            new = start & ~(among & stay[:, None]).any(0)
            return new, (new != stay).any()

        stay, _ = jax.lax.while_loop(lambda s: s[1], settle, (start, jnp.any(start)))
        gone = (found & stay[:, None]).any(0)
        return number + 1, alive & ~gone

    def goes_on(carry):
        number, alive = carry
        more = number * tile < last
        if most:
            more &= (alive & (place < number * tile)).sum() < most
        return more

    _, alive = jax.lax.while_loop(goes_on, step, (jnp.zeros((), place.dtype), alive))
    return alive[:count]
