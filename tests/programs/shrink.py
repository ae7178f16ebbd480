"""Makes a failing program short, and prints it as Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["render", "shrink"]


def shrink(
    program: list[tuple], fails: Callable[[list[tuple]], bool], limit: int = 150
) -> list[tuple]:
    """Drop instructions as long as the program fails, in at most ``limit`` tries.

    Pieces of half the program are tried first, then smaller ones (Zeller and Hildebrandt,
    "Simplifying and isolating failure-inducing input", 2002).
    """
    size = max(1, len(program) // 2)
    while limit > 0:
        start, shorter = 0, False
        while start < len(program) and limit > 0:
            candidate = program[:start] + program[start + size :]
            limit -= 1
            if fails(candidate):
                program, shorter = candidate, True
            else:
                start += size
        if size == 1 and not shorter:
            break
        size = max(1, size // 2)
    return program


def render(program: list[tuple]) -> str:
    """The program as lines of Python, numbered as in messages."""
    lines, depth = [], 0
    for i, step in enumerate(program):
        name = step[0]
        if name in ("end", "interrupt"):
            depth = max(depth - 1, 0) if name == "end" else 0
        lines.append(f"{i:3}  {'    ' * depth}{_line(*step)}")
        depth += name in ("record", "pause")
    return "\n".join(lines)


def _key(key: Any) -> str:
    if isinstance(key, tuple):
        return ":".join("" if k is None else str(k) for k in key)
    return str(key)


def _list(names: tuple) -> str:
    return f"[{', '.join(map(str, names))}]"


_LINES: dict[str, Callable[..., str]] = {
    "net": lambda n, d=1: f"{n} = net({n!r}, devices={d})",
    "context": lambda k: f"# on cpu({k}):",
    "split": lambda xs, shape, seed: (
        f"{_list(xs)} = split_and_load({len(xs)} x values({shape}, seed={seed}))"
    ),
    "read_each": lambda n, i: f"{n}[{i}].list_data(), {n}[{i}].list_grad()",
    "trainer": lambda t, nets, o, a: f"{t} = Trainer({' + '.join(nets)}, {o!r}, {a})",
    "array": lambda x, shape, seed: f"{x} = nd.array(values({shape}, seed={seed}))",
    "data": lambda x, n, i: f"{x} = {n}[{i}].data()",
    "grad": lambda x, n, i: f"{x} = {n}[{i}].grad()",
    "attach": lambda x, req: f"{x}.attach_grad({req!r})",
    "alias": lambda y, x: f"{y} = {x}",
    "detach": lambda y, x: f"{y} = {x}.detach()",
    "copy": lambda y, x: f"{y} = {x}.copy()",
    "view": lambda y, x, key: f"{y} = {x}[{_key(key)}]",
    "reshape": lambda y, x, shape: f"{y} = {x}.reshape({shape})",
    "del": lambda x: f"del {x}",
    "keep": lambda k, x, how: f"{k} = export({x}, {how!r})",
    "take": lambda x, k: f"{x} = take_in({k})",
    "apply": lambda y, op, *xs: f"{y} = {op}({', '.join(map(str, xs))})",
    "out": lambda y, op, *xs: f"{op}({', '.join(map(str, xs))}, out={y})",
    "call": lambda y, n, *xs: f"{y} = {n}({', '.join(xs)})",
    "set": lambda x, key, v: f"{x}[{_key(key)}] = {v}",
    "inplace": lambda x, sign, v: f"{x} {sign}= {v}",
    "record": lambda: "with autograd.record():",
    "pause": lambda: "with autograd.pause():",
    "end": lambda: "# end",
    "interrupt": lambda: "# the scopes end by an exception, which is caught",
    "thread": lambda step: f"another thread: {_line(*step)}",
    "backward": lambda hs, gs, retain: (
        f"autograd.backward({_list(hs)}, {_list(gs)}, retain_graph={retain})"
    ),
    "step": lambda t, n, ignore: f"{t}.step({n}, ignore_stale_grad={ignore})",
    "update": lambda t, n, ignore: f"{t}.allreduce_grads(); {t}.update({n}, {ignore})",
    "rate": lambda t, rate: f"{t}.set_learning_rate({rate})",
    "lr_mult": lambda n, i, f: f"{n}[{i}].lr_mult = {f}",
    "grad_req": lambda n, i, req: f"{n}[{i}].grad_req = {req!r}",
    "zero_grad": lambda n: f"{n}.zero_grad()",
    "clip": lambda n, m, look: f"clip_global_norm(gradients of {n}, {m}){'.asnumpy()' * look}",
    "set_data": lambda n, i, x: f"{n}[{i}].set_data({x})",
    "read": lambda x: f"{x}.asnumpy()",
    "mean": lambda x: f"{x}.mean().asnumpy()",
    "own_grad": lambda x: f"{x}.grad.asnumpy()",
    "read_data": lambda n, i: f"{n}[{i}].data().asnumpy()",
    "read_grad": lambda n, i: f"{n}[{i}].list_grad()[0].asnumpy()",
}


def _line(name: str, *arguments: Any) -> str:
    return _LINES[name](*arguments)
