"""Calling operators on NDArrays: eagerly, deferred, recorded or traced."""

from __future__ import annotations

import sys
import weakref
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.core
import jax.numpy as jnp
import numpy as np

from ..context import Context, current_context
from ..engine import region, tape
from ..engine.attributes import convert
from ..engine.buffer import Buffer
from ..engine.graph import Value
from ..engine.kernel import Kernel, is_wide, put, x64
from ..engine.op import Op
from ..engine.state import state
from ..error import MXNetError, OpError
from ..random import draw

if TYPE_CHECKING:
    from .ndarray import NDArray

__all__ = ["bind", "call", "invoke", "scalar"]

_MAX_SCALARS = 4096
_scalars: OrderedDict[tuple, Any] = OrderedDict()


def scalar(value: Any, dtype: Any, device: Any) -> Any:
    """``value`` as a 0-d array on ``device``; the same array for the same value."""
    key = (value, dtype, device) if value else (str(value), dtype, device)  # 0.0 is not -0.0
    found = _scalars.get(key)
    if found is None:
        host = np.asarray(value)
        if host.dtype.kind == "c" and np.dtype(dtype).kind != "c":
            raise TypeError(f"the complex number {value} cannot be used with arrays of {dtype}")
        with np.errstate(all="ignore"):  # 1e300 in float32 is infinite
            host = host.astype(dtype)
        found = put(host, device)
        if isinstance(found, jax.core.Tracer):  # inside a trace; it must not outlive it
            return found
        if len(_scalars) >= _MAX_SCALARS:
            _scalars.popitem(last=False)
        _scalars[key] = found
    return found


def bind(op: Op, args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[list, dict[str, Any]]:
    """Arrays and attributes from a call of the public function.

    Arrays come first, by position or by name; then the attributes, in order or by name.
    """
    array_type = NDArrayType()
    if op.variadic:
        if len(args) == 1 and isinstance(args[0], (list, tuple)):
            args = args[0]
        kwargs.pop("num_args", None)
        named = kwargs.pop(op.inputs[0], None)
        inputs = list(args) + list(
            named if isinstance(named, (list, tuple)) else [named] if named is not None else []
        )
        for a in inputs:
            if not isinstance(a, array_type):
                raise _not_array(op, op.inputs[0], a)
        return inputs, kwargs
    names = op.inputs
    inputs: list[Any] = []
    for at, a in enumerate(args):
        if at < len(names) and (isinstance(a, array_type) or (a is None and at > 0)):
            inputs.append(a)
            continue
        if at < len(names) and names[at] not in op.optional:
            raise _not_array(op, names[at], a)
        rest, order = args[at:], op._order
        if len(rest) > len(order):
            raise TypeError(
                f"{op.name}() takes at most {len(names) + len(order)} positional arguments"
            )
        for name, value in zip(order, rest, strict=False):
            if name in kwargs:
                raise TypeError(f"{op.name}() got two values for the argument {name!r}")
            kwargs[name] = value
        break
    if kwargs:
        for at in range(len(names)):
            if names[at] in kwargs:
                a = kwargs.pop(names[at])
                if at < len(inputs) and inputs[at] is not None:
                    raise TypeError(f"{op.name}() got two values for the argument {names[at]!r}")
                if a is not None and not isinstance(a, array_type):
                    raise _not_array(op, names[at], a)
                inputs += [None] * (at + 1 - len(inputs))
                inputs[at] = a
    for at, name in enumerate(names):
        if name not in op.optional and (at >= len(inputs) or inputs[at] is None):
            raise TypeError(f"{op.name}() is missing the required array {name!r}")
    return inputs, kwargs


def _not_array(op: Op, name: str, value: Any) -> TypeError:
    hint = "convert it with nd.array(...)"
    if isinstance(value, jax.Array):
        hint = "convert it with nd.from_jax(...)"
    return TypeError(
        f"{op.name}(): {name} must be an NDArray, got {type(value).__module__}."
        f"{type(value).__name__}; {hint}"
    )


def invoke(
    op: Op,
    inputs: Sequence[Any],
    given: dict[str, Any],
    out: Any = None,
    ctx: Context | None = None,
) -> Any:
    """Call an operator.

    Parameters
    ----------
    op : Op
    inputs : list of NDArray or None
        In the order of ``op.inputs``.
    given : dict
        Attributes.
    out : NDArray or list of NDArray, optional
        Arrays to write the outputs to.
    ctx : Context, optional
        Where to make the outputs of an operator without inputs.
    """
    if op.variadic:
        present: Any = len(inputs)
        arrays = inputs
    elif not op.optional:
        present = op.present
        arrays = inputs
    else:
        present = tuple(x is not None for x in inputs) + (False,) * (len(op.inputs) - len(inputs))
        arrays = [x for x in inputs if x is not None]
    numbers: Any = ()
    if op.traced:
        given = dict(given)
        numbers = [_traced(op, name, given) for name in op.traced]
    kernel = op.kernel(given, present, state.training)
    return call(kernel, arrays, numbers, out, ctx)


def call(
    kernel: Kernel,
    inputs: Sequence[NDArray],
    numbers: Sequence[Any] = (),
    out: Any = None,
    ctx: Context | None = None,
) -> Any:
    """Call a kernel on NDArrays."""
    trace = state.trace
    if trace is not None:
        return _call_traced(kernel, inputs, numbers, out, ctx, trace)
    arrays = []
    for x in inputs:
        a = x._array()
        if a is None:
            return _call_pending(kernel, inputs, numbers, out, ctx)
        arrays.append(a)
    op: Any = kernel.op
    ctx = (
        inputs[0]._buffer.ctx if inputs else Context(ctx) if ctx is not None else current_context()
    )
    if numbers:
        arrays += _numbers(numbers, op, arrays, ctx)
    if op is not None and op.random:
        arrays.append(draw(ctx))
    try:
        if state.recording:
            values = [v if (v := x._entry) is not None and v.live else None for x in inputs]
            if any(values) and kernel.visible and (op is None or op.differentiable):
                values += [None] * (len(arrays) - len(values))
                outs, node = tape.record(kernel, arrays, values, ctx.device)
                return _finish(kernel, inputs, outs, node, out, ctx)
        outs = kernel.run(arrays, ctx.device)
    except _FAILURES as e:
        raise explain(e, kernel, inputs) from None
    return _finish(kernel, inputs, outs, None, out, ctx)


def _traced(op: Op, name: str, given: dict[str, Any]) -> Any:
    """A traced attribute, taken out of what the caller gave."""
    value = given.pop(name, op.attrs[name].default)
    if value is op.attrs[name].empty:
        raise TypeError(f"{op.name}() is missing the required argument {name!r}")
    return tuple(value) if isinstance(value, list) else value


def _numbers(
    numbers: Sequence[Any], op: Op | None, arrays: Sequence[Any], ctx: Context
) -> list[Any]:
    dtype, device = _number_dtype(op, arrays), ctx.device
    try:
        return [scalar(v, dtype, device) for v in numbers]
    except (TypeError, ValueError):
        check_numbers(op, numbers)
        raise


def check_numbers(op: Op | None, numbers: Sequence[Any]) -> None:
    """Raise ArgumentError for a traced attribute that is not what the operator takes."""
    for name, value in zip(() if op is None else op.traced, numbers, strict=False):
        if not isinstance(value, (complex, jax.Array)):
            convert(op.name, op.attrs[name], value)  # type: ignore[union-attr]


def _number_dtype(op: Op | None, arrays: Sequence[Any]) -> Any:
    """The dtype that numbers take beside ``arrays``; bools count as integers."""
    dtype = arrays[0].dtype if arrays else _FLOAT32
    if op is not None and op.precise and dtype.itemsize < 4:
        return _FLOAT32
    return _INT64 if dtype == _BOOL else dtype


_FLOAT32, _INT64, _BOOL = map(np.dtype, ("float32", "int64", "bool"))


def _finish(
    kernel: Kernel, inputs: Sequence[NDArray], outs: tuple, node: Any, out: Any, ctx: Context
) -> Any:
    visible = kernel.visible
    if len(outs) > visible:
        _write_back(kernel, inputs, outs[visible:])
    if out is not None:
        values = [None if node is None else Value(node, i) for i in range(visible)]
        return _write_out(kernel, outs[:visible], values, out)
    new = NDArrayType()._new
    if visible == 1:
        y = new(Buffer(outs[0], ctx))
        if node is not None:
            y._entry = Value(node, 0)
        return y
    result = []
    for i in range(visible):
        y = new(Buffer(outs[i], ctx))
        if node is not None:
            y._entry = Value(node, i)
        result.append(y)
    return result


def _write_back(kernel: Kernel, inputs: Sequence[NDArray], news: Sequence[Any]) -> None:
    """New values of mutable inputs."""
    op: Any = kernel.op
    for at, new in zip(op.changed(len(inputs), kernel.attrs), news, strict=True):
        if new is not None:
            inputs[at]._write(new)


def _write_out(kernel: Kernel, outs: Sequence[Any], values: Sequence[Any], out: Any) -> Any:
    """Write results to ``out``; ``values`` are what the tape has of them, None if not recorded."""
    targets = list(out) if isinstance(out, (list, tuple)) else [out]
    if len(targets) < len(outs):
        raise ValueError(f"{kernel.name} has {len(outs)} outputs, out= has {len(targets)} arrays")
    for target, array, value in zip(targets, outs, values, strict=False):
        check_inplace(target)
        if value is not None:
            check_alone(target)
        if target.shape != array.shape:
            raise OpError(
                f"{kernel.name}: out has shape {target.shape}, but the result has shape "
                f"{tuple(array.shape)}; give an array of that shape"
            )
        if array.dtype != target.dtype:
            array = _cast(array, target.dtype)
        target._write(array)
        if value is not None:
            target._entry = value
    return out


def _cast(array: Any, dtype: Any) -> Any:
    if is_wide(np.dtype(dtype)) or is_wide(array.dtype):
        with x64():
            return array.astype(dtype)
    return array.astype(dtype)


def check_inplace(x: NDArray) -> None:
    """Refuse to write to an array that the recorded graph uses."""
    trace = state.trace
    if trace is not None:
        if trace.recording and state.recording and x._buffer.owner is not trace:
            trace.changed.append(x)
        return
    if state.recording and x._entry is not None:
        if not x._entry.live:
            x._entry = None
            return
        raise MXNetError(
            "an array that is part of the recorded graph cannot be changed in place (+=, x[:] =, "
            "out=) inside autograd.record(): the gradient would be that of other values. Write "
            "y = x + 1 instead of x += 1, or make the change under autograd.pause()."
        )


def check_alone(x: NDArray) -> None:
    """Refuse to record a write through a view: the array behind it would not know the gradient."""
    # the view's own reference and the argument of getrefcount
    if x._view is not None and sys.getrefcount(x._buffer) > 2:
        raise MXNetError(
            "autograd cannot record a write through a view (z[i][j] = y, out=z[i]): the array z "
            "would not know its gradient. Write to the array itself:\n"
            "    wrong:  z[i][j] = y\n    right:  z[i, j] = y"
        )


# -- deferred -----------------------------------------------------------------------------------


def _call_pending(
    kernel: Kernel, inputs: Sequence[NDArray], numbers: Any, out: Any, ctx: Any
) -> Any:
    """At least one input has no contents yet, or is sparse."""
    op: Any = kernel.op
    if any([x._sparse for x in inputs]):
        from .sparse_dispatch import call_sparse

        return call_sparse(kernel, inputs, numbers, out, ctx)
    waiting = [x for x in inputs if hasattr(x._buffer.pending, "learn_shape")]
    if waiting:
        learn_shapes(kernel, inputs, waiting)
        return call(kernel, inputs, numbers, out, ctx)
    check_devices(kernel.name, inputs)
    ctx = inputs[0]._buffer.ctx
    mine = region.current(ctx.device)
    with mine.lock:
        arrays, values = [], []
        for x in inputs:
            pending = x._buffer.pending
            if type(pending) is region.Deferred and mine.has(pending.node):
                a, v = x._deferred()
                if a is not None:
                    arrays.append(a)
                    values.append(v if v is not None and v.live else None)
                    continue
            arrays.append(x._data)
            values.append(x._entry if x._recorded else None)
        if not any(type(a) is region.Deferred and mine.has(a.node) for a in arrays):
            return call(kernel, inputs, numbers, out, ctx)
        if not state.recording or (op is not None and not op.differentiable):
            values = [None] * len(values)
        if numbers:
            extra = _numbers(numbers, op, [inputs[0]], ctx)
            arrays += extra
            values += [None] * len(extra)
        if op is not None and op.random:
            arrays.append(draw(ctx))
            values.append(None)
        try:
            outs = region.defer_call(mine, kernel, arrays, values, ctx.device)
        except _FAILURES as e:
            raise explain(e, kernel, inputs) from None
        recorded = any(v is not None for v in values)
        made = wrap_deferred(outs[: kernel.visible], ctx, recorded)
        if op is not None and len(outs) > kernel.visible:
            places = op.changed(len(inputs), kernel.attrs)
            for at, new in zip(places, outs[kernel.visible :], strict=True):
                if new is not None:
                    target = inputs[at]
                    if target._view is not None:
                        raise MXNetError(
                            f"{kernel.name}: input {at}, which it changes, must not be a slice of "
                            "another array"
                        )
                    region.hold(target._buffer, new)
    if out is not None:
        return _write_out(kernel, [x._data for x in made], [x._entry for x in made], out)
    return made[0] if kernel.visible == 1 else made


def wrap_deferred(outs: Sequence[Any], ctx: Context, recorded: bool) -> list[NDArray]:
    """NDArrays whose contents are deferred."""
    new = NDArrayType()._new
    made = []
    for value in outs:
        buffer = Buffer(None, ctx)
        buffer.pending = value
        value.holder = weakref.ref(buffer)
        y = new(buffer)
        if recorded:
            y._entry = value
        made.append(y)
    return made


def learn_shapes(kernel: Kernel, inputs: Sequence[NDArray], waiting: Sequence[NDArray]) -> None:
    """Tell parameters that wait for their shapes what this call makes them."""
    op: Any = kernel.op
    if op is None or op.infer is None or op.variadic:
        waiting[0]._buffer.get()  # raises: nobody can tell the shape
        return
    names = [n for n in op.inputs]
    shapes: dict[str, Any] = dict.fromkeys(names)
    rest = iter(inputs)
    present = kernel.present
    named = [(n, next(rest)) for n, there in zip(names, present, strict=True) if there]
    shapes.update((n, x.shape) for n, x in named)
    try:
        inferred = op.infer(shapes, kernel.attrs)
    except _FAILURES as e:
        raise explain(e, kernel, inputs) from None
    for name, x in named:
        pending = x._buffer.pending
        if hasattr(pending, "learn_shape"):
            pending.learn_shape(inferred.get(name), x._buffer)


# -- traced -------------------------------------------------------------------------------------


def _call_traced(
    kernel: Kernel, inputs: Sequence[NDArray], numbers: Any, out: Any, ctx: Any, trace: Any
) -> Any:
    waiting = [
        x for x in inputs
        if hasattr(x._buffer.pending, "learn_shape") and not x._buffer.pending.known
    ]  # fmt: skip
    if waiting:
        learn_shapes(kernel, inputs, waiting)
    arrays = [x._data for x in inputs]
    op: Any = kernel.op
    if numbers:
        dtype = _number_dtype(op, arrays)
        try:
            arrays += [np.asarray(v).astype(dtype) for v in numbers]
        except (TypeError, ValueError):
            check_numbers(op, numbers)
            raise
    if op is not None and op.random:
        arrays.append(trace.draw())
    try:
        outs = kernel.inline(arrays)
    except _FAILURES as e:
        raise explain(e, kernel, inputs) from None
    visible = kernel.visible
    if len(outs) > visible:
        _write_back(kernel, inputs, outs[visible:])
    if out is not None:
        arrays = [jnp.asarray(o) for o in outs[:visible]]
        return _write_out(kernel, arrays, [None] * visible, out)
    where = inputs[0]._buffer.ctx if inputs else trace.ctx
    new = NDArrayType()._new
    found = map(jnp.asarray, outs[:visible])
    if trace.recording and not state.recording:  # under pause()
        found = map(jax.lax.stop_gradient, found)
    made = [new(trace.new(o, where)) for o in found]
    return made[0] if visible == 1 else made


# -- errors -------------------------------------------------------------------------------------


#: What a call that makes no sense ends with; the last two if axes or elements are missing.
_FAILURES = (TypeError, ValueError, IndexError, ZeroDivisionError)


def on_one_device(arrays: Sequence[NDArray]) -> bool:
    """Whether work with all of these arrays is possible."""
    contexts = {x._buffer.ctx for x in arrays}
    return len(contexts) < 2 or len({c.device for c in contexts}) == 1


def check_devices(name: str, arrays: Sequence[NDArray]) -> None:
    """Raise MXNetError if the arrays that ``name`` was given are not all on one device."""
    if not on_one_device(arrays):
        raise MXNetError(
            f"{name}: the arrays are on different devices "
            f"({', '.join(str(x._buffer.ctx) for x in arrays)}). Copy them to one first, with "
            "x.as_in_context(ctx) or x.copyto(ctx)."
        )


def explain(error: Exception, kernel: Kernel, inputs: Sequence[NDArray]) -> Exception:
    """The error of a failed call, with the operator and what it was given."""
    if isinstance(error, MXNetError):
        return error
    try:
        check_devices(kernel.name, inputs)
    except MXNetError as e:
        return e
    given = [f"{x.shape} {np.dtype(x.dtype).name}" for x in inputs]
    text = str(error).split("\n")[0]
    if isinstance(error, (IndexError, ZeroDivisionError)):
        text = f"it has no meaning for arrays of these shapes ({text})"
    if kernel.attrs and kernel.op is not None:
        shown = {k: v for k, v in kernel.attrs.items() if v != kernel.op.attrs[k].default}
        given += [f"{k}={v!r}" for k, v in shown.items()]
    return OpError(f"{kernel.name}({', '.join(given)}): {text}")


def NDArrayType() -> type[NDArray]:
    global _NDArray
    if _NDArray is None:
        from .ndarray import NDArray as _NDArray
    return _NDArray


_NDArray: Any = None
