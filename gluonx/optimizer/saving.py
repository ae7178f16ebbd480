"""The numbers of an optimizer, to and from files of states."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from ..error import MXNetError

__all__ = ["numbers_of", "restore_numbers", "unchanged_if_it_fails"]


def numbers_of(optimizer: Any) -> dict[str, Any]:
    """Numbers of an optimizer and its scheduler, and how often each index was updated."""
    schedule = optimizer.lr_scheduler
    return {
        "optimizer": type(optimizer).__name__,
        "counts": list(optimizer._index_update_count.items()),
        "numbers": _plain(optimizer),
        "scheduler": None if schedule is None else (type(schedule).__name__, _plain(schedule)),
    }


def _plain(thing: Any) -> dict[str, Any]:
    """Public attributes that are numbers, text, None or lists of these."""
    return {k: v for k, v in vars(thing).items() if k[0] != "_" and _is_plain(v)}


def _is_plain(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(_is_plain(v) for v in value)
    return value is None or isinstance(value, (bool, int, float, str))


def restore_numbers(optimizer: Any, content: dict[str, Any]) -> None:
    """Take over what :func:`numbers_of` gave, as far as it is there.

    The numbers of a scheduler are taken over by one of the same class.

    Raises
    ------
    MXNetError
        If they are those of another optimizer.
    """
    name = content.get("optimizer")
    if name is not None and name != type(optimizer).__name__:
        raise MXNetError(
            f"these are states of {name}, but the optimizer is {type(optimizer).__name__}; make it "
            f"with {name.lower()!r}, or train on without the states"
        )
    if name is not None:
        _take(optimizer, content.get("numbers"))
        kind, numbers = content.get("scheduler") or (None, None)
        if optimizer.lr_scheduler is not None and type(optimizer.lr_scheduler).__name__ == kind:
            _take(optimizer.lr_scheduler, numbers)
    if "counts" in content:
        counts = {i: int(n) for i, n in content["counts"].items()}
        optimizer._index_update_count = counts
        if name is None:
            optimizer.num_update = max([optimizer.begin_num_update, *counts.values()])


def _take(thing: Any, numbers: Any) -> None:
    present = _plain(thing)
    for key, value in numbers.items() if isinstance(numbers, dict) else ():
        if key in present and _is_plain(value) and present[key] != value:
            if _kind(value) in (_kind(present[key]), None) or present[key] is None:
                setattr(thing, key, value)


def _kind(value: Any) -> Any:
    """What may take the place of what: numbers, text, lists, None."""
    return None if value is None else int if isinstance(value, (int, float)) else type(value)


@contextlib.contextmanager
def unchanged_if_it_fails(optimizer: Any) -> Iterator[None]:
    """A scope whose failure gives an optimizer and its scheduler their numbers back."""
    things = [t for t in (optimizer, getattr(optimizer, "lr_scheduler", None)) if t is not None]
    before = [dict(vars(t)) for t in things]
    try:
        yield
    except BaseException:
        for thing, old in zip(things, before, strict=True):
            vars(thing).update(old)
        raise
