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

    Each call normalizes over the batch that it is given.

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
        The number of devices; only 1 is possible here.
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
