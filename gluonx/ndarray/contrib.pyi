"""``nd.contrib``: operators of detection, attention and other special uses."""

# Made by tools/make_stubs.py; changes here are lost.

from collections.abc import Sequence
from typing import Any

import numpy as np
from ..context import Context
from .ndarray import NDArray
from .contrib_update import adamw_update as adamw_update
from .contrib_update import mp_adamw_update as mp_adamw_update
from .contrib_update import multi_adamw_update as multi_adamw_update
from .contrib_update import multi_lamb_update as multi_lamb_update
from .contrib_update import multi_mp_adamw_update as multi_mp_adamw_update
from .contrib_update import multi_mp_lamb_update as multi_mp_lamb_update
from .control_flow import cond as cond
from .control_flow import foreach as foreach
from .control_flow import while_loop as while_loop
from .masks import boolean_mask as boolean_mask
from .masks import isfinite as isfinite
from .masks import isinf as isinf
from .masks import isnan as isnan
from .masks import rand_zipfian as rand_zipfian

_Shape = int | Sequence[int]
_DType = str | type | np.dtype[Any]

def AdaptiveAvgPooling2D(
    data: NDArray,
    output_size: _Shape = (),
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    """The mean over windows whose size follows from the wanted output size.

    The i-th of m windows over n pixels goes from ``floor(i n / m)`` to ``ceil((i + 1) n / m)``.

    Parameters
    ----------
    data : array
        (batch, channels, height, width).
    output_size : int or (int, int)
        New height and width; one number for both, 1 by default.

    Returns
    -------
    array
        (batch, channels, new height, new width).

    Examples
    --------
    >>> nd.contrib.AdaptiveAvgPooling2D(nd.array([[[[1, 2, 3]]]]), output_size=(1, 2))
    [[[[1.5 2.5]]]]
    """

def BatchNormWithReLU(
    data: NDArray,
    gamma: NDArray,
    beta: NDArray,
    moving_mean: NDArray,
    moving_var: NDArray,
    eps: float = 0.0010000000474974513,
    momentum: float = 0.9,
    fix_gamma: bool = True,
    use_global_stats: bool = False,
    output_mean_var: bool = False,
    axis: int = 1,
    cudnn_off: bool = False,
    min_calib_range: float | None = None,
    max_calib_range: float | None = None,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
    name: str | None = None,
) -> Any:
    """:func:`BatchNorm`, then ``relu``.

    Parameters
    ----------
    data : array
        Any shape with channels on `axis`.
    gamma, beta : array
        (channels,).
    moving_mean, moving_var : array
        (channels,); changed in place while training.
    eps : float
        Added to the variance.
    momentum : float
        How much of the running statistics stays at each step.
    fix_gamma : bool
        Take gamma as 1; its gradient is then 0.
    use_global_stats : bool
        Use the running statistics while training, too, and leave them alone.
    output_mean_var : bool
        Also return the mean and the inverse standard deviation that were used.
    axis : int
        Axis of the channels.
    cudnn_off, min_calib_range, max_calib_range
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        `data`'s shape; with `output_mean_var` also two arrays (channels,).
    """

def BilinearResize2D(
    data: NDArray,
    like: NDArray | None = None,
    *,
    height: int = 1,
    width: int = 1,
    scale_height: float | None = None,
    scale_width: float | None = None,
    mode: str = 'size',
    align_corners: bool = True,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    """Images in another size, interpolated linearly along both axes.

    Parameters
    ----------
    data : array
        (batch, channels, height, width).
    like : array, optional
        Gives height and width with ``mode='like'``.
    height, width : int
        The new size, for ``mode='size'`` without scales.
    scale_height, scale_width : float, optional
        Multiply the old size, for ``mode='size'`` and ``'odd_scale'``; both or none.
    mode : str
        ``'size'``; ``'like'``; ``'odd_scale'``: an odd extent n becomes ``(n - 1) * scale + 1``,
        an even one ``n * scale``; ``'to_even_down'``, ``'to_even_up'``, ``'to_odd_down'`` and
        ``'to_odd_up'``: one pixel less or more where the extent is not even (odd) yet.
    align_corners : bool
        Whether the middles of the outermost pixels stay in place, or their outer edges.

    Returns
    -------
    array
        (batch, channels, new height, new width).

    Examples
    --------
    >>> nd.contrib.BilinearResize2D(nd.array([[[[0, 2]]]]), height=1, width=3)
    [[[[0. 1. 2.]]]]
    """

def CTCLoss(
    data: NDArray,
    label: NDArray,
    data_lengths: NDArray | None = None,
    label_lengths: NDArray | None = None,
    *,
    use_data_lengths: bool = False,
    use_label_lengths: bool = False,
    blank_label: str = 'first',
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    r"""The negative logarithm of the probability of a text, over all its alignments.

    With :math:`y^t` the softmax of the activations at time :math:`t`,

    .. math:: -\log \sum_\pi \prod_t y^t_{\pi_t}

    where :math:`\pi` runs over the sequences of symbols and blanks that give the label when
    repeated symbols are merged and then blanks removed. It is computed by the forward recursion,
    in logarithms. Graves et al., "Connectionist temporal classification: labelling unsegmented
    sequence data with recurrent neural networks", ICML 2006.

    Parameters
    ----------
    data : array
        Activations before the softmax, (time, batch, symbols); one of the symbols is the blank.
    label : array
        (batch, length), numbers of symbols, of any dtype.
    data_lengths : array, optional
        (batch,), with `use_data_lengths`: how many time steps belong to each sequence.
    label_lengths : array, optional
        (batch,), with `use_label_lengths`: how long each label is. Without it a label ends before
        the first padding, which is 0 if the blank is first and -1 if it is last.
    use_data_lengths, use_label_lengths : bool
        Whether the lengths are given.
    blank_label : str
        ``'first'``: the blank is symbol 0; ``'last'``: it is the last one.

    Returns
    -------
    array
        (batch,). 0, with gradient 0, for a label that no alignment can give because the sequence
        is too short for it.

    Examples
    --------
    >>> nd.CTCLoss(nd.zeros((4, 1, 3)), nd.array([[1, 2]]))
    [1.686399]
    """

def DeformableConvolution(
    data: NDArray,
    offset: NDArray,
    weight: NDArray,
    bias: NDArray | None = None,
    *,
    kernel: _Shape,
    stride: _Shape = (),
    dilate: _Shape = (),
    pad: _Shape = (),
    num_filter: int,
    num_group: int = 1,
    num_deformable_group: int = 1,
    workspace: int = 1024,
    no_bias: bool = False,
    layout: str | None = None,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    r"""Convolution whose window elements look at places moved by an offset (Dai et al., 2017).

    :math:`y(p) = \sum_k w_k \, x(p + k + \Delta_k(p))`, interpolated linearly between pixels. A
    place outside the image gives 0.

    Parameters
    ----------
    data : array
        (batch, channels, height, width).
    offset : array
        (batch, 2 * num_deformable_group * kernel[0] * kernel[1], rows, columns): for each element
        of the window how far down, then how far to the right.
    weight : array
        (num_filter, channels / num_group, \*kernel).
    bias : array, optional
        (num_filter,).
    kernel, stride, dilate, pad : (int, int)
        As in Convolution.
    num_filter : int
        Number of output channels.
    num_group : int
        Groups of channels that do not see each other.
    num_deformable_group : int
        Groups of input channels that have offsets of their own.
    no_bias : bool
        Whether there is no bias.
    layout : str, optional
        ``'NCHW'``.
    workspace
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        (batch, num_filter, rows, columns), as for Convolution.

    Examples
    --------
    >>> x, offset, w = nd.ones((1, 4, 8, 8)), nd.zeros((1, 18, 8, 8)), nd.ones((6, 4, 3, 3))
    >>> nd.contrib.DeformableConvolution(x, offset, w, kernel=(3, 3), pad=(1, 1), num_filter=6,
    ...                                  no_bias=True).shape
    (1, 6, 8, 8)
    """

def DeformablePSROIPooling(
    data: NDArray,
    rois: NDArray,
    trans: NDArray | None = None,
    *,
    spatial_scale: float,
    output_dim: int,
    group_size: int,
    pooled_size: int,
    part_size: int = 0,
    sample_per_part: int = 1,
    trans_std: float = 0.0,
    no_trans: bool = False,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    """The mean of samples in each bin of a region, with bins moved by learned offsets.

    Parameters
    ----------
    data : array
        (batch, output_dim * group_size ** 2, height, width).
    rois : array
        (regions, 5): rows of (image, x1, y1, x2, y2), both corners included.
    trans : array, optional
        (regions, 2 * classes, part_size, part_size): how far each part of a region is moved to the
        right, then down, in units of `trans_std` times its width and height. The output channels
        are divided among the classes.
    spatial_scale : float
        Size of the features in relation to that of the picture.
    output_dim : int
        Number of output channels.
    group_size : int
        Rows, and columns, of groups of channels.
    pooled_size : int
        Rows, and columns, of bins.
    part_size : int
        Rows, and columns, of parts; by default one for each bin.
    sample_per_part : int
        Samples of a bin along each axis.
    trans_std : float
        Unit of `trans`.
    no_trans : bool
        Whether nothing is moved; `trans` is then left out.

    Returns
    -------
    array
        (regions, output_dim, pooled_size, pooled_size).

    Examples
    --------
    >>> x, rois = nd.ones((1, 8, 6, 6)), nd.array([[0, 0, 0, 3, 3]])
    >>> nd.contrib.DeformablePSROIPooling(x, rois, spatial_scale=1, output_dim=2, group_size=2,
    ...                                   pooled_size=2, no_trans=True).shape
    (1, 2, 2, 2)
    """

def ModulatedDeformableConvolution(
    data: NDArray,
    offset: NDArray,
    mask: NDArray,
    weight: NDArray,
    bias: NDArray | None = None,
    *,
    kernel: _Shape,
    stride: _Shape = (),
    dilate: _Shape = (),
    pad: _Shape = (),
    num_filter: int,
    num_group: int = 1,
    num_deformable_group: int = 1,
    workspace: int = 1024,
    no_bias: bool = False,
    im2col_step: int = 64,
    layout: str | None = None,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    r"""Deformable convolution that also weighs each place it looks at (Zhu et al., 2019).

    :math:`y(p) = \sum_k w_k \, m_k(p) \, x(p + k + \Delta_k(p))`. Pixels outside the image are 0,
    also those between which a place lies.

    Parameters
    ----------
    data : array
        (batch, channels, height, width).
    offset : array
        (batch, 2 * num_deformable_group * kernel[0] * kernel[1], rows, columns): for each element
        of the window how far down, then how far to the right.
    mask : array
        (batch, num_deformable_group * kernel[0] * kernel[1], rows, columns): the weights m.
    weight : array
        (num_filter, channels / num_group, \*kernel).
    bias : array, optional
        (num_filter,).
    kernel, stride, dilate, pad : (int, int)
        As in Convolution.
    num_filter : int
        Number of output channels.
    num_group : int
        Groups of channels that do not see each other.
    num_deformable_group : int
        Groups of input channels that have offsets and masks of their own.
    no_bias : bool
        Whether there is no bias.
    layout : str, optional
        ``'NCHW'``.
    im2col_step : int
        Without effect; accepted for compatibility.
    workspace
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        (batch, num_filter, rows, columns), as for Convolution.

    Examples
    --------
    >>> x, offset, w = nd.ones((1, 4, 8, 8)), nd.zeros((1, 18, 8, 8)), nd.ones((6, 4, 3, 3))
    >>> nd.contrib.ModulatedDeformableConvolution(
    ...     x, offset, nd.ones((1, 9, 8, 8)), w, kernel=(3, 3), pad=(1, 1), num_filter=6,
    ...     no_bias=True).shape
    (1, 6, 8, 8)
    """

def MultiBoxDetection(
    cls_prob: NDArray,
    loc_pred: NDArray,
    anchor: NDArray,
    clip: bool = True,
    threshold: float = 0.01,
    background_id: int = 0,
    nms_threshold: float = 0.5,
    force_suppress: bool = False,
    variances: tuple = (0.1, 0.1, 0.2, 0.2),
    nms_topk: int = -1,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
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

def MultiBoxPrior(
    data: NDArray,
    sizes: tuple = (1.0,),
    ratios: tuple = (1.0,),
    clip: bool = False,
    steps: tuple = (-1.0, -1.0),
    offsets: tuple = (0.5, 0.5),
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
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

def MultiBoxTarget(
    anchor: NDArray,
    label: NDArray,
    cls_pred: NDArray,
    overlap_threshold: float = 0.5,
    ignore_label: float = -1.0,
    negative_mining_ratio: float = -1.0,
    negative_mining_thresh: float = 0.5,
    minimum_negative_samples: int = 0,
    variances: tuple = (0.1, 0.1, 0.2, 0.2),
    *,
    out: NDArray | Sequence[NDArray] | None = None,
    name: str | None = None,
) -> list[NDArray]:
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

def MultiProposal(
    cls_prob: NDArray,
    bbox_pred: NDArray,
    im_info: NDArray,
    rpn_pre_nms_top_n: int = 6000,
    rpn_post_nms_top_n: int = 300,
    threshold: float = 0.7,
    rpn_min_size: int = 16,
    scales: tuple = (4.0, 8.0, 16.0, 32.0),
    ratios: tuple = (0.5, 1.0, 2.0),
    feature_stride: int = 16,
    output_score: bool = False,
    iou_loss: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
    name: str | None = None,
) -> Any:
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

def PSROIPooling(
    data: NDArray,
    rois: NDArray,
    spatial_scale: float,
    output_dim: int,
    pooled_size: int,
    group_size: int = 0,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    """The mean over each bin of a region, of channels of its own (Dai et al., "R-FCN", 2016).

    Parameters
    ----------
    data : array
        (batch, output_dim * group_size ** 2, height, width).
    rois : array
        (regions, 5): rows of (image, x1, y1, x2, y2), both corners included.
    spatial_scale : float
        Size of the features in relation to that of the picture.
    output_dim : int
        Number of output channels.
    pooled_size : int
        Rows, and columns, of bins.
    group_size : int
        Rows, and columns, of groups of channels; by default one for each bin.

    Returns
    -------
    array
        (regions, output_dim, pooled_size, pooled_size).

    Examples
    --------
    >>> x, rois = nd.ones((1, 8, 6, 6)), nd.array([[0, 0, 0, 3, 3]])
    >>> nd.contrib.PSROIPooling(x, rois, spatial_scale=1, output_dim=2, pooled_size=2).shape
    (1, 2, 2, 2)
    """

def Proposal(
    cls_prob: NDArray,
    bbox_pred: NDArray,
    im_info: NDArray,
    rpn_pre_nms_top_n: int = 6000,
    rpn_post_nms_top_n: int = 300,
    threshold: float = 0.7,
    rpn_min_size: int = 16,
    scales: tuple = (4.0, 8.0, 16.0, 32.0),
    ratios: tuple = (0.5, 1.0, 2.0),
    feature_stride: int = 16,
    output_score: bool = False,
    iou_loss: bool = False,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
    name: str | None = None,
) -> Any:
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

def ROIAlign(
    data: NDArray,
    rois: NDArray,
    pooled_size: _Shape,
    spatial_scale: float,
    sample_ratio: int = -1,
    position_sensitive: bool = False,
    aligned: bool = False,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    r"""The mean of bilinear samples in each bin of a region (He et al., "Mask R-CNN", 2017).

    Parameters
    ----------
    data : array
        (batch, channels, height, width).
    rois : array
        (regions, 5): rows of (image, x1, y1, x2, y2). A negative image gives zeros.
    pooled_size : (int, int)
        Rows and columns of bins.
    spatial_scale : float
        Size of the features in relation to that of the picture.
    sample_ratio : int
        Samples of a bin along each axis; by default one for each pixel that it covers.
    position_sensitive : bool
        Whether each bin has channels of its own (Dai et al., "R-FCN", 2016): there are then
        ``channels / (rows * columns)`` output channels.
    aligned : bool
        Whether coordinates are those of corners of pixels, not of their middles: shifts the
        samples by half a pixel. A region may then be smaller than one pixel.

    Returns
    -------
    array
        (regions, channels, \*pooled_size).

    Examples
    --------
    >>> x = nd.arange(16).reshape((1, 1, 4, 4))
    >>> nd.contrib.ROIAlign(x, nd.array([[0, 0, 0, 2, 2]]), pooled_size=(1, 1), spatial_scale=1)
    [[[[5.]]]]
    """

def RROIAlign(
    data: NDArray,
    rois: NDArray,
    pooled_size: _Shape,
    spatial_scale: float,
    sampling_ratio: int = -1,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    r"""The mean of bilinear samples in each bin of a region that is turned.

    Ma et al., "Arbitrary-oriented scene text detection via rotation proposals", 2018.

    Parameters
    ----------
    data : array
        (batch, channels, height, width).
    rois : array
        (regions, 6): rows of (image, x, y, width, height, angle), with the middle and the angle in
        degrees.
    pooled_size : (int, int)
        Rows and columns of bins.
    spatial_scale : float
        Size of the features in relation to that of the picture.
    sampling_ratio : int
        Samples of a bin along each axis; by default one for each pixel that it covers.

    Returns
    -------
    array
        (regions, channels, \*pooled_size).

    Examples
    --------
    >>> x, rois = nd.ones((1, 2, 6, 6)), nd.array([[0, 3, 3, 2, 2, 45]])
    >>> nd.contrib.RROIAlign(x, rois, pooled_size=(2, 2), spatial_scale=1, sampling_ratio=2).shape
    (1, 2, 2, 2)
    """

def SyncBatchNorm(
    data: NDArray,
    gamma: NDArray,
    beta: NDArray,
    moving_mean: NDArray,
    moving_var: NDArray,
    eps: float = 0.001,
    momentum: float = 0.9,
    fix_gamma: bool = True,
    use_global_stats: bool = False,
    output_mean_var: bool = False,
    ndev: int = 1,
    key: str = '',
    *,
    out: NDArray | Sequence[NDArray] | None = None,
    name: str | None = None,
) -> Any:
    """:func:`BatchNorm` with channels on axis 1.

    In a training step that is one program on several devices (a hybridized network on several
    contexts) the mean and the variance are those of all devices' parts together. Otherwise each
    call normalizes over the batch that it is given.

    Parameters
    ----------
    data : array
        (batch, channels, ...).
    gamma, beta : array
        (channels,).
    moving_mean, moving_var : array
        (channels,); changed in place while training.
    eps : float
        Added to the variance.
    momentum : float
        How much of the running statistics stays at each step.
    fix_gamma : bool
        Take gamma as 1; its gradient is then 0.
    use_global_stats : bool
        Use the running statistics while training, too, and leave them alone.
    output_mean_var : bool
        Also return the mean and the inverse standard deviation that were used.
    ndev : int
        Without effect: the devices are those that run the program.
    key : str
        Without effect; in MXNet it tells layers apart.

    Returns
    -------
    array
        `data`'s shape; with `output_mean_var` also two arrays (channels,).
    """

def allclose(
    a: NDArray,
    b: NDArray,
    rtol: float = 1e-05,
    atol: float = 1e-08,
    equal_nan: bool = True,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    """Whether two arrays are nearly equal: ``|a - b| <= atol + rtol * |b|`` everywhere.

    Parameters
    ----------
    a, b : array
        Of one shape and dtype.
    rtol, atol : float
        Tolerances, relative and absolute.
    equal_nan : bool
        Whether NaN equals NaN.

    Returns
    -------
    array
        (), uint8: 1 or 0.

    Examples
    --------
    >>> int(nd.contrib.allclose(nd.ones(2), nd.ones(2)).asscalar())
    1
    """

def arange_like(
    data: NDArray,
    start: float = 0.0,
    step: float = 1.0,
    repeat: int = 1,
    ctx: str | None = None,
    axis: int | None = None,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    """Evenly spaced numbers, as many as an array has elements, or entries along an axis.

    Parameters
    ----------
    data : array
        Any shape.
    start : float
        The first number.
    step : float
        Difference of neighbours.
    repeat : int
        How often each number occurs in a row.
    ctx : str, optional
        Without effect: the result is where `data` is.
    axis : int, optional
        The axis whose length is taken.

    Returns
    -------
    array
        Shape of `data`, or (n,) for an axis of length n; dtype of `data`.

    Examples
    --------
    >>> nd.contrib.arange_like(nd.zeros((2, 3)), axis=1)
    [0. 1. 2.]
    """

def bipartite_matching(
    data: NDArray,
    *,
    is_ascend: bool = False,
    threshold: float,
    topk: int = -1,
    out: NDArray | Sequence[NDArray] | None = None,
    name: str | None = None,
) -> list[NDArray]:
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

def box_decode(
    data: NDArray,
    anchors: NDArray,
    std0: float = 1.0,
    std1: float = 1.0,
    std2: float = 1.0,
    std3: float = 1.0,
    clip: float = -1.0,
    format: str = 'center',
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
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

def box_encode(
    samples: NDArray,
    matches: NDArray,
    anchors: NDArray,
    refs: NDArray,
    means: NDArray,
    stds: NDArray,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
    name: str | None = None,
) -> list[NDArray]:
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

def box_iou(
    lhs: NDArray,
    rhs: NDArray,
    format: str = 'corner',
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
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

def box_nms(
    data: NDArray,
    overlap_thresh: float = 0.5,
    valid_thresh: float = 0.0,
    topk: int = -1,
    coord_start: int = 2,
    score_index: int = 1,
    id_index: int = -1,
    background_id: int = -1,
    force_suppress: bool = False,
    in_format: str = 'corner',
    out_format: str = 'corner',
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
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

box_non_maximum_suppression = box_nms

def cache_write(
    cache: NDArray,
    data: NDArray,
    position: NDArray,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    """The cache with `data` written to it at a place along axis 1.

    Parameters
    ----------
    cache : array
        (batch, places, ...).
    data : array
        (batch, n, ...): what is written.
    position : array
        One number: the first of the n places. Beyond the end, the last n places are written.

    Returns
    -------
    array
        Shape and dtype of `cache`.

    Examples
    --------
    >>> nd.contrib.cache_write(nd.zeros((1, 4)), nd.ones((1, 2)), nd.array([1]))
    [[0. 1. 1. 0.]]
    """

def count_sketch(
    data: NDArray,
    h: NDArray,
    s: NDArray,
    out_dim: int,
    processing_batch_size: int = 32,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    """The count sketch of vectors: element ``i`` is added to place ``h[i]`` with the sign ``s[i]``.

    Parameters
    ----------
    data : array
        (..., n).
    h : array
        (n,) or (1, n): places, whole numbers from 0 up to, not including, `out_dim`.
    s : array
        (n,) or (1, n): signs, 1 or -1.
    out_dim : int
        Length of the sketch.
    processing_batch_size : int
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        (..., out_dim).

    Examples
    --------
    >>> x, h, s = nd.array([[1, 2, 3]]), nd.array([[0, 1, 0]]), nd.array([[1, -1, 1]])
    >>> nd.contrib.count_sketch(x, h, s, out_dim=2)
    [[ 4. -2.]]
    """

ctc_loss = CTCLoss

def div_sqrt_dim(data: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
    """The array divided by the square root of the length of its last axis.

    Parameters
    ----------
    data : array
        (..., n).

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.contrib.div_sqrt_dim(nd.ones((4,)))
    [0.5 0.5 0.5 0.5]
    """

def dot_product_attention(
    queries: NDArray,
    keys: NDArray,
    values: NDArray,
    mask: NDArray | None = None,
    valid_length: NDArray | None = None,
    offset: NDArray | None = None,
    *,
    causal: bool = False,
    scale: float | None = None,
    dropout: float = 0.0,
    use_mask: bool = False,
    use_valid_length: bool = False,
    use_offset: bool = False,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    r"""Attention: values weighted by how well their keys fit each query.

    .. math:: \mathrm{softmax}\left(s \, Q K^T\right) V

    for each head. Vaswani et al., "Attention is all you need", 2017. The softmax is taken in
    float32 for 16-bit arrays. On a GPU, 16-bit arrays go to cuDNN's flash attention where it takes
    them: without `mask`, `offset` and dropout, D a multiple of 8 and at most 128.

    Parameters
    ----------
    queries : array
        (batch, queries, heads, D).
    keys, values : array
        (batch, keys, key heads, D). The heads of the queries are a multiple of the key heads, and
        neighbours share one (Ainslie et al., "GQA", 2023).
    mask : array, optional
        Not 0 where a query sees a key: (queries, keys), (batch, queries, keys) or (batch, heads,
        queries, keys); any of them may be 1.
    valid_length : array, optional
        (batch,): only so many keys are seen.
    offset : array, optional
        With `causal`, one number: the place of the first query among the keys. 0 by default.
    causal : bool
        Whether query i sees only the keys up to place i.
    scale : float, optional
        :math:`s`; :math:`1 / \sqrt{D}` by default.
    dropout : float
        While training, the probability that a weight becomes zero.
    use_mask, use_valid_length, use_offset : bool
        Which of the optional arrays a symbol has; not needed for arrays.

    Returns
    -------
    array
        Shape and dtype of `queries`. A query that sees no key gives zeros.

    Examples
    --------
    >>> q, k = nd.ones((2, 5, 4, 8)), nd.ones((2, 7, 4, 8))
    >>> nd.contrib.dot_product_attention(q, k, k, valid_length=nd.array([7, 3])).shape
    (2, 5, 4, 8)
    """

def fft(
    data: NDArray,
    compute_size: int = 128,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    """The discrete Fourier transform along the last axis.

    Parameters
    ----------
    data : array
        (..., n), real.
    compute_size : int
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        (..., 2 n): real and imaginary parts in turn.

    Examples
    --------
    >>> nd.contrib.fft(nd.array([[1, 1]]))
    [[2. 0. 0. 0.]]
    """

def getnnz(
    data: NDArray,
    axis: int | None = None,
    dtype: _DType = 'int64',
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    """The number of elements that are not 0.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int, optional
        Count along this axis, for each position on the others.
    dtype : dtype
        Dtype of the result.

    Returns
    -------
    array
        (1,), or the shape of `data` without `axis`.

    Examples
    --------
    >>> nd.contrib.getnnz(nd.array([[1, 0], [2, 3]]), axis=1)
    [1 2]
    """

def gradientmultiplier(
    data: NDArray,
    scalar: float = 1.0,
    is_int: bool = True,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    """The array itself; its gradient is multiplied by a number.

    With a negative number it reverses gradients: Ganin and Lempitsky, "Unsupervised domain
    adaptation by backpropagation", 2015.

    Parameters
    ----------
    data : array
        Any shape.
    scalar : float
        What the gradient is multiplied by.
    is_int : bool
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.contrib.gradientmultiplier(nd.array([1, 2]), scalar=-1)
    [1. 2.]
    """

def group_adagrad_update(
    weight: NDArray,
    grad: NDArray,
    history: NDArray,
    lr: float,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    epsilon: float = 9.999999747378752e-06,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    """AdaGrad with one scale for each row.

    ``g = clip(rescale_grad * grad)``; `history`, of shape (rows, 1), grows by the mean of ``g**2``
    over the row; ``weight = weight - lr * g / sqrt(history + epsilon)``.

    Parameters
    ----------
    weight : array
        The weight.
    grad : array
        Its gradient, of the same shape.
    history : array
        Sum of squared gradients; changed in place.
    lr : float
        The learning rate.
    rescale_grad : float
        Multiplies the gradient.
    clip_gradient : float
        The gradient is clipped to [-c, c]; a negative number does not clip.
    epsilon : float
        Keeps the denominator away from 0.

    Returns
    -------
    array
        The new weight.
    """

def hawkesll(
    lda: NDArray,
    alpha: NDArray,
    beta: NDArray,
    state: NDArray,
    lags: NDArray,
    marks: NDArray,
    valid_length: NDArray,
    max_time: NDArray,
    *,
    out: NDArray | Sequence[NDArray] | None = None,
    name: str | None = None,
) -> list[NDArray]:
    r"""The log-likelihood of multivariate Hawkes processes with exponential decay.

    The intensity of mark :math:`k` at time :math:`t` is

    .. math:: \mu_k + \alpha_k \beta_k \sum_{t_i < t} e^{-\beta_k (t - t_i)}

    over its own earlier events. Hawkes, "Spectra of some self-exciting and mutually exciting point
    processes", 1971.

    Parameters
    ----------
    lda : array
        (batch, marks), the background intensities.
    alpha, beta : array
        (marks,), branching ratios and decay rates.
    state : array
        (batch, marks), what earlier events have left: 0 at the beginning.
    lags : array
        (batch, events), times since the event before.
    marks : array
        (batch, events), int32: the marks of the events.
    valid_length : array
        (batch,), how many events count.
    max_time : array
        (batch,), the end of the observation.

    Returns
    -------
    loglike : array
        (batch,).
    state : array
        (batch, marks), what the events have left at the end.

    Examples
    --------
    >>> one = nd.ones((1, 1))
    >>> marks = nd.zeros((1, 1), dtype="int32")
    >>> nd.contrib.hawkesll(one, nd.zeros(1), nd.ones(1), one * 0, one, marks, nd.ones(1),
    ...                     nd.ones(1) * 2)[0]
    [-2.]
    """

def ifft(
    data: NDArray,
    compute_size: int = 128,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    """The real part of the inverse discrete Fourier transform, times its length.

    Parameters
    ----------
    data : array
        (..., 2 n): real and imaginary parts in turn.
    compute_size : int
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        (..., n). Divide it by n to get back what ``fft`` was given.

    Examples
    --------
    >>> nd.contrib.ifft(nd.contrib.fft(nd.array([[1, 2]]))) / 2
    [[1. 2.]]
    """

def index_array(
    data: NDArray,
    axes: _Shape | None = None,
    dtype: _DType = 'int64',
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    """The index of each element.

    Parameters
    ----------
    data : array
        Any shape with axes.
    axes : tuple of int, optional
        The axes whose indices are wanted, in this order; all of them by default.
    dtype : dtype
        Dtype of the result.

    Returns
    -------
    array
        Shape of `data` and a last axis with one index for each of the axes.

    Examples
    --------
    >>> nd.contrib.index_array(nd.zeros((2, 2)), axes=(1,))
    [[[0]
      [1]]
     [[0]
      [1]]]
    """

def index_copy(
    old_tensor: NDArray,
    index_vector: NDArray,
    new_tensor: NDArray,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    """The array with some of its rows replaced.

    Parameters
    ----------
    old_tensor : array
        (n, ...).
    index_vector : array
        (m,): numbers of rows; what is out of range is moved to the nearest row.
    new_tensor : array
        (m, ...): the new rows, of the same dtype.

    Returns
    -------
    array
        Shape and dtype of `old_tensor`.

    Examples
    --------
    >>> nd.contrib.index_copy(nd.zeros((3, 2)), nd.array([2, 0]), nd.array([[1, 2], [3, 4]]))
    [[3. 4.]
     [0. 0.]
     [1. 2.]]
    """

def interleaved_matmul_encdec_qk(
    queries: NDArray,
    keys_values: NDArray,
    heads: int,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    r"""The scores of attention between two sequences, :math:`Q K^T / \sqrt{D}` for each head.

    Parameters
    ----------
    queries : array
        (queries, batch, heads * D).
    keys_values : array
        (keys, batch, heads * 2 * D).
    heads : int
        Number of heads.

    Returns
    -------
    array
        (batch * heads, queries, keys).

    Examples
    --------
    >>> q, kv = nd.ones((3, 2, 4 * 6)), nd.ones((5, 2, 4 * 2 * 6))
    >>> nd.contrib.interleaved_matmul_encdec_qk(q, kv, heads=4).shape
    (8, 3, 5)
    """

def interleaved_matmul_encdec_valatt(
    keys_values: NDArray,
    attention: NDArray,
    heads: int,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    """The values of attention between two sequences, weighted by the attention.

    Parameters
    ----------
    keys_values : array
        (keys, batch, heads * 2 * D).
    attention : array
        (batch * heads, queries, keys): softmax of the scores.
    heads : int
        Number of heads.

    Returns
    -------
    array
        (queries, batch, heads * D).

    Examples
    --------
    >>> kv, a = nd.ones((5, 2, 4 * 2 * 6)), nd.ones((8, 3, 5))
    >>> nd.contrib.interleaved_matmul_encdec_valatt(kv, a, heads=4).shape
    (3, 2, 24)
    """

def interleaved_matmul_selfatt_qk(
    queries_keys_values: NDArray,
    heads: int,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    r"""The scores of self-attention, :math:`Q K^T / \sqrt{D}` for each head.

    Parameters
    ----------
    queries_keys_values : array
        (length, batch, heads * 3 * D).
    heads : int
        Number of heads.

    Returns
    -------
    array
        (batch * heads, length, length).

    Examples
    --------
    >>> x = nd.ones((5, 2, 4 * 3 * 6))
    >>> nd.contrib.interleaved_matmul_selfatt_qk(x, heads=4).shape
    (8, 5, 5)
    """

def interleaved_matmul_selfatt_valatt(
    queries_keys_values: NDArray,
    attention: NDArray,
    heads: int,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    """The values of self-attention, weighted by the attention.

    Parameters
    ----------
    queries_keys_values : array
        (length, batch, heads * 3 * D).
    attention : array
        (batch * heads, length, length): softmax of the scores.
    heads : int
        Number of heads.

    Returns
    -------
    array
        (length, batch, heads * D).

    Examples
    --------
    >>> x, a = nd.ones((5, 2, 4 * 3 * 6)), nd.ones((8, 5, 5))
    >>> nd.contrib.interleaved_matmul_selfatt_valatt(x, a, heads=4).shape
    (5, 2, 24)
    """

def quadratic(
    data: NDArray,
    a: float = 0.0,
    b: float = 0.0,
    c: float = 0.0,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    """A quadratic polynomial of each element, ``a * x**2 + b * x + c``.

    Parameters
    ----------
    data : array
        Any shape.
    a, b, c : float
        The coefficients.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.contrib.quadratic(nd.array([1, 2]), a=1, b=2, c=3)
    [ 6. 11.]
    """

def rms_norm(
    data: NDArray,
    gamma: NDArray,
    axis: int = -1,
    eps: float = 1e-06,
    *,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    r"""Divide by the root of the mean square along one axis.

    .. math:: y = \gamma \frac{x}{\sqrt{\overline{x^2} + \epsilon}}

    Zhang and Sennrich, "Root mean square layer normalization", 2019. 16-bit floats are computed in
    32 bits.

    Parameters
    ----------
    data : array
        Any shape with the axis.
    gamma : array
        (n,) for n elements along the axis.
    axis : int
        The axis.
    eps : float
        Added to the mean square.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.contrib.rms_norm(nd.array([[1, 7]]), nd.ones(2), eps=0).round()
    [[0. 1.]]
    """

def rotary_embedding(
    data: NDArray,
    offset: NDArray | None = None,
    *,
    base: float = 10000.0,
    dims: int = 0,
    interleaved: bool = False,
    use_offset: bool = False,
    out: NDArray | None = None,
    name: str | None = None,
) -> NDArray:
    r"""Rotate pairs of numbers of each head by an angle that grows with the place.

    Pair i of the numbers at place t is turned by :math:`t \, b^{-2 i / n}`, so that products of
    queries and keys depend on the distance of their places only. Su et al., "RoFormer", 2021.

    Parameters
    ----------
    data : array
        (batch, length, heads, D).
    offset : array, optional
        One number: the place of the first entry. 0 by default.
    base : float
        :math:`b`.
    dims : int
        :math:`n`: only the first so many of the D numbers are turned; 0 for all.
    interleaved : bool
        Whether pairs are neighbours, as in the paper; otherwise number i goes with i + n / 2.
    use_offset : bool
        Whether a symbol has `offset`; not needed for arrays.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.contrib.rotary_embedding(nd.ones((1, 2, 1, 2)))
    [[[[ 1.          1.        ]]
      [[-0.30116868  1.3817732 ]]]]
    """

def round_ste(data: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
    """The nearest whole number; the gradient passes as if nothing had been rounded.

    Halves are rounded away from 0. Bengio et al., "Estimating or propagating gradients through
    stochastic neurons for conditional computation", 2013.

    Parameters
    ----------
    data : array
        Any shape.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.contrib.round_ste(nd.array([-1.5, 0.4, 2.5]))
    [-2.  0.  3.]
    """

def sign_ste(data: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
    """The sign, -1, 0 or 1; the gradient passes as if it were the number itself.

    Bengio et al., "Estimating or propagating gradients through stochastic neurons for conditional
    computation", 2013.

    Parameters
    ----------
    data : array
        Any shape.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.contrib.sign_ste(nd.array([-1.5, 0, 2.5]))
    [-1.  0.  1.]
    """
