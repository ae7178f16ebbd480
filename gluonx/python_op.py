"""Operators written in Python as MXNet had them first: ``PythonOp``, ``NumpyOp``, ``NDArrayOp``.

They make symbols only. :class:`gluonx.operator.CustomOp` does all that they do, and more.
"""

from __future__ import annotations

import itertools
import warnings
from typing import Any

from . import operator

__all__ = ["NDArrayOp", "NumpyOp", "PythonOp"]

_numbers = itertools.count()


class PythonOp:
    """Base of :class:`NumpyOp` and :class:`NDArrayOp`; calling an instance makes a symbol.

    Parameters
    ----------
    need_top_grad : bool
        Whether :meth:`backward` uses the gradients of the outputs; False for a loss.
    """

    _numpy = False

    def __init__(self, need_top_grad: bool = True) -> None:
        warnings.warn(
            f"{type(self).__name__} is deprecated: use gluonx.operator.CustomOp", stacklevel=2
        )
        self.need_top_grad_ = need_top_grad
        self._name: str | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.get_symbol(*args, **kwargs)

    def get_symbol(self, *args: Any, **kwargs: Any) -> Any:
        """A symbol of this operator on other symbols, given by position or name."""
        if type(self).forward is PythonOp.forward and type(self) is PythonOp:
            raise NotImplementedError("make a subclass of NumpyOp or of NDArrayOp")
        from .symbol.custom import Custom

        if self._name is None:
            self._name = f"_python_op{next(_numbers)}"
            operator.register(self._name)(_described(self))
        return Custom(*args, op_type=self._name, **kwargs)

    def forward(self, in_data: list, out_data: list) -> None:
        """Fill the arrays of ``out_data``; override this."""
        out_data[0][:] = in_data[0]

    def backward(self, out_grad: list, in_data: list, out_data: list, in_grad: list) -> None:
        """Fill the arrays of ``in_grad``; override this."""
        in_grad[0][:] = 1.0

    def infer_shape(self, in_shape: list[list[int]]) -> tuple[list, list]:
        """Shapes of inputs and outputs from those of the inputs."""
        return in_shape, [in_shape[0]]

    def list_outputs(self) -> list[str]:
        """Names of the outputs."""
        return ["output"]

    def list_arguments(self) -> list[str]:
        """Names of the inputs."""
        return ["data"]

    def need_top_grad(self) -> bool:
        """Whether :meth:`backward` uses the gradients of the outputs."""
        return self.need_top_grad_


class NumpyOp(PythonOp):
    """An operator on NumPy arrays.

    Examples
    --------
    >>> import warnings
    >>> import gluonx as gx
    >>> class Twice(gx.operator.NumpyOp):
    ...     def forward(self, in_data, out_data):
    ...         out_data[0][:] = 2 * in_data[0]
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter('ignore')
    ...     y = Twice()(gx.sym.var('x'), name='twice')
    >>> y.eval(x=gx.nd.ones((2,)))[0].asnumpy()
    array([2., 2.], dtype=float32)
    """

    _numpy = True


class NDArrayOp(PythonOp):
    """An operator on NDArrays."""

    def declare_backward_dependency(self, out_grad: list, in_data: list, out_data: list) -> list:
        """Which arrays ``backward`` needs; it is given all of them."""
        return [*(out_grad if self.need_top_grad() else []), *in_data, *out_data]


class _Run(operator.CustomOp):
    """Calls the methods of a :class:`PythonOp`."""

    def __init__(self, op: PythonOp):
        self.op = op

    def forward(
        self, is_train: bool, req: list[str], in_data: list, out_data: list, aux: list
    ) -> None:
        self._fill(out_data, req, in_data=in_data, out_data=out_data)

    def backward(
        self,
        req: list[str],
        out_grad: list,
        in_data: list,
        out_data: list,
        in_grad: list,
        aux: list,
    ) -> None:
        self._fill(
            in_grad, req, out_grad=out_grad, in_data=in_data, out_data=out_data, in_grad=in_grad
        )

    def _fill(self, targets: list, req: list[str], **arrays: list) -> None:
        method = self.op.backward if "in_grad" in arrays else self.op.forward
        if not self.op._numpy:
            method(**arrays)
            return
        given = {k: [x.asnumpy() for x in v] for k, v in arrays.items()}
        method(**given)
        made = given["in_grad" if "in_grad" in arrays else "out_data"]
        for target, r, host in zip(targets, req, made, strict=True):
            self.assign(target, r, host)


def _described(op: PythonOp) -> type:
    """The description of a :class:`PythonOp` as of a custom operator."""

    class Prop(operator.CustomOpProp):
        def __init__(self) -> None:
            super().__init__(need_top_grad=op.need_top_grad())

        def list_arguments(self) -> list[str]:
            return op.list_arguments()

        def list_outputs(self) -> list[str]:
            return op.list_outputs()

        def infer_shape(self, in_shape: list[list[int]]) -> tuple:
            return op.infer_shape(in_shape)

        def create_operator(self, ctx: Any, in_shapes: list, in_dtypes: list) -> operator.CustomOp:
            return _Run(op)

    return Prop
