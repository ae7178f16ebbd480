"""Resampling of images: at given places, under affine maps and flows.

Jaderberg et al., "Spatial transformer networks", 2015. Places are numbers from -1, the middle of
the first pixel, to 1, the middle of the last.
"""

from __future__ import annotations

import math
from typing import Literal

import jax.numpy as jnp
import numpy as np

from ..engine.op import Shape, register
from ._bilinear import sample
from ._checks import same_dtype

__all__ = ["need_images", "wide"]

_NO_SIZE = Shape((0, 0))


def need_images(data, name: str = "data") -> None:
    """Raise ValueError unless `data` is (batch, channels, height, width)."""
    if data.ndim != 4:
        raise ValueError(f"{name} must be (batch, channels, height, width), got {data.shape}")


def wide(data):
    """Places are computed in 32 bits at least: 16 do not tell the pixels of an image apart."""
    return data if data.dtype.itemsize >= 4 else data.astype(jnp.float32)


@register("BilinearSampler", output_names=("output", "tmp"))
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
    places = wide(grid)
    x = (places[:, 0] + 1) * ((width - 1) / 2)
    y = (places[:, 1] + 1) * ((height - 1) / 2)
    return sample(data, y, x)


def _steps(count: int) -> np.ndarray:
    """`count` places from -1 to 1; the middle for a single one."""
    return np.linspace(-1, 1, count) if count > 1 else np.zeros(count)


def _affine(theta, target_shape: tuple[int, ...]):
    if theta.ndim < 2 or math.prod(theta.shape[1:]) != 6:
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


@register("GridGenerator", output_names=("output", "grid_dst"))
def grid_generator(
    data, *, transform_type: Literal["affine", "warp"], target_shape: Shape = _NO_SIZE
):
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
        return _affine(wide(data), target_shape).astype(data.dtype)
    if data.ndim != 4 or data.shape[1] != 2:
        raise ValueError(f"a flow is (batch, 2, height, width), got {data.shape}")
    height, width = data.shape[2:]
    flow = wide(data)
    x = (flow[:, 0] + np.arange(width, dtype=flow.dtype)) / (max(width - 1, 1) / 2) - 1
    y = (flow[:, 1] + np.arange(height, dtype=flow.dtype)[:, None]) / (max(height - 1, 1) / 2) - 1
    return jnp.stack([x, y], 1).astype(data.dtype)


def _infer_transformer(shapes: dict, attrs: dict) -> dict:
    data = shapes.get("data")
    return {"loc": (data[0], 6)} if data else {}


@register(
    "SpatialTransformer", infer=_infer_transformer, output_names=("output", "grid_dst", "grid_src")
)
def spatial_transformer(
    data,
    loc,
    *,
    target_shape: Shape = _NO_SIZE,
    transform_type: Literal["affine"],
    sampler_type: Literal["bilinear"],
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
    grid = _affine(wide(loc), target_shape)
    y = (grid[:, 1] + 1) * ((data.shape[2] - 1) / 2)
    x = (grid[:, 0] + 1) * ((data.shape[3] - 1) / 2)
    return sample(data, y, x)
