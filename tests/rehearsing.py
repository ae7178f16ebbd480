"""Steps that are alike follow a script from the third on, not after many."""

import contextlib

from gluonx.engine import together
from gluonx.hybrid import _script


@contextlib.contextmanager
def rehearsing(in_vain=10**9):
    """Scope in which two steps that are alike are enough for a script.

    Yields a list that gets, for each update that came to a script with something noted, whether the
    script has run it.
    """
    updates = []
    old = _script._ALIKE, together._IN_VAIN, _script.Script.update

    def noted(self, *arguments):
        noticed = bool(self)
        done = old[2](self, *arguments)
        if noticed:
            updates.append(done)
        return done

    _script._ALIKE, together._IN_VAIN, _script.Script.update = 1, in_vain, noted
    try:
        yield updates
    finally:
        _script._ALIKE, together._IN_VAIN, _script.Script.update = old
