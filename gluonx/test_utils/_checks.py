"""Checks of symbols and blocks: values, gradients, agreement between devices."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .. import autograd
from .. import ndarray as nd
from .. import symbol as sym_
from ..ndarray import NDArray
from ._compare import assert_almost_equal, default_numeric_eps, get_tolerance
from ._surroundings import default_context

__all__ = [
    "check_consistency", "check_gluon_hybridize_consistency", "check_numeric_gradient",
    "check_speed", "check_symbolic_backward", "check_symbolic_forward", "numeric_grad",
    "simple_forward",
]  # fmt: skip

_SAME = "asnumpy"  # as dtype: arrays keep their own


def _array(value: Any, ctx: Any, dtype: Any) -> NDArray:
    if isinstance(value, NDArray):
        return value
    value = np.asarray(value)
    return nd.array(value, ctx=ctx, dtype=value.dtype if dtype == _SAME else dtype)


def _named(names: Sequence[str], given: Any, what: str) -> dict[str, Any]:
    """Values by name, from a dict, or from a list in the order of ``names``."""
    if isinstance(given, Mapping):
        unknown = sorted(set(given) - set(names))
        if unknown:
            raise ValueError(
                f"{what} has values for {', '.join(unknown)}, but the symbol only has "
                f"{', '.join(names)}"
            )
        return dict(given)
    if len(given) > len(names):
        raise ValueError(f"{what} has {len(given)} values for {len(names)} names: {list(names)}")
    return dict(zip(names, given, strict=False))


def _location(sym: Any, location: Any, ctx: Any, dtype: Any) -> dict[str, NDArray]:
    found = _named(sym.list_arguments(), location, "location")
    missing = sorted(set(sym.list_arguments()) - set(found))
    if missing:
        raise ValueError(f"location must give {', '.join(missing)} too")
    return {k: _array(v, ctx, dtype) for k, v in found.items()}


def _auxiliary(sym: Any, aux_states: Any, ctx: Any, dtype: Any) -> dict[str, NDArray] | None:
    if aux_states is None:
        return None
    found = _named(sym.list_auxiliary_states(), aux_states, "aux_states")
    return {k: _array(v, ctx, dtype) for k, v in found.items()}


def simple_forward(sym: Any, ctx: Any = None, is_train: bool = False, **inputs: Any) -> Any:
    """The outputs of a symbol for some inputs, as NumPy arrays: one, or a list.

    Examples
    --------
    >>> from gluonx import sym, test_utils
    >>> test_utils.simple_forward(sym.var('x') + 1, x=[1, 2])
    array([2., 3.], dtype=float32)
    """
    ctx = default_context() if ctx is None else ctx
    arrays = {k: v if isinstance(v, NDArray) else nd.array(v, ctx=ctx) for k, v in inputs.items()}
    outputs = [y.asnumpy() for y in sym.bind(ctx, args=arrays).forward(is_train=is_train)]
    return outputs[0] if len(outputs) == 1 else outputs


def numeric_grad(
    executor: Any, location: Mapping[str, Any], aux_states: Mapping[str, Any] | None = None,
    eps: float = 1e-4, use_forward_train: bool = True, dtype: Any = np.float32,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Gradients of the sum of an executor's first output, by central differences.

    Parameters
    ----------
    executor : Executor
    location : dict of str to numpy.ndarray
        Where; for each of the arguments.
    aux_states : dict of str to array, optional
        Values that auxiliary states are set to before each evaluation.
    eps : float
        Distance between the two points.
    use_forward_train : bool
        Train mode.
    dtype : dtype
    """

    def value() -> float:
        for name, state in (aux_states or {}).items():
            executor.aux_dict[name][:] = state
        return executor.forward(is_train=use_forward_train)[0].asnumpy().astype(np.float64).sum()

    found = {}
    for name, start in location.items():
        start = np.array(start)
        found[name] = np.zeros(start.shape, dtype)
        target = executor.arg_dict[name]
        if start.dtype.kind != "f":
            continue
        for place in np.ndindex(start.shape):
            sides = []
            for step in (eps / 2, -eps / 2):
                moved = start.astype(np.float64)
                moved[place] += step
                _set(target, moved.astype(dtype))
                sides.append(value())
            found[name][place] = (sides[0] - sides[1]) / eps
        _set(target, start)
    return found


def _set(target: NDArray, value: np.ndarray) -> None:
    """Write dense values to an array of any storage type."""
    nd.array(value, ctx=target.context, dtype=target.dtype).copyto(target)


def check_numeric_gradient(
    sym: Any, location: Any, aux_states: Any = None, numeric_eps: Any = None, rtol: Any = None,
    atol: Any = None, grad_nodes: Any = None, use_forward_train: bool = True, ctx: Any = None,
    grad_stype_dict: Mapping[str, str] | None = None, dtype: Any = np.float32,
) -> None:  # fmt: skip
    """Compare the gradients of a symbol with one output to finite differences.

    Parameters
    ----------
    sym : Symbol
    location : dict of str to array, or list of array
        The arguments; dense or sparse.
    aux_states : dict or list of array, optional
    numeric_eps, rtol, atol : float or dict of dtype to float, optional
        Step of the differences, and tolerances.
    grad_nodes : list of str, or dict of str to grad_req, optional
        The arguments whose gradients are compared; all by default.
    use_forward_train : bool
        Whether the differences are taken in train mode.
    ctx : Context, optional
    grad_stype_dict : dict of str to str, optional
        Storage types of gradients.
    dtype : dtype

    Raises
    ------
    AssertionError
        If a gradient differs.

    Examples
    --------
    >>> import numpy as np
    >>> from gluonx import sym, test_utils
    >>> test_utils.check_numeric_gradient(sym.tanh(sym.var('x')), [np.array([0.5, -1])])
    """
    ctx = default_context() if ctx is None else ctx
    arrays = _location(sym, location, ctx, dtype)
    aux = _auxiliary(sym, aux_states, ctx, dtype)
    hosts = {k: v.asnumpy() for k, v in arrays.items()}
    aux_hosts = None if aux is None else {k: v.asnumpy() for k, v in aux.items()}
    reqs = grad_nodes if isinstance(grad_nodes, Mapping) else dict.fromkeys(
        sym.list_arguments() if grad_nodes is None else grad_nodes, "write"
    )  # fmt: skip
    shape = sym.infer_shape(**{k: v.shape for k, v in arrays.items()})[1][0]
    # a random weight for each output, so that errors do not cancel in the sum
    weight = "__random_proj"
    out = sym_.make_loss(sym * sym_.var(weight))
    projection = nd.array(np.random.rand(*shape) + 0.1, ctx=ctx, dtype=dtype)
    stypes = grad_stype_dict or {}
    before = {k: np.random.normal(0, 0.01, hosts[k].shape).astype(dtype) for k in reqs}
    grads = {
        k: nd.array(v, ctx=ctx, dtype=dtype)
        if stypes.get(k, "default") == "default"
        else nd.zeros(v.shape, ctx, dtype, stypes[k])
        for k, v in before.items()
    }
    before = {k: g.asnumpy() for k, g in grads.items()}
    executor = out.bind(
        ctx, args={**arrays, weight: projection}, args_grad=grads, aux_states=aux,
        grad_req={**dict.fromkeys(out.list_arguments(), "null"), **reqs},
    )  # fmt: skip
    (y,) = executor.forward(is_train=True)
    executor.backward()
    got = {k: g.asnumpy() for k, g in grads.items()}
    eps = get_tolerance(y, numeric_eps, default_numeric_eps())
    wanted = {k: v for k, v in hosts.items() if reqs.get(k, "null") != "null"}
    expected = numeric_grad(executor, wanted, aux_hosts, eps, use_forward_train, dtype)
    for name, req in reqs.items():
        change = {"write": expected.get(name), "add": expected.get(name, 0) + before[name]}
        names = (f"finite difference of {name}", f"gradient of {name}")
        assert_almost_equal(change.get(req, before[name]), got[name], rtol, atol, names)


def check_symbolic_forward(
    sym: Any, location: Any, expected: Any, rtol: Any = None, atol: Any = None,
    aux_states: Any = None, ctx: Any = None, equal_nan: bool = False, dtype: Any = np.float32,
) -> list[NDArray]:  # fmt: skip
    """Compare the outputs of a symbol with what is expected; returns them.

    Parameters
    ----------
    sym : Symbol
    location : dict of str to array, or list of array
        The arguments.
    expected : dict of str to array, or list of array
        The outputs.
    rtol, atol, equal_nan
        As for :func:`assert_almost_equal`.
    aux_states : dict or list of array, optional
    ctx : Context, optional
    dtype : dtype
        Of arguments given as NumPy arrays; ``'asnumpy'`` keeps theirs.
    """
    ctx = default_context() if ctx is None else ctx
    arrays = _location(sym, location, ctx, dtype)
    aux = _auxiliary(sym, aux_states, ctx, dtype)
    executor = sym.bind(ctx, args=arrays, aux_states=aux)
    outputs = executor.forward(is_train=False)
    wanted = _named(sym.list_outputs(), expected, "expected")
    for name, y in zip(sym.list_outputs(), outputs, strict=True):
        if name in wanted:
            names = (f"expected {name}", f"computed {name}")
            assert_almost_equal(wanted[name], y, rtol, atol, names, equal_nan)
    return outputs


def check_symbolic_backward(
    sym: Any, location: Any, out_grads: Any, expected: Any, rtol: Any = None, atol: Any = None,
    aux_states: Any = None, grad_req: Any = "write", ctx: Any = None,
    grad_stypes: Mapping[str, str] | None = None, equal_nan: bool = False, dtype: Any = np.float32,
) -> dict[str, NDArray]:  # fmt: skip
    """Compare the gradients of a symbol's arguments with what is expected; returns them.

    Parameters
    ----------
    sym : Symbol
    location : dict of str to array, or list of array
        The arguments.
    out_grads : dict of str to array, or list of array, or None
        Gradients of the outputs.
    expected : dict of str to array, or list of array
        Gradients of the arguments, of some or all of them.
    rtol, atol, equal_nan
        As for :func:`assert_almost_equal`.
    aux_states : dict or list of array, optional
    grad_req : str, list of str or dict of str to str
    ctx : Context, optional
    grad_stypes : dict of str to str, optional
        Storage types of the gradients.
    dtype : dtype
        Of arguments given as NumPy arrays; ``'asnumpy'`` keeps theirs.
    """
    ctx = default_context() if ctx is None else ctx
    names = sym.list_arguments()
    arrays = _location(sym, location, ctx, dtype)
    aux = _auxiliary(sym, aux_states, ctx, dtype)
    wanted = _named(names, expected, "expected")
    reqs = dict.fromkeys(names, grad_req) if isinstance(grad_req, str) else _named(
        names, grad_req, "grad_req"
    )  # fmt: skip
    grads = {}
    for name in wanted:
        x, stype = arrays[name], (grad_stypes or {}).get(name) or "default"
        if stype == "default":
            grads[name] = nd.array(np.random.normal(size=x.shape), ctx=ctx, dtype=x.dtype)
        else:
            grads[name] = nd.zeros(x.shape, ctx, x.dtype, stype)
    before = {k: g.asnumpy() for k, g in grads.items()}
    executor = sym.bind(ctx, args=arrays, args_grad=grads, aux_states=aux, grad_req=reqs)
    executor.forward(is_train=True)
    if out_grads is not None:
        heads = _named(sym.list_outputs(), out_grads, "out_grads")
        out_grads = [_array(heads[k], ctx, dtype) for k in sym.list_outputs()]
    executor.backward(out_grads)
    for name, value in wanted.items():
        if reqs[name] == "null":
            target = before[name]
        else:
            target = value.asnumpy() if isinstance(value, NDArray) else np.asarray(value)
            target = target + before[name] if reqs[name] == "add" else target
        said = (f"expected gradient of {name}", f"computed gradient of {name}")
        assert_almost_equal(target, grads[name], rtol, atol, said, equal_nan)
    return grads


def check_consistency(
    sym: Any, ctx_list: Sequence[Mapping[str, Any]], scale: float = 1.0, grad_req: str = "write",
    arg_params: Any = None, aux_params: Any = None, rtol: Any = None, atol: Any = None,
    raise_on_err: bool = True, ground_truth: Any = None, equal_nan: bool = False,
    use_uniform: bool = False, rand_type: Any = np.float64,
) -> dict[str, NDArray]:  # fmt: skip
    """Compare a symbol, or several, on several devices or in several dtypes.

    Parameters
    ----------
    sym : Symbol or list of Symbol
        One for all, or one for each of ``ctx_list``.
    ctx_list : list of dict
        Arguments of ``simple_bind``: ``ctx``, shapes and ``type_dict``.
    scale : float
        Size of the random arguments.
    grad_req : str
    arg_params, aux_params : dict of str to array, optional
        Values instead of random ones.
    rtol, atol, equal_nan
        As for :func:`assert_almost_equal`.
    raise_on_err : bool
        False only prints what differs.
    ground_truth : dict of str to array, optional
        Outputs and gradients to compare with, by default those in the widest dtype.
    use_uniform : bool
        Draw arguments from (-0.92, 0.92) instead of the normal distribution.
    rand_type : dtype

    Returns
    -------
    dict of str to NDArray
        What was compared with.
    """
    symbols = list(sym) if isinstance(sym, (list, tuple)) else [sym] * len(ctx_list)
    if len(ctx_list) < 2 or len(symbols) != len(ctx_list):
        raise ValueError("check_consistency() needs two settings or more, with one symbol for each")
    names = [(s.list_arguments(), s.list_outputs()) for s in symbols]
    if any(own != names[0] for own in names):
        raise ValueError("check_consistency() compares symbols with the same arguments and outputs")
    executors = [
        s.simple_bind(grad_req=grad_req, **c) for s, c in zip(symbols, ctx_list, strict=True)
    ]
    first = executors[0]
    draw = (lambda shape: np.random.uniform(-0.92, 0.92, shape)) if use_uniform else (
        lambda shape: np.random.normal(size=shape)
    )  # fmt: skip
    values = {
        name: (arg_params or {})[name]
        if name in (arg_params or {})
        else (draw(x.shape) * scale).astype(rand_type)
        for name, x in sorted(first.arg_dict.items())
    }
    states = {name: (aux_params or {}).get(name, 0) for name in first.aux_dict}
    for executor in executors:
        for name, x in executor.arg_dict.items():
            x[:] = values[name]
        for name, x in executor.aux_dict.items():
            x[:] = states[name]
        if grad_req == "add":
            for g in executor.grad_arrays:
                if g is not None:
                    g[:] = 0
    train = grad_req != "null"
    for executor in executors:
        executor.forward(is_train=train)
    if train:
        dtypes = [
            min((e.outputs[k].dtype for e in executors), key=lambda d: np.dtype(d).itemsize)
            for k in range(len(first.outputs))
        ]
        heads = [y.astype(d).asnumpy() for y, d in zip(first.outputs, dtypes, strict=True)]
        for e in executors:
            given = [
                nd.array(h, ctx=y.context, dtype=y.dtype)
                for h, y in zip(heads, e.outputs, strict=True)
            ]
            e.backward(given)
    results = [_results(e, train) for e in executors]
    best = int(np.argmax([np.dtype(e.outputs[0].dtype).itemsize for e in executors]))
    truth = results[best] if ground_truth is None else ground_truth
    for i, found in enumerate(results):
        for name, x in found.items():
            if found is truth:
                continue
            said = (f"{name} of setting {i}", f"{name} of setting {best}")
            try:
                assert_almost_equal(x, truth[name], rtol, atol, said, equal_nan)
            except AssertionError as e:
                if raise_on_err:
                    raise
                print(e)
    return truth


def _results(executor: Any, train: bool) -> dict[str, NDArray]:
    grads = {k: g for k, g in executor.grad_dict.items() if g is not None} if train else {}
    return {**executor.output_dict, **grads}


def check_speed(
    sym: Any, location: Mapping[str, Any] | None = None, ctx: Any = None, N: int = 20,
    grad_req: str | None = None, typ: str = "whole", **kwargs: Any,
) -> float:  # fmt: skip
    """Seconds that one evaluation of a symbol takes, the mean of ``N``.

    Parameters
    ----------
    sym : Symbol
    location : dict of str to numpy.ndarray, optional
        The arguments, by default random ones.
    ctx : Context, optional
    N : int
    grad_req : str, optional
    typ : {'whole', 'forward'}
        With the backward pass, or without.
    **kwargs
        Shapes, if there is no ``location``.
    """
    if typ not in ("whole", "forward"):
        raise ValueError(f"typ must be 'whole' or 'forward', not {typ!r}")
    ctx = default_context() if ctx is None else ctx
    shapes = kwargs if location is None else {k: v.shape for k, v in location.items()}
    executor = sym.simple_bind(ctx=ctx, grad_req=grad_req or "write", **shapes)
    for name, x in executor.arg_dict.items():
        x[:] = np.random.normal(size=x.shape) if location is None else location[name]

    def run() -> None:
        executor.forward(is_train=typ == "whole")
        if typ == "whole":
            executor.backward(executor.outputs)

    run()
    nd.waitall()
    start = time.perf_counter()
    for _ in range(N):
        run()
    nd.waitall()
    return (time.perf_counter() - start) / N


def check_gluon_hybridize_consistency(
    net_builder: Any, data_l: Sequence[NDArray], numpy_func: Any = None, test_grad: bool = True,
    rtol: float = 1e-4, atol: float = 1e-4,
) -> None:  # fmt: skip
    """Compare a block that is hybridized with one that is not: outputs and gradients.

    Parameters
    ----------
    net_builder : callable
        ``net_builder(prefix=...)`` makes the block.
    data_l : list of NDArray
        Its inputs.
    numpy_func : callable, optional
        What the block computes, as a function of NumPy arrays.
    test_grad : bool
    rtol, atol : float
    """
    values: dict[str, np.ndarray] = {}
    outputs, grads = [], []
    for hybridize in (False, True):
        net = net_builder(prefix="net_")
        net.initialize()
        if hybridize:
            net.hybridize()
        inputs = [x.copy() for x in data_l]
        net(*inputs)  # parameters learn their shapes
        for name, p in net.collect_params().items():
            if hybridize:
                p.set_data(nd.array(values[name], dtype=p.dtype))
            else:
                values[name] = p.data().asnumpy()
        for x in inputs:
            x.attach_grad()
        with autograd.record():
            y = net(*inputs)
        if test_grad:
            y.backward()
            found = {k: p.grad() for k, p in net.collect_params().items() if p.grad_req != "null"}
            grads.append([x.grad for x in inputs] + list(found.values()))
        outputs.append(y)
    assert_almost_equal(outputs[0], outputs[1], rtol, atol, ("eager", "hybridized"))
    if test_grad:
        for a, b in zip(*grads, strict=True):
            assert_almost_equal(a, b, rtol, atol, ("gradient, eager", "gradient, hybridized"))
    if numpy_func is not None:
        expected = numpy_func(*[x.asnumpy() for x in data_l])
        assert_almost_equal(outputs[0], expected, rtol, atol, ("the block", "numpy_func"))
