"""Symbols and the functions on them: ``gluonx.sym``.

A symbol describes a computation. Inside a hybridized block ``F`` is this module; there its
functions compute on NDArrays as those of :mod:`gluonx.nd` do.
"""

# Made by tools/make_stubs.py; changes here are lost.

from collections.abc import Sequence
from typing import Any

import numpy as np
from . import contrib as contrib
from . import image as image
from . import linalg as linalg
from . import random as random
from . import sparse as sparse
from .creation import arange as arange
from .creation import array as array
from .creation import concatenate as concatenate
from .creation import empty as empty
from .creation import eye as eye
from .creation import from_numpy as from_numpy
from .creation import full as full
from .creation import linspace as linspace
from .creation import moveaxis as moveaxis
from .creation import ones as ones
from .creation import split_v2 as split_v2
from .creation import zeros as zeros
from .custom import Custom as Custom
from .functions import Group as Group
from .functions import histogram as histogram
from .functions import onehot_encode as onehot_encode
from .functions import reset_arrays as reset_arrays
from .graph_json import load as load
from .graph_json import load_json as load_json
from .symbol import NotImplementedForSymbol as NotImplementedForSymbol
from .symbol import Symbol as Symbol
from .variable import Variable as Variable
from .variable import var as var

_Shape = int | Sequence[int]
_DType = str | type | np.dtype[Any]

def Activation(
    data: Symbol | None = None,
    *,
    act_type: str,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""An activation function, element by element.

    Parameters
    ----------
    data : array
    act_type : str
        ``'relu'``: :math:`\max(x, 0)`; ``'sigmoid'``: :math:`1 / (1 + e^{-x})`; ``'tanh'``;
        ``'softrelu'``: :math:`\log(1 + e^x)`; ``'softsign'``: :math:`x / (1 + |x|)`.

    Returns
    -------
    array
        `data`'s shape.

    Examples
    --------
    >>> nd.Activation(nd.array([-1, 0, 3]), act_type='relu')
    [0. 0. 3.]
    """

def BatchNorm(
    data: Symbol | None = None,
    gamma: Symbol | None = None,
    beta: Symbol | None = None,
    moving_mean: Symbol | None = None,
    moving_var: Symbol | None = None,
    *,
    eps: float = 0.0010000000474974513,
    momentum: float = 0.9,
    fix_gamma: bool = True,
    use_global_stats: bool = False,
    output_mean_var: bool = False,
    axis: int = 1,
    cudnn_off: bool = False,
    min_calib_range: float | None = None,
    max_calib_range: float | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Any:
    r"""Normalize each channel over the batch.

    .. math:: y = \gamma \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta

    While training, :math:`\mu` and :math:`\sigma^2` are the batch's own (biased variance), and the
    running statistics move towards them: ``moving = momentum * moving + (1 - momentum) * batch``.
    Otherwise they are the running statistics. Ioffe and Szegedy, "Batch normalization", 2015.

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

    Examples
    --------
    >>> x = nd.random.normal(3, 2, shape=(8, 4, 5, 5))
    >>> g, b, m, v = nd.ones(4), nd.zeros(4), nd.zeros(4), nd.ones(4)
    >>> with autograd.record():
    ...     y = nd.BatchNorm(x, g, b, m, v)
    """

def BatchNorm_v1(
    data: Symbol | None = None,
    gamma: Symbol | None = None,
    beta: Symbol | None = None,
    moving_mean: Symbol | None = None,
    moving_var: Symbol | None = None,
    *,
    eps: float = 0.001,
    momentum: float = 0.9,
    fix_gamma: bool = True,
    use_global_stats: bool = False,
    output_mean_var: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Any:
    """The first version of :func:`BatchNorm`: channels are on axis 1.

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

    Returns
    -------
    array
        `data`'s shape; with `output_mean_var` also two arrays (channels,).
    """

def BilinearSampler(
    data: Symbol | None = None,
    grid: Symbol | None = None,
    *,
    cudnn_off: bool | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Values of images at given places, interpolated between the four nearest pixels.

    Parameters
    ----------
    data : array
        (batch, channels, height, width).
    grid : array
        (batch, 2, rows, columns): the place of each output, x before y. -1 is the first pixel, 1
        the last one. Outside the image everything is 0.
    cudnn_off
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        (batch, channels, rows, columns).

    Examples
    --------
    >>> x = nd.array([[[[1, 2], [3, 4]]]])
    >>> nd.BilinearSampler(x, nd.array([[[[0, 1]], [[0, 1]]]]))
    [[[[2.5 4. ]]]]
    """

def BlockGrad(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The array itself; no gradient passes through it.

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
    The gradient of ``x * nd.BlockGrad(x)`` is ``x``, not ``2 * x``.
    """

def CTCLoss(
    data: Symbol | None = None,
    label: Symbol | None = None,
    data_lengths: Symbol | None = None,
    label_lengths: Symbol | None = None,
    *,
    use_data_lengths: bool = False,
    use_label_lengths: bool = False,
    blank_label: str = 'first',
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
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

def Cast(
    data: Symbol | None = None,
    *,
    dtype: _DType,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The array in another dtype.

    Fractions are cut off when numbers become integers; every number but 0 becomes True. The
    gradient arrives in the dtype of `data`; none passes through integers.

    Parameters
    ----------
    data : array
        Any shape.
    dtype : dtype or str
        The dtype wanted.

    Returns
    -------
    array
        Shape of `data`.

    Examples
    --------
    >>> nd.Cast(nd.array([0.9, 1.5]), dtype="int32")
    [0 1]
    """

def Concat(
    *data: Symbol | Sequence[Symbol],
    dim: int = 1,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Arrays joined along an axis that they have.

    Parameters
    ----------
    *data : array
        Arrays of one dtype, whose shapes differ at most along `dim`.
    dim : int
        The axis.

    Returns
    -------
    array
        As long along `dim` as the arrays together.

    Examples
    --------
    >>> nd.concat(nd.zeros((2, 3)), nd.ones((2, 1)), dim=1).shape
    (2, 4)
    """

def Convolution(
    data: Symbol | None = None,
    weight: Symbol | None = None,
    bias: Symbol | None = None,
    *,
    kernel: _Shape,
    stride: _Shape = (),
    dilate: _Shape = (),
    pad: _Shape = (),
    num_filter: int,
    num_group: int = 1,
    workspace: int = 1024,
    no_bias: bool = False,
    cudnn_tune: str | None = None,
    cudnn_off: bool = False,
    layout: str | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""Convolution over one, two or three spatial axes.

    For one image and one group:
    :math:`y_{o,i,j} = b_o + \sum_{c,u,v} w_{o,c,u,v} \, x_{c,\, s i + d u - p,\, s j + d v - p}`.
    The extent of each spatial axis becomes
    ``(n + 2 * pad - dilate * (kernel - 1) - 1) // stride + 1``.

    Parameters
    ----------
    data : array
        (batch, channels, width), (batch, channels, height, width) or
        (batch, channels, depth, height, width); channels last when `layout` says so.
    weight : array
        (num_filter, channels / num_group, \*kernel); (num_filter, \*kernel, channels / num_group)
        for a layout with channels last.
    bias : array, optional
        (num_filter,).
    kernel : tuple of int
        Extent of the window; its length is the number of spatial axes.
    stride, dilate, pad : tuple of int
        Step of the window, distance of its elements, zeros around the data. 1, 1 and 0 by default.
    num_filter : int
        Number of output channels.
    num_group : int
        Groups of channels that do not see each other; both channel numbers are multiples of it.
    no_bias : bool
        Whether there is no bias.
    layout : str, optional
        ``'NCW'``, ``'NCHW'``, ``'NCDHW'`` (the defaults), ``'NWC'``, ``'NHWC'`` or ``'NDHWC'``.
    workspace, cudnn_tune, cudnn_off
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        `data`'s layout with `num_filter` channels.

    Examples
    --------
    >>> x, w, b = nd.ones((1, 3, 28, 28)), nd.ones((8, 3, 5, 5)), nd.zeros(8)
    >>> nd.Convolution(x, w, b, kernel=(5, 5), num_filter=8, pad=(2, 2), stride=(2, 2)).shape
    (1, 8, 14, 14)
    """

def Convolution_v1(
    data: Symbol | None = None,
    weight: Symbol | None = None,
    bias: Symbol | None = None,
    *,
    kernel: _Shape,
    stride: _Shape = (),
    dilate: _Shape = (),
    pad: _Shape = (),
    num_filter: int,
    num_group: int = 1,
    workspace: int = 1024,
    no_bias: bool = False,
    cudnn_tune: str | None = None,
    cudnn_off: bool = False,
    layout: str | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""The first version of :func:`Convolution`; it computes the same.

    Parameters
    ----------
    data : array
        (batch, channels, ...), or as `layout` says.
    weight : array
        (num_filter, channels / num_group, \*kernel).
    bias : array, optional
        (num_filter,).
    kernel : tuple of int
        Extent of the window.
    stride, dilate, pad : tuple of int
        Step of the window, distance of its elements, zeros around the data. 1, 1 and 0 by default.
    num_filter : int
        Number of output channels.
    num_group : int
        Groups of channels that do not see each other.
    no_bias : bool
        Whether there is no bias.
    layout : str, optional
        As in Convolution.
    workspace, cudnn_tune, cudnn_off
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        `data`'s layout with `num_filter` channels.
    """

def Correlation(
    data1: Symbol | None = None,
    data2: Symbol | None = None,
    *,
    kernel_size: int = 1,
    max_displacement: int = 1,
    stride1: int = 1,
    stride2: int = 1,
    pad_size: int = 0,
    is_multiply: bool = True,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""Compare the patches of one image with those around the same place in another.

    Dosovitskiy et al., "FlowNet: learning optical flow with convolutional networks", 2015:
    :math:`c_{d,i} = \frac{1}{C k^2} \sum_{o} \langle f_1(i + o), f_2(i + d + o) \rangle`, with the
    offsets o in a patch of k by k pixels and the displacements d no greater than
    `max_displacement`, row by row.

    Parameters
    ----------
    data1, data2 : array
        (batch, channels, height, width).
    kernel_size : int
        Extent of a patch, odd.
    max_displacement : int
        The greatest displacement along each axis.
    stride1 : int
        Distance of the places i in the first image.
    stride2 : int
        Distance of the displacements.
    pad_size : int
        Zeros around both images.
    is_multiply : bool
        Whether to multiply pixels, or to take the absolute value of their difference.

    Returns
    -------
    array
        (batch, displacements, rows, columns), where displacements is
        ``(2 * (max_displacement // stride2) + 1) ** 2``.

    Examples
    --------
    >>> x = nd.ones((1, 2, 5, 6))
    >>> nd.Correlation(x, x, max_displacement=1, pad_size=1).shape
    (1, 9, 5, 6)
    """

def Crop(
    *data: Symbol | Sequence[Symbol],
    offset: _Shape = (0, 0),
    h_w: _Shape = (0, 0),
    center_crop: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """A rectangle of images.

    Parameters
    ----------
    *data : array
        (batch, channels, height, width); then, optionally, an array whose height and width the
        result shall have. No gradient passes to that one.
    offset : tuple of int
        Where the rectangle begins: (y, x).
    h_w : tuple of int
        Height and width of the rectangle, where no second array is given.
    center_crop : bool
        Take the rectangle from the middle; `offset` is not looked at.

    Returns
    -------
    array
        (batch, channels, height, width).

    Examples
    --------
    >>> x = nd.array([[[[1, 2, 3], [4, 5, 6]]]])
    >>> nd.Crop(x, h_w=(1, 2), offset=(1, 1))
    [[[[5. 6.]]]]
    """

def Deconvolution(
    data: Symbol | None = None,
    weight: Symbol | None = None,
    bias: Symbol | None = None,
    *,
    kernel: _Shape,
    stride: _Shape = (),
    dilate: _Shape = (),
    pad: _Shape = (),
    adj: _Shape = (),
    target_shape: _Shape = (),
    num_filter: int,
    num_group: int = 1,
    workspace: int = 512,
    no_bias: bool = True,
    cudnn_tune: str | None = None,
    cudnn_off: bool = False,
    layout: str | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""Transposed convolution: the gradient of a convolution with respect to its data.

    The extent of each spatial axis becomes
    ``stride * (n - 1) + dilate * (kernel - 1) + 1 - 2 * pad + adj``
    (Zeiler et al., "Deconvolutional networks", 2010).

    Parameters
    ----------
    data : array
        (batch, channels, \*spatial); channels last when `layout` says so.
    weight : array
        (channels, num_filter / num_group, \*kernel); (channels, \*kernel, num_filter / num_group)
        for a layout with channels last.
    bias : array, optional
        (num_filter,).
    kernel : tuple of int
        Extent of the window.
    stride, dilate, pad : tuple of int
        Those of the convolution that this one transposes.
    adj : tuple of int
        Elements added at the end of each axis; less than `stride`.
    target_shape : tuple of int
        Spatial extents of the result; `pad` and `adj` then follow from it.
    num_filter : int
        Number of output channels.
    num_group : int
        Groups of channels that do not see each other.
    no_bias : bool
        Whether there is no bias.
    layout : str, optional
        As in Convolution.
    workspace, cudnn_tune, cudnn_off
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        `data`'s layout with `num_filter` channels.

    Examples
    --------
    >>> x, w = nd.ones((1, 8, 14, 14)), nd.ones((8, 3, 4, 4))
    >>> nd.Deconvolution(x, w, kernel=(4, 4), num_filter=3, stride=(2, 2), pad=(1, 1)).shape
    (1, 3, 28, 28)
    """

def Dropout(
    data: Symbol | None = None,
    *,
    p: float = 0.5,
    mode: str = 'training',
    axes: _Shape = (),
    cudnn_off: bool | None = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Set a random part of the data to zero and scale the rest by ``1 / (1 - p)``.

    Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014.

    Parameters
    ----------
    data : array
    p : float
        Probability that an element becomes zero.
    mode : str
        ``'training'`` drops while training only, ``'always'`` also when predicting.
    axes : tuple of int
        Axes along which one decision is shared.
    cudnn_off
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        `data`'s shape.

    Examples
    --------
    >>> with autograd.record():
    ...     y = nd.Dropout(nd.ones((4, 6)), p=0.5, axes=(1,))  # whole rows
    >>> nd.Dropout(nd.ones(3))  # no change outside training
    [1. 1. 1.]
    """

def ElementWiseSum(
    *args: Symbol | Sequence[Symbol],
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The sum of several arrays.

    Parameters
    ----------
    *args : array
        Arrays of one shape and dtype.

    Returns
    -------
    array
        Shape and dtype of the arrays.

    Examples
    --------
    >>> nd.add_n(nd.ones((2,)), nd.ones((2,)), nd.ones((2,)))
    [3. 3.]
    """

def Embedding(
    data: Symbol | None = None,
    weight: Symbol | None = None,
    *,
    input_dim: int,
    output_dim: int,
    dtype: _DType = 'float32',
    sparse_grad: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Rows of a table, chosen by indices: word vectors.

    Parameters
    ----------
    data : array
        Indices of any shape and dtype; the nearest row for those outside. No gradient passes to it.
    weight : array
        (input_dim, output_dim): the table.
    input_dim, output_dim : int
        Number of rows and their length.
    dtype : dtype
        Dtype of the table, where it is not known otherwise.
    sparse_grad : bool
        Whether the gradient of `weight` has ``row_sparse`` storage.

    Returns
    -------
    array
        ``data.shape + (output_dim,)``, in the dtype of `weight`.

    Examples
    --------
    >>> table = nd.array([[1, 2], [3, 4], [5, 6]])
    >>> nd.Embedding(nd.array([2, 0]), table, input_dim=3, output_dim=2)
    [[5. 6.]
     [1. 2.]]
    """

def Flatten(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """All axes but the first merged into one.

    Parameters
    ----------
    data : array
        (batch, ...).

    Returns
    -------
    array
        (batch, n).
    """

def FullyConnected(
    data: Symbol | None = None,
    weight: Symbol | None = None,
    bias: Symbol | None = None,
    *,
    num_hidden: int,
    no_bias: bool = False,
    flatten: bool = True,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """A linear map with bias: ``data @ weight.T + bias``.

    Parameters
    ----------
    data : array
        (batch, ...); all axes after the first are taken as one, unless `flatten` is False, which
        maps the last axis: (..., inputs).
    weight : array
        (num_hidden, inputs).
    bias : array, optional
        (num_hidden,).
    num_hidden : int
        Number of outputs.
    no_bias : bool
        Whether there is no bias.
    flatten : bool
        Whether to map all axes but the first, or the last only.

    Returns
    -------
    array
        (batch, num_hidden), or (..., num_hidden).

    Examples
    --------
    >>> x, w, b = nd.ones((2, 3, 4)), nd.ones((5, 12)), nd.zeros(5)
    >>> nd.FullyConnected(x, w, b, num_hidden=5).shape
    (2, 5)
    >>> nd.FullyConnected(x, nd.ones((5, 4)), num_hidden=5, no_bias=True, flatten=False).shape
    (2, 3, 5)
    """

def GridGenerator(
    data: Symbol | None = None,
    *,
    transform_type: str,
    target_shape: _Shape = (0, 0),
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Places for BilinearSampler.

    Parameters
    ----------
    data : array
        For ``'affine'``: (batch, 6), the rows of a 2 by 3 matrix which takes (x, y, 1) of the
        output to (x, y) of the input. For ``'warp'``: (batch, 2, height, width), how many pixels to
        the right and down of itself each output looks.
    transform_type : str
        ``'affine'`` or ``'warp'``.
    target_shape : (int, int)
        Height and width of the output, for ``'affine'``.

    Returns
    -------
    array
        (batch, 2, height, width): x and y of each place.

    Examples
    --------
    >>> nd.GridGenerator(nd.array([[1, 0, 0, 0, 1, 0]]), transform_type='affine',
    ...                  target_shape=(1, 3))
    [[[[-1.  0.  1.]]
      [[ 0.  0.  0.]]]]
    """

def GroupNorm(
    data: Symbol | None = None,
    gamma: Symbol | None = None,
    beta: Symbol | None = None,
    *,
    num_groups: int = 1,
    eps: float = 1e-05,
    output_mean_var: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Any:
    r"""Normalize groups of channels of each example.

    .. math:: y = \gamma \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta

    Wu and He, "Group normalization", 2018. As in MXNet 1.x, `gamma` and `beta` have one number for
    each group; one for each channel, as in the paper, works as well.

    Parameters
    ----------
    data : array
        (batch, channels, ...).
    gamma, beta : array
        (num_groups,) or (channels,).
    num_groups : int
        Number of groups; it divides the number of channels.
    eps : float
        Added to the variance.
    output_mean_var : bool
        Also return mean and standard deviation.

    Returns
    -------
    array
        `data`'s shape; with `output_mean_var` also two arrays (batch, num_groups).

    Examples
    --------
    >>> nd.GroupNorm(nd.ones((2, 6, 4)), nd.ones(3), nd.zeros(3), num_groups=3).shape
    (2, 6, 4)
    """

def IdentityAttachKLSparseReg(
    data: Symbol | None = None,
    moving_avg: Symbol | None = None,
    *,
    sparseness_target: float = 0.1,
    penalty: float = 0.001,
    momentum: float = 0.9,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""The array itself; its gradient gets a penalty on units that are active too often.

    The penalty is the derivative of the Kullback-Leibler divergence between the wanted mean
    activation :math:`\rho` and the running one :math:`\hat\rho`:

    .. math:: \lambda \left(-\frac{\rho}{\hat\rho} + \frac{1 - \rho}{1 - \hat\rho}\right)

    Meant for the outputs of a sigmoid. Ng, "Sparse autoencoder", 2011.

    Parameters
    ----------
    data : array
        (batch, units, ...), between 0 and 1.
    moving_avg : array
        (units,), the running mean; changed in place while training.
    sparseness_target : float
        The wanted mean activation.
    penalty : float
        The weight of the penalty.
    momentum : float
        How much of the running mean stays at each step.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> x, mean = nd.array([[0.2, 0.8]]), nd.array([0.1, 0.1])
    >>> nd.IdentityAttachKLSparseReg(x, mean)
    [[0.2 0.8]]
    """

def InstanceNorm(
    data: Symbol | None = None,
    gamma: Symbol | None = None,
    beta: Symbol | None = None,
    *,
    eps: float = 0.001,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""Normalize each channel of each example over its spatial axes.

    .. math:: y = \gamma \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta

    Ulyanov et al., "Instance normalization", 2016.

    Parameters
    ----------
    data : array
        (batch, channels, ...).
    gamma, beta : array
        (channels,).
    eps : float
        Added to the variance.

    Returns
    -------
    array
        `data`'s shape.

    Examples
    --------
    >>> nd.InstanceNorm(nd.array([[[1, 3], [10, 30]]]), nd.ones(2), nd.zeros(2)).shape
    (1, 2, 2)
    """

def L2Normalization(
    data: Symbol | None = None,
    *,
    eps: float = 1e-10,
    mode: str = 'instance',
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""The array divided by its L2 norm, :math:`x / \sqrt{\sum x^2 + \epsilon}`.

    Parameters
    ----------
    data : array
        (batch, channel, ...).
    eps : float
        Added to the sum of squares.
    mode : {'instance', 'channel', 'spatial'}
        What the sum runs over: all axes but the first, axis 1, or all axes but the first two.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def LRN(
    data: Symbol | None = None,
    *,
    alpha: float = 0.0001,
    beta: float = 0.75,
    knorm: float = 2.0,
    nsize: int,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""Local response normalization across channels.

    .. math:: y_c = x_c \Big/ \Big(k + \frac{\alpha}{n} \sum_{|d - c| \le n / 2} x_d^2\Big)^\beta

    Krizhevsky et al., "ImageNet classification with deep convolutional neural networks", 2012.

    Parameters
    ----------
    data : array
        (batch, channels, height, width).
    alpha, beta, knorm : float
        As in the formula (k is `knorm`).
    nsize : int
        Number of channels in the sum, odd.

    Returns
    -------
    array
        `data`'s shape.

    Examples
    --------
    >>> nd.LRN(nd.ones((1, 3, 2, 2)), nsize=3).shape
    (1, 3, 2, 2)
    """

def LayerNorm(
    data: Symbol | None = None,
    gamma: Symbol | None = None,
    beta: Symbol | None = None,
    *,
    axis: int = -1,
    eps: float = 1e-05,
    output_mean_var: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Any:
    r"""Normalize along one axis, for each position on the others.

    .. math:: y = \gamma \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta

    Ba et al., "Layer normalization", 2016.

    Parameters
    ----------
    data : array
    gamma, beta : array
        (n,), n the extent of `axis`.
    axis : int
        The axis over which mean and variance are taken.
    eps : float
        Added to the variance.
    output_mean_var : bool
        Also return mean and standard deviation.

    Returns
    -------
    array
        `data`'s shape; with `output_mean_var` also two arrays with extent 1 on `axis`.

    Examples
    --------
    >>> nd.LayerNorm(nd.array([[1, 3], [10, 30]]), nd.ones(2), nd.zeros(2)).round()
    [[-1.  1.]
     [-1.  1.]]
    """

def LeakyReLU(
    data: Symbol | None = None,
    gamma: Symbol | None = None,
    *,
    act_type: str = 'leaky',
    slope: float = 0.25,
    lower_bound: float = 0.125,
    upper_bound: float = 0.334,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""Rectifiers that let something of negative values through.

    Parameters
    ----------
    data : array
    gamma : array, optional
        Slopes of ``'prelu'``: (1,), or (channels,) along axis 1.
    act_type : str
        For negative values (positive ones stay as they are):

        - ``'leaky'``: :math:`\mathrm{slope} \cdot x` (Maas et al., 2013);
        - ``'prelu'``: :math:`\gamma x` (He et al., "Delving deep into rectifiers", 2015);
        - ``'rrelu'``: a slope drawn from [lower_bound, upper_bound) for each element while
          training, their mean otherwise (Xu et al., 2015);
        - ``'elu'``: :math:`\mathrm{slope} \cdot (e^x - 1)` (Clevert et al., 2016);
        - ``'selu'``: :math:`\lambda \alpha (e^x - 1)`, and :math:`\lambda x` for positive values
          (Klambauer et al., "Self-normalizing neural networks", 2017);
        - ``'gelu'``: :math:`x \Phi(x)` for all values (Hendrycks and Gimpel, 2016).
    slope : float
        Of ``'leaky'`` and ``'elu'``.
    lower_bound, upper_bound : float
        Of ``'rrelu'``.

    Returns
    -------
    array
        `data`'s shape.

    Examples
    --------
    >>> nd.LeakyReLU(nd.array([-2, 4]), act_type='leaky', slope=0.1)
    [-0.2  4. ]
    """

def LinearRegressionOutput(
    data: Symbol | None = None,
    label: Symbol | None = None,
    *,
    grad_scale: float = 1.0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The data itself, with the gradient of half the squared error: :math:`(x - l) s / n`.

    Parameters
    ----------
    data : array
        (batch, ...).
    label : array
        `data`'s shape, or another one with as many elements.
    grad_scale : float
        The s of the formula; n is the number of labels of one example.

    Returns
    -------
    array
        `data`.

    Examples
    --------
    >>> nd.LinearRegressionOutput(nd.array([[1, 2]]), nd.array([[0, 0]]))
    [[1. 2.]]
    """

def LogisticRegressionOutput(
    data: Symbol | None = None,
    label: Symbol | None = None,
    *,
    grad_scale: float = 1.0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""The sigmoid, with the gradient of the cross entropy: :math:`(\sigma(x) - l) s / n`.

    Parameters
    ----------
    data : array
        (batch, ...).
    label : array
        `data`'s shape, or another one with as many elements; between 0 and 1.
    grad_scale : float
        The s of the formula; n is the number of labels of one example.

    Returns
    -------
    array
        ``sigmoid(data)``.

    Examples
    --------
    >>> nd.LogisticRegressionOutput(nd.array([[0]]), nd.array([[1]]))
    [[0.5]]
    """

def MAERegressionOutput(
    data: Symbol | None = None,
    label: Symbol | None = None,
    *,
    grad_scale: float = 1.0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""The data itself, with the gradient of the absolute error.

    Parameters
    ----------
    data : array
        (batch, ...).
    label : array
        `data`'s shape, or another one with as many elements.
    grad_scale : float
        The gradient is :math:`\mathrm{sign}(x - l) s / n` with s this factor and n the number of
        labels of one example.

    Returns
    -------
    array
        `data`.

    Examples
    --------
    >>> nd.MAERegressionOutput(nd.array([[1, 2]]), nd.array([[0, 0]]))
    [[1. 2.]]
    """

def MakeLoss(
    data: Symbol | None = None,
    *,
    grad_scale: float = 1.0,
    valid_thresh: float = 0.0,
    normalization: str = 'null',
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The array itself, marked as a loss: its gradient is a constant, whatever arrives from above.

    Parameters
    ----------
    data : array
        Any shape.
    grad_scale : float
        The gradient of every element.
    valid_thresh : float
        Elements greater than this count as valid.
    normalization : {'null', 'batch', 'valid'}
        ``'batch'`` divides the gradient by the number of rows, ``'valid'`` by the number of valid
        elements (at least 1).

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def Pad(
    data: Symbol | None = None,
    *,
    mode: str,
    pad_width: _Shape,
    constant_value: float = 0.0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The array with a border.

    Parameters
    ----------
    data : array
        Any shape.
    mode : {'constant', 'edge', 'reflect'}
        What the border holds: a number, the nearest element, or the elements mirrored at the edge.
    pad_width : tuple of int
        Before and after the first axis, before and after the second axis, and so on.
    constant_value : float
        The number.

    Returns
    -------
    array
        Dtype of `data`.

    Examples
    --------
    >>> nd.pad(nd.ones((1, 1, 2, 3)), mode="edge", pad_width=(0, 0, 0, 0, 1, 1, 2, 2)).shape
    (1, 1, 4, 7)
    """

def Pooling(
    data: Symbol | None = None,
    *,
    kernel: _Shape = (),
    pool_type: str = 'max',
    global_pool: bool = False,
    cudnn_off: bool = False,
    pooling_convention: str = 'valid',
    stride: _Shape = (),
    pad: _Shape = (),
    p_value: int | None = None,
    count_include_pad: bool | None = None,
    layout: str | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""Pooling over one, two or three spatial axes.

    Each window gives one number: its maximum, mean, sum, or p-norm
    :math:`(\sum_i x_i^p)^{1/p}` (the signed sum, as MXNet computes it). Where a maximum occurs
    several times, the gradient goes to its first place.

    Parameters
    ----------
    data : array
        (batch, channels, \*spatial); channels last when `layout` says so.
    kernel : tuple of int
        Extent of the window.
    pool_type : str
        ``'max'``, ``'avg'``, ``'sum'`` or ``'lp'``.
    global_pool : bool
        One window over everything; `kernel`, `stride` and `pad` do not matter.
    pooling_convention : str
        How the last windows fit: ``'valid'`` gives ``(n + 2 * pad - kernel) // stride + 1``,
        ``'full'`` rounds up instead of down, ``'same'`` gives ``n / stride`` rounded up and
        chooses the padding.
    stride, pad : tuple of int
        Step of the window (1 by default), margin around the data.
    p_value : int, optional
        The p of ``'lp'``: 1, 2 or 3.
    count_include_pad : bool, optional
        Whether the margin counts in the mean; it does by default.
    layout : str, optional
        As in Convolution.
    cudnn_off
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        `data`'s layout with other spatial extents.

    Examples
    --------
    >>> x = nd.array([[[1, 5, 2, 4, 3]]])
    >>> nd.Pooling(x, kernel=(2,), stride=(2,), pool_type='max')
    [[[5. 4.]]]
    >>> nd.Pooling(x, kernel=(2,), stride=(2,), pool_type='max', pooling_convention='full')
    [[[5. 4. 3.]]]
    """

def Pooling_v1(
    data: Symbol | None = None,
    *,
    kernel: _Shape = (),
    pool_type: str = 'max',
    global_pool: bool = False,
    pooling_convention: str = 'valid',
    stride: _Shape = (),
    pad: _Shape = (),
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The first version of :func:`Pooling`.

    It differs in one thing: a mean is always divided by the size of the kernel, also where the
    last window of ``pooling_convention='full'`` reaches over the end of the data.

    Parameters
    ----------
    data : array
        (batch, channels, ...).
    kernel : tuple of int
        Extent of the window.
    pool_type : {'max', 'avg', 'sum'}
        What each window gives.
    global_pool : bool
        One window over everything.
    pooling_convention : {'valid', 'full'}
        Whether the number of windows is rounded down or up.
    stride, pad : tuple of int
        Step of the window (1 by default), margin around the data.

    Returns
    -------
    array
        (batch, channels, ...) with other spatial extents.

    Examples
    --------
    >>> x = nd.array([[[[2, 4, 6]]]])
    >>> nd.Pooling_v1(x, kernel=(1, 2), stride=(1, 2), pool_type="avg", pooling_convention="full")
    [[[[3. 3.]]]]
    """

def RNN(
    data: Symbol | None = None,
    parameters: Symbol | None = None,
    state: Symbol | None = None,
    state_cell: Symbol | None = None,
    sequence_length: Symbol | None = None,
    *,
    state_size: int,
    num_layers: int,
    bidirectional: bool = False,
    mode: str,
    p: float = 0.0,
    state_outputs: bool = False,
    projection_size: int | None = None,
    lstm_state_clip_min: float | None = None,
    lstm_state_clip_max: float | None = None,
    lstm_state_clip_nan: bool = False,
    use_sequence_length: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Any:
    r"""Layers of recurrent cells, one on top of the other.

    With :math:`x_t` the input of a layer at time :math:`t` and :math:`h` its state, a layer is

    * ``'rnn_tanh'``, ``'rnn_relu'`` (Elman, "Finding structure in time", 1990):
      :math:`h_t = \tanh(W x_t + b + U h_{t-1} + d)`, or relu in place of tanh.
    * ``'lstm'`` (Hochreiter and Schmidhuber, "Long short-term memory", 1997): with
      :math:`(i, f, g, o) = W x_t + b + U h_{t-1} + d`,

      .. math:: c_t = \sigma(f) c_{t-1} + \sigma(i) \tanh(g), \quad h_t = \sigma(o) \tanh(c_t)

      and with a projection (Sak et al., "Long short-term memory based recurrent neural network
      architectures", 2014) :math:`R h_t` in place of :math:`h_t`.
    * ``'gru'`` (Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014):
      with :math:`(r, z, n) = W x_t + b` and :math:`(r', z', n') = U h_{t-1} + d`,

      .. math::
          h_t = (1 - \sigma(z + z')) \tanh(n + \sigma(r + r') n') + \sigma(z + z') h_{t-1}

    Parameters
    ----------
    data : array
        The inputs, (time, batch, features).
    parameters : array
        All weights and biases in one vector: first the weights, layer by layer, the forward before
        the backward direction, of each :math:`W`, :math:`U` and :math:`R`, in the order of rows;
        then the biases :math:`b` and :math:`d` in the same order.
    state : array
        The states before the first step, (layers * directions, batch, state_size); with a
        projection, projection_size in place of state_size. A batch of 1 serves all.
    state_cell : array, optional
        For an LSTM, :math:`c` before the first step, (layers * directions, batch, state_size).
    sequence_length : array, optional
        (batch,), lengths of the sequences, of any dtype; with `use_sequence_length`.
    state_size : int
        Number of elements of a state.
    num_layers : int
        Number of layers.
    bidirectional : bool
        Whether each layer also runs from the end to the beginning; the outputs of both directions
        stand side by side.
    mode : str
        ``'rnn_relu'``, ``'rnn_tanh'``, ``'lstm'`` or ``'gru'``.
    p : float
        While training, the share of elements that dropout sets to 0 between layers.
    state_outputs : bool
        Also return the states after the last step.
    projection_size : int, optional
        Size of the projection, for an LSTM.
    lstm_state_clip_min, lstm_state_clip_max : float, optional
        Bounds within which an LSTM's :math:`c` is kept; both or none.
    lstm_state_clip_nan : bool
        Also put the lower bound in the place of NaN.
    use_sequence_length : bool
        Take each sequence to its own length only: outputs beyond are 0, the last state is that
        after its last element, and the backward direction begins there.

    Returns
    -------
    array
        (time, batch, directions * state_size); with `state_outputs` also the last states, in the
        shapes of `state` and `state_cell`.

    Examples
    --------
    >>> x, h = nd.ones((5, 2, 3)), nd.zeros((1, 2, 4))
    >>> w = nd.ones(4 * (3 + 4 + 2)) * 0.1
    >>> y, last = nd.RNN(x, w, h, state_size=4, num_layers=1, mode='rnn_tanh', state_outputs=True)
    >>> y.shape, last.shape
    ((5, 2, 4), (1, 2, 4))
    """

def ROIPooling(
    data: Symbol | None = None,
    rois: Symbol | None = None,
    *,
    pooled_size: _Shape,
    spatial_scale: float,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""The largest value in each bin of a region (Girshick, "Fast R-CNN", 2015).

    Corners are rounded to whole pixels, bins are widened to whole pixels, and an empty bin gives 0.

    Parameters
    ----------
    data : array
        (batch, channels, height, width).
    rois : array
        (regions, 5): rows of (image, x1, y1, x2, y2), both corners included.
    pooled_size : (int, int)
        Rows and columns of bins.
    spatial_scale : float
        Size of the features in relation to that of the picture.

    Returns
    -------
    array
        (regions, channels, \*pooled_size).

    Examples
    --------
    >>> x = nd.arange(16).reshape((1, 1, 4, 4))
    >>> nd.ROIPooling(x, nd.array([[0, 0, 0, 3, 3]]), pooled_size=(2, 2), spatial_scale=1)
    [[[[ 5.  7.]
       [13. 15.]]]]
    """

def Reshape(
    data: Symbol | None = None,
    *,
    shape: _Shape = (),
    reverse: bool = False,
    target_shape: _Shape = (),
    keep_highest: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The elements in another shape.

    Besides lengths, `shape` may contain these codes, which are read from the left together with the
    axes of `data`:

    - 0 copies the length of the axis in this place;
    - -1, once, stands for the length that makes the sizes equal;
    - -2 copies all axes that are left;
    - -3 merges the next two axes;
    - -4 splits the next axis into the two lengths that follow, one of which may be -1.

    Parameters
    ----------
    data : array
        Any shape.
    shape : tuple of int
        Lengths and codes.
    reverse : bool
        Read `shape` and the axes of `data` from the right.
    target_shape : tuple of int
        The shape in a form that old symbol files have: 0 once, for the length that is left.
    keep_highest : bool
        With `target_shape`: keep the first axis.

    Returns
    -------
    array
        The same elements in the same order.

    Examples
    --------
    >>> x = nd.zeros((2, 3, 4))
    >>> nd.reshape(x, (0, -1)).shape
    (2, 12)
    >>> nd.reshape(x, (-3, 0)).shape
    (6, 4)
    >>> nd.reshape(x, (-4, 1, 2, -2)).shape
    (1, 2, 3, 4)
    """

def SVMOutput(
    data: Symbol | None = None,
    label: Symbol | None = None,
    *,
    margin: float = 1.0,
    regularization_coefficient: float = 1.0,
    use_linear: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""The data itself, with the gradient of a support vector machine's loss.

    The loss of one example is :math:`c \sum_k \max(0, m - s_k x_k)^2`, with :math:`s_k = 1` for the
    class of its label and -1 for the others; without the square if `use_linear`. Tang, "Deep
    learning using linear support vector machines", 2013.

    Parameters
    ----------
    data : array
        (batch, classes).
    label : array
        (batch,): the class of each example.
    margin : float
        The m of the formula.
    regularization_coefficient : float
        The c of the formula.
    use_linear : bool
        Whether the loss is linear in the violation, not quadratic.

    Returns
    -------
    array
        `data`.

    Examples
    --------
    >>> nd.SVMOutput(nd.array([[2, -2]]), nd.array([0]))
    [[ 2. -2.]]
    """

def SequenceLast(
    data: Symbol | None = None,
    sequence_length: Symbol | None = None,
    *,
    use_sequence_length: bool = False,
    axis: int = 0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The last element of each sequence.

    Parameters
    ----------
    data : array
        (time, batch, ...), or (batch, time, ...) with ``axis=1``.
    sequence_length : array, optional
        (batch,).
    use_sequence_length : bool
        Whether `sequence_length` is given; without it all sequences are as long as the time axis.
    axis : {0, 1}
        The time axis.

    Returns
    -------
    array
        (batch, ...).
    """

def SequenceMask(
    data: Symbol | None = None,
    sequence_length: Symbol | None = None,
    *,
    use_sequence_length: bool = False,
    value: float = 0.0,
    axis: int = 0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The array with `value` in place of everything beyond the end of each sequence.

    Parameters
    ----------
    data : array
        (time, batch, ...), or (batch, time, ...) with ``axis=1``.
    sequence_length : array, optional
        (batch,).
    use_sequence_length : bool
        Whether `sequence_length` is given; without it the array is returned as it is.
    value : float
        What is put beyond the end.
    axis : {0, 1}
        The time axis.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> x = nd.array([[1, 2], [3, 4]])
    >>> nd.SequenceMask(x, nd.array([1, 2]), use_sequence_length=True)
    [[1. 2.]
     [0. 4.]]
    """

def SequenceReverse(
    data: Symbol | None = None,
    sequence_length: Symbol | None = None,
    *,
    use_sequence_length: bool = False,
    axis: int = 0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The sequences reversed; what is beyond the end of a sequence stays where it is.

    Parameters
    ----------
    data : array
        (time, batch, ...), or (batch, time, ...) with ``axis=1``.
    sequence_length : array, optional
        (batch,).
    use_sequence_length : bool
        Whether `sequence_length` is given; without it all sequences are as long as the time axis.
    axis : {0, 1}
        The time axis.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> x = nd.array([[1, 2], [3, 4]])
    >>> nd.SequenceReverse(x, nd.array([1, 2]), use_sequence_length=True)
    [[1. 4.]
     [3. 2.]]
    """

def SliceChannel(
    data: Symbol | None = None,
    *,
    num_outputs: int,
    axis: int = 1,
    squeeze_axis: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Any:
    """The array cut into equal parts.

    Parameters
    ----------
    data : array
        Any shape.
    num_outputs : int
        Number of parts; it divides the length of the axis.
    axis : int
        The axis that is cut.
    squeeze_axis : bool
        Remove the axis from parts that have length 1 along it.

    Returns
    -------
    list of array
        The parts; the array itself when there is one.

    Examples
    --------
    >>> a, b = nd.split(nd.array([[1, 2], [3, 4]]), num_outputs=2, axis=0)
    >>> b
    [[3. 4.]]
    """

def Softmax(
    data: Symbol | None = None,
    label: Symbol | None = None,
    *,
    grad_scale: float = 1.0,
    ignore_label: float = -1.0,
    multi_output: bool = False,
    use_ignore: bool = False,
    preserve_shape: bool = False,
    normalization: str = 'null',
    out_grad: bool = False,
    smooth_alpha: float = 0.0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""Softmax with the gradient of the cross entropy: :math:`\partial L / \partial x = p - t`.

    The gradient that arrives from outside is ignored (but see `out_grad`).

    Parameters
    ----------
    data : array
        Scores: (batch, ...), with one softmax for each example over all that follows; over axis 1
        of (batch, classes, ...) with `multi_output`; over the last axis with `preserve_shape`.
    label : array
        The class of each softmax: (batch,); (batch, ...) with `multi_output`, where the axes
        after the first may be taken as one; `data`'s shape without the last axis with
        `preserve_shape`. Or target probabilities of `data`'s shape, to which only `grad_scale` and
        `out_grad` apply.
    grad_scale : float
        Factor on the gradient.
    ignore_label : float
        With `use_ignore`, what has this label gets no gradient.
    multi_output, preserve_shape : bool
        Which axes the softmax runs over.
    use_ignore : bool
        Whether `ignore_label` is used.
    normalization : str
        The gradient is divided by: nothing (``'null'``), the number of labels (``'batch'``), the
        number of labels that are not `ignore_label` (``'valid'``). With `multi_output`, ``'null'``
        and ``'batch'`` divide by the number of positions too.
    out_grad : bool
        Multiply the gradient that arrives from outside into the result.
    smooth_alpha : float
        Label smoothing: the target is :math:`1 - \alpha` for the class of the label and
        :math:`\alpha / (K - 1)` for the others (Szegedy et al., 2016). Not used with
        `multi_output`.

    Returns
    -------
    array
        Probabilities, `data`'s shape.

    Examples
    --------
    >>> nd.SoftmaxOutput(nd.array([[0, 0]]), nd.array([1]))
    [[0.5 0.5]]
    """

def SoftmaxActivation(
    data: Symbol | None = None,
    *,
    mode: str = 'instance',
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The softmax over the last axis or over the channels; an old spelling of ``softmax``.

    Parameters
    ----------
    data : array
        (batch, channels, ...).
    mode : str
        ``'instance'`` sums over the last axis, ``'channel'`` over axis 1.

    Returns
    -------
    array
        `data`'s shape.

    Examples
    --------
    >>> nd.SoftmaxActivation(nd.zeros((1, 2)))
    [[0.5 0.5]]
    """

SoftmaxOutput = Softmax

def SpatialTransformer(
    data: Symbol | None = None,
    loc: Symbol | None = None,
    *,
    target_shape: _Shape = (0, 0),
    transform_type: str,
    sampler_type: str,
    cudnn_off: bool | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""Images under affine maps: GridGenerator and BilinearSampler in one.

    Parameters
    ----------
    data : array
        (batch, channels, height, width).
    loc : array
        (batch, 6): the rows of a 2 by 3 matrix, as in GridGenerator.
    target_shape : (int, int)
        Height and width of the output.
    transform_type : str
        ``'affine'``.
    sampler_type : str
        ``'bilinear'``.
    cudnn_off
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        (batch, channels, \*target_shape).

    Examples
    --------
    >>> x = nd.array([[[[1, 2], [3, 4]]]])
    >>> mirror = nd.array([[-1, 0, 0, 0, 1, 0]])
    >>> nd.SpatialTransformer(x, mirror, target_shape=(2, 2), transform_type='affine',
    ...                       sampler_type='bilinear')
    [[[[2. 1.]
       [4. 3.]]]]
    """

def SwapAxis(
    data: Symbol | None = None,
    *,
    dim1: int = 0,
    dim2: int = 0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The array with two axes exchanged.

    Parameters
    ----------
    data : array
        Any shape.
    dim1, dim2 : int
        The axes.

    Returns
    -------
    array
        Dtype of `data`.
    """

def UpSampling(
    *data: Symbol | Sequence[Symbol],
    scale: int,
    num_filter: int = 0,
    sample_type: str,
    multi_input_mode: str = 'concat',
    workspace: int = 512,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Enlarge images.

    Parameters
    ----------
    *data : array
        Images (batch, channels, height, width). For ``'nearest'`` any number of them: the first
        is enlarged by `scale`, the others to the same size. For ``'bilinear'`` the image and the
        weight of the transposed convolution that does the work, (num_filter, 1, k, k) with
        ``k = 2 * scale - scale % 2``.
    scale : int
        How many times larger.
    num_filter : int
        Number of channels, for ``'bilinear'``.
    sample_type : str
        ``'nearest'`` repeats the nearest pixel, ``'bilinear'`` learns its weights.
    multi_input_mode : str
        ``'concat'`` joins several images along the channels, ``'sum'`` adds them.
    workspace
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        (batch, channels, scale * height, scale * width).

    Examples
    --------
    >>> nd.UpSampling(nd.array([[[[1, 2]]]]), scale=2, sample_type='nearest')
    [[[[1. 1. 2. 2.]
       [1. 1. 2. 2.]]]]
    """

def abs(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Absolute value; its gradient is the sign, 0 at 0.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def adam_update(
    weight: Symbol | None = None,
    grad: Symbol | None = None,
    mean: Symbol | None = None,
    var: Symbol | None = None,
    *,
    lr: float,
    beta1: float = 0.8999999761581421,
    beta2: float = 0.9990000128746033,
    epsilon: float = 9.99999993922529e-09,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    lazy_update: bool = True,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Adam (Kingma and Ba, 2014), without the correction of the bias, which belongs into `lr`.

    ``g = clip(rescale_grad * grad + wd * weight)``; ``mean = beta1 * mean + (1 - beta1) * g``;
    ``var = beta2 * var + (1 - beta2) * g**2``;
    ``weight = weight - lr * mean / (sqrt(var) + epsilon)``.

    Parameters
    ----------
    weight : array
        The weight.
    grad : array
        Its gradient, of the same shape.
    mean : array
        Running mean of the gradients; changed in place.
    var : array
        Running mean of their squares; changed in place.
    lr : float
        The learning rate.
    beta1 : float
        How much of the running mean stays.
    beta2 : float
        How much of the running mean of squares stays.
    epsilon : float
        Keeps the denominator away from 0.
    wd : float
        Weight decay.
    rescale_grad : float
        Multiplies the gradient.
    clip_gradient : float
        The gradient is clipped to [-c, c]; a negative number does not clip.
    lazy_update : bool
        Without effect; it concerns row-sparse gradients.

    Returns
    -------
    array
        The new weight.

    Examples
    --------
    >>> w, g = nd.array([1, 2]), nd.array([10, -10])
    >>> mean, var = nd.zeros(2), nd.zeros(2)
    >>> nd.adam_update(w, g, mean, var, lr=0.1, beta1=0.5, beta2=0.75, out=w)
    [0.9 2.1]
    >>> mean
    [ 5. -5.]
    """

def add(lhs: Symbol | float, rhs: Symbol | float) -> Symbol:
    """The sum ``lhs + rhs``.

    Parameters
    ----------
    lhs, rhs : array or number
        Shapes are equal but for axes of length 1. A number takes the dtype of the array.

    Returns
    -------
    array
        The common shape.
    """

add_n = ElementWiseSum

def all_finite(
    data: Symbol | None = None,
    *,
    init_output: bool = True,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Whether all elements are finite: 1, or 0 if there is an infinity or a NaN.

    Parameters
    ----------
    data : array
        Any shape.
    init_output : bool
        With False and ``out=``, the result is 1 only where `out` was 1 before.

    Returns
    -------
    array
        (1,), float32.

    Examples
    --------
    >>> nd.all_finite(nd.array([1, np.inf]))
    [0.]
    """

def amp_cast(
    data: Symbol | None = None,
    *,
    dtype: _DType,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The array in another dtype, if it is of a floating-point type; integers stay.

    The gradient arrives in the dtype of `data`.

    Parameters
    ----------
    data : array
        Any shape.
    dtype : dtype or str
        The dtype wanted.

    Returns
    -------
    array
        Shape of `data`.

    Examples
    --------
    >>> nd.amp_cast(nd.ones(2), dtype="float16").dtype.__name__
    'float16'
    """

def amp_multicast(
    *data: Symbol | Sequence[Symbol],
    num_outputs: int,
    cast_narrow: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Any:
    """Several arrays in the widest floating-point type among them; integers stay.

    Parameters
    ----------
    *data : array
        Any shapes.
    num_outputs : int
        How many arrays there are.
    cast_narrow : bool
        Take the narrowest type instead.

    Returns
    -------
    list of array
        Shapes of `data`.

    Examples
    --------
    >>> a, b = nd.amp_multicast(nd.ones(2, dtype="float16"), nd.ones(3), num_outputs=2)
    >>> a.dtype.__name__
    'float32'
    """

def arccos(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Inverse cosine, in [0, pi]; NaN outside [-1, 1].

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def arccosh(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Inverse hyperbolic cosine; NaN below 1.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def arcsin(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Inverse sine, in [-pi/2, pi/2]; NaN outside [-1, 1].

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def arcsinh(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Inverse hyperbolic sine.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def arctan(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Inverse tangent, in (-pi/2, pi/2).

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def arctanh(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Inverse hyperbolic tangent; NaN outside [-1, 1].

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def argmax(
    data: Symbol | None = None,
    *,
    axis: int | None = None,
    keepdims: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Index of the greatest element, of the first one if there are several.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int, optional
        The axis to search; None searches the flattened array.
    keepdims : bool
        Keep the axis, with length 1.

    Returns
    -------
    array
        Indices in the dtype of `data`.

    Examples
    --------
    >>> nd.argmax(nd.array([[0, 7, 1], [3, 2, 5]]), axis=1)
    [1. 2.]
    """

def argmax_channel(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Index of the greatest element along axis 1: the predicted class of each row.

    Parameters
    ----------
    data : array
        At least two axes: (batch, classes, ...).

    Returns
    -------
    array
        Indices in the dtype of `data`: (batch, ...).
    """

def argmin(
    data: Symbol | None = None,
    *,
    axis: int | None = None,
    keepdims: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Index of the least element, of the first one if there are several.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int, optional
        The axis to search; None searches the flattened array.
    keepdims : bool
        Keep the axis, with length 1.

    Returns
    -------
    array
        Indices in the dtype of `data`.
    """

def argsort(
    data: Symbol | None = None,
    *,
    axis: int | None = -1,
    is_ascend: bool = True,
    dtype: _DType = 'float32',
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Indices that sort an array along an axis.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int, optional
        The axis; None sorts the flattened array.
    is_ascend : bool
        From the least to the greatest.
    dtype : dtype
        Dtype of the indices.

    Returns
    -------
    array
        Shape of `data`; flattened when `axis` is None.

    Examples
    --------
    >>> nd.argsort(nd.array([[3, 1, 2]]))
    [[1. 2. 0.]]
    """

def batch_dot(
    lhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    transpose_a: bool = False,
    transpose_b: bool = False,
    forward_stype: str | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Products of matrices, one for each entry of a batch.

    Parameters
    ----------
    lhs, rhs : array
        (..., m, n) and (..., n, k), of one dtype and with the same leading axes.
    transpose_a, transpose_b : bool
        Transpose the matrices of `lhs`, of `rhs` first: (..., n, m), (..., k, n).
    forward_stype : str, optional
        Storage type of the result, for sparse arrays.

    Returns
    -------
    array
        (..., m, k).

    Examples
    --------
    >>> nd.batch_dot(nd.ones((5, 2, 3)), nd.ones((5, 3, 4))).shape
    (5, 2, 4)
    """

def batch_take(
    a: Symbol | None = None,
    indices: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """One element of each row.

    Parameters
    ----------
    a : array
        (n, m).
    indices : array
        (n,): where the element stands in its row; the nearest place for indices outside.

    Returns
    -------
    array
        (n,).

    Examples
    --------
    >>> nd.batch_take(nd.array([[1, 2], [3, 4]]), nd.array([1, 0], dtype="int32"))
    [2. 3.]
    """

def broadcast_add(
    lhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The sum ``lhs + rhs``.

    Parameters
    ----------
    lhs, rhs : array
        Two arrays of one dtype whose shapes are equal but for axes of length 1.

    Returns
    -------
    array
        The common shape, and the dtype of `lhs`.
    """

def broadcast_axes(
    data: Symbol | None = None,
    *,
    axis: _Shape = (),
    size: _Shape = (),
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The array with some axes of length 1 stretched.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int or tuple of int
        The axes to stretch; they have length 1.
    size : int or tuple of int
        Their new lengths.

    Returns
    -------
    array
        Dtype of `data`.

    Examples
    --------
    >>> nd.broadcast_axis(nd.zeros((1, 2, 1)), axis=(0, 2), size=(3, 4)).shape
    (3, 2, 4)
    """

broadcast_axis = broadcast_axes

def broadcast_div(
    lhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The quotient ``lhs / rhs``; that of integers is rounded towards 0.

    Parameters
    ----------
    lhs, rhs : array
        Two arrays of one dtype whose shapes are equal but for axes of length 1.

    Returns
    -------
    array
        The common shape, and the dtype of `lhs`.
    """

def broadcast_equal(
    lhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """1 where the elements are equal, 0 elsewhere.

    Parameters
    ----------
    lhs, rhs : array
        Two arrays of one dtype whose shapes are equal but for axes of length 1.

    Returns
    -------
    array
        The common shape, and the dtype of `lhs`.
    """

def broadcast_greater(
    lhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """1 where ``lhs > rhs``, 0 elsewhere.

    Parameters
    ----------
    lhs, rhs : array
        Two arrays of one dtype whose shapes are equal but for axes of length 1.

    Returns
    -------
    array
        The common shape, and the dtype of `lhs`.
    """

def broadcast_greater_equal(
    lhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """1 where ``lhs >= rhs``, 0 elsewhere.

    Parameters
    ----------
    lhs, rhs : array
        Two arrays of one dtype whose shapes are equal but for axes of length 1.

    Returns
    -------
    array
        The common shape, and the dtype of `lhs`.
    """

def broadcast_hypot(
    lhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The hypotenuse ``sqrt(lhs ** 2 + rhs ** 2)``; its gradient is 0 where both are 0.

    Parameters
    ----------
    lhs, rhs : array
        Two arrays of one dtype whose shapes are equal but for axes of length 1.

    Returns
    -------
    array
        The common shape, and the dtype of `lhs`.
    """

def broadcast_lesser(
    lhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """1 where ``lhs < rhs``, 0 elsewhere.

    Parameters
    ----------
    lhs, rhs : array
        Two arrays of one dtype whose shapes are equal but for axes of length 1.

    Returns
    -------
    array
        The common shape, and the dtype of `lhs`.
    """

def broadcast_lesser_equal(
    lhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """1 where ``lhs <= rhs``, 0 elsewhere.

    Parameters
    ----------
    lhs, rhs : array
        Two arrays of one dtype whose shapes are equal but for axes of length 1.

    Returns
    -------
    array
        The common shape, and the dtype of `lhs`.
    """

def broadcast_like(
    lhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    lhs_axes: _Shape | None = None,
    rhs_axes: _Shape | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """`lhs` with axes of length 1 stretched to the lengths that `rhs` has.

    Parameters
    ----------
    lhs : array
        What is stretched.
    rhs : array
        Only its shape matters.
    lhs_axes, rhs_axes : tuple of int, optional
        Axes of `lhs` and the axes of `rhs` whose lengths they take; all by default.

    Returns
    -------
    array
        Dtype of `lhs`.
    """

def broadcast_logical_and(
    lhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """1 where neither element is 0, 0 elsewhere.

    Parameters
    ----------
    lhs, rhs : array
        Two arrays of one dtype whose shapes are equal but for axes of length 1.

    Returns
    -------
    array
        The common shape, and the dtype of `lhs`.
    """

def broadcast_logical_or(
    lhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """1 where at least one element is not 0, 0 elsewhere.

    Parameters
    ----------
    lhs, rhs : array
        Two arrays of one dtype whose shapes are equal but for axes of length 1.

    Returns
    -------
    array
        The common shape, and the dtype of `lhs`.
    """

def broadcast_logical_xor(
    lhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """1 where exactly one element is 0, 0 elsewhere.

    Parameters
    ----------
    lhs, rhs : array
        Two arrays of one dtype whose shapes are equal but for axes of length 1.

    Returns
    -------
    array
        The common shape, and the dtype of `lhs`.
    """

def broadcast_maximum(
    lhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The greater of two elements; where they are equal the gradient goes to `lhs`.

    Parameters
    ----------
    lhs, rhs : array
        Two arrays of one dtype whose shapes are equal but for axes of length 1.

    Returns
    -------
    array
        The common shape, and the dtype of `lhs`.
    """

def broadcast_minimum(
    lhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The lesser of two elements; where they are equal the gradient goes to `lhs`.

    Parameters
    ----------
    lhs, rhs : array
        Two arrays of one dtype whose shapes are equal but for axes of length 1.

    Returns
    -------
    array
        The common shape, and the dtype of `lhs`.
    """

def broadcast_minus(
    lhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The difference ``lhs - rhs``.

    Parameters
    ----------
    lhs, rhs : array
        Two arrays of one dtype whose shapes are equal but for axes of length 1.

    Returns
    -------
    array
        The common shape, and the dtype of `lhs`.
    """

def broadcast_mod(
    lhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The remainder of ``lhs / rhs``: it has the sign of `rhs`, and is 0 where `rhs` is 0.

    Parameters
    ----------
    lhs, rhs : array
        Two arrays of one dtype whose shapes are equal but for axes of length 1.

    Returns
    -------
    array
        The common shape, and the dtype of `lhs`.
    """

def broadcast_mul(
    lhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The product ``lhs * rhs``.

    Parameters
    ----------
    lhs, rhs : array
        Two arrays of one dtype whose shapes are equal but for axes of length 1.

    Returns
    -------
    array
        The common shape, and the dtype of `lhs`.
    """

def broadcast_not_equal(
    lhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """1 where the elements differ, 0 elsewhere.

    Parameters
    ----------
    lhs, rhs : array
        Two arrays of one dtype whose shapes are equal but for axes of length 1.

    Returns
    -------
    array
        The common shape, and the dtype of `lhs`.
    """

broadcast_plus = broadcast_add

def broadcast_power(
    lhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """``lhs`` to the power of ``rhs``; of integers, the whole part.

    Parameters
    ----------
    lhs, rhs : array
        Two arrays of one dtype whose shapes are equal but for axes of length 1.

    Returns
    -------
    array
        The common shape, and the dtype of `lhs`.
    """

broadcast_sub = broadcast_minus

def broadcast_to(
    data: Symbol | None = None,
    *,
    shape: _Shape = (),
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The array with axes of length 1 stretched.

    Parameters
    ----------
    data : array
        As many axes as `shape` has entries.
    shape : tuple of int
        The shape wanted; 0 keeps the length of an axis.

    Returns
    -------
    array
        Dtype of `data`.

    Examples
    --------
    >>> nd.broadcast_to(nd.array([[1, 2]]), shape=(2, 0))
    [[1. 2.]
     [1. 2.]]
    """

cast = Cast

def cast_storage(
    data: Symbol | None = None,
    *,
    stype: str,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The same array with another storage type.

    Parameters
    ----------
    data : array
        For ``'csr'``, a matrix; for ``'row_sparse'``, any array with axes.
    stype : {'default', 'row_sparse', 'csr'}
        The storage type. In a graph, and inside a hybridized block, arrays are dense whatever it
        says.

    Returns
    -------
    array
        Shape, dtype and values of `data`.

    Examples
    --------
    >>> x = nd.cast_storage(nd.array([[0, 1], [0, 0]]), stype='csr')
    >>> x.data
    [1.]
    """

def cbrt(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Cube root.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def ceil(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The smallest whole number that is not less than the element.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def choose_element_0index(
    data: Symbol | None = None,
    index: Symbol | None = None,
    *,
    axis: int | None = -1,
    keepdims: bool = False,
    mode: str = 'clip',
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """One element along an axis for each place on the others.

    Parameters
    ----------
    data : array
        At least one axis.
    index : array
        Shape of `data` without `axis`, or with length 1 there. No gradient passes to it.
    axis : int
        The axis.
    keepdims : bool
        Keep the axis, with length 1.
    mode : {'clip', 'wrap'}
        What becomes of indices outside of the axis: the nearest one, or counted round and round.

    Returns
    -------
    array
        Dtype of `data`.

    Examples
    --------
    >>> nd.pick(nd.array([[1, 2, 3], [4, 5, 6]]), nd.array([0, 2]), axis=1)
    [1. 6.]
    """

def clip(
    data: Symbol | None = None,
    *,
    a_min: float,
    a_max: float,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The array with its elements limited to [`a_min`, `a_max`].

    The gradient passes where the element is inside, borders included.

    Parameters
    ----------
    data : array
        Any shape.
    a_min, a_max : float
        The limits.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.clip(nd.array([-2, 0.5, 7]), 0, 1)
    [0.  0.5 1. ]
    """

def col2im(
    data: Symbol | None = None,
    *,
    output_size: _Shape,
    kernel: _Shape,
    stride: _Shape = (),
    dilate: _Shape = (),
    pad: _Shape = (),
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""Columns put back where :func:`im2col` took them from; elements in several windows add up.

    Parameters
    ----------
    data : array
        (batch, channels * elements of a window, windows).
    output_size : tuple of int
        The spatial axes of the result.
    kernel : tuple of int
        Size of a window.
    stride, dilate : tuple of int
        Steps between windows, and between the elements of one; 1 by default.
    pad : tuple of int
        Zeros before and after each axis; none by default.

    Returns
    -------
    array
        (batch, channels, \*output_size).

    Examples
    --------
    >>> nd.col2im(nd.array([[[1, 2], [2, 3]]]), output_size=(1, 3), kernel=(1, 2))
    [[[[1. 4. 3.]]]]
    """

concat = Concat

def cos(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Cosine of angles in radians.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def cosh(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Hyperbolic cosine, ``(exp(x) + exp(-x)) / 2``.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def crop(
    data: Symbol | None = None,
    *,
    begin: _Shape,
    end: _Shape,
    step: _Shape = (),
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """A part of the array, ``data[begin[0]:end[0]:step[0], ...]``.

    Parameters
    ----------
    data : array
        Any shape.
    begin, end : tuple of int or None
        Where the part begins and ends along the first axes. Negative numbers count from the end;
        None is the first or the last place.
    step : tuple of int or None
        Steps, which may be negative; 1 by default.

    Returns
    -------
    array
        Dtype of `data`.

    Examples
    --------
    >>> x = nd.array([[1, 2, 3], [4, 5, 6]])
    >>> nd.slice(x, begin=(0, 1), end=(1, None))
    [[2. 3.]]
    >>> nd.slice(x, begin=(None, None), end=(None, None), step=(1, -1))
    [[3. 2. 1.]
     [6. 5. 4.]]
    """

ctc_loss = CTCLoss

def cumsum(
    a: Symbol | None = None,
    *,
    axis: int | None = None,
    dtype: _DType | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Cumulative sum.

    Parameters
    ----------
    a : array
        Any shape.
    axis : int, optional
        The axis to sum along; None sums along the flattened array.
    dtype : dtype, optional
        Dtype of the sum and of the result; that of `a` by default.

    Returns
    -------
    array
        Shape of `a`, flattened when `axis` is None.

    Examples
    --------
    >>> nd.cumsum(nd.array([1, 2, 3]))
    [1. 3. 6.]
    """

def degrees(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Angles in degrees from angles in radians.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def depth_to_space(
    data: Symbol | None = None,
    *,
    block_size: int,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Blocks of channels laid out as blocks of pixels.

    Parameters
    ----------
    data : array
        (batch, block_size ** 2 * channels, height, width).
    block_size : int
        Height and width of a block.

    Returns
    -------
    array
        (batch, channels, height * block_size, width * block_size).
    """

def diag(
    data: Symbol | None = None,
    *,
    k: int = 0,
    axis1: int = 0,
    axis2: int = 1,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The diagonal of a matrix, or the matrix with a given diagonal.

    Parameters
    ----------
    data : array
        A vector, which becomes a diagonal, or an array from which diagonals are taken.
    k : int
        Which diagonal: 0 is the main one, greater numbers are above it.
    axis1, axis2 : int
        Rows and columns of the matrices, where `data` has more than one axis.

    Returns
    -------
    array
        (n + abs(k), n + abs(k)) for a vector; otherwise the axes that remain, then the diagonal.

    Examples
    --------
    >>> nd.diag(nd.array([[1, 2], [3, 4]]))
    [1. 4.]
    """

def divide(lhs: Symbol | float, rhs: Symbol | float) -> Symbol:
    """The quotient ``lhs / rhs``; that of integers is rounded towards 0.

    Parameters
    ----------
    lhs, rhs : array or number
        Shapes are equal but for axes of length 1. A number takes the dtype of the array.

    Returns
    -------
    array
        The common shape.
    """

def dot(
    lhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    transpose_a: bool = False,
    transpose_b: bool = False,
    forward_stype: str | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""The product of two vectors, matrices or tensors.

    It sums over the last axis of `lhs` and the first of `rhs`:
    :math:`y_{i \dots k \dots} = \sum_j a_{i \dots j} b_{j k \dots}`.

    Parameters
    ----------
    lhs, rhs : array
        (..., n) and (n, ...), of one dtype.
    transpose_a : bool
        Sum over the first axis of `lhs` instead: (n, ...).
    transpose_b : bool
        Sum over the last axis of `rhs` instead: (..., n).
    forward_stype : str, optional
        Storage type of the result, for sparse arrays.

    Returns
    -------
    array
        The remaining axes of `lhs`, then those of `rhs`; (1,) for two vectors.

    Examples
    --------
    >>> x, y = nd.array([[1, 2], [3, 4]]), nd.array([[1, 0], [1, 1]])
    >>> nd.dot(x, y)
    [[3. 2.]
     [7. 4.]]
    >>> nd.dot(x, y, transpose_a=True)
    [[4. 3.]
     [6. 4.]]
    """

def elemwise_add(
    lhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The sum ``lhs + rhs``.

    Parameters
    ----------
    lhs, rhs : array
        Two arrays of one shape and dtype.

    Returns
    -------
    array
        Shape and dtype of `lhs`.
    """

def elemwise_div(
    lhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The quotient ``lhs / rhs``; that of integers is rounded towards 0.

    Parameters
    ----------
    lhs, rhs : array
        Two arrays of one shape and dtype.

    Returns
    -------
    array
        Shape and dtype of `lhs`.
    """

def elemwise_mul(
    lhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The product ``lhs * rhs``.

    Parameters
    ----------
    lhs, rhs : array
        Two arrays of one shape and dtype.

    Returns
    -------
    array
        Shape and dtype of `lhs`.
    """

def elemwise_sub(
    lhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The difference ``lhs - rhs``.

    Parameters
    ----------
    lhs, rhs : array
        Two arrays of one shape and dtype.

    Returns
    -------
    array
        Shape and dtype of `lhs`.
    """

def equal(lhs: Symbol | float, rhs: Symbol | float) -> Symbol:
    """1 where the elements are equal, 0 elsewhere.

    Parameters
    ----------
    lhs, rhs : array or number
        Shapes are equal but for axes of length 1. A number takes the dtype of the array.

    Returns
    -------
    array
        The common shape.
    """

def erf(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""Error function, :math:`\frac{2}{\sqrt{\pi}} \int_0^x e^{-t^2} dt`.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def erfinv(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Inverse of the error function; NaN outside [-1, 1].

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def exp(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Exponential function, ``e ** x``.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def expand_dims(
    data: Symbol | None = None,
    *,
    axis: int,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The array with a new axis of length 1.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int
        Where the new axis stands in the result.

    Returns
    -------
    array
        One axis more than `data`.

    Examples
    --------
    >>> nd.expand_dims(nd.zeros((2, 3)), axis=1).shape
    (2, 1, 3)
    """

def expm1(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """``exp(x) - 1``, exact for small elements.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def fill_element_0index(
    lhs: Symbol | None = None,
    mhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The matrix with one element of each row replaced: ``lhs[i, rhs[i]] = mhs[i]``.

    Parameters
    ----------
    lhs : array
        (n, m).
    mhs : array
        (n,): the new elements.
    rhs : array
        (n,): their columns; what is out of range is moved to the nearest column.

    Returns
    -------
    array
        Shape and dtype of `lhs`.

    Examples
    --------
    >>> nd.fill_element_0index(nd.zeros((2, 2)), nd.array([5, 6]), nd.array([1, 0]))
    [[0. 5.]
     [6. 0.]]
    """

def fix(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The whole part: rounds towards 0.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

flatten = Flatten

def flip(
    data: Symbol | None = None,
    *,
    axis: _Shape,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The array with the order of its elements reversed along some axes.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int or tuple of int
        The axes.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.flip(nd.array([[1, 2, 3]]), axis=1)
    [[3. 2. 1.]]
    """

def floor(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The largest whole number that is not greater than the element.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def ftml_update(
    weight: Symbol | None = None,
    grad: Symbol | None = None,
    d: Symbol | None = None,
    v: Symbol | None = None,
    z: Symbol | None = None,
    *,
    lr: float,
    beta1: float = 0.6000000238418579,
    beta2: float = 0.9990000128746033,
    epsilon: float = 9.99999993922529e-09,
    t: int,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_grad: float = -1.0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Follow the moving leader (Zheng and Kwok, 2017).

    ``g = clip(rescale_grad * grad + wd * weight)``; ``v = beta2 * v + (1 - beta2) * g**2``;
    ``d' = (1 - beta1**t) / lr * (sqrt(v / (1 - beta2**t)) + epsilon)``;
    ``z = beta1 * z + (1 - beta1) * g - (d' - beta1 * d) * weight``; ``weight = -z / d'``.

    Parameters
    ----------
    weight : array
        The weight.
    grad : array
        Its gradient, of the same shape.
    d : array
        State; changed in place.
    v : array
        State; changed in place.
    z : array
        State; changed in place.
    lr : float
        The learning rate.
    beta1 : float
        How much of the running mean stays.
    beta2 : float
        How much of the running mean of squares stays.
    epsilon : float
        Keeps the denominator away from 0.
    t : int
        The number of this step, from 1.
    wd : float
        Weight decay.
    rescale_grad : float
        Multiplies the gradient.
    clip_grad : float
        The gradient is clipped to [-c, c]; a negative number does not clip.

    Returns
    -------
    array
        The new weight.
    """

def ftrl_update(
    weight: Symbol | None = None,
    grad: Symbol | None = None,
    z: Symbol | None = None,
    n: Symbol | None = None,
    *,
    lr: float,
    lamda1: float = 0.009999999776482582,
    beta: float = 1.0,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Follow the regularized leader (McMahan et al., "Ad click prediction", 2013).

    ``g = clip(rescale_grad * grad)``; ``z = z + g - (sqrt(n + g**2) - sqrt(n)) * weight / lr``;
    ``n = n + g**2``; ``weight = (sign(z) * lamda1 - z) / ((beta + sqrt(n)) / lr + wd)`` where
    ``abs(z) > lamda1``, else 0.

    Parameters
    ----------
    weight : array
        The weight.
    grad : array
        Its gradient, of the same shape.
    z : array
        State; changed in place.
    n : array
        Running sum or mean of squared gradients; changed in place.
    lr : float
        The learning rate.
    lamda1 : float
        The L1 penalty.
    beta : float
        Added to the root in the denominator.
    wd : float
        Weight decay.
    rescale_grad : float
        Multiplies the gradient.
    clip_gradient : float
        The gradient is clipped to [-c, c]; a negative number does not clip.

    Returns
    -------
    array
        The new weight.
    """

def gamma(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""Gamma function, :math:`\Gamma(x) = \int_0^\infty t^{x-1} e^{-t} dt`.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def gammaln(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""Logarithm of the absolute value of the gamma function, :math:`\log |\Gamma(x)|`.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def gather_nd(
    data: Symbol | None = None,
    indices: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Elements or slices of an array at given places.

    Parameters
    ----------
    data : array
        n axes.
    indices : array
        (m, ...) with m <= n: entry i holds the indices along axis i. Negative ones count from the
        end.

    Returns
    -------
    array
        ``indices.shape[1:] + data.shape[m:]``.

    Examples
    --------
    >>> nd.gather_nd(nd.array([[1, 2], [3, 4]]), nd.array([[0, 1], [1, 0]]))
    [2. 3.]
    """

def greater(lhs: Symbol | float, rhs: Symbol | float) -> Symbol:
    """1 where ``lhs > rhs``, 0 elsewhere.

    Parameters
    ----------
    lhs, rhs : array or number
        Shapes are equal but for axes of length 1. A number takes the dtype of the array.

    Returns
    -------
    array
        The common shape.
    """

def greater_equal(lhs: Symbol | float, rhs: Symbol | float) -> Symbol:
    """1 where ``lhs >= rhs``, 0 elsewhere.

    Parameters
    ----------
    lhs, rhs : array or number
        Shapes are equal but for axes of length 1. A number takes the dtype of the array.

    Returns
    -------
    array
        The common shape.
    """

def hard_sigmoid(
    data: Symbol | None = None,
    *,
    alpha: float = 0.2,
    beta: float = 0.5,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """A straight line limited to [0, 1]: ``max(0, min(1, alpha * x + beta))``.

    Parameters
    ----------
    data : array
        Any shape.
    alpha, beta : float
        Slope and offset.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def hypot(lhs: Symbol | float, rhs: Symbol | float) -> Symbol:
    """The hypotenuse ``sqrt(lhs ** 2 + rhs ** 2)``; its gradient is 0 where both are 0.

    Parameters
    ----------
    lhs, rhs : array or number
        Shapes are equal but for axes of length 1. A number takes the dtype of the array.

    Returns
    -------
    array
        The common shape.
    """

def identity(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The array itself, as a new array.

    Parameters
    ----------
    data : array
        Any shape.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def im2col(
    data: Symbol | None = None,
    *,
    kernel: _Shape,
    stride: _Shape = (),
    dilate: _Shape = (),
    pad: _Shape = (),
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The windows that a convolution slides over, each as a column.

    Parameters
    ----------
    data : array
        (batch, channels, ...) with one to three spatial axes.
    kernel : tuple of int
        Size of a window.
    stride, dilate : tuple of int
        Steps between windows, and between the elements of one; 1 by default.
    pad : tuple of int
        Zeros before and after each axis; none by default.

    Returns
    -------
    array
        (batch, channels * elements of a window, windows).

    Examples
    --------
    >>> nd.im2col(nd.array([[[[1, 2, 3]]]]), kernel=(1, 2))
    [[[1. 2.]
      [2. 3.]]]
    """

def khatri_rao(
    *args: Symbol | Sequence[Symbol],
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The Khatri-Rao product: Kronecker products of the matrices' columns, side by side.

    Parameters
    ----------
    *args : array
        Matrices (m_i, k) of one dtype with equally many columns.

    Returns
    -------
    array
        (m_1 * m_2 * ..., k).

    Examples
    --------
    >>> nd.khatri_rao(nd.array([[1, 2]]), nd.array([[3, 4], [5, 6]]))
    [[ 3.  8.]
     [ 5. 12.]]
    """

def lamb_update_phase1(
    weight: Symbol | None = None,
    grad: Symbol | None = None,
    mean: Symbol | None = None,
    var: Symbol | None = None,
    *,
    beta1: float = 0.8999999761581421,
    beta2: float = 0.9990000128746033,
    epsilon: float = 9.999999974752427e-07,
    t: int,
    bias_correction: bool = True,
    wd: float,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The direction of a step of LAMB (You et al., 2020).

    ``g = clip(rescale_grad * grad)``; ``mean`` and ``var`` as in ``adam_update``; the direction is
    ``m / (sqrt(v) + epsilon) + wd * weight`` with ``m = mean / (1 - beta1**t)`` and
    ``v = var / (1 - beta2**t)``, or the running means themselves without `bias_correction`.

    Parameters
    ----------
    weight : array
        The weight.
    grad : array
        Its gradient, of the same shape.
    mean : array
        Running mean of the gradients; changed in place.
    var : array
        Running mean of their squares; changed in place.
    beta1 : float
        How much of the running mean stays.
    beta2 : float
        How much of the running mean of squares stays.
    epsilon : float
        Keeps the denominator away from 0.
    t : int
        The number of this step, from 1.
    bias_correction : bool
        Divide the running means by what they sum up to.
    wd : float
        Weight decay.
    rescale_grad : float
        Multiplies the gradient.
    clip_gradient : float
        The gradient is clipped to [-c, c]; a negative number does not clip.

    Returns
    -------
    array
        The direction of the step.
    """

def lamb_update_phase2(
    weight: Symbol | None = None,
    g: Symbol | None = None,
    r1: Symbol | None = None,
    r2: Symbol | None = None,
    *,
    lr: float,
    lower_bound: float = -1.0,
    upper_bound: float = -1.0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """A step of LAMB along the direction `g` of ``lamb_update_phase1``.

    ``weight = weight - lr * r1 / r2 * g``, where `r1` is kept within the bounds; ``r1 / r2``
    counts as 1 where one of them is 0.

    Parameters
    ----------
    weight : array
        The weight.
    g : array
        The direction.
    r1 : array
        Norm of the weight, one number.
    r2 : array
        Norm of `g`, one number.
    lr : float
        The learning rate.
    lower_bound : float
        The least norm of the weight; a negative number sets no bound.
    upper_bound : float
        The greatest norm of the weight; a negative number sets no bound.

    Returns
    -------
    array
        The new weight.
    """

def lesser(lhs: Symbol | float, rhs: Symbol | float) -> Symbol:
    """1 where ``lhs < rhs``, 0 elsewhere.

    Parameters
    ----------
    lhs, rhs : array or number
        Shapes are equal but for axes of length 1. A number takes the dtype of the array.

    Returns
    -------
    array
        The common shape.
    """

def lesser_equal(lhs: Symbol | float, rhs: Symbol | float) -> Symbol:
    """1 where ``lhs <= rhs``, 0 elsewhere.

    Parameters
    ----------
    lhs, rhs : array or number
        Shapes are equal but for axes of length 1. A number takes the dtype of the array.

    Returns
    -------
    array
        The common shape.
    """

def linalg_det(
    A: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The determinant of matrices.

    Parameters
    ----------
    A : array
        (..., n, n), of a floating-point type.

    Returns
    -------
    array
        The axes before the last two; (1,) for one matrix.

    Examples
    --------
    >>> nd.linalg.det(nd.array([[4, 2], [1, 3]]))
    [10.]
    """

def linalg_extractdiag(
    A: Symbol | None = None,
    *,
    offset: int = 0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """A diagonal of square matrices, as a vector.

    Parameters
    ----------
    A : array
        (..., n, n).
    offset : int
        Which diagonal: 0 is the main one, greater numbers are above it.

    Returns
    -------
    array
        (..., n - abs(offset)).

    Examples
    --------
    >>> nd.linalg.extractdiag(nd.array([[1, 2], [3, 4]]), offset=1)
    [2.]
    """

def linalg_extracttrian(
    A: Symbol | None = None,
    *,
    offset: int = 0,
    lower: bool = True,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """A triangle of square matrices as a vector: a lower one by rows, an upper one by columns.

    Parameters
    ----------
    A : array
        (..., n, n).
    offset : int
        Where the triangle begins: at the main diagonal, at one above it for positive numbers (an
        upper triangle), at one below it for negative ones (a lower triangle).
    lower : bool
        The lower or the upper triangle, where `offset` is 0.

    Returns
    -------
    array
        (..., k (k + 1) / 2) with k = n - abs(offset).

    Examples
    --------
    >>> nd.linalg.extracttrian(nd.array([[1, 2], [3, 4]]))
    [1. 3. 4.]
    """

def linalg_gelqf(
    A: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> list[Symbol]:
    """The LQ factorization: ``A = L Q``, the rows of ``Q`` orthonormal, ``L`` lower triangular.

    Parameters
    ----------
    A : array
        (..., m, n) with m <= n, of a floating-point type.

    Returns
    -------
    Q : array
        (..., m, n).
    L : array
        (..., m, m).

    Examples
    --------
    >>> Q, L = nd.linalg.gelqf(nd.array([[3, 4]]))
    >>> nd.dot(L, Q)
    [[3. 4.]]
    """

def linalg_gemm(
    A: Symbol | None = None,
    B: Symbol | None = None,
    C: Symbol | None = None,
    *,
    transpose_a: bool = False,
    transpose_b: bool = False,
    alpha: float = 1.0,
    beta: float = 1.0,
    axis: int = -2,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """A product of matrices and a sum: ``alpha * A B + beta * C``.

    Parameters
    ----------
    A, B : array
        (..., m, k) and (..., k, n), of one floating-point type.
    C : array
        (..., m, n).
    transpose_a, transpose_b : bool
        Transpose the matrices of `A`, of `B` first: (..., k, m), (..., n, k).
    alpha, beta : float
        Factors.
    axis : int
        The axis of the rows; the columns are always on the last one.

    Returns
    -------
    array
        (..., m, n).

    Examples
    --------
    >>> x, y = nd.ones((2, 3)), nd.ones((3, 2))
    >>> nd.linalg.gemm(x, y, nd.ones((2, 2)), alpha=2, beta=10)
    [[16. 16.]
     [16. 16.]]
    """

def linalg_gemm2(
    A: Symbol | None = None,
    B: Symbol | None = None,
    *,
    transpose_a: bool = False,
    transpose_b: bool = False,
    alpha: float = 1.0,
    axis: int = -2,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """A product of matrices: ``alpha * A B``.

    Parameters
    ----------
    A, B : array
        (..., m, k) and (..., k, n), of one floating-point type.
    transpose_a, transpose_b : bool
        Transpose the matrices of `A`, of `B` first: (..., k, m), (..., n, k).
    alpha : float
        A factor.
    axis : int
        The axis of the rows; the columns are always on the last one.

    Returns
    -------
    array
        (..., m, n).

    Examples
    --------
    >>> nd.linalg.gemm2(nd.array([[1, 2]]), nd.array([[3, 4]]), transpose_b=True)
    [[11.]]
    """

def linalg_inverse(
    A: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The inverse of matrices.

    Parameters
    ----------
    A : array
        (..., n, n), of a floating-point type.

    Returns
    -------
    array
        (..., n, n); not finite where a matrix has no inverse.

    Examples
    --------
    >>> nd.linalg.inverse(nd.array([[2, 0], [0, 4]]))
    [[0.5  0.  ]
     [0.   0.25]]
    """

def linalg_makediag(
    A: Symbol | None = None,
    *,
    offset: int = 0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Square matrices with a given diagonal and zeros elsewhere.

    Parameters
    ----------
    A : array
        (..., n).
    offset : int
        Which diagonal: 0 is the main one, greater numbers are above it.

    Returns
    -------
    array
        (..., n + abs(offset), n + abs(offset)).

    Examples
    --------
    >>> nd.linalg.makediag(nd.array([1, 2]))
    [[1. 0.]
     [0. 2.]]
    """

def linalg_maketrian(
    A: Symbol | None = None,
    *,
    offset: int = 0,
    lower: bool = True,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Square matrices with a given triangle and zeros elsewhere.

    Parameters
    ----------
    A : array
        (..., k (k + 1) / 2): lower triangles by rows, upper ones by columns.
    offset : int
        Where the triangle begins: at the main diagonal, at one above it for positive numbers (an
        upper triangle), at one below it for negative ones (a lower triangle).
    lower : bool
        The lower or the upper triangle, where `offset` is 0.

    Returns
    -------
    array
        (..., n, n) with n = k + abs(offset).

    Examples
    --------
    >>> nd.linalg.maketrian(nd.array([1, 2, 3]))
    [[1. 0.]
     [2. 3.]]
    """

def linalg_potrf(
    A: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The Cholesky factor of symmetric positive definite matrices: lower ``L``, ``A = L L^T``.

    Parameters
    ----------
    A : array
        (..., n, n), of a floating-point type.

    Returns
    -------
    array
        (..., n, n), zeros above the diagonal; NaN where a matrix is not positive definite.

    Examples
    --------
    >>> nd.linalg.potrf(nd.array([[4, 2], [2, 5]]))
    [[2. 0.]
     [1. 2.]]
    """

def linalg_potri(
    A: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The inverse of a matrix from its Cholesky factor: ``(L L^T)^-1``.

    Parameters
    ----------
    A : array
        (..., n, n): lower triangular factors, as ``potrf`` gives them. What is above the diagonal
        is not looked at.

    Returns
    -------
    array
        (..., n, n), symmetric.

    Examples
    --------
    >>> nd.linalg.potri(nd.array([[2, 0], [0, 1]]))
    [[0.25 0.  ]
     [0.   1.  ]]
    """

def linalg_slogdet(
    A: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> list[Symbol]:
    """The determinant of matrices as its sign and the logarithm of its absolute value.

    Parameters
    ----------
    A : array
        (..., n, n), of a floating-point type.

    Returns
    -------
    sign : array
        The axes before the last two, (1,) for one matrix: 1, -1, or 0 for a singular matrix. No
        gradient passes through it.
    logabsdet : array
        Of the same shape; -inf for a singular matrix.

    Examples
    --------
    >>> nd.linalg.slogdet(nd.array([[1, 0], [0, -1]]))
    [[-1.], [0.]]
    """

def linalg_sumlogdiag(
    A: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The sum of the logarithms of the diagonal.

    Of a Cholesky factor it is half the logarithm of the matrix's determinant.

    Parameters
    ----------
    A : array
        (..., n, n), of a floating-point type, with a positive diagonal.

    Returns
    -------
    array
        The axes before the last two; (1,) for one matrix.

    Examples
    --------
    >>> nd.linalg.sumlogdiag(nd.array([[1, 5], [7, 1]]))
    [0.]
    """

def linalg_syevd(
    A: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> list[Symbol]:
    """The eigenvectors and eigenvalues of symmetric matrices: ``A = U^T diag(L) U``.

    Parameters
    ----------
    A : array
        (..., n, n), symmetric, of a floating-point type.

    Returns
    -------
    U : array
        (..., n, n): the eigenvectors are the rows. The greatest entry of each, in absolute value,
        is positive.
    L : array
        (..., n): the eigenvalues in ascending order. The gradient is not defined where two of them
        are equal.

    Examples
    --------
    >>> U, L = nd.linalg.syevd(nd.array([[2, 0], [0, 1]]))
    >>> L
    [1. 2.]
    """

def linalg_syrk(
    A: Symbol | None = None,
    *,
    transpose: bool = False,
    alpha: float = 1.0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """A matrix times its transpose: ``alpha * A A^T``.

    Parameters
    ----------
    A : array
        (..., m, n), of a floating-point type.
    transpose : bool
        ``alpha * A^T A`` instead.
    alpha : float
        A factor.

    Returns
    -------
    array
        (..., m, m), or (..., n, n) with `transpose`.

    Examples
    --------
    >>> nd.linalg.syrk(nd.array([[1, 2], [3, 4]]))
    [[ 5. 11.]
     [11. 25.]]
    """

def linalg_trmm(
    A: Symbol | None = None,
    B: Symbol | None = None,
    *,
    transpose: bool = False,
    rightside: bool = False,
    lower: bool = True,
    alpha: float = 1.0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """A triangular matrix times a matrix: ``alpha * A B``.

    Parameters
    ----------
    A : array
        (..., n, n); only one triangle of it is looked at.
    B : array
        (..., n, m), or (..., m, n) with `rightside`.
    transpose : bool
        Transpose the triangular matrix.
    rightside : bool
        ``alpha * B A`` instead.
    lower : bool
        Which triangle `A` is: the lower or the upper one.
    alpha : float
        A factor.

    Returns
    -------
    array
        Shape of `B`.

    Examples
    --------
    >>> nd.linalg.trmm(nd.array([[1, 7], [2, 3]]), nd.array([[1, 0], [0, 1]]))
    [[1. 0.]
     [2. 3.]]
    """

def linalg_trsm(
    A: Symbol | None = None,
    B: Symbol | None = None,
    *,
    transpose: bool = False,
    rightside: bool = False,
    lower: bool = True,
    alpha: float = 1.0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The solution of a triangular system: ``X`` in ``A X = alpha * B``.

    Parameters
    ----------
    A : array
        (..., n, n); only one triangle of it is looked at.
    B : array
        (..., n, m), or (..., m, n) with `rightside`.
    transpose : bool
        Transpose the triangular matrix.
    rightside : bool
        Solve ``X A = alpha * B`` instead.
    lower : bool
        Which triangle `A` is: the lower or the upper one.
    alpha : float
        A factor.

    Returns
    -------
    array
        Shape of `B`.

    Examples
    --------
    >>> nd.linalg.trsm(nd.array([[2, 0], [1, 4]]), nd.array([[2], [9]]))
    [[1.]
     [2.]]
    """

def log(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Natural logarithm; NaN for negative elements, ``-inf`` for 0.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def log10(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Logarithm to base 10.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def log1p(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """``log(1 + x)``, exact for small elements.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def log2(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Logarithm to base 2.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def log_softmax(
    data: Symbol | None = None,
    *,
    axis: int = -1,
    temperature: float | None = None,
    dtype: _DType | None = None,
    use_length: bool | None = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""The logarithm of the softmax: :math:`y_i = x_i / T - \log \sum_j e^{x_j / T}`.

    Parameters
    ----------
    data : array
    axis : int
        The axis that is summed over.
    temperature : float, optional
        The T of the formula, 1 by default.
    dtype : dtype, optional
        Of the result; `data`'s by default.
    use_length : bool
        Must be False; use the logarithm of ``softmax(data, length, use_length=True)``.

    Returns
    -------
    array
        `data`'s shape.

    Examples
    --------
    >>> nd.log_softmax(nd.array([0, 1000]))
    [-1000.     0.]
    """

def logical_and(lhs: Symbol | float, rhs: Symbol | float) -> Symbol:
    """1 where neither element is 0, 0 elsewhere.

    Parameters
    ----------
    lhs, rhs : array or number
        Shapes are equal but for axes of length 1. A number takes the dtype of the array.

    Returns
    -------
    array
        The common shape.
    """

def logical_not(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """1 where the element is 0, 0 elsewhere; its gradient is 0.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def logical_or(lhs: Symbol | float, rhs: Symbol | float) -> Symbol:
    """1 where at least one element is not 0, 0 elsewhere.

    Parameters
    ----------
    lhs, rhs : array or number
        Shapes are equal but for axes of length 1. A number takes the dtype of the array.

    Returns
    -------
    array
        The common shape.
    """

def logical_xor(lhs: Symbol | float, rhs: Symbol | float) -> Symbol:
    """1 where exactly one element is 0, 0 elsewhere.

    Parameters
    ----------
    lhs, rhs : array or number
        Shapes are equal but for axes of length 1. A number takes the dtype of the array.

    Returns
    -------
    array
        The common shape.
    """

def make_loss(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The array itself, marked as a loss: its gradient is 1, whatever arrives from above.

    Parameters
    ----------
    data : array
        Any shape.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def max(
    data: Symbol | None = None,
    *,
    axis: _Shape | None = None,
    keepdims: bool = False,
    exclude: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The greatest element; of several equal ones each gets the whole gradient.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int or tuple of int, optional
        The axes to reduce; all by default.
    keepdims : bool
        Keep the reduced axes, with length 1.
    exclude : bool
        Reduce the axes that `axis` does not name.

    Returns
    -------
    array
        Dtype of `data`; shape (1,) when all axes are reduced and `keepdims` is False.
    """

max_axis = max

def maximum(lhs: Symbol | float, rhs: Symbol | float) -> Symbol:
    """The greater of two elements; where they are equal the gradient goes to `lhs`.

    Parameters
    ----------
    lhs, rhs : array or number
        Shapes are equal but for axes of length 1. A number takes the dtype of the array.

    Returns
    -------
    array
        The common shape.
    """

def mean(
    data: Symbol | None = None,
    *,
    axis: _Shape | None = None,
    keepdims: bool = False,
    exclude: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The mean of the elements; that of integers is rounded towards 0.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int or tuple of int, optional
        The axes to reduce; all by default.
    keepdims : bool
        Keep the reduced axes, with length 1.
    exclude : bool
        Reduce the axes that `axis` does not name.

    Returns
    -------
    array
        Dtype of `data`; shape (1,) when all axes are reduced and `keepdims` is False.
    """

def min(
    data: Symbol | None = None,
    *,
    axis: _Shape | None = None,
    keepdims: bool = False,
    exclude: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The least element; of several equal ones each gets the whole gradient.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int or tuple of int, optional
        The axes to reduce; all by default.
    keepdims : bool
        Keep the reduced axes, with length 1.
    exclude : bool
        Reduce the axes that `axis` does not name.

    Returns
    -------
    array
        Dtype of `data`; shape (1,) when all axes are reduced and `keepdims` is False.
    """

min_axis = min

def minimum(lhs: Symbol | float, rhs: Symbol | float) -> Symbol:
    """The lesser of two elements; where they are equal the gradient goes to `lhs`.

    Parameters
    ----------
    lhs, rhs : array or number
        Shapes are equal but for axes of length 1. A number takes the dtype of the array.

    Returns
    -------
    array
        The common shape.
    """

def modulo(lhs: Symbol | float, rhs: Symbol | float) -> Symbol:
    """The remainder of ``lhs / rhs``: it has the sign of `rhs`, and is 0 where `rhs` is 0.

    Parameters
    ----------
    lhs, rhs : array or number
        Shapes are equal but for axes of length 1. A number takes the dtype of the array.

    Returns
    -------
    array
        The common shape.
    """

def moments(
    data: Symbol | None = None,
    *,
    axes: _Shape | None = None,
    keepdims: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> list[Symbol]:
    """Mean and variance over `axes`.

    Parameters
    ----------
    data : array
        Any shape.
    axes : int or tuple of int
        The axes to reduce; at least one.
    keepdims : bool
        Keep the reduced axes, with length 1.

    Returns
    -------
    mean, variance : array
        The variance is the mean squared distance from the mean.

    Examples
    --------
    >>> nd.moments(nd.array([[1, 2], [3, 4]]), axes=0)
    [[2. 3.], [1. 1.]]
    """

def mp_lamb_update_phase1(
    weight: Symbol | None = None,
    grad: Symbol | None = None,
    mean: Symbol | None = None,
    var: Symbol | None = None,
    weight32: Symbol | None = None,
    *,
    beta1: float = 0.8999999761581421,
    beta2: float = 0.9990000128746033,
    epsilon: float = 9.999999974752427e-07,
    t: int,
    bias_correction: bool = True,
    wd: float,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """``lamb_update_phase1`` of a 16-bit weight with a float32 copy; gives float32.

    Parameters
    ----------
    weight : array
        The weight.
    grad : array
        Its gradient, of the same shape.
    mean : array
        Running mean of the gradients; changed in place.
    var : array
        Running mean of their squares; changed in place.
    weight32 : array
        The weight in float32.
    beta1 : float
        How much of the running mean stays.
    beta2 : float
        How much of the running mean of squares stays.
    epsilon : float
        Keeps the denominator away from 0.
    t : int
        The number of this step, from 1.
    bias_correction : bool
        Divide the running means by what they sum up to.
    wd : float
        Weight decay.
    rescale_grad : float
        Multiplies the gradient.
    clip_gradient : float
        The gradient is clipped to [-c, c]; a negative number does not clip.

    Returns
    -------
    array
        The direction of the step.
    """

def mp_lamb_update_phase2(
    weight: Symbol | None = None,
    g: Symbol | None = None,
    r1: Symbol | None = None,
    r2: Symbol | None = None,
    weight32: Symbol | None = None,
    *,
    lr: float,
    lower_bound: float = -1.0,
    upper_bound: float = -1.0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """``lamb_update_phase2`` of a 16-bit weight with a float32 copy.

    Parameters
    ----------
    weight : array
        The weight.
    g : array
        The direction.
    r1 : array
        Norm of the weight, one number.
    r2 : array
        Norm of `g`, one number.
    weight32 : array
        The weight in float32; changed in place.
    lr : float
        The learning rate.
    lower_bound : float
        The least norm of the weight; a negative number sets no bound.
    upper_bound : float
        The greatest norm of the weight; a negative number sets no bound.

    Returns
    -------
    array
        The new weight.
    """

def mp_nag_mom_update(
    weight: Symbol | None = None,
    grad: Symbol | None = None,
    mom: Symbol | None = None,
    weight32: Symbol | None = None,
    *,
    lr: float,
    momentum: float = 0.0,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """``nag_mom_update`` of a 16-bit weight with a float32 copy.

    Parameters
    ----------
    weight : array
        The weight.
    grad : array
        Its gradient, of the same shape.
    mom : array
        The momentum; changed in place.
    weight32 : array
        The weight in float32; changed in place.
    lr : float
        The learning rate.
    momentum : float
        How much of the momentum stays.
    wd : float
        Weight decay.
    rescale_grad : float
        Multiplies the gradient.
    clip_gradient : float
        The gradient is clipped to [-c, c]; a negative number does not clip.

    Returns
    -------
    array
        The new weight.
    """

def mp_sgd_mom_update(
    weight: Symbol | None = None,
    grad: Symbol | None = None,
    mom: Symbol | None = None,
    weight32: Symbol | None = None,
    *,
    lr: float,
    momentum: float = 0.0,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    lazy_update: bool = True,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """``sgd_mom_update`` of a 16-bit weight with a float32 copy.

    Parameters
    ----------
    weight : array
        The weight.
    grad : array
        Its gradient, of the same shape.
    mom : array
        The momentum; changed in place.
    weight32 : array
        The weight in float32; changed in place.
    lr : float
        The learning rate.
    momentum : float
        How much of the momentum stays.
    wd : float
        Weight decay.
    rescale_grad : float
        Multiplies the gradient.
    clip_gradient : float
        The gradient is clipped to [-c, c]; a negative number does not clip.
    lazy_update : bool
        Without effect; it concerns row-sparse gradients.

    Returns
    -------
    array
        The new weight.
    """

def mp_sgd_update(
    weight: Symbol | None = None,
    grad: Symbol | None = None,
    weight32: Symbol | None = None,
    *,
    lr: float,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    lazy_update: bool = True,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """``sgd_update`` of a 16-bit weight with a float32 copy.

    Parameters
    ----------
    weight : array
        The weight.
    grad : array
        Its gradient, of the same shape.
    weight32 : array
        The weight in float32; changed in place.
    lr : float
        The learning rate.
    wd : float
        Weight decay.
    rescale_grad : float
        Multiplies the gradient.
    clip_gradient : float
        The gradient is clipped to [-c, c]; a negative number does not clip.
    lazy_update : bool
        Without effect; it concerns row-sparse gradients.

    Returns
    -------
    array
        The new weight.
    """

def multi_all_finite(
    *data: Symbol | Sequence[Symbol],
    num_arrays: int | None = None,
    init_output: bool = True,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Whether all elements of several arrays are finite: 1, or 0 if one is infinite or NaN.

    Parameters
    ----------
    *data : array
        Any shapes.
    num_arrays : int, optional
        How many arrays there are.
    init_output : bool
        With False and ``out=``, the result is 1 only where `out` was 1 before.

    Returns
    -------
    array
        (1,), float32.

    Examples
    --------
    >>> nd.multi_all_finite(nd.ones(2), nd.ones((2, 3)), num_arrays=2)
    [1.]
    """

def multi_lars(
    lrs: Symbol | None = None,
    weights_sum_sq: Symbol | None = None,
    grads_sum_sq: Symbol | None = None,
    wds: Symbol | None = None,
    *,
    eta: float,
    eps: float,
    rescale_grad: float = 1.0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""Learning rates of layers by LARS.

    .. math:: \lambda \frac{\eta \|w\|}{\|g\| + \beta \|w\| + \epsilon}

    where both norms are positive, the learning rate :math:`\lambda` itself elsewhere;
    :math:`\|g\|` is multiplied by `rescale_grad`. You et al., "Large batch training of
    convolutional networks", 2017.

    Parameters
    ----------
    lrs : array
        (layers,), the learning rates.
    weights_sum_sq, grads_sum_sq : array
        (layers,), squared norms of weights and gradients.
    wds : array
        (layers,), weight decays.
    eta : float
        The trust coefficient.
    eps : float
        Added to the denominator.
    rescale_grad : float
        Factor of the gradients.

    Returns
    -------
    array
        (layers,).

    Examples
    --------
    >>> one = nd.ones(1)
    >>> nd.multi_lars(one, one * 4, one, one * 0, eta=0.5, eps=0)
    [1.]
    """

def multi_mp_sgd_mom_update(
    *data: Symbol | Sequence[Symbol],
    lrs: tuple,
    wds: tuple,
    momentum: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    num_weights: int = 1,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Any:
    """``mp_sgd_mom_update`` of many weights.

    Parameters
    ----------
    *data : array
        For each weight: weight, grad, mom, weight32.
    lrs : tuple
        The learning rate of each weight.
    wds : tuple
        The weight decay of each weight.
    momentum : float
        How much of the momentum stays.
    rescale_grad : float
        Multiplies the gradient.
    clip_gradient : float
        The gradient is clipped to [-c, c]; a negative number does not clip.
    num_weights : int
        How many weights there are.

    Returns
    -------
    array
        The new weights, a list if there are several.
    """

def multi_mp_sgd_update(
    *data: Symbol | Sequence[Symbol],
    lrs: tuple,
    wds: tuple,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    num_weights: int = 1,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Any:
    """``mp_sgd_update`` of many weights.

    Parameters
    ----------
    *data : array
        For each weight: weight, grad, weight32.
    lrs : tuple
        The learning rate of each weight.
    wds : tuple
        The weight decay of each weight.
    rescale_grad : float
        Multiplies the gradient.
    clip_gradient : float
        The gradient is clipped to [-c, c]; a negative number does not clip.
    num_weights : int
        How many weights there are.

    Returns
    -------
    array
        The new weights, a list if there are several.
    """

def multi_sgd_mom_update(
    *data: Symbol | Sequence[Symbol],
    lrs: tuple,
    wds: tuple,
    momentum: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    num_weights: int = 1,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Any:
    """``sgd_mom_update`` of many weights.

    Parameters
    ----------
    *data : array
        For each weight: weight, grad, mom.
    lrs : tuple
        The learning rate of each weight.
    wds : tuple
        The weight decay of each weight.
    momentum : float
        How much of the momentum stays.
    rescale_grad : float
        Multiplies the gradient.
    clip_gradient : float
        The gradient is clipped to [-c, c]; a negative number does not clip.
    num_weights : int
        How many weights there are.

    Returns
    -------
    array
        The new weights, a list if there are several.
    """

def multi_sgd_update(
    *data: Symbol | Sequence[Symbol],
    lrs: tuple,
    wds: tuple,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    num_weights: int = 1,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Any:
    """``sgd_update`` of many weights.

    Parameters
    ----------
    *data : array
        For each weight: weight, grad.
    lrs : tuple
        The learning rate of each weight.
    wds : tuple
        The weight decay of each weight.
    rescale_grad : float
        Multiplies the gradient.
    clip_gradient : float
        The gradient is clipped to [-c, c]; a negative number does not clip.
    num_weights : int
        How many weights there are.

    Returns
    -------
    array
        The new weights, a list if there are several.

    Examples
    --------
    >>> w, v, g = nd.array([1, 2]), nd.array([3]), nd.array([1])
    >>> nd.multi_sgd_update(w, w, v, g, lrs=(0.5, 1), wds=(0, 0), num_weights=2, out=[w, v])
    [[0.5 1. ], [2.]]
    """

def multi_sum_sq(
    *data: Symbol | Sequence[Symbol],
    num_arrays: int | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The sums of squares of several arrays.

    Parameters
    ----------
    *data : array
        Any shapes.
    num_arrays : int, optional
        How many arrays there are.

    Returns
    -------
    array
        (number of arrays,), float32.

    Examples
    --------
    >>> nd.multi_sum_sq(nd.array([1, 2]), nd.array([3]), num_arrays=2)
    [5. 9.]
    """

def multiply(lhs: Symbol | float, rhs: Symbol | float) -> Symbol:
    """The product ``lhs * rhs``.

    Parameters
    ----------
    lhs, rhs : array or number
        Shapes are equal but for axes of length 1. A number takes the dtype of the array.

    Returns
    -------
    array
        The common shape.
    """

def nag_mom_update(
    weight: Symbol | None = None,
    grad: Symbol | None = None,
    mom: Symbol | None = None,
    *,
    lr: float,
    momentum: float = 0.0,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Nesterov's accelerated gradient (Sutskever et al., 2013).

    ``g = clip(rescale_grad * grad) + wd * weight``; ``mom = momentum * mom - lr * g``;
    ``weight = weight + momentum * mom - lr * g``.

    Parameters
    ----------
    weight : array
        The weight.
    grad : array
        Its gradient, of the same shape.
    mom : array
        The momentum; changed in place.
    lr : float
        The learning rate.
    momentum : float
        How much of the momentum stays.
    wd : float
        Weight decay.
    rescale_grad : float
        Multiplies the gradient.
    clip_gradient : float
        The gradient is clipped to [-c, c]; a negative number does not clip.

    Returns
    -------
    array
        The new weight.
    """

def nanprod(
    data: Symbol | None = None,
    *,
    axis: _Shape | None = None,
    keepdims: bool = False,
    exclude: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The product of the elements that are not NaN.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int or tuple of int, optional
        The axes to reduce; all by default.
    keepdims : bool
        Keep the reduced axes, with length 1.
    exclude : bool
        Reduce the axes that `axis` does not name.

    Returns
    -------
    array
        Dtype of `data`; shape (1,) when all axes are reduced and `keepdims` is False.
    """

def nansum(
    data: Symbol | None = None,
    *,
    axis: _Shape | None = None,
    keepdims: bool = False,
    exclude: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The sum of the elements that are not NaN.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int or tuple of int, optional
        The axes to reduce; all by default.
    keepdims : bool
        Keep the reduced axes, with length 1.
    exclude : bool
        Reduce the axes that `axis` does not name.

    Returns
    -------
    array
        Dtype of `data`; shape (1,) when all axes are reduced and `keepdims` is False.
    """

def negative(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The negated array, ``-x``.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def norm(
    data: Symbol | None = None,
    *,
    ord: int = 2,
    axis: _Shape | None = None,
    out_dtype: _DType | None = None,
    keepdims: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""The L1 norm :math:`\sum |x|` or the L2 norm :math:`\sqrt{\sum x^2}`.

    The gradient of the L2 norm of a zero vector is 0.

    Parameters
    ----------
    data : array
        Any shape.
    ord : {1, 2}
        Which norm. That of a matrix is that of its elements.
    axis : int or tuple of int, optional
        The axes to reduce; all by default.
    out_dtype : dtype, optional
        Dtype of the sum and of the result; that of `data` by default.
    keepdims : bool
        Keep the reduced axes, with length 1.

    Returns
    -------
    array
        Shape (1,) when all axes are reduced and `keepdims` is False.

    Examples
    --------
    >>> nd.norm(nd.array([[3, 4], [6, 8]]), axis=1)
    [ 5. 10.]
    """

def normal(
    *,
    loc: float = 0.0,
    scale: float = 1.0,
    shape: _Shape | None = None,
    dtype: _DType | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Normal random numbers.

    Parameters
    ----------
    loc : float
        Mean.
    scale : float
        Standard deviation.
    shape : int or tuple of int
        (1,) by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        Of that shape and type.

    Examples
    --------
    >>> nd.random_normal(shape=(2, 3)).shape
    (2, 3)
    """

def not_equal(lhs: Symbol | float, rhs: Symbol | float) -> Symbol:
    """1 where the elements differ, 0 elsewhere.

    Parameters
    ----------
    lhs, rhs : array or number
        Shapes are equal but for axes of length 1. A number takes the dtype of the array.

    Returns
    -------
    array
        The common shape.
    """

def one_hot(
    indices: Symbol | None = None,
    *,
    depth: int,
    on_value: float = 1.0,
    off_value: float = 0.0,
    dtype: _DType = 'float32',
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """A new last axis that holds `on_value` at the index and `off_value` elsewhere.

    Parameters
    ----------
    indices : array
        Any shape and dtype. An index outside of [0, depth) gives `off_value` everywhere.
    depth : int
        Length of the new axis.
    on_value, off_value : float
        The values.
    dtype : dtype
        Dtype of the result.

    Returns
    -------
    array
        ``indices.shape + (depth,)``.

    Examples
    --------
    >>> nd.one_hot(nd.array([1, 0]), depth=3)
    [[0. 1. 0.]
     [1. 0. 0.]]
    """

def ones_like(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Ones in the shape and dtype of `data`.

    Parameters
    ----------
    data : array
        Any shape.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

pad = Pad

pick = choose_element_0index

def pow(lhs: Symbol | float, rhs: Symbol | float) -> Symbol:
    """``lhs`` to the power of ``rhs``; of integers, the whole part.

    Parameters
    ----------
    lhs, rhs : array or number
        Shapes are equal but for axes of length 1. A number takes the dtype of the array.

    Returns
    -------
    array
        The common shape.
    """

def power(lhs: Symbol | float, rhs: Symbol | float) -> Symbol:
    """``lhs`` to the power of ``rhs``; of integers, the whole part.

    Parameters
    ----------
    lhs, rhs : array or number
        Shapes are equal but for axes of length 1. A number takes the dtype of the array.

    Returns
    -------
    array
        The common shape.
    """

def preloaded_multi_mp_sgd_mom_update(
    *data: Symbol | Sequence[Symbol],
    momentum: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    num_weights: int = 1,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Any:
    """``mp_sgd_mom_update`` of many weights, with learning rates and weight decays in arrays.

    Parameters
    ----------
    *data : array
        For each weight: weight, grad, mom, weight32; then all lrs, all wds.
    momentum : float
        How much of the momentum stays.
    rescale_grad : float
        Multiplies the gradient.
    clip_gradient : float
        The gradient is clipped to [-c, c]; a negative number does not clip.
    num_weights : int
        How many weights there are.

    Returns
    -------
    array
        The new weights, a list if there are several.
    """

def preloaded_multi_mp_sgd_update(
    *data: Symbol | Sequence[Symbol],
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    num_weights: int = 1,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Any:
    """``mp_sgd_update`` of many weights, with learning rates and weight decays in arrays.

    Parameters
    ----------
    *data : array
        For each weight: weight, grad, weight32; then all lrs, all wds.
    rescale_grad : float
        Multiplies the gradient.
    clip_gradient : float
        The gradient is clipped to [-c, c]; a negative number does not clip.
    num_weights : int
        How many weights there are.

    Returns
    -------
    array
        The new weights, a list if there are several.
    """

def preloaded_multi_sgd_mom_update(
    *data: Symbol | Sequence[Symbol],
    momentum: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    num_weights: int = 1,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Any:
    """``sgd_mom_update`` of many weights, with learning rates and weight decays in arrays.

    Parameters
    ----------
    *data : array
        For each weight: weight, grad, mom; then all lrs, all wds.
    momentum : float
        How much of the momentum stays.
    rescale_grad : float
        Multiplies the gradient.
    clip_gradient : float
        The gradient is clipped to [-c, c]; a negative number does not clip.
    num_weights : int
        How many weights there are.

    Returns
    -------
    array
        The new weights, a list if there are several.
    """

def preloaded_multi_sgd_update(
    *data: Symbol | Sequence[Symbol],
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    num_weights: int = 1,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Any:
    """``sgd_update`` of many weights, with learning rates and weight decays in arrays.

    Parameters
    ----------
    *data : array
        For each weight: weight, grad; then all lrs, all wds.
    rescale_grad : float
        Multiplies the gradient.
    clip_gradient : float
        The gradient is clipped to [-c, c]; a negative number does not clip.
    num_weights : int
        How many weights there are.

    Returns
    -------
    array
        The new weights, a list if there are several.
    """

def prod(
    data: Symbol | None = None,
    *,
    axis: _Shape | None = None,
    keepdims: bool = False,
    exclude: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The product of the elements.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int or tuple of int, optional
        The axes to reduce; all by default.
    keepdims : bool
        Keep the reduced axes, with length 1.
    exclude : bool
        Reduce the axes that `axis` does not name.

    Returns
    -------
    array
        Dtype of `data`; shape (1,) when all axes are reduced and `keepdims` is False.
    """

def radians(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Angles in radians from angles in degrees.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def random_exponential(
    *,
    lam: float = 1.0,
    shape: _Shape | None = None,
    dtype: _DType | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Exponential random numbers.

    Their mean is ``1 / lam``.

    Parameters
    ----------
    lam : float
        Rate, positive.
    shape : int or tuple of int
        (1,) by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        Of that shape and type.

    Examples
    --------
    >>> nd.random_exponential(shape=(2, 3)).shape
    (2, 3)
    """

def random_gamma(
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    shape: _Shape | None = None,
    dtype: _DType | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Gamma random numbers.

    Their mean is ``alpha * beta``.

    Parameters
    ----------
    alpha : float
        Shape, positive.
    beta : float
        Scale, positive.
    shape : int or tuple of int
        (1,) by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        Of that shape and type.

    Examples
    --------
    >>> nd.random_gamma(shape=(2, 3)).shape
    (2, 3)
    """

def random_generalized_negative_binomial(
    *,
    mu: float = 1.0,
    alpha: float = 1.0,
    shape: _Shape | None = None,
    dtype: _DType | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Negative binomial random numbers, by mean and dispersion.

    Parameters
    ----------
    mu : float
        Mean.
    alpha : float
        Dispersion: the variance is ``mu + alpha * mu**2``.
    shape : int or tuple of int
        (1,) by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        Of that shape and type.

    Examples
    --------
    >>> nd.random_generalized_negative_binomial(shape=(2, 3)).shape
    (2, 3)
    """

def random_negative_binomial(
    *,
    k: int = 1,
    p: float = 1.0,
    shape: _Shape | None = None,
    dtype: _DType | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Negative binomial random numbers.

    The number of failures before the k-th success.

    Parameters
    ----------
    k : int
        Number of successes.
    p : float
        Probability of a success.
    shape : int or tuple of int
        (1,) by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        Of that shape and type.

    Examples
    --------
    >>> nd.random_negative_binomial(shape=(2, 3)).shape
    (2, 3)
    """

random_normal = normal

def random_pdf_dirichlet(
    sample: Symbol | None = None,
    alpha: Symbol | None = None,
    *,
    is_log: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The density of Dirichlet distributions.

    Parameters
    ----------
    sample : array
        (..., n): the samples, positive numbers whose sum along the last axis is 1.
    alpha : array
        Concentrations, with a last axis of length n; the axes before are the beginning of those of
        `sample`.
    is_log : bool
        Give the logarithm of the density.

    Returns
    -------
    array
        Shape of `sample` without the last axis; (1,) for one sample.

    Examples
    --------
    >>> y = nd.random_pdf_dirichlet(nd.array([[0.5, 0.5]]), nd.array([2, 2]))
    >>> y.asnumpy().round(3)
    array([1.5], dtype=float32)
    """

def random_pdf_exponential(
    sample: Symbol | None = None,
    lam: Symbol | None = None,
    *,
    is_log: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The density of exponential distributions.

    Parameters
    ----------
    sample : array
        The samples.
    lam : array
        Rates; shape is the beginning of that of `sample`.
    is_log : bool
        Give the logarithm of the density.

    Returns
    -------
    array
        Shape of `sample`.

    Examples
    --------
    >>> nd.random_pdf_exponential(nd.array([[0, 1]]), nd.array([2]))
    [[2.         0.27067056]]
    """

def random_pdf_gamma(
    sample: Symbol | None = None,
    alpha: Symbol | None = None,
    beta: Symbol | None = None,
    *,
    is_log: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The density of gamma distributions.

    Parameters
    ----------
    sample : array
        The samples.
    alpha, beta : array
        Shapes and rates (1 / scale); shape is the beginning of that of `sample`.
    is_log : bool
        Give the logarithm of the density.

    Returns
    -------
    array
        Shape of `sample`.

    Examples
    --------
    >>> y = nd.random_pdf_gamma(nd.array([[1]]), nd.array([1]), nd.array([1]))
    >>> y.asnumpy().round(3)
    array([[0.368]], dtype=float32)
    """

def random_pdf_generalized_negative_binomial(
    sample: Symbol | None = None,
    mu: Symbol | None = None,
    alpha: Symbol | None = None,
    *,
    is_log: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The probabilities of numbers under negative binomial distributions of given mean.

    Parameters
    ----------
    sample : array
        Whole numbers.
    mu, alpha : array
        Means and dispersions; shape is the beginning of that of `sample`.
    is_log : bool
        Give the logarithm of the probability.

    Returns
    -------
    array
        Shape of `sample`.

    Examples
    --------
    >>> one = nd.array([1])
    >>> y = nd.random_pdf_generalized_negative_binomial(nd.array([[0]]), one, one)
    >>> y.asnumpy().round(3)
    array([[0.5]], dtype=float32)
    """

def random_pdf_negative_binomial(
    sample: Symbol | None = None,
    k: Symbol | None = None,
    p: Symbol | None = None,
    *,
    is_log: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The probabilities of numbers under negative binomial distributions.

    Parameters
    ----------
    sample : array
        Whole numbers: failures before the `k`-th success.
    k, p : array
        Numbers and probabilities of successes; shape is the beginning of that of `sample`.
    is_log : bool
        Give the logarithm of the probability.

    Returns
    -------
    array
        Shape of `sample`.

    Examples
    --------
    >>> y = nd.random_pdf_negative_binomial(nd.array([[0, 1]]), nd.array([1]), nd.array([0.5]))
    >>> y.asnumpy().round(3)
    array([[0.5 , 0.25]], dtype=float32)
    """

def random_pdf_normal(
    sample: Symbol | None = None,
    mu: Symbol | None = None,
    sigma: Symbol | None = None,
    *,
    is_log: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The density of normal distributions.

    Parameters
    ----------
    sample : array
        The samples.
    mu, sigma : array
        Means and standard deviations; shape is the beginning of that of `sample`.
    is_log : bool
        Give the logarithm of the density.

    Returns
    -------
    array
        Shape of `sample`.

    Examples
    --------
    >>> nd.random_pdf_normal(nd.array([[0]]), nd.array([0]), nd.array([1]))
    [[0.3989423]]
    """

def random_pdf_poisson(
    sample: Symbol | None = None,
    lam: Symbol | None = None,
    *,
    is_log: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The probabilities of numbers under Poisson distributions.

    Parameters
    ----------
    sample : array
        Whole numbers.
    lam : array
        Means; shape is the beginning of that of `sample`.
    is_log : bool
        Give the logarithm of the probability.

    Returns
    -------
    array
        Shape of `sample`.

    Examples
    --------
    >>> y = nd.random_pdf_poisson(nd.array([[0, 1]]), nd.array([1]))
    >>> y.asnumpy().round(3)
    array([[0.368, 0.368]], dtype=float32)
    """

def random_pdf_uniform(
    sample: Symbol | None = None,
    low: Symbol | None = None,
    high: Symbol | None = None,
    *,
    is_log: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The density of uniform distributions.

    Parameters
    ----------
    sample : array
        The samples.
    low, high : array
        Ends of the intervals; shape is the beginning of that of `sample`.
    is_log : bool
        Give the logarithm of the density.

    Returns
    -------
    array
        Shape of `sample`.

    Examples
    --------
    >>> nd.random_pdf_uniform(nd.array([[1, 2]]), nd.array([0]), nd.array([4]))
    [[0.25 0.25]]
    """

def random_poisson(
    *,
    lam: float = 1.0,
    shape: _Shape | None = None,
    dtype: _DType | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Poisson random numbers.

    Parameters
    ----------
    lam : float
        Mean.
    shape : int or tuple of int
        (1,) by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        Of that shape and type.

    Examples
    --------
    >>> nd.random_poisson(shape=(2, 3)).shape
    (2, 3)
    """

def random_randint(
    *,
    low: int,
    high: int,
    shape: _Shape | None = None,
    dtype: _DType | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Integers from `low` up to, not including, `high`, all equally likely.

    Parameters
    ----------
    low, high : int
        Bounds.
    shape : int or tuple of int
        (1,) by default.
    dtype : dtype
        int32 (the default) or int64.

    Returns
    -------
    array
        Of that shape and type.

    Examples
    --------
    >>> nd.random_randint(low=0, high=10, shape=(2, 3)).shape
    (2, 3)
    """

def random_uniform(
    *,
    low: float = 0.0,
    high: float = 1.0,
    shape: _Shape | None = None,
    dtype: _DType | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Uniform random numbers.

    The interval is [low, high).

    Parameters
    ----------
    low : float
        Smallest value.
    high : float
        End of the interval, not included.
    shape : int or tuple of int
        (1,) by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        Of that shape and type.

    Examples
    --------
    >>> nd.random_uniform(shape=(2, 3)).shape
    (2, 3)
    """

def ravel_multi_index(
    data: Symbol | None = None,
    *,
    shape: _Shape,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Places in an array as indices into the flattened array.

    Parameters
    ----------
    data : array
        (number of axes, n): column i holds the indices of place i.
    shape : tuple of int
        Shape of the array; its first entry does not matter.

    Returns
    -------
    array
        (n,), in the dtype of `data`.

    Examples
    --------
    >>> nd.ravel_multi_index(nd.array([[0, 1], [2, 1]]), shape=(2, 3))
    [2. 4.]
    """

def rcbrt(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Reciprocal of the cube root.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def reciprocal(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The reciprocal, ``1 / x``.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def relu(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """``max(x, 0)``; its gradient is 0 at 0.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def repeat(
    data: Symbol | None = None,
    *,
    repeats: int,
    axis: int | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The array with every element repeated.

    Parameters
    ----------
    data : array
        Any shape.
    repeats : int
        How often.
    axis : int, optional
        The axis along which elements are repeated; None repeats those of the flattened array.

    Returns
    -------
    array
        Dtype of `data`.

    Examples
    --------
    >>> nd.repeat(nd.array([[1, 2]]), repeats=2, axis=1)
    [[1. 1. 2. 2.]]
    """

reshape = Reshape

def reshape_like(
    lhs: Symbol | None = None,
    rhs: Symbol | None = None,
    *,
    lhs_begin: int | None = None,
    lhs_end: int | None = None,
    rhs_begin: int | None = None,
    rhs_end: int | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The elements of `lhs` in the shape of `rhs`, or some axes of `lhs` in those of `rhs`.

    Parameters
    ----------
    lhs : array
        What is reshaped.
    rhs : array
        Only its shape matters.
    lhs_begin, lhs_end, rhs_begin, rhs_end : int, optional
        Axes ``lhs_begin:lhs_end`` of `lhs` are replaced by axes ``rhs_begin:rhs_end`` of `rhs`;
        all of them by default.

    Returns
    -------
    array
        Dtype of `lhs`.

    Examples
    --------
    >>> nd.reshape_like(nd.zeros((6, 7)), nd.zeros((2, 3, 4)), lhs_end=1, rhs_end=2).shape
    (2, 3, 7)
    """

reverse = flip

def rint(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The nearest whole number; of two equally near ones the lower.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def rmsprop_update(
    weight: Symbol | None = None,
    grad: Symbol | None = None,
    n: Symbol | None = None,
    *,
    lr: float,
    gamma1: float = 0.949999988079071,
    epsilon: float = 9.99999993922529e-09,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    clip_weights: float = -1.0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """RMSProp (Tieleman and Hinton, 2012).

    ``g = clip(rescale_grad * grad + wd * weight)``; ``n = gamma1 * n + (1 - gamma1) * g**2``;
    ``weight = clip(weight - lr * g / sqrt(n + epsilon))``.

    Parameters
    ----------
    weight : array
        The weight.
    grad : array
        Its gradient, of the same shape.
    n : array
        Running sum or mean of squared gradients; changed in place.
    lr : float
        The learning rate.
    gamma1 : float
        How much of the running means stays.
    epsilon : float
        Keeps the denominator away from 0.
    wd : float
        Weight decay.
    rescale_grad : float
        Multiplies the gradient.
    clip_gradient : float
        The gradient is clipped to [-c, c]; a negative number does not clip.
    clip_weights : float
        The new weight is clipped to [-c, c]; a negative number does not clip.

    Returns
    -------
    array
        The new weight.
    """

def rmspropalex_update(
    weight: Symbol | None = None,
    grad: Symbol | None = None,
    n: Symbol | None = None,
    g: Symbol | None = None,
    delta: Symbol | None = None,
    *,
    lr: float,
    gamma1: float = 0.949999988079071,
    gamma2: float = 0.8999999761581421,
    epsilon: float = 9.99999993922529e-09,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    clip_weights: float = -1.0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """RMSProp, centered (Graves, "Generating sequences", 2013).

    With ``a = clip(rescale_grad * grad + wd * weight)``: ``n = gamma1 * n + (1 - gamma1) * a**2``;
    ``g = gamma1 * g + (1 - gamma1) * a``;
    ``delta = gamma2 * delta - lr * a / sqrt(n - g**2 + epsilon)``;
    ``weight = clip(weight + delta)``.

    Parameters
    ----------
    weight : array
        The weight.
    grad : array
        Its gradient, of the same shape.
    n : array
        Running sum or mean of squared gradients; changed in place.
    g : array
        Running mean of the gradients; changed in place.
    delta : array
        The last step; changed in place.
    lr : float
        The learning rate.
    gamma1 : float
        How much of the running means stays.
    gamma2 : float
        How much of the last step stays.
    epsilon : float
        Keeps the denominator away from 0.
    wd : float
        Weight decay.
    rescale_grad : float
        Multiplies the gradient.
    clip_gradient : float
        The gradient is clipped to [-c, c]; a negative number does not clip.
    clip_weights : float
        The new weight is clipped to [-c, c]; a negative number does not clip.

    Returns
    -------
    array
        The new weight.
    """

def round(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The nearest whole number; of two equally near ones that farther from 0.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def rsqrt(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Reciprocal of the square root, ``1 / sqrt(x)``.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def sample_exponential(
    lam: Symbol | None = None,
    *,
    shape: _Shape = (),
    dtype: _DType | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Exponential random numbers, for each element of the parameters.

    Their mean is ``1 / lam``.

    Parameters
    ----------
    lam : array
        Rate, positive.
    shape : int or tuple of int
        How many numbers for each element; one by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        The parameters' shape followed by `shape`.

    Examples
    --------
    >>> p = nd.array([0.5, 0.25])
    >>> nd.sample_exponential(p, shape=3).shape
    (2, 3)
    """

def sample_gamma(
    alpha: Symbol | None = None,
    beta: Symbol | None = None,
    *,
    shape: _Shape = (),
    dtype: _DType | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Gamma random numbers, for each element of the parameters.

    Their mean is ``alpha * beta``.

    Parameters
    ----------
    alpha, beta : array
        Shape, positive. Scale, positive. All of one shape.
    shape : int or tuple of int
        How many numbers for each element; one by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        The parameters' shape followed by `shape`.

    Examples
    --------
    >>> p = nd.array([0.5, 0.25])
    >>> nd.sample_gamma(p, p, shape=3).shape
    (2, 3)
    """

def sample_generalized_negative_binomial(
    mu: Symbol | None = None,
    alpha: Symbol | None = None,
    *,
    shape: _Shape = (),
    dtype: _DType | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Negative binomial random numbers, by mean and dispersion, for each element of the parameters.

    Parameters
    ----------
    mu, alpha : array
        Mean. Dispersion: the variance is ``mu + alpha * mu**2``. All of one shape.
    shape : int or tuple of int
        How many numbers for each element; one by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        The parameters' shape followed by `shape`.

    Examples
    --------
    >>> p = nd.array([0.5, 0.25])
    >>> nd.sample_generalized_negative_binomial(p, p, shape=3).shape
    (2, 3)
    """

def sample_multinomial(
    data: Symbol | None = None,
    *,
    shape: _Shape = (),
    get_prob: bool = False,
    dtype: _DType = 'int32',
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Any:
    r"""Indices drawn with given probabilities.

    Parameters
    ----------
    data : array
        (..., n): probabilities that sum to 1 along the last axis.
    shape : int or tuple of int
        How many draws from each distribution; one by default.
    get_prob : bool
        Also return the logarithm of the probability of each draw. Its gradient is that of
        :math:`\log p_i`, as policy gradients need it (Williams, 1992).
    dtype : dtype
        Of the indices; int32 by default.

    Returns
    -------
    array
        (..., \*shape); (1,) for one draw from one distribution. With `get_prob` a second array of
        the same shape.

    Examples
    --------
    >>> nd.sample_multinomial(nd.array([[0, 1, 0], [0, 0, 1]]))
    [1 2]
    """

def sample_negative_binomial(
    k: Symbol | None = None,
    p: Symbol | None = None,
    *,
    shape: _Shape = (),
    dtype: _DType | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Negative binomial random numbers, for each element of the parameters.

    The number of failures before the k-th success.

    Parameters
    ----------
    k, p : array
        Number of successes. Probability of a success. All of one shape.
    shape : int or tuple of int
        How many numbers for each element; one by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        The parameters' shape followed by `shape`.

    Examples
    --------
    >>> p = nd.array([0.5, 0.25])
    >>> nd.sample_negative_binomial(p, p, shape=3).shape
    (2, 3)
    """

def sample_normal(
    mu: Symbol | None = None,
    sigma: Symbol | None = None,
    *,
    shape: _Shape = (),
    dtype: _DType | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Normal random numbers, for each element of the parameters.

    Parameters
    ----------
    mu, sigma : array
        Mean. Standard deviation. All of one shape.
    shape : int or tuple of int
        How many numbers for each element; one by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        The parameters' shape followed by `shape`.

    Examples
    --------
    >>> p = nd.array([0.5, 0.25])
    >>> nd.sample_normal(p, p, shape=3).shape
    (2, 3)
    """

def sample_poisson(
    lam: Symbol | None = None,
    *,
    shape: _Shape = (),
    dtype: _DType | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Poisson random numbers, for each element of the parameters.

    Parameters
    ----------
    lam : array
        Mean.
    shape : int or tuple of int
        How many numbers for each element; one by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        The parameters' shape followed by `shape`.

    Examples
    --------
    >>> p = nd.array([0.5, 0.25])
    >>> nd.sample_poisson(p, shape=3).shape
    (2, 3)
    """

def sample_uniform(
    low: Symbol | None = None,
    high: Symbol | None = None,
    *,
    shape: _Shape = (),
    dtype: _DType | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Uniform random numbers, for each element of the parameters.

    The interval is [low, high).

    Parameters
    ----------
    low, high : array
        Smallest value. End of the interval, not included. All of one shape.
    shape : int or tuple of int
        How many numbers for each element; one by default.
    dtype : dtype
        A floating-point type, float32 by default.

    Returns
    -------
    array
        The parameters' shape followed by `shape`.

    Examples
    --------
    >>> p = nd.array([0.5, 0.25])
    >>> nd.sample_uniform(p, p, shape=3).shape
    (2, 3)
    """

def scatter_nd(
    data: Symbol | None = None,
    indices: Symbol | None = None,
    *,
    shape: _Shape,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Zeros with elements or slices put at given places; the inverse of ``gather_nd``.

    Parameters
    ----------
    data : array
        ``indices.shape[1:] + shape[m:]``.
    indices : array
        (m, ...) with m <= n: entry i holds the indices along axis i. Where a place occurs twice,
        one of the elements is kept.
    shape : tuple of int
        The n lengths of the result.

    Returns
    -------
    array
        Dtype of `data`.

    Examples
    --------
    >>> nd.scatter_nd(nd.array([5, 6]), nd.array([[0, 1], [1, 0]]), shape=(2, 2))
    [[0. 5.]
     [6. 0.]]
    """

def sgd_mom_update(
    weight: Symbol | None = None,
    grad: Symbol | None = None,
    mom: Symbol | None = None,
    *,
    lr: float,
    momentum: float = 0.0,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    lazy_update: bool = True,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Gradient descent with momentum.

    ``g = clip(rescale_grad * grad) + wd * weight``; ``mom = momentum * mom - lr * g``;
    ``weight = weight + mom``.

    Parameters
    ----------
    weight : array
        The weight.
    grad : array
        Its gradient, of the same shape.
    mom : array
        The momentum; changed in place.
    lr : float
        The learning rate.
    momentum : float
        How much of the momentum stays.
    wd : float
        Weight decay.
    rescale_grad : float
        Multiplies the gradient.
    clip_gradient : float
        The gradient is clipped to [-c, c]; a negative number does not clip.
    lazy_update : bool
        Without effect; it concerns row-sparse gradients.

    Returns
    -------
    array
        The new weight.
    """

def sgd_update(
    weight: Symbol | None = None,
    grad: Symbol | None = None,
    *,
    lr: float,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    lazy_update: bool = True,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Gradient descent.

    ``g = clip(rescale_grad * grad) + wd * weight``; ``weight = weight - lr * g``.

    Parameters
    ----------
    weight : array
        The weight.
    grad : array
        Its gradient, of the same shape.
    lr : float
        The learning rate.
    wd : float
        Weight decay.
    rescale_grad : float
        Multiplies the gradient.
    clip_gradient : float
        The gradient is clipped to [-c, c]; a negative number does not clip.
    lazy_update : bool
        Without effect; it concerns row-sparse gradients.

    Returns
    -------
    array
        The new weight.

    Examples
    --------
    >>> w, g = nd.array([2, 1]), nd.array([10, -10])
    >>> nd.sgd_update(w, g, lr=0.1, out=w)
    [1. 2.]
    """

def shape_array(
    data: Symbol | None = None,
    *,
    dtype: _DType = 'int64',
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The shape as an array.

    Parameters
    ----------
    data : array
        Any shape.
    dtype : dtype
        Dtype of the result.

    Returns
    -------
    array
        (number of axes,).
    """

def shuffle(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The array with its first axis in random order.

    Parameters
    ----------
    data : array
        (n, ...).

    Returns
    -------
    array
        `data`'s shape.

    Examples
    --------
    >>> nd.shuffle(nd.array([[1, 1], [2, 2], [3, 3]])).shape
    (3, 2)
    """

def sigmoid(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Logistic function, ``1 / (1 + exp(-x))``.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def sign(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """-1, 0 or 1 by the sign of the element; its gradient is 0.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def signsgd_update(
    weight: Symbol | None = None,
    grad: Symbol | None = None,
    *,
    lr: float,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """A step of one size for every element (Bernstein et al., "signSGD", 2018).

    ``weight = (1 - lr * wd) * weight - lr * sign(grad)``.

    Parameters
    ----------
    weight : array
        The weight.
    grad : array
        Its gradient, of the same shape.
    lr : float
        The learning rate.
    wd : float
        Weight decay.
    rescale_grad : float
        Multiplies the gradient.
    clip_gradient : float
        The gradient is clipped to [-c, c]; a negative number does not clip.

    Returns
    -------
    array
        The new weight.
    """

def signum_update(
    weight: Symbol | None = None,
    grad: Symbol | None = None,
    mom: Symbol | None = None,
    *,
    lr: float,
    momentum: float = 0.0,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    wd_lh: float = 0.0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The sign of the momentum (Bernstein et al., "signSGD", 2018).

    ``g = clip(rescale_grad * grad) + wd * weight``; ``mom = momentum * mom - (1 - momentum) * g``;
    ``weight = (1 - lr * wd_lh) * weight + lr * sign(mom)``.

    Parameters
    ----------
    weight : array
        The weight.
    grad : array
        Its gradient, of the same shape.
    mom : array
        The momentum; changed in place.
    lr : float
        The learning rate.
    momentum : float
        How much of the momentum stays.
    wd : float
        Weight decay.
    rescale_grad : float
        Multiplies the gradient.
    clip_gradient : float
        The gradient is clipped to [-c, c]; a negative number does not clip.
    wd_lh : float
        Weight decay that is not part of the gradient.

    Returns
    -------
    array
        The new weight.
    """

def sin(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Sine of angles in radians.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def sinh(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Hyperbolic sine, ``(exp(x) - exp(-x)) / 2``.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def size_array(
    data: Symbol | None = None,
    *,
    dtype: _DType = 'int64',
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The number of elements as an array.

    Parameters
    ----------
    data : array
        Any shape.
    dtype : dtype
        Dtype of the result.

    Returns
    -------
    array
        (1,).
    """

slice = crop

def slice_axis(
    data: Symbol | None = None,
    *,
    axis: int,
    begin: int,
    end: int | None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """A part of the array along one axis.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int
        The axis.
    begin, end : int
        Where the part begins and ends. Negative numbers count from the end; ``end=None`` is the
        end of the axis.

    Returns
    -------
    array
        Dtype of `data`.

    Examples
    --------
    >>> nd.slice_axis(nd.array([[1, 2, 3], [4, 5, 6]]), axis=1, begin=-2, end=None)
    [[2. 3.]
     [5. 6.]]
    """

def slice_like(
    data: Symbol | None = None,
    shape_like: Symbol | None = None,
    *,
    axes: _Shape = (),
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The first part of the array, as long as another array.

    Parameters
    ----------
    data : array
        Any shape.
    shape_like : array
        Only its shape matters.
    axes : tuple of int
        The axes that are cut; all by default.

    Returns
    -------
    array
        Dtype of `data`.

    Examples
    --------
    >>> nd.slice_like(nd.zeros((3, 4)), nd.zeros((2, 3)), axes=(0,)).shape
    (2, 4)
    """

def smooth_l1(
    data: Symbol | None = None,
    *,
    scalar: float = 1.0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""Smooth L1 loss, elementwise.

    With :math:`\sigma` = `scalar`: :math:`\sigma^2 x^2 / 2` where :math:`|x| < 1 / \sigma^2`,
    :math:`|x| - 1 / (2 \sigma^2)` elsewhere.

    Parameters
    ----------
    data : array
        Any shape.
    scalar : float
        How narrow the parabola around 0 is.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def softmax(
    data: Symbol | None = None,
    length: Symbol | None = None,
    *,
    axis: int = -1,
    temperature: float | None = None,
    dtype: _DType | None = None,
    use_length: bool | None = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""Positive numbers with sum 1 along an axis: :math:`y_i = e^{x_i / T} / \sum_j e^{x_j / T}`.

    Parameters
    ----------
    data : array
    length : array, optional
        `data`'s shape without `axis`, integers: how many elements count in each row; the others
        give 0. Used with `use_length` only.
    axis : int
        The axis that is summed over.
    temperature : float, optional
        The T of the formula, 1 by default.
    dtype : dtype, optional
        Of the result; `data`'s by default.
    use_length : bool
        Whether `length` is used.

    Returns
    -------
    array
        `data`'s shape.

    Examples
    --------
    >>> nd.softmax(nd.array([[0, 0, 0], [0, 0, 100]]))
    [[0.33333334 0.33333334 0.33333334]
     [0.         0.         1.        ]]
    >>> nd.softmax(nd.zeros((1, 3)), nd.array([2], dtype='int32'), use_length=True)
    [[0.5 0.5 0. ]]
    """

def softmax_cross_entropy(
    data: Symbol | None = None,
    label: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""The cross entropy of the softmax, summed over the batch: :math:`-\sum_i \log p_{i, l_i}`.

    Parameters
    ----------
    data : array
        (batch, classes).
    label : array
        (batch,): the class of each example.

    Returns
    -------
    array
        (1,).

    Examples
    --------
    >>> nd.softmax_cross_entropy(nd.zeros((3, 2)), nd.array([0, 1, 1]))
    [2.0794415]
    """

def softmin(
    data: Symbol | None = None,
    *,
    axis: int = -1,
    temperature: float | None = None,
    dtype: _DType | None = None,
    use_length: bool | None = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    r"""The softmax of the negated data: :math:`y_i = e^{-x_i / T} / \sum_j e^{-x_j / T}`.

    Parameters
    ----------
    data : array
    axis : int
        The axis that is summed over.
    temperature : float, optional
        The T of the formula, 1 by default.
    dtype : dtype, optional
        Of the result; `data`'s by default.
    use_length : bool
        Must be False.

    Returns
    -------
    array
        `data`'s shape.

    Examples
    --------
    >>> nd.softmin(nd.array([0, 0]))
    [0.5 0.5]
    """

def softsign(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """``x / (1 + abs(x))``.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def sort(
    data: Symbol | None = None,
    *,
    axis: int | None = -1,
    is_ascend: bool = True,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The elements sorted along an axis.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int, optional
        The axis; None sorts the flattened array.
    is_ascend : bool
        From the least to the greatest.

    Returns
    -------
    array
        Dtype of `data`; flattened when `axis` is None.

    Examples
    --------
    >>> nd.sort(nd.array([[3, 1, 2]]), is_ascend=False)
    [[3. 2. 1.]]
    """

def space_to_depth(
    data: Symbol | None = None,
    *,
    block_size: int,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Blocks of pixels laid out as blocks of channels; the inverse of ``depth_to_space``.

    Parameters
    ----------
    data : array
        (batch, channels, height * block_size, width * block_size).
    block_size : int
        Height and width of a block.

    Returns
    -------
    array
        (batch, block_size ** 2 * channels, height, width).
    """

split = SliceChannel

def sqrt(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Square root; NaN for negative elements.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def square(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The square, ``x * x``.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def squeeze(
    data: Symbol | None = None,
    *,
    axis: _Shape | None = None,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The array without axes of length 1.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int or tuple of int, optional
        The axes to remove; all that have length 1 by default.

    Returns
    -------
    array
        Shape (1,) where no axis is left.

    Examples
    --------
    >>> nd.squeeze(nd.zeros((1, 2, 1)), axis=0).shape
    (2, 1)
    """

def stack(
    *data: Symbol | Sequence[Symbol],
    axis: int = 0,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Arrays joined along a new axis.

    Parameters
    ----------
    *data : array
        Arrays of one shape and dtype.
    axis : int
        Where the new axis stands in the result.

    Returns
    -------
    array
        One axis more than the arrays.

    Examples
    --------
    >>> nd.stack(nd.array([1, 2]), nd.array([3, 4]), axis=1)
    [[1. 3.]
     [2. 4.]]
    """

stop_gradient = BlockGrad

def subtract(lhs: Symbol | float, rhs: Symbol | float) -> Symbol:
    """The difference ``lhs - rhs``.

    Parameters
    ----------
    lhs, rhs : array or number
        Shapes are equal but for axes of length 1. A number takes the dtype of the array.

    Returns
    -------
    array
        The common shape.
    """

def sum(
    data: Symbol | None = None,
    *,
    axis: _Shape | None = None,
    keepdims: bool = False,
    exclude: bool = False,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The sum of the elements.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int or tuple of int, optional
        The axes to reduce; all by default.
    keepdims : bool
        Keep the reduced axes, with length 1.
    exclude : bool
        Reduce the axes that `axis` does not name.

    Returns
    -------
    array
        Dtype of `data`; shape (1,) when all axes are reduced and `keepdims` is False.

    Examples
    --------
    >>> x = nd.array([[1, 2], [3, 4]])
    >>> nd.sum(x, axis=1)
    [3. 7.]
    >>> nd.sum(x)
    [10.]
    """

sum_axis = sum

swapaxes = SwapAxis

def take(
    a: Symbol | None = None,
    indices: Symbol | None = None,
    *,
    axis: int = 0,
    mode: str = 'clip',
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Slices of an array along one axis, chosen by indices.

    Parameters
    ----------
    a : array
        Any shape.
    indices : array
        Any shape and dtype; fractions are cut off. No gradient passes to it.
    axis : int
        The axis.
    mode : {'clip', 'wrap', 'raise'}
        What becomes of indices outside of the axis: ``'clip'`` takes the nearest, ``'wrap'`` counts
        round and round. ``'raise'`` is the same as ``'clip'``: compiled code cannot raise.

    Returns
    -------
    array
        ``a.shape[:axis] + indices.shape + a.shape[axis + 1:]``.

    Examples
    --------
    >>> nd.take(nd.array([[1, 2], [3, 4]]), nd.array([1, 1, 0]))
    [[3. 4.]
     [3. 4.]
     [1. 2.]]
    """

def tan(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Tangent of angles in radians.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def tanh(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Hyperbolic tangent, ``sinh(x) / cosh(x)``.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

def tile(
    data: Symbol | None = None,
    *,
    reps: _Shape,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The array repeated as a whole along its axes.

    Parameters
    ----------
    data : array
        Any shape.
    reps : tuple of int
        Repetitions along each axis, counted from the last; further ones add axes in front.

    Returns
    -------
    array
        Dtype of `data`.

    Examples
    --------
    >>> nd.tile(nd.array([1, 2]), reps=(2, 2))
    [[1. 2. 1. 2.]
     [1. 2. 1. 2.]]
    """

def topk(
    data: Symbol | None = None,
    *,
    axis: int | None = -1,
    k: int = 1,
    ret_typ: str = 'indices',
    is_ascend: bool = False,
    dtype: _DType = 'float32',
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Any:
    """The `k` greatest elements along an axis, the greatest one first.

    Parameters
    ----------
    data : array
        Any shape.
    axis : int, optional
        The axis; None searches the flattened array.
    k : int
        How many; 0 for all.
    ret_typ : {'indices', 'value', 'both', 'mask'}
        What is returned: indices, elements, both (elements first), or an array like `data` with 1
        at the elements and 0 elsewhere. Gradients pass through elements only.
    is_ascend : bool
        The least elements instead, the least one first.
    dtype : dtype
        Dtype of the indices.

    Returns
    -------
    array, or two of them
        `k` long along `axis`.

    Examples
    --------
    >>> nd.topk(nd.array([[3, 1, 2], [1, 4, 5]]), k=2)
    [[0. 2.]
     [2. 1.]]
    """

def transpose(
    data: Symbol | None = None,
    *,
    axes: _Shape = (),
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The array with its axes in another order.

    Parameters
    ----------
    data : array
        Any shape.
    axes : tuple of int
        For each axis of the result, the axis of `data` that it is; reversed order by default.

    Returns
    -------
    array
        Dtype of `data`.

    Examples
    --------
    >>> nd.transpose(nd.zeros((2, 3, 4)), axes=(0, 2, 1)).shape
    (2, 4, 3)
    """

def true_divide(lhs: Symbol | float, rhs: Symbol | float) -> Symbol:
    """The quotient ``lhs / rhs``; that of integers is rounded towards 0.

    Parameters
    ----------
    lhs, rhs : array or number
        Shapes are equal but for axes of length 1. A number takes the dtype of the array.

    Returns
    -------
    array
        The common shape.
    """

def trunc(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """The whole part: rounds towards 0.

    Parameters
    ----------
    data : array
        Any shape. Integers are computed in floating point and the result is cut to an integer.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """

uniform = random_uniform

def unravel_index(
    data: Symbol | None = None,
    *,
    shape: _Shape,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Indices into the flattened array as places in the array.

    Parameters
    ----------
    data : array
        Any shape.
    shape : tuple of int
        Shape of the array; its first entry does not matter.

    Returns
    -------
    array
        ``(len(shape),) + data.shape``, in the dtype of `data`.

    Examples
    --------
    >>> nd.unravel_index(nd.array([2, 4]), shape=(2, 3))
    [[0. 1.]
     [2. 1.]]
    """

def where(
    condition: Symbol | None = None,
    x: Symbol | None = None,
    y: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Elements of `x` where `condition` is not 0, of `y` elsewhere.

    Parameters
    ----------
    condition : array
        Shape of `x`; or one number for each row of `x`, to choose whole rows.
    x, y : array
        Two arrays of one shape and dtype.

    Returns
    -------
    array
        Shape and dtype of `x`.

    Examples
    --------
    >>> nd.where(nd.array([1, 0]), nd.array([[1, 2], [3, 4]]), nd.array([[5, 6], [7, 8]]))
    [[1. 2.]
     [7. 8.]]
    """

def zeros_like(
    data: Symbol | None = None,
    *,
    name: str | None = None,
    attr: dict[str, str] | None = None,
) -> Symbol:
    """Zeros in the shape and dtype of `data`.

    Parameters
    ----------
    data : array
        Any shape.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """
