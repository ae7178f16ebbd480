"""``sym.Custom``: operators written in Python as nodes of a graph."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import jax

from ..engine.kernel import Aval, Kernel
from ..engine.op import Op
from ..error import MXNetError
from ..ndarray.custom import Custom as nd_custom
from ..operator import make_prop, shapes, types
from .compose import compose
from .namespace import either
from .node import Entry, postorder
from .symbol import Symbol

__all__ = ["Custom", "CustomNode", "in_python"]


class CustomNode(Op):
    """The operator of one node: what a :class:`gluonx.operator.CustomOpProp` describes.

    Attributes
    ----------
    prop : CustomOpProp
    """

    def __init__(self, given: Mapping[str, Any]):
        super().__init__("Custom", _nothing)
        self.prop = prop = make_prop(dict(given))
        self.op_type = str(given["op_type"])
        self.aux = tuple(prop.list_auxiliary_states())
        self.inputs = (*prop.list_arguments(), *self.aux)
        self.output_names = list(prop.list_outputs())
        self.outputs = len(self.output_names)
        kind = inspect.Parameter.KEYWORD_ONLY
        self.attrs = {k: inspect.Parameter(k, kind, annotation=str) for k in given}
        self.infer = self._infer
        #: A loss needs no gradient at its output.
        self.loss = not prop.need_top_grad_

    def _infer(self, known: Mapping[str, Any], attrs: Mapping[str, Any]) -> dict[str, Any]:
        n = len(self.inputs) - len(self.aux)
        found, _, aux = shapes(self.prop, [known[name] for name in self.inputs[:n]])
        return dict(zip(self.inputs, (*found, *aux), strict=True))

    def infer_dtypes(self, known: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """Types of inputs and outputs, from those of the inputs that are known."""
        n = len(self.inputs) - len(self.aux)
        if not known or known[0] is None:
            return list(known), [None] * self.outputs  # type: ignore[operator]
        found, outs, aux = types(self.prop, [known[0] if t is None else t for t in known[:n]])
        return [*found, *aux], outs

    def kernel(self, given: dict[str, Any], present: Any, train: bool) -> Kernel:
        return _Described(self)


def _nothing() -> None:
    """An operator written in Python."""


class _Described(Kernel):
    """The kernel of a custom operator, which tells shapes and dtypes and cannot run."""

    __slots__ = ()

    def __init__(self, op: CustomNode):
        def refuse(*arrays: Any) -> Any:
            raise MXNetError(f"custom operator {op.op_type!r} runs in Python, not inside XLA")

        def run(*arrays: Any) -> tuple:
            # has shapes, for the body of a loop whose outputs are inferred
            avals = tuple(Aval(a.shape, a.dtype) for a in arrays)
            return jax.pure_callback(refuse, self.abstract(avals), *arrays)

        super().__init__(run, "Custom", op=op, attrs={}, visible=op.outputs)  # type: ignore[arg-type]

    def abstract(self, avals: tuple[Aval, ...]) -> tuple:
        prop = self.op.prop
        n = len(self.op.inputs) - len(self.op.aux)
        _, out_shapes, _ = shapes(prop, [a.shape for a in avals[:n]])
        _, out_types, _ = types(prop, [a.dtype for a in avals[:n]])
        return tuple(Aval(s or (), t) for s, t in zip(out_shapes, out_types, strict=True))


def in_python(entries: Iterable[Entry]) -> bool:
    """Whether a graph, or a subgraph inside it, has an operator that runs in Python."""
    return any(
        isinstance(n.op, CustomNode) or any(map(in_python, n.subgraphs)) for n in postorder(entries)
    )


@either(nd_custom)
def Custom(*data: Symbol, name: Any = None, attr: Any = None, **kwargs: Any) -> Symbol:
    """A node for an operator that was registered with :func:`gluonx.operator.register`.

    Parameters
    ----------
    *data : Symbol
        The inputs, then the auxiliary states; also by name. What is left out becomes a variable.
    op_type : str
        The name of the operator.
    name : str, optional
        Name of the node.
    **kwargs
        Attributes; they reach the operator's description as strings.

    Returns
    -------
    Symbol

    Examples
    --------
    >>> import gluonx as gx
    >>> class Twice(gx.operator.CustomOp):
    ...     def forward(self, is_train, req, in_data, out_data, aux):
    ...         self.assign(out_data[0], req[0], in_data[0] * 2)
    >>> @gx.operator.register('twice_symbol_example')
    ... class TwiceProp(gx.operator.CustomOpProp):
    ...     def create_operator(self, ctx, shapes, dtypes):
    ...         return Twice()
    >>> y = gx.sym.Custom(gx.sym.var('x'), op_type='twice_symbol_example')
    >>> y.eval(x=gx.nd.ones((2,)))[0].asnumpy()
    array([2., 2.], dtype=float32)
    """
    op = CustomNode({k: v for k, v in kwargs.items() if not isinstance(v, Symbol)})
    kwargs = {k: v if isinstance(v, (Symbol, str)) else str(v) for k, v in kwargs.items()}
    return compose(op, "custom", data, kwargs, name, attr)
