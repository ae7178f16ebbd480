"""How far the other workers have come.

What all workers do together, exchanges, they do in the same order. So the number of exchanges that
a worker has begun says where in the program it is: who has begun the next one has done all that
comes before it, and will not come back.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition
from typing import Any

__all__ = ["Progress"]


class Progress:
    """What this worker has begun and saved, and what it knows of the others.

    Worker 0 tells the others at once what it has saved. A worker that waits for that asks it to say
    so when it has passed the place without saving anything.

    Parameters
    ----------
    changed : threading.Condition
        Held while something changes, and notified.
    send : callable
        ``send(rank, message)`` to another worker; without effect if it cannot be reached.
    lost : callable
        ``lost(rank)`` says whether nothing will come from a worker any more.
    """

    def __init__(
        self, changed: Condition, send: Callable[[int, dict], None], lost: Callable[[int], bool]
    ):
        self._changed, self._send, self._lost = changed, send, lost
        #: How many exchanges this worker has begun, and what the last one is.
        self.begun = 0
        self.doing = ""
        #: What is called when an exchange begins, or the program ends.
        self.passing: list[Callable[[], None]] = []
        self._ended = False
        #: Who wants to know when this worker has begun more exchanges than it had.
        self._asked: list[tuple[int, int]] = []
        #: For each worker that has answered: after how many exchanges, and what it does there.
        self._passed: dict[int, tuple[int, str]] = {}
        #: What worker 0 has saved, and how often this one was asked to, since which exchange.
        self._saved: dict[tuple[str, int], list[Any]] = {}
        self._wanted: dict[tuple[str, int], int] = {}

    def begin(self, what: str) -> None:
        """An exchange begins."""
        with self._changed:
            self.begun += 1
            self.doing = what
            if self._asked or self._saved or self._wanted:
                self._saved = {k: v for k, v in self._saved.items() if k[1] >= self.begun}
                self._wanted.clear()
                self._answer()
            for call in self.passing:
                call()

    def end(self) -> None:
        """The program is at its end."""
        with self._changed:
            self._ended, self.doing = True, "its end"
            self._answer()
            for call in self.passing:
                call()

    def has_begun(self, begun: int) -> bool:
        """Whether more exchanges than that have begun, or none will."""
        return self._ended or begun < self.begun

    def _answer(self) -> None:
        due = [a for a in self._asked if self.has_begun(a[1])]
        self._asked = [a for a in self._asked if a not in due]
        for rank, begun in due:
            self._send(rank, {"passed": begun, "doing": self.doing})

    def heed(self, sender: int, message: dict[str, Any]) -> None:
        """Take note of what another worker says."""
        with self._changed:
            if isinstance(begun := message.get("ask"), int):
                self._asked.append((sender, begun))
                self._answer()
            elif isinstance(begun := message.get("passed"), int):
                self._passed[sender] = begun, str(message.get("doing"))
            elif isinstance(begun := message.get("at"), int):
                key = str(message.get("saved")), begun
                self._saved.setdefault(key, []).append(message.get("stamp"))
            self._changed.notify_all()

    def tell_saved(self, others: list[int], name: str, stamp: Any) -> None:
        """Say what worker 0, this one, has saved."""
        with self._changed:
            for rank in others:
                self._send(rank, {"saved": name, "at": self.begun, "stamp": stamp})

    def wait_for_save(self, name: str, patience: float) -> Any:
        """What worker 0 says of a file that it saves where this worker would save it.

        None if it does not save it before the next exchange, or is gone, or nothing is known after
        ``patience`` seconds.
        """
        with self._changed:
            key = name, self.begun
            number = self._wanted[key] = self._wanted.get(key, 0) + 1
            self._send(0, {"ask": self.begun})

            def saved() -> bool:
                return len(self._saved.get(key, ())) >= number

            self._changed.wait_for(
                lambda: saved() or self._has_passed(0, key[1]) or self._lost(0), patience
            )
            return self._saved[key][number - 1] if saved() else None

    def wait_for_another(self, name: str, fits: Callable[[Any], bool], patience: float) -> bool:
        """Whether worker 0 says of one of its saves of a file, before the next exchange, what
        ``fits``; after :meth:`wait_for_save`."""
        with self._changed:
            key = name, self.begun

            def found() -> bool:
                return any(map(fits, self._saved.get(key, ())))

            self._changed.wait_for(
                lambda: found() or self._has_passed(0, key[1]) or self._lost(0), patience
            )
            return found()

    def what_does(self, rank: int, patience: float) -> str | None:
        """Which exchange another worker has begun where this one has begun its last; None if that
        is not known after ``patience`` seconds, or it is gone."""
        before = self.begun - 1
        with self._changed:
            self._send(rank, {"ask": before})
            self._changed.wait_for(
                lambda: self._has_passed(rank, before) or self._lost(rank), patience
            )
            return self._passed[rank][1] if self._has_passed(rank, before) else None

    def _has_passed(self, rank: int, begun: int) -> bool:
        return rank in self._passed and self._passed[rank][0] >= begun
