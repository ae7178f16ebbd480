"""Random changes of an image's colours.

Images are (height, width, channels), or with a batch axis before, with 3 channels in the order red,
green, blue, or with one. A random factor is drawn once in a call. An integer image keeps to the
range of its type; fractions are cut off.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from ..engine.attributes import Amount
from ..engine.op import register
from ..pixels.colours import COMPONENTS, DEVIATIONS, GRAY
from .image import need_image, wide


def _colours(data) -> int:
    channels = need_image(data)[2]
    if channels not in (1, 3):
        raise ValueError(f"an image must have 1 or 3 channels, got the shape {data.shape}")
    return channels


def _cut(image, dtype):
    """`image` in another type, as a cast does, but within the range of unsigned bytes."""
    if dtype == jnp.uint8:
        image = jnp.clip(image, 0, 255)
    return image.astype(dtype)


def _gray(image):
    """Brightness of each pixel, (..., height, width, 1)."""
    if image.shape[-1] == 1:
        return image
    return (image * GRAY.astype(image.dtype)).sum(-1, keepdims=True)


def _brightness(image, factor):
    return image * factor


def _contrast(image, factor):
    mean = _gray(image).mean((-3, -2), keepdims=True)
    return image * factor + mean * (1 - factor)


def _saturation(image, factor):
    return image * factor + _gray(image) * (1 - factor)


def _hue(image, turn):
    """Turn the colour circle; lightness and saturation stay, and so the largest and least value."""
    if image.shape[-1] == 1:
        return image
    r, g, b = image[..., 0], image[..., 1], image[..., 2]
    top, low = image.max(-1), image.min(-1)
    span = top - low
    safe = jnp.where(span > 0, span, 1)
    sector = jnp.where(
        top == r, (g - b) / safe, jnp.where(top == g, 2 + (b - r) / safe, 4 + (r - g) / safe)
    )
    at = (sector + 6 * turn) % 6
    red = jnp.clip(jnp.abs(at - 3) - 1, 0, 1)
    green = jnp.clip(2 - jnp.abs(at - 2), 0, 1)
    blue = jnp.clip(2 - jnp.abs(at - 4), 0, 1)
    return low[..., None] + span[..., None] * jnp.stack([red, green, blue], -1)


def _drawn(key, low: float, high: float, image):
    return low + (high - low) * jax.random.uniform(key, (), image.dtype)


def _apply(data, change, key, min_factor: float, max_factor: float):
    _colours(data)
    if min_factor < 0 or max_factor < 0:
        raise ValueError(f"min_factor={min_factor} and max_factor={max_factor} must be at least 0")
    image = wide(data)
    return _cut(change(image, _drawn(key, min_factor, max_factor, image)), data.dtype)


@register("_image_random_brightness")
def random_brightness(data, *, min_factor: Amount, max_factor: Amount, key):
    """The image multiplied by a random factor.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels).
    min_factor, max_factor : float
        Range of the factor.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.image.random_brightness(nd.ones((1, 2, 1)), 2, 2).reshape(-1)
    [2. 2.]
    """
    return _apply(data, _brightness, key, min_factor, max_factor)


@register("_image_random_contrast")
def random_contrast(data, *, min_factor: Amount, max_factor: Amount, key):
    """The image's distance from its mean brightness multiplied by a random factor.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels).
    min_factor, max_factor : float
        Range of the factor; 0 gives the mean brightness everywhere.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.image.random_contrast(nd.array([[[1], [3]]]), 2, 2).reshape(-1)
    [0. 4.]
    """
    return _apply(data, _contrast, key, min_factor, max_factor)


@register("_image_random_saturation")
def random_saturation(data, *, min_factor: Amount, max_factor: Amount, key):
    """Each pixel's distance from its own gray multiplied by a random factor.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels); an image of one channel
        stays as it is.
    min_factor, max_factor : float
        Range of the factor; 0 gives a gray image.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """
    return _apply(data, _saturation, key, min_factor, max_factor)


@register("_image_random_hue")
def random_hue(data, *, min_factor: Amount, max_factor: Amount, key):
    """The colours turned on the colour circle by a random angle.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels); an image of one channel
        stays as it is.
    min_factor, max_factor : float
        Range of the angle; 1 is a full turn.

    Returns
    -------
    array
        Shape and dtype of `data`.

    Examples
    --------
    >>> nd.image.random_hue(nd.array([[[3, 0, 0]]]), 1 / 3, 1 / 3).reshape(-1).round()
    [0. 3. 0.]
    """
    return _apply(data, _hue, key, min_factor, max_factor)


@register("_image_random_color_jitter")
def random_color_jitter(
    data, *, brightness: float, contrast: float, saturation: float, hue: float, key
):
    """Random brightness, contrast, saturation and hue, one after the other in random order.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels).
    brightness, contrast, saturation : float
        The factor is drawn between ``1 - x`` and ``1 + x``.
    hue : float
        The angle is drawn between ``-x`` and ``x``; 1 is a full turn.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """
    _colours(data)
    amounts = (brightness, contrast, saturation, hue)
    if min(amounts) < 0:
        raise ValueError(f"brightness, contrast, saturation and hue must be at least 0: {amounts}")
    image = wide(data)
    changes = [
        (change, amount, middle)
        for change, amount, middle in zip(
            (_brightness, _contrast, _saturation, _hue), amounts, (1, 1, 1, 0), strict=True
        )
        if amount
    ]
    if not changes:
        return data
    keys = jax.random.split(key, 2)
    factors = [
        _drawn(k, middle - amount, middle + amount, image)
        for k, (_, amount, middle) in zip(
            jax.random.split(keys[0], len(changes)), changes, strict=True
        )
    ]

    def step(image, which):
        branches = [
            lambda x, change=change, factor=factor: _cut(change(x, factor), data.dtype).astype(
                x.dtype
            )
            for (change, _, _), factor in zip(changes, factors, strict=True)
        ]
        return jax.lax.switch(which, branches, image), None

    order = jax.random.permutation(keys[1], len(changes))
    return jax.lax.scan(step, image, order)[0].astype(data.dtype)


def _lighting(data, alpha):
    if _colours(data) == 1:
        return data
    image = wide(data)
    vectors = jnp.asarray(COMPONENTS * DEVIATIONS, image.dtype)
    return _cut(image + (vectors * alpha).sum(-1), data.dtype)


@register("_image_adjust_lighting")
def adjust_lighting(data, *, alpha: tuple):
    """Add colour along the principal components of ImageNet's colours.

    Krizhevsky et al., "ImageNet classification with deep convolutional neural networks", 2012.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels), with values from 0 to 255;
        an image of one channel stays as it is.
    alpha : (float, float, float)
        How much of each component.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """
    if np.shape(alpha) != (3,):
        raise ValueError(f"alpha={alpha} must be three numbers")
    return _lighting(data, jnp.asarray(alpha, wide(data).dtype))


@register("_image_random_lighting")
def random_lighting(data, *, alpha_std: float = 0.05, key):
    """Add random colour along the principal components of ImageNet's colours.

    Parameters
    ----------
    data : array
        (height, width, channels) or (batch, height, width, channels), with values from 0 to 255;
        an image of one channel stays as it is.
    alpha_std : float
        Standard deviation of the three amounts; see adjust_lighting.

    Returns
    -------
    array
        Shape and dtype of `data`.
    """
    if alpha_std < 0:
        raise ValueError(f"alpha_std={alpha_std} must be at least 0")
    return _lighting(data, alpha_std * jax.random.normal(key, (3,), wide(data).dtype))
