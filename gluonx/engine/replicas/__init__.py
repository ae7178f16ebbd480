"""One program for several devices: equal pending work on each, the sum of gradients, the update.

Each device has a pending region. Where these went the same way through the tree of stages, what
they have deferred is one function of each device's arrays; together with the update it is one
program over all devices, in which the gradients that the update reads are summed.

``_update`` decides whether there is such a program for what is ``_written``. ``_inputs`` finds what
it takes: from which places is worked out once for all equal steps (``_way``), and what the devices
have there is put together as global arrays (``_leaves``). ``_program`` compiles it, ``_job`` runs
it and hands the results over; ``_held`` tells which of the arrays that it gives up somebody else
holds. ``_reduce`` adds up gradients by itself.
"""

from ._reduce import all_reduce
from ._update import run_replicated
from ._written import Written

__all__ = ["Written", "all_reduce", "run_replicated"]
