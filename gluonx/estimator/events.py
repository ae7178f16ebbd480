"""The events of a training loop."""

from __future__ import annotations

from typing import Any, ClassVar

__all__ = [
    "BatchBegin",
    "BatchEnd",
    "EpochBegin",
    "EpochEnd",
    "EventHandler",
    "TrainBegin",
    "TrainEnd",
]


class EventHandler:
    """Base class of handlers; those with a smaller ``priority`` run first.

    What :meth:`state_dict` gives is saved by a :class:`CheckpointHandler`, and given back by
    :meth:`load_state_dict` when the training is resumed, after ``train_begin``.
    """

    priority: float = 0
    #: The attributes that :meth:`state_dict` keeps.
    _kept: ClassVar[tuple[str, ...]] = ()

    def state_dict(self) -> dict[str, Any]:
        """What the handler must know to go on, of numbers, strings, lists and dicts."""
        return {name: getattr(self, name) for name in self._kept}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over a state of :meth:`state_dict`."""
        for name in self._kept:
            setattr(self, name, state[name])


class TrainBegin(EventHandler):
    """A handler that acts before the first epoch."""

    def train_begin(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        """Called with the estimator."""


class TrainEnd(EventHandler):
    """A handler that acts after the last epoch."""

    def train_end(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        """Called with the estimator."""


class EpochBegin(EventHandler):
    """A handler that acts before each epoch."""

    def epoch_begin(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        """Called with the estimator."""


class EpochEnd(EventHandler):
    """A handler that acts after each epoch; it returns True to stop the training."""

    def epoch_end(self, estimator: Any, *args: Any, **kwargs: Any) -> bool | None:
        """Called with the estimator."""
        return False


class BatchBegin(EventHandler):
    """A handler that acts before each batch."""

    def batch_begin(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        """Called with the estimator, and ``batch``."""


class BatchEnd(EventHandler):
    """A handler that acts after each batch; it returns True to stop the training."""

    def batch_end(self, estimator: Any, *args: Any, **kwargs: Any) -> bool | None:
        """Called with the estimator, and ``batch``, ``pred``, ``label``, ``loss``."""
        return False
