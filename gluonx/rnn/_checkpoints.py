"""Checkpoints of symbols made of cells: weights are saved gate by gate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["do_rnn_checkpoint", "load_rnn_checkpoint", "rnn_unroll", "save_rnn_checkpoint"]


def _cells(cells: Any) -> list[Any]:
    return list(cells) if isinstance(cells, (list, tuple)) else [cells]


def save_rnn_checkpoint(
    cells: Any, prefix: str, epoch: int, symbol: Any, arg_params: Any, aux_params: Any
) -> None:
    """Save a symbol and its parameters, with the weights of each gate of ``cells`` by itself.

    So fused layers and cells read each other's files.

    Parameters
    ----------
    cells : RecurrentCell or list of RecurrentCell
        The cells that the symbol was unrolled from.
    prefix, epoch, symbol, arg_params, aux_params
        As for :func:`gluonx.model.save_checkpoint`.
    """
    from ..model import save_checkpoint

    for cell in _cells(cells):
        arg_params = cell.unpack_weights(arg_params)
    save_checkpoint(prefix, epoch, symbol, arg_params, aux_params)


def load_rnn_checkpoint(cells: Any, prefix: str, epoch: int) -> tuple[Any, dict, dict]:
    """What :func:`save_rnn_checkpoint` wrote, MXNet's too, with parameters as ``cells`` have them.

    Returns
    -------
    symbol : Symbol
    arg_params, aux_params : dict of str to NDArray
    """
    from ..model import load_checkpoint

    symbol, args, aux = load_checkpoint(prefix, epoch)
    for cell in _cells(cells):
        args = cell.pack_weights(args)
    return symbol, args, aux


def do_rnn_checkpoint(cells: Any, prefix: str, period: int = 1) -> Callable:
    """A callback for the end of an epoch: :func:`save_rnn_checkpoint` each ``period`` epochs."""
    period = max(int(period), 1)

    def callback(epoch: int, symbol: Any = None, arg_params: Any = None, aux: Any = None) -> None:
        if (epoch + 1) % period == 0:
            save_rnn_checkpoint(cells, prefix, epoch + 1, symbol, arg_params, aux)

    return callback


def rnn_unroll(
    cell: Any, length: int, inputs: Any = None, begin_state: Any = None, input_prefix: str = "",
    layout: str = "NTC",
) -> tuple[Any, list[Any]]:  # fmt: skip
    """Deprecated: ``cell.unroll``; without inputs these are variables ``t0_data``, ..."""
    from .. import symbol as sym

    if inputs is None:
        inputs = [sym.var(f"{input_prefix}t{i}_data") for i in range(length)]
    return cell.unroll(length, inputs, begin_state, layout)
