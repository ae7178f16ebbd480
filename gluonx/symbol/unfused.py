"""Graphs with operators that run in Python: evaluated piece by piece on NDArrays.

Everything between two such operators is one executable. A loop whose body has one is a Python loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..context import Context
from ..engine import tape
from ..engine.buffer import Buffer
from ..engine.graph import Value
from ..engine.kernel import Aval
from ..engine.state import state
from ..error import MXNetError
from ..ndarray import NDArray, custom
from ..ndarray import control_flow as loops
from ..ndarray.dispatch import scalar
from ..random import draw
from .custom import CustomNode, in_python
from .lower import Program, lower
from .node import Entry, Node, postorder, roles

__all__ = ["Unfused"]


class _Piece:
    """Nodes that are computed together.

    Attributes
    ----------
    heads : list of Entry
        Their results that other pieces use.
    inputs : list of Entry
        What they use.
    """

    def __init__(self, nodes: Sequence[Node], needed: set[Entry]):
        inside = set(nodes)
        self.heads = [(n, i) for n in nodes for i in range(n.visible) if (n, i) in needed]
        self.inputs = list(dict.fromkeys(e for n in nodes for e in n.inputs if e[0] not in inside))
        variables = {e: Node(None, e[0].name, {}) for e in self.inputs}
        self._slots = {v: k for k, v in enumerate(variables.values())}
        copies: dict[Node, Node] = {}
        for n in nodes:
            ins = [(copies[e[0]], e[1]) if e[0] in inside else (variables[e], 0) for e in n.inputs]
            copies[n] = Node(n.op, n.name, n.attrs, ins, n.kind, n.subgraphs)
        self._copied = [(copies[n], i) for n, i in self.heads]
        self._programs: dict[Any, Program] = {}

    def run(self, given: Sequence[NDArray], ctx: Any) -> list[NDArray]:
        inputs = _here(given, ctx)
        avals = [Aval(x.shape, x._buffer.dtype) for x in inputs]
        key = (state.training, *((a.shape, a.dtype) for a in avals))
        program = self._programs.get(key)
        if program is None:
            program = lower(self._copied, self._slots, avals, state.training)
            self._programs[key] = program
        arrays = [x._data for x in inputs]
        values: list[Any] = [x._entry if x._recorded else None for x in inputs]
        arrays += [scalar(v, dtype, ctx.device) for v, dtype in program.numbers]
        arrays += [draw(ctx) for _ in range(program.draws)]
        kernel, node = program.kernel, None
        if state.recording and any(values):
            values += [None] * (len(arrays) - len(values))
            outs, node = tape.record(kernel, arrays, values, ctx.device)
        else:
            outs = kernel.run(arrays, ctx.device)
        for slot, new in zip(program.written, outs[kernel.visible :], strict=True):
            state_of = NDArray._new(Buffer(new, ctx)).as_in_context(given[slot].context)
            given[slot]._write(state_of._data)
        made = [NDArray._new(Buffer(a, ctx)) for a in outs[: kernel.visible]]
        if node is not None:
            for i, y in enumerate(made):
                y._entry = Value(node, i)
        return made


def _here(arrays: Sequence[NDArray], ctx: Any) -> list[NDArray]:
    """Arrays on one device; copies of those that are elsewhere, through which gradients go."""
    return [x.as_in_context(ctx) for x in arrays]


class Unfused:
    """A graph that cannot be one executable.

    Parameters
    ----------
    heads : sequence of Entry
    keep : bool
        Whether each custom operator is made once; the body of a loop makes one for each step, as
        an operator may keep something for its backward.
    places : dict of Node to Context, optional
        Where each node runs; by default, where :meth:`run` says.
    """

    def __init__(
        self,
        heads: Sequence[Entry],
        keep: bool = True,
        places: Mapping[Node, Context] | None = None,
    ):
        self.heads = list(heads)
        self._operators: dict[Any, Any] | None = {} if keep else None
        self._inner: dict[Node, list[Unfused]] = {}
        at: Mapping[Node, Context | None] = places or dict.fromkeys(postorder(heads))
        levels: dict[Node, int] = {}
        #: Of each level the nodes that are computed together, by device, and the others.
        groups: dict[int, tuple[dict[Any, list[Node]], list[Node]]] = {}
        needed = set(self.heads)
        alone = {}
        for node in postorder(heads):
            if node.op is None:
                continue
            alone[node] = isinstance(node.op, CustomNode) or any(map(in_python, node.subgraphs))
            level = max(
                (
                    levels[n] + (alone[n] or at[n] != at[node])
                    for n, _ in node.inputs
                    if n.op is not None
                ),
                default=0,
            )
            levels[node] = level
            together, single = groups.setdefault(level, ({}, []))
            (single if alone[node] else together.setdefault(at[node], [])).append(node)
        for node in levels:
            needed.update(
                e for e in node.inputs if e[0].op is not None
                and (alone[node] or levels[e[0]] != levels[node])
            )  # fmt: skip
        #: In order: a piece, or a node that runs by itself, and where.
        self.steps: list[tuple[_Piece | Node, Context | None]] = []
        for level in sorted(groups):
            together, single = groups[level]
            self.steps += [(_Piece(nodes, needed), ctx) for ctx, nodes in together.items()]
            self.steps += [(node, at[node]) for node in single]

    def run(self, variables: dict[Node, NDArray], ctx: Any) -> list[NDArray]:
        """The outputs, recorded if recording is on."""
        known: dict[Entry, NDArray] = {(v, 0): x for v, x in variables.items()}
        for step, at in self.steps:
            there = ctx if at is None else at
            if isinstance(step, _Piece):
                made = step.run([known[e] for e in step.inputs], there)
                known.update(zip(step.heads, made, strict=True))
            else:
                made = self._alone(step, _here([known[e] for e in step.inputs], there), there)
                known.update(((step, i), y) for i, y in enumerate(made))
        return [known[e] for e in self.heads]

    def _alone(self, node: Node, inputs: list[NDArray], ctx: Any) -> list[NDArray]:
        if isinstance(node.op, CustomNode):
            op = node.op
            return custom.call(op.prop, inputs, op.op_type, self._operators, node)
        graphs = self._graphs(node)

        def run(k: int, values: list[NDArray]) -> list[NDArray]:
            variables = roles(node.subgraphs[k]).inputs
            given = {v: values[at] for v, at in zip(variables, node.links[k], strict=True)}
            return graphs[k].run(given, ctx)

        params = node.params
        if node.kind == "_cond":
            return loops.cond(run(0, inputs)[0], lambda: run(1, inputs), lambda: run(2, inputs))
        count = params["num_out_data"]
        if node.kind == "_foreach":
            n = len(params["in_data_locs"])
            end = n + len(params["in_state_locs"])

            def body(x: list, s: list) -> tuple[list, list]:
                outs = run(0, [*x, *s, *inputs[end:]])
                return outs[:count], outs[count:]

            outs, last = loops.foreach(body, inputs[:n], inputs[n:end])
            return [*outs, *last]
        places = [params["func_input_locs"][at] for at in params["func_var_locs"]]

        def filled(values: Sequence[NDArray]) -> list[NDArray]:
            full = list(inputs)
            for at, x in zip(places, values, strict=True):
                full[at] = x
            return full

        def step(*values: NDArray) -> tuple[list, list]:
            outs = run(1, filled(values))
            return outs[:count], outs[count:]

        outs, last = loops.while_loop(
            lambda *v: run(0, filled(v))[0],
            step,
            [inputs[at] for at in places],
            params["max_iterations"],
        )
        if len(outs) != count:
            raise MXNetError(
                f"{node.name}: the loop took no step, and its outputs depend on a custom operator, "
                "so that their shapes are not known"
            )
        return [*outs, *last]

    def _graphs(self, node: Node) -> list[Unfused]:
        if node not in self._inner:
            self._inner[node] = [Unfused(g, keep=False) for g in node.subgraphs]
        return self._inner[node]
