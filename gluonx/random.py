"""Random numbers: one seed governs everything.

Every context has a generator: a key and a counter. Each random operator takes the next count; the
operators inside a hybridized block take as many as they would have taken eagerly, so a network
draws the same numbers hybridized or not. The numbers come from the threefry generator (Salmon et
al., "Parallel random numbers: as easy as 1, 2, 3", 2011) on every device. Parameter initialization
has generators of its own, so that the order in which layers learn their shapes changes no number
elsewhere; its numbers are drawn on the host, by NumPy's Philox, of the same family.
"""

from __future__ import annotations

import contextlib
import copy
import os
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .context import Context

if TYPE_CHECKING:  # see __getattr__
    from .ndarray.random import (
        exponential,
        gamma,
        generalized_negative_binomial,
        multinomial,
        negative_binomial,
        normal,
        poisson,
        randint,
        randn,
        shuffle,
        uniform,
    )  # fmt: skip

__all__ = [
    "exponential", "gamma", "generalized_negative_binomial", "get_state", "host_rng", "multinomial",
    "negative_binomial", "normal", "poisson", "randint", "randn", "seed", "set_state", "shuffle",
    "uniform",
]  # fmt: skip


class _Generator:
    """Key and counter of one context."""

    __slots__ = ("key", "count")

    def __init__(self, seed: int, ctx: Context, stream: int):
        # The context is part of the key, so devices draw different numbers from one seed.
        entropy = [seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF, ctx.device_typeid, ctx.device_id]
        self.key = np.random.SeedSequence([*entropy, stream]).generate_state(2, np.uint32)
        self.count = 0

    def take(self, draws: int) -> np.ndarray:
        """State for ``draws`` random operators: two words of key, one of count."""
        state = np.array([self.key[0], self.key[1], self.count & 0xFFFFFFFF], np.uint32)
        self.count += draws
        return state


class _Random:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.seed: int | None = None
        self.generators: dict[tuple[Context, int], _Generator] = {}
        self.host: np.random.Generator | None = None
        self.stream = threading.local()

    def base(self) -> int:
        if self.seed is None:
            self.seed = int.from_bytes(os.urandom(8), "little")
        return self.seed

    def generator(self, ctx: Context) -> _Generator:
        key = (ctx, getattr(self.stream, "number", 0))
        found = self.generators.get(key)
        if found is None:
            with self.lock:
                found = self.generators.setdefault(key, _Generator(self.base(), ctx, key[1]))
        return found


_random = _Random()


def draw(ctx: Context, draws: int = 1) -> np.ndarray:
    """Random state for the next ``draws`` random operators on ``ctx``: uint32 of shape (3,)."""
    return _random.generator(ctx).take(draws)


def generator(ctx: Context) -> np.random.Generator:
    """A NumPy generator that starts from the next random state of ``ctx``, for numbers that are
    made on the host."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(draw(ctx).tolist())))


@contextlib.contextmanager
def initialization() -> Iterator[None]:
    """Scope in which numbers come from the generators for parameter initialization."""
    old = getattr(_random.stream, "number", 0)
    _random.stream.number = 1
    try:
        yield
    finally:
        _random.stream.number = old


def seed(seed_state: int, ctx: Context | str = "all") -> None:
    """Seed the generators.

    Parameters
    ----------
    seed_state : int
        The seed.
    ctx : Context or 'all'
        The context to seed, or all of them; with ``'all'`` also the generator of
        :func:`host_rng`.

    Raises
    ------
    TypeError
        If ``seed_state`` is not an integer.

    Examples
    --------
    >>> import gluonx as gx
    >>> gx.random.seed(7); a = gx.nd.random.normal(shape=(2,))
    >>> gx.random.seed(7); b = gx.nd.random.normal(shape=(2,))
    >>> (a.asnumpy() == b.asnumpy()).all()
    np.True_
    """
    if isinstance(seed_state, bool) or not isinstance(seed_state, (int, np.integer)):
        raise TypeError(
            f"seed must be an integer, got {seed_state!r}; write gluonx.random.seed(42)"
        )
    value = int(seed_state)
    with _random.lock:
        if isinstance(ctx, str) and ctx == "all":
            _random.seed = value
            _random.generators.clear()
            _random.host = np.random.default_rng(abs(value))
        else:
            ctx = Context(ctx)
            for stream in (0, 1):
                _random.generators[ctx, stream] = _Generator(value, ctx, stream)


def host_rng() -> np.random.Generator:
    """The NumPy generator for work on the host (shuffling a dataset), governed by :func:`seed`."""
    if _random.host is None:
        with _random.lock:
            _random.host = np.random.default_rng(abs(_random.base()))
    return _random.host


def get_state() -> dict[str, Any]:
    """Where the generators are, to go on from there with :func:`set_state`.

    Returns
    -------
    dict
        Of numbers, strings and lists, so that JSON can hold it: the seed, key and count of each
        generator, and the state of that of :func:`host_rng`.

    Examples
    --------
    >>> import gluonx as gx
    >>> state = gx.random.get_state()
    >>> a = gx.nd.random.normal(shape=(2,))
    >>> gx.random.set_state(state)
    >>> (gx.nd.random.normal(shape=(2,)).asnumpy() == a.asnumpy()).all()
    np.True_
    """
    host = host_rng()
    with _random.lock:
        generators = [
            [ctx.device_type, ctx.device_id, stream, *map(int, g.key), g.count]
            for (ctx, stream), g in _random.generators.items()
        ]
        return {
            "seed": _random.seed,
            "generators": generators,
            "host": copy.deepcopy(host.bit_generator.state),
        }


def set_state(state: dict[str, Any]) -> None:
    """Put the generators where they were when :func:`get_state` gave ``state``.

    Raises
    ------
    ValueError
        If ``state`` is not such a state; nothing is changed then.
    """
    try:
        generators = {}
        for kind, number, stream, first, second, count in state["generators"]:
            ctx = Context(kind, number)
            generators[ctx, int(stream)] = found = _Generator(0, ctx, 0)
            found.key, found.count = np.array([first, second], np.uint32), int(count)
        host = np.random.default_rng(0)
        host.bit_generator.state = state["host"]
        seed_state = int(state["seed"])
    except (KeyError, TypeError, ValueError, OverflowError) as e:
        raise ValueError(f"this is no state of gluonx.random.get_state(): {e!r}") from None
    with _random.lock:
        _random.seed = seed_state
        _random.generators.clear()
        _random.generators.update(generators)
        _random.host = host


def __getattr__(name: str) -> Any:  # gluonx.random.normal is gluonx.nd.random.normal
    if name in __all__:
        from .ndarray import random

        return getattr(random, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
