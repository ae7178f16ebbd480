"""Changes of colour, in place, on floating-point images.

Images are (height, width, channels) with 3 channels, red, green, blue, or one.
"""

from __future__ import annotations

import numpy as np

__all__ = [
    "COMPONENTS", "DEVIATIONS", "GRAY", "brightness", "contrast", "gray", "lighting", "saturation",
]  # fmt: skip

#: Weights of red, green and blue in the brightness that an eye sees (ITU-R BT.601).
GRAY = np.array([0.299, 0.587, 0.114])

#: Principal components of the covariance of ImageNet's colours, in columns, and the deviation of
#: each (Krizhevsky et al., "ImageNet classification with deep convolutional neural networks",
#: 2012).
COMPONENTS = np.array(
    [[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]]
)
DEVIATIONS = np.array([55.46, 4.794, 1.148])


def gray(image: np.ndarray) -> np.ndarray:
    """Brightness of each pixel: (height, width, 1)."""
    return image if image.shape[-1] == 1 else (image @ GRAY.astype(image.dtype))[..., None]


def brightness(image: np.ndarray, factor: float) -> np.ndarray:
    """The image times a factor."""
    image *= image.dtype.type(factor)
    return image


def contrast(image: np.ndarray, factor: float) -> np.ndarray:
    """The image's distance from its mean brightness times a factor."""
    sums = image.sum(0).sum(0, dtype=np.float64)  # along the memory first: that is fast
    mean = float(sums @ GRAY if len(sums) == 3 else sums[0]) / (image.shape[0] * image.shape[1])
    image *= image.dtype.type(factor)
    image += image.dtype.type(mean * (1 - factor))
    return image


def saturation(image: np.ndarray, factor: float) -> np.ndarray:
    """Each pixel's distance from its own brightness times a factor."""
    part = gray(image)[..., 0] * image.dtype.type(1 - factor)
    image *= image.dtype.type(factor)
    for channel in range(image.shape[-1]):  # faster than broadcasting along the last axis
        image[..., channel] += part
    return image


def lighting(image: np.ndarray, alpha: np.ndarray, components=COMPONENTS, deviations=DEVIATIONS):
    """The image with these amounts of the principal components added."""
    amounts = (np.asarray(components) * alpha) @ np.asarray(deviations)
    image += amounts.astype(image.dtype)
    return image
