"""What updates on several devices write."""

from __future__ import annotations

from collections.abc import Sequence

from ..buffer import Buffer
from ..bundle import Bundle
from ..spread import Spread, Team

__all__ = ["Written"]


class Written:
    """Parameters that are on several devices, and states that belong to all of them.

    Parameters
    ----------
    team : Team
    params : list of list of Buffer
        For each device the same parameters.
    states : list of Buffer
        The same for all devices.

    Attributes
    ----------
    bundles : list of Bundle
        The parameters of each device, and the states.
    made : sequence of Spread
        What the last update has made: parameters, then states.
    """

    __slots__ = ("team", "params", "states", "bundles", "made")

    def __init__(self, team: Team, params: Sequence[list[Buffer]], states: list[Buffer]):
        self.team, self.params, self.states = team, params, states
        self.bundles: list[Bundle] = [Bundle(own) for own in (*params, states)]
        self.made: Sequence[Spread] = ()
