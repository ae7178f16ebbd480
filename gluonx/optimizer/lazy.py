"""Lazy updates: of a parameter with a row_sparse gradient, only the rows that it has change.

The other rows keep their values and their state: no weight decay, and momentum that does not fade
(MXNet's ``lazy_update``). The gradient inside the compiled step is dense; which rows it has is told
by what :func:`gluonx.ndarray.sparse_array.mark_of` collected, and by the rows that are not zero.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

__all__ = ["is_lazy", "keep_rows", "stored_rows", "touched"]


def is_lazy(optimizer: Any, stype: str, grad_stype: str) -> bool:
    """Whether an optimizer updates a parameter with these storage types lazily.

    It says so by ``lazy_update``; by ``lazy_if_sparse``, if it does for row_sparse parameters only.
    """
    lazy = getattr(optimizer, "lazy_update", False)
    if not lazy and stype == "row_sparse":
        lazy = getattr(optimizer, "lazy_if_sparse", False)
    return bool(lazy) and grad_stype == "row_sparse"


def stored_rows(grad: Any) -> np.ndarray:
    """Which rows a RowSparseNDArray stores, as :func:`touched` has them."""
    rows = np.zeros((grad.shape[0], *[1] * (len(grad.shape) - 1)), bool)
    rows[grad.indices.asnumpy()] = True
    return rows


def touched(grad: Any, counts: Any = None) -> Any:
    """Which rows a gradient has: booleans of shape (rows, 1, ...), as many axes as ``grad``.

    Parameters
    ----------
    grad : array, shape (rows, ...)
    counts : array, shape (rows,), optional
        Positive for rows that count even though their gradient is zero.
    """
    rows = (grad != 0).reshape(grad.shape[0], -1).any(axis=1)
    if counts is not None:
        rows = rows | (counts > 0)
    return rows.reshape(-1, *[1] * (grad.ndim - 1))


def keep_rows(
    update: Any,
    old: tuple[list[Any], Any],
    new: tuple[list[Any], Any],
    rows: dict[int, Any],
) -> tuple[list[Any], Any]:
    """New parameters and state, but for the rows that were not touched.

    Parameters
    ----------
    update : Update
        What made the new ones.
    old, new : tuple of (parameters, state)
        Before and after the update.
    rows : dict of int to array
        For some of the parameters, by number, what :func:`touched` gives.
    """
    params, state = old
    found = [
        jnp.where(rows[i], n, p) if i in rows else n
        for i, (n, p) in enumerate(zip(new[0], params, strict=True))
    ]
    owner = update.owners(state, len(params))

    def leaf(n: Any, o: Any, i: int) -> Any:
        return jnp.where(rows[i], n, o) if i in rows and n.shape == params[i].shape else n

    return found, jax.tree.map(leaf, new[1], state, owner)
