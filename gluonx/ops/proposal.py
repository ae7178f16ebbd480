"""Region proposals (Ren et al., "Faster R-CNN", 2015).

Boxes are corners in pixels of the picture, both corners included: a width is ``x2 - x1 + 1``.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from ..engine.op import register
from ._boxes import suppress, wide

_SCALES, _RATIOS = (4.0, 8.0, 16.0, 32.0), (0.5, 1.0, 2.0)


def _anchors(stride: int, ratios, scales) -> np.ndarray:
    """Boxes around the middle of the first cell: (ratios * scales, 4)."""
    middle = 0.5 * (stride - 1)
    boxes = []
    for ratio in np.atleast_1d(ratios):
        width = np.floor(np.sqrt(np.floor(stride * stride / ratio)) + 0.5)
        height = np.floor(width * ratio + 0.5)
        for scale in np.atleast_1d(scales):
            half = 0.5 * (np.array([width, height]) * scale - 1)
            boxes.append([*(middle - half), *(middle + half)])
    return np.array(boxes)


def _propose(scores, moves, info, anchors: np.ndarray, attrs: dict):
    """The proposals in one picture: (wanted, 4), and their scores."""
    stride, wanted = attrs["feature_stride"], attrs["rpn_post_nms_top_n"]
    kinds, height, width = scores.shape
    cells = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1)
    shift = np.tile(cells[:, :, None] * stride, 2)
    boxes = jnp.asarray((anchors + shift).reshape(-1, 4), moves.dtype)
    move = moves.reshape(kinds, 4, height, width).transpose(2, 3, 0, 1).reshape(-1, 4)
    score = scores.transpose(1, 2, 0).reshape(-1)

    if attrs["iou_loss"]:
        found = boxes + move
    else:
        size = boxes[:, 2:] - boxes[:, :2] + 1
        middle = boxes[:, :2] + 0.5 * (size - 1) + move[:, :2] * size
        half = 0.5 * (jnp.exp(move[:, 2:]) * size - 1)
        found = jnp.concatenate([middle - half, middle + half], -1)
    edge = jnp.stack([info[1], info[0], info[1], info[0]]) - 1
    found = jnp.clip(found, 0, edge)
    # cells beyond the picture, which has been padded, and boxes that are too small come last
    real = jnp.floor(info[:2] / stride)
    place = np.repeat(cells.reshape(-1, 2), kinds, 0)
    score = jnp.where((place[:, 1] >= real[0]) | (place[:, 0] >= real[1]), -1, score)
    least = attrs["rpn_min_size"] * info[2]
    small = (found[:, 2:] - found[:, :2] + 1 < least).any(-1)
    grow = jnp.stack([-least, -least, least, least]) / 2
    found = jnp.where(small[:, None], found + grow, found)
    score = jnp.where(small, -1, score)

    before = attrs["rpn_pre_nms_top_n"]
    taken = min(before, len(score)) if before > 0 else len(score)
    score, order = jax.lax.top_k(score, taken)
    found = found[order]
    stay = suppress(
        found, jnp.ones(taken, bool), attrs["threshold"], None, extra=1.0, most=min(wanted, taken)
    )
    first = jnp.argsort(~stay, stable=True)
    # too few of them are repeated
    use = first[jnp.arange(wanted) % jnp.clip(stay.sum(), 1, min(wanted, taken))]
    return found[use], score[use]


def _proposals(cls_prob, bbox_pred, im_info, attrs: dict):
    anchors = _anchors(attrs["feature_stride"], attrs["ratios"], attrs["scales"])
    kinds = len(anchors)
    cells = cls_prob.shape[2:]
    if cls_prob.ndim != 4 or cls_prob.shape[1] != 2 * kinds:
        raise ValueError(
            f"cls_prob must be (batch, {2 * kinds}, height, width), as {kinds} boxes (scales times "
            f"ratios) have two scores each; got {cls_prob.shape}"
        )
    batch = len(cls_prob)
    if bbox_pred.shape != (batch, 4 * kinds, *cells):
        raise ValueError(
            f"bbox_pred must be {(batch, 4 * kinds, *cells)} for cls_prob {cls_prob.shape}, got "
            f"{bbox_pred.shape}"
        )
    if im_info.shape != (batch, 3):
        raise ValueError(
            f"im_info must be ({batch}, 3), rows of (height, width, scale), got {im_info.shape}"
        )
    if attrs["rpn_post_nms_top_n"] < 1:
        raise ValueError(f"rpn_post_nms_top_n={attrs['rpn_post_nms_top_n']} must be positive")
    boxes, scores = jax.vmap(lambda s, m, i: _propose(s, m, i, anchors, attrs))(
        wide(cls_prob[:, kinds:]), wide(bbox_pred), wide(im_info)
    )
    number = jnp.arange(batch, dtype=boxes.dtype)[:, None, None]
    rows = jnp.concatenate([jnp.broadcast_to(number, (*boxes.shape[:2], 1)), boxes], -1)
    out = rows.reshape(-1, 5).astype(cls_prob.dtype)
    return (out, scores.reshape(-1, 1).astype(cls_prob.dtype)) if attrs["output_score"] else out


def _count(attrs: dict) -> int:
    return 2 if attrs["output_score"] else 1


def _proposal(
    cls_prob,
    bbox_pred,
    im_info,
    *,
    rpn_pre_nms_top_n: int = 6000,
    rpn_post_nms_top_n: int = 300,
    threshold: float = 0.7,
    rpn_min_size: int = 16,
    scales: tuple = _SCALES,
    ratios: tuple = _RATIOS,
    feature_stride: int = 16,
    output_score: bool = False,
    iou_loss: bool = False,
):
    """Region proposals: the best moved anchors, after non-maximum suppression.

    Parameters
    ----------
    cls_prob : array
        (batch, 2 * anchors, height, width): for each anchor how likely it is background, then how
        likely it is an object.
    bbox_pred : array
        (batch, 4 * anchors, height, width): how each anchor is moved and stretched.
    im_info : array
        (batch, 3): height, width and scale of each picture.
    rpn_pre_nms_top_n, rpn_post_nms_top_n : int
        How many of the best boxes take part in the suppression, and how many are given back; too
        few of them are repeated.
    threshold : float
        A box goes when its overlap with a better one is greater than this.
    rpn_min_size : int
        Boxes less wide or high than this come last; multiplied by the picture's scale.
    scales, ratios : tuple of float
        Of the anchors: extents in units of `feature_stride`, ratios of height to width.
    feature_stride : int
        Pixels of the picture between two cells.
    output_score : bool
        Whether to give the scores too.
    iou_loss : bool
        Whether `bbox_pred` moves the corners.

    Returns
    -------
    array, or tuple of array
        (batch * rpn_post_nms_top_n, 5): rows (image, x1, y1, x2, y2); and with `output_score`
        (batch * rpn_post_nms_top_n, 1). No gradient passes through.
    """
    attrs = dict(
        rpn_pre_nms_top_n=rpn_pre_nms_top_n, rpn_post_nms_top_n=rpn_post_nms_top_n,
        threshold=threshold, rpn_min_size=rpn_min_size, scales=scales, ratios=ratios,
        feature_stride=feature_stride, output_score=output_score, iou_loss=iou_loss,
    )  # fmt: skip
    return _proposals(cls_prob, bbox_pred, im_info, attrs)


# MXNet's Proposal takes one picture, MultiProposal any number of them.
for _name in ("_contrib_Proposal", "_contrib_MultiProposal"):
    register(_name, outputs=_count, differentiable=False)(_proposal)
