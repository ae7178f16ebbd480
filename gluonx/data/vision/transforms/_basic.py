"""Composing transforms, and those that make a network's input of an image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from types import ModuleType
from typing import Any

import numpy as np

from .... import autograd
from .... import ndarray as nd
from ....block import Block, HybridBlock
from ....nn import HybridSequential, Lambda, Sequential
from ..._items import on_pixels, together
from ..._rng import generator
from .. import _pixels as pixels
from ._base import OnPixels

__all__ = [
    "Cast", "Compose", "HybridCompose", "HybridRandomApply", "Normalize", "RandomApply", "ToTensor",
]  # fmt: skip


class _Function(Lambda):
    """A function among transforms; what it holds is its own, so that workers can use it too."""

    def __init__(self, function: Callable):
        super().__init__(function)
        self._function = function

    def forward(self, *args: Any) -> Any:
        return self._function(*args)


class Compose(OnPixels, Sequential):
    """Several transforms, one after the other.

    Neighbouring hybrid ones are compiled together.

    Parameters
    ----------
    transforms : list of Block or callable
        What to apply, in this order.

    Inputs
    ------
    data : NDArray
        What the first transform takes.

    Outputs
    -------
    out : NDArray
        What the last transform gives.

    Examples
    --------
    >>> from gluonx import nd
    >>> from gluonx.data.vision import transforms
    >>> transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize(0.5, 0.25)])
    >>> print(transform(nd.ones((4, 5, 3), dtype='uint8') * 255)[0, 0].asnumpy().round(4))
    [2. 2. 2. 2. 2.]
    """

    def __init__(self, transforms: Sequence[Block | Callable]):
        super().__init__()
        blocks = [t if isinstance(t, Block) else _Function(t) for t in transforms]
        for hybrid, group in groupby(blocks, key=lambda block: isinstance(block, HybridBlock)):
            run = list(group)
            if hybrid and len(run) > 1:
                chain = HybridSequential()
                chain.add(*run)
                chain.hybridize()
                run = [chain]
            self.add(*run)

    def forward(self, x: Any, *args: Any) -> Any:
        # Of a single image, a compiled operator would be compiled for each size anew.
        single = not args and isinstance(x, nd.NDArray) and x.ndim == 3
        if single and x.context.device_type == "cpu" and not autograd.is_recording():
            function = on_pixels(self)
            if function is not None:
                out = function(x.asnumpy())
                return nd.array(out, ctx=x.context, dtype=out.dtype)
        return super().forward(x, *args)

    def _pixels(self) -> Any:
        return together(self)


class HybridCompose(OnPixels, HybridSequential):
    """Several hybrid transforms, compiled together.

    Parameters
    ----------
    transforms : list of HybridBlock
        What to apply, in this order.

    Raises
    ------
    TypeError
        If one of them is not a HybridBlock; :class:`Compose` takes it.

    Examples
    --------
    >>> from gluonx import nd
    >>> from gluonx.data.vision import transforms
    >>> transform = transforms.HybridCompose([transforms.Resize(4), transforms.ToTensor()])
    >>> transform(nd.ones((8, 8, 3), dtype='uint8')).shape
    (3, 4, 4)
    """

    def __init__(self, transforms: Sequence[HybridBlock]):
        super().__init__()
        for transform in transforms:
            if not isinstance(transform, HybridBlock):
                raise TypeError(
                    f"HybridCompose takes HybridBlocks, got {transform!r}; use Compose instead"
                )
        self.add(*transforms)
        self.hybridize()

    def _pixels(self) -> Any:
        return together(self)


class RandomApply(OnPixels, Sequential):
    """Applies transforms with some probability.

    Parameters
    ----------
    transforms : Block, callable, or list of these
        What to apply; a list one after the other.
    p : float
        The probability.

    Examples
    --------
    >>> from gluonx import nd
    >>> from gluonx.data.vision import transforms
    >>> transforms.RandomApply(transforms.Cast('int32'), p=1)(nd.ones((1,))).dtype
    <class 'numpy.int32'>
    """

    def __init__(self, transforms: Any, p: float = 0.5):
        super().__init__()
        self.transforms = (
            Compose(transforms) if isinstance(transforms, (list, tuple)) else transforms
        )
        self.p = p

    def forward(self, x: Any) -> Any:
        return x if generator().random() > self.p else self.transforms(x)

    def _pixels(self) -> Any:
        step = on_pixels(self.transforms)
        return None if step is None else pixels.RandomApply(step, self.p)


class HybridRandomApply(OnPixels, HybridSequential):
    """Applies a hybrid transform with some probability, inside compiled code.

    Parameters
    ----------
    transforms : HybridBlock or list of HybridBlock
        What to apply; its result must have the shape and dtype of its input.
    p : float
        The probability.
    """

    def __init__(self, transforms: Any, p: float = 0.5):
        super().__init__()
        if isinstance(transforms, (list, tuple)):
            transforms = HybridCompose(transforms)
        if not isinstance(transforms, HybridBlock):
            raise TypeError(f"HybridRandomApply takes HybridBlocks, got {transforms!r}")
        self.transforms = transforms
        self.p = p

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        chosen = F.random.uniform(shape=(1,)) < self.p
        return F.where(F.broadcast_like(chosen.reshape((1,) * x.ndim), x), self.transforms(x), x)

    def _pixels(self) -> Any:
        step = on_pixels(self.transforms)
        return None if step is None else pixels.RandomApply(step, self.p)


class Cast(OnPixels, HybridBlock):
    """Changes the element type.

    Parameters
    ----------
    dtype : str or numpy.dtype
        The new type.

    Inputs
    ------
    data : NDArray, any shape

    Outputs
    -------
    out : NDArray, the same shape
    """

    def __init__(self, dtype: Any = "float32"):
        super().__init__()
        self._dtype = dtype if isinstance(dtype, str) else np.dtype(dtype).name

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        return F.cast(x, dtype=self._dtype)

    def _pixels(self) -> Any:
        return pixels.Cast(self._dtype)


class ToTensor(OnPixels, HybridBlock):
    """From an image as it is stored to one as networks take it.

    The channels come first, and numbers from 0 to 255 become float32 from 0 to 1.

    Inputs
    ------
    data : NDArray, shape (H, W, C) or (N, H, W, C)
        Numbers from 0 to 255, usually uint8.

    Outputs
    -------
    out : NDArray, shape (C, H, W) or (N, C, H, W), float32

    Raises
    ------
    ValueError
        For another number of axes.

    Examples
    --------
    >>> from gluonx import nd
    >>> from gluonx.data.vision import transforms
    >>> transforms.ToTensor()(nd.ones((4, 5, 3), dtype='uint8')).shape
    (3, 4, 5)
    """

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        return F.image.to_tensor(x)

    def _pixels(self) -> Any:
        return pixels.ToTensor()


class Normalize(OnPixels, HybridBlock):
    r"""Takes the mean off each channel and divides by the standard deviation.

    .. math:: y_c = (x_c - m_c) / s_c

    Parameters
    ----------
    mean, std : float or tuple of float
        :math:`m` and :math:`s`: one number for all channels, or one for each.

    Inputs
    ------
    data : NDArray, shape (C, H, W) or (N, C, H, W)
        Usually from :class:`ToTensor`.

    Outputs
    -------
    out : NDArray, the same shape

    Raises
    ------
    ValueError
        If ``std`` is 0; when called, for another number of channels or axes.

    Examples
    --------
    >>> from gluonx import nd
    >>> from gluonx.data.vision import transforms
    >>> normalize = transforms.Normalize(mean=(0, 1), std=(1, 2))
    >>> normalize(nd.ones((2, 1, 1))).asnumpy().ravel().tolist()
    [1.0, 0.0]
    """

    def __init__(self, mean: float | Sequence[float] = 0.0, std: float | Sequence[float] = 1.0):
        super().__init__()
        self._mean = tuple(np.ravel(mean).tolist())
        self._std = tuple(np.ravel(std).tolist())
        if not all(self._std):
            raise ValueError(f"Normalize: std must not be 0, got {std}")

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        return F.image.normalize(x, mean=self._mean, std=self._std)

    def _pixels(self) -> Any:
        return pixels.Normalize(self._mean, self._std)
