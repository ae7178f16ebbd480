"""The program's own events."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import jax

from ..error import MXNetError
from ._session import session

__all__ = ["Counter", "Domain", "Event", "Frame", "Marker", "Task", "scope"]


def _now() -> float:
    return time.time_ns() / 1000


class Domain:
    """A name for events that belong together.

    Parameters
    ----------
    name : str
    """

    def __init__(self, name: str):
        self.name = name

    def __str__(self) -> str:
        return self.name

    def new_task(self, name: str) -> Task:
        """A :class:`Task` of this domain."""
        return Task(self, name)

    def new_frame(self, name: str) -> Frame:
        """A :class:`Frame` of this domain."""
        return Frame(self, name)

    def new_counter(self, name: str, value: float | None = None) -> Counter:
        """A :class:`Counter` of this domain."""
        return Counter(self, name, value)

    def new_marker(self, name: str) -> Marker:
        """A :class:`Marker` of this domain."""
        return Marker(self, name)


class _Span:
    """Something with a begin and an end."""

    def __init__(self, name: str, category: str):
        self.name = name
        self._category = category
        self._begun: float | None = None
        self._annotation: Any = None

    def start(self) -> None:
        """It begins now; once more if it has begun already."""
        if self._begun is not None:
            self.stop()
        self._annotation = jax.profiler.TraceAnnotation(self.name)
        self._annotation.__enter__()
        self._begun = _now()

    def stop(self) -> None:
        """It ends now; without effect if it has not begun."""
        begun, self._begun = self._begun, None
        if begun is None:
            return
        self._annotation.__exit__(None, None, None)
        session.add({
            "name": self.name, "cat": self._category, "ph": "X", "ts": begun, "dur": _now() - begun,
        })  # fmt: skip

    def __enter__(self) -> Any:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def __str__(self) -> str:
        return self.name


class Task(_Span):
    """A piece of work with a begin and an end.

    Parameters
    ----------
    domain : Domain
    name : str

    Examples
    --------
    >>> import gluonx as gx
    >>> task = gx.profiler.Task(gx.profiler.Domain('mine'), 'load')
    >>> task.start()
    >>> task.stop()
    """

    def __init__(self, domain: Domain, name: str):
        super().__init__(name, str(domain))


class Frame(_Span):
    """One of many like it, such as a batch.

    Parameters
    ----------
    domain : Domain
    name : str
    """

    def __init__(self, domain: Domain, name: str):
        super().__init__(name, f"{domain},frame")


class Event(_Span):
    """Something with a begin and an end that belongs to no domain.

    Parameters
    ----------
    name : str
    """

    def __init__(self, name: str):
        super().__init__(name, "event")


class Counter:
    """A number whose course is shown.

    Parameters
    ----------
    domain : Domain
    name : str
    value : number, optional
        What it begins with.

    Examples
    --------
    >>> import gluonx as gx
    >>> counter = gx.profiler.Counter(gx.profiler.Domain('mine'), 'samples', 0)
    >>> counter += 5
    """

    def __init__(self, domain: Domain, name: str, value: float | None = None):
        self.name = name
        self._domain, self._value = domain, 0.0
        if value is not None:
            self.set_value(value)

    def set_value(self, value: float) -> None:
        """Set the number."""
        self._value = value
        session.add({
            "name": self.name, "cat": str(self._domain), "ph": "C", "ts": _now(),
            "args": {self.name: value},
        })  # fmt: skip

    def increment(self, delta: float = 1) -> None:
        """Add to the number."""
        self.set_value(self._value + delta)

    def decrement(self, delta: float = 1) -> None:
        """Subtract from the number."""
        self.set_value(self._value - delta)

    def __iadd__(self, delta: float) -> Counter:
        self.increment(delta)
        return self

    def __isub__(self, delta: float) -> Counter:
        self.decrement(delta)
        return self

    def __str__(self) -> str:
        return self.name


class Marker:
    """A moment.

    Parameters
    ----------
    domain : Domain
    name : str
    """

    _SCOPES = {"global": "g", "process": "p", "thread": "t", "task": "t", "marker": "t"}

    def __init__(self, domain: Domain, name: str):
        self.name = name
        self._domain = domain

    def mark(self, scope: str = "process") -> None:
        """It is now.

        Parameters
        ----------
        scope : {'global', 'process', 'thread', 'task', 'marker'}
            Over what a viewer draws it.
        """
        if scope not in self._SCOPES:
            raise MXNetError(f"scope must be one of {', '.join(self._SCOPES)}, got {scope!r}")
        session.add({
            "name": self.name, "cat": f"{self._domain},instant_marker", "ph": "i", "ts": _now(),
            "s": self._SCOPES[scope],
        })  # fmt: skip


@contextlib.contextmanager
def scope(name: str = "<unk>:", append_mode: bool = True) -> Iterator[None]:
    """Scope whose time is shown under a name.

    Parameters
    ----------
    name : str
    append_mode : bool
        Accepted for compatibility: scopes within scopes are shown as such.
    """
    with _Span(name, "scope"):
        yield
