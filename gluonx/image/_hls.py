"""Hue, lightness and saturation of 8-bit images, as OpenCV has them: hue is from 0 to 180."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["from_hls", "shifted", "to_hls"]


def shifted(img: np.ndarray, by: Any) -> np.ndarray:
    """Red, green and blue (height, width, 3), uint8, with hue, lightness and saturation changed by
    three whole numbers."""
    hls = to_hls(img).astype(np.int32) + np.array(by)
    return from_hls(np.clip(hls, 0, [180, 255, 255]).astype(np.uint8))


def to_hls(img: np.ndarray) -> np.ndarray:
    """Hue, lightness and saturation of red, green and blue: (height, width, 3), uint8."""
    rgb = img.astype(np.float32) / np.float32(255)
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    high, low = rgb.max(-1), rgb.min(-1)
    difference, light = high - low, (high + low) / 2
    colored = difference > np.finfo(np.float32).eps
    safe = np.where(colored, difference, 1)
    most = np.where(light < 0.5, high + low, 2 - high - low)
    saturation = safe / np.where(colored, most, 1)
    hue = np.where(
        high == red,
        (green - blue) / safe,
        np.where(high == green, 2 + (blue - red) / safe, 4 + (red - green) / safe),
    )
    hue = np.where(hue < 0, hue + 6, hue) * 30
    parts = (np.where(colored, hue, 0), light * 255, np.where(colored, saturation, 0) * 255)
    return np.clip(np.rint(np.stack(parts, -1)), 0, 255).astype(np.uint8)


def from_hls(img: np.ndarray) -> np.ndarray:
    """Red, green and blue of hue, lightness and saturation: (height, width, 3), uint8."""
    hue = img[..., 0].astype(np.float32) / np.float32(30)
    light, saturation = (img[..., k].astype(np.float32) / np.float32(255) for k in (1, 2))
    high = np.where(light <= 0.5, light * (1 + saturation), light + saturation - light * saturation)
    low = 2 * light - high
    out = []
    for turn in (2, 0, -2):  # red is highest at hue 0, green at 2, blue at 4
        at = (hue + turn) % 6
        rising = low + (high - low) * at
        falling = low + (high - low) * (4 - at)
        out.append(np.where(at < 1, rising, np.where(at < 3, high, np.where(at < 4, falling, low))))
    return np.clip(np.rint(np.stack(out, -1) * 255), 0, 255).astype(np.uint8)
