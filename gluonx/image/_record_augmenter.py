"""The augmentation that the iterators over records do, from their parameters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..pixels import colours
from ..pixels.resize import choose, resize, short_size
from ._functions import bordered
from ._hls import shifted
from ._warp import warp_affine

__all__ = ["RecordAugmenter"]

#: The parameters and their defaults.
DEFAULTS: dict[str, Any] = {
    "resize": -1, "rand_crop": False, "random_resized_crop": False, "max_rotate_angle": 0,
    "max_aspect_ratio": 0.0, "min_aspect_ratio": None, "max_shear_ratio": 0.0,
    "max_crop_size": -1, "min_crop_size": -1, "max_random_scale": 1.0, "min_random_scale": 1.0,
    "max_random_area": 1.0, "min_random_area": 1.0, "max_img_size": 1e10, "min_img_size": 0.0,
    "brightness": 0.0, "contrast": 0.0, "saturation": 0.0, "pca_noise": 0.0, "random_h": 0,
    "random_s": 0, "random_l": 0, "rotate": -1, "fill_value": 255, "inter_method": 1, "pad": 0,
}  # fmt: skip


class RecordAugmenter:
    """Resizes, turns, crops and colors 8-bit images; see :class:`gluonx.io.ImageRecordIter`.

    Parameters
    ----------
    data_shape : (int, int, int)
        Channels, height and width of the result.
    given
        Some of `DEFAULTS`.
    """

    names = tuple(DEFAULTS)

    def __init__(self, data_shape: tuple[int, int, int], given: dict[str, Any]):
        self.height, self.width = data_shape[1:]
        p = self.p = {**DEFAULTS, **given}
        if p["inter_method"] not in (0, 1, 2, 3, 4, 9, 10):
            raise ValueError(f"inter_method={p['inter_method']} must be from 0 to 4, or 9 or 10")
        self._sized = max(p["max_crop_size"], p["min_crop_size"]) > 0
        if self._sized and not 0 < p["min_crop_size"] <= p["max_crop_size"]:
            raise ValueError(
                f"min_crop_size={p['min_crop_size']} must be positive and not above "
                f"max_crop_size={p['max_crop_size']}"
            )
        if p["random_resized_crop"]:
            others = ("rand_crop", "max_crop_size", "min_crop_size")
            clash = [n for n in others if p[n] != DEFAULTS[n]]
            if clash or (p["max_random_scale"], p["min_random_scale"]) != (1, 1):
                raise ValueError(
                    "random_resized_crop excludes rand_crop, min_crop_size, max_crop_size, "
                    "min_random_scale and max_random_scale"
                )
        elif (p["max_random_area"], p["min_random_area"]) != (1, 1):
            raise ValueError("max_random_area and min_random_area need random_resized_crop=True")
        ratio = not p["random_resized_crop"] and (
            p["min_aspect_ratio"] is not None or p["max_aspect_ratio"] != 0
        )
        self._affine = ratio or (
            p["max_rotate_angle"] > 0
            or p["max_shear_ratio"] > 0
            or p["rotate"] > 0
            or (p["max_random_scale"], p["min_random_scale"]) != (1, 1)
            or p["max_img_size"] != DEFAULTS["max_img_size"]
            or p["min_img_size"] != 0
        )
        self._jitters = p["brightness"] or p["contrast"] or p["saturation"]
        self._hsl = p["random_h"] or p["random_s"] or p["random_l"]
        self._plain = not (self._affine or p["pad"] or p["random_resized_crop"] or self._sized)

    def apply(self, img: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """`img` (height, width, channels), changed with draws of `rng`."""
        p = self.p
        if p["resize"] > 0:
            width, height = short_size(img, p["resize"])
            if self._plain and height >= self.height and width >= self.width:
                x, y = self._place(height, width, rng, self.height, self.width)
                window = (x, y, self.width, self.height)
                img = resize(img, width, height, self._kind(img, height, width, rng), window)
                return self._colored(img, rng)
            img = self._to(img, height, width, rng)
        if self._affine:
            img = self._warped(img, rng)
        if p["pad"] > 0:
            img = bordered(img, *(p["pad"],) * 4, fill=p["fill_value"])
        return self._colored(self._cropped(img, rng), rng)

    def _kind(self, img: np.ndarray, height: int, width: int, rng: Any) -> int:
        return choose(self.p["inter_method"], img.shape[:2], (height, width), lambda: rng)

    def _to(self, img: np.ndarray, height: int, width: int, rng: Any) -> np.ndarray:
        if img.shape[:2] == (height, width):
            return img
        return resize(img, width, height, self._kind(img, height, width, rng))

    def _place(self, rows, columns, rng, height, width) -> tuple[int, int]:
        """Left column and upper row of a part: in the middle, or anywhere."""
        x, y = columns - width, rows - height
        if self.p["rand_crop"]:
            return int(rng.integers(x + 1)), int(rng.integers(y + 1))
        return x // 2, y // 2

    def _warped(self, img: np.ndarray, rng: Any) -> np.ndarray:
        p = self.p
        rows, columns = img.shape[:2]
        shear = rng.uniform(-p["max_shear_ratio"], p["max_shear_ratio"])
        angle = int(rng.integers(-p["max_rotate_angle"], p["max_rotate_angle"] + 1))
        angle = p["rotate"] if p["rotate"] > 0 else angle
        cos, sin = math.cos(angle / 180 * math.pi), math.sin(angle / 180 * math.pi)
        scale = rng.uniform(p["min_random_scale"], p["max_random_scale"])
        ratio = 1.0
        if not p["random_resized_crop"]:
            low, high = p["min_aspect_ratio"], p["max_aspect_ratio"]
            ratio = rng.uniform(low, high) if low is not None else 1 + rng.uniform(-high, high)
        tall = 2 * scale / (1 + ratio)
        wide = ratio * tall
        new_width, new_height = (
            max(p["min_img_size"], min(p["max_img_size"], scale * n)) for n in (columns, rows)
        )
        matrix = np.array(
            [
                [tall * cos - shear * sin * wide, tall * sin + shear * cos * wide, 0],
                [-sin * wide, cos * wide, 0],
            ],
            np.float32,
        )
        # The middle stays in the middle.
        middle = matrix[:, :2] @ np.array([columns, rows], np.float32)
        matrix[:, 2] = (np.array([new_width, new_height], np.float32) - middle) / 2
        width, height = int(new_width), int(new_height)
        kind = self._kind(img, height, width, rng)
        return warp_affine(img, matrix, width, height, kind, p["fill_value"])

    def _cropped(self, img: np.ndarray, rng: Any) -> np.ndarray:
        rows, columns = img.shape[:2]
        found = self._any_size(rows, columns, rng) if self.p["random_resized_crop"] else None
        if found:
            height, width = found
            x, y = int(rng.integers(columns - width + 1)), int(rng.integers(rows - height + 1))
        elif self._sized:
            low, high = self.p["min_crop_size"], self.p["max_crop_size"]
            if high > min(rows, columns):
                raise ValueError(
                    f"max_crop_size={high} is more than an image of height {rows} and width "
                    f"{columns} has"
                )
            height = width = int(rng.integers(low, high + 1))
            x, y = self._place(rows, columns, rng, height, width)
        else:
            if rows < self.height:
                img = self._to(img, self.height, int(self.height / rows * columns), rng)
            if img.shape[1] < self.width:
                img = self._to(img, int(self.width / img.shape[1] * img.shape[0]), self.width, rng)
            rows, columns = img.shape[:2]
            height, width = self.height, self.width
            x, y = self._place(rows, columns, rng, height, width)
        return self._to(img[y : y + height, x : x + width], self.height, self.width, rng)

    def _any_size(self, rows: int, columns: int, rng: Any) -> tuple[int, int] | None:
        """Height and width of a random part; None if ten of them do not fit into the image."""
        p = self.p
        low, high = p["min_aspect_ratio"], p["max_aspect_ratio"]
        if low is None:
            low, high = 1 - high, 1 + high
        for _ in range(10):
            area = rng.uniform(p["min_random_area"], p["max_random_area"]) * rows * columns
            ratio = rng.uniform(low, high)
            if ratio <= 0:
                continue
            height, width = round(math.sqrt(area / ratio)), round(math.sqrt(area * ratio))
            if 1 <= height <= rows and 1 <= width <= columns:
                return height, width
        return None

    def _colored(self, img: np.ndarray, rng: Any) -> np.ndarray:
        if self._jitters:
            img = self._jittered(img, rng)
        if self.p["pca_noise"] > 0 and img.shape[2] == 3:
            alpha = rng.normal(0, self.p["pca_noise"], 3)
            img = _bytes(colours.lighting(img.astype(np.float64), alpha))
        if self._hsl and img.shape[2] == 3:
            limits = [self.p[n] for n in ("random_h", "random_l", "random_s")]
            by = [int(rng.uniform(-limit, limit)) for limit in limits]
            img = shifted(img, by)
        return img

    def _jittered(self, img: np.ndarray, rng: Any) -> np.ndarray:
        names = ("brightness", "contrast", "saturation")
        factors = [1 + rng.uniform(-self.p[n], self.p[n]) for n in names]
        weights = colours.GRAY.astype(np.float32)[: img.shape[2]]
        weights = weights / weights.sum()
        for k in rng.permutation(3):
            factor = np.float32(factors[k])
            if factor == 1:
                continue
            if k == 0:
                img = _bytes(img * factor)
                continue
            gray = img[:, :, :3].astype(np.float32) @ weights
            gray = gray.mean() if k == 1 else gray[:, :, None]
            img = _bytes(img * factor + (1 - factor) * gray)
        return img


def _bytes(img: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(img), 0, 255).astype(np.uint8)
