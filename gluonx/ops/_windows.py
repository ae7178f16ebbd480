"""What convolution and pooling share: layouts and attributes with one number per spatial axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from ..engine.op import Shape

__all__ = ["Layout", "LayoutName", "Tuning", "layout_of", "per_axis"]

LayoutName = Literal["NCW", "NWC", "NCHW", "NHWC", "NCDHW", "NDHWC"]
#: How cuDNN shall choose an algorithm; here XLA does.
Tuning = Literal["off", "limited_workspace", "fastest"]

_LAYOUTS = {
    "NCW": 1, "NWC": 2, "NCHW": 1, "NHWC": 3, "NCDHW": 1, "NDHWC": 4,
}  # fmt: skip
_DEFAULT = {1: "NCW", 2: "NCHW", 3: "NCDHW"}


class Layout(NamedTuple):
    """Where the axes are."""

    name: str
    channel: int
    spatial: tuple[int, ...]

    @property
    def channel_last(self) -> bool:
        return self.channel != 1

    def along_channels(self, ndim: int) -> tuple[int, ...]:
        """The shape that makes a vector of one number per channel broadcast."""
        return tuple(-1 if i == self.channel else 1 for i in range(ndim))


def layout_of(layout: str | None, ndim: int, axes: int | None = None) -> Layout:
    """The layout of an array with ``ndim`` axes and ``axes`` spatial ones (as many as fit)."""
    if axes is None:
        axes = ndim - 2
    if axes not in _DEFAULT:
        raise ValueError(f"1, 2 or 3 spatial axes are possible, got {axes}")
    name = layout or _DEFAULT[axes]
    if name not in _LAYOUTS or len(name) != axes + 2:
        known = ", ".join(repr(k) for k in _LAYOUTS if len(k) == axes + 2)
        raise ValueError(
            f"layout={layout!r} does not fit {axes} spatial axes (one per number in `kernel`); "
            f"expected {known}"
        )
    if ndim != axes + 2:
        raise ValueError(
            f"data must have {axes + 2} axes ({name}) for {axes} spatial axes, got {ndim}"
        )
    channel = _LAYOUTS[name]
    first = 2 if channel == 1 else 1
    return Layout(name, channel, tuple(range(first, first + axes)))


def per_axis(name: str, given: Sequence[int], axes: int, default: int, least: int) -> Shape:
    """``given`` with one number per spatial axis, or the default when it is empty."""
    if not given:
        return Shape((default,) * axes)
    if len(given) != axes or any(n < least for n in given):
        raise ValueError(
            f"{name}={tuple(given)} must have one number, at least {least}, for each of the "
            f"{axes} spatial axes"
        )
    return Shape(given)
