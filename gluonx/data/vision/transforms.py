"""Transforms of images, as blocks: for ``dataset.transform_first(transforms.ToTensor())``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from types import ModuleType
from typing import Any

import numpy as np

from ...block import Block, HybridBlock
from ...nn import HybridSequential, Lambda, Sequential

__all__ = ["Cast", "Compose", "Normalize", "ToTensor"]


class Compose(Sequential):
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
        blocks = [t if isinstance(t, Block) else Lambda(t) for t in transforms]
        for hybrid, group in groupby(blocks, key=lambda block: isinstance(block, HybridBlock)):
            run = list(group)
            if hybrid and len(run) > 1:
                together = HybridSequential()
                together.add(*run)
                together.hybridize()
                run = [together]
            self.add(*run)


class Cast(HybridBlock):
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


class ToTensor(HybridBlock):
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
        axes = {3: (2, 0, 1), 4: (0, 3, 1, 2)}.get(x.ndim)
        if axes is None:
            raise ValueError(
                f"ToTensor needs an image of shape (H, W, C) or (N, H, W, C), got {x.shape}"
            )
        return F.transpose(F.cast(x, dtype="float32"), axes=axes) / 255


class Normalize(HybridBlock):
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
        self._mean = np.ravel(mean).tolist()
        self._std = np.ravel(std).tolist()
        if not all(self._std):
            raise ValueError(f"Normalize: std must not be 0, got {std}")

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        axis = {3: 0, 4: 1}.get(x.ndim)
        counts = {len(self._mean), len(self._std)} - {1}
        if axis is None or counts - {x.shape[axis]}:
            raise ValueError(
                f"Normalize with {max(counts, default=1)} means or deviations needs images of "
                f"shape (C, H, W) or (N, C, H, W) with as many channels, got {x.shape}"
            )
        if not counts:
            return (x - self._mean[0]) / self._std[0]
        # By numbers rather than an array of them, which would have to be on the image's device.
        (number,) = counts
        mean, std = (v * number if len(v) == 1 else v for v in (self._mean, self._std))
        channels = F.split(x, num_outputs=number, axis=axis)
        parts = [(c - m) / s for c, m, s in zip(channels, mean, std, strict=True)]
        return F.concat(*parts, dim=axis)
