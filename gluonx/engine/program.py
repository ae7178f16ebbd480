"""Compiled programs in files: StableHLO, through ``jax.export``."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import jax
from jax import export

from ..error import MXNetError
from .kernel import Aval, Kernel, is_wide, x64
from .target import tracing_for

__all__ = ["LARGEST", "check_installed", "kernel_of", "load", "needs_last", "save", "specs"]


#: Stands behind a program, with a checksum: compiling a damaged one can take for ever. JAX reads
#: the file as if it were not there.
_MARK = b"gluonx sha256"
_TAIL = len(_MARK) + 32

#: The largest extent that a name stands for. Operators ask whether arrays are small enough for
#: 32-bit places in them.
LARGEST = 2048


def specs(inputs: Sequence[tuple[Sequence[int | str], Any]]) -> list[Aval]:
    """Shapes and dtypes of inputs; an extent that is a name may be any number up to `LARGEST`.

    Inputs that use one name have one extent.
    """
    names = {n for shape, _ in inputs for n in shape if isinstance(n, str)}
    scope = export.SymbolicScope([f"{n} <= {LARGEST}" for n in sorted(names)])
    found = []
    for shape, dtype in inputs:
        sized: Any = tuple(shape)
        if names.intersection(sized):
            sized = export.symbolic_shape(", ".join(map(str, sized)), scope=scope)
        found.append(Aval(sized, dtype))
    return found


def save(fn: Callable, args: Sequence[Any], platforms: Sequence[str] | None, order: int) -> bytes:
    """A function of arrays as the bytes of a file.

    Parameters
    ----------
    fn : callable
    args : list
        Shapes and dtypes of its arguments, nested as they are.
    platforms : list of str, optional
        What it shall run on: ``'cpu'``, ``'cuda'``, ``'rocm'``, ``'tpu'``; by default, what is
        there now.
    order : int
        How often it can be differentiated.
    """
    wide = any(is_wide(a.dtype) for a in jax.tree.leaves(args))
    kinds = {"gpu" if p in ("cuda", "rocm") else p for p in platforms or [jax.default_backend()]}
    with x64() if wide else nullcontext(), tracing_for(kinds.pop() if len(kinds) == 1 else None):
        exported = export.export(jax.jit(fn), platforms=platforms)(*args)
        content = bytes(exported.serialize(vjp_order=order))
    return content + _MARK + hashlib.sha256(content).digest()


def needs_last(fn: Callable, args: Sequence[Any]) -> bool:
    """Whether the result depends on the last argument."""
    jaxpr = jax.make_jaxpr(fn)(*args).jaxpr
    live = {id(v) for v in jaxpr.outvars}
    for eqn in reversed(jaxpr.eqns):
        if any(id(v) in live for v in eqn.outvars):
            live.update(id(v) for v in eqn.invars)
    return id(jaxpr.invars[-1]) in live


def check_installed() -> None:
    """Raise ImportError if the package that ``jax.export`` writes files with is missing."""
    if importlib.util.find_spec("flatbuffers") is None:
        raise ImportError(
            "files of programs need the package flatbuffers: pip install 'gluonx[export]'"
        )


def load(content: bytes, name: str) -> export.Exported:
    """What :func:`save` wrote; ``name`` is what errors call it."""
    check_installed()
    content, mark, digest = content[:-_TAIL], content[-_TAIL:-32], content[-32:]
    if mark != _MARK or hashlib.sha256(content).digest() != digest:
        raise MXNetError(
            f"{name} is damaged, or not a program that export(format='stablehlo') wrote"
        )
    try:
        return export.deserialize(bytearray(content))
    except Exception as e:
        raise MXNetError(
            f"{name} is not a program that jax.export can read: {str(e).splitlines()[0][:200]}"
        ) from None


def kernel_of(exported: export.Exported, names: Sequence[str], name: str) -> Kernel:
    """A program as a kernel: of the arrays called ``names``, then its other arguments."""
    count = len(names)

    def run(*arrays: Any) -> tuple:
        made = exported.call(dict(zip(names, arrays[:count], strict=True)), *arrays[count:])
        return tuple(jax.tree.leaves(made))

    kernel = Kernel(run, name, visible=len(exported.out_avals))
    kernel.wide = any(is_wide(a.dtype) for a in (*exported.in_avals, *exported.out_avals))
    return kernel
