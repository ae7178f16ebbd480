"""Initializers that treat each array by its name."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Any

from .. import ndarray as nd
from ._base import InitDesc, Initializer, create

__all__ = ["Load", "Mixed"]


class Mixed(Initializer):
    """Several initializers, chosen by the name of the array.

    Parameters
    ----------
    patterns : list of str
        Regular expressions that a name is matched with from its start, in this order.
    initializers : list of Initializer or str
        One for each pattern.

    Raises
    ------
    ValueError
        If the lists differ in length; when called, if no pattern matches.

    Examples
    --------
    >>> import gluonx as gx
    >>> init = gx.init.Mixed(['.*2_', '.*'], ['ones', gx.init.Uniform(0.1)])
    >>> weight = gx.nd.zeros((2,))
    >>> init('fc2_weight', weight)
    >>> weight.asnumpy().tolist()
    [1.0, 1.0]
    """

    def __init__(self, patterns: Sequence[str], initializers: Sequence[Any]):
        if len(patterns) != len(initializers):
            raise ValueError(
                f"Mixed needs one initializer for each pattern, got {len(patterns)} patterns and "
                f"{len(initializers)} initializers"
            )
        initializers = [create(i) for i in initializers]
        super().__init__(patterns=list(patterns), initializers=initializers)
        self.map = [(re.compile(p), i) for p, i in zip(patterns, initializers, strict=True)]

    def _choose(self, name: str) -> Initializer:
        for pattern, initializer in self.map:
            if pattern.match(name):
                return initializer
        raise ValueError(
            f"no pattern matches {str(name)!r}, patterns are "
            f"{[p.pattern for p, _ in self.map]}; add '.*' as the last one"
        )

    def __call__(self, desc: InitDesc | str, arr: nd.NDArray) -> None:
        if getattr(desc, "attrs", {}).get("__init__"):
            super().__call__(desc, arr)
        else:
            self._choose(desc)(desc, arr)

    def _init_weight(self, name: str, arr: nd.NDArray) -> None:
        self._choose(name)._init_weight(name, arr)


class Load(Initializer):
    """Values from a file or a dict; what is not there comes from another initializer.

    Parameters
    ----------
    param : str or dict of str to NDArray
        File name or arrays by name. The prefixes ``arg:`` and ``aux:`` are taken off.
    default_init : Initializer or str, optional
        For names that ``param`` lacks.
    verbose : bool
        Whether to log where the values of each array come from.

    Raises
    ------
    ValueError
        When called: if the shapes differ, or the name is not there and there is no
        ``default_init``.
    """

    def __init__(
        self, param: str | dict[str, nd.NDArray], default_init: Any = None, verbose: bool = False
    ):
        loaded = nd.load(param) if isinstance(param, str) else param
        if not isinstance(loaded, dict):
            raise TypeError(f"Load needs arrays by name, got {type(loaded)} from {param!r}")
        super().__init__(
            param=param if isinstance(param, str) else list(param), default_init=default_init
        )
        self.param = {re.sub("^(arg|aux):", "", name): arr for name, arr in loaded.items()}
        self.default_init = None if default_init is None else create(default_init)
        self.verbose = verbose

    def _load(self, name: str, arr: nd.NDArray) -> bool:
        value = self.param.get(str(name))
        if value is None:
            if self.default_init is None:
                raise ValueError(
                    f"{str(name)!r} is not among the loaded arrays ({', '.join(self.param)}); "
                    "give Load a default_init"
                )
        elif value.shape != arr.shape:
            raise ValueError(f"{name} has shape {arr.shape}, the loaded array {value.shape}")
        else:
            arr[:] = value
        if self.verbose:
            logging.info("Initialized %s %s", name, "by default" if value is None else "by loading")
        return value is not None

    def __call__(self, desc: InitDesc | str, arr: nd.NDArray) -> None:
        if getattr(desc, "attrs", {}).get("__init__"):
            super().__call__(desc, arr)
        elif not self._load(desc, arr) and self.default_init is not None:
            self.default_init(desc, arr)

    def _init_weight(self, name: str, arr: nd.NDArray) -> None:
        if not self._load(name, arr) and self.default_init is not None:
            self.default_init._init_weight(name, arr)
