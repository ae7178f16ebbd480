"""Names for what has none.

Every operator of a symbolic graph and every block has a name. Where the user gives none, the
current :class:`NameManager` makes one from a hint: ``convolution0``, ``convolution1``, ...
"""

from __future__ import annotations

import threading

__all__ = ["NameManager", "Prefix"]

_local = threading.local()


class _Current:
    """The manager in force on this thread, read as ``NameManager.current``."""

    def __get__(self, instance: object, owner: type) -> NameManager:
        stack = _local.__dict__.setdefault("stack", [])
        if not stack:
            stack.append(NameManager())
        return stack[-1]


class NameManager:
    """Counts names. A ``with`` scope in which automatic names start anew.

    Attributes
    ----------
    current : NameManager
        The one in force on this thread.

    Examples
    --------
    >>> import gluonx as gx
    >>> with gx.name.NameManager():
    ...     (gx.sym.var('a') + gx.sym.var('b')).name
    '_plus0'
    """

    current = _Current()

    def __init__(self) -> None:
        self._counter: dict[str, int] = {}

    def get(self, name: str | None, hint: str) -> str:
        """``name`` if there is one, else the next name made from ``hint``.

        Parameters
        ----------
        name : str or None
            What the user gave.
        hint : str
            The beginning of an automatic name.
        """
        if name:
            return name
        number = self._counter.get(hint, 0)
        self._counter[hint] = number + 1
        return f"{hint}{number}"

    def __enter__(self) -> NameManager:
        _ = NameManager.current  # the thread's own manager lies below all others
        _local.stack.append(self)
        return self

    def __exit__(self, *exc: object) -> None:
        _local.stack.pop()


class Prefix(NameManager):
    """A manager that puts a prefix before every name, given or automatic.

    Parameters
    ----------
    prefix : str

    Examples
    --------
    >>> import gluonx as gx
    >>> with gx.name.Prefix('net_'):
    ...     y = gx.sym.FullyConnected(gx.sym.var('x'), num_hidden=2, name='fc')
    >>> y.list_arguments()
    ['x', 'net_fc_weight', 'net_fc_bias']
    """

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self._prefix = prefix

    def get(self, name: str | None, hint: str) -> str:
        """The name with the prefix before it; see :meth:`NameManager.get`."""
        return self._prefix + super().get(name, hint)
