"""Loops and branches of symbolic graphs: nodes that carry graphs of their own.

In MXNet's files such a node has a list ``subgraphs``; attributes say which input of the node is
which variable of a subgraph. There is no function of these names in ``nd``: people call
``contrib.foreach``, ``contrib.while_loop`` and ``contrib.cond`` with Python code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..engine.loops import branch, each, repeat
from ..engine.op import Op, Shape

__all__ = ["GRAPH_OPS", "Graphs", "links"]

#: These operators by name. They are not among ``OPS``: there is no way to call them on arrays.
GRAPH_OPS: dict[str, Op] = {}


def _register(name: str) -> Callable[[Callable], Callable]:
    def add(fn: Callable) -> Callable:
        GRAPH_OPS[name] = Op(name, fn, outputs=lambda attrs: attrs["num_outputs"])
        return fn

    return add


def links(name: str, attrs: dict[str, Any]) -> list[list[int]]:
    """For each subgraph: which input of the node each of its variables is."""
    if name == "_cond":
        return [list(attrs[f"{k}_input_locs"]) for k in ("cond", "then", "else")]
    if name == "_while_loop":
        return [list(attrs["cond_input_locs"]), list(attrs["func_input_locs"])]
    order = (*attrs["in_data_locs"], *attrs["in_state_locs"], *attrs["remain_locs"])
    places = [0] * len(order)
    for k, at in enumerate(order):
        places[at] = k
    return [places]


class Graphs:
    """The subgraphs of a node as functions of the node's inputs.

    Parameters
    ----------
    codes : sequence of callable
        ``code(arrays, rng) -> outputs, {variable: new contents}`` for each subgraph.
    draws : sequence of int
        Random numbers that each consumes.
    places : list of list of int
        See :func:`links`.
    changed : list of int
        Inputs of the node that the subgraphs change.
    """

    def __init__(
        self,
        codes: Sequence[Callable],
        draws: Sequence[int],
        places: list[list[int]],
        changed: list[int],
    ):
        self.codes = codes
        self.draws = draws
        self.places = places
        self.changed = changed

    def run(self, k: int, inputs: list[Any], rng: Any) -> list[Any]:
        """Outputs of subgraph ``k``; ``inputs`` get the new contents of what it changes."""
        outs, news = self.codes[k]([inputs[at] for at in self.places[k]], rng)
        for variable, new in news.items():
            if self.places[k][variable] in self.changed:
                inputs[self.places[k][variable]] = new
        return list(outs)

    def start(self, rng: Any) -> Any:
        """Random states of their own for the steps, from that of the node."""
        if rng is None:
            return jnp.zeros((3,), jnp.uint32)
        key = jax.random.wrap_key_data(rng[:2], impl="threefry2x32")
        words = jax.random.key_data(jax.random.fold_in(key, rng[2]))
        return jnp.concatenate([words, jnp.zeros((1,), words.dtype)])


def _advance(rng: Any, draws: int) -> Any:
    return rng + np.array([0, 0, draws], np.uint32)


@_register("_foreach")
def foreach(
    *data,
    graphs,
    rng=None,
    num_outputs: int,
    num_out_data: int,
    in_state_locs: Shape,
    in_data_locs: Shape,
    remain_locs: Shape,
):
    """A loop over the first axis of some inputs; see ``contrib.foreach``."""
    inputs = list(data)
    count, n = len(in_data_locs), len(in_data_locs) + len(in_state_locs)

    def step(slices, carry):
        values = list(inputs)
        values[:count] = slices
        values[count:n] = carry[: n - count]
        for at, a in zip(graphs.changed, carry[n - count : -1], strict=True):
            values[at] = a
        outs = graphs.run(0, values, carry[-1])
        changed = [values[at] for at in graphs.changed]
        return outs[:num_out_data], [
            *outs[num_out_data:],
            *changed,
            _advance(carry[-1], graphs.draws[0]),
        ]

    carry = [*inputs[count:n], *(inputs[at] for at in graphs.changed), graphs.start(rng)]
    outs, last = each(step, inputs[:count], carry)
    return (*outs, *last[:-1])


@_register("_while_loop")
def while_loop(
    *data,
    graphs,
    rng=None,
    num_outputs: int,
    num_out_data: int,
    max_iterations: int,
    cond_input_locs: Shape,
    func_input_locs: Shape,
    func_var_locs: Shape,
):
    """A loop while a condition holds; see ``contrib.while_loop``."""
    inputs = list(data)
    variables = [func_input_locs[at] for at in func_var_locs]
    places = [*variables, *graphs.changed]

    def filled(carry):
        values = list(inputs)
        for at, a in zip(places, carry[:-1], strict=True):
            values[at] = a
        return values

    def test(carry):
        values = filled(carry)
        (truth,) = graphs.run(0, values, carry[-1])
        return truth, [*(values[at] for at in places), _advance(carry[-1], graphs.draws[0])]

    def step(carry):
        values = filled(carry)
        outs = graphs.run(1, values, carry[-1])
        changed = [values[at] for at in graphs.changed]
        return outs[:num_out_data], [
            *outs[num_out_data:],
            *changed,
            _advance(carry[-1], graphs.draws[1]),
        ]

    carry = [*(inputs[at] for at in places), graphs.start(rng)]
    outs, last = repeat(test, step, carry, max_iterations)
    return (*outs, *last[:-1])


@_register("_cond")
def cond(
    *data,
    graphs,
    rng=None,
    num_outputs: int,
    cond_input_locs: Shape,
    then_input_locs: Shape,
    else_input_locs: Shape,
):
    """One of two graphs; see ``contrib.cond``."""
    inputs, rng = list(data), graphs.start(rng)
    (truth,) = graphs.run(0, inputs, rng)
    rng = _advance(rng, graphs.draws[0])

    def code(k):
        def run(given):
            values = list(given)
            outs = graphs.run(k, values, rng)
            return [*outs, *(values[at] for at in graphs.changed)]

        return run

    return tuple(branch(truth, code(1), code(2), inputs))
