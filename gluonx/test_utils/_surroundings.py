"""Where and how tests run: contexts, environment variables, repetition."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..context import Context, current_context, num_gpus

__all__ = [
    "default_context", "default_dtype", "discard_stderr", "environment", "list_gpus", "retry",
    "set_default_context",
]  # fmt: skip

_chosen: list[Context] = []


def default_context() -> Context:
    """The context that checks use: that of :func:`set_default_context`, or the current one."""
    return _chosen[-1] if _chosen else current_context()


def set_default_context(ctx: Context) -> None:
    """Choose the context that checks use."""
    _chosen[:] = [Context(ctx)]


def default_dtype() -> type:
    """The element type that checks use, ``numpy.float32``."""
    return np.float32


def list_gpus() -> range:
    """The numbers of the GPUs that there are."""
    return range(num_gpus())


@contextlib.contextmanager
def environment(*args: Any) -> Iterator[None]:
    """Scope with other environment variables.

    Parameters
    ----------
    *args
        A name and a value, or a dict of them; None removes a variable.
    """
    wanted = args[0] if len(args) == 1 else {args[0]: args[1]}
    before = {name: os.environ.get(name) for name in wanted}
    try:
        _set(wanted)
        yield
    finally:
        _set(before)


def _set(variables: dict[str, Any]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = str(value)


@contextlib.contextmanager
def discard_stderr() -> Iterator[None]:
    """Scope in which nothing that is written to the standard error stream is shown."""
    kept = os.dup(2)
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def retry(n: int) -> Callable[[Callable], Callable]:
    """Run a test that may fail by chance up to ``n`` times, until it passes."""
    if n < 1:
        raise ValueError(f"retry(n) runs a test n times, at least once; got n={n}")

    def decorate(test: Callable) -> Callable:
        @functools.wraps(test)
        def run(*args: Any, **kwargs: Any) -> Any:
            for _ in range(n - 1):
                with contextlib.suppress(AssertionError):
                    return test(*args, **kwargs)
            return test(*args, **kwargs)

        return run

    return decorate
