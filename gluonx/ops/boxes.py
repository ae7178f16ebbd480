"""Boxes of object detection: overlaps, suppression, matching, encoding.

A box is (x1, y1, x2, y2), its corners, or (x, y, width, height), its middle and extents.
"""

from __future__ import annotations

import math
from typing import Literal

import jax
import jax.numpy as jnp

from ..engine.op import register
from ._boxes import iou, suppress, to_center, to_corner, wide
from ._checks import is_float, same_dtype


def _check_nms(data, coord_start: int, score_index: int, id_index: int) -> None:
    if data.ndim < 2:
        raise ValueError(f"data must be (..., boxes, numbers of a box), got {data.shape}")
    if not is_float(data):
        raise ValueError(f"data must be of a floating-point type, got {data.dtype}; use astype")
    width = data.shape[-1]
    if not 0 <= coord_start <= width - 4:
        raise ValueError(
            f"coord_start={coord_start}: boxes of {width} numbers have no 4 coordinates there"
        )
    taken = range(coord_start, coord_start + 4)
    if not 0 <= score_index < width or score_index in taken:
        raise ValueError(
            f"score_index={score_index} must be one of the {width} numbers of a box, and none of "
            f"the coordinates {coord_start} to {coord_start + 3}"
        )
    if id_index >= 0 and (id_index >= width or id_index in taken or id_index == score_index):
        raise ValueError(
            f"id_index={id_index} must be one of the {width} numbers of a box, and neither the "
            f"score {score_index} nor one of the coordinates {coord_start} to {coord_start + 3}"
        )


@register("_contrib_box_nms", aliases=("_contrib_box_non_maximum_suppression",))
def box_nms(
    data,
    *,
    overlap_thresh: float = 0.5,
    valid_thresh: float = 0.0,
    topk: int = -1,
    coord_start: int = 2,
    score_index: int = 1,
    id_index: int = -1,
    background_id: int = -1,
    force_suppress: bool = False,
    in_format: Literal["corner", "center"] = "corner",
    out_format: Literal["corner", "center"] = "corner",
):
    """Non-maximum suppression: the best boxes, without those that overlap a better one much.

    Parameters
    ----------
    data : array
        (..., boxes, numbers): each box a score, four coordinates, and whatever else.
    overlap_thresh : float
        A box goes when its intersection over union with a better one is greater than this.
    valid_thresh : float
        Boxes with scores not greater than this go at once.
    topk : int
        How many of the best boxes take part; -1 for all. 0 gives the data as they are.
    coord_start : int
        Where the coordinates begin.
    score_index : int
        Where the score is.
    id_index : int
        Where the class is; -1 for no classes.
    background_id : int
        Boxes of this class go at once.
    force_suppress : bool
        Whether boxes of different classes go for each other too.
    in_format, out_format : str
        ``'corner'``: (x1, y1, x2, y2); ``'center'``: (x, y, width, height).

    Returns
    -------
    array
        `data`'s shape: the boxes that stay, the best one first, then rows of -1. The gradient of a
        row goes to the row that it came from, as it is.

    Examples
    --------
    >>> x = nd.array([[0, .5, .1, .1, .2, .2], [0, .6, .1, .1, .2, .2], [0, .3, .5, .5, .7, .8]])
    >>> nd.contrib.box_nms(x, overlap_thresh=0.5)
    [[ 0.   0.6  0.1  0.1  0.2  0.2]
     [ 0.   0.3  0.5  0.5  0.7  0.8]
     [-1.  -1.  -1.  -1.  -1.  -1. ]]
    """
    _check_nms(data, coord_start, score_index, id_index)
    count, width = data.shape[-2:]
    if topk == 0 or data.size == 0:
        return data
    batch = data.reshape(-1, count, width)
    still = jax.lax.stop_gradient(batch)
    taken = count if topk < 0 else min(topk, count)

    def one(boxes):
        """Which rows are given back in which order, and how many."""
        score = boxes[:, score_index]
        valid = score > valid_thresh
        if id_index >= 0:
            valid &= boxes[:, id_index] != background_id
        low = jnp.asarray(-jnp.inf, score.dtype)
        order = jnp.argsort(jnp.where(valid, score, low), descending=True, stable=True)[:taken]
        valid = valid[order]
        corners = wide(boxes[order, coord_start : coord_start + 4])
        corners = to_corner(corners) if in_format == "center" else corners
        group = None if id_index < 0 or force_suppress else boxes[order, id_index]
        stay = suppress(corners, valid, overlap_thresh, group)
        first = jnp.argsort(~stay, stable=True)
        return order[first], stay[first]

    order, stay = jax.vmap(one)(still)
    rows = jnp.take_along_axis(batch, order[:, :, None], 1)
    if in_format != out_format:
        change = to_corner if in_format == "center" else to_center
        box = slice(coord_start, coord_start + 4)
        kept = jax.lax.stop_gradient(rows)
        moved = change(wide(kept[..., box])).astype(data.dtype)
        rows = _with_value(rows, kept.at[..., box].set(moved))
    rows = jnp.where(stay[:, :, None], rows, jnp.asarray(-1, data.dtype))
    rows = jnp.pad(rows, ((0, 0), (0, count - taken), (0, 0)), constant_values=-1)
    return rows.reshape(data.shape)


@jax.custom_vjp
def _with_value(data, value):
    """`value`, with the gradient of `data`."""
    return value


_with_value.defvjp(lambda data, value: (value, None), lambda _, head: (head, jnp.zeros_like(head)))


@register("_contrib_box_iou", differentiable=False)
def box_iou(lhs, rhs, *, format: Literal["corner", "center"] = "corner"):
    """Intersection over union of each box with each other one.

    Parameters
    ----------
    lhs, rhs : array
        (..., 4), with two axes at least.
    format : str
        ``'corner'``: (x1, y1, x2, y2); ``'center'``: (x, y, width, height).

    Returns
    -------
    array
        ``lhs.shape[:-1] + rhs.shape[:-1]``. No gradient passes through.

    Examples
    --------
    >>> x, y = nd.array([[0, 0, 1, 1], [0, 0, 2, 2]]), nd.array([[0, 0, 2, 1]])
    >>> nd.contrib.box_iou(x, y)
    [[0.5]
     [0.5]]
    """
    same_dtype(lhs, rhs)
    for name, boxes in (("lhs", lhs), ("rhs", rhs)):
        if boxes.ndim < 2 or boxes.shape[-1] != 4:
            raise ValueError(f"{name} must be (..., boxes, 4), got {boxes.shape}")
    a, b = (wide(x).reshape(-1, 4) for x in (lhs, rhs))
    if format == "center":
        a, b = to_corner(a), to_corner(b)
    return iou(a, b).reshape(lhs.shape[:-1] + rhs.shape[:-1]).astype(lhs.dtype)


@register("_contrib_bipartite_matching", outputs=2, differentiable=False)
def bipartite_matching(data, *, is_ascend: bool = False, threshold: float, topk: int = -1):
    """Pairs of rows and columns: greedily the best score among what is not taken yet.

    Parameters
    ----------
    data : array
        (..., rows, columns): scores.
    is_ascend : bool
        Whether small scores are better.
    threshold : float
        Scores not better than this make no pair.
    topk : int
        The greatest number of pairs; not positive for as many as there are.

    Returns
    -------
    tuple of array
        The column of each row, (..., rows), and the row of each column, (..., columns); -1 where
        there is none. No gradient passes through.

    Examples
    --------
    >>> x = nd.array([[0.5, 0.6], [0.1, 0.2], [0.3, 0.4]])
    >>> nd.contrib.bipartite_matching(x, threshold=1e-12)
    [[ 1. -1.  0.], [2. 0.]]
    """
    if data.ndim < 2:
        raise ValueError(f"data must be (..., rows, columns), got {data.shape}")
    rows, columns = data.shape[-2:]
    lead = data.shape[:-2]
    scores = data.reshape(math.prod(lead), rows, columns)
    scores = -scores if is_ascend else scores
    limit = -threshold if is_ascend else threshold
    pairs = min(rows, columns, topk if topk > 0 else rows)
    row, column = jax.vmap(lambda s: greedy(s, limit, pairs))(scores)
    return (
        row.reshape(*lead, rows).astype(data.dtype),
        column.reshape(*lead, columns).astype(data.dtype),
    )


def greedy(scores, limit, pairs: int):
    """The column of each row and the row of each column, -1 for none; greater scores first."""
    rows, columns = scores.shape
    none = jnp.full(rows, -1, jnp.int32), jnp.full(columns, -1, jnp.int32)
    if not pairs:
        return none

    def step(_, state):
        row, column = state
        free = (row < 0)[:, None] & (column < 0)
        open_scores = jnp.where(free & (scores > limit), scores, -jnp.inf)
        best = jnp.argmax(open_scores).astype(jnp.int32)
        r, c = best // columns, best % columns
        found = open_scores[r, c] > -jnp.inf
        return (
            row.at[r].set(jnp.where(found, c, row[r])),
            column.at[c].set(jnp.where(found, r, column[c])),
        )

    return jax.lax.fori_loop(0, pairs, step, none)


@register("_contrib_box_encode", outputs=2, differentiable=False)
def box_encode(samples, matches, anchors, refs, means, stds):
    """Boxes as what a network learns: their differences from anchors.

    ``(x - x_a) / w_a``, ``(y - y_a) / h_a``, ``log(w / w_a)`` and ``log(h / h_a)``, less a mean,
    over a deviation (Girshick et al., "Rich feature hierarchies", 2014).

    Parameters
    ----------
    samples : array
        (batch, anchors): 1 where there is an object, anything not above 0.5 elsewhere.
    matches : array
        (batch, anchors): which box of `refs` belongs to the anchor.
    anchors : array
        (batch, anchors, 4): corners.
    refs : array
        (batch, boxes, 4): corners.
    means, stds : array
        (4,).

    Returns
    -------
    tuple of array
        Targets and masks, (batch, anchors, 4); both 0 where there is no object. No gradient passes
        through.

    Examples
    --------
    >>> box, zero, one = nd.array([[[0, 0, 2, 2]]]), nd.zeros(4), nd.ones(4)
    >>> y, mask = nd.contrib.box_encode(nd.ones((1, 1)), nd.zeros((1, 1)), box, box + 1, zero, one)
    >>> y
    [[[0.5 0.5 0.  0. ]]]
    """
    batch, count = samples.shape if samples.ndim == 2 else (0, 0)
    if (
        samples.ndim != 2 or matches.shape != samples.shape or anchors.shape != (batch, count, 4)
        or refs.ndim != 3 or refs.shape[::2] != (batch, 4) or means.shape != (4,)
        or stds.shape != (4,)
    ):  # fmt: skip
        raise ValueError(
            "expected samples (batch, anchors), matches (batch, anchors), anchors (batch, anchors, "
            f"4), refs (batch, boxes, 4), means (4,), stds (4,); got {samples.shape}, "
            f"{matches.shape}, {anchors.shape}, {refs.shape}, {means.shape}, {stds.shape}"
        )
    which = jnp.clip(matches.astype(jnp.int32), 0, max(refs.shape[1] - 1, 0))
    target = to_center(jnp.take_along_axis(wide(refs), which[:, :, None], 1))
    anchor = to_center(wide(anchors))
    there = (samples > 0.5)[:, :, None]
    size = jnp.where(there, anchor[..., 2:], 1)
    offset = (target[..., :2] - anchor[..., :2]) / size
    stretch = jnp.log(jnp.where(there, target[..., 2:], 1) / size)
    code = (jnp.concatenate([offset, stretch], -1) - means) / stds
    mask = jnp.broadcast_to(there, code.shape)
    return jnp.where(mask, code, 0).astype(anchors.dtype), mask.astype(anchors.dtype)


@register("_contrib_box_decode", differentiable=False)
def box_decode(
    data,
    anchors,
    *,
    std0: float = 1.0,
    std1: float = 1.0,
    std2: float = 1.0,
    std3: float = 1.0,
    clip: float = -1.0,
    format: Literal["corner", "center"] = "center",
):
    """The boxes that a network's output means; the inverse of box_encode.

    Parameters
    ----------
    data : array
        (batch, anchors, 4).
    anchors : array
        (1, anchors, 4).
    std0, std1, std2, std3 : float
        What the four numbers are multiplied by.
    clip : float
        If positive: the greatest logarithm of a ratio of extents.
    format : str
        How the anchors are given. ``'corner'``: (x1, y1, x2, y2); ``'center'``: (x, y, width,
        height).

    Returns
    -------
    array
        (batch, anchors, 4): corners. No gradient passes through.

    Examples
    --------
    >>> nd.contrib.box_decode(nd.array([[[0.5, 0.5, 0, 0]]]), nd.array([[[1, 1, 2, 2]]]))
    [[[1. 1. 3. 3.]]]
    """
    if data.ndim != 3 or data.shape[2] != 4 or anchors.shape != (1, *data.shape[1:]):
        raise ValueError(
            "data must be (batch, anchors, 4) and anchors (1, anchors, 4), got "
            f"{data.shape} and {anchors.shape}"
        )
    anchor = wide(anchors)
    anchor = to_center(anchor) if format == "corner" else anchor
    code = wide(data) * jnp.asarray([std0, std1, std2, std3], wide(data).dtype)
    stretch = jnp.minimum(code[..., 2:], clip) if clip > 0 else code[..., 2:]
    middle = code[..., :2] * anchor[..., 2:] + anchor[..., :2]
    box = jnp.concatenate([middle, jnp.exp(stretch) * anchor[..., 2:]], -1)
    return to_corner(box).astype(data.dtype)
