"""Executors: symbols tied to arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import autograd
from ..context import Context, current_context
from ..engine import tape
from ..engine.buffer import Buffer
from ..engine.kernel import Aval, Kernel, Pullback, is_float
from ..error import MXNetError
from ..ndarray import NDArray, zeros
from ..ndarray.dispatch import scalar
from ..random import draw
from .custom import in_python
from .infer import Inference
from .lower import Program, lower
from .node import Node, roles
from .unfused import Unfused

if TYPE_CHECKING:
    from .symbol import Symbol

__all__ = ["Executor", "bind", "simple_bind"]

_REQS = ("write", "add", "null")

#: Operators that are losses: their gradient needs none at their output.
_LOSSES = {
    "SoftmaxOutput", "LinearRegressionOutput", "LogisticRegressionOutput", "MAERegressionOutput",
    "SVMOutput", "MakeLoss", "make_loss",
}  # fmt: skip

_accumulate = Kernel(lambda a, b: (a + b.astype(a.dtype),), "add_gradients")


class _NotRun:
    """In the place of the outputs of an executor that has not run."""

    def __init__(self, aval: Aval):
        self.aval = aval

    def force(self, buffer: Buffer) -> None:
        fresh = zeros(self.aval.shape, ctx=buffer.ctx, dtype=self.aval.dtype)
        buffer.set(fresh._data)


class Executor:
    """A symbol tied to arrays on a device; made by :meth:`Symbol.bind` and ``simple_bind``.

    The arrays belong to the executor as long as it lives: :meth:`forward` reads the arguments and
    writes the outputs, :meth:`backward` writes the gradients.

    Attributes
    ----------
    arg_arrays, grad_arrays, aux_arrays : list of NDArray
        In the order of the symbol's lists; a gradient is None where none is wanted.
    outputs : list of NDArray
        The same arrays at each :meth:`forward`, with new contents.

    Examples
    --------
    >>> import gluonx as gx
    >>> y = gx.sym.var('x') ** 2
    >>> ex = y.simple_bind(gx.cpu(), x=(2,))
    >>> ex.arg_dict['x'][:] = 3
    >>> ex.forward(is_train=True)[0].asnumpy()
    array([9., 9.], dtype=float32)
    >>> ex.backward(gx.nd.ones((2,)))
    >>> ex.grad_dict['x'].asnumpy()
    array([6., 6.], dtype=float32)
    """

    def __init__(
        self,
        symbol: Symbol,
        ctx: Context,
        args: list[NDArray],
        grads: list[NDArray | None],
        reqs: list[str],
        aux: list[NDArray],
    ):
        self._symbol = symbol
        self._ctx = ctx
        self._roles = roles(symbol._heads)
        self.arg_arrays = args
        self.grad_arrays = grads
        self.aux_arrays = aux
        self._reqs = reqs
        # variables of one name that are tied to one array are one variable
        slots: dict[tuple[str, int], int] = {}
        self._slots: dict[Node, int] = {}
        self._leaves: list[NDArray] = []
        self._grads: list[tuple[NDArray, str] | None] = []
        variables = [*self._roles.arguments, *self._roles.auxiliary]
        wanted = [*zip(grads, reqs, strict=True), *((None, "null") for _ in aux)]
        for node, x, (grad, req) in zip(variables, [*args, *aux], wanted, strict=True):
            slot = slots.setdefault((node.name, id(x)), len(self._leaves))
            self._slots[node] = slot
            if slot == len(self._leaves):
                self._leaves.append(x)
                useful = grad is not None and req != "null" and is_float(x._buffer.dtype)
                self._grads.append((grad, req) if grad is not None and useful else None)
        self._avals = [Aval(x.shape, x._buffer.dtype) for x in self._leaves]
        self._mask = tuple(g is not None for g in self._grads)
        self._programs: dict[bool, Program] = {}
        self._pullback: Pullback | None = None
        #: For a graph with operators that run in Python; then what the tape knows of a forward.
        self._unfused = Unfused(symbol._heads) if in_python(symbol._heads) else None
        self._recorded: tuple[list[NDArray], list[NDArray]] | None = None
        self._ran = False
        self.outputs: list[NDArray] = []
        for aval in self._program(False).outputs:
            buffer = Buffer(None, ctx)
            buffer.pending = _NotRun(aval)
            self.outputs.append(NDArray._new(buffer))

    # -- by name ----------------------------------------------------------------------------

    @property
    def arg_dict(self) -> dict[str, NDArray]:
        """The arguments by name."""
        return dict(zip((v.name for v in self._roles.arguments), self.arg_arrays, strict=True))

    @property
    def grad_dict(self) -> dict[str, NDArray | None]:
        """The gradients by the names of the arguments; None where none is wanted."""
        return dict(zip((v.name for v in self._roles.arguments), self.grad_arrays, strict=True))

    @property
    def aux_dict(self) -> dict[str, NDArray]:
        """The auxiliary states by name."""
        return dict(zip((v.name for v in self._roles.auxiliary), self.aux_arrays, strict=True))

    @property
    def output_dict(self) -> dict[str, NDArray]:
        """The outputs by name."""
        return dict(zip(self._symbol.list_outputs(), self.outputs, strict=True))

    # -- running ----------------------------------------------------------------------------

    def _program(self, train: bool) -> Program:
        found = self._programs.get(train)
        if found is None:
            found = lower(self._symbol._heads, self._slots, self._avals, train)
            self._programs[train] = found
        return found

    def _inputs(self, program: Program) -> list[Any]:
        """What the program's kernel takes."""
        arrays = [x._data for x in self._leaves]
        arrays += [scalar(v, dtype, self._ctx.device) for v, dtype in program.numbers]
        return arrays + [draw(self._ctx) for _ in range(program.draws)]

    def _record(self, program: Program) -> tuple:
        """Run forward, keeping what the gradient needs."""
        arrays = self._inputs(program)
        mask = self._mask + (False,) * (len(arrays) - len(self._mask))
        outs, self._pullback = program.kernel.record(arrays, mask, self._ctx.device)
        return outs

    def forward(self, is_train: bool = False, **kwargs: Any) -> list[NDArray]:
        """Compute the outputs.

        Parameters
        ----------
        is_train : bool
            Train mode, and keep what :meth:`backward` needs.
        **kwargs : NDArray or numpy.ndarray
            New contents of arguments.

        Returns
        -------
        list of NDArray
            :attr:`outputs`.

        Raises
        ------
        TypeError
            For an unknown argument.
        ValueError
            If an array has the wrong shape.
        """
        if kwargs:
            self._update(kwargs)
        if self._unfused is not None:
            self._run_unfused(bool(is_train), bool(is_train) and any(self._mask))
            return self.outputs
        program = self._program(bool(is_train))
        self._pullback = None
        if is_train and any(self._mask):
            outs = self._record(program)
        else:
            outs = program.kernel.run(self._inputs(program), self._ctx.device)
        self._ran = True
        visible = program.kernel.visible
        for slot, new in zip(program.written, outs[visible:], strict=True):
            self._leaves[slot]._write(new)
        for y, new in zip(self.outputs, outs, strict=False):
            y._buffer.set(new)
        return self.outputs

    def _run_unfused(self, train: bool, record: bool) -> None:
        """Run forward piece by piece; ``record`` says whether a gradient will be wanted."""
        leaves = []
        for x, wanted in zip(self._leaves, self._mask, strict=True):
            leaf = NDArray._new(x._buffer, x._view)
            if wanted and record:
                leaf.attach_grad()
            leaves.append(leaf)
        with autograd.record(train) if record else autograd.pause(train):
            made = self._unfused.run(  # type: ignore[union-attr]
                {v: leaves[slot] for v, slot in self._slots.items()}, self._ctx
            )
        self._recorded = (leaves, made) if record else None
        self._ran = True
        for y, new in zip(self.outputs, made, strict=True):
            y._buffer.set(new._data)

    def _gradients_unfused(self, given: list[Any]) -> list[Any]:
        if self._recorded is None:
            self._run_unfused(False, True)
        leaves, made = self._recorded  # type: ignore[misc]
        wanted = [x for x, m in zip(leaves, self._mask, strict=True) if m]
        heads, grads = [], []
        for y, g in zip(made, given, strict=True):
            if g is not None and y._recorded:
                heads.append(y)
                grads.append(NDArray._new(Buffer(g, y.context, shared=True)))
        if not heads:
            return [zeros(x.shape, ctx=x.context, dtype=x.dtype)._data for x in wanted]
        found = autograd.grad(heads, wanted, grads, retain_graph=True)
        return [g._data for g in found]

    def _update(self, new: Mapping[str, Any]) -> None:
        arguments = self.arg_dict
        for name, value in new.items():
            target = arguments.get(name)
            if target is None:
                raise TypeError(
                    f"the symbol has no argument {name!r}; it has {', '.join(arguments)}"
                )
            if not isinstance(value, (NDArray, np.ndarray)):
                raise ValueError(
                    f"{name} must be an NDArray or a NumPy array, got {type(value).__name__}"
                )
            if tuple(value.shape) != target.shape:
                raise ValueError(
                    f"{name} was bound with shape {target.shape}, got {tuple(value.shape)}"
                )
        with autograd.pause():
            for name, value in new.items():
                arguments[name][:] = value

    def backward(self, out_grads: Any = None, is_train: bool = True) -> None:
        """Compute the gradients of the arguments.

        Parameters
        ----------
        out_grads : NDArray, list of NDArray, or dict of str to NDArray, optional
            Gradient with respect to each output. Losses (SoftmaxOutput, MakeLoss, ...) need none.

        Raises
        ------
        MXNetError
            If nothing was run before, or an output that is no loss has no gradient.
        """
        if not self._ran:
            raise MXNetError(
                "backward() needs the results of forward(is_train=True); call that first"
            )
        if not any(self._mask):
            return
        given = self._head_gradients(out_grads)
        if self._unfused is not None:
            gradients = iter(self._gradients_unfused(given))
        else:
            if self._pullback is None:
                self._record(self._program(False))
            gradients = iter(self._pullback(given))  # type: ignore[misc]
        for target in self._grads:
            if target is None:
                continue
            grad, req = target
            new = next(gradients)
            grad._write(
                _accumulate.run((grad._data, new), grad.context.device)[0] if req == "add" else new
            )

    def _head_gradients(self, out_grads: Any) -> list[Any]:
        names = self._symbol.list_outputs()
        if isinstance(out_grads, Mapping):
            unknown = [k for k in out_grads if k not in names]
            if unknown:
                raise MXNetError(
                    f"there is no output {', '.join(unknown)}; the outputs are {', '.join(names)}"
                )
            out_grads = [out_grads.get(n) for n in names]
        elif out_grads is None or isinstance(out_grads, NDArray):
            out_grads = [out_grads]
        given = [*out_grads, *[None] * (len(names) - len(out_grads))]
        if len(given) > len(names):
            raise MXNetError(f"backward() got {len(given)} gradients for {len(names)} outputs")
        return [self._head_gradient(i, g) for i, g in enumerate(given)]

    def _head_gradient(self, i: int, given: Any) -> Any:
        y, node = self.outputs[i], self._symbol._heads[i][0]
        if given is not None:
            if not isinstance(given, NDArray):
                raise TypeError(f"out_grads must be NDArrays, got {type(given).__name__}")
            if given.shape != y.shape:
                raise MXNetError(
                    f"the gradient of output {self._symbol.list_outputs()[i]} must have its shape "
                    f"{y.shape}, got {given.shape}"
                )
            return given._data
        if node.op is not None and (node.op.name in _LOSSES or getattr(node.op, "loss", False)):
            return tape.ones_like(y._data, self._ctx.device)
        if node.op is not None and not node.op.differentiable:
            return None
        raise MXNetError(
            f"output {self._symbol.list_outputs()[i]} is not a loss, so backward() needs the "
            "gradient with respect to it:\n    ex.backward(nd.ones(y.shape))\n"
            "or make it a loss: sym.make_loss(y)"
        )

    def copy_params_from(
        self,
        arg_params: Mapping[str, NDArray],
        aux_params: Mapping[str, NDArray] | None = None,
        allow_extra_params: bool = False,
    ) -> None:
        """Copy contents into arguments and auxiliary states.

        Parameters
        ----------
        arg_params, aux_params : dict of str to NDArray
        allow_extra_params : bool
            Whether names that the symbol does not have are passed over.

        Raises
        ------
        ValueError
            For an unknown name.
        """
        for given, have in ((arg_params, self.arg_dict), (aux_params or {}, self.aux_dict)):
            for name, value in given.items():
                if name in have:
                    value.astype(have[name].dtype, copy=False).copyto(have[name])
                elif not allow_extra_params:
                    raise ValueError(
                        f"the symbol has no {name!r}; it has {', '.join(have) or 'no such thing'}"
                    )

    def debug_str(self) -> str:
        """The symbol as text."""
        return self._symbol.debug_str()


def _arrays(what: str, given: Any, names: list[str], optional: bool) -> list[Any]:
    """One array for each name."""
    if isinstance(given, Mapping):
        if not optional:
            for name in names:
                if name not in given:
                    raise ValueError(
                        f"{what} lacks an array for {name!r}; it has {', '.join(given)}"
                    )
        found = [given.get(n) for n in names]
    elif isinstance(given, (list, tuple)):
        if len(given) != len(names):
            raise ValueError(
                f"{what} has {len(given)} arrays, but {len(names)} are needed: {', '.join(names)}"
            )
        found = list(given)
    elif given is None:
        found = [None] * len(names)
        if names and not optional:
            raise ValueError(f"{what} is missing; give arrays for {', '.join(names)}")
    else:
        raise TypeError(f"{what} must be a list or a dict of NDArrays, got {type(given).__name__}")
    for name, x in zip(names, found, strict=True):
        if not (isinstance(x, NDArray) or (x is None and optional)):
            raise TypeError(f"{what}: {name} must be an NDArray, got {type(x).__name__}")
    return found


def _requests(grad_req: Any, names: list[str]) -> list[str]:
    if isinstance(grad_req, str):
        reqs = [grad_req] * len(names)
    elif isinstance(grad_req, Mapping):
        reqs = [grad_req.get(n, "null") for n in names]
    elif isinstance(grad_req, (list, tuple)) and len(grad_req) == len(names):
        reqs = list(grad_req)
    else:
        raise ValueError(
            f"grad_req must be a string, a dict or a list of {len(names)} strings, got {grad_req!r}"
        )
    for req in reqs:
        if req not in _REQS:
            raise ValueError(f"grad_req must be one of {', '.join(map(repr, _REQS))}, got {req!r}")
    return reqs


def bind(
    symbol: Symbol, ctx: Any, args: Any, args_grad: Any, grad_req: Any, aux_states: Any
) -> Executor:
    """See :meth:`Symbol.bind`."""
    ctx = Context(ctx) if ctx is not None else current_context()
    names, aux_names = symbol.list_arguments(), symbol.list_auxiliary_states()
    arrays = _arrays("args", args, names, optional=False)
    aux = _arrays("aux_states", aux_states, aux_names, optional=False)
    grads = _arrays("args_grad", args_grad, names, optional=True)
    reqs = _requests(grad_req, names)
    for name, x, grad in zip(names, arrays, grads, strict=True):
        if grad is not None and grad.shape != x.shape:
            raise MXNetError(f"the gradient of {name} must have shape {x.shape}, got {grad.shape}")
    for name, x in zip([*names, *aux_names], [*arrays, *aux], strict=True):
        if x.context.device != ctx.device:
            raise MXNetError(
                f"{name} is on {x.context}, but the symbol is bound on {ctx}; copy it first"
            )
    found = roles(symbol._heads)
    tied = dict(zip([*found.arguments, *found.auxiliary], [*arrays, *aux], strict=True))
    shapes = {v: x.shape for v, x in tied.items()}
    dtypes = {v: x._buffer.dtype for v, x in tied.items()}
    Inference(symbol._heads, shapes, dtypes).infer_shapes()  # for its errors
    return Executor(symbol, ctx, arrays, grads, reqs, aux)


def simple_bind(
    symbol: Symbol,
    ctx: Any,
    grad_req: Any,
    type_dict: Mapping[str, Any] | None,
    shapes: Mapping[str, Any],
) -> Executor:
    """See :meth:`Symbol.simple_bind`."""
    ctx = Context(ctx) if ctx is not None else current_context()
    found = roles(symbol._heads)
    types = type_dict or {}
    inference = Inference(
        symbol._heads,
        {v: tuple(shapes[v.name]) for v in found.inputs if v.name in shapes},
        {v: np.dtype(types[v.name]) for v in found.inputs if v.name in types},
    )
    inference.infer_shapes()
    unknown = [v.name for v in found.inputs if not inference.known(v)]
    if unknown:
        raise MXNetError(
            f"simple_bind() cannot decide the shapes of {', '.join(unknown)}; give more shapes, "
            f"for example {unknown[0]}=(32, 10)"
        )

    made: dict[tuple[str, tuple], NDArray] = {}

    def make(node: Node, kind: str = "") -> NDArray:
        """A new array; variables of one name have one."""
        shape, dtype = inference.shapes[node, 0] or (), inference.dtypes[node, 0]
        key = (kind + node.name, shape)
        if key not in made:
            made[key] = zeros(shape, ctx=ctx, dtype=dtype)
        return made[key]

    args, aux = list(map(make, found.arguments)), list(map(make, found.auxiliary))
    reqs = _requests(grad_req, [v.name for v in found.arguments])
    grads = [
        make(v, "gradient of ") if req != "null" and is_float(x._buffer.dtype) else None
        for v, x, req in zip(found.arguments, args, reqs, strict=True)
    ]
    return Executor(symbol, ctx, args, grads, reqs, aux)
