"""Executors: symbols tied to arrays."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import autograd
from ..context import Context
from ..engine import config, fuse, region, tape
from ..engine.buffer import Buffer
from ..engine.graph import Variable
from ..engine.kernel import Aval, Kernel, Pullback, is_float
from ..error import MXNetError
from ..ndarray import NDArray
from ..ndarray.dispatch import scalar, wrap_deferred
from ..random import draw
from .custom import in_python
from .filled import filled
from .heads import NO_GRADIENT, NotRun, head_gradients
from .insides import show
from .lower import Program, lower
from .node import Node, roles
from .piecewise import Piecewise
from .placement import places

if TYPE_CHECKING:
    from .symbol import Symbol

__all__ = ["Executor"]

_accumulate = Kernel(lambda a, b: (a + b.astype(a.dtype),), "add_gradients")


def _variable(x: NDArray, grad: NDArray, req: str) -> Variable:
    """The tape's value of a leaf whose gradient goes to ``grad``."""
    entry = x._entry
    if type(entry) is Variable and entry.grad is grad and entry.grad_req == req:
        return entry
    return Variable(grad, req, grad._view is None and grad._buffer.dtype == x._buffer.dtype)


def _contents(x: NDArray, mine: region.Region) -> Any:
    """An array, or the deferred value of region ``mine``."""
    waits = x._buffer.pending
    if x._view is None and type(waits) is region.Deferred and mine.has(waits.node):
        return waits
    return x._data


def _weak(array: Any) -> Any:
    """A weak reference to an array, which does not keep it from being donated."""
    return None if isinstance(array, region.Deferred) else weakref.ref(array)


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
        contexts: Mapping[str, Context] | None = None,
    ):
        self._symbol = symbol
        self._ctx = ctx
        self._contexts = contexts or {}
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
        #: The symbol's outputs, of a graph in which all shapes are written down.
        self._graph = filled(
            symbol._heads, {v: self._avals[slot] for v, slot in self._slots.items()}
        )
        self._mask = tuple(g is not None for g in self._grads)
        #: What the tape has of the leaves; a parameter's own variable, so that a Trainer finds it.
        self._variables = [
            None if target is None else _variable(x, *target)
            for x, target in zip(self._leaves, self._grads, strict=True)
        ]
        self._programs: dict[bool, Program] = {}
        self._pullback: Pullback | None = None
        #: While a forward pass is deferred or on the tape: its outputs there.
        self._heads: list[Any] | None = None
        #: What the last recorded forward took: weak references to the leaves, and the rest.
        self._taken: tuple[Program, list[Any], list[Any]] | None = None
        #: A forward pass of a Module that is not even on a region yet; see ``module.step``.
        self._ahead: Any = None
        self._monitor: tuple[Callable, bool] | None = None
        self._inside: dict[bool, Program] = {}
        at = places(self._graph, ctx, self._contexts)
        spread = {c.device for c in at.values()} | {x.context.device for x in self._leaves}
        spread.add(ctx.device)
        #: For a graph that is no single executable.
        self._pieces: Piecewise | None = None
        if len(spread) > 1 or in_python(self._graph):
            self._pieces = Piecewise(self._graph, self._slots, self._mask, ctx, at)
        self._ran = False
        self.outputs: list[NDArray] = []
        for aval, (node, _) in zip(self._program(False).outputs, self._graph, strict=True):
            buffer = Buffer(None, at[node])
            buffer.pending = NotRun(aval)
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
            found = lower(self._graph, self._slots, self._avals, train)
            self._programs[train] = found
        return found

    def _extra(self, program: Program) -> list[Any]:
        """What the program's kernel takes after the leaves: numbers and random states."""
        found = [scalar(v, dtype, self._ctx.device) for v, dtype in program.numbers]
        return found + [draw(self._ctx) for _ in range(program.draws)]

    def _record(self, program: Program, arrays: list[Any]) -> tuple:
        """Run forward, keeping what the gradient needs."""
        mask = self._mask + (False,) * (len(arrays) - len(self._mask))
        outs, self._pullback = program.kernel.record(arrays, mask, self._ctx.device)
        return outs

    def _defer(self, program: Program, extra: list[Any]) -> None:
        """Put forward on the thread's region: with backward, and a Trainer's update if there is
        one, it will be one executable."""
        mine = region.current(self._ctx.device, True)
        with mine.lock:
            leaves = [_contents(x, mine) for x in self._leaves]
            outs = self._join(mine, program, leaves, extra)
            for y, value in zip(self.outputs, outs, strict=False):
                # a new buffer: what the last forward was to put there is not computed any more
                y._buffer = Buffer(None, self._ctx)
                region.hold(y._buffer, value)
            parts = []
            for slot, value in zip(program.written, outs[program.kernel.visible :], strict=True):
                if self._leaves[slot]._view is None:
                    region.hold(self._leaves[slot]._buffer, value)
                else:
                    parts.append((self._leaves[slot], wrap_deferred([value], self._ctx, False)[0]))
        for x, new in parts:
            x._write(new._data)

    def _join(self, mine: region.Region, program: Program, leaves: list, extra: list) -> list:
        """Put forward on a region; gives the deferred outputs and new states."""
        self._taken = program, [_weak(a) for a in leaves], extra
        values = [*self._variables, *[None] * len(extra)]
        outs = region.defer(
            mine, program.kernel, [*leaves, *extra], values, program.results(self._avals),
            self._ctx.device,
        )  # fmt: skip
        self._heads = outs[: program.kernel.visible]
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
        if self._ahead is not None:
            self._ahead.settle()
        if kwargs:
            self._update(kwargs)
        if self._pieces is not None:
            if self._monitor is not None:
                show(self, bool(is_train))
            made = self._pieces.forward(
                self._leaves, bool(is_train), bool(is_train) and any(self._mask)
            )
            self._ran = True
            for y, new in zip(self.outputs, made, strict=True):
                y._buffer.set(new.as_in_context(y.context)._data)
            return self.outputs
        program, device = self._program(bool(is_train)), self._ctx.device
        extra = self._extra(program)
        if self._monitor is not None:
            show(self, bool(is_train), extra)
        self._pullback = self._heads = self._taken = None
        self._ran = True
        if is_train and any(self._mask) and config.fusion:
            self._defer(program, extra)
            return self.outputs
        arrays = [*(x._data for x in self._leaves), *extra]
        if is_train and any(self._mask):
            outs = self._record(program, arrays)
        else:
            outs = program.kernel.run(arrays, device)
        visible = program.kernel.visible
        for slot, new in zip(program.written, outs[visible:], strict=True):
            self._leaves[slot]._write(new)
        for y, new in zip(self.outputs, outs, strict=False):
            y._buffer.set(new)
        return self.outputs

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
        if self._ahead is not None:
            self._ahead.settle()
        if not self._ran:
            raise MXNetError(
                "backward() needs the results of forward(is_train=True); call that first"
            )
        if not any(self._mask):
            return
        given = head_gradients(self._symbol, self.outputs, out_grads)
        heads, self._heads = self._heads, None
        if heads is not None:
            wanted = [(v, ct) for v, ct in zip(heads, given, strict=True) if ct is not NO_GRADIENT]
            if wanted and self._backward_deferred(wanted):
                return
        ones = [
            tape.ones_like(y._data, y.context.device) if ct is None
            else None if ct is NO_GRADIENT else ct.as_in_context(y.context)._data
            for y, ct in zip(self.outputs, given, strict=True)
        ]  # fmt: skip
        if self._pieces is not None:
            gradients = iter(self._pieces.gradients(self._leaves, ones))
        else:
            if self._pullback is None:
                self._record(*self._again())
            gradients = iter(self._pullback(ones))  # type: ignore[misc]
        for target, variable in zip(self._grads, self._variables, strict=True):
            if target is None:
                continue
            grad, req = target
            new = next(gradients)
            grad._write(
                _accumulate.run((grad._data, new), grad.context.device)[0] if req == "add" else new
            )
            variable.fresh = True  # type: ignore[union-attr]

    def _backward_deferred(self, heads: list[tuple[Any, NDArray | None]]) -> bool:
        """Backward behind the deferred forward; after it, if somebody has looked meanwhile."""
        mine = region.current(self._ctx.device)
        with mine.lock:
            given = [(v, None if ct is None else _contents(ct, mine)) for v, ct in heads]
            if fuse.defer_backward(given):
                return True
        if not all(v.plain for v in self._variables if v is not None):
            return False
        mine.run()
        ones = self._ctx.device
        known = {id(v): y for v, y in zip([v for v, _ in heads], self.outputs, strict=False)}
        tape.backward([
            (v, tape.ones_like(known[id(v)]._data, ones) if ct is None else ct._data)
            for v, ct in heads
        ])  # fmt: skip
        return True

    def _again(self) -> tuple[Program, list[Any]]:
        """What the last forward took, for another backward; without one that was recorded, what
        is there now."""
        if self._taken is None:
            program = self._program(False)
            return program, [*(x._data for x in self._leaves), *self._extra(program)]
        program, refs, extra = self._taken
        arrays = []
        for x, old in zip(self._leaves, refs, strict=True):
            then = old() if old is not None else None
            arrays.append(x._data if then is None or then.is_deleted() else then)
        return program, [*arrays, *extra]

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
        MXNetError
            If an array has the wrong shape.
        """
        for given, have in ((arg_params, self.arg_dict), (aux_params or {}, self.aux_dict)):
            for name, value in given.items():
                if name in have:
                    if value.shape != have[name].shape:
                        raise MXNetError(
                            f"{name} was bound with shape {have[name].shape}, got {value.shape}"
                        )
                    value.astype(have[name].dtype, copy=False).copyto(have[name])
                elif not allow_extra_params:
                    raise ValueError(
                        f"the symbol has no {name!r}; it has {', '.join(have) or 'no such thing'}"
                    )

    def reshape(
        self, partial_shaping: bool = False, allow_up_sizing: bool = False, **kwargs: Any
    ) -> Executor:
        """An executor of the same symbol for other shapes; see :func:`gluonx.symbol.binding`.

        Arrays whose shape stays are shared. What was compiled for a shape is found again.

        Parameters
        ----------
        partial_shaping : bool
            Whether the shapes of variables that are not named may change.
        allow_up_sizing : bool
            Whether arrays may become larger.
        **kwargs : tuple of int
            New shapes of variables.

        Returns
        -------
        Executor

        Raises
        ------
        MXNetError
            For an unknown variable, or a change that was not allowed.

        Examples
        --------
        >>> import gluonx as gx
        >>> y = gx.sym.FullyConnected(gx.sym.var('x'), num_hidden=3, name='fc')
        >>> ex = y.simple_bind(gx.cpu(), x=(4, 5))
        >>> small = ex.reshape(x=(2, 5))
        >>> small.outputs[0].shape, small.arg_dict['fc_weight'] is ex.arg_dict['fc_weight']
        ((2, 3), True)
        """
        from .binding import reshaped

        return reshaped(self, kwargs, partial_shaping, allow_up_sizing)

    # -- looking inside ---------------------------------------------------------------------

    def set_monitor_callback(
        self, callback: Callable[[str, NDArray], Any] | None, monitor_all: bool = False
    ) -> None:
        """Have a function called with every result inside the graph at each :meth:`forward`.

        Parameters
        ----------
        callback : callable or None
            Called with a name such as ``'fc1_output'`` and an NDArray.
        monitor_all : bool
            Call it with what goes into each operator, too: as ``'fc1_data'``, and a variable also
            under its own name.
        """
        self._monitor = None if callback is None else (callback, monitor_all)

    def get_optimized_symbol(self) -> Symbol:
        """The symbol itself: XLA optimizes what it compiles, not the graph."""
        return self._symbol

    def debug_str(self) -> str:
        """The symbol as text."""
        return self._symbol.debug_str()
