"""A network in two files: what it is made of, and its parameters."""

from __future__ import annotations

import json
from typing import Any

from .error import MXNetError
from .hosts import at_hand, once
from .serialization.files import open_read, open_write, path_name

__all__ = ["load", "save"]


def _outline(block: Any) -> dict[str, Any]:
    """The classes of a block and its children, by the children's names."""
    return {
        "class": type(block).__name__,
        "hybridized": bool(getattr(block, "_active", False)),
        "children": {name: _outline(child) for name, child in block._children.items()},
    }


def save(block: Any, prefix: Any) -> None:
    """Write ``PREFIX-model.params`` and ``PREFIX-model.json``; see :meth:`gluonx.Block.save`."""
    prefix = path_name(prefix)
    block.save_parameters(f"{prefix}-model.params")
    name = f"{prefix}-model.json"
    with once(name) as mine:
        if mine:
            _write(name, json.dumps({"gluonx": 1, "block": _outline(block)}, indent=1).encode())


def _write(name: str, content: bytes) -> None:
    with open_write(name) as file:
        file.write(content)


def load(block: Any, prefix: Any) -> None:
    """Read what :func:`save` wrote; see :meth:`gluonx.Block.load`."""
    prefix = path_name(prefix)
    name = f"{prefix}-model.json"
    with at_hand(name) as found, open_read(found) as file:
        try:
            content = json.loads(file.read())
        except ValueError as e:
            raise MXNetError(f"{name} is damaged: {e}") from None
    outline = content.get("block") if isinstance(content, dict) else None
    if isinstance(outline, dict):  # MXNet's file has other contents, and nothing to be restored
        _check(block, outline, name, type(block).__name__)
    block.load_parameters(f"{prefix}-model.params")
    if isinstance(outline, dict):
        _restore(block, outline)


def _check(block: Any, outline: dict[str, Any], name: str, place: str) -> None:
    children = outline.get("children")
    if outline.get("class") != type(block).__name__ or not isinstance(children, dict):
        raise MXNetError(
            f"{name}: {place} is a {type(block).__name__} here, but a {outline.get('class')} in "
            "the file; make the network as it was when it was saved"
        )
    if list(children) != list(block._children):
        raise MXNetError(
            f"{name}: {place} has the children {', '.join(block._children) or 'none'}, but in the "
            f"file {', '.join(children) or 'none'}"
        )
    for key, child in block._children.items():
        _check(child, children[key], name, f"{place}.{key}")


def _restore(block: Any, outline: dict[str, Any]) -> None:
    if hasattr(block, "_active") and block._active != outline.get("hybridized", block._active):
        block.hybridize(bool(outline["hybridized"]))
    for key, child in block._children.items():
        _restore(child, outline["children"][key])
