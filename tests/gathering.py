"""Training steps gather from the second on, not after hundreds of runs, in no other thread."""

import contextlib

from gluonx.engine import together
from gluonx.engine.kernel import Kernel
from gluonx.engine.state import state


@contextlib.contextmanager
def gathering(count=2, in_vain=10**9):
    """Scope in which ``count`` steps that are alike run together.

    Yields a list that gets, for each full queue, whether its steps were one call of an executable.
    """
    calls = []
    names = ("COUNT", "_IN_VAIN", "often", "in_background")
    old = {name: getattr(together, name) for name in names}
    call = together.Together.call

    def noted(self, *arguments):
        # what it needs is there the second time
        calls.append(call(self, *arguments) or call(self, *arguments))
        return calls[-1]

    together.COUNT, together._IN_VAIN = count, in_vain
    together.often = lambda program, pace: program.runs > 1 and pace is not None
    together.in_background = lambda function: function()
    together.Together.call = noted
    _forget()
    try:
        yield calls
    finally:
        _forget()
        for name, value in old.items():
            setattr(together, name, value)
        together.Together.call = call


def _forget():
    """Let this thread's queues begin anew, however earlier tests have tried their patience."""
    for region in state.regions.values():
        region.queue._patience = together.Patience()


def failing(monkeypatch):
    """A list: a number put into it says which of the next calls of steps' programs fails."""
    call, left = Kernel._call_into, []

    def fail(self, outs, function, arrays):
        if left and self.runs:  # the program of a step
            left[0] -= 1
            if left[0] == 0:
                left.clear()
                raise RuntimeError("no memory")
        call(self, outs, function, arrays)

    monkeypatch.setattr(Kernel, "_call_into", fail)
    return left
