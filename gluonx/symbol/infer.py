"""Inference: the shapes and element types of everything in a graph, from those that are known."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np

from ..engine.kernel import Aval, Kernel, is_float
from ..error import MXNetError
from . import subgraph
from .custom import CustomNode
from .lower import abstract, node_kernel, refused
from .node import ELEMENTWISE, Entry, Node, Roles, postorder
from .relations import Shape, complete, merge, related
from .variable import declared_dtype, declared_shape

if TYPE_CHECKING:
    from .symbol import Symbol

__all__ = ["Inference", "infer_shape", "infer_type"]

#: Inputs whose type says nothing about that of the others.
_APART = (
    "condition", "data_lengths", "index", "index_vector", "indices", "label_lengths", "length",
    "marks", "valid_length",
)  # fmt: skip

#: Such inputs of some operators; all of them where no names are said.
_APART_OF: dict[str, tuple[str, ...]] = {
    "CTCLoss": ("label",), "Cast": (), "Embedding": ("data",), "_histogram": ("bins",),
    "amp_cast": (), "amp_multicast": (), "one_hot": (), "reshape_like": ("rhs",),
    "broadcast_like": ("rhs",), "slice_like": ("shape_like",),
}  # fmt: skip

#: Inputs that have the others' type where nothing is said, and may have any.
_LOOSE = ("like", "rescale_grad", "sequence_length")
_LOOSE_OPS = ("_contrib_allclose", "_onehot_encode", "fill_element_0index")

#: Types of results that do not depend on those of the inputs.
_RESULTS = {
    "shape_array": "int64", "size_array": "int64", "all_finite": "float32",
    "multi_all_finite": "float32", "multi_sum_sq": "float32", "_contrib_allclose": "uint8",
    "_image_to_tensor": "float32",
}  # fmt: skip

# Two lengths that stand for one that is not known: what comes out alike for both is known.
_STAND_INS = (720, 1080)
# Several of them differ by these factors.
_FACTORS = (1, 101, 103, 107, 109, 113, 127, 131)


class Inference:
    """What is known about a graph's entries.

    Parameters
    ----------
    heads : list of Entry
    shapes, dtypes : dict of Node to tuple of int or dtype
        What is known about variables, besides what they declare.

    Attributes
    ----------
    shapes : dict of Entry to (tuple of int or None)
        0 is an unknown extent.
    dtypes : dict of Entry to (dtype or None)
    """

    def __init__(
        self, heads: Sequence[Entry], shapes: Mapping[Node, Shape], dtypes: Mapping[Node, Any]
    ):
        self.nodes = postorder(heads)
        self.roles = Roles(self.nodes)
        self.shapes: dict[Entry, Shape | None] = {}
        self.dtypes: dict[Entry, np.dtype | None] = {}
        self._given = dtypes
        for v in self.roles.inputs:
            given = _known(shapes.get(v))
            if not complete(given):
                given = _known(declared_shape(v)) or given or None
            self.shapes[v, 0] = given
            self.dtypes[v, 0] = dtypes.get(v) or declared_dtype(v)

    # -- element types ----------------------------------------------------------------------

    def infer_dtypes(self) -> None:
        """Let operators' inputs take each other's types where nothing else is said."""
        changed = True
        while changed:
            changed = False
            for node in self.nodes:
                if node.op is not None:
                    changed |= self._node_dtypes(node)

    def _node_dtypes(self, node: Node) -> bool:
        if node.subgraphs:
            return self._learn(self.dtypes, node, subgraph.dtypes(node, self.dtypes))
        if isinstance(node.op, CustomNode):
            ins, outs = node.op.infer_dtypes([self.dtypes.get(e) for e in node.inputs])
            named = [
                *zip(node.inputs, ins, strict=True),
                *(((node, i), t) for i, t in enumerate(outs)),
            ]
            news = {e: t for e, t in named if t is not None and self.dtypes.get(e) is None}
            return self._learn(self.dtypes, node, news)
        inputs = list(zip(node.input_names, node.inputs, strict=True))
        named = [(name, e) for name, e in inputs if not _apart(node, name) and name not in _LOOSE]
        known = [self.dtypes.get(e) for _, e in named]
        if _fixed_dtype(node, 0) is None:
            known.append(self.dtypes.get((node, 0)))
        first = next((t for t in known if t is not None), None)
        changed = False
        for name, entry in inputs:
            if self.dtypes.get(entry) is None:
                guess = _input_dtype(node, name, first)
                self.dtypes[entry] = guess
                changed |= guess is not None
        common = _multicast(node, [self.dtypes.get(e) for e in node.inputs])
        for i in range(node.visible):
            if self.dtypes.get((node, i)) is None:
                self.dtypes[node, i] = common[i] if common else _fixed_dtype(node, i) or first
                changed |= self.dtypes[node, i] is not None
        return changed

    def check_dtypes(self) -> None:
        """Raise where the types of a node's inputs and outputs contradict each other."""
        for node in self.nodes:
            if node.op is None or node.subgraphs or isinstance(node.op, CustomNode):
                continue
            first: tuple[np.dtype, str] | None = None
            named = list(zip(node.input_names, node.inputs, strict=True))
            for name, entry in named:
                found = self.dtypes.get(entry)
                if found is None or _apart(node, name) or _loose(node, name):
                    continue
                if first is None:
                    first = found, f"{name} ({entry[0].name})"
                elif found != first[0] and found != _input_dtype(node, name, first[0]):
                    raise self._contradiction(node, f"{name} ({entry[0].name})", found, *first)
            if first is not None and _fixed_dtype(node, 0) is None:
                found = self.dtypes.get((node, 0))
                if found is not None and found != first[0] and not _loose(node, first[1]):
                    raise self._contradiction(node, "the output", found, *first)

    def _contradiction(
        self, node: Node, what: str, found: np.dtype, first: np.dtype, other: str
    ) -> MXNetError:
        known = [self.dtypes.get(e) for e in node.inputs]
        shown = ["of unknown type" if t is None else t.name for t in known]
        text = f"{what} has type {found.name}, but {other} has {first.name}"
        return refused(node, shown, f"{text}; convert one with sym.cast")

    def default_dtypes(self) -> None:
        """Take float32 for variables of which nothing is known."""
        self.infer_dtypes()
        while True:
            unknown = [v for v in self.roles.inputs if self.dtypes[v, 0] is None]
            if not unknown:
                return
            self.dtypes[unknown[0], 0] = np.dtype("float32")
            self.infer_dtypes()

    # -- shapes -----------------------------------------------------------------------------

    def infer_shapes(self) -> None:
        """Fill in what follows from what is known; raises where something contradicts."""
        self.default_dtypes()
        changed = True
        while changed:
            changed = False
            for node in self.nodes:
                if node.op is not None:
                    changed |= self._inputs_from_rule(node)
                    changed |= self._outputs(node)

    def _inputs_from_rule(self, node: Node) -> bool:
        """Shapes of parameters from that of the data."""
        op, names = node.op, node.input_names
        shapes = [self.shapes.get(e) for e in node.inputs]
        if node.subgraphs:
            return self._learn(self.shapes, node, subgraph.shapes(node, shapes, self.dtypes))
        if op is not None and (op.alike or node.kind in ELEMENTWISE):
            return self._one_shape(node, shapes)
        changed = self._learn(self.shapes, node, related(node, self.shapes))
        if op is None or op.infer is None or op.variadic:
            return changed
        try:
            named = dict(zip(names, shapes, strict=True))
            found = op.infer({**dict.fromkeys(op.inputs), **named}, node.params)
        except (TypeError, ValueError, IndexError) as e:
            if not complete(shapes[0]):
                return changed
            raise self._refused(node, str(e)) from None
        for name, entry, old in zip(names, node.inputs, shapes, strict=True):
            if found.get(name) is None or name == "label" and complete(old):
                continue  # labels may have several shapes
            new = merge(old, found[name])
            if new is None:
                raise self._refused(
                    node,
                    f"the shape of {name} ({entry[0].name}) is {old}, but {tuple(found[name])} "
                    "follows from the other inputs and the attributes",
                )
            changed |= new != old
            self.shapes[entry] = new
        return changed

    def _learn(self, known: dict[Entry, Any], node: Node, found: Mapping[Entry, Any]) -> bool:
        """Take over what subgraphs tell about a node's inputs and outputs."""
        changed = False
        for entry, new in found.items():
            changed |= known.get(entry) != new
            known[entry] = new
        return changed

    def _one_shape(self, node: Node, shapes: list[Shape | None]) -> bool:
        merged: Shape | None = None
        for shape in (*shapes, self.shapes.get((node, 0))):
            if shape is not None:
                merged = merge(merged, shape)
                if merged is None:
                    return False  # they broadcast, or are in error, which is found later
        changed = False
        for entry, old in zip(node.inputs, shapes, strict=True):
            if merged is not None and not complete(old):
                changed |= old != merged
                self.shapes[entry] = merged
        return changed

    def _outputs(self, node: Node) -> bool:
        """Shapes of the outputs, once all inputs have one."""
        shapes = [self.shapes.get(e) for e in node.inputs]
        if any(s is None for s in shapes):
            return False
        kernel, changed = node_kernel(node, train=False), False
        if all(map(complete, shapes)):
            avals = self._avals(node, shapes)
            results = abstract(node, kernel, avals)[: kernel.visible]
            found: list[Any] = [tuple(a.shape) for a in results]
            for i, a in enumerate(results):
                self.dtypes[node, i] = np.dtype(a.dtype)
        else:
            found, changed = self._partly(node, kernel, shapes)
        for i, shape in enumerate(found):
            changed |= self._told((node, i), shape, node, i)
        return changed

    def _told(self, entry: Entry, shape: Sequence[int], node: Node, i: int) -> bool:
        """Take in what a node says about its output ``i``; whether that is news."""
        old = self.shapes.get(entry)
        new = merge(old, shape)
        if new is None:
            raise self._refused(node, f"output {i} has shape {tuple(shape)}, but needs {old}")
        self.shapes[entry] = new
        return new != old

    def _partly(
        self, node: Node, kernel: Kernel, shapes: Sequence[Shape | None]
    ) -> tuple[list[Any], bool]:
        """Shapes of the outputs where some extents of the inputs are not known; whether that told
        something about the inputs.

        The node is tried with numbers that stand for these. Where an extent of an output is such a
        number they are equal, and what is known about the output is known about the input.
        """
        unknown = [(k, a) for k, s in enumerate(shapes) for a, n in enumerate(s or ()) if not n]
        tries: list[list[Any]] = []
        for factors in (_FACTORS, (1,) * len(_FACTORS)):  # different ones, or all the same
            tries = []
            places = dict(zip(unknown, factors, strict=False))
            if len(places) < len(unknown):
                continue
            for stand_in in _STAND_INS:
                full = [
                    tuple(n or stand_in * places[k, a] for a, n in enumerate(s or ()))
                    for k, s in enumerate(shapes)
                ]
                try:
                    outs = abstract(node, kernel, self._avals(node, full))
                except MXNetError:
                    break
                tries.append([tuple(o.shape) for o in outs[: kernel.visible]])
            if len(tries) == len(_STAND_INS):
                break
        if len(tries) < len(_STAND_INS):
            return [], False
        changed = False
        alone = len(set(places.values())) == len(places)
        # extents that must be equal, of one axis of several inputs, such as the batch
        if alone or len({a for _, a in places}) == 1:
            pairs: dict[tuple, list] = {}
            for place, factor in places.items():
                pairs.setdefault(tuple(s * factor for s in _STAND_INS), []).append(place)
            for i, both in enumerate(zip(*tries, strict=True)):
                have = self.shapes.get((node, i)) or ()
                if len(have) == len(both[0]):
                    for axis, pair in enumerate(zip(*both, strict=True)):
                        if have[axis] and pair in pairs:
                            for k, a in pairs[pair]:
                                changed |= self._extent(node, k, a, have[axis])
        found = [
            tuple(m if m == n else 0 for m, n in zip(a, b, strict=True))
            for a, b in zip(*tries, strict=True)
        ]
        return found, changed

    def _extent(self, node: Node, k: int, axis: int, extent: int) -> bool:
        """Note the extent of one axis of an input."""
        entry = node.inputs[k]
        shape = list(self.shapes[entry] or ())
        if shape[axis]:
            return False
        shape[axis] = extent
        self.shapes[entry] = tuple(shape)
        return True

    def known(self, variable: Node) -> bool:
        """Whether the whole shape of a variable is known."""
        return complete(self.shapes[variable, 0])

    def _avals(self, node: Node, shapes: Sequence[Shape | None]) -> list[Aval]:
        """Shapes and dtypes of the inputs."""
        return [
            Aval(tuple(s or ()), self.dtypes.get(e) or np.dtype("float32"))
            for s, e in zip(shapes, node.inputs, strict=True)
        ]

    def _refused(self, node: Node, text: str) -> MXNetError:
        shapes = [self.shapes.get(e) for e in node.inputs]
        shown = ["of unknown shape" if s is None else str(s) for s in shapes]
        return refused(node, shown, text)


def _fixed_dtype(node: Node, i: int) -> np.dtype | None:
    """The type of an operator's output, if it does not depend on the inputs."""
    kind, params = node.kind, node.params
    if not node.inputs and node.op is not None:
        return np.dtype(abstract(node, node_kernel(node, train=False), [])[i].dtype)
    if kind in _RESULTS:
        return np.dtype(_RESULTS[kind])
    if kind == "_histogram" and i > 0:
        return None
    if (
        node.op is not None and "moving_var" in node.op.aux and i > 0
    ) or kind == "mp_lamb_update_phase1":
        return np.dtype("float32")
    if kind == "topk" and i == 0 and params.get("ret_typ") != "indices":
        return None
    if kind == "Embedding":
        return None  # that of the weight
    found = params.get("dtype")
    if found is None and kind.startswith("_sample_") and kind != "_sample_multinomial":
        return np.dtype("float32")
    return None if found is None else jnp.dtype(found)


def _multicast(node: Node, known: list[np.dtype | None]) -> list[np.dtype]:
    """The types of ``amp_multicast``'s results; nothing for other nodes, or if some is unknown."""
    types = [t for t in known if t is not None]
    if node.kind != "amp_multicast" or len(types) < len(known):
        return []
    floats = [t for t in types if is_float(t)]
    choose = min if node.params.get("cast_narrow") else max
    return [choose(floats, key=lambda kind: kind.itemsize) if is_float(t) else t for t in types]


def _apart(node: Node, name: str) -> bool:
    """Whether the type of an input has nothing to do with those of the others."""
    names = _APART_OF.get(node.kind)
    return name in _APART or names is not None and (name in names or not names)


def _loose(node: Node, name: str) -> bool:
    """Whether an input may have another type than the others."""
    kind, many = node.kind, node.op is not None and node.op.variadic
    return (
        name in _LOOSE
        or kind in _LOOSE_OPS
        or kind.startswith("_sample_")
        or (many and "_mp_" in kind)  # weights and their master copies
    )


def _precise(node: Node) -> Sequence[str]:
    """Inputs that are float32 where the others have 16 bits: statistics, sums, master copies."""
    op = node.op
    if op is None or op.variadic:
        return ()
    if "moving_var" in op.aux or node.kind == "mp_lamb_update_phase2":
        return op.inputs[1:]
    return op.inputs[2:] if node.kind.startswith(("mp_", "_mp_")) else ()


def _input_dtype(node: Node, name: str, first: np.dtype | None) -> np.dtype | None:
    """The type of an input of which nothing is known, beside one of type ``first``."""
    op = node.op
    if node.kind == "Embedding" and name == "weight":
        return first or jnp.dtype(node.params["dtype"])
    if op is None or _apart(node, name):
        return None
    if name in _precise(node) and first in (np.dtype("float16"), jnp.dtype("bfloat16")):
        return np.dtype("float32")
    return first


# -- the methods of Symbol ------------------------------------------------------------------------


def _given(
    symbol: Symbol, args: Sequence[Any], kwargs: Mapping[str, Any], what: str
) -> dict[Node, Any]:
    """What the caller told about variables."""
    if args and kwargs:
        raise ValueError(f"infer_{what}() takes {what}s by position or by name, not both")
    found = Roles(postorder(symbol._heads))
    if args:
        if len(args) > len(found.arguments):
            raise MXNetError(
                f"infer_{what}() got {len(args)} {what}s for {len(found.arguments)} arguments"
            )
        return {n: a for n, a in zip(found.arguments, args, strict=False) if a is not None}
    names = {v.name for v in found.inputs}
    for name in kwargs:
        if name not in names:
            raise MXNetError(
                f"infer_{what}(): {symbol!r} has no variable {name!r}; it has "
                f"{', '.join(dict.fromkeys(v.name for v in found.inputs))}"
            )
    return {v: kwargs[v.name] for v in found.inputs if kwargs.get(v.name) is not None}


def _known(shape: Sequence[int] | None) -> Shape | None:
    """A shape as a user gives it: -1 is an unknown extent as 0 is."""
    return None if shape is None else tuple(max(n, 0) for n in shape)


def _shape(node: Node, value: Any) -> Shape:
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"the shape of {node.name} must be a tuple of integers, got {value!r}")
    return tuple(int(n) for n in value)


def infer_shape(
    symbol: Symbol, args: Sequence[Any], kwargs: Mapping[str, Any], partial: bool
) -> tuple[Any, Any, Any]:
    """See :meth:`Symbol.infer_shape`."""
    known = {v: _shape(v, s) for v, s in _given(symbol, args, kwargs, "shape").items()}
    inference = Inference(symbol._heads, known, {})
    inference.infer_shapes()
    shapes = inference.shapes
    entries = _listed(symbol, inference.roles)
    if not partial and not all(complete(shapes.get(e)) for part in entries for e in part):
        unknown = [v for v in inference.roles.inputs if not complete(shapes[v, 0])]
        _warn("shape", [f"{v.name} {shapes[v, 0] or ''}".rstrip() for v in unknown])
        return None, None, None
    arguments, outputs, auxiliary = ([shapes.get(e) or () for e in part] for part in entries)
    return arguments, outputs, auxiliary


def infer_type(
    symbol: Symbol, args: Sequence[Any], kwargs: Mapping[str, Any], partial: bool
) -> tuple[Any, Any, Any]:
    """See :meth:`Symbol.infer_type`."""
    known = {v: jnp.dtype(t) for v, t in _given(symbol, args, kwargs, "type").items()}
    inference = Inference(symbol._heads, {}, known)
    inference.infer_dtypes()
    inference.check_dtypes()
    dtypes = inference.dtypes
    entries = _listed(symbol, inference.roles)
    if not partial and any(dtypes.get(e) is None for part in entries for e in part):
        _warn("type", [v.name for v in inference.roles.inputs if dtypes[v, 0] is None])
        return None, None, None
    arguments, outputs, auxiliary = (
        [t.type if (t := dtypes.get(e)) is not None else None for e in part] for part in entries
    )
    return arguments, outputs, auxiliary


def _listed(symbol: Symbol, roles: Roles) -> tuple[list[Entry], list[Entry], list[Entry]]:
    return (
        [(v, 0) for v in roles.arguments],
        list(symbol._heads),
        [(v, 0) for v in roles.auxiliary],
    )


def _warn(what: str, unknown: list[str]) -> None:
    warnings.warn(
        f"the {what} of {', '.join(unknown) or 'an output'} cannot be decided; give "
        f"{'it' if len(unknown) == 1 else 'some of them'} too",
        stacklevel=4,
    )
