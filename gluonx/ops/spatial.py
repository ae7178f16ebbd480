"""Resampling of images: at given places, under affine maps and flows, to given sizes.

Jaderberg et al., "Spatial transformer networks", 2015. Places are numbers from -1, the middle of
the first pixel, to 1, the middle of the last.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from ..engine.op import Shape, register
from ._bilinear import sample
from ._checks import EMPTY, same_dtype
from ._resample import Taps, linear, resample

__all__ = ["need_images"]

_NO_SIZE = Shape((0, 0))


def need_images(data, name: str = "data") -> None:
    """Raise ValueError unless `data` is (batch, channels, height, width)."""
    if data.ndim != 4:
        raise ValueError(f"{name} must be (batch, channels, height, width), got {data.shape}")


def _wide(data):
    """Places are computed in 32 bits at least: 16 do not tell the pixels of an image apart."""
    return data if data.dtype.itemsize >= 4 else data.astype(jnp.float32)


@register("BilinearSampler")
def bilinear_sampler(data, grid, *, cudnn_off: bool | None = None):
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
    need_images(data)
    same_dtype(data, grid)
    if grid.ndim != 4 or grid.shape[:2] != (data.shape[0], 2):
        raise ValueError(
            f"grid must have shape ({data.shape[0]}, 2, rows, columns) for data {data.shape}, got "
            f"{grid.shape}"
        )
    height, width = data.shape[2:]
    places = _wide(grid)
    x = (places[:, 0] + 1) * ((width - 1) / 2)
    y = (places[:, 1] + 1) * ((height - 1) / 2)
    return sample(data, y, x)


def _steps(count: int) -> np.ndarray:
    """`count` places from -1 to 1; the middle for a single one."""
    return np.linspace(-1, 1, count) if count > 1 else np.zeros(count)


def _affine(theta, target_shape: tuple[int, ...]):
    if theta.ndim < 2 or theta[0].size != 6:
        raise ValueError(f"an affine map is (batch, 6), two rows of three, got {theta.shape}")
    if len(target_shape) != 2 or min(target_shape) < 1:
        raise ValueError(f"target_shape={target_shape} must be (height, width), both positive")
    height, width = target_shape
    y, x = np.meshgrid(_steps(height), _steps(width), indexing="ij")
    points = jnp.asarray(np.stack([x, y, np.ones_like(x)]).reshape(3, -1), theta.dtype)
    maps = theta.reshape(-1, 2, 3)
    # three terms: as sums, which keep all digits on every device
    places = sum(maps[:, :, k, None] * points[k] for k in range(3))
    return places.reshape(-1, 2, height, width)  # type: ignore[union-attr]


@register("GridGenerator")
def grid_generator(data, *, transform_type: str, target_shape: Shape = _NO_SIZE):
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
    if transform_type == "affine":
        return _affine(_wide(data), target_shape).astype(data.dtype)
    if transform_type != "warp":
        raise ValueError(f"transform_type={transform_type!r} is not one of 'affine', 'warp'")
    if data.ndim != 4 or data.shape[1] != 2:
        raise ValueError(f"a flow is (batch, 2, height, width), got {data.shape}")
    height, width = data.shape[2:]
    flow = _wide(data)
    x = (flow[:, 0] + np.arange(width, dtype=flow.dtype)) / (max(width - 1, 1) / 2) - 1
    y = (flow[:, 1] + np.arange(height, dtype=flow.dtype)[:, None]) / (max(height - 1, 1) / 2) - 1
    return jnp.stack([x, y], 1).astype(data.dtype)


def _infer_transformer(shapes: dict, attrs: dict) -> dict:
    data = shapes.get("data")
    return {"loc": (data[0], 6)} if data else {}


@register("SpatialTransformer", infer=_infer_transformer)
def spatial_transformer(
    data,
    loc,
    *,
    target_shape: Shape = _NO_SIZE,
    transform_type: str,
    sampler_type: str,
    cudnn_off: bool | None = None,
):
    """Images under affine maps: GridGenerator and BilinearSampler in one.

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
        (batch, channels, \\*target_shape).

    Examples
    --------
    >>> x = nd.array([[[[1, 2], [3, 4]]]])
    >>> mirror = nd.array([[-1, 0, 0, 0, 1, 0]])
    >>> nd.SpatialTransformer(x, mirror, target_shape=(2, 2), transform_type='affine',
    ...                       sampler_type='bilinear')
    [[[[2. 1.]
       [4. 3.]]]]
    """
    if transform_type != "affine" or sampler_type != "bilinear":
        raise ValueError(
            f"transform_type={transform_type!r} and sampler_type={sampler_type!r} are not known; "
            "expected 'affine' and 'bilinear'"
        )
    need_images(data)
    same_dtype(data, loc)
    if len(loc) != len(data):
        raise ValueError(f"loc must have shape ({len(data)}, 6), got {loc.shape}")
    grid = _affine(_wide(loc), target_shape)
    y = (grid[:, 1] + 1) * ((data.shape[2] - 1) / 2)
    x = (grid[:, 0] + 1) * ((data.shape[3] - 1) / 2)
    return sample(data, y, x)


def _new_size(old: int, axis: str, mode: str, size: int, scale: float | None, like: int) -> int:
    if mode == "like":
        return like
    if mode == "size":
        return size if scale is None else int(old * scale)
    if mode == "odd_scale":
        if scale is None:
            raise ValueError(f"mode='odd_scale' needs scale_{axis}")
        return int((old - 1) * scale) + 1 if old % 2 else int(old * scale)
    odd = mode.startswith("to_odd")
    step = 1 if mode.endswith("up") else -1
    return old if (old % 2 == 1) == odd else old + step


_MODES = ("size", "like", "odd_scale", "to_even_down", "to_even_up", "to_odd_down", "to_odd_up")


@register("_contrib_BilinearResize2D")
def bilinear_resize(
    data,
    like=None,
    *,
    height: int = 1,
    width: int = 1,
    scale_height: float | None = None,
    scale_width: float | None = None,
    mode: str = "size",
    align_corners: bool = True,
):
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
    need_images(data)
    if mode not in _MODES:
        raise ValueError(f"mode={mode!r} is not known; expected one of {', '.join(_MODES)}")
    if (like is None) != (mode != "like"):
        raise ValueError("a second array goes with mode='like', and only with that")
    if mode == "size" and (scale_height is None) != (scale_width is None):
        raise ValueError("give both scale_height and scale_width, or neither")
    if like is not None:
        need_images(like, "like")
    target = like.shape[2:] if like is not None else (0, 0)
    out = _wide(data)
    for axis, name, size, scale in ((2, "height", height, scale_height),
                                    (3, "width", width, scale_width)):  # fmt: skip
        old = data.shape[axis]
        new = _new_size(old, name, mode, size, scale, target[axis - 2])
        if new < 1:
            raise ValueError(f"the new {name} would be {new}; it must be at least 1")
        out = resample(out, axis, linear(old, new, align_corners))
    return out.astype(data.dtype)


def _windows(size: int, target: int) -> Taps:
    """The mean over windows that cover the axis: the i-th from ``floor(i n / m)`` on."""
    begin = np.arange(target) * size // target
    end = -(-(np.arange(target) + 1) * size // target)
    count = end - begin
    index = begin[:, None] + np.arange(count.max())
    return Taps(index, (index < end[:, None]) / count[:, None], size)


@register("_contrib_AdaptiveAvgPooling2D")
def adaptive_avg_pooling(data, *, output_size: Shape = EMPTY):
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
    need_images(data)
    size = output_size or (1,)
    if len(size) > 2 or min(size) < 1:
        raise ValueError(f"output_size={output_size} must be one or two positive numbers")
    size = tuple(size) * (3 - len(size))
    out = _wide(data)
    for axis, new in zip((2, 3), size, strict=True):
        old = out.shape[axis]
        if old % new == 0:
            parts = (*out.shape[:axis], new, old // new, *out.shape[axis + 1 :])
            out = out.reshape(parts).mean(axis + 1)
        else:
            out = resample(out, axis, _windows(old, new))
    return out.astype(data.dtype)


@register("Correlation")
def correlation(
    data1,
    data2,
    *,
    kernel_size: int = 1,
    max_displacement: int = 1,
    stride1: int = 1,
    stride2: int = 1,
    pad_size: int = 0,
    is_multiply: bool = True,
):
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
    need_images(data1, "data1")
    if data2.shape != data1.shape:
        raise ValueError(f"data1 and data2 must have one shape: {data1.shape}, {data2.shape}")
    same_dtype(data1, data2)
    if kernel_size % 2 != 1 or min(stride1, stride2) < 1 or min(max_displacement, pad_size) < 0:
        raise ValueError(
            f"kernel_size={kernel_size} must be odd, stride1={stride1} and stride2={stride2} at "
            f"least 1, max_displacement={max_displacement} and pad_size={pad_size} at least 0"
        )
    channels, height, width = data1.shape[1:]
    border = max_displacement + kernel_size // 2
    rows, columns = (-(-(n + 2 * pad_size - 2 * border) // stride1) for n in (height, width))
    if rows < 1 or columns < 1:
        raise ValueError(
            f"images of {height} by {width} pixels have no place where a patch may move by "
            f"{max_displacement}; use a greater pad_size"
        )
    margins = ((0, 0), (0, 0), (pad_size, pad_size), (pad_size, pad_size))
    first, second = (jnp.pad(_wide(x), margins) for x in (data1, data2))
    # all pixels that patches at undisplaced places cover
    extent = tuple((n - 1) * stride1 + kernel_size for n in (rows, columns))
    fixed = jax.lax.dynamic_slice(
        first, _start(max_displacement, max_displacement), (*first.shape[:2], *extent)
    )
    reach = max_displacement // stride2
    steps = np.arange(-reach, reach + 1) * stride2 + max_displacement
    moves = np.stack(np.meshgrid(steps, steps, indexing="ij"), -1).reshape(-1, 2)

    @jax.checkpoint  # not the products of every displacement are kept for the gradient
    def compare(move):
        moved = jax.lax.dynamic_slice(second, _start(move[0], move[1]), fixed.shape)
        pairs = fixed * moved if is_multiply else jnp.abs(fixed - moved)
        window = (1, kernel_size, kernel_size)
        return jax.lax.reduce_window(
            pairs.sum(1), np.zeros((), pairs.dtype), jax.lax.add, window, (1, stride1, stride1),
            "VALID",
        )  # fmt: skip

    found = jax.lax.map(compare, moves.astype(np.int32)) / (channels * kernel_size**2)
    return jnp.moveaxis(found, 0, 1).astype(data1.dtype)


def _start(row, column) -> tuple:
    """Where a slice of images begins."""
    return tuple(jnp.asarray(at, jnp.int32) for at in (0, 0, row, column))
