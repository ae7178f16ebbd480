"""What a training needs beside parameters and optimizer states to go on exactly.

That is where the generators of random numbers are (gluonx's, NumPy's and Python's global ones),
how many epochs and batches are done, the sums of metrics and the counters of handlers. All of it is
numbers and lists that JSON can hold.

Data that know where they are (``state_dict`` and ``load_state_dict``, as a DataLoader's) go on from
there. Otherwise their order follows from the generators: a resumed epoch begins with the state that
these had at its beginning, reads the batches that are done once more without using them, and then
takes the state at the checkpoint.
"""

from __future__ import annotations

import random as python_random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import random

__all__ = ["batches", "capture", "restore"]


def _generators() -> dict[str, Any]:
    name, words, *rest = np.random.get_state()
    version, internal, gauss = python_random.getstate()
    return {
        "gluonx": random.get_state(),
        "numpy": [name, words.tolist(), *rest],  # type: ignore[union-attr]
        "python": [version, list(internal), gauss],
    }


def _set_generators(state: dict[str, Any]) -> None:
    random.set_state(state["gluonx"])
    name, words, *rest = state["numpy"]
    np.random.set_state((name, np.array(words, np.uint32), *rest))
    version, internal, gauss = state["python"]
    python_random.setstate((version, tuple(internal), gauss))


def capture(estimator: Any) -> dict[str, Any]:
    """Where a training is; called when all handlers have had their turn."""
    data = estimator._data
    return {
        "data": data.state_dict() if _knows(data) else None,
        "epochs_done": estimator.epochs_done,
        "batches_done": estimator.batches_done,
        "batches_in_epoch": estimator.batches_in_epoch,
        "epoch_start": estimator._epoch_start,
        "now": _generators(),
        "train_metrics": [m.state_dict() for m in estimator.train_metrics],
        "val_metrics": [m.state_dict() for m in estimator.val_metrics],
        "handlers": {name: h.state_dict() for name, h in _named(estimator._handlers)},
    }


def restore(estimator: Any, state: dict[str, Any]) -> None:
    """Put a training where :func:`capture` found it; :func:`batches` does the rest."""
    estimator.epochs_done = state["epochs_done"]
    estimator.batches_done = state["batches_done"]
    estimator.batches_in_epoch = state["batches_in_epoch"]
    estimator._epoch_start = state["epoch_start"]
    for metric, sums in zip(estimator.val_metrics, state["val_metrics"], strict=True):
        metric.load_state_dict(sums)
    for name, handler in _named(estimator._handlers):
        if name in state["handlers"]:
            handler.load_state_dict(state["handlers"][name])
    _set_generators(state["now"])
    if state["data"] is not None and _knows(estimator._data):
        estimator._data.load_state_dict(state["data"])


def _knows(data: Any) -> bool:
    return hasattr(data, "state_dict") and hasattr(data, "load_state_dict")


def _named(handlers: list[Any]) -> Iterator[tuple[str, Any]]:
    """Handlers that have a state, by class and number among those of their class."""
    seen: Counter[str] = Counter()
    for handler in handlers:
        if hasattr(handler, "state_dict"):
            kind = type(handler).__name__
            yield f"{kind}:{seen[kind]}", handler
            seen[kind] += 1


def batches(estimator: Any, data: Any) -> Iterator[Any]:
    """The batches of an epoch that are not done yet."""
    done = estimator.batches_in_epoch
    if not done:
        estimator._epoch_start = _generators()
        yield from data
        return
    state = estimator._resumed
    _set_generators(estimator._epoch_start)
    left = iter(data)
    if state["data"] is None or not _knows(data):
        for _ in range(done):
            next(left, None)
    for metric, sums in zip(estimator.train_metrics, state["train_metrics"], strict=True):
        metric.load_state_dict(sums)
    _set_generators(state["now"])
    yield from left
