"""Fully connected layers, activations, dropout and upsampling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import jax
import jax.numpy as jnp

from ..engine.attributes import Count, Part
from ..engine.images import Images
from ..engine.op import Shape, register
from ..engine.target import target
from ._checks import EMPTY, is_float, same_dtype, to_axis
from ._kept import rectified
from ._once import gradient_once, product
from .conv import deconvolution

__all__ = ["activation", "dropout", "fully_connected", "leaky_relu", "upsampling"]


def _infer_fully_connected(shapes: dict, attrs: dict) -> dict:
    data, hidden = shapes.get("data"), attrs["num_hidden"]
    found: dict = {} if attrs["no_bias"] else {"bias": (hidden,)}
    if data:
        found["weight"] = (hidden, math.prod(data[1:]) if attrs["flatten"] else data[-1])
    return found


@register("FullyConnected", infer=_infer_fully_connected)
def fully_connected(
    data, weight, bias=None, *, num_hidden: Count, no_bias: bool = False, flatten: bool = True
):
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
    same_dtype(data, weight)
    if not data.ndim:
        raise ValueError("data has no axes; give an array of shape (batch, inputs)")
    if flatten:
        data = data.reshape(data.shape[0], math.prod(data.shape[1:]))
    want = (num_hidden, data.shape[-1])
    if weight.shape != want:
        hint = "" if flatten else "; with flatten=False the inputs are the last axis alone"
        raise ValueError(
            f"weight must have shape {want} (num_hidden, inputs), got {weight.shape}{hint}"
        )
    if no_bias and bias is not None:
        raise ValueError("a bias was given although no_bias=True; leave one of them out")
    if not no_bias and bias is None:
        raise ValueError("the bias is missing; give it, or set no_bias=True")
    if bias is not None and bias.shape != (num_hidden,):
        raise ValueError(f"bias must have shape ({num_hidden},), got {bias.shape}")
    y = _linear(data, weight)
    return gradient_once(y if bias is None else y + bias.astype(y.dtype))


#: From so many outputs on, as of a language model, those of a sequence are made as one matrix.
_MANY = 1536


def _linear(data, weight):
    """``data @ weight.T``.

    For the gradient of the weight XLA turns an array of more than two axes round first, on a CPU;
    of many columns that takes longer than YNNPACK saves (704 rows of 648 inputs and 10000 outputs:
    the gradients 171 ms, as matrices 142; but 1024 of 256 and 1024 9.5 and 10.4).
    """
    if data.ndim > 2 and weight.shape[0] >= _MANY and target() == "cpu":
        rows = data.reshape(math.prod(data.shape[:-1]), data.shape[-1])
        return product(rows, weight, (1, 1)).reshape(*data.shape[:-1], weight.shape[0])
    return jax.lax.dot_general(data, weight, (((data.ndim - 1,), (1,)), ((), ())))


_ACTIVATIONS = {
    "relu": rectified,
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    "softrelu": jax.nn.softplus,
    "softsign": jax.nn.soft_sign,
}


@register("Activation", alike=True)
def activation(data, *, act_type: Literal["relu", "sigmoid", "tanh", "softrelu", "softsign"]):
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
    _need_float(data)
    return _ACTIVATIONS[act_type](data)


def _need_float(data) -> None:
    if not is_float(data):
        raise ValueError(f"data must be of a floating-point type, got {data.dtype}; use astype")


def _infer_leaky_relu(shapes: dict, attrs: dict) -> dict:
    data = shapes.get("data")
    if attrs["act_type"] != "prelu" or not data:
        return {}
    gamma = shapes.get("gamma")
    if gamma == (1,):
        return {"gamma": gamma}
    return {"gamma": (data[1] if len(data) > 1 else data[0],)}


# Klambauer et al., 2017: fixed point of mean 0 and variance 1.
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def _channels_last(images: Images, arrays: Sequence[Any], attrs: dict) -> Any:
    made = images.made(arrays[0])
    if made is None or attrs["act_type"] in ("prelu", "rrelu"):
        return None
    return (made, None), attrs


@register(
    "LeakyReLU", infer=_infer_leaky_relu, initial={"gamma": '["Constant", {"value": 0.25}]'},
    channels_last=_channels_last,
)  # fmt: skip
def leaky_relu(
    data,
    gamma=None,
    *,
    act_type: Literal["leaky", "prelu", "rrelu", "elu", "selu", "gelu"] = "leaky",
    slope: float = 0.25,
    lower_bound: float = 0.125,
    upper_bound: float = 0.334,
    key,
    train,
):
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
    _need_float(data)
    if act_type == "leaky":
        return jnp.where(data > 0, data, slope * data)
    if act_type == "elu":
        return jnp.where(data > 0, data, slope * _expm1(data))
    if act_type == "selu":
        return _SELU_SCALE * jnp.where(data > 0, data, _SELU_ALPHA * _expm1(data))
    if act_type == "gelu":
        return jax.nn.gelu(data, approximate=False)
    if act_type == "prelu":
        return jnp.where(data > 0, data, _along_channels(gamma, data) * data)
    if train:
        slopes = jax.random.uniform(key, data.shape, data.dtype, lower_bound, upper_bound)
    else:
        slopes = (lower_bound + upper_bound) / 2
    return jnp.where(data > 0, data, slopes * data)


def _expm1(data):
    """``exp(data) - 1`` for what is not positive, without overflow in the gradient elsewhere."""
    return jnp.expm1(jnp.where(data > 0, 0, data))


def _along_channels(gamma, data):
    if gamma is None:
        raise ValueError("act_type='prelu' needs the slopes gamma")
    axis = 1 if data.ndim > 1 else 0
    channels = data.shape[axis] if data.ndim else 1
    if gamma.shape not in ((1,), (channels,)):
        raise ValueError(
            f"gamma must have shape (1,) or ({channels},), the slopes of the channels, "
            f"got {gamma.shape}"
        )
    shape = [-1 if i == axis else 1 for i in range(data.ndim)]
    return gamma.astype(data.dtype).reshape(shape)


@register("Dropout", alike=True, output_names=("output", "mask"))
def dropout(
    data,
    *,
    p: Part = 0.5,
    mode: Literal["training", "always"] = "training",
    axes: Shape = EMPTY,
    cudnn_off: bool | None = False,
    key,
    train,
):
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
    _need_float(data)
    if p == 0 or not (train or mode == "always"):
        return data
    shared = {to_axis(a, data.ndim, "axes") for a in axes}
    shape = tuple(1 if i in shared else n for i, n in enumerate(data.shape))
    keep = jax.random.bernoulli(key, 1 - p, (math.prod(shape),)).reshape(shape)
    scaled = data / (1 - p) if p < 1 else data  # nothing is kept then
    return jnp.where(keep, scaled, jnp.zeros((), data.dtype))


@register("UpSampling")
def upsampling(
    *data,
    scale: Count,
    num_filter: int = 0,
    sample_type: Literal["nearest", "bilinear"],
    multi_input_mode: Literal["concat", "sum"] = "concat",
    workspace: int = 512,
):
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
    if scale < 1:
        raise ValueError(f"scale={scale} must be at least 1")
    if not data or any(x.ndim != 4 for x in data):
        shapes = ", ".join(str(x.shape) for x in data)
        raise ValueError(f"images must be (batch, channels, height, width), got {shapes or 'none'}")
    if sample_type == "bilinear":
        if len(data) != 2:
            raise ValueError("sample_type='bilinear' takes an image and a weight")
        size, pad = 2 * scale - scale % 2, math.ceil((scale - 1) / 2)
        return deconvolution(
            *data,
            kernel=Shape((size, size)),
            stride=Shape((scale, scale)),
            pad=Shape((pad, pad)),
            num_filter=num_filter,
            num_group=num_filter,
        )
    height, width = (scale * n for n in data[0].shape[2:])
    if any(0 in x.shape[2:] for x in data):
        raise ValueError(f"images without pixels, {[x.shape for x in data]}, cannot be enlarged")
    large = []
    for x in data:
        if height % x.shape[2] or width % x.shape[3]:
            raise ValueError(f"an image {x.shape} cannot be enlarged to {height} by {width}")
        large.append(_repeat(_repeat(x, 2, height), 3, width))
    if len(large) == 1:
        return large[0]
    if multi_input_mode == "sum":
        return sum(large[1:], large[0])
    return jnp.concatenate(large, 1)


def _repeat(x, axis: int, extent: int):
    return jnp.repeat(x, extent // x.shape[axis], axis, total_repeat_length=extent)
