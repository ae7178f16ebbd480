"""Loops and branches on symbols: ``sym.contrib.foreach``, ``while_loop`` and ``cond``.

The body is called once, with variables; what it returns is a subgraph of one node. A result from
outside that the body uses becomes an input of the node.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from ..attribute import AttrScope
from ..engine.op import OPS
from ..error import MXNetError
from ..name import NameManager
from ..ndarray import control_flow as nd_control_flow
from ..ndarray.control_flow import limit, outcome, regroup
from ..ops.control_flow import GRAPH_OPS
from .compose import compose
from .namespace import either
from .node import Entry, Node, roles
from .subgraph import check
from .symbol import Symbol
from .variable import var

__all__ = ["cond", "foreach", "while_loop"]

#: The attribute by which MXNet marks what belongs to a subgraph.
_MARK = "__subgraph_name__"

_names: Counter = Counter()


def _scope(name: str) -> tuple[str, AttrScope]:
    """A name that no other subgraph has, and the scope for what belongs to it."""
    outer = AttrScope.current.get(None).get(_MARK)
    name = f"{outer}${name}" if outer else name
    _names[name] += 1
    name = f"{name}{_names[name] - 1}"
    return name, AttrScope(**{_MARK: name})


def _leaves(tree: Any, what: str) -> tuple[list[Symbol], Any]:
    """The symbols in nested lists, and how they are nested; several outputs are a list."""
    if isinstance(tree, Symbol):
        return ([tree], None) if len(tree) == 1 else (list(tree), [None] * len(tree))
    if not isinstance(tree, (list, tuple)):
        raise TypeError(
            f"{what} must be Symbols, alone or in nested lists, got {type(tree).__name__}"
        )
    parts = [_leaves(t, what) for t in tree]
    return [leaf for leaves, _ in parts for leaf in leaves], [form for _, form in parts]


class _Subgraph:
    """A subgraph: a copy of what a function composed, cut off from the graph around it.

    Attributes
    ----------
    entries : list of Entry
    variables : list of Node
    sources : dict of Node to Entry
        What each variable is outside; those of the function's own arguments are not in it.
    """

    def __init__(self, outputs: Sequence[Symbol], name: str, distinct: int = 0):
        inputs = {v.name for v in roles([o._heads[0] for o in outputs]).inputs}
        seen: set[Node] = set()
        heads: list[Entry] = []
        for k, o in enumerate(outputs):
            node, index = o._heads[0]
            # a subgraph's outputs are results of its own, states other ones than outputs
            again = k >= distinct and node in seen
            if again or node.name in inputs or node.attrs.get(_MARK) != name:
                node, index = compose(OPS["identity"], "identity", [o], {})._heads[0]
            elif k < distinct:
                seen.add(node)
            heads.append((node, index))
        self.sources: dict[Node, Entry] = {}
        self.copies: dict[Node, Node] = {}
        self._cut: dict[Entry, Node] = {}
        self._name = name
        self.entries = [(self._copy(n), i) for n, i in heads]
        self.variables = roles(self.entries).inputs

    def _mine(self, node: Node) -> bool:
        return node.op is not None and node.attrs.get(_MARK) == self._name

    def _copy(self, start: Node) -> Node:
        stack = [start]
        while stack:
            node = stack[-1]
            todo = [n for n, _ in node.inputs if self._mine(n) and n not in self.copies]
            if todo:
                stack += reversed(todo)
                continue
            stack.pop()
            if node not in self.copies:
                inputs = [
                    (self.copies[n], i) if self._mine(n) else (self._variable((n, i)), 0)
                    for n, i in node.inputs
                ]
                self.copies[node] = Node(
                    node.op, node.name, dict(node.attrs), inputs, node.kind, node.subgraphs
                )
        return self.copies[start]

    def _variable(self, entry: Entry) -> Node:
        """What stands here for something from outside, or for an argument."""
        found = self._cut.get(entry)
        if found is None:
            node, index = entry
            own = node.op is None and node.attrs.get(_MARK) == self._name
            name = node.name if node.op is None else node.output_names()[index]
            found = self._cut[entry] = Node(None, name, dict(node.attrs) if own else {})
            self.sources[found] = entry
        return found


def _argument(symbol: Symbol, taken: set[str]) -> Symbol:
    """A variable for an argument of a body."""
    node, index = symbol._heads[0]
    name = f"{node.name}-{index}"
    while name in taken:
        name += "_"
    taken.add(name)
    return var(name)


def _node(kind: str, inputs: Sequence[Entry], graphs: list[_Subgraph], attrs: dict) -> Symbol:
    attrs = {
        **AttrScope.current.get(None),
        **{k: str(list(v)) if isinstance(v, (list, tuple)) else str(v) for k, v in attrs.items()},
        "num_args": str(len(inputs) + len(graphs)),
    }
    name = NameManager.current.get(None, kind)
    node = Node(GRAPH_OPS[kind], name, attrs, inputs, subgraphs=[g.entries for g in graphs])
    check(node)
    return Symbol([(node, i) for i in range(node.visible)])


@either(nd_control_flow.foreach)
def foreach(body: Callable, data: Any, init_states: Any, name: str = "foreach") -> tuple[Any, Any]:
    """Run ``body`` on each slice of `data` along the first axis, passing states on.

    With ``s_0 = init_states``, ``out_i, s_{i+1} = body(data[i], s_i)``. For NDArrays, see
    ``nd.contrib.foreach``.

    Parameters
    ----------
    body : callable
        ``body(slice, states) -> output, new states``. It is called once, with variables; all of
        them must be used.
    data : Symbol, or list of Symbol
        (n, ...).
    init_states : Symbol, or nested lists of Symbol
    name : str
        Beginning of the name of the subgraph.

    Returns
    -------
    outputs : Symbol, or nested lists of Symbol
        The outputs of all steps, stacked: (n, ...).
    states : Symbol, or nested lists of Symbol
        The last states.

    Raises
    ------
    MXNetError
        If the body does not use one of its arguments.

    Examples
    --------
    >>> import gluonx as gx
    >>> x = gx.sym.var('x')
    >>> outs, total = gx.sym.contrib.foreach(lambda x, s: (x + s, x + s), x, gx.sym.var('s'))
    >>> outs.eval(x=gx.nd.arange(4), s=gx.nd.zeros((1,)))[0].reshape((-1,)).asnumpy()
    array([0., 1., 3., 6.], dtype=float32)
    """
    slices, form = _leaves(data, "foreach(): data")
    before, outer = _leaves(init_states, "foreach(): init_states")
    if not slices:
        raise ValueError("foreach() needs at least one Symbol as data")
    name, scope = _scope(name)
    with scope:
        taken: set[str] = set()
        given = [_argument(s, taken) for s in (*slices, *before)]
        n = len(slices)
        outs, states = outcome("body", body(regroup(given[:n], form), regroup(given[n:], outer)))
        outs, nested = _leaves(outs, "the output of body")
        after, inner = _leaves(states, "the states that body returns")
        if inner != outer:
            raise ValueError(
                "body must return as many states as it got, nested in the same way: it got "
                f"{len(before)} and returned {len(after)}"
            )
        graph = _Subgraph([*outs, *after], name, distinct=len(outs))
    inputs = [s._heads[0] for s in (*slices, *before)]
    places = []
    for k, argument in enumerate(given):
        stand_in = graph._cut.get(argument._heads[0])
        if stand_in is None:
            raise _unused("body", "a slice of data" if k < n else "a state", inputs[k])
        places.append(graph.variables.index(stand_in))
    rest = [k for k in range(len(graph.variables)) if k not in places]
    inputs += [graph.sources[graph.variables[k]] for k in rest]
    made = _node("_foreach", inputs, [graph], {
        "num_outputs": len(outs) + len(after), "num_out_data": len(outs),
        "in_data_locs": places[:n], "in_state_locs": places[n:], "remain_locs": rest,
    })  # fmt: skip
    results = list(made)
    return regroup(results[: len(outs)], nested), regroup(results[len(outs) :], outer)


def _unused(code: str, what: str, entry: Entry) -> MXNetError:
    return MXNetError(
        f"{code} does not use {what}, the one made from {entry[0].name!r}: a symbolic loop needs "
        "all of them. Leave it out, or use it, for example as + 0 * x"
    )


def _union(graphs: Sequence[_Subgraph], arguments: dict[Entry, int]) -> tuple[list, list]:
    """All variables of several subgraphs: as keys, and their numbers for each subgraph.

    A key is the number of an argument or an entry from outside.
    """
    keys: dict[Any, int] = {}
    places = []
    for graph in graphs:
        mine = []
        for v in graph.variables:
            source = graph.sources[v]
            mine.append(keys.setdefault(arguments.get(source, source), len(keys)))
        places.append(mine)
    return list(keys), places


@either(nd_control_flow.while_loop)
def while_loop(
    cond: Callable,
    func: Callable,
    loop_vars: Any,
    max_iterations: Any = None,
    name: str = "while_loop",
) -> tuple[Any, Any]:
    """Run ``func`` while ``cond`` is true, ``max_iterations`` times at most.

    For NDArrays, see ``nd.contrib.while_loop``.

    Parameters
    ----------
    cond : callable
        ``cond(*loop_vars)`` gives a symbol of one element; 0 ends the loop.
    func : callable
        ``func(*loop_vars) -> output, new loop_vars``; it must use all of them.
    loop_vars : Symbol, or list of Symbol
    max_iterations : int
    name : str
        Beginning of the names of the subgraphs.

    Returns
    -------
    outputs : Symbol, or nested lists of Symbol
        The outputs of all steps, stacked and filled up with zeros: (max_iterations, ...).
    loop_vars : Symbol, or list of Symbol
        The last values of the variables.

    Raises
    ------
    ValueError
        If `max_iterations` is missing, `loop_vars` is empty, or `func` returns another number of
        them.

    Examples
    --------
    >>> import gluonx as gx
    >>> outs, last = gx.sym.contrib.while_loop(
    ...     lambda i: i < 3, lambda i: (i * 10, i + 1), gx.sym.var('i'), max_iterations=4)
    >>> outs.eval(i=gx.nd.ones((1,)))[0].reshape((-1,)).asnumpy()
    array([10., 20.,  0.,  0.], dtype=float32)
    """
    most = limit(max_iterations)
    alone = isinstance(loop_vars, Symbol)
    if not alone and not len(loop_vars):
        raise ValueError("while_loop() needs at least one symbol in loop_vars")
    before, outer = _leaves([loop_vars] if alone else loop_vars, "while_loop(): loop_vars")
    arguments: dict[Entry, int] = {}

    def call(code: Callable, kind: str) -> tuple[_Subgraph, Any, int]:
        inner, scope = _scope(f"{name}_{kind}")
        with scope:
            taken: set[str] = set()
            given = [_argument(s, taken) for s in before]
            arguments.update((g._heads[0], k) for k, g in enumerate(given))
            outs, nested, after = code(regroup(given, outer))
            return _Subgraph([*outs, *after], inner, len(outs)), nested, len(outs)

    def test(values: list) -> tuple[list, Any, list]:
        value = cond(*values)
        if not isinstance(value, Symbol) or len(value) != 1:
            raise ValueError(f"cond must return a Symbol with one output, got {value!r}")
        return [], None, [value]

    def step(values: list) -> tuple[list, Any, list]:
        outs, news = outcome("func", func(*values))
        outs, nested = _leaves([] if outs is None else outs, "the output of func")
        news = [news] if alone and isinstance(news, Symbol) and len(news) == 1 else news
        after, inner = _leaves([] if news is None else news, "the loop_vars that func returns")
        if len(after) != len(before):
            raise ValueError(
                f"func got {len(before)} loop_vars and returned {len(after)}; it must return a new "
                "value for each"
            )
        return outs, nested, after

    check_graph, _, _ = call(test, "cond")
    graph, nested, count = call(step, "func")
    keys, (check_places, places) = _union((check_graph, graph), arguments)
    numbers = [keys[at] for at in places]
    for k, s in enumerate(before):
        if k not in numbers:
            raise _unused("func", "a loop variable", s._heads[0])
    inputs = [before[k]._heads[0] if isinstance(k, int) else k for k in keys]
    made = _node("_while_loop", inputs, [check_graph, graph], {
        "max_iterations": most, "num_outputs": count + len(before), "num_out_data": count,
        "cond_input_locs": check_places, "func_input_locs": places,
        "func_var_locs": [numbers.index(k) for k in range(len(before))],
    })  # fmt: skip
    results = list(made)
    last = regroup(results[count:], outer)
    return regroup(results[:count], nested), last[0] if alone else last


@either(nd_control_flow.cond)
def cond(pred: Symbol, then_func: Callable, else_func: Callable, name: str = "cond") -> Any:
    """``then_func()`` if `pred` is true, else ``else_func()``.

    For NDArrays, see ``nd.contrib.cond``.

    Parameters
    ----------
    pred : Symbol
        One element; 0 is false.
    then_func, else_func : callable
        Functions without arguments, of equally many outputs of the same shapes and dtypes.
    name : str
        Beginning of the names of the subgraphs.

    Returns
    -------
    Symbol, or nested lists of Symbol
        Nested as what `then_func` returns.

    Raises
    ------
    ValueError
        If the functions return different numbers of outputs, or `pred` has several.

    Examples
    --------
    >>> import gluonx as gx
    >>> a = gx.sym.var('a')
    >>> y = gx.sym.contrib.cond(a > 2, lambda: a * 10, lambda: a)
    >>> y.eval(a=gx.nd.array([3.]))[0].asscalar()
    np.float32(30.0)
    """

    def call(code: Callable, kind: str) -> tuple[_Subgraph, Any]:
        inner, scope = _scope(f"{name}_{kind}")
        with scope:
            outs, nested = _leaves(code(), f"what {kind} returns")
            return _Subgraph(outs, inner, len(outs)), nested

    if not isinstance(pred, Symbol) or len(pred) != 1:
        raise ValueError(f"pred must be a Symbol with one output, got {pred!r}")
    test, _ = call(lambda: pred, "pred")
    then, nested = call(then_func, "then")
    other, _ = call(else_func, "else")
    if len(then.entries) != len(other.entries):
        raise ValueError(
            f"then_func returns {len(then.entries)} outputs, else_func {len(other.entries)}"
        )
    keys, places = _union((test, then, other), {})
    made = _node("_cond", keys, [test, then, other], {
        "cond_input_locs": places[0], "then_input_locs": places[1], "else_input_locs": places[2],
        "num_outputs": len(then.entries),
    })  # fmt: skip
    return regroup(list(made), nested)
