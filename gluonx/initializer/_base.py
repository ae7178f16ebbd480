"""What all initializers have in common."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ndarray as nd
from .. import registry
from ..ndarray.creation import put

__all__ = ["InitDesc", "Initializer", "alias", "create", "register"]

#: Which method fills an array whose name ends so; the first that fits.
_BY_SUFFIX = {
    "weight": "_init_weight",
    "bias": "_init_bias",
    "gamma": "_init_gamma",
    "beta": "_init_beta",
    "running_mean": "_init_zero",
    "moving_mean": "_init_zero",
    "running_var": "_init_one",
    "moving_var": "_init_one",
    "moving_inv_var": "_init_zero",
    "moving_avg": "_init_zero",
    "min": "_init_zero",
    "max": "_init_one",
}


class InitDesc(str):
    """Name of an array to initialize, with what else is known about it.

    Parameters
    ----------
    name : str
        Name of the array.
    attrs : dict of str to str, optional
        Attributes of the variable. ``'__init__'`` is an initializer of its own, as an instance, a
        name or JSON text; it goes before the one that is called.
    global_init : Initializer, optional
        The initializer for arrays that have none of their own.
    """

    attrs: dict[str, Any]
    global_init: Initializer | None

    def __new__(
        cls, name: str, attrs: dict[str, Any] | None = None, global_init: Initializer | None = None
    ) -> InitDesc:
        desc = super().__new__(cls, name)
        desc.attrs = attrs or {}
        desc.global_init = global_init
        return desc


def fill(arr: nd.NDArray, values: Any) -> None:
    """Write values made on the host to the whole of ``arr``.

    Nothing is compiled, which for the many shapes of a network's parameters takes longer than
    making the numbers.
    """
    values = np.broadcast_to(np.asarray(values).astype(arr.dtype), arr.shape)
    arr._write(put(values, arr.context))


class Initializer:
    """Base class of initializers. Subclasses define ``_init_weight(name, arr)``.

    Parameters
    ----------
    **kwargs
        The arguments of the subclass, kept for :meth:`dumps`, ``==`` and ``repr``.

    Examples
    --------
    >>> import gluonx as gx
    >>> class Half(gx.init.Initializer):
    ...     def _init_weight(self, name, arr):
    ...         arr[:] = 0.5
    >>> weight = gx.nd.zeros((2,))
    >>> Half()(gx.init.InitDesc('fc_weight'), weight)
    >>> weight.asnumpy().tolist()
    [0.5, 0.5]
    """

    def __init__(self, **kwargs: Any):
        self._kwargs = kwargs
        self._verbose = False
        self._print_func: Callable[[nd.NDArray], str] = _root_mean_square

    def set_verbosity(
        self, verbose: bool = False, print_func: Callable[[nd.NDArray], str] | None = None
    ) -> Initializer:
        """Log each array that is initialized.

        Parameters
        ----------
        verbose : bool
            Whether to log.
        print_func : callable, optional
            What to log of the array; by default its root mean square.

        Returns
        -------
        Initializer
            This initializer.
        """
        self._verbose = verbose
        self._print_func = print_func or _root_mean_square
        return self

    def dumps(self) -> str:
        """JSON text from which :func:`create` makes an equal initializer.

        Examples
        --------
        >>> import gluonx as gx
        >>> gx.init.Normal(0.5).dumps()
        '["normal", {"sigma": 0.5}]'
        """
        return json.dumps([type(self).__name__.lower(), _plain(self._kwargs)])

    def __call__(self, desc: InitDesc | str, arr: nd.NDArray) -> None:
        """Fill ``arr``.

        Parameters
        ----------
        desc : InitDesc or str
            Name of the array; its end decides what kind of values it gets.
        arr : NDArray
            The array to write to.

        Raises
        ------
        TypeError
            If ``desc`` is not a string or ``arr`` not an NDArray.
        ValueError
            If the name has none of the known endings.
        """
        if not isinstance(desc, str):
            raise TypeError(f"the name of the array must be an InitDesc or str, got {desc!r}")
        if not isinstance(arr, nd.NDArray):
            raise TypeError(f"cannot initialize {desc}: expected an NDArray, got {type(arr)}")
        if not isinstance(desc, InitDesc):
            desc = InitDesc(desc)
        if desc.global_init is None:
            desc.global_init = self
        own = desc.attrs.get("__init__")
        if own:
            chosen = create(own)
            chosen._init_weight(desc, arr)
            self._report(desc, chosen, arr)
            return
        for suffix, method in _BY_SUFFIX.items():
            if desc.endswith(suffix):
                getattr(self, method)(desc, arr)
                self._report(desc, suffix, arr)
                return
        self._init_default(desc, arr)

    def _report(self, desc: str, kind: Any, arr: nd.NDArray) -> None:
        if self._verbose:
            logging.info("Initialized %s as %s: %s", desc, kind, self._print_func(arr))

    def _init_zero(self, name: str, arr: nd.NDArray) -> None:
        fill(arr, 0)

    def _init_one(self, name: str, arr: nd.NDArray) -> None:
        fill(arr, 1)

    def _init_weight(self, name: str, arr: nd.NDArray) -> None:
        raise NotImplementedError(
            f"{type(self).__name__} must define _init_weight(self, name, arr)"
        )

    # Methods of their own, so that a subclass can redefine one kind of array.
    def _init_bias(self, name: str, arr: nd.NDArray) -> None:
        self._init_zero(name, arr)

    def _init_gamma(self, name: str, arr: nd.NDArray) -> None:
        self._init_one(name, arr)

    def _init_beta(self, name: str, arr: nd.NDArray) -> None:
        self._init_zero(name, arr)

    def _init_default(self, name: str, arr: nd.NDArray) -> None:
        raise ValueError(
            f"cannot tell from the name {str(name)!r} how to initialize it; known endings are "
            f"{', '.join(_BY_SUFFIX)}. Give the array an initializer of its own (init=...)."
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Initializer):
            return NotImplemented
        return type(self) is type(other) and _plain(self._kwargs) == _plain(other._kwargs)

    def __hash__(self) -> int:
        return hash((type(self), *self._kwargs))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self._kwargs.items())})"


register = registry.get_register_func(Initializer, "initializer")
alias = registry.get_alias_func(Initializer, "initializer")
create = registry.get_create_func(Initializer, "initializer")


def _root_mean_square(arr: nd.NDArray) -> str:
    return str(float(np.sqrt(np.mean(np.square(arr.asnumpy(), dtype=np.float64)))))


def _plain(value: Any) -> Any:
    """``value`` with arrays as nested lists and initializers as their JSON text."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, Initializer):
        return value.dumps()
    if isinstance(value, (nd.NDArray, np.ndarray, np.generic)):
        return np.asarray(value).tolist()
    return value
