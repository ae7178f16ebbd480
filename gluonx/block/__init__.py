"""Block and HybridBlock: networks as Python objects."""

from typing import Any

from ._block import Block as Block
from ._block import HookHandle as HookHandle
from ._hybrid_block import HybridBlock as HybridBlock

__all__ = ["Block", "HookHandle", "HybridBlock"]


def __getattr__(name: str) -> Any:
    """SymbolBlock stands in a module of its own, which needs this one."""
    if name == "SymbolBlock":
        from ..symbol_block import SymbolBlock

        return SymbolBlock
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
