"""Arrays that are spread over several devices, and programs that run on all of these at once.

The devices of a :class:`Team` form a mesh of one axis. :func:`over_devices` is the only place that
maps a function over devices. It is ``jax.jit`` of ``jax.shard_map`` rather than ``jax.pmap`` (which
is made of these two): ``pmap`` gives every mapped array a leading axis of its own, so the arrays
that a Gluon program has, one for each device, would have to be copied to come in and to go out. Put
behind each other along their first axis they form a global array, and it falls apart into them,
without a copy.
"""

from __future__ import annotations

import functools
import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import Any

import jax
import numpy as np

from . import mappings, persistent
from .kernel import COPY, Kernel, has_wide, put, x64
from .options import compiler_options
from .target import tracing_for

__all__ = ["AXIS", "Spread", "Spreads", "Team", "fill", "over_devices", "spmd", "team_of"]

#: The name of the mesh's axis.
AXIS = "replica"

#: How an array is spread: the same on all devices; parts behind each other along the first axis;
#: numbers without an axis, which get one.
WHOLE, PARTS, NUMBERS = "whole", "parts", "numbers"

#: How many programs may be under way on CPU devices. XLA's threads wait there for the other devices
#: of their program, and with too many programs begun none of them can end.
_MAX_FLYING = 6
#: How many are left when Python goes on.
_LEFT = 3


_launching = threading.Lock()


class Team:
    """Devices that run one program.

    Attributes
    ----------
    devices : tuple of jax.Device
    index : dict
        The place of each.
    size : int
        How many devices there are, with those of other processes (see ``joint``).
    whole, parts : jax.sharding.NamedSharding
    """

    #: Whether devices of other processes take part.
    joint = False

    def __init__(self, devices: Sequence[Any]):
        self.devices = tuple(devices)
        self.index = {d: i for i, d in enumerate(self.devices)}
        self._over(jax.sharding.Mesh(np.array(self.devices), (AXIS,)))
        self.bounded = self.devices[0].platform == "cpu"
        #: Held while a program is begun: all devices must see programs in the same order.
        self.launching = _launching
        self._flying: deque[Any] = deque()
        #: Compiled programs that are not of a region.
        self.programs: dict[Any, Callable] = {}
        #: How many references there are to a part that was asked for, once it is known.
        self.held: int | None = None

    def _over(self, mesh: jax.sharding.Mesh) -> None:
        self.mesh, self.size = mesh, mesh.size
        self.whole = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
        axes = jax.sharding.PartitionSpec(mesh.axis_names)
        self.parts = jax.sharding.NamedSharding(mesh, axes)

    def put(self, host: Any) -> Any:
        """An array of the host as one that is the same on all devices."""
        return jax.device_put(host, self.whole)

    def join(self, arrays: Sequence[Any]) -> tuple[Any, str]:
        """One array for each device as a global array, and how it is spread; nothing is copied."""
        first = arrays[0]
        if isinstance(first, np.ndarray | np.generic):
            if first.ndim:
                return np.concatenate(arrays), PARTS
            return np.stack(arrays), NUMBERS
        kind = PARTS
        if not first.ndim:
            arrays = [_spread.run((a,), d)[0] for a, d in zip(arrays, self.devices, strict=True)]
            kind = NUMBERS
        shape = arrays[0].shape
        shape = (self.size * shape[0], *shape[1:])
        return _global(shape, self.parts, list(arrays)), kind

    def repeat(self, arrays: Sequence[Any]) -> Spread:
        """Equal arrays, one for each device, as one that is the same on all; they are copied."""
        copies = [COPY.run((a,), d)[0] for a, d in zip(arrays, self.devices, strict=True)]
        return Spread(self, _global(arrays[0].shape, self.whole, copies), WHOLE)

    def sum(self, parts: tuple[Any, ...]) -> Sequence[Any]:
        """The sums over all devices, within a program."""
        return jax.lax.psum(parts, AXIS)  # all at once: XLA makes one operation of them

    def run_into(self, outs: list, program: Callable, arrays: Sequence[Any], wide: bool) -> None:
        """Begin a program; the tuple of its results is appended to ``outs``, see
        :meth:`Kernel.run_into`. Its last result is small and stays, if the team is
        ``bounded``: who waits for the program waits for that."""
        scope = wide_scope(arrays, wide)
        with self.launching:
            if scope is None:
                outs.extend(itertools.starmap(program, (arrays,)))
            else:
                with scope:
                    outs.extend(itertools.starmap(program, (arrays,)))
        if self.bounded:
            self.fly(outs[0][-1])

    def results(self, outs: list) -> tuple:
        """What :meth:`run_into` has given."""
        return outs[0]

    def under_way(self, outs: list) -> bool:
        """Whether somebody has to wait for it yet."""
        return False

    def fly(self, token: Any) -> None:
        """A program that returns ``token`` was begun; if there are many, wait for all but the last
        few, which costs as much as to wait for one. They end in the order in which they began."""
        if self.bounded:
            self._flying.append(token)
            if len(self._flying) > _MAX_FLYING:
                self._wait()

    def _wait(self) -> None:
        last, flying = None, self._flying
        while len(flying) > _LEFT:
            token = flying.popleft()
            if not token.is_deleted():
                last = token
        if last is not None:
            last.block_until_ready()


def _global(shape: tuple[int, ...], sharding: Any, arrays: list[Any]) -> Any:
    with wide_scope(arrays, False) or nullcontext():
        return jax.make_array_from_single_device_arrays(shape, sharding, arrays)


_teams: dict[tuple, Team] = {}


def team_of(devices: Sequence[Any]) -> Team:
    """The team of some devices: the same object for the same devices in the same order."""
    key = tuple(devices)
    found = _teams.get(key)
    if found is None:
        found = _teams.setdefault(key, Team(key))
    return found


_spread = Kernel(lambda a: (a.reshape(1),), "spread")
_number = Kernel(lambda a: (a.reshape(()),), "number")


class Spread:
    """A global array in the place of the contents of several buffers, one on each device.

    A buffer that waits for it gets its device's part when somebody looks at it.

    Attributes
    ----------
    team : Team
    array : jax.Array or numpy.ndarray
        The global array; that of the host for a batch that nobody has looked at, see :meth:`leaf`.
    kind : str
        WHOLE, PARTS or NUMBERS.
    aval
        Shape and dtype of one device's part.
    given : dict
        The parts that somebody has asked for, by device.
    """

    __slots__ = ("team", "array", "kind", "aval", "given", "_used", "__weakref__")

    def __init__(self, team: Team, array: Any, kind: str, aval: Any = None):
        self.team = team
        self.array = array
        self.kind = kind
        self.aval: Any = array.aval if aval is None else aval
        self.given: dict[Any, Any] = {}
        self._used = False

    def leaf(self) -> Any:
        """The global array for a program.

        One of the host is given as it is: to a program that takes it to all devices itself this
        costs less than to move it there before. If it is used again it is moved, once.
        """
        if type(self.array) is np.ndarray:
            if self._used:
                self.move()
            self._used = True
        return self.array

    def move(self) -> None:
        """Divide an array of the host among the devices."""
        if type(self.array) is np.ndarray:
            self.array = put(self.array, self.team.parts)

    def part(self, device: Any) -> Any:
        """The part of one device, without a copy."""
        found = self.given.get(device)
        if found is None:
            self.move()
            shards = self.array.addressable_shards
            found = shards[self.team.index[device]]
            if found.device != device:
                found = next(s for s in shards if s.device == device)
            found = found.data
            if self.kind is NUMBERS:
                (found,) = _number.run((found,), device)
            found = self.given.setdefault(device, found)
        return found

    def is_deleted(self) -> bool:
        """Whether the array was given up."""
        return type(self.array) is not np.ndarray and self.array.is_deleted()

    def force(self, buffer: Any) -> None:
        buffer.fulfil(self, self.part(buffer.ctx.device))


class Spreads:
    """Arrays that are the same on all devices of a team, each a :class:`Spread` once somebody
    asks."""

    __slots__ = ("_team", "_arrays", "_made")

    def __init__(self, team: Team, arrays: tuple):
        self._team, self._arrays = team, arrays
        self._made: tuple[Spread, ...] = ()

    def unseen(self, team: Team) -> tuple | None:
        """The arrays, if they are this team's, and nobody has asked for one of them."""
        return None if self._made or team is not self._team else self._arrays

    def __iter__(self) -> Iterator[Spread]:
        if not self._made:
            self._made = tuple([Spread(self._team, a, WHOLE) for a in self._arrays])
        return iter(self._made)


def fill(buffer: Any, array: Any) -> None:
    """Give a buffer new contents of its own: a ``jax.Array``, or its part of a Spread."""
    buffer.version += 1
    if type(array) is Spread:
        buffer.pending = array
    else:
        buffer.array = array
        buffer.pending = None


def spmd(
    fn: Callable, team: Team, ins: Sequence[str], outs: Sequence[str], donate: tuple[int, ...] = ()
) -> Callable:
    """A function of each device's part as one compiled program of global arrays.

    Parameters
    ----------
    fn : callable
        From the parts of its inputs to a tuple of parts; within, ``AXIS`` names the devices.
    ins, outs : list of str
        How inputs and outputs are spread.
    donate : tuple of int
        Inputs that are given up.
    """
    whole, parts = team.whole.spec, team.parts.spec

    def local(*arrays):
        found = fn(*[a[0] if k is NUMBERS else a for a, k in zip(arrays, ins, strict=True)])
        return tuple(o.reshape(1) if k is NUMBERS else o for o, k in zip(found, outs, strict=True))

    local.__name__ = local.__qualname__ = getattr(fn, "__name__", "program")
    taken, given = (tuple(whole if k is WHOLE else parts for k in kinds) for kinds in (ins, outs))
    places: dict = {}
    if not team.joint:  # else JAX refuses arrays of the host
        places["in_shardings"] = tuple(team.whole if k is WHOLE else team.parts for k in ins)
    return over_devices(local, team.mesh, taken, given, donate, **places)


def over_devices(
    fn: Callable, mesh: jax.sharding.Mesh, ins: Any, outs: Any, donate: tuple[int, ...] = (),
    **places: Any,
) -> Callable:  # fmt: skip
    """A function of each device's parts, compiled; ``ins`` and ``outs`` are specs of partitions.

    ``places`` are arguments of ``jax.jit``.
    """
    persistent.switch_on()

    @functools.wraps(fn)
    def counted(*arrays):
        mappings.watch()
        with tracing_for(mesh.devices.flat[0]):
            return fn(*arrays)

    # what is the same on all devices is not what JAX can prove to be
    mapped = jax.shard_map(counted, mesh=mesh, in_specs=ins, out_specs=outs, check_vma=False)
    options = compiler_options(mesh.devices.flat[0])
    return jax.jit(mapped, donate_argnums=donate, compiler_options=options, **places)


def wide_scope(arrays: Sequence[Any], wide: bool) -> Any:
    """The scope for a program with 64-bit arrays; None if there are none."""
    return x64() if wide or has_wide(arrays) else None
