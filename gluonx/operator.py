"""Operators written in Python: ``gluonx.operator``.

A subclass of :class:`CustomOp` computes, one of :class:`CustomOpProp` describes; :func:`register`
gives the pair a name, under which ``nd.Custom`` and ``sym.Custom`` find it. The code runs as it
stands, on NDArrays, each time the operator runs: a hybridized block or a symbol that contains such
an operator is not one executable, but what lies before and after it still is.

Examples
--------
>>> import gluonx as gx
>>> from gluonx import autograd, nd
>>> class Square(gx.operator.CustomOp):
...     def forward(self, is_train, req, in_data, out_data, aux):
...         self.assign(out_data[0], req[0], in_data[0] ** 2)
...     def backward(self, req, out_grad, in_data, out_data, in_grad, aux):
...         self.assign(in_grad[0], req[0], 2 * in_data[0] * out_grad[0])
>>> @gx.operator.register('square_example')
... class SquareProp(gx.operator.CustomOpProp):
...     def create_operator(self, ctx, shapes, dtypes):
...         return Square()
>>> x = nd.array([3.]); x.attach_grad()
>>> with autograd.record():
...     y = nd.Custom(x, op_type='square_example')
>>> y.backward(); y.asscalar(), x.grad.asscalar()
(np.float32(9.0), np.float32(6.0))
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Sequence
from typing import Any

from .engine.op import OPS
from .error import MXNetError
from .ops.control_flow import GRAPH_OPS

__all__ = [
    "CustomOp", "CustomOpProp", "get_all_registered_operators", "get_operator_arguments",
    "make_prop", "register",
]  # fmt: skip

_registry: dict[str, type] = {}


class CustomOp:
    """What a custom operator computes; override :meth:`forward` and :meth:`backward`."""

    def forward(
        self, is_train: bool, req: list[str], in_data: list, out_data: list, aux: list
    ) -> None:
        """Compute the outputs.

        Parameters
        ----------
        is_train : bool
            Train mode.
        req : list of str
            How to store each output: ``'write'``, ``'inplace'``, ``'add'`` or ``'null'``; hand it
            to :meth:`assign`.
        in_data, out_data, aux : list of NDArray
            Inputs, outputs to fill, auxiliary states, which may be changed.
        """

    def backward(
        self,
        req: list[str],
        out_grad: list,
        in_data: list,
        out_data: list,
        in_grad: list,
        aux: list,
    ) -> None:
        """Compute the gradients of the inputs.

        Parameters
        ----------
        req : list of str
            How to store each gradient; ``'null'`` where none is wanted.
        out_grad, in_data, out_data, in_grad, aux : list of NDArray
            Gradients of the outputs; inputs and outputs as they were; gradients to fill; auxiliary
            states as they are now.
        """

    def assign(self, dst: Any, req: str, src: Any) -> None:
        """Store ``src`` in the array ``dst`` as ``req`` says."""
        if req in ("write", "inplace"):
            dst[:] = src
        elif req == "add":
            dst[:] += src
        elif req != "null":
            raise ValueError(f"req must be 'write', 'inplace', 'add' or 'null', got {req!r}")


class CustomOpProp:
    """What a custom operator is: its inputs, outputs and shapes.

    Parameters
    ----------
    need_top_grad : bool
        Whether :meth:`CustomOp.backward` uses the gradients of the outputs; False for a loss.

    Notes
    -----
    Attributes given to ``nd.Custom`` reach ``__init__`` as strings.
    """

    def __init__(self, need_top_grad: bool = True) -> None:
        self.need_top_grad_ = need_top_grad

    def list_arguments(self) -> list[str]:
        """Names of the inputs."""
        return ["data"]

    def list_outputs(self) -> list[str]:
        """Names of the outputs."""
        return ["output"]

    def list_auxiliary_states(self) -> list[str]:
        """Names of the arrays after the inputs that the operator may change."""
        return []

    def infer_shape(self, in_shape: list[list[int]]) -> tuple:
        """Shapes of inputs, outputs and auxiliary states from those of the inputs.

        Parameters
        ----------
        in_shape : list of list of int
            ``[]`` where a shape is not known.
        """
        return in_shape, [in_shape[0]] * len(self.list_outputs()), []

    def infer_type(self, in_type: list) -> tuple:
        """Types of inputs, outputs and auxiliary states from those of the inputs."""
        first = in_type[0]
        return (
            in_type,
            [first] * len(self.list_outputs()),
            [first] * len(self.list_auxiliary_states()),
        )

    def infer_storage_type(self, in_stype: list[str]) -> tuple:
        """Kinds of storage; all arrays are dense."""
        return (
            in_stype,
            ["default"] * len(self.list_outputs()),
            ["default"] * len(self.list_auxiliary_states()),
        )

    def infer_storage_type_backward(
        self, ograd_stype: list, in_stype: list, out_stype: list, igrad_stype: list, aux_stype: list
    ) -> tuple:
        """Kinds of storage of the arrays of ``backward``; all arrays are dense."""
        kinds = (ograd_stype, in_stype, out_stype, igrad_stype, aux_stype)
        return tuple(["default"] * len(k) for k in kinds)

    def declare_backward_dependency(
        self, out_grad: list[int], in_data: list[int], out_data: list[int]
    ) -> list[int]:
        """Which arrays ``backward`` needs; it is given all of them."""
        return [*(out_grad if self.need_top_grad_ else []), *in_data, *out_data]

    def create_operator(self, ctx: Any, in_shapes: list, in_dtypes: list) -> CustomOp:
        """The operator; shapes and dtypes are those of the inputs and the auxiliary states."""
        return CustomOp()


def register(reg_name: str) -> Callable[[type], type]:
    """Let ``op_type=reg_name`` mean a subclass of :class:`CustomOpProp`.

    Parameters
    ----------
    reg_name : str

    Returns
    -------
    callable
        A decorator of classes. A name that is registered again means the new class.
    """
    if not isinstance(reg_name, str):
        raise TypeError(
            f"register() takes the name of the operator, got {reg_name!r}: "
            "@gluonx.operator.register('my_op')"
        )

    def add(prop_class: type) -> type:
        if not (isinstance(prop_class, type) and issubclass(prop_class, CustomOpProp)):
            raise TypeError(
                f"register({reg_name!r}) takes a subclass of CustomOpProp, got {prop_class!r}"
            )
        _registry[reg_name] = prop_class
        return prop_class

    return add


register("custom_op")(CustomOpProp)


def make_prop(attrs: dict[str, Any]) -> CustomOpProp:
    """The description of the operator ``attrs['op_type']`` with the other attributes."""
    given = {k: v if isinstance(v, str) else str(v) for k, v in attrs.items()}
    name = given.pop("op_type", None)
    if name is None:
        raise TypeError("Custom() needs op_type, the name of a registered operator")
    found = _registry.get(name)
    if found is None:
        raise MXNetError(
            f"no custom operator is called {name!r}; there are {', '.join(sorted(_registry))}. "
            f"Register its class: @gluonx.operator.register({name!r})"
        )
    prop = found(**given)
    for what in (prop.list_arguments(), prop.list_outputs(), prop.list_auxiliary_states()):
        if not all(isinstance(n, str) for n in what):
            raise TypeError(f"custom operator {name!r}: the lists of names must hold strings")
    return prop


def get_all_registered_operators() -> list[str]:
    """Names of all operators of the framework."""
    return sorted({*OPS, *GRAPH_OPS, "Custom"})


OperatorArguments = namedtuple("OperatorArguments", ["narg", "names", "types"])


def get_operator_arguments(op_name: str) -> OperatorArguments:
    """Arrays and attributes of an operator.

    Parameters
    ----------
    op_name : str

    Returns
    -------
    OperatorArguments
        ``narg``, ``names`` and ``types``.

    Examples
    --------
    >>> import gluonx as gx
    >>> gx.operator.get_operator_arguments('relu').names
    ['data']
    """
    if op_name not in OPS:
        raise MXNetError(f"there is no operator called {op_name!r}")
    op = OPS[op_name]
    arrays = ["NDArray-or-Symbol[]" if op.variadic else "NDArray-or-Symbol"] * len(op.inputs)
    types = [_type_text(p) for p in op.attrs.values()]
    names = [*op.inputs, *op.attrs]
    return OperatorArguments(len(names), names, [*arrays, *types])


def _type_text(p: Any) -> str:
    kind = getattr(p.annotation, "__name__", str(p.annotation))
    return f"{kind}, required" if p.default is p.empty else f"{kind}, optional, default={p.default}"


def __getattr__(name: str) -> Any:  # they import this module
    if name in ("NDArrayOp", "NumpyOp", "PythonOp"):
        from . import python_op

        return getattr(python_op, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def shapes(prop: CustomOpProp, known: Sequence[Any]) -> tuple[list, list, list]:
    """What ``infer_shape`` says, as tuples; None for what is not known."""
    found = prop.infer_shape([list(s) if s is not None else [] for s in known])
    return _three(prop, "infer_shape", found, lambda s: tuple(int(n) for n in s) or None)


def types(prop: CustomOpProp, known: Sequence[Any]) -> tuple[list, list, list]:
    """What ``infer_type`` says, as dtypes; None for what is not known."""
    import jax.numpy as jnp

    found = prop.infer_type([t.type if t is not None else None for t in known])
    return _three(prop, "infer_type", found, lambda t: None if t is None else jnp.dtype(t))


def _three(prop: CustomOpProp, method: str, found: Any, convert: Callable) -> tuple:
    names = (prop.list_arguments(), prop.list_outputs(), prop.list_auxiliary_states())
    where = f"{type(prop).__name__}.{method}()"
    if not isinstance(found, (list, tuple)) or len(found) not in (2, 3):
        raise TypeError(f"{where} must return a list for inputs, outputs and auxiliary states")
    result = []
    for what, wanted, given in zip(
        ("inputs", "outputs", "auxiliary states"), names, (*found, ())[:3], strict=True
    ):
        if len(given) != len(wanted):
            raise ValueError(f"{where} returned {len(given)} {what}, it must return {len(wanted)}")
        result.append([convert(item) for item in given])
    return tuple(result)
