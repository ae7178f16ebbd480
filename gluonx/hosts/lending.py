"""Files that worker 0 has loaded, for workers that do not have them.

It is no exchange of all workers, which would wait for ever for those that do not load: a program
may load in worker 0 alone (``if kv.rank == 0:``). Who lacks a file asks worker 0 for it, and worker
0 answers once it has loaded it, or has passed the place without that. The answers come from the
thread that keeps the connections, whatever the program does meanwhile.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator
from threading import Condition
from typing import Any

from .progress import Progress

__all__ = ["Lending", "NotLentError"]

#: How much of a file is in a message: with one at a time on its way, signs of life pass between.
_PART = 3 << 15
#: For how many exchanges worker 0 keeps a file open: who is behind has not begun the last ones.
_KEPT = 2


class NotLentError(Exception):
    """Worker 0 does not have the file, or does not load it; the text says which."""


class Lending:
    """What worker 0 lends, and what others borrow.

    Parameters
    ----------
    changed, send, lost
        As for :class:`~gluonx.hosts.progress.Progress`.
    progress : Progress
    """

    def __init__(
        self, changed: Condition, send: Callable[[int, dict], None], lost: Callable[[int], bool],
        progress: Progress,
    ):  # fmt: skip
        self._changed, self._send, self._lost = changed, send, lost
        self._progress = progress
        progress.passing.append(self._pass_by)
        #: Of worker 0: files by number, after how many exchanges they were loaded, and their names.
        self._files: dict[int, tuple[int, Any]] = {}
        self._names: dict[tuple[str, int], int] = {}
        self._count = 0
        #: Who waits for what: rank, names, number of exchanges, number of the question.
        self._wanted: list[tuple[int, list[str], int, int]] = []
        #: Of the others: questions, and the answers that have come.
        self._asked = 0
        self._answers: dict[int, dict[str, Any]] = {}

    # -- worker 0 ---------------------------------------------------------------------------------

    def offer(self, names: list[str], path: str) -> None:
        """Worker 0, this one, loads a file: others may have it until some exchanges later."""
        found: Any = "it is no regular file"
        try:
            if not os.path.exists(path) or os.path.isfile(path):
                found = open(path, "rb")  # noqa: SIM115 so it stays what it is if it is replaced
        except OSError as e:
            found = f"{e.strerror or e}"
        with self._changed:
            begun = self._progress.begun
            for number in [n for n, (at, _) in self._files.items() if at < begun - _KEPT]:
                self._close(number)
            self._count += 1
            self._files[self._count] = begun, found
            self._names.update(((name, begun), self._count) for name in names)
            self._wanted = [w for w in self._wanted if not self._answer(*w)]

    def _close(self, number: int) -> None:
        _, file = self._files.pop(number)
        if not isinstance(file, str):
            file.close()
        self._names = {k: n for k, n in self._names.items() if n != number}

    def _answer(self, rank: int, names: list[str], at: int, question: int) -> bool:
        """Say what is known; whether there is anything to be said yet."""
        number = next((n for name in names if (n := self._names.get((name, at)))), None)
        if number is not None:
            file = self._files[number][1]
            if isinstance(file, str):
                self._send(rank, {"to": question, "failed": file})
            else:
                self._send(rank, {"to": question, "lent": number, "size": file.seek(0, 2)})
        elif self._progress.has_begun(at):
            self._send(rank, {"to": question, "passed": self._progress.doing})
        else:
            return False
        return True

    def _pass_by(self) -> None:
        """Worker 0 goes on to another exchange."""
        self._wanted = [w for w in self._wanted if not self._answer(*w)]

    def heed(self, sender: int, message: dict[str, Any]) -> bool:
        """Take note of what another worker says; whether it is about lending."""
        question = message.get("question", message.get("to"))
        if not isinstance(question, int):
            return False
        with self._changed:
            if "to" in message:
                self._answers[question] = message
                self._changed.notify_all()
            elif "want" in message:
                wanted = sender, message["want"], message["at"], question
                if not self._answer(*wanted):
                    self._wanted.append(wanted)
            else:
                self._send(sender, {"to": question, **self._part(message)})
        return True

    def _part(self, message: dict[str, Any]) -> dict[str, str]:
        _, file = self._files.get(message.get("read", 0), (0, "it is not lent any more"))
        if isinstance(file, str):
            return {"failed": file}
        try:
            file.seek(message["from"])
            return {"data": base64.b64encode(file.read(_PART)).decode()}
        except (OSError, ValueError) as e:
            return {"failed": str(e)}

    # -- the others -------------------------------------------------------------------------------

    def _ask(self, patience: float, **message: Any) -> dict[str, Any]:
        with self._changed:
            self._asked += 1
            question = self._asked
            self._send(0, {"question": question, **message})
            self._changed.wait_for(lambda: question in self._answers or self._lost(0), patience)
            answer = self._answers.pop(question, None)
        if answer is None:
            gone = self._lost(0)
            raise NotLentError("is gone" if gone else f"has not loaded it for {patience:g} s")
        if "failed" in answer:
            raise NotLentError(f"cannot read it either: {answer['failed']}")
        if "passed" in answer:
            raise NotLentError(f"has gone on to {answer['passed']} without loading it")
        return answer

    def borrow(self, names: list[str], patience: float) -> Iterator[bytes]:
        """The contents of a file, piece by piece, that worker 0 loads at this place in the program.

        Parameters
        ----------
        names : list of str
            What it may be called there.
        patience : float
            Seconds to wait for an answer.

        Raises
        ------
        NotLentError
            If worker 0 does not load it before the next exchange, cannot read it, or is gone.
        """
        with self._changed:
            at = self._progress.begun
        found = self._ask(patience, want=names, at=at)
        done = 0
        while done < found["size"]:
            part = self._ask(patience, **{"read": found["lent"], "from": done})
            data = base64.b64decode(part["data"])
            if not data:
                raise NotLentError("has a file that became shorter while it was read")
            done += len(data)
            yield data
