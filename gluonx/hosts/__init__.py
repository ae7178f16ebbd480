"""Several processes, on one host or many, that train together.

Most programs need nothing of this: ``gluonx.kv.create('dist_sync')``, or a Trainer with that
kvstore, joins the other processes. See the page on distributed training in the documentation.
"""

from __future__ import annotations

from .files import at_hand as at_hand
from .files import once as once
from .job import Call as Call
from .job import join as join
from .job import join_if_started as join_if_started
from .job import joined as joined
from .job import open_devices as open_devices
from .job import together as together

__all__ = [
    "Call",
    "at_hand",
    "join",
    "join_if_started",
    "joined",
    "once",
    "open_devices",
    "rank",
    "size",
    "together",
]


def rank() -> int:
    """The number of this process among those of the job; 0 if it has joined none.

    Examples
    --------
    >>> from gluonx import hosts
    >>> hosts.rank(), hosts.size()
    (0, 1)
    """
    job = joined()
    return 0 if job is None else job.rank


def size() -> int:
    """How many processes the job has; 1 if this one has joined none."""
    job = joined()
    return 1 if job is None else job.size
