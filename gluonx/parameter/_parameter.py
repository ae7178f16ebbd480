"""Parameters: the arrays that a Block learns."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .. import autograd, initializer
from .. import ndarray as nd
from .. import random as _random
from ..context import Context, cpu, current_context
from ..engine.buffer import Buffer, Zeros
from ..engine.graph import Variable
from ..engine.kernel import put
from ..engine.state import state
from ..error import MXNetError
from ..mesh import MeshContext, placement
from ..ndarray import NDArray
from ..ndarray.ndarray import zeros_later
from ..ndarray.sparse_array import mark_of, rows_of_dense

__all__ = ["Constant", "DeferredInitializationError", "Parameter", "contexts_of"]


class DeferredInitializationError(MXNetError):
    """A parameter was used before its shape was known."""


class _Waiting:
    """In the place of the contents of a parameter whose shape is not known yet."""

    def __init__(self, parameter: Parameter):
        self.parameter = parameter

    @property
    def aval(self) -> jax.ShapeDtypeStruct:
        p = self.parameter
        return jax.ShapeDtypeStruct(p.shape or (), np.dtype(p.dtype))

    @property
    def known(self) -> bool:
        return _known(self.parameter.shape)

    def learn_shape(self, shape: Any, buffer: Buffer) -> None:
        """An operator found out the shape."""
        p = self.parameter
        if shape is None or not _known(shape):
            raise p._deferred_error()
        p._learn_shape(shape)

    def resolve(self, trace: Any, buffer: Buffer) -> Any:
        """Contents while a trace finds shapes."""
        if not self.known or not trace.resolve:
            raise self.parameter._deferred_error()
        array = jnp.zeros(self.parameter.shape, buffer.dtype)
        trace.argument(buffer, array)
        return array

    def force(self, buffer: Buffer) -> None:
        if self.known:
            self.parameter._finish_deferred_init()
        else:
            raise self.parameter._deferred_error()


def _known(shape: Any) -> bool:
    return shape is not None and all(n > 0 for n in shape)


class Parameter:
    """An array that a Block learns, on one or several devices.

    Parameters
    ----------
    name : str
        Its name; code finds parameters by it.
    grad_req : {'write', 'add', 'null'}
        How ``backward`` stores the gradient.
    shape : int or tuple of int, optional
        0 for an extent that the first forward pass will tell.
    dtype : dtype
        float32 by default.
    lr_mult, wd_mult : float
        Factors on the Trainer's learning rate and weight decay.
    init : Initializer or str, optional
        By default, that given to ``initialize``.
    allow_deferred_init : bool
        Whether ``initialize`` may be called before the shape is known.
    differentiable : bool
        False for a parameter that never has a gradient.
    stype : {'default', 'row_sparse', 'csr'}
        Storage type of the contents. One that is row_sparse is read by :meth:`row_sparse_data`.
    grad_stype : {'default', 'row_sparse', 'csr'}
        Storage type of the gradient.

    Examples
    --------
    >>> import gluonx as gx
    >>> w = gx.gluon.Parameter('w', shape=(2, 3))
    >>> w.initialize('ones')
    >>> w.data().shape
    (2, 3)
    """

    #: Counts in this process how often a parameter got other arrays, or arrays of another dtype.
    moves = 0

    def __init__(
        self, name: str, grad_req: str = "write", shape: Any = None, dtype: Any = np.float32,
        lr_mult: float = 1.0, wd_mult: float = 1.0, init: Any = None,
        allow_deferred_init: bool = False, differentiable: bool = True, stype: str = "default",
        grad_stype: str = "default",
    ):  # fmt: skip
        self.name = name
        self.lr_mult = lr_mult
        self.wd_mult = wd_mult
        self.init = init
        self.dtype = dtype
        #: Path of the parameter in its network (``features.0.weight``), once that is known.
        self.path: str | None = None
        if isinstance(shape, (int, np.integer)):
            shape = (int(shape),)
        self._shape: tuple[int, ...] | None = None if shape is None else tuple(shape)
        self._differentiable = differentiable
        self._allow_deferred_init = allow_deferred_init
        for kind in (stype, grad_stype):
            if kind not in ("default", "row_sparse", "csr"):
                raise ValueError(
                    f"parameter {name}: a storage type is 'default', 'row_sparse' or 'csr', not "
                    f"{kind!r}"
                )
        self._stype, self._grad_stype = stype, grad_stype
        self._data: dict[Context, NDArray] | None = None
        self._deferred: tuple | None = None
        self._var: Any = None
        #: How it is divided on a mesh.
        self._rule: Any = None
        self._grad_req = "null"
        self.grad_req = grad_req

    def __repr__(self) -> str:
        return f"Parameter {self.name} (shape={self.shape}, dtype={self.dtype})"

    @property
    def grad_req(self) -> str:
        """How ``backward`` stores the gradient: ``'write'``, ``'add'`` or ``'null'``."""
        return self._grad_req

    @grad_req.setter
    def grad_req(self, req: str) -> None:
        if req not in ("write", "add", "null"):
            raise ValueError(
                f"grad_req of {self._title()} must be 'write', 'add' or 'null', got {req!r}"
            )
        if not self._differentiable:
            req = "null"
        if req == self._grad_req:
            return
        self._grad_req = req
        if self._data is not None and self._deferred is None:
            self._attach()

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The shape; 0 (or -1) where it is not known yet, None if nothing is known."""
        return self._shape

    @shape.setter
    def shape(self, new: Sequence[int]) -> None:
        new = tuple(int(n) for n in new)
        old = self._shape
        if old is not None and (
            len(old) != len(new) or any(a > 0 and a != b for a, b in zip(old, new, strict=True))
        ):
            raise ValueError(
                f"{self._title()} has shape {old}, which does not agree with the expected {new}; "
                "check the layer's in_units / in_channels, or the shape of its input"
            )
        self._shape = new

    @property
    def stype(self) -> str:
        """Storage type of the contents."""
        return self._stype

    @property
    def grad_stype(self) -> str:
        """Storage type of the gradient."""
        return self._grad_stype

    def _title(self) -> str:
        if self.path and self.path != self.name:
            return f"parameter {self.path} ({self.name})"
        return f"parameter {self.name}"

    def _deferred_error(self) -> DeferredInitializationError:
        return DeferredInitializationError(
            f"{self._title()} has no values yet: its shape {self.shape} is not known. Do one of\n"
            "    net(x)                       # run the network once: it learns its shapes\n"
            "    nn.Dense(10, in_units=20)    # give the input size when making the layer\n"
            "    net.collect_params() and use parameter.shape only after the first forward pass"
        )

    # -- initialization -----------------------------------------------------------------------

    def initialize(
        self, init: Any = None, ctx: Context | Sequence[Context] | None = None,
        default_init: Any = None, force_reinit: bool = False,
    ) -> None:  # fmt: skip
        """Give the parameter its first values, and its gradient buffers.

        Parameters
        ----------
        init : Initializer or str, optional
            Used instead of the parameter's own.
        ctx : Context or list of Context, optional
            Where the parameter lives, by default on the current context.
        default_init : Initializer or str, optional
            Used if neither ``init`` nor the parameter's own is given; uniform by default.
        force_reinit : bool
            Initialize again if it is initialized already (which otherwise gives a warning).

        Raises
        ------
        ValueError
            If the shape is not known and may not be learnt.
        """
        if self._data is not None and not force_reinit:
            warnings.warn(
                f"{self._title()} is initialized already and was left alone; to start again use "
                "initialize(..., force_reinit=True)",
                stacklevel=2,
            )
            return
        contexts = contexts_of(ctx)
        default_init = initializer.Uniform() if default_init is None else default_init
        if init is None:
            init = default_init if self.init is None else self.init
        self._deferred = (init, default_init, None)
        if not _known(self.shape) and self._shape != ():
            if not self._allow_deferred_init:
                self._deferred = None
                raise ValueError(
                    f"cannot initialize {self._title()}: its shape {self.shape} is not known. Give "
                    "the whole shape, or make it with allow_deferred_init=True"
                )
        if self._data is not None:
            Parameter.moves += 1
        self._data = {c: self._placeholder(c) for c in contexts}
        if _known(self.shape) or self._shape == ():
            self._finish_deferred_init()

    def _placeholder(self, ctx: Context) -> NDArray:
        buffer = Buffer(None, ctx)
        buffer.pending = _Waiting(self)
        return NDArray._new(buffer)

    def _learn_shape(self, shape: Sequence[int]) -> None:
        """Take the shape that the parameter waits for; inside a trace it is initialized later."""
        self.shape = tuple(shape)
        if state.trace is None:
            self._finish_deferred_init()
        elif self._deferred is not None:
            state.trace.resolved.append(self)

    def _finish_deferred_init(self) -> None:
        if self._deferred is None or self._data is None:
            return
        init, default_init, data = self._deferred
        with autograd.pause(), _random.initialization():
            first = home = next(iter(self._data))
            if isinstance(first, MeshContext):
                home = cpu()  # no device needs to hold all of it
            if data is None:
                data = zeros_later(self._shape or (), home, np.dtype(self.dtype))
                desc = initializer.InitDesc(self.name, {"__init__": init})
                initializer.create(default_init)(desc, data)
            self._deferred = None
            for ctx, x in self._data.items():
                # Arrays that were given are not copied: who changes one changes only its own.
                source = data.as_in_context(ctx)
                x._buffer.set(source._data, shared=source._buffer.shared)
            self._divide()
            self._attach()

    def shard(self, rule: Any) -> None:
        """Say how the parameter is divided among the devices of a mesh.

        Parameters
        ----------
        rule : jax.sharding.PartitionSpec, str, callable or None
            See :meth:`gluonx.Block.shard`.

        Raises
        ------
        ValueError
            If the shape cannot be divided so; when the parameter gets its values, if it has none.
        """
        old, self._rule = self._rule, rule
        if self._data is not None and self._deferred is None:
            try:
                self._divide()
            except BaseException:
                self._rule = old
                raise

    def _divide(self) -> None:
        """Divide the contents on a mesh as the rule says."""
        for ctx, x in (self._data or {}).items():
            if isinstance(ctx, MeshContext):
                where = placement(ctx, self._rule, x.shape, self._title())
                x._buffer.set(put(x._data, where))

    def _attach(self) -> None:
        for x in (self._data or {}).values():
            if self._grad_req == "null":
                x._entry = None
            elif type(x._entry) is Variable:
                x._entry.grad_req = self._grad_req
                mark_of(x)
            else:
                sparse = self._grad_stype != "default"
                x.attach_grad(self._grad_req, self._grad_stype if sparse else None)

    # -- contents ---------------------------------------------------------------------------

    def _initialized(self) -> dict[Context, NDArray]:
        if self._data is None:
            raise RuntimeError(
                f"{self._title()} has not been initialized. Call net.initialize() (or "
                "parameter.initialize()) before using it; a Trainer does not do that"
            )
        return self._data

    def _on(self, ctx: Context | None) -> NDArray:
        data = self._initialized()
        if ctx is None:
            if len(data) == 1:
                return next(iter(data.values()))
            ctx = current_context()
        found = data.get(ctx)
        if found is None:
            raise RuntimeError(
                f"{self._title()} was not initialized on {ctx}, only on "
                f"{', '.join(map(str, data))}. Initialize it there (ctx=[...]), move it with "
                "reset_ctx(), or copy the input with x.as_in_context(ctx)"
            )
        return found

    def data(self, ctx: Context | None = None) -> NDArray:
        """The contents on a device; writing to the array changes the parameter.

        Raises
        ------
        RuntimeError
            If the parameter is not initialized, or not on this context.
        DeferredInitializationError
            If its shape is not known yet.
        """
        x = self._on(ctx)
        self._check_dense("data")
        if self._deferred is not None and state.depth == 0:
            raise self._deferred_error()
        return x

    def _check_dense(self, method: str) -> None:
        if self._stype == "row_sparse":
            instead = method.replace("data", "row_sparse_data")
            raise RuntimeError(
                f"{self._title()} has the storage type row_sparse: {method}() would give all of "
                f"it. Ask for the rows that are used, {instead}(row_id)"
            )

    def row_sparse_data(self, row_id: NDArray) -> NDArray:
        """Some rows of a parameter whose storage type is row_sparse, on the device of ``row_id``.

        Parameters
        ----------
        row_id : NDArray
            The rows, in any order and number.

        Returns
        -------
        RowSparseNDArray
            A copy of these rows; the gradient of what is computed from them is the parameter's.

        Raises
        ------
        RuntimeError
            If the storage type is another one.
        """
        if self._stype != "row_sparse":
            raise RuntimeError(
                f"row_sparse_data() is for parameters with stype='row_sparse'; {self._title()} has "
                f"{self._stype!r}, use data()"
            )
        x = self._on(row_id.context)
        if self._deferred is not None:
            raise self._deferred_error()
        return rows_of_dense(x, row_id)

    def list_row_sparse_data(self, row_id: NDArray) -> list[NDArray]:
        """:meth:`row_sparse_data` on every device."""
        return [self.row_sparse_data(row_id.as_in_context(c)) for c in self._initialized()]

    def _saved(self) -> NDArray:
        """What a file gets: the contents, with their storage type.

        On several devices running statistics differ; a file gets their mean, as in MXNet.
        """
        first, *others = self._initialized().values()
        if self._deferred is not None:
            raise self._deferred_error()
        if self._stype != "row_sparse":
            if others and self._grad_req == "null" and jnp.issubdtype(self.dtype, jnp.floating):
                hosts = [x.asnumpy() for x in (first, *others)]
                if any((host != hosts[0]).any() for host in hosts):
                    with autograd.pause():
                        total = first
                        for x in others:
                            total = total + x.as_in_context(first.context)
                        return total / len(hosts)
            return first
        return rows_of_dense(first, nd.arange(first.shape[0], ctx=first.context, dtype="int64"))

    def list_data(self) -> list[NDArray]:
        """The contents on every device."""
        data = self._initialized()
        self._check_dense("list_data")
        if self._deferred is not None:
            raise self._deferred_error()
        return list(data.values())

    def set_data(self, data: NDArray) -> None:
        """Set the contents on every device."""
        if self._data is None:
            raise RuntimeError(
                f"{self._title()} has not been initialized; call initialize() before set_data()"
            )
        if not isinstance(data, NDArray):
            data = nd.array(data, dtype=self.dtype)
        self.shape = data.shape
        if self._deferred is not None:
            self._deferred = (*self._deferred[:2], data.astype(self.dtype, copy=False))
            self._finish_deferred_init()
            return
        with autograd.pause(train_mode=state.training):
            for x in self._data.values():
                x[:] = data.as_in_context(x.context)
        self._divide()

    def _with_grad(self, x: NDArray) -> NDArray:
        if self._grad_req == "null":
            raise RuntimeError(
                f"{self._title()} has no gradient: its grad_req is 'null'. Set grad_req = 'write' "
                "before recording"
            )
        return x.grad  # type: ignore[return-value]

    def grad(self, ctx: Context | None = None) -> NDArray:
        """The gradient on a device."""
        x = self._on(ctx)
        if self._deferred is not None:
            raise self._deferred_error()
        return self._with_grad(x)

    def list_grad(self) -> list[NDArray]:
        """The gradient on every device."""
        return [self._with_grad(x) for x in self.list_data()]

    def list_ctx(self) -> list[Context]:
        """The contexts that the parameter is on."""
        return list(self._initialized())

    def zero_grad(self) -> None:
        """Set the gradient to 0 on every device."""
        if self._grad_req == "null" or self._data is None or self._deferred is not None:
            return
        for x in self._data.values():
            grad: Any = x.grad
            if grad._sparse:
                grad._clear()
            elif grad._view is None:
                grad._buffer.defer(Zeros(grad.shape, grad._buffer.dtype))
            else:
                grad[:] = 0

    def reset_ctx(self, ctx: Context | Sequence[Context]) -> None:
        """Move the parameter to other devices."""
        contexts = contexts_of(ctx)
        if self._data is None:
            raise RuntimeError(f"{self._title()} has not been initialized, so it cannot move")
        if contexts != list(self._data):
            Parameter.moves += 1
        if self._deferred is not None:
            self._data = {c: self._placeholder(c) for c in contexts}
            return
        with autograd.pause():
            source = next(iter(self._data.values()))
            self._data = {
                c: self._data[c] if c in self._data else source.copyto(c) for c in contexts
            }
            self._divide()
            self._attach()

    def cast(self, dtype: Any) -> None:
        """Change the element type of contents and gradient."""
        self.dtype = dtype
        if self._data is None or self._deferred is not None:
            return
        Parameter.moves += 1
        with autograd.pause():
            for x in self._data.values():
                entry = x._entry
                x._buffer.set(x.astype(dtype)._data)
                if type(entry) is Variable:
                    entry.grad._buffer.set(entry.grad.astype(dtype)._data)
        self._divide()

    def var(self) -> Any:
        """A Symbol variable with the parameter's name, shape, dtype and multipliers."""
        from .. import symbol

        if self._var is None:
            self._var = symbol.var(
                self.name, shape=self.shape, dtype=self.dtype, lr_mult=self.lr_mult,
                wd_mult=self.wd_mult, init=self.init, stype=self._stype,
            )  # fmt: skip
        return self._var


class Constant(Parameter):
    """A parameter that never changes.

    Parameters
    ----------
    name : str
    value : array_like
        Its contents.

    Examples
    --------
    >>> import gluonx as gx
    >>> c = gx.gluon.Constant('c', [1., 2.])
    >>> c.initialize(); c.data().asnumpy()
    array([1., 2.], dtype=float32)
    """

    def __init__(self, name: str, value: Any):
        if not isinstance(value, NDArray):
            value = nd.array(value)
        self.value = value
        init = initializer.Constant(value)
        super().__init__(name, grad_req="null", shape=value.shape, dtype=value.dtype, init=init)

    def __repr__(self) -> str:
        return f"Constant {self.name} (shape={self.shape}, dtype={self.dtype})"

    @property
    def grad_req(self) -> str:
        return "null"

    @grad_req.setter
    def grad_req(self, req: str) -> None:
        if req != "null":
            warnings.warn(
                f"Constant {self.name} has no gradient; grad_req={req!r} is ignored", stacklevel=2
            )


def contexts_of(ctx: Any) -> list[Context]:
    """What an argument ``ctx`` names: a context, a mesh, several of them, or the current one."""
    if ctx is None:
        return [current_context()]
    single = isinstance(ctx, Context | jax.sharding.Mesh)
    contexts = [
        Context(c) if isinstance(c, jax.sharding.Mesh) else c for c in ([ctx] if single else ctx)
    ]
    if not contexts or not all(isinstance(c, Context) for c in contexts):
        raise TypeError(f"ctx must be a Context or a list of them, got {ctx!r}")
    if len(set(contexts)) != len(contexts):
        raise ValueError(f"ctx names a device twice: {contexts}")
    return contexts
