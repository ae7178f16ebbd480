"""Parameters by name."""

from __future__ import annotations

import operator
import re
from collections import OrderedDict
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Any

import numpy as np

from .. import initializer
from .. import ndarray as nd
from ..context import Context, cpu
from ..engine.deferred import zero
from ..hosts import at_hand, once
from ..ndarray import NDArray
from ._parameter import Constant, Parameter, contexts_of

__all__ = ["ParameterDict", "assign"]

_entry = operator.attrgetter("_entry")


class ParameterDict:
    """Parameters by name, in order.

    Parameters
    ----------
    prefix : str
        Put in front of the names given to :meth:`get`.
    shared : ParameterDict, optional
        Where :meth:`get` looks for a parameter before it makes one.
    """

    def __init__(self, prefix: str = "", shared: ParameterDict | None = None):
        self._prefix = prefix
        self._shared = shared
        self._params: OrderedDict[str, Parameter] = OrderedDict()
        #: The arrays of all, and ``Parameter.moves`` and the parameters that they are of.
        self._known: tuple[Any, list[NDArray] | None] = (None, None)

    def __repr__(self) -> str:
        lines = "\n".join(f"  {p}" for p in self._params.values())
        head = f"{self._prefix} " if self._prefix else ""
        return f"{head}(\n{lines}\n)"

    @property
    def prefix(self) -> str:
        """What stands in front of the names."""
        return self._prefix

    def __getitem__(self, key: str) -> Parameter:
        return self._params[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._params)

    def __len__(self) -> int:
        return len(self._params)

    def __contains__(self, key: str) -> bool:
        return key in self._params

    def items(self) -> ItemsView[str, Parameter]:
        """Names and parameters."""
        return self._params.items()

    def keys(self) -> KeysView[str]:
        """Names."""
        return self._params.keys()

    def values(self) -> ValuesView[Parameter]:
        """Parameters."""
        return self._params.values()

    def _find(self, name: str) -> Parameter | None:
        found = self._params.get(name)
        if found is None and self._shared is not None:
            found = self._shared._find(name)
            if found is not None:
                self._params[name] = found
        return found

    def get(self, name: str, **kwargs: Any) -> Parameter:
        """The parameter ``prefix + name``, made if there is none.

        Parameters
        ----------
        name : str
        **kwargs
            As for :class:`Parameter`. For a parameter that exists they must agree with it.

        Raises
        ------
        ValueError
            If the parameter exists with another shape or type.
        """
        name = self._prefix + name
        found = self._find(name)
        if found is None:
            found = self._params[name] = Parameter(name, **kwargs)
            return found
        for key, value in kwargs.items():
            old = getattr(found, key, None)
            if value is None or old is None:
                if old is None and value is not None:
                    setattr(found, key, value)
                continue
            if key == "shape":
                new = (value,) if isinstance(value, int) else tuple(value)
                if len(new) == len(old) and all(
                    a <= 0 or b <= 0 or a == b for a, b in zip(new, old, strict=True)
                ):
                    found._shape = tuple(a if a > 0 else b for a, b in zip(old, new, strict=True))
                    continue
            elif key == "dtype" and np.dtype(value) == np.dtype(old):
                continue
            elif key not in ("shape", "dtype"):
                continue
            raise ValueError(
                f"{found._title()} exists with {key}={old}, and was asked for with {key}={value}"
            )
        return found

    def get_constant(self, name: str, value: Any = None) -> Constant:
        """The constant ``prefix + name``, made with ``value`` if there is none."""
        name = self._prefix + name
        found = self._find(name)
        if found is None:
            if value is None:
                raise KeyError(f"there is no constant {name}; give its value to make one")
            found = self._params[name] = Constant(name, value)
        elif not isinstance(found, Constant):
            raise TypeError(f"{name} is a Parameter, not a Constant")
        return found

    def update(self, other: ParameterDict) -> None:
        """Take in the parameters of ``other``."""
        for name, p in other.items():
            if self._params.get(name, p) is not p:
                raise ValueError(
                    f"two different parameters are called {name}; give their blocks different "
                    "prefixes"
                )
        self._params.update(other._params)

    def initialize(
        self, init: Any = None, ctx: Any = None, verbose: bool = False, force_reinit: bool = False
    ) -> None:
        """Initialize all parameters; see :meth:`Parameter.initialize`."""
        init = initializer.Uniform() if init is None else init
        if verbose and isinstance(init, initializer.Initializer):
            init.set_verbosity(verbose=verbose)
        for p in self.values():
            p.initialize(None, ctx, init, force_reinit=force_reinit)

    def zero_grad(self) -> None:
        """Set all gradients to 0."""
        key = Parameter.moves, list(self.values())
        if key != self._known[0]:
            self._known = key, self._dense()
        arrays = self._known[1]
        if arrays is None:
            self._known = None, None  # it may be otherwise the next time
        elif zero(list(filter(None, map(_entry, arrays)))):  # frozen ones have no entry
            return
        for p in self.values():
            p.zero_grad()

    def _dense(self) -> list[NDArray] | None:
        """The arrays of all; None if some have no values yet, or a sparse gradient."""
        arrays: list[NDArray] = []
        for p in self.values():
            if p._data is None or p._deferred is not None or p._grad_stype != "default":
                return None
            arrays += p._data.values()
        return arrays

    def reset_ctx(self, ctx: Any) -> None:
        """Move all parameters to other devices."""
        for p in self.values():
            p.reset_ctx(ctx)

    def list_ctx(self) -> list[Context]:
        """All contexts that a parameter is on."""
        return list(dict.fromkeys(c for p in self.values() for c in p.list_ctx()))

    def setattr(self, name: str, value: Any) -> None:
        """Set an attribute of all parameters, for example ``setattr('grad_req', 'null')``."""
        for p in self.values():
            setattr(p, name, value)

    def select(self, pattern: str | None) -> ParameterDict:
        """Those whose names match the regular expression."""
        found = ParameterDict(self._prefix)
        match = re.compile(pattern or "").match
        found._params.update((k, p) for k, p in self.items() if match(k))
        return found

    def save(self, filename: str, strip_prefix: str = "") -> None:
        """Save all parameters, less ``strip_prefix`` in their names."""
        out = {}
        for name, p in self.items():
            if not name.startswith(strip_prefix):
                raise ValueError(
                    f"the name {name} does not begin with strip_prefix={strip_prefix!r}; choose a "
                    "prefix that all names have"
                )
            out[name[len(strip_prefix) :]] = p._saved()
        with once(filename) as mine:
            if mine:
                nd.save(filename, out)

    def load(
        self, filename: str, ctx: Any = None, allow_missing: bool = False,
        ignore_extra: bool = False, restore_prefix: str = "", cast_dtype: bool = False,
        dtype_source: str = "current",
    ) -> None:  # fmt: skip
        """Load parameters by name; see :meth:`gluonx.Block.load_parameters`."""
        with at_hand(filename) as name:
            loaded = nd.load(name)
        if not isinstance(loaded, dict):
            raise ValueError(f"{filename} holds arrays without names; save a dict of parameters")
        self.load_dict(
            loaded, ctx, allow_missing, ignore_extra, restore_prefix, filename, cast_dtype,
            dtype_source,
        )  # fmt: skip

    def load_dict(
        self, param_dict: dict[str, NDArray], ctx: Any = None, allow_missing: bool = False,
        ignore_extra: bool = False, restore_prefix: str = "", filename: str | None = None,
        cast_dtype: bool = False, dtype_source: str = "current",
    ) -> None:  # fmt: skip
        """Set parameters from arrays by name; see :meth:`gluonx.Block.load_parameters`.

        Parameters
        ----------
        param_dict : dict of str to NDArray
        restore_prefix : str
            What is put before the names.
        filename : str, optional
            Where the arrays come from, for messages.
        """
        arrays = {
            restore_prefix + (k[4:] if k.startswith(("arg:", "aux:")) else k): v
            for k, v in param_dict.items()
        }
        targets = {k: p for k, p in self.items() if k.startswith(restore_prefix)}
        assign(
            targets, arrays, filename or "the dict", ctx, allow_missing, ignore_extra, cast_dtype,
            dtype_source,
        )  # fmt: skip


def assign(
    targets: dict[str, Parameter], arrays: dict[str, NDArray], filename: str, ctx: Any,
    allow_missing: bool, ignore_extra: bool, cast_dtype: bool, dtype_source: str,
    shared: dict[int, list[str]] | None = None,
) -> None:  # fmt: skip
    """Set parameters to loaded arrays, all or none.

    Raises
    ------
    ValueError
        One error that lists every missing name, every name too many, and every wrong shape or
        type.
    """
    if dtype_source not in ("current", "saved"):
        raise ValueError(f"dtype_source must be 'current' or 'saved', got {dtype_source!r}")
    missing = [
        k for k, p in targets.items()
        if k not in arrays and not any(n in arrays for n in (shared or {}).get(id(p), ()))
    ]  # fmt: skip
    extra = [k for k in arrays if k not in targets]
    wrong = []
    for name, x in arrays.items():
        p = targets.get(name)
        if p is None:
            continue
        if p.shape is not None and (
            len(p.shape) != len(x.shape)
            or any(a > 0 and a != b for a, b in zip(p.shape, x.shape, strict=True))
        ):
            wrong.append(f"{name}: the file has shape {x.shape}, the network {p.shape}")
        elif not cast_dtype and np.dtype(p.dtype) != np.dtype(x.dtype):
            wrong.append(
                f"{name}: the file has {np.dtype(x.dtype).name}, the network "
                f"{np.dtype(p.dtype).name}; load with cast_dtype=True to convert"
            )
    parts = []
    if missing and not allow_missing:
        parts.append(f"missing in the file (allow_missing=True ignores it): {', '.join(missing)}")
    if extra and not ignore_extra:
        parts.append(f"not in the network (ignore_extra=True ignores it): {', '.join(extra)}")
    if wrong:
        parts.append("do not fit: " + "; ".join(wrong))
    if parts:
        raise ValueError(f"cannot load {filename}:\n  " + "\n  ".join(parts))
    for name, x in arrays.items():
        p = targets.get(name)
        if p is None:
            continue
        if cast_dtype and dtype_source == "saved":
            p.cast(x.dtype)
        if p._data is None:
            p.shape = x.shape
            p._deferred = (None, None, x.astype(p.dtype, copy=False))
            p._data = {c: p._placeholder(c) for c in contexts_of(ctx if ctx is not None else cpu())}
            p._finish_deferred_init()
            continue
        if ctx is not None:
            p.reset_ctx(ctx)
        p.set_data(x.astype(p.dtype, copy=False))
