"""What operators add to NDArray: arithmetic, comparisons, and most operators as methods."""

# Made by tools/make_stubs.py; changes here are lost.

from collections.abc import Sequence
from typing import Any

import numpy as np
from .ndarray import NDArray

_Shape = int | Sequence[int]
_DType = str | type | np.dtype[Any]

class ArrayMethods:
    """Base of NDArray, for type checkers: ``operators.install()`` adds the methods."""
    def __add__(self, other: NDArray | float) -> NDArray: ...
    def __sub__(self, other: NDArray | float) -> NDArray: ...
    def __mul__(self, other: NDArray | float) -> NDArray: ...
    def __truediv__(self, other: NDArray | float) -> NDArray: ...
    def __mod__(self, other: NDArray | float) -> NDArray: ...
    def __pow__(self, other: NDArray | float) -> NDArray: ...
    def __radd__(self, other: NDArray | float) -> NDArray: ...
    def __rsub__(self, other: NDArray | float) -> NDArray: ...
    def __rmul__(self, other: NDArray | float) -> NDArray: ...
    def __rtruediv__(self, other: NDArray | float) -> NDArray: ...
    def __rmod__(self, other: NDArray | float) -> NDArray: ...
    def __rpow__(self, other: NDArray | float) -> NDArray: ...
    def __iadd__(self, other: NDArray | float) -> NDArray: ...
    def __isub__(self, other: NDArray | float) -> NDArray: ...
    def __imul__(self, other: NDArray | float) -> NDArray: ...
    def __itruediv__(self, other: NDArray | float) -> NDArray: ...
    def __imod__(self, other: NDArray | float) -> NDArray: ...
    def __ipow__(self, other: NDArray | float) -> NDArray: ...
    def __matmul__(self, other: NDArray | float) -> NDArray: ...
    def __gt__(self, other: NDArray | float) -> NDArray: ...
    def __ge__(self, other: NDArray | float) -> NDArray: ...
    def __lt__(self, other: NDArray | float) -> NDArray: ...
    def __le__(self, other: NDArray | float) -> NDArray: ...
    def __eq__(self, other: object) -> NDArray: ...  # type: ignore[override]
    def __ne__(self, other: object) -> NDArray: ...  # type: ignore[override]
    def __neg__(self) -> NDArray: ...
    def __pos__(self) -> NDArray: ...
    def __abs__(self) -> NDArray: ...

    def transpose(self, *axes: Any, **kwargs: Any) -> NDArray: ...

    def abs(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.abs`` of this array; see :func:`gluonx.nd.abs`."""

    def arccos(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.arccos`` of this array; see :func:`gluonx.nd.arccos`."""

    def arccosh(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.arccosh`` of this array; see :func:`gluonx.nd.arccosh`."""

    def arcsin(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.arcsin`` of this array; see :func:`gluonx.nd.arcsin`."""

    def arcsinh(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.arcsinh`` of this array; see :func:`gluonx.nd.arcsinh`."""

    def arctan(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.arctan`` of this array; see :func:`gluonx.nd.arctan`."""

    def arctanh(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.arctanh`` of this array; see :func:`gluonx.nd.arctanh`."""

    def argmax(
        self,
        axis: int | None = None,
        keepdims: bool = False,
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.argmax`` of this array; see :func:`gluonx.nd.argmax`."""

    def argmax_channel(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.argmax_channel`` of this array; see :func:`gluonx.nd.argmax_channel`."""

    def argmin(
        self,
        axis: int | None = None,
        keepdims: bool = False,
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.argmin`` of this array; see :func:`gluonx.nd.argmin`."""

    def argsort(
        self,
        axis: int | None = -1,
        is_ascend: bool = True,
        dtype: _DType = 'float32',
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.argsort`` of this array; see :func:`gluonx.nd.argsort`."""

    def broadcast_axes(
        self,
        axis: _Shape = (),
        size: _Shape = (),
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.broadcast_axes`` of this array; see :func:`gluonx.nd.broadcast_axes`."""

    def broadcast_like(
        self,
        rhs: NDArray,
        lhs_axes: _Shape | None = None,
        rhs_axes: _Shape | None = None,
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.broadcast_like`` of this array; see :func:`gluonx.nd.broadcast_like`."""

    def broadcast_to(self, shape: _Shape = (), *, out: NDArray | None = None) -> NDArray:
        """``nd.broadcast_to`` of this array; see :func:`gluonx.nd.broadcast_to`."""

    def cbrt(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.cbrt`` of this array; see :func:`gluonx.nd.cbrt`."""

    def ceil(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.ceil`` of this array; see :func:`gluonx.nd.ceil`."""

    def clip(self, a_min: float, a_max: float, *, out: NDArray | None = None) -> NDArray:
        """``nd.clip`` of this array; see :func:`gluonx.nd.clip`."""

    def cos(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.cos`` of this array; see :func:`gluonx.nd.cos`."""

    def cosh(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.cosh`` of this array; see :func:`gluonx.nd.cosh`."""

    def degrees(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.degrees`` of this array; see :func:`gluonx.nd.degrees`."""

    def depth_to_space(self, block_size: int, *, out: NDArray | None = None) -> NDArray:
        """``nd.depth_to_space`` of this array; see :func:`gluonx.nd.depth_to_space`."""

    def diag(
        self,
        k: int = 0,
        axis1: int = 0,
        axis2: int = 1,
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.diag`` of this array; see :func:`gluonx.nd.diag`."""

    def exp(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.exp`` of this array; see :func:`gluonx.nd.exp`."""

    def expand_dims(self, axis: int, *, out: NDArray | None = None) -> NDArray:
        """``nd.expand_dims`` of this array; see :func:`gluonx.nd.expand_dims`."""

    def expm1(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.expm1`` of this array; see :func:`gluonx.nd.expm1`."""

    def fix(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.fix`` of this array; see :func:`gluonx.nd.fix`."""

    def flatten(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.flatten`` of this array; see :func:`gluonx.nd.flatten`."""

    def flip(self, axis: _Shape, *, out: NDArray | None = None) -> NDArray:
        """``nd.flip`` of this array; see :func:`gluonx.nd.flip`."""

    def floor(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.floor`` of this array; see :func:`gluonx.nd.floor`."""

    def log(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.log`` of this array; see :func:`gluonx.nd.log`."""

    def log10(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.log10`` of this array; see :func:`gluonx.nd.log10`."""

    def log1p(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.log1p`` of this array; see :func:`gluonx.nd.log1p`."""

    def log2(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.log2`` of this array; see :func:`gluonx.nd.log2`."""

    def log_softmax(
        self,
        axis: int = -1,
        temperature: float | None = None,
        dtype: _DType | None = None,
        use_length: bool | None = False,
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.log_softmax`` of this array; see :func:`gluonx.nd.log_softmax`."""

    def max(
        self,
        axis: _Shape | None = None,
        keepdims: bool = False,
        exclude: bool = False,
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.max`` of this array; see :func:`gluonx.nd.max`."""

    def mean(
        self,
        axis: _Shape | None = None,
        keepdims: bool = False,
        exclude: bool = False,
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.mean`` of this array; see :func:`gluonx.nd.mean`."""

    def min(
        self,
        axis: _Shape | None = None,
        keepdims: bool = False,
        exclude: bool = False,
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.min`` of this array; see :func:`gluonx.nd.min`."""

    def nanprod(
        self,
        axis: _Shape | None = None,
        keepdims: bool = False,
        exclude: bool = False,
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.nanprod`` of this array; see :func:`gluonx.nd.nanprod`."""

    def nansum(
        self,
        axis: _Shape | None = None,
        keepdims: bool = False,
        exclude: bool = False,
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.nansum`` of this array; see :func:`gluonx.nd.nansum`."""

    def norm(
        self,
        ord: int = 2,
        axis: _Shape | None = None,
        out_dtype: _DType | None = None,
        keepdims: bool = False,
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.norm`` of this array; see :func:`gluonx.nd.norm`."""

    def one_hot(
        self,
        depth: int,
        on_value: float = 1.0,
        off_value: float = 0.0,
        dtype: _DType = 'float32',
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.one_hot`` of this array; see :func:`gluonx.nd.one_hot`."""

    def ones_like(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.ones_like`` of this array; see :func:`gluonx.nd.ones_like`."""

    def pad(
        self,
        mode: str,
        pad_width: _Shape,
        constant_value: float = 0.0,
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.pad`` of this array; see :func:`gluonx.nd.pad`."""

    def pick(
        self,
        index: NDArray,
        axis: int | None = -1,
        keepdims: bool = False,
        mode: str = 'clip',
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.pick`` of this array; see :func:`gluonx.nd.pick`."""

    def prod(
        self,
        axis: _Shape | None = None,
        keepdims: bool = False,
        exclude: bool = False,
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.prod`` of this array; see :func:`gluonx.nd.prod`."""

    def radians(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.radians`` of this array; see :func:`gluonx.nd.radians`."""

    def rcbrt(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.rcbrt`` of this array; see :func:`gluonx.nd.rcbrt`."""

    def reciprocal(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.reciprocal`` of this array; see :func:`gluonx.nd.reciprocal`."""

    def relu(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.relu`` of this array; see :func:`gluonx.nd.relu`."""

    def repeat(
        self,
        repeats: int,
        axis: int | None = None,
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.repeat`` of this array; see :func:`gluonx.nd.repeat`."""

    def reshape_like(
        self,
        rhs: NDArray,
        lhs_begin: int | None = None,
        lhs_end: int | None = None,
        rhs_begin: int | None = None,
        rhs_end: int | None = None,
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.reshape_like`` of this array; see :func:`gluonx.nd.reshape_like`."""

    def rint(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.rint`` of this array; see :func:`gluonx.nd.rint`."""

    def round(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.round`` of this array; see :func:`gluonx.nd.round`."""

    def rsqrt(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.rsqrt`` of this array; see :func:`gluonx.nd.rsqrt`."""

    def shape_array(self, dtype: _DType = 'int64', *, out: NDArray | None = None) -> NDArray:
        """``nd.shape_array`` of this array; see :func:`gluonx.nd.shape_array`."""

    def sigmoid(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.sigmoid`` of this array; see :func:`gluonx.nd.sigmoid`."""

    def sign(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.sign`` of this array; see :func:`gluonx.nd.sign`."""

    def sin(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.sin`` of this array; see :func:`gluonx.nd.sin`."""

    def sinh(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.sinh`` of this array; see :func:`gluonx.nd.sinh`."""

    def size_array(self, dtype: _DType = 'int64', *, out: NDArray | None = None) -> NDArray:
        """``nd.size_array`` of this array; see :func:`gluonx.nd.size_array`."""

    def slice(
        self,
        begin: _Shape,
        end: _Shape,
        step: _Shape = (),
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.slice`` of this array; see :func:`gluonx.nd.slice`."""

    def slice_axis(
        self,
        axis: int,
        begin: int,
        end: int | None,
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.slice_axis`` of this array; see :func:`gluonx.nd.slice_axis`."""

    def slice_like(
        self,
        shape_like: NDArray,
        axes: _Shape = (),
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.slice_like`` of this array; see :func:`gluonx.nd.slice_like`."""

    def softmax(
        self,
        length: NDArray | None = None,
        *,
        axis: int = -1,
        temperature: float | None = None,
        dtype: _DType | None = None,
        use_length: bool | None = False,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.softmax`` of this array; see :func:`gluonx.nd.softmax`."""

    def softmin(
        self,
        axis: int = -1,
        temperature: float | None = None,
        dtype: _DType | None = None,
        use_length: bool | None = False,
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.softmin`` of this array; see :func:`gluonx.nd.softmin`."""

    def sort(
        self,
        axis: int | None = -1,
        is_ascend: bool = True,
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.sort`` of this array; see :func:`gluonx.nd.sort`."""

    def space_to_depth(self, block_size: int, *, out: NDArray | None = None) -> NDArray:
        """``nd.space_to_depth`` of this array; see :func:`gluonx.nd.space_to_depth`."""

    def split(
        self,
        num_outputs: int,
        axis: int = 1,
        squeeze_axis: bool = False,
        *,
        out: NDArray | None = None,
    ) -> Any:
        """``nd.split`` of this array; see :func:`gluonx.nd.split`."""

    def sqrt(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.sqrt`` of this array; see :func:`gluonx.nd.sqrt`."""

    def square(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.square`` of this array; see :func:`gluonx.nd.square`."""

    def squeeze(self, axis: _Shape | None = None, *, out: NDArray | None = None) -> NDArray:
        """``nd.squeeze`` of this array; see :func:`gluonx.nd.squeeze`."""

    def sum(
        self,
        axis: _Shape | None = None,
        keepdims: bool = False,
        exclude: bool = False,
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.sum`` of this array; see :func:`gluonx.nd.sum`."""

    def swapaxes(self, dim1: int = 0, dim2: int = 0, *, out: NDArray | None = None) -> NDArray:
        """``nd.swapaxes`` of this array; see :func:`gluonx.nd.swapaxes`."""

    def take(
        self,
        indices: NDArray,
        axis: int = 0,
        mode: str = 'clip',
        *,
        out: NDArray | None = None,
    ) -> NDArray:
        """``nd.take`` of this array; see :func:`gluonx.nd.take`."""

    def tan(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.tan`` of this array; see :func:`gluonx.nd.tan`."""

    def tanh(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.tanh`` of this array; see :func:`gluonx.nd.tanh`."""

    def tile(self, reps: _Shape, *, out: NDArray | None = None) -> NDArray:
        """``nd.tile`` of this array; see :func:`gluonx.nd.tile`."""

    def topk(
        self,
        axis: int | None = -1,
        k: int = 1,
        ret_typ: str = 'indices',
        is_ascend: bool = False,
        dtype: _DType = 'float32',
        *,
        out: NDArray | None = None,
    ) -> Any:
        """``nd.topk`` of this array; see :func:`gluonx.nd.topk`."""

    def trunc(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.trunc`` of this array; see :func:`gluonx.nd.trunc`."""

    def zeros_like(self, *, out: NDArray | None = None) -> NDArray:
        """``nd.zeros_like`` of this array; see :func:`gluonx.nd.zeros_like`."""
