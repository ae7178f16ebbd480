"""Ctrl-C at each moment at which Python lets one in.

Python calls the handler of a signal between two instructions, but not between any two: the
interpreter looks for signals when a call has ended or a function begins, and when a loop goes back.
A trace function that raises, at each line for instance, comes where no signal can: at the ``try:``
and the ``return`` of a ``with`` statement stand instructions that do nothing, which the table of
exception handlers leaves out, and what is raised there skips ``__exit__``, so a lock stays held.
So the trace function here raises nothing. It sends the signal, and the interpreter does the rest.
"""

import _thread
import collections
import contextlib
import dis
import functools
import os
import signal
import sys
import threading

import gluonx
from gluonx.engine.state import state

__all__ = ["held_locks", "interrupted_at", "listening", "points_of"]

_HERE = os.path.dirname(gluonx.__file__) + os.sep
#: After these, by themselves or in the caller, the interpreter looks for signals.
_LOOKS = ("CALL", "CALL_FUNCTION_EX", "CALL_KW", "JUMP_BACKWARD", "RETURN_VALUE", "RETURN_CONST")


@functools.cache
def _places(code):
    """The offsets in a function's code of the instructions that matter; in gluonx alone."""
    # an error in __del__ is printed and forgotten
    if not code.co_filename.startswith(_HERE) or code.co_name == "__del__":
        return frozenset()
    return frozenset(i.offset for i in dis.get_instructions(code) if i.opname in _LOOKS)


def _traced(function, at=0):
    """Call a function; at one point a signal is sent. How many there were, and whether Ctrl-C
    came."""
    count, came = 0, False
    # to look a key up in it sends the signal; to call a function would have it handled in here
    sent = collections.defaultdict(_thread.interrupt_main)

    def trace(frame, event, _):
        nonlocal count
        places = _places(frame.f_code)
        if event == "call":
            frame.f_trace_opcodes = True
            return trace if places else None
        if event == "opcode" and frame.f_lasti in places:
            count += 1
            if count == at:
                sent[at]
        return trace

    with listening():
        try:
            try:
                sys._getframe().f_trace_opcodes = True  # or Python 3.12 tells of none at first
                sys.settrace(trace)
                function()
            finally:
                sys.settrace(None)
        except KeyboardInterrupt:
            came = True
    assert not held_locks(), f"locks are held after Ctrl-C at point {at}: {held_locks()}"
    return count, came


@contextlib.contextmanager
def listening():
    """Scope in which Ctrl-C raises KeyboardInterrupt, as it does not in a process that a shell has
    put into the background; nothing is printed of one that comes in ``__del__``."""
    hook, handler = sys.unraisablehook, signal.getsignal(signal.SIGINT)
    sys.unraisablehook = lambda e: None if e.exc_type is KeyboardInterrupt else hook(e)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        sys.unraisablehook = hook


def points_of(function):
    """At how many points in gluonx Ctrl-C may come in a call."""
    return _traced(function)[0]


def interrupted_at(function, point):
    """Call a function; Ctrl-C comes at one of the points that :func:`points_of` counts. Whether it
    came out: the work may have been done by then."""
    return _traced(function, point)[1]


def held_locks():
    """The names of gluonx's locks that this thread has not given back."""
    found = {
        f"{name}.{key}": value
        for name, module in list(sys.modules.items())
        if name.startswith("gluonx.")
        for key, value in list(vars(module).items())
        if isinstance(value, (_thread.LockType, _thread.RLock))
    }
    found["state.lock"] = state.lock
    held = []

    def look():
        for name, lock in found.items():
            if lock.acquire(timeout=0.5):
                lock.release()
            else:
                held.append(name)

    other = threading.Thread(target=look)  # a lock that is held twice is free for who holds it
    other.start()
    other.join()
    return held
