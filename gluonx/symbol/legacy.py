"""Symbol files of older versions of MXNet, brought up to date while they are read.

What changed when is in MXNet's ``src/nnvm/legacy_json_util.cc``: up to 0.8 parameters stood under
``param`` and auxiliary states were not in the file; up to 0.9.3 variables did not say how they are
initialized; up to 0.9.4 ``axis=-1`` of ``argmax`` meant all axes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..engine.op import Op
from .node import Entry, Node

__all__ = ["complete", "initialize", "own_keys", "updated", "version_of"]

#: Attributes of nodes that once stood among the parameters, without underscores.
_OWN = ("ctx_group", "lr_mult", "wd_mult", "force_mirroring", "mirror_stage")


def version_of(graph: Mapping[str, Any]) -> int:
    """The version that wrote a file, 10901 for 1.9.1; a file that does not say so is of 0.8."""
    attrs = graph.get("attrs")
    found = attrs.get("mxnet_version") if isinstance(attrs, Mapping) else None
    if isinstance(found, list) and len(found) == 2 and type(found[1]) is int:
        return found[1]
    return 800


def own_keys(attrs: Mapping[str, str]) -> tuple[dict[str, str], list[tuple[str, str, str]]]:
    """A node's attributes under their present names, and what is meant for one of its inputs.

    Returns
    -------
    attrs : dict of str to str
    meant : list of (argument, key, value)
        Of ``weight_lr_mult``, the input named ``weight`` and ``__lr_mult__``.
    """
    kept, meant = {}, []
    for key, value in attrs.items():
        name = next((n for n in _OWN if key == n or key.endswith(f"_{n}")), None)
        if name is None:
            kept[key] = value
        elif key == name:
            kept[f"__{name}__"] = value
        else:
            meant.append((key[: -len(name) - 1], f"__{name}__", value))
    return kept, meant


def updated(kind: str, attrs: dict[str, str], version: int) -> dict[str, str]:
    """The parameters of an operator as they are written today."""
    if version < 905 and kind in ("argmax", "argmin") and attrs.get("axis") == "-1":
        return {k: v for k, v in attrs.items() if k != "axis"}
    return attrs


def complete(
    name: str, attrs: Mapping[str, str], entries: list[Entry], wanted: Sequence[str], version: int
) -> list[Entry]:
    """The inputs of a node, with variables for those that old files leave out."""
    missing = wanted[len(entries) :] if version < 900 else ()
    return [*entries, *((Node(None, f"{name}_{w}", dict(attrs)), 0) for w in missing)]


def initialize(op: Op, entries: Sequence[Entry], wanted: Sequence[str], version: int) -> None:
    """Let variables say how their operator wants them initialized."""
    if version < 904:
        for argument, (source, _) in zip(wanted, entries, strict=False):
            if source.op is None and argument in op.initial:
                source.attrs.setdefault("__init__", op.initial[argument])
