"""NDArray: a mutable array on a device."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import jax
import jax.core
import jax.numpy as jnp
import numpy as np

from ..context import Context, current_context, num_gpus
from ..engine import region, tape
from ..engine.buffer import Buffer, Zeros
from ..engine.fuse import defer_again
from ..engine.graph import Variable
from ..engine.kernel import Kernel, is_float, is_wide, put, x64
from ..engine.op import OPS
from ..engine.state import ahead, state
from ..engine.trace import user_frame
from ..error import HybridizeError, MXNetError
from ..ops._shapes import reshape_target
from . import indexing
from .dispatch import call, check_alone, check_inplace, invoke, scalar
from .hostview import HostView
from .methods import ArrayMethods
from .views import read_view, write_view

__all__ = ["NDArray", "from_jax", "waitall"]


class NDArray(ArrayMethods):
    """A mutable array of one element type on one device.

    An NDArray is a handle on a buffer. ``x[i]``, ``x[i:j]`` and ``x.reshape(...)`` are handles on
    the same buffer: writing to one shows in the others. Operators return at once; the numbers are
    there when somebody looks.

    Arrays are made by :func:`gluonx.nd.array`, :func:`~gluonx.nd.zeros` and so on.

    Examples
    --------
    >>> from gluonx import nd
    >>> x = nd.zeros((2, 3))
    >>> x[1] = 5
    >>> x[1, 2].asscalar()
    np.float32(5.0)
    """

    __slots__ = ("_buffer", "_view", "_entry", "_cache", "__weakref__")
    __array_priority__ = 1000.0
    _sparse = False

    def __init__(self, *args: Any, **kwargs: Any):
        raise TypeError("make an NDArray with nd.array(...), nd.zeros(shape), nd.from_jax(x), ...")

    @classmethod
    def _new(cls, buffer: Buffer, view: tuple | None = None) -> NDArray:
        x = cls.__new__(cls)
        x._buffer = buffer
        x._view = view
        x._entry = None
        x._cache = None
        return x

    @classmethod
    def _draft(cls, script: Any) -> NDArray:
        """The result of a call that ``script`` has noted (see ``hybrid.Script``): an array that has
        no buffer until somebody asks for it, or :meth:`_fill_in`."""
        x = cls.__new__(cls)
        x._view = None
        x._cache = script
        return x

    def _fill_in(self, buffer: Buffer, entry: Any) -> None:
        x: Any = self
        x._entry = entry
        x._buffer = buffer
        x._cache = None

    if not TYPE_CHECKING:  # which would take every name for an attribute

        def __getattr__(self, name: str) -> Any:
            if name in ("_buffer", "_entry"):  # it is a draft
                script = self._cache
                if script is not None:
                    script.unfold()
                return object.__getattribute__(self, name)
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    # -- contents ---------------------------------------------------------------------------

    def _array(self) -> Any:
        """The contents, or None while they are pending. Not for use inside a trace."""
        buffer = self._buffer
        version = buffer.version  # before the contents, which another thread may replace
        base = buffer.array
        if self._view is None or base is None:
            return base
        cache = self._cache
        if cache is not None and cache[0] == version:
            return cache[1]
        part = read_view(base, *self._view, buffer.ctx)
        self._cache = (version, part)
        return part

    @property
    def _data(self) -> Any:
        """The contents as a ``jax.Array`` (a tracer inside a trace); runs what is pending."""
        trace = state.trace
        buffer = self._buffer
        if trace is None:
            array = self._array()
            while array is None:
                buffer.get()
                array = self._array()
            return array
        base = trace.read(buffer, self)
        return base if self._view is None else read_view(base, *self._view, buffer.ctx)

    def _concrete(self, what: str) -> Any:
        """The contents for use outside JAX; explains itself inside a trace."""
        trace = state.trace
        array = self._data
        if trace is not None and isinstance(array, jax.core.Tracer):
            raise HybridizeError(
                f"{what} needs the values of an array, but {trace.block} is hybridized and its "
                f"arrays have no values while it is compiled.\n  {user_frame()}\n"
                "Write the choice as an operator, or leave this block unhybridized:\n"
                "    wrong:  if x.sum() > 0: y = a\n            else: y = b\n"
                "    right:  y = F.where(cond, a, b)     # or net.hybridize(active=False)"
            )
        return array

    def _write(self, array: Any) -> None:
        """Replace the contents of this handle (same shape and dtype)."""
        if self._view is not None:
            write_view(self._buffer, *self._view, array)
        elif state.trace is not None:
            state.trace.write(self._buffer, array)
        else:
            self._settle()
            self._buffer.set(array)

    def _settle(self) -> None:
        """Before the contents are replaced: the tape may need those that are pending."""
        pending = self._buffer.pending
        if type(pending) is region.Deferred:
            node = pending.node
            if node.region is not None and node.kernel is not None:  # not a gradient
                node.region.run()

    def _deferred(self) -> tuple[Any, Any]:
        """(value, value for the gradient) while deferred; (None, None) if it must be run first."""
        pending = self._buffer.pending
        if self._view is None and (self._entry is None or self._entry is pending):
            return pending, self._entry
        if (
            self._view is not None
            and type(self._entry) is region.Deferred
            and self._entry.node.region
            and self._awaits()
        ):
            return self._entry, self._entry
        return None, None

    def fulfil(self, value: Any, array: Any) -> None:
        """A deferred view was computed."""
        if self._awaits():
            self._cache = (self._buffer.version, array)

    def _awaits(self) -> bool:
        """Whether a deferred view still shows what was deferred: nobody has written since."""
        return self._cache is not None and self._cache[0] == ~self._buffer.version

    # -- facts ------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """The extents."""
        return self._view[1] if self._view is not None else self._buffer.shape

    @property
    def dtype(self) -> Any:
        """The element type, a NumPy scalar type such as ``numpy.float32``."""
        return self._buffer.dtype.type

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def context(self) -> Context:
        """The device that the array is on."""
        if state.trace is not None:
            state.trace.asked = True  # the code may depend on it
        return self._buffer.ctx

    ctx = context

    @property
    def stype(self) -> str:
        """Storage type: ``'default'``, dense."""
        return "default"

    def tostype(self, stype: str) -> NDArray:
        """A copy with another storage type.

        Parameters
        ----------
        stype : {'default', 'row_sparse', 'csr'}
            See :mod:`gluonx.nd.sparse`.
        """
        from .sparse import cast_storage

        return cast_storage(self, stype)

    @property
    def writable(self) -> bool:
        """Whether the array can be written to: True."""
        return True

    @property
    def T(self) -> NDArray:
        """The transpose."""
        return self if self.ndim < 2 else invoke(OPS["transpose"], [self], {})

    @property
    def _recorded(self) -> bool:
        """Whether a gradient can flow to this array."""
        entry = self._entry
        return entry is not None and entry.live

    @property
    def grad(self) -> NDArray | None:
        """The gradient buffer that :meth:`attach_grad` made; None without one."""
        entry = self._entry
        return entry.grad if type(entry) is Variable else None

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of an array without axes")
        return self.shape[0]

    def __iter__(self) -> Iterator[NDArray]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        trace = state.trace
        kind = type(self).__name__
        place = f"<{kind} {'x'.join(map(str, self.shape))} @{self.context}>"
        if trace is not None and isinstance(self._data, jax.core.Tracer):
            return f"\n(no values: {trace.block} is being compiled)\n{place}"
        return f"\n{self.asnumpy()!s}\n{place}"

    # -- to the host and other libraries ------------------------------------------------------

    def asnumpy(self) -> np.ndarray:
        """A copy as a ``numpy.ndarray``; waits for the computation."""
        return np.array(self._concrete("asnumpy()"))

    def asscalar(self) -> Any:
        """The value of a one-element array, as a NumPy scalar.

        Raises
        ------
        ValueError
            If the array does not have exactly one element.
        """
        if self.size != 1:
            raise ValueError(
                f"asscalar() needs an array with one element; this one has shape {self.shape}"
            )
        return np.asarray(self._concrete("asscalar()")).reshape(())[()]

    item = asscalar

    def asjax(self) -> jax.Array:
        """The contents as a ``jax.Array``.

        It keeps its values whatever is written to this array later. JAX functions applied to it are
        not recorded; see :func:`gluonx.op`.
        """
        self._buffer.shared = True
        return self._data

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError("an NDArray can only be copied to NumPy; leave copy=False out")
        host = np.array(self._concrete("conversion to NumPy"))
        return host if dtype is None else host.astype(dtype, copy=False)

    def __jax_array__(self) -> jax.Array:
        self._refuse_recorded("JAX", "y = jnp.sin(x)", "y = gluonx.op(jnp.sin)(x)", "asjax")
        return self.asjax()

    def _refuse_recorded(self, library: str, wrong: str, right: str, convert: str) -> None:
        """Refuse a function of another library that would silently lose the gradient."""
        if state.trace is None and state.recording and self._recorded:
            raise MXNetError(
                f"a {library} function was called on an array that autograd is recording, so its "
                f"gradient would be lost.\n  {user_frame()}\nUse an operator:\n"
                f"    wrong:  {wrong}\n    right:  {right}\n"
                f"or say that no gradient is wanted, with x.{convert}()"
            )

    def __dlpack__(self, **kwargs: Any) -> Any:
        self._buffer.shared = True
        return self._concrete("DLPack export").__dlpack__(**kwargs)

    def __dlpack_device__(self) -> tuple:
        return self._concrete("DLPack export").__dlpack_device__()

    def to_dlpack_for_read(self) -> Any:
        """A DLPack capsule of the contents, to be read only."""
        self.wait_to_read()
        return self.__dlpack__()

    def __float__(self) -> float:
        return float(self.asscalar())

    def __int__(self) -> int:
        return int(self.asscalar())

    def __index__(self) -> int:
        if not np.issubdtype(self._buffer.dtype, np.integer):
            raise TypeError(f"an array of {np.dtype(self.dtype).name} cannot be used as an index")
        return int(self.asscalar())

    def __bool__(self) -> bool:
        if self.size == 0:
            return False
        if self.size == 1:
            return bool(self.asscalar())
        raise ValueError(
            f"the truth value of an array with {self.size} elements is ambiguous; reduce it first, "
            "for example (x > 0).sum() == x.size"
        )

    def __reduce__(self) -> tuple:
        from . import creation

        return creation._unpickle, (self.asnumpy(), self.context)

    def __copy__(self) -> NDArray:
        return self.copy()

    def __deepcopy__(self, memo: dict) -> NDArray:
        return self.copy()

    def wait_to_read(self) -> None:
        """Wait until the values are there; raises what their computation raised."""
        self._concrete("wait_to_read()").block_until_ready()

    wait_to_write = wait_to_read

    # -- copies and contexts ------------------------------------------------------------------

    def copy(self) -> NDArray:
        """A new array with the same contents on the same device."""
        return invoke(OPS["_copy"], [self], {})

    def copyto(self, other: NDArray | Context) -> NDArray:
        """Copy to another array, or into a new one on another device.

        Parameters
        ----------
        other : NDArray or Context
            An array of the same shape to write to (its dtype stays), or where to make a new one.

        Returns
        -------
        NDArray
            The array written to.

        Raises
        ------
        ValueError
            If the shapes differ.
        TypeError
            For any other kind of target.
        """
        if isinstance(other, Context):
            return _transfer(self, other)
        if not isinstance(other, NDArray):
            raise TypeError(f"copyto() takes an NDArray or a Context, got {type(other).__name__}")
        if other is self:
            return self
        if other.shape != self.shape:
            raise ValueError(f"copyto(): shapes differ, {self.shape} to {other.shape}")
        recorded = state.recording and self._recorded
        if recorded:
            check_alone(other)
        source = self if other.context is self.context else _transfer(self, other.context)
        if other.dtype != self.dtype:
            source = source.astype(other.dtype)
        check_inplace(other)
        if other._view is None and other._buffer.pending is not None:
            other._settle()
            other._buffer.set(source._data)
        else:
            other._write(source._data)
        if recorded:
            other._entry = source._entry if source is not self else self.copy()._entry
        return other

    def as_in_context(self, context: Context) -> NDArray:
        """This array if it is on ``context``, else a copy there."""
        return self if Context(context) is self.context else _transfer(self, Context(context))

    as_in_ctx = as_in_context

    def as_nd_ndarray(self) -> NDArray:
        """This array."""
        return self

    def astype(self, dtype: Any, copy: bool = True) -> NDArray:
        """A copy of another type; this array itself if ``copy=False`` and nothing changes."""
        dtype = np.dtype(dtype)
        if not copy and dtype == self._buffer.dtype:
            return self
        return invoke(OPS["Cast"], [self], {"dtype": dtype.name})

    def detach(self) -> NDArray:
        """The same memory without its history: no gradient flows through it."""
        x = NDArray._new(self._buffer, self._view)
        x._cache = self._cache
        if state.trace is not None:
            return invoke(OPS["BlockGrad"], [self], {})
        return x

    # -- autograd -------------------------------------------------------------------------------

    def attach_grad(self, grad_req: str = "write", stype: str | None = None) -> None:
        """Make a gradient buffer: ``backward`` computes the gradient of this array.

        Parameters
        ----------
        grad_req : {'write', 'add', 'null'}
            Replace the gradient, add to it, or compute none.
        stype : {'default', 'row_sparse', 'csr'}, optional
            Storage type of the gradient, by default that of the array.
        """
        from .creation import zeros
        from .sparse_array import kind

        if grad_req not in ("write", "add", "null"):
            raise ValueError(f"grad_req must be 'write', 'add' or 'null', got {grad_req!r}")
        if state.trace is not None:
            grad = zeros(self.shape, ctx=self.context, dtype=self._buffer.dtype)
        else:
            grad = zeros_later(self.shape, self.context, self._buffer.dtype)
            if self._sparse or stype is not None:
                grad = kind(stype or self.stype)._like(grad)
        self._entry = Variable(grad, grad_req, plain=True)

    def backward(
        self, out_grad: NDArray | None = None, retain_graph: bool = False, train_mode: bool = True
    ) -> None:
        """Compute the gradients of everything that this array was computed from.

        Parameters
        ----------
        out_grad : NDArray, optional
            Gradient with respect to this array; ones by default.
        retain_graph : bool
            Keep the graph for another ``backward``.
        train_mode : bool
            Accepted for compatibility; the gradient is that of the forward pass as it ran.
        """
        if out_grad is None and not retain_graph:
            script = state.script()
            if script is not None and script.backward(self):
                return
            if defer_again(self._entry):
                return
        global _backward
        if _backward is None:
            from ..autograd import backward as _backward
        _backward([self], None if out_grad is None else [out_grad], retain_graph, train_mode)

    # -- shape ----------------------------------------------------------------------------------

    def reshape(self, *shape: Any, **kwargs: Any) -> NDArray:
        """A view with another shape.

        Parameters
        ----------
        shape : tuple of int, or ints
            0 copies an extent, -1 is what is left, -2 copies all further ones, -3 merges two, -4
            splits one into the two numbers after it.
        reverse : bool
            Read the codes from the right.

        Raises
        ------
        ValueError
            If the sizes differ.
        TypeError
            If an extent is no whole number.
        """
        if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
            shape = tuple(shape[0])
        elif not shape:
            given = kwargs.pop("shape", None)
            if given is None:
                raise TypeError("reshape() needs a shape, for example x.reshape((2, -1))")
            several = hasattr(given, "__iter__") and not isinstance(given, str)
            shape = tuple(given) if several else (given,)
        reverse = kwargs.pop("reverse", False)
        if kwargs:
            raise TypeError(f"reshape() got an unexpected keyword argument {next(iter(kwargs))!r}")
        target = reshape_target(self.shape, shape, reverse)
        offset = self._view[0] if self._view is not None else 0
        return self._part(offset, target, lambda: _reshaper(target))

    def _part(self, offset: int, shape: tuple[int, ...], kernel: Any, *more: Any) -> NDArray:
        """A view; recorded through ``kernel`` if this array is."""
        x = NDArray._new(self._buffer, (offset, shape))
        if state.trace is not None and self._buffer.owner is not state.trace:
            return x
        if self._entry is None or not state.recording:
            return x
        if self._array() is None:
            device = self.context.device
            mine = region.current(device)
            with mine.lock:
                value, entry = self._deferred()
                if value is not None and mine.has(value.node):
                    (made,) = region.defer_call(
                        mine, kernel(), [value, *more], [entry, *(None for _ in more)], device
                    )
                    made.hold(x)
                    x._entry = made
                    x._cache = (~self._buffer.version, None)  # matches no version
                    return x
        y = call(kernel(), [self, *(NDArray._new(Buffer(m, self.context)) for m in more)])
        x._entry = y._entry
        x._cache = (self._buffer.version, y._data)
        return x

    def __getitem__(self, key: Any) -> NDArray:
        if type(key) is int and self.shape:  # the common case, without ceremony
            shape = self.shape
            at = indexing._check(key, shape[0], 0)
            rest = shape[1:] or (1,)
            offset = at * math.prod(shape[1:]) + (self._view[0] if self._view is not None else 0)
            if self._entry is None or not state.recording:
                return NDArray._new(self._buffer, (offset, rest))
            return self._part(offset, rest, lambda: _taker(rest), np.int32(at))
        if key is Ellipsis or (type(key) is slice and key == slice(None)):
            return self._part(
                self._view[0] if self._view else 0, self.shape, lambda: _reshaper(self.shape)
            )
        parsed = indexing.parse(self, key)
        piece = indexing.contiguous(parsed, self.shape)
        if piece is not None:
            offset, shape = piece
            offset += self._view[0] if self._view is not None else 0
            shape = shape if shape or not self.shape else (1,)
            return self._part(
                offset, shape, lambda: _getter(parsed.spec, shape), *map(np.int32, parsed.values)
            )
        y = call(indexing.kernel_get(parsed.spec), [self, *self._indices(parsed)])
        return y.reshape((1,)) if y.shape == () else y

    def _indices(self, key: indexing.Key) -> list[NDArray]:
        trace = state.trace
        if trace is not None:
            return [NDArray._new(trace.new(jnp.asarray(v, np.int32))) for v in key.values]
        return [NDArray._new(Buffer(np.asarray(v, np.int32), self.context)) for v in key.values]

    def __setitem__(self, key: Any, value: Any) -> None:
        check_inplace(self)
        everything = key is Ellipsis or (type(key) is slice and key == slice(None))
        if type(key) is int and self.shape:
            at = indexing._check(key, self.shape[0], 0)
            piece: Any = (at * math.prod(self.shape[1:]), self.shape[1:])
            parsed = None
        elif everything:
            piece, parsed = (0, self.shape), None
        else:
            parsed = indexing.parse(self, key)
            piece = indexing.contiguous(parsed, self.shape)
        tracked = isinstance(value, NDArray) and state.recording and value._recorded
        if isinstance(value, NDArray) and value.context is not self.context:
            value = value.as_in_context(self.context)
        if tracked:
            self._assign_recorded(key, value)
            return
        array = self._value_array(value)
        if piece is not None:
            offset, shape = piece
            array = indexing.fit(array, shape)
            if everything and self._view is None and array.shape == self.shape and (
                array.dtype == self._buffer.dtype and isinstance(array, jax.Array)
                and isinstance(value, NDArray)
            ):  # fmt: skip
                self._write(array)  # arrays are immutable: share it
                return
            offset += self._view[0] if self._view is not None else 0
            write_view(self._buffer, offset, shape, array)
            return
        self._scatter(parsed, array)  # type: ignore[arg-type]

    def _value_array(self, value: Any) -> Any:
        """A value to be written, as an array on this device."""
        if isinstance(value, NDArray):
            return value._data
        if isinstance(value, (bool, int, float, np.generic)) and state.trace is None:
            number = value.item() if isinstance(value, np.generic) else value
            buffer = self._buffer
            return scalar(number, buffer.dtype, buffer.ctx.device)
        if isinstance(value, jax.Array):
            return value
        host = np.asarray(value)
        if host.dtype.kind in "OUSMmc":
            raise TypeError(
                f"cannot write a {type(value).__name__} (dtype {host.dtype}) into an array; give "
                "numbers, nested lists of equal length, or an array"
            )
        return host.astype(self._buffer.dtype)

    def _scatter(self, key: indexing.Key, array: Any) -> None:
        kernel = indexing.kernel_set(key.spec)
        places = [np.int32(v) if type(v) is int else v for v in key.values]
        device = self.context.device
        if state.trace is not None:
            self._write(kernel.inline((self._data, array, *places))[0])
        elif self._view is not None:
            self._write(kernel.run((self._data, array, *places), device)[0])
        else:
            self._buffer.replace(
                lambda base, donate, outs: kernel.run_into(
                    outs, (base, array, *places), device, (0,) if donate else ()
                )
            )

    def _assign_recorded(self, key: Any, value: NDArray) -> None:
        """An assignment that autograd records: the gradient flows to ``value``."""
        check_alone(self)
        parsed = indexing.parse(self, key)
        before = NDArray._new(self._buffer, self._view)
        y = call(indexing.kernel_set(parsed.spec), [before, value, *self._indices(parsed)])
        self._write(y._data)
        self._entry = y._entry

    def slice_assign(self, rhs: Any, begin: Any, end: Any, step: Any = None) -> None:
        """Assign to ``self[begin:end:step]``, one entry for each axis."""
        step = step or (None,) * len(begin)
        self[tuple(map(slice, begin, end, step))] = rhs

    def slice_assign_scalar(self, value: Any, begin: Any, end: Any, step: Any = None) -> None:
        """Assign a number to ``self[begin:end:step]``, one entry for each axis."""
        self.slice_assign(value, begin, end, step)

    # -- NumPy's protocols ------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        # A NumPy number on the left of an operator: the operator stays ours.
        if method == "__call__" and len(inputs) == 2 and _is_number(inputs[0]):
            reflected = _REFLECTED.get(ufunc.__name__)
            if reflected is not None and not kwargs:
                return getattr(inputs[1], reflected)(inputs[0].item())
        if any(isinstance(x, NDArray) for x in kwargs.get("out", ())):
            raise TypeError(
                f"out= of np.{ufunc.__name__}() cannot be an NDArray; write x[:] = "
                f"np.{ufunc.__name__}(...)"
            )
        for x in inputs:
            if isinstance(x, NDArray):
                x._refuse_recorded(
                    "NumPy", "y = np.exp(x) + a", "y = nd.exp(x) + nd.array(a)", "asnumpy"
                )
        host = [x.asnumpy() if isinstance(x, NDArray) else x for x in inputs]
        return getattr(ufunc, method)(*host, **kwargs)

    def __hash__(self) -> int:
        return id(self)

    # -- 2015 spellings ---------------------------------------------------------------------------

    wait = wait_to_read

    @property
    def numpy(self) -> HostView:
        """Deprecated: a NumPy copy whose assignments write back to this array.

        It is the spelling of 2015; use :meth:`asnumpy`, and ``x[:] = ...`` to write.
        """
        warnings.warn(
            "x.numpy is the spelling of 2015; use x.asnumpy(), and x[:] = ... to write",
            DeprecationWarning,
            stacklevel=2,
        )
        return HostView.of(self)


_backward: Any = None  # autograd.backward, which is imported after this module


def _is_number(a: Any) -> bool:
    return isinstance(a, np.generic) or (isinstance(a, np.ndarray) and a.ndim == 0)


_REFLECTED = {
    "add": "__radd__", "subtract": "__rsub__", "multiply": "__rmul__", "divide": "__rtruediv__",
    "true_divide": "__rtruediv__", "remainder": "__rmod__", "power": "__rpow__",
    "equal": "__eq__", "not_equal": "__ne__", "greater": "__lt__", "greater_equal": "__le__",
    "less": "__gt__", "less_equal": "__ge__",
}  # fmt: skip


def _cached_kernel(make: Any) -> Any:
    cache: dict = {}

    def get(*key: Any) -> Kernel:
        found = cache.get(key)
        if found is None:
            if len(cache) > 1024:
                cache.clear()
            found = cache[key] = make(*key)
        return found

    return get


_reshaper = _cached_kernel(lambda shape: Kernel(lambda x: (x.reshape(shape),), "reshape"))
_taker = _cached_kernel(
    lambda shape: Kernel(
        lambda x, i: (jax.lax.dynamic_index_in_dim(x, i, 0, False).reshape(shape),), "slice"
    )
)
_getter = _cached_kernel(
    lambda spec, shape: Kernel(lambda x, *v: (x[indexing._index(spec, v)].reshape(shape),), "slice")
)


def _transfer(x: NDArray, ctx: Context) -> NDArray:
    """A copy on another device; differentiable."""
    if state.trace is not None:
        y = invoke(OPS["_copy"], [x], {})
        y._buffer.ctx = ctx
        return y
    source, target = x.context.device, ctx.place(x.shape)
    data = x._data
    if source == target:
        y = invoke(OPS["_copy"], [x], {})
        y._buffer.ctx = ctx
        return y
    y = NDArray._new(Buffer(put(data, target), ctx))
    if state.recording and x._recorded and is_float(data.dtype):
        y._entry = tape.transferred(x._entry, source)
    return y


def zeros_later(shape: tuple[int, ...], ctx: Context, dtype: Any) -> NDArray:
    """Zeros that are made when somebody looks at them."""
    buffer = Buffer(None, ctx)
    buffer.pending = Zeros(shape, dtype)
    return NDArray._new(buffer)


def from_jax(array: jax.Array, ctx: Context | None = None) -> NDArray:
    """An NDArray with the contents of a ``jax.Array``, without a copy.

    Parameters
    ----------
    array : jax.Array
        An array on one device. It keeps its values whatever is written to the NDArray.
    ctx : Context, optional
        By default the context of the array's device.
    """
    if not isinstance(array, jax.Array) or isinstance(array, jax.core.Tracer):
        if state.trace is not None and isinstance(array, jax.core.Tracer):
            return NDArray._new(state.trace.new(array))
        raise TypeError(f"from_jax() takes a jax.Array, got {type(array).__name__}")
    devices = list(array.devices())
    if len(devices) != 1:
        raise ValueError(f"from_jax() takes an array on one device, this one is on {len(devices)}")
    device = devices[0]
    if ctx is None:
        kind = "cpu" if device.platform == "cpu" else "gpu"
        index = jax.local_devices(backend=kind).index(device)
        ctx = Context(kind, index)
        if current_context().device == device:
            ctx = current_context()
    if is_wide(array.dtype):
        with x64():
            array = jax.device_put(array, ctx.device)
    else:
        array = jax.device_put(array, ctx.device)
    return NDArray._new(Buffer(array, ctx, shared=True))


def waitall() -> None:
    """Wait until everything that was asked for is computed; raises what it raised."""
    for work in list(ahead):
        work.hurry()
    region.flush()
    for kind in {"cpu", jax.default_backend(), *(["gpu"] if num_gpus() else [])}:
        try:
            arrays = jax.live_arrays(kind)
        except RuntimeError:  # JAX was told to have no such devices
            continue
        for array in arrays:
            if not array.is_deleted():
                array.block_until_ready()
