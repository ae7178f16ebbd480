"""Loops and branches on NDArrays: ``nd.contrib.foreach``, ``while_loop`` and ``cond``.

Eagerly they are Python's own loop and branch, recorded as they go. Inside a hybridized block each
becomes one XLA operation, whose body is compiled once, however long the sequence is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..engine.inner import Changes, trace_branches, trace_each, trace_repeat
from ..engine.state import state
from . import creation
from .ndarray import NDArray

__all__ = ["cond", "flatten", "foreach", "limit", "outcome", "regroup", "while_loop"]


def flatten(tree: Any, kind: type, what: str) -> tuple[list[Any], Any]:
    """The leaves of nested lists, and how they are nested: a list of such, or None for a leaf."""
    if isinstance(tree, kind):
        return [tree], None
    if not isinstance(tree, (list, tuple)):
        raise TypeError(
            f"{what} must be {kind.__name__}s, alone or in nested lists, got {type(tree).__name__}"
        )
    parts = [flatten(t, kind, what) for t in tree]
    return [leaf for leaves, _ in parts for leaf in leaves], [form for _, form in parts]


def regroup(leaves: list[Any], form: Any) -> Any:
    """Nested lists again, from other leaves."""
    rest = iter(leaves)

    def build(form: Any) -> Any:
        return next(rest) if form is None else [build(f) for f in form]

    return build(form)


def outcome(name: str, result: Any) -> tuple[Any, Any]:
    """What the body of a loop returned: outputs and states."""
    if not isinstance(result, (list, tuple)) or len(result) != 2:
        raise TypeError(
            f"{name} must return two things, its output and the new states, each an array or a "
            f"list of arrays; it returned {type(result).__name__}: return out, states"
        )
    return result[0], result[1]


def limit(max_iterations: Any) -> int:
    """``max_iterations`` as an integer."""
    if max_iterations is None:
        raise ValueError("while_loop() needs max_iterations, the number of steps that it may take")
    try:
        if isinstance(max_iterations, NDArray):
            max_iterations = max_iterations.asscalar()
        return int(max_iterations)
    except (TypeError, ValueError):
        raise ValueError(
            f"max_iterations must be an integer, got {type(max_iterations).__name__}"
        ) from None


# -- foreach ------------------------------------------------------------------------------------


def foreach(body: Callable, data: Any, init_states: Any) -> tuple[Any, Any]:
    """Run ``body`` on each slice of `data` along the first axis, passing states on.

    With ``s_0 = init_states``, ``out_i, s_{i+1} = body(data[i], s_i)``.

    Parameters
    ----------
    body : callable
        ``body(slice, states) -> output, new states``. A slice is an array, or a list where `data`
        is one; the output is an array or nested lists of arrays.
    data : NDArray, or list of NDArray
        (n, ...), with the same n.
    init_states : NDArray, or nested lists of NDArray
        The first states; ``[]`` for none.

    Returns
    -------
    outputs : NDArray, or nested lists of NDArray
        The outputs of all steps, stacked: (n, ...).
    states
        What `body` returned last.

    Raises
    ------
    TypeError
        If something is not an array.
    ValueError
        If the arrays of `data` have different lengths, or length 0.

    Notes
    -----
    Inside a hybridized block this is one ``lax.scan``: `body` runs once, for all slices. States
    then keep their shapes and dtypes; where they do not, the steps are compiled one by one.

    Examples
    --------
    >>> from gluonx import nd
    >>> outs, total = nd.contrib.foreach(lambda x, s: (x + s, x + s), nd.arange(4), nd.zeros((1,)))
    >>> outs.reshape((-1,)).asnumpy(), total.asscalar()
    (array([0., 1., 3., 6.], dtype=float32), np.float32(6.0))
    """
    slices, form = flatten(data, NDArray, "foreach(): data")
    flatten(init_states, NDArray, "foreach(): init_states")
    lengths = {x.shape[0] if x.shape else 0 for x in slices}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(
            "foreach() needs data with at least one slice along the first axis, of one length; got "
            f"shapes {', '.join(str(x.shape) for x in slices) or 'of no array'}"
        )
    (count,) = lengths
    trace = state.trace
    if trace is not None and trace.resolve:  # one step tells all shapes
        outs, states = outcome("body", body(regroup([x[0] for x in slices], form), init_states))
        leaves, nested = flatten(outs, NDArray, "the output of body")
        leaves = [o.expand_dims(0).broadcast_to((count, *o.shape)) for o in leaves]
        return regroup(leaves, nested), states
    if trace is not None:
        try:
            return _scan(body, slices, form, init_states, trace)
        except Changes:
            pass
    states, steps, nested = init_states, [], None
    for i in range(count):
        outs, states = outcome("body", body(regroup([x[i] for x in slices], form), states))
        leaves, nested = flatten(outs, NDArray, "the output of body")
        steps.append(leaves)
    return regroup([_stack(items) for items in zip(*steps, strict=True)], nested), states


def _stack(items: Any) -> NDArray:
    from . import stack  # type: ignore[attr-defined]

    return stack(*items)


def _arrays(trace: Any, like: list[NDArray], contents: list[Any]) -> list[NDArray]:
    ctx = like[0].context if like else trace.ctx
    return [NDArray._new(trace.new(a, ctx)) for a in contents]


def _scan(
    body: Callable, slices: list[NDArray], form: Any, init_states: Any, trace: Any
) -> tuple[Any, Any]:
    before, outer = flatten(init_states, NDArray, "init_states")
    found: dict[str, Any] = {}

    def run(buffers: list[Any]) -> list[Any]:
        given = list(map(NDArray._new, buffers))
        x, s = given[: len(slices)], given[len(slices) :]
        outs, states = outcome("body", body(regroup(x, form), regroup(s, outer)))
        leaves, found["outs"] = flatten(outs, NDArray, "the output of body")
        after, inner = flatten(states, NDArray, "the states that body returns")
        if inner != outer:
            raise Changes("body returns states nested in another way than it got them")
        return [o._data for o in (*leaves, *after)]

    outs, states = trace_each(run, [x._data for x in slices], [s._data for s in before], trace)
    return (
        regroup(_arrays(trace, slices, outs), found["outs"]),
        regroup(_arrays(trace, slices, states), outer),
    )


# -- while_loop ---------------------------------------------------------------------------------


def while_loop(
    cond: Callable, func: Callable, loop_vars: Any, max_iterations: Any = None
) -> tuple[Any, Any]:
    """Run ``func`` while ``cond`` is true, ``max_iterations`` times at most.

    Parameters
    ----------
    cond : callable
        ``cond(*loop_vars)`` gives an array with one element; 0 ends the loop.
    func : callable
        ``func(*loop_vars) -> output, new loop_vars``. The output is an array, nested lists of
        arrays, or ``[]``.
    loop_vars : NDArray, or list of NDArray
        The first values of the variables.
    max_iterations : int

    Returns
    -------
    outputs : NDArray, or nested lists of NDArray
        The outputs of all steps, stacked and filled up with zeros: (max_iterations, ...). ``[]`` if
        no step was taken; inside a hybridized block, where that is not known, zeros.
    loop_vars
        The last values of the variables.

    Raises
    ------
    ValueError
        If `max_iterations` is missing, `loop_vars` is empty, or `func` returns another number of
        them.

    Notes
    -----
    Inside a hybridized block this is one ``lax.scan`` over `max_iterations` steps, of which those
    after the end do nothing; so it has a gradient.

    Examples
    --------
    >>> from gluonx import nd
    >>> outs, (i, s) = nd.contrib.while_loop(
    ...     lambda i, s: i < 3, lambda i, s: (s + i, [i + 1, s + i]),
    ...     [nd.zeros((1,)), nd.ones((1,))], max_iterations=5)
    >>> outs.reshape((-1,)).asnumpy(), s.asscalar()
    (array([1., 2., 4., 0., 0.], dtype=float32), np.float32(4.0))
    """
    most = limit(max_iterations)
    alone = isinstance(loop_vars, NDArray)
    given: list[Any] = [loop_vars] if alone else list(loop_vars)
    if not given:
        raise ValueError("while_loop() needs at least one array in loop_vars")
    flatten(given, NDArray, "while_loop(): loop_vars")

    def step(values: list[Any]) -> tuple[list[NDArray], Any, list[Any]]:
        """Outputs, their nesting, and new variables."""
        outs, news = outcome("func", func(*values))
        leaves, form = flatten([] if outs is None else outs, NDArray, "the output of func")
        news = [news] if isinstance(news, NDArray) else list([] if news is None else news)
        if len(news) != len(values):
            raise ValueError(
                f"func got {len(values)} loop_vars and returned {len(news)}; it must return a new "
                "value for each"
            )
        return leaves, form, news

    trace = state.trace
    if trace is not None and trace.resolve:  # one step tells all shapes
        cond(*given)
        leaves, form, given = step(given)
        outs = [o.expand_dims(0).broadcast_to((most, *o.shape)) for o in leaves]
        return regroup(outs, form), given[0] if alone else given
    if trace is not None and most > 0:
        outs, given = _repeat(cond, step, given, most, trace)
        return outs, given[0] if alone else given
    steps: list[list[NDArray]] = []
    form: Any = []
    while len(steps) < most and _truth(cond(*given), "cond"):
        leaves, form, given = step(given)
        steps.append(leaves)
        if len(leaves) != len(steps[0]):
            raise ValueError(
                f"func returned {len(steps[0])} outputs at first, and {len(leaves)} in step "
                f"{len(steps)}; it must return the same number always"
            )
    outs = [_padded(list(items), most) for items in zip(*steps, strict=True)]
    return regroup(outs, form) if outs else [], given[0] if alone else given


def _padded(items: list[NDArray], most: int) -> NDArray:
    y = _stack(items)
    if len(items) == most:
        return y
    from . import concat  # type: ignore[attr-defined]

    fill = creation.zeros((most - len(items), *y.shape[1:]), ctx=y.context, dtype=y.dtype)
    return concat(y, fill, dim=0)


def _truth(value: Any, what: str) -> bool:
    if isinstance(value, NDArray):
        if value.size != 1:
            raise ValueError(f"{what} must be an array with one element, got shape {value.shape}")
        return bool(value.asscalar())
    try:
        return bool(value)
    except (TypeError, ValueError):
        raise ValueError(f"{what} must be true or false, got {type(value).__name__}") from None


def _repeat(
    cond: Callable, step: Callable, given: list[Any], most: int, trace: Any
) -> tuple[Any, list[Any]]:
    leaves, outer = flatten(given, NDArray, "loop_vars")
    found: dict[str, Any] = {}

    def test(buffers: list[Any]) -> list[Any]:
        value = cond(*regroup(list(map(NDArray._new, buffers)), outer))
        if not isinstance(value, NDArray):
            return [creation.full((1,), _truth(value, "cond"))._data]
        if value.size != 1:
            raise ValueError(f"cond must give an array with one element, got {value.shape}")
        return [value._data]

    def run(buffers: list[Any]) -> list[Any]:
        outs, found["outs"], news = step(regroup(list(map(NDArray._new, buffers)), outer))
        after, inner = flatten(news, NDArray, "the loop_vars that func returns")
        if inner != outer:
            raise ValueError("func returns loop_vars nested in another way than it got them")
        return [o._data for o in (*outs, *after)]

    outs, last = trace_repeat(test, run, [x._data for x in leaves], most, trace)
    return (
        regroup(_arrays(trace, leaves, outs), found["outs"]),
        regroup(_arrays(trace, leaves, last), outer),
    )


# -- cond ---------------------------------------------------------------------------------------


def cond(pred: Any, then_func: Callable, else_func: Callable) -> Any:
    """``then_func()`` if `pred` is true, else ``else_func()``.

    Parameters
    ----------
    pred : NDArray
        One element; 0 is false.
    then_func, else_func : callable
        Functions without arguments. Inside a hybridized block both return arrays of the same
        shapes and dtypes.

    Returns
    -------
    NDArray, or nested lists of NDArray
        What the function returned.

    Raises
    ------
    ValueError
        If `pred` has not exactly one element.

    Notes
    -----
    Inside a hybridized block this is one ``lax.cond``; both functions are compiled, one of them
    runs.

    Examples
    --------
    >>> from gluonx import nd
    >>> a = nd.array([3.])
    >>> nd.contrib.cond(a > 2, lambda: a * 10, lambda: a).asscalar()
    np.float32(30.0)
    """
    trace = state.trace
    if trace is None or not isinstance(pred, NDArray):
        return then_func() if _truth(pred, "pred") else else_func()
    if pred.size != 1:
        raise ValueError(f"pred must be an array with one element, got shape {pred.shape}")
    if trace.resolve:
        result = then_func()
        else_func()
        return result
    forms = []

    def code(function: Callable) -> Callable:
        def run(buffers: list[Any]) -> list[Any]:
            leaves, form = flatten(function(), NDArray, "what a branch of cond() returns")
            forms.append(form)
            return [y._data for y in leaves]

        return run

    outs = trace_branches(pred._data, code(then_func), code(else_func), trace)
    if any(form != forms[0] for form in forms):
        raise ValueError("then_func and else_func must return arrays nested in the same way")
    return regroup(_arrays(trace, [pred], outs), forms[0])
