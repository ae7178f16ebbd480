"""Where time goes: a trace of what ran, and a table of it, on :mod:`jax.profiler`.

::

    mx.profiler.set_config(filename='profile.json')
    mx.profiler.set_state('run')
    ...                                   # a few steps of training
    mx.profiler.set_state('stop')
    print(mx.profiler.dumps())            # a table
    mx.profiler.dump()                    # profile.json, for chrome://tracing or ui.perfetto.dev

What is measured are the operators as XLA made them: in a fused step there are far fewer of them
than in the program, and their category is the executable that they are part of. :class:`Task`,
:class:`Frame`, :class:`Event`, :class:`Counter`, :class:`Marker` and :func:`scope` add the
program's own events; tasks, frames, events and scopes are seen by JAX's other tools as well.
"""

from ._objects import Counter as Counter
from ._objects import Domain as Domain
from ._objects import Event as Event
from ._objects import Frame as Frame
from ._objects import Marker as Marker
from ._objects import Task as Task
from ._objects import scope as scope
from ._session import dump as dump
from ._session import dump_profile as dump_profile
from ._session import dumps as dumps
from ._session import pause as pause
from ._session import profiler_set_config as profiler_set_config
from ._session import profiler_set_state as profiler_set_state
from ._session import resume as resume
from ._session import set_config as set_config
from ._session import set_kvstore_handle as set_kvstore_handle
from ._session import set_state as set_state

__all__ = [
    "Counter",
    "Domain",
    "Event",
    "Frame",
    "Marker",
    "Task",
    "dump",
    "dump_profile",
    "dumps",
    "pause",
    "profiler_set_config",
    "profiler_set_state",
    "resume",
    "scope",
    "set_config",
    "set_kvstore_handle",
    "set_state",
]
