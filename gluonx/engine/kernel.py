"""Kernels: pure functions of arrays with their compiled forms.

An operator with its attributes, a traced block, a whole recorded region: each is a kernel. A
kernel runs forward as one cached XLA executable (:meth:`Kernel.run`), or forward keeping what its
gradient needs (:meth:`Kernel.recorded`), in which case :class:`Pullback` is the way back, again one
cached executable.
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from . import mappings, persistent
from .interrupts import held_back
from .options import compiler_options
from .target import tracing_for

__all__ = ["COPY", "Kernel", "Pullback", "Aval", "aval_of", "x64", "is_float"]

#: Shape and dtype of an array, hashable.
Aval = jax.ShapeDtypeStruct

_WIDE = frozenset(map(np.dtype, ("float64", "int64", "uint64", "complex128")))
_dtype = operator.attrgetter("dtype")


class _Wide:
    """Whether this process has ever made a 64-bit array; until then nobody looks for one."""

    seen = False


def aval_of(array: Any) -> Any:
    """Shape and dtype of a JAX or NumPy array, as an object that has them as attributes."""
    return array.aval if isinstance(array, jax.Array) else Aval(array.shape, array.dtype)


@functools.lru_cache(maxsize=64)
def is_float(dtype: Any) -> bool:
    return jnp.issubdtype(dtype, jnp.inexact)


def is_wide(dtype: Any) -> bool:
    return dtype in _WIDE


def has_wide(arrays: Sequence[Any]) -> bool:
    """Whether one of some arrays has a 64-bit type; costs nothing until there was one."""
    return _Wide.seen and not _WIDE.isdisjoint(map(_dtype, arrays))


def any_wide(*dtypes: Any) -> bool:
    """Whether one of them is a 64-bit type; costs nothing until this process has made one."""
    return _Wide.seen and any(d in _WIDE for d in dtypes)


def put(host: Any, device: Any) -> Any:
    """An array, or a host array that is never written to again, as a ``jax.Array`` on ``device``,
    which may be a sharding."""
    if is_wide(host.dtype):
        with x64():
            return jax.device_put(host, device)
    return jax.device_put(host, device)


def aligned_bytes(size: int) -> np.ndarray:
    """Memory that begins at a multiple of 64: on a CPU XLA takes it over as it is."""
    memory = np.empty(size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + size]


def x64():
    """Scope in which JAX keeps 64-bit types; the global configuration does not change."""
    _Wide.seen = True
    return jax.enable_x64(True)


def sharding_on(device: Any) -> Any:
    """Where results of work on a device are; XLA's choice for work on a mesh."""
    if isinstance(device, jax.sharding.Sharding):
        return None
    return jax.sharding.SingleDeviceSharding(device)


def _one_by_one(function: Callable) -> Callable:
    """A program on several CPU devices, which is waited for: many of them under way can block each
    other (see ``spread``)."""

    @functools.wraps(function)
    def run(*arrays):
        return jax.block_until_ready(function(*arrays))

    return run


class Kernel:
    """A pure function ``fn(*arrays) -> tuple`` and its executables.

    The first ``visible`` entries of the result are its outputs; further ones are new values of
    mutable inputs (or None), which carry no gradient.
    """

    __slots__ = (
        "fn", "name", "op", "attrs", "present", "wide", "visible", "_jitted", "_recorded", "_avals",
        "regions", "stage", "used", "runs", "compiled", "small", "together", "faults", "_fixed",
        "__weakref__",
    )  # fmt: skip

    def __init__(
        self, fn: Callable, name: str, op: Any = None, attrs: Any = None, visible: int = 1
    ):
        self.fn = fn
        self.name = name
        self.op = op
        self.attrs = attrs
        #: Which of the operator's inputs there are.
        self.present: Any = ()
        self.wide = False
        self.visible = visible
        self._jitted: dict = {}
        self._recorded: dict = {}
        self._avals: dict = {}
        #: Kernels of the graphs that begin with this one, by structure (see ``graph.cached``).
        self.regions: dict | None = None
        #: The root of the stages of the regions that begin with this one.
        self.stage: Any = None
        #: When it was last used, for a kernel that stands in a bounded cache.
        self.used = 0
        #: How often it ran, for a kernel of a region, and how often it was compiled.
        self.runs = self.compiled = 0
        #: Which result is small, for a kernel of a region (see ``job``).
        self.small: int | None = None
        #: Several steps as one executable, for a kernel of a region (see ``queue``).
        self.together: Any = None
        #: The page faults of the process when they were counted first (see ``pages``).
        self.faults = 0
        #: Those for any shapes whose place :meth:`prepare` has given to others.
        self._fixed: dict = {}

    def __repr__(self) -> str:
        return f"<Kernel {self.name}>"

    def needs_x64(self, arrays: Sequence[Any]) -> bool:
        return self.wide or has_wide(arrays)

    def _compiled(
        self, device: Any, donate: tuple[int, ...], mask: tuple[bool, ...] | None,
        options: dict[str, Any] | None = None,
    ) -> Any:  # fmt: skip
        # Without out_shardings a result that does not depend on the inputs would not be tied to the
        # device, and everything that uses it would be compiled again.
        persistent.switch_on()
        fn = self.fn if mask is None else _recording(self, mask, device)

        @functools.wraps(fn)
        def counted(*arrays):
            self.compiled += not options
            mappings.watch()
            with tracing_for(device):
                return fn(*arrays)

        usual = compiler_options(device)
        jitted = jax.jit(
            counted,
            out_shardings=sharding_on(device),
            donate_argnums=donate,
            compiler_options={**(usual or {}), **options} if options else usual,
        )
        if isinstance(device, jax.sharding.Sharding):
            if next(iter(device.device_set)).platform == "cpu":
                return _one_by_one(jitted)
        return jitted

    def run(self, arrays: Sequence[Any], device: Any, donate: tuple[int, ...] = ()) -> tuple:
        """Outputs for concrete arrays; those at the places ``donate`` are given up."""
        jitted = self._jitted.get((device, donate))
        if jitted is None:
            outs: list[tuple] = []
            self.run_into(outs, arrays, device, donate)
            return outs[0]
        if (self.wide or _Wide.seen) and self.needs_x64(arrays):
            with x64():
                return jitted(*arrays)
        return jitted(*arrays)

    def prepare(
        self, avals: Sequence[Aval], device: Any, donate: tuple[int, ...],
        options: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """Compile for arrays of these shapes and dtypes.

        With ``options`` for XLA, besides the usual ones, it is another executable for what there
        is one already, which stays for arrays of other shapes; it does not count in ``compiled``.
        """
        key = (device, donate)
        made = self._compiled(device, donate, None, options).lower(*avals).compile()
        if options:
            self._fixed.setdefault(key, self._jitted[key])
        self._jitted[key] = made

    def run_into(
        self, outs: list, arrays: Sequence[Any], device: Any, donate: tuple[int, ...]
    ) -> None:
        """As :meth:`run`; the tuple of outputs is appended to ``outs``.

        It stands in the list as soon as the call has returned: an interrupt (Ctrl-C), which Python
        delivers between two of its own instructions, cannot lose it.
        """
        key = (device, donate)
        jitted = self._jitted.get(key)
        if jitted is not None:
            try:
                self._call_into(outs, jitted, arrays)
                return
            except (TypeError, ValueError):
                usual = self._fixed.get(key)
                if usual is None:
                    raise
            self._call_into(outs, usual, arrays)  # arrays of other shapes
            return
        with held_back():
            jitted = self._compiled(device, donate, None)
            self._call_into(outs, jitted, arrays)
            self._jitted[key] = jitted

    def _call_into(self, outs: list, function: Callable, arrays: Sequence[Any]) -> None:
        if (self.wide or _Wide.seen) and self.needs_x64(arrays):
            with x64():
                outs.extend(itertools.starmap(function, (arrays,)))
        else:
            outs.extend(itertools.starmap(function, (arrays,)))

    def inline(self, arrays: Sequence[Any]) -> tuple:
        """Outputs for arrays of a trace."""
        if self.needs_x64(arrays):
            with x64():
                return self.fn(*arrays)
        return self.fn(*arrays)

    def record(
        self, arrays: Sequence[Any], mask: tuple[bool, ...], device: Any
    ) -> tuple[tuple, Pullback]:
        """Outputs, and the pullback to the inputs for which ``mask`` is true."""
        key = (device, mask)
        jitted = self._recorded.get(key)
        if jitted is None:
            made: list[tuple] = []
            with held_back():
                jitted = self._compiled(device, (), mask)
                self._call_into(made, jitted, arrays)
                self._recorded[key] = jitted
            outs, kept = made[0]
        elif (self.wide or _Wide.seen) and self.needs_x64(arrays):
            with x64():
                outs, kept = jitted(*arrays)
        else:
            outs, kept = jitted(*arrays)
        spec = kept.spec
        return outs, Pullback(
            spec,
            kept.own,
            [arrays[i] for i in spec.from_inputs],
            [outs[i] for i in spec.from_outputs],
        )

    def abstract(self, avals: tuple[Aval, ...]) -> tuple:
        """Shapes and dtypes of the outputs, without computing; raises what tracing raises."""
        key = tuple((a.shape, a.dtype) for a in avals)
        found = self._avals.get(key)
        if found is None:
            avals = tuple(Aval(*k) for k in key)
            with held_back():
                if self.wide or any(a.dtype in _WIDE for a in avals):
                    with x64():
                        found = jax.eval_shape(self.fn, *avals)
                else:
                    found = jax.eval_shape(self.fn, *avals)
                self._avals[key] = found
        return found


class _Spec:
    """How to rebuild one pullback: static, made while tracing, compared by identity."""

    __slots__ = (
        "tree", "places", "from_inputs", "from_outputs", "avals", "wide", "device", "backward",
    )  # fmt: skip

    def __init__(self, tree, places, from_inputs, from_outputs, avals, device):
        self.tree = tree
        self.places = places
        self.from_inputs = from_inputs
        self.from_outputs = from_outputs
        self.avals = avals
        self.device = device
        self.wide = bool(jax.config.jax_enable_x64)  # type: ignore[attr-defined]
        self.backward = jax.jit(
            self._apply,
            out_shardings=sharding_on(device),
            compiler_options=compiler_options(device),
        )

    def _apply(self, own, inputs, outputs, cotangents):
        pools = (own, inputs, outputs)
        vjp = jax.tree.unflatten(self.tree, [pools[kind][i] for kind, i in self.places])
        with tracing_for(self.device):
            return vjp(tuple(map(_cotangent, cotangents, self.avals)))


def _cotangent(given, aval):
    if not is_float(aval.dtype):
        return np.zeros(aval.shape, jax.dtypes.float0)
    if given is None:
        return jnp.zeros(aval.shape, aval.dtype)
    return given.astype(aval.dtype)


class _Kept:
    """Residuals that no input or output holds already, on their way out of ``jit``."""

    def __init__(self, own, spec):
        self.own = own
        self.spec = spec


jax.tree_util.register_pytree_node(
    _Kept, lambda k: ((k.own,), k.spec), lambda spec, children: _Kept(children[0], spec)
)


def _recording(kernel: Kernel, mask: tuple[bool, ...], device: Any) -> Callable:
    fn, visible = kernel.fn, kernel.visible

    def run(*arrays):
        def forward(*wanted):
            wanted = iter(wanted)
            outs = fn(*[next(wanted) if m else a for a, m in zip(arrays, mask, strict=True)])
            return outs[:visible], outs[visible:]

        outs, vjp, more = jax.vjp(
            forward, *[a for a, m in zip(arrays, mask, strict=True) if m], has_aux=True
        )
        # A residual that is an input or an output is not returned a second time: XLA would copy it.
        leaves, tree = jax.tree.flatten(vjp)
        inputs = {id(a): i for i, a in enumerate(arrays)}
        outputs = {id(a): i for i, a in enumerate(outs)}
        own, from_inputs, from_outputs, places, seen = [], [], [], [], {}
        for leaf in leaves:
            place = seen.get(id(leaf))
            if place is None:
                if id(leaf) in inputs:
                    place = (1, len(from_inputs))
                    from_inputs.append(inputs[id(leaf)])
                elif id(leaf) in outputs:
                    place = (2, len(from_outputs))
                    from_outputs.append(outputs[id(leaf)])
                else:
                    place = (0, len(own))
                    own.append(leaf)
                seen[id(leaf)] = place
            places.append(place)
        spec = _Spec(tree, places, from_inputs, from_outputs, [aval_of(o) for o in outs], device)
        return (*outs, *more), _Kept(own, spec)

    run.__name__ = run.__qualname__ = kernel.name
    return run


class Pullback:
    """From the cotangents of a kernel's outputs to those of its inputs."""

    __slots__ = ("spec", "own", "inputs", "outputs")

    def __init__(self, spec: _Spec, own: list, inputs: list, outputs: list):
        self.spec = spec
        self.own = own
        self.inputs = inputs
        self.outputs = outputs

    def __call__(self, cotangents: Sequence[Any]) -> tuple:
        """``cotangents``: one array or None for each output. One array for each masked input."""
        spec = self.spec
        if spec.wide:
            with x64():
                return spec.backward(self.own, self.inputs, self.outputs, cotangents)
        return spec.backward(self.own, self.inputs, self.outputs, cotangents)


COPY = Kernel(lambda a: (jnp.copy(a),), "copy")
