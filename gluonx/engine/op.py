"""Operators: one pure function on ``jax.Array``s, registered once.

``nd.X``, ``sym.X`` and ``F.X``, shape inference, gradients and documentation all come from the
function given to :func:`register`. Its positional parameters are arrays, its keyword-only
parameters are attributes::

    @register("LeakyStep", aliases=("leaky_step",))
    def leaky_step(data, *, slope: float = 0.25):
        '''Elementwise ``data if data > 0 else slope * data``.'''
        return jnp.where(data > 0, data, slope * data)

An array parameter with the default ``None`` may be left out. ``*data`` takes any number of arrays.
Some keyword-only names are supplied by the engine, not by the caller: ``key`` (a PRNG key, for
operators that draw random numbers), ``train`` (a bool, for operators that act differently while
training), and for operators whose nodes carry graphs ``graphs`` and ``rng``, which only symbols
have. With an annotation they are ordinary attributes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..error import ArgumentError
from . import images
from .attributes import DType, Shape, convert
from .kernel import Kernel
from .state import state

__all__ = ["Op", "Shape", "DType", "OPS", "register", "get"]


#: Attributes whose values the engine supplies.
SUPPLIED = ("key", "train", "graphs", "rng")

#: All operators by every name they have (canonical names and aliases).
OPS: dict[str, Op] = {}

_MAX_KERNELS = 512


class Op:
    """A registered operator.

    Attributes
    ----------
    name : str
        Canonical name, the one that a symbol file carries.
    fn : callable
        ``fn(*arrays, **attributes) -> array or tuple of arrays``, pure, on ``jax.Array``.
    inputs : tuple of str
        Names of the array parameters.
    optional : frozenset of str
        Inputs that may be absent.
    variadic : bool
        Whether the operator takes any number of arrays (``*data``).
    attrs : dict of str to inspect.Parameter
        The attributes that a caller may give, in order.
    aux : tuple of str
        Inputs that the operator changes. ``fn`` then returns, after its outputs, one new value for
        each of them, or None where it stays as it is. A variadic operator declares a function
        ``(number of arrays, attributes) -> places`` instead; see :meth:`changed`.
    traced : tuple of str
        Number attributes that are arguments of the compiled code: a new value does not recompile.
        They reach ``fn`` as arrays of the first input's dtype, 0-d, or 1-d for a tuple of numbers.
    precise : bool
        Traced attributes are float32 where the first input is a 16-bit float.
    infer : callable or None
        ``infer(shapes, attrs) -> dict`` fills in shapes of inputs that are not known yet (None, or
        a tuple with 0 for an unknown extent) from those that are.
    outputs : callable or int
        Number of visible outputs, or a function of the attributes that gives it.
    alike : bool
        Whether its inputs and its output have one shape, so that any of them tells the others'.
    loss : bool
        Whether it is a loss: its gradient needs none at its output.
    output_names : sequence of str or callable, optional
        Names of all outputs as a symbol file has them, hidden ones too, or a function of the
        attributes; by default ``output``, or ``output0``, ``output1``, ...
    initial : dict of str to str
        How inputs that a symbol makes by itself are initialized where nothing else is said.
    channels_last : callable or None
        How it makes its first output with channels last, see :mod:`gluonx.engine.images`.
    """

    def __init__(
        self,
        name: str,
        fn: Callable,
        *,
        aliases: Sequence[str] = (),
        aux: Sequence[str] | Callable[[int, dict], Sequence[int]] = (),
        traced: Sequence[str] = (),
        precise: bool = False,
        infer: Callable | None = None,
        outputs: int | Callable[[dict], int] = 1,
        differentiable: bool = True,
        alike: bool = False,
        loss: bool = False,
        output_names: Sequence[str] | Callable[[dict], Sequence[str]] | None = None,
        initial: dict[str, str] | None = None,
        channels_last: Any = None,
    ):
        self.name = name
        self.fn = fn
        self.aliases = tuple(aliases)
        self._places = aux if callable(aux) else None
        self.aux: tuple[str, ...] = () if callable(aux) else tuple(aux)
        self.traced = tuple(traced)
        self.precise = precise
        self.infer = infer
        self.outputs = outputs
        self.differentiable = differentiable
        self.alike = alike
        self.loss = loss
        self.output_names = output_names
        self.initial = initial or {}
        self.channels_last = channels_last
        self.doc = inspect.getdoc(fn) or ""

        inputs, optional, attrs = [], [], {}
        self.variadic = False
        supplied = set()
        for p in inspect.signature(fn, eval_str=True).parameters.values():
            if p.kind is p.VAR_POSITIONAL:
                self.variadic = True
                inputs.append(p.name)
            elif p.kind is p.POSITIONAL_OR_KEYWORD:
                inputs.append(p.name)
                if p.default is not p.empty:
                    optional.append(p.name)
            elif p.kind is p.KEYWORD_ONLY and p.name in SUPPLIED and p.annotation is p.empty:
                supplied.add(p.name)
            elif p.kind is p.KEYWORD_ONLY:
                attrs[p.name] = p
            else:
                raise TypeError(
                    f"operator {name}: parameter {p} is not supported; array parameters are "
                    "positional, attributes are keyword-only"
                )
        self.inputs = tuple(inputs)
        self.optional = frozenset(optional)
        self.attrs: dict[str, inspect.Parameter] = attrs
        self.random = "key" in supplied
        self.train = "train" in supplied
        #: Whether its nodes carry graphs, the bodies of loops; then only symbols can run it.
        self.graphs = "graphs" in supplied
        #: The types that it computes in under mixed precision, see ``ops.precision``.
        self.precision = "any"
        self._order = tuple(attrs)
        self.present = (True,) * len(self.inputs)
        self._kernels: dict[Any, Kernel] = {}
        if alike and channels_last is None and not (self.random or loss):
            self.channels_last = images.elementwise

    def __repr__(self) -> str:
        return f"<Op {self.name}>"

    def changed(self, count: int, attrs: dict) -> tuple[int, ...]:
        """Places of the inputs that the operator changes, when it gets ``count`` arrays."""
        if self._places is not None:
            return tuple(self._places(count, attrs))
        return tuple(self.inputs.index(name) for name in self.aux)

    def signature(self, extra: Iterable[inspect.Parameter] = ()) -> inspect.Signature:
        """The signature of the public function: arrays, then attributes, then ``extra``."""
        params = []
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        if self.variadic:
            params.append(inspect.Parameter(self.inputs[0], inspect.Parameter.VAR_POSITIONAL))
            kind = inspect.Parameter.KEYWORD_ONLY
        else:
            need_default = False
            for n in self.inputs:
                need_default |= n in self.optional
                default = None if need_default else inspect.Parameter.empty
                params.append(inspect.Parameter(n, kind, default=default))
            required = [p.default is p.empty for p in self.attrs.values()]
            if need_default or required != sorted(required, reverse=True):
                kind = inspect.Parameter.KEYWORD_ONLY
        params += [p.replace(kind=kind) for p in self.attrs.values()]
        params += [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in extra]
        return inspect.Signature(params)

    def parse(self, given: dict[str, Any]) -> dict[str, Any]:
        """Attributes as ``fn`` takes them, from what a caller or a file gave.

        Strings are read as their Python values (``"(3, 3)"``, ``"True"``), lists become tuples,
        dtypes become their names. Raises ArgumentError for a name that the operator does not have,
        for a required attribute that is missing, and for a value that an attribute does not take.
        """
        out = {}
        for name, value in given.items():
            p = self.attrs.get(name)
            if p is None:
                raise ArgumentError(
                    f"{self.name}() got an unexpected keyword argument {name!r}; it takes "
                    f"{', '.join(self.inputs + self._order)}"
                )
            out[name] = convert(self.name, p, value)
        for name, p in self.attrs.items():
            if name not in out:
                if p.default is p.empty:
                    raise ArgumentError(f"{self.name}() is missing the required argument {name!r}")
                out[name] = p.default
        return out

    def kernel(self, given: dict[str, Any], present: tuple[bool, ...] | int, train: bool) -> Kernel:
        """The kernel for one setting of the attributes.

        Parameters
        ----------
        given : dict
            Attributes as the caller gave them, less the traced ones.
        present : tuple of bool, or int
            Which inputs are there; the number of them for a variadic operator.
        train : bool
            Train mode; only operators that depend on it look at it.
        """
        train = train and self.train
        policy = state.precision
        try:
            key = (tuple(given.items()), present, train, policy)
            found = self._kernels.get(key)
        except TypeError:  # a list, an array: make it hashable and look again
            given = {k: tuple(v) if isinstance(v, list) else v for k, v in given.items()}
            given = {
                k: v if _hashable(v) else tuple(np.asarray(v).tolist()) for k, v in given.items()
            }
            key = (tuple(given.items()), present, train, policy)
            found = self._kernels.get(key)
        if found is None:
            attrs = self.parse({**dict.fromkeys(self.traced, 0.0), **given})
            for name in self.traced:
                del attrs[name]
            # equal settings spelled differently share one kernel
            canonical = (
                "canonical",
                tuple(sorted((k, str(v)) for k, v in attrs.items())),
                present,
                train,
                policy,
            )
            found = self._kernels.get(canonical)
            if found is None:
                fn = self._bind(attrs, present, train)
                if policy is not None:
                    count = present if isinstance(present, int) else sum(present)
                    fn = policy.casting(self, attrs, fn, count)
                found = Kernel(fn, self.name, op=self, attrs=attrs)
                found.present = present
                found.wide = any(str(v) in ("float64", "int64", "uint64") for v in attrs.values())
                found.visible = (
                    self.outputs if isinstance(self.outputs, int) else self.outputs(attrs)
                )
            if len(self._kernels) >= _MAX_KERNELS:
                for old in list(self._kernels)[: _MAX_KERNELS // 4]:
                    del self._kernels[old]
            self._kernels[canonical] = self._kernels[key] = found
        return found

    def _bind(self, attrs: dict, present: tuple[bool, ...] | int, train: bool) -> Callable:
        """``fn`` as a function of arrays alone: inputs, traced attributes, random state."""
        import jax

        fn, traced, random, way = self.fn, self.traced, self.random, self.channels_last
        kw = dict(attrs)
        if self.train:
            kw["train"] = train
        count = present if isinstance(present, int) else len(present)
        full = isinstance(present, int) or all(present)

        def call(*arrays):
            given = iter(arrays)
            if full:
                args = [next(given) for _ in range(count)]
            else:
                args = [next(given) if there else None for there in present]  # type: ignore[union-attr]
            more = {name: next(given) for name in traced}
            if random:
                rng = next(given)
                key = jax.random.wrap_key_data(rng[:2], impl="threefry2x32")
                more["key"] = jax.random.fold_in(key, rng[2])
            if way is not None and state.images is not None:
                out = images.through(way, fn, args, {**kw, **more})
                if out is None:
                    out = fn(*args, **kw, **more)
            else:
                out = fn(*args, **kw, **more)
            return tuple(out) if isinstance(out, (tuple, list)) else (out,)

        call.__name__ = call.__qualname__ = self.name
        return call


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def register(name: str, **facts: Any) -> Callable[[Callable], Callable]:
    """Register a function as the operator ``name``; see :class:`Op` for the facts it may state.

    Returns the function unchanged, so that operators can call each other.
    """

    def add(fn: Callable) -> Callable:
        op = Op(name, fn, **facts)
        for n in (name, *op.aliases):
            if n in OPS:
                raise ValueError(f"operator name {n!r} is registered twice")
            OPS[n] = op
        return fn

    return add


def get(name: str) -> Op:
    """The operator called ``name``; KeyError when there is none."""
    return OPS[name]
