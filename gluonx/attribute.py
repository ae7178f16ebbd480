"""Attributes for all symbols made in a scope."""

from __future__ import annotations

import threading
from collections.abc import Mapping

__all__ = ["AttrScope"]

_local = threading.local()


class _Current:
    """The scope in force on this thread, read as ``AttrScope.current``."""

    def __get__(self, instance: object, owner: type) -> AttrScope:
        stack = _local.__dict__.setdefault("stack", [])
        if not stack:
            stack.append((AttrScope(), {}))
        return stack[-1][0]


class AttrScope:
    """A ``with`` scope that gives attributes to the symbols made in it.

    Inner scopes add to outer ones and win where both have an attribute; what is given to a symbol
    itself wins over both.

    Parameters
    ----------
    **kwargs : str
        The attributes: ``ctx_group``, ``lr_mult``, ``wd_mult``, ``mirror_stage``,
        ``force_mirroring``, or names of your own that begin and end with two underscores.

    Attributes
    ----------
    current : AttrScope
        The one in force on this thread.

    Raises
    ------
    ValueError
        If a value is not a string.

    Examples
    --------
    >>> import gluonx as gx
    >>> with gx.AttrScope(ctx_group='stage1'):
    ...     x = gx.sym.var('x')
    >>> x.attr('ctx_group')
    'stage1'
    """

    current = _Current()

    def __init__(self, **kwargs: str) -> None:
        for name, value in kwargs.items():
            if not isinstance(value, str):
                raise ValueError(
                    f"attributes must be strings, got {name}={value!r}; write {name}={str(value)!r}"
                )
        self._attr = kwargs

    def get(self, attr: Mapping[str, str] | None) -> dict[str, str]:
        """``attr`` together with the attributes of this scope and of those around it."""
        stack = _local.__dict__.get("stack", ())
        merged = next((found for scope, found in reversed(stack) if scope is self), self._attr)
        return {**merged, **(attr or {})}

    def __enter__(self) -> AttrScope:
        outer = AttrScope.current.get(None)
        _local.stack.append((self, {**outer, **self._attr}))
        return self

    def __exit__(self, *exc: object) -> None:
        _local.stack.pop()
