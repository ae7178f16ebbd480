"""Blocks made of other blocks, one after the other or side by side."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from .. import ndarray as nd
from ..block import Block, HybridBlock

__all__ = ["Concatenate", "HybridConcatenate", "HybridSequential", "Sequential"]


class _Container:
    """What a list of blocks has besides being a block."""

    _children: dict[str, Any]
    prefix: str

    def add(self, *blocks: Block) -> None:
        """Append blocks.

        Raises
        ------
        TypeError
            If something else than a block is given.
        """
        for block in blocks:
            if not isinstance(block, Block):
                raise TypeError(
                    f"{type(self).__name__}.add() takes blocks, got {block!r}; wrap a function in "
                    "nn.Lambda or nn.HybridLambda"
                )
            self.register_child(block)  # type: ignore[attr-defined]

    def __len__(self) -> int:
        return len(self._children)

    def __iter__(self) -> Iterator[Block]:
        return iter(list(self._children.values()))

    def __getitem__(self, key: int | slice) -> Any:
        blocks = list(self._children.values())[key]
        if not isinstance(blocks, list):
            return blocks
        part: Any = self._empty()
        with part.name_scope():
            part.add(*blocks)
        return part

    def _empty(self) -> Any:
        """A container like this one, without blocks."""
        return type(self)(prefix=self.prefix)  # type: ignore[call-arg]

    def __repr__(self) -> str:
        lines = [
            f"  ({name}): {repr(block).replace(chr(10), chr(10) + '  ')}"
            for name, block in self._children.items()
        ]
        return "\n".join([f"{type(self).__name__}(", *(lines or [""]), ")"])


class Sequential(_Container, Block):
    """Blocks one after the other.

    ``net[i]`` is a block, ``net[i:j]`` a container of the same kind with the same blocks,
    ``len(net)`` their number; iteration goes over them.

    Parameters
    ----------
    prefix, params
        See :class:`gluonx.gluon.Block`.

    Inputs
    ------
    data
        What the first block takes.

    Outputs
    -------
    out
        What the last block gives.

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> net = nn.Sequential()
    >>> net.add(nn.Dense(10, activation='relu'), nn.Dense(2))
    >>> net.initialize()
    >>> net(nd.ones((3, 4))).shape
    (3, 2)
    >>> net
    Sequential(
      (0): Dense(4 -> 10, Activation(relu))
      (1): Dense(10 -> 2, linear)
    )
    """

    def __init__(self, prefix: str | None = None, params: Any = None):
        super().__init__(prefix=prefix, params=params)

    def forward(self, x: Any) -> Any:
        for block in self._children.values():
            x = block(x)
        return x

    def hybridize(self, active: bool = True, **kwargs: Any) -> None:
        """Hybridize the blocks; see :meth:`gluonx.gluon.HybridBlock.hybridize`."""
        blocks = self._children.values()
        if active and blocks and all(isinstance(block, HybridBlock) for block in blocks):
            warnings.warn(
                f"all blocks in Sequential {self.prefix!r} are HybridBlocks; HybridSequential runs "
                "them as one compiled whole",
                stacklevel=2,
            )
        super().hybridize(active, **kwargs)


class HybridSequential(_Container, HybridBlock):
    """Hybrid blocks one after the other; see :class:`Sequential`.

    Parameters
    ----------
    prefix, params
        See :class:`gluonx.gluon.Block`.

    Raises
    ------
    ValueError
        From ``add``, for a block that is not a HybridBlock.

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> net = nn.HybridSequential()
    >>> net.add(nn.Dense(10, activation='relu'), nn.Dense(2))
    >>> net.initialize()
    >>> net.hybridize()
    >>> net(nd.ones((3, 4))).shape
    (3, 2)
    """

    def __init__(self, prefix: str | None = None, params: Any = None):
        super().__init__(prefix=prefix, params=params)

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        for block in self._children.values():
            x = block(x)
        return x


class Concatenate(Sequential):
    """Blocks side by side: all get the same input, their outputs are concatenated.

    Parameters
    ----------
    axis : int
        The axis along which to concatenate.
    prefix, params
        See :class:`gluonx.gluon.Block`.

    Inputs
    ------
    data
        What each of the blocks takes.

    Outputs
    -------
    out : NDArray

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> net = nn.Concatenate()
    >>> net.add(nn.Dense(2), nn.Identity())
    >>> net.initialize()
    >>> net(nd.ones((3, 4))).shape
    (3, 6)
    """

    def __init__(self, axis: int = -1, prefix: str | None = None, params: Any = None):
        super().__init__(prefix=prefix, params=params)
        self.axis = axis

    def _empty(self) -> Concatenate:
        return type(self)(axis=self.axis, prefix=self.prefix)

    def forward(self, x: Any) -> Any:
        return nd.concat(*(block(x) for block in self._children.values()), dim=self.axis)


class HybridConcatenate(HybridSequential):
    """Hybrid blocks side by side; see :class:`Concatenate`.

    Parameters
    ----------
    axis : int
        The axis along which to concatenate.
    prefix, params
        See :class:`gluonx.gluon.Block`.

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> net = nn.HybridConcatenate(axis=1)
    >>> net.add(nn.Dense(2), nn.Identity())
    >>> net.initialize()
    >>> net(nd.ones((3, 4))).shape
    (3, 6)
    """

    def __init__(self, axis: int = -1, prefix: str | None = None, params: Any = None):
        super().__init__(prefix=prefix, params=params)
        self.axis = axis

    def _empty(self) -> HybridConcatenate:
        return type(self)(axis=self.axis, prefix=self.prefix)

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        return F.concat(*(block(x) for block in self._children.values()), dim=self.axis)
