"""Saving and loading what a Trainer has beside its parameters."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable
from typing import Any

import jax
import numpy as np

from .engine import kernel
from .engine.buffer import Buffer
from .error import MXNetError
from .hosts import once
from .kvstore.exchange import first_file
from .ndarray import NDArray
from .ndarray.creation import put
from .optimizer.group import Group
from .optimizer.saving import numbers_of, restore_numbers, unchanged_if_it_fails
from .serialization import states as files
from .serialization.files import open_read, open_write, path_name

__all__ = ["content_of", "load", "maker", "restore", "save"]


def save(trainer: Any, fname: str | os.PathLike) -> None:
    """Write a trainer's states; see :meth:`gluonx.gluon.Trainer.save_states`."""
    path_name(fname)
    if _in_store(trainer):
        trainer._kvstore.save_optimizer_states(fname, dump_optimizer=True)
        return
    pieces = files.dump(content_of(trainer), fname)
    if _workers(trainer) == 1:  # it has nothing to do with a job that there may be
        _write(fname, pieces)
        return
    with once(fname) as mine:
        if mine:
            _write(fname, pieces)


def _write(fname: str | os.PathLike, pieces: Iterable[Any]) -> None:
    with open_write(fname) as file:
        for piece in pieces:
            file.write(piece)


def content_of(trainer: Any) -> dict[str, Any]:
    """What a file of states holds: numbers, text and arrays."""
    content: dict[str, Any] = {}
    if trainer._optimizer is not None:
        content.update(numbers_of(trainer._optimizer))
    if trainer._updater is not None:
        content["states"] = list(trainer._updater.states.items())
    else:
        states, shared = [], []
        for group in trainer._groups:
            parts: dict[int, list[Any]] = {-1: []}
            for leaf, owner in zip(group.states, _owners(trainer, group), strict=True):
                if leaf.get().size:  # an empty one stands for a copy that there is no need of
                    parts.setdefault(owner, []).append(leaf.get())
            shared.append(parts.pop(-1))
            states += [(i, tuple(parts.get(k, ()))) for k, i in enumerate(group.indices)]
        content.update(
            states=states, groups=[list(g.indices) for g in trainer._groups], shared=shared
        )
    return content


def _owners(trainer: Any, group: Any) -> list[int]:
    """Which of a group's parameters each leaf of its state belongs to, -1 for none."""
    state = jax.tree.unflatten(group._tree, [b.get() for b in group.states])
    return jax.tree.leaves(trainer._update.owners(state, len(group.indices)))


def _in_store(trainer: Any) -> bool:
    return trainer._gradients is not None and trainer._gradients.updates


def _workers(trainer: Any) -> int:
    return 1 if trainer._gradients is None else trainer._kvstore.num_workers


def _open(trainer: Any, fname: str | os.PathLike) -> Any:
    """The file; with several workers, that of worker 0."""
    return open_read(fname) if _workers(trainer) == 1 else io.BytesIO(first_file(fname))


def load(trainer: Any, fname: str | os.PathLike) -> None:
    """Read a trainer's states; see :meth:`gluonx.gluon.Trainer.load_states`."""
    name = path_name(fname)
    if _in_store(trainer):
        trainer._kvstore.load_optimizer_states(fname)
        return
    with _open(trainer, fname) as file:
        content = files.load(file, name, maker(trainer))
    restore(trainer, content, name)
    if _workers(trainer) > 1:
        trainer._gradients.make_equal(trainer._params, again=True)


def maker(trainer: Any) -> Callable[[np.ndarray], Any]:
    """What makes of an array of a file the array that :func:`restore` takes."""
    if trainer._updater is None:
        return lambda host: host
    ctx = next(c for p in trainer._params for c in p.list_ctx())
    return lambda host: NDArray._new(Buffer(put(host, ctx), ctx))


def restore(trainer: Any, content: dict[str, Any], name: str) -> None:
    """Take over what :func:`content_of` gave; if that fails the trainer is unchanged.

    Raises
    ------
    MXNetError
        If it is of another network or optimizer; calls it ``name``.
    """
    if trainer._updater is not None:
        found = content.get("states", {})
        with unchanged_if_it_fails(trainer._optimizer):
            restore_numbers(trainer._optimizer, content)
        trainer._updater.states = found
        trainer._updater._elsewhere = set(found)
        return
    update = trainer._update
    try:
        with unchanged_if_it_fails(trainer._optimizer):
            if trainer._optimizer is not None:
                restore_numbers(trainer._optimizer, content)
                trainer._compile()
            groups, contents = _groups(trainer, content, name)
    except BaseException:
        trainer._update = update
        raise
    # An update may have buffers of its own, which others read too, so they stay what they are.
    for buffer, array in contents:
        buffer.set(array)
    trainer._groups = groups


def _groups(
    trainer: Any, content: dict[str, Any], name: str
) -> tuple[list[Any], list[tuple[Buffer, Any]]]:
    """Groups of parameters, and what the buffers of their states get."""
    states = content.get("states", {})
    listed = content.get("groups") or [list(states)]
    shared = content.get("shared") or [[]]
    lists = [listed, shared, *listed, *shared]
    if not all(isinstance(v, list) for v in lists) or len(listed) != len(shared):
        raise MXNetError(f"{name}: the file of optimizer states is damaged")
    found, contents = [], []
    for indices, more in zip(listed, shared, strict=True):
        if not indices:
            continue
        for i in indices:
            if not isinstance(i, int) or not 0 <= i < len(trainer._params):
                raise MXNetError(
                    f"{name}: it has a state for parameter {i}, but the trainer has only "
                    f"{len(trainer._params)} parameters; these are states of another network"
                )
        arrays = [trainer._params[i].list_data()[0] for i in indices]
        group = Group(indices)
        group.prepare(trainer._update, arrays)
        rest = {k: list(states.get(i) or ()) for k, i in enumerate(indices)}
        rest[-1] = list(more)
        for k, owner in enumerate(_owners(trainer, group)):
            old = group.states[k].get()
            if not old.size:
                continue
            title = "its common state" if owner < 0 else trainer._params[indices[owner]]._title()
            new = rest[owner].pop(0) if rest[owner] else None
            if not isinstance(new, np.ndarray) or new.shape != old.shape or new.dtype != old.dtype:
                known = isinstance(new, np.ndarray)
                got = f"{new.dtype} {new.shape}" if known else "none"
                raise MXNetError(
                    f"{name}: for {title} the optimizer needs a state of {old.dtype} {old.shape}, "
                    f"but the file has {got}; these are states of another network or optimizer"
                )
            ctx = arrays[0].context
            mesh = isinstance(ctx.device, jax.sharding.Sharding)
            array = kernel.put(new, old.sharding) if mesh else put(new, ctx)
            contents.append((group.states[k], array))
        if any(rest.values()):
            raise MXNetError(f"{name}: it has more states than the optimizer; it is of another one")
        found.append(group)
    return found, contents
