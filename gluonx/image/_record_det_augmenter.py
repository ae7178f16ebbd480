"""The augmentation that the detection iterator over records does, from its parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..pixels.resize import choose, resize, short_size
from ._detection import _areas
from ._functions import bordered
from ._hls import shifted

__all__ = ["RecordDetAugmenter"]

_CROPS = {
    "min_crop_scales": (0.0,), "max_crop_scales": (1.0,), "min_crop_aspect_ratios": (1.0,),
    "max_crop_aspect_ratios": (1.0,), "min_crop_overlaps": (0.0,), "max_crop_overlaps": (1.0,),
    "min_crop_sample_coverages": (0.0,), "max_crop_sample_coverages": (1.0,),
    "min_crop_object_coverages": (0.0,), "max_crop_object_coverages": (1.0,),
    "max_crop_trials": (25,),
}  # fmt: skip
#: The parameters and their defaults.
DEFAULTS: dict[str, Any] = {
    "resize": -1, "rand_crop_prob": 0.0, **_CROPS, "num_crop_sampler": 1,
    "crop_emit_mode": "center", "emit_overlap_thresh": 0.3, "rand_pad_prob": 0.0,
    "max_pad_scale": 1.0, "max_random_hue": 0, "random_hue_prob": 0.0, "max_random_saturation": 0,
    "random_saturation_prob": 0.0, "max_random_illumination": 0, "random_illumination_prob": 0.0,
    "max_random_contrast": 0.0, "random_contrast_prob": 0.0, "rand_mirror_prob": 0.0,
    "fill_value": 127, "inter_method": 1, "resize_mode": "force",
}  # fmt: skip


def _choice(p: dict[str, Any], name: str, choices: tuple[str, ...]) -> None:
    if p[name] not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {p[name]!r}")


class RecordDetAugmenter:
    """Colors, mirrors, pads, crops and resizes 8-bit images with boxes.

    See :class:`gluonx.io.ImageDetRecordIter`. Crops are sampled as in Liu et al., "SSD: single shot
    multibox detector", 2016: each sampler looks for a part of the image that keeps to its limits,
    and one of those found is taken.

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
        _choice(p, "resize_mode", ("force", "shrink", "fit"))
        _choice(p, "crop_emit_mode", ("center", "overlap"))
        count = p["num_crop_sampler"]
        self.samplers: list[dict[str, Any]] = [{} for _ in range(count)]
        for name in _CROPS:
            values = p[name]
            values = tuple(values) if isinstance(values, (tuple, list)) else (values,)
            if len(values) not in (1, count):
                raise ValueError(f"{name}={values} must have num_crop_sampler={count} numbers")
            values = values * count if len(values) == 1 else values
            for sampler, value in zip(self.samplers, values, strict=True):
                sampler[name] = value

    def apply(
        self, img: np.ndarray, objects: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """`img` and its objects, changed; the image may be smaller than `data_shape`."""
        p = self.p
        if p["resize"] > 0:
            img = self._to(img, *short_size(img, p["resize"]), rng)
        img = self._colored(img, rng)
        if rng.random() < p["rand_mirror_prob"]:
            img, objects = img[:, ::-1], objects.copy()
            objects[:, [1, 3]] = 1 - objects[:, [3, 1]]
        if p["max_pad_scale"] > 1 and rng.random() < p["rand_pad_prob"]:
            img, objects = self._padded(img, objects, rng)
        if rng.random() < p["rand_crop_prob"]:
            img, objects = self._cropped(img, objects, rng)
        return self._fitted(img, rng), objects

    def _to(self, img: np.ndarray, width: int, height: int, rng: Any) -> np.ndarray:
        if img.shape[:2] == (height, width):
            return img
        kind = choose(self.p["inter_method"], img.shape[:2], (height, width), lambda: rng)
        return resize(img, width, height, kind)

    def _fitted(self, img: np.ndarray, rng: Any) -> np.ndarray:
        width, height = self.width, self.height
        if self.p["resize_mode"] != "force":
            rows, columns = img.shape[:2]
            scale = min(height / rows, width / columns)
            if self.p["resize_mode"] == "shrink":
                scale = min(scale, 1.0)
            height, width = max(int(rows * scale), 1), max(int(columns * scale), 1)
        return self._to(img, width, height, rng)

    def _colored(self, img: np.ndarray, rng: Any) -> np.ndarray:
        p = self.p
        by = [
            int(rng.uniform(-p[f"max_random_{n}"], p[f"max_random_{n}"]))
            if rng.random() < p[f"random_{n}_prob"]
            else 0
            for n in ("hue", "illumination", "saturation")
        ]
        if any(by) and img.shape[2] == 3:
            img = shifted(img, by)
        if rng.random() < p["random_contrast_prob"]:
            factor = 1 + rng.uniform(-p["max_random_contrast"], p["max_random_contrast"])
            img = np.clip(np.rint(img * np.float32(factor)), 0, 255).astype(np.uint8)
        return img

    def _padded(self, img, objects, rng) -> tuple[np.ndarray, np.ndarray]:
        rows, columns = img.shape[:2]
        scale = rng.uniform(1, self.p["max_pad_scale"])
        height, width = int(rows * scale), int(columns * scale)
        x, y = int(rng.integers(width - columns + 1)), int(rng.integers(height - rows + 1))
        margins = (y, height - rows - y, x, width - columns - x)
        objects = objects.copy()
        old, new = np.array([columns, rows] * 2), np.array([width, height] * 2)
        objects[:, 1:5] = (objects[:, 1:5] * old + [x, y] * 2) / new
        return bordered(img, *margins, fill=self.p["fill_value"]), objects

    def _cropped(self, img, objects, rng) -> tuple[np.ndarray, np.ndarray]:
        found = [part for s in self.samplers if (part := self._part(s, img, objects, rng))]
        if not found:
            return img, objects
        (x, y, width, height), kept = found[rng.integers(len(found))]
        return np.ascontiguousarray(img[y : y + height, x : x + width]), kept

    def _part(self, s: dict[str, Any], img: np.ndarray, objects: np.ndarray, rng: Any) -> Any:
        """A part of the image within a sampler's limits, and the objects in it; or None."""
        rows, columns = img.shape[:2]
        for _ in range(int(s["max_crop_trials"])):
            scale = rng.uniform(s["min_crop_scales"], s["max_crop_scales"])
            low = max(s["min_crop_aspect_ratios"], scale * scale)
            high = min(s["max_crop_aspect_ratios"], 1 / (scale * scale)) if scale > 0 else 0
            if scale <= 0 or low > high:
                continue
            ratio = rng.uniform(low, high) ** 0.5
            width, height = int(scale * ratio * columns), int(scale / ratio * rows)
            width, height = min(width, columns), min(height, rows)
            if width < 1 or height < 1:
                continue
            x, y = int(rng.integers(columns - width + 1)), int(rng.integers(rows - height + 1))
            kept = self._kept(s, objects, (x, y, width, height), (columns, rows))
            if kept is not None:
                return (x, y, width, height), kept
        return None

    def _kept(self, s, objects, place, extents) -> np.ndarray | None:
        x, y, width, height = place
        corner = np.array([x, y] * 2) / np.array(extents * 2)
        extent = np.array([width, height] * 2) / np.array(extents * 2)
        boxes = objects[:, 1:5]
        inside = np.clip((boxes - corner) / extent, 0, 1)
        part, areas = extent[0] * extent[1], _areas(boxes)
        shared = _areas(inside) * part
        measures = {
            "overlaps": shared / (part + areas - shared),
            "sample_coverages": shared / part,
            "object_coverages": shared / np.maximum(areas, 1e-12),
        }
        for name, values in measures.items():
            low, high = s[f"min_crop_{name}"], s[f"max_crop_{name}"]
            if (low > 0 or high < 1) and not ((values >= low) & (values <= high)).any():
                return None
        if self.p["crop_emit_mode"] == "center":
            middle = (boxes[:, :2] + boxes[:, 2:]) / 2
            kept = ((middle >= corner[:2]) & (middle <= corner[:2] + extent[:2])).all(1)
        else:
            kept = measures["object_coverages"] > self.p["emit_overlap_thresh"]
        if not kept.any():
            return None
        out = objects[kept].copy()
        out[:, 1:5] = inside[kept]
        return out
