"""``net.summary(x)``: a table of layers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .hybrid import flatten, is_array

if TYPE_CHECKING:
    from .block import Block

__all__ = ["print_summary"]


def print_summary(block: Block, inputs: tuple[Any, ...]) -> None:
    """Run ``block`` on ``inputs`` once and print its layers, output shapes and parameters.

    Every layer stands under its structural name. A parameter that several layers share is counted
    once in the total.
    """
    rows: list[tuple[str, str, int]] = []
    names = _paths(block, "")
    handles = []

    def hook(b, args, out):
        arrays: list[Any] = []
        flatten(out, arrays, is_array)
        shapes = ", ".join(str(x.shape) for x in arrays)
        own = [p for p in b._reg_params.values()]
        rows.append((names[b], shapes, sum(math.prod(p.shape or ()) for p in own)))

    for b in names:
        handles.append(b.register_forward_hook(hook))
    try:
        arrays: list[Any] = []
        flatten(inputs, arrays, is_array)
        shapes = ", ".join(str(x.shape) for x in arrays)
        block(*inputs)
    finally:
        for handle in handles:
            handle.detach()
    params = set(block.collect_params().values())
    total = sum(math.prod(p.shape or ()) for p in params)
    trained = sum(math.prod(p.shape or ()) for p in params if p.grad_req != "null")
    width = max(24, *(len(r[0]) for r in rows)) + 2
    line = "-" * (width + 44)
    print(line)
    print(f"{'Layer':<{width}}{'Output shape':>28}{'Parameters':>16}")
    print("=" * len(line))
    print(f"{'Input':<{width}}{shapes:>28}{0:>16}")
    for name, shape, count in rows:
        print(f"{name:<{width}}{shape:>28}{count:>16,}")
    print("=" * len(line))
    print(f"Parameters: {total:,}, of which trainable: {trained:,}")
    print(f"Counted once although shared: {sum(r[2] for r in rows) - total:,}")
    print(line)


def _paths(block: Block, prefix: str) -> dict[Block, str]:
    """Every block with its class and structural name; a shared one under its first."""
    label = f"{type(block).__name__}({prefix})" if prefix else type(block).__name__
    found = {block: label}
    for name, child in block._children.items():
        for b, path in _paths(child, f"{prefix}.{name}" if prefix else name).items():
            found.setdefault(b, path)
    return found
