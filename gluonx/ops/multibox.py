"""Anchors, targets and detections of single-shot detectors.

Liu et al., "SSD: single shot multibox detector", 2016. Boxes are corners (x1, y1, x2, y2) as parts
of the picture's width and height. No gradient passes through.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from ..engine.op import register
from ._boxes import iou, suppress, to_center, to_corner, wide
from .boxes import greedy

_ONE = (1.0,)
_VARIANCES = (0.1, 0.1, 0.2, 0.2)


def _numbers(values) -> tuple[float, ...]:
    return tuple(np.atleast_1d(np.asarray(values, np.float64)).tolist())


@register("_contrib_MultiBoxPrior", differentiable=False)
def multibox_prior(
    data,
    *,
    sizes: tuple = _ONE,
    ratios: tuple = _ONE,
    clip: bool = False,
    steps: tuple = (-1.0, -1.0),
    offsets: tuple = (0.5, 0.5),
):
    """Anchors: boxes of several sizes and shapes around each pixel of the features.

    Each size with the first ratio, and the first size with the other ratios. An anchor of size s
    and ratio r has the height ``s / sqrt(r)`` and, in the same unit, the width ``s * sqrt(r)``.

    Parameters
    ----------
    data : array
        (batch, channels, height, width); only its shape counts.
    sizes, ratios : tuple of float
        Sizes as parts of the picture's height; ratios of width to height.
    clip : bool
        Whether anchors are cut at the picture's edges.
    steps : (float, float)
        Distances of the pixels along y and x; by default they cover the picture.
    offsets : (float, float)
        Where in its pixel an anchor's middle is, along y and x.

    Returns
    -------
    array
        (1, height * width * (number of sizes + number of ratios - 1), 4).

    Examples
    --------
    >>> nd.contrib.MultiBoxPrior(nd.zeros((1, 8, 1, 2)), sizes=(0.5,))
    [[[0.125 0.25  0.375 0.75 ]
      [0.625 0.25  0.875 0.75 ]]]
    """
    if data.ndim != 4:
        raise ValueError(f"data must be (batch, channels, height, width), got {data.shape}")
    if 0 in data.shape[2:]:
        raise ValueError(f"there are no boxes for images without pixels, {data.shape}")
    sizes, ratios, steps, offsets = map(_numbers, (sizes, ratios, steps, offsets))
    if not sizes or not ratios or len(steps) != 2 or len(offsets) != 2 or min(ratios) <= 0:
        raise ValueError(
            f"sizes={sizes} and ratios={ratios} must have one positive number at least, "
            f"steps={steps} and offsets={offsets} two numbers: along y and x"
        )
    height, width = data.shape[2:]
    shapes = [(s, ratios[0]) for s in sizes] + [(sizes[0], r) for r in ratios[1:]]
    size, root = np.array([s for s, _ in shapes]), np.sqrt([r for _, r in shapes])
    half = np.stack([size * height / width * root, size / root], -1) / 2
    step_y = steps[0] if steps[0] > 0 else 1 / height
    step_x = steps[1] if steps[1] > 0 else 1 / width
    y, x = np.meshgrid(
        (np.arange(height) + offsets[0]) * step_y,
        (np.arange(width) + offsets[1]) * step_x,
        indexing="ij",
    )
    middle = np.stack([x, y], -1)[:, :, None]
    boxes = np.concatenate([middle - half, middle + half], -1).reshape(1, -1, 4)
    return jnp.asarray(np.clip(boxes, 0, 1) if clip else boxes, data.dtype)


def _variances(values) -> np.ndarray:
    numbers = _numbers(values)
    if len(numbers) != 4 or min(numbers) <= 0:
        raise ValueError(f"variances={values} must be four positive numbers")
    return np.array(numbers)


def _check_anchors(anchor) -> int:
    if anchor.ndim != 3 or anchor.shape[0] != 1 or anchor.shape[2] != 4:
        raise ValueError(f"anchor must be (1, anchors, 4), got {anchor.shape}")
    return anchor.shape[1]


@register("_contrib_MultiBoxTarget", outputs=3, differentiable=False)
def multibox_target(
    anchor,
    label,
    cls_pred,
    *,
    overlap_threshold: float = 0.5,
    ignore_label: float = -1.0,
    negative_mining_ratio: float = -1.0,
    negative_mining_thresh: float = 0.5,
    minimum_negative_samples: int = 0,
    variances: tuple = _VARIANCES,
):
    """What a detector should give for each anchor.

    First each object takes the anchor that it overlaps most, the best pair first. Every other
    anchor takes the object that it overlaps most, if by more than `overlap_threshold`. What is left
    is background. With mining, only the background that the network is least sure of counts.

    Parameters
    ----------
    anchor : array
        (1, anchors, 4).
    label : array
        (batch, objects, 5 or more): class and corners; a row with the class -1 ends the list.
    cls_pred : array
        (batch, classes + 1, anchors): scores, those of the background first.
    overlap_threshold : float
        Not positive: each object gets one anchor only.
    ignore_label : float
        Class of anchors that do not count.
    negative_mining_ratio : float
        How many background anchors count for each one with an object; not positive for all.
    negative_mining_thresh : float
        With mining, anchors whose overlap is not less than this are no background.
    minimum_negative_samples : int
        With mining, how many background anchors count at least.
    variances : (float, float, float, float)
        What the differences are divided by.

    Returns
    -------
    tuple of array
        Differences to the anchors, (batch, 4 * anchors); a mask, 1 where there are such, of the
        same shape; classes, (batch, anchors), where 0 is the background and the classes of the
        labels begin with 1. In a picture without objects nothing counts.

    Examples
    --------
    >>> box = nd.array([[[0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1]]])
    >>> label = nd.array([[[3, 0, 0, 0.5, 0.5]]])
    >>> nd.contrib.MultiBoxTarget(box, label, nd.zeros((1, 5, 2)))[2]
    [[4. 0.]]
    """
    count = _check_anchors(anchor)
    if label.ndim != 3 or label.shape[2] < 5:
        raise ValueError(f"label must be (batch, objects, 5 or more), got {label.shape}")
    if cls_pred.ndim != 3 or (len(cls_pred), cls_pred.shape[2]) != (len(label), count):
        raise ValueError(
            f"cls_pred must be ({len(label)}, classes + 1, {count}), got {cls_pred.shape}"
        )
    scale = _variances(variances)
    boxes = wide(anchor[0])
    objects = label.shape[1]

    def one(label, scores):
        valid = jnp.cumprod((label[:, 0] != -1).astype(jnp.int32)) > 0
        overlap = jnp.where(valid, iou(boxes, label[:, 1:5]), -1)
        match, _ = greedy(overlap, 1e-6, min(count, objects))
        nearest, most = overlap.argmax(1), overlap.max(1)
        if overlap_threshold > 0:
            match = jnp.where((match < 0) & (most > overlap_threshold), nearest, match)
        positive = match >= 0
        if negative_mining_ratio > 0:
            there = positive.sum()
            wanted = jnp.floor(there * negative_mining_ratio).astype(there.dtype)
            wanted = jnp.maximum(wanted, minimum_negative_samples)
            doubt = 1 - jax.nn.softmax(scores, 0)[0]
            free = ~positive & (most < negative_mining_thresh)
            order = jnp.argsort(jnp.where(free, doubt, -1), descending=True, stable=True)
            rank = jnp.zeros(count, there.dtype).at[order].set(jnp.arange(count, dtype=there.dtype))
            negative = free & (rank < wanted)
        else:
            negative = ~positive
        found = label[jnp.maximum(match, 0)]
        kind = jnp.where(
            positive, found[:, 0] + 1, jnp.where(negative & valid.any(), 0, ignore_label)
        )
        target, own = to_center(found[:, 1:5]), to_center(boxes)
        code = jnp.concatenate(
            [
                (target[:, :2] - own[:, :2]) / own[:, 2:],
                jnp.log(jnp.where(positive[:, None], target[:, 2:] / own[:, 2:], 1)),
            ],
            -1,
        ) / scale.astype(boxes.dtype)
        mask = jnp.broadcast_to(positive[:, None], code.shape)
        return jnp.where(mask, code, 0).reshape(-1), mask.reshape(-1), kind

    if not objects:
        raise ValueError("label has no rows; a picture without objects has a row with class -1")
    loc, mask, kind = jax.vmap(one)(wide(label), wide(cls_pred))
    return tuple(x.astype(anchor.dtype) for x in (loc, mask, kind))


@register("_contrib_MultiBoxDetection", differentiable=False)
def multibox_detection(
    cls_prob,
    loc_pred,
    anchor,
    *,
    clip: bool = True,
    threshold: float = 0.01,
    background_id: int = 0,
    nms_threshold: float = 0.5,
    force_suppress: bool = False,
    variances: tuple = _VARIANCES,
    nms_topk: int = -1,
):
    """Boxes from what a detector gives for each anchor, with non-maximum suppression.

    Parameters
    ----------
    cls_prob : array
        (batch, classes + 1, anchors): probabilities, those of the background first.
    loc_pred : array
        (batch, 4 * anchors): differences to the anchors.
    anchor : array
        (1, anchors, 4).
    clip : bool
        Whether boxes are cut at the picture's edges.
    threshold : float
        The least probability of a detection.
    background_id : int
        Without effect: the background is class 0.
    nms_threshold : float
        A box goes when its overlap with a better one of its class is this or greater. Outside (0,
        1] nothing goes, and the boxes stay in the order of the anchors.
    force_suppress : bool
        Whether boxes of different classes go for each other too.
    variances : (float, float, float, float)
        What the differences were divided by.
    nms_topk : int
        How many of the best boxes take part; not positive for all.

    Returns
    -------
    array
        (batch, anchors, 6): rows (class, probability, x1, y1, x2, y2), the best one first. Classes
        count from 0 without the background; -1 is a box that has gone. Rows of -1 fill the rest.

    Examples
    --------
    >>> box = nd.array([[[0, 0, 0.5, 0.5], [0, 0, 0.5, 0.75]]])
    >>> prob = nd.array([[[0.25, 0.5], [0.75, 0.5]]])
    >>> nd.contrib.MultiBoxDetection(prob, nd.zeros((1, 8)), box)
    [[[ 0.    0.75  0.    0.    0.5   0.5 ]
      [-1.    0.5   0.    0.    0.5   0.75]]]
    """
    count = _check_anchors(anchor)
    if cls_prob.ndim != 3 or cls_prob.shape[2] != count or cls_prob.shape[1] < 2:
        raise ValueError(f"cls_prob must be (batch, classes + 1, {count}), got {cls_prob.shape}")
    if loc_pred.shape != (len(cls_prob), 4 * count):
        raise ValueError(f"loc_pred must be ({len(cls_prob)}, {4 * count}), got {loc_pred.shape}")
    scale = _variances(variances)
    own = to_center(wide(anchor[0]))
    taken = count if nms_topk <= 0 else min(nms_topk, count)

    def one(prob, loc):
        code = loc.reshape(count, 4) * scale.astype(loc.dtype)
        middle = code[:, :2] * own[:, 2:] + own[:, :2]
        boxes = to_corner(jnp.concatenate([middle, jnp.exp(code[:, 2:]) * own[:, 2:]], -1))
        boxes = jnp.clip(boxes, 0, 1) if clip else boxes
        kind, score = prob[1:].argmax(0), prob[1:].max(0)
        valid = score >= threshold
        rank = jnp.where(valid, score, -jnp.inf)
        suppressing = 0 < nms_threshold <= 1
        order = jnp.argsort(rank if suppressing else valid, descending=True, stable=True)
        kind, score, boxes, valid = kind[order], score[order], boxes[order], valid[order]
        stay = valid
        if suppressing:
            group = None if force_suppress else kind
            # an overlap equal to the threshold is enough here
            limit = np.nextafter(np.array(nms_threshold, boxes.dtype), np.array(0, boxes.dtype))
            stay = suppress(boxes, valid & (jnp.arange(count) < taken), limit, group)
        rows = jnp.concatenate(
            [jnp.where(stay, kind.astype(boxes.dtype), -1)[:, None], score[:, None], boxes], -1
        )
        return jnp.where(valid[:, None], rows, -1)

    return jax.vmap(one)(wide(cls_prob), wide(loc_pred)).astype(cls_prob.dtype)
