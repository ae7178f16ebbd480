"""Weights of cells gate by gate, as ``mx.rnn``'s checkpoints have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import ndarray as nd
from ..ndarray import NDArray

__all__ = ["Packing"]


class Packing:
    """What cells of ``mx.rnn`` have besides those of Gluon."""

    #: What the names of the gates' weights end in, in the order of the rows.
    _gate_names: tuple[str, ...] = ()
    _children: Any
    prefix: str

    @property
    def state_shape(self) -> list[tuple[int, ...]]:
        """Shapes of the states; 0 stands for the number of samples."""
        return [info["shape"] for info in self.state_info()]  # type: ignore[attr-defined]

    def _packed_cells(self) -> list[Packing]:
        return [c for c in self._children.values() if isinstance(c, Packing)]

    def unpack_weights(self, args: Mapping[str, NDArray]) -> dict[str, NDArray]:
        """Parameters by name, with the weights of each gate by itself.

        Parameters
        ----------
        args : dict of str to NDArray
            Parameters of a network. Others than those of the cells are passed on.

        Returns
        -------
        dict of str to NDArray

        Examples
        --------
        >>> import gluonx as gx
        >>> cell = gx.rnn.GRUCell(num_hidden=2, prefix='gru_')
        >>> args = {f'gru_{g}_{k}': gx.nd.ones((6, 3) if k == 'weight' else (6,))
        ...         for g in ('i2h', 'h2h') for k in ('weight', 'bias')}
        >>> parts = cell.unpack_weights(args)
        >>> sorted(parts)[:3], parts['gru_i2h_z_weight'].shape
        (['gru_h2h_o_bias', 'gru_h2h_o_weight', 'gru_h2h_r_bias'], (2, 3))
        >>> cell.pack_weights(parts).keys() == args.keys()
        True
        """
        found = dict(args)
        for name, parts in self._parts():
            whole = self._taken(found, name)
            rows = whole.shape[0] // len(parts)
            for k, part in enumerate(parts):
                found[part] = whole[k * rows : (k + 1) * rows].copy()
        for cell in self._packed_cells():
            found = cell.unpack_weights(found)
        return found

    def pack_weights(self, args: Mapping[str, NDArray]) -> dict[str, NDArray]:
        """The reverse of :meth:`unpack_weights`."""
        found = dict(args)
        for name, parts in self._parts():
            found[name] = nd.concat(*[self._taken(found, p) for p in parts], dim=0)
        for cell in self._packed_cells():
            found = cell.pack_weights(found)
        return found

    def _parts(self) -> list[tuple[str, list[str]]]:
        """The parameters that gates share, and the names of the parts."""
        if not self._gate_names:
            return []
        return [
            (
                f"{self.prefix}{group}_{kind}",
                [f"{self.prefix}{group}{gate}_{kind}" for gate in self._gate_names],
            )
            for group in ("i2h", "h2h")
            for kind in ("weight", "bias")
        ]

    def _taken(self, args: dict[str, NDArray], name: str) -> NDArray:
        if name not in args:
            raise ValueError(
                f"{name} is missing among the weights; they have {', '.join(sorted(args)) or 'no'} "
                "entries"
            )
        return args.pop(name)
