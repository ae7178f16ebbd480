"""Monitor: statistics of what is inside a network while it trains."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable
from typing import Any

from .ndarray import NDArray

__all__ = ["Monitor"]


def _size(x: NDArray) -> NDArray:
    """The root mean square."""
    return x.norm() / math.sqrt(x.size)


class Monitor:
    """Statistics of outputs, parameters and auxiliary states, each so many batches.

    In these batches all results inside are computed a second time; the others run at full speed.

    Parameters
    ----------
    interval : int
        Number of batches from one look to the next.
    stat_func : callable, optional
        Of an NDArray: gives one or a list. By default, the norm over the root of the size.
    pattern : str
        A regular expression that names must match.
    sort : bool
        Whether to sort by name.
    monitor_all : bool
        Also show what goes into operators.

    Examples
    --------
    >>> import gluonx as gx
    >>> ex = (gx.sym.var('x') * 2).simple_bind(gx.cpu(), x=(4,))
    >>> monitor = gx.mon.Monitor(1, stat_func=lambda x: x.max(), pattern='x')
    >>> monitor.install(ex)
    >>> monitor.tic()
    >>> y = ex.forward(x=gx.nd.array([1, 2, 3, 4]))
    >>> [(name, value.strip()) for _, name, value in monitor.toc()]
    [('x', '4.0')]
    """

    def __init__(
        self, interval: int, stat_func: Callable[[NDArray], Any] | None = None,
        pattern: str = ".*", sort: bool = False, monitor_all: bool = False,
    ):  # fmt: skip
        self.interval = interval
        self.stat_func = stat_func or _size
        self.re_prog = re.compile(pattern)
        self.sort = sort
        self.monitor_all = monitor_all
        self.activated = False
        self.step = 0
        self.exes: list[Any] = []
        self.queue: list[tuple[int, str, Any]] = []

    def _see(self, name: str, array: NDArray) -> None:
        if self.activated and self.re_prog.match(name):
            self.queue.append((self.step, name, self.stat_func(array)))

    def install(self, exe: Any) -> None:
        """Watch an executor."""
        self.exes.append(exe)
        if self.activated:
            exe.set_monitor_callback(self._see, self.monitor_all)

    def tic(self) -> None:
        """A batch begins."""
        if self.step % self.interval == 0:
            self.queue = []
            self.activated = True
            for exe in self.exes:
                exe.set_monitor_callback(self._see, self.monitor_all)
        self.step += 1

    def toc(self) -> list[tuple[int, str, str]]:
        """The batch ends.

        Returns
        -------
        list of (int, str, str)
            Step, name and statistics; nothing if this batch was not looked at.
        """
        if not self.activated:
            return []
        for exe in self.exes:
            exe.set_monitor_callback(None)
            for name, array in [*exe.arg_dict.items(), *exe.aux_dict.items()]:
                self._see(name, array)
        self.activated = False
        if self.sort:
            self.queue.sort(key=lambda item: item[1])
        queue, self.queue = self.queue, []
        return [(step, name, _text(value)) for step, name, value in queue]

    def toc_print(self) -> None:
        """As :meth:`toc`; logs the statistics."""
        for step, name, value in self.toc():
            logging.info("Batch: %7d %-30s %s", step, name, value)


def _text(value: Any) -> str:
    values = value if isinstance(value, (list, tuple)) else [value]
    for x in values:
        if not isinstance(x, NDArray):
            raise TypeError(
                f"stat_func must give an NDArray or a list of them, got {type(x).__name__}"
            )
    return "".join(f"{x.asscalar() if x.size == 1 else x.asnumpy()!s}\t" for x in values)
