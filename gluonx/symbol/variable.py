"""Variables: the placeholders that a graph starts from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..attribute import AttrScope
from ..error import MXNetError
from .node import OWN, Node, text
from .symbol import Symbol

__all__ = ["Variable", "declared_dtype", "declared_shape", "own_attributes", "var"]

_TYPE_FLAGS = {
    "float32": 0, "float64": 1, "float16": 2, "uint8": 3, "int32": 4, "int8": 5, "int64": 6,
    "bool": 7, "int16": 8, "uint16": 9, "uint32": 10, "uint64": 11, "bfloat16": 12,
}  # fmt: skip
_TYPE_NAMES = {str(flag): name for name, flag in _TYPE_FLAGS.items()}
_STORAGE_FLAGS = {"default": 0, "row_sparse": 1, "csr": 2}


def own_attributes(attr: Mapping[str, str] | None) -> dict[str, str]:
    """Attributes of the present scope and ``attr``, in the form that nodes keep them."""
    for name, value in (attr or {}).items():
        if not isinstance(value, str):
            raise ValueError(f"attr must be strings, got {name}={value!r}; write {str(value)!r}")
    merged = AttrScope.current.get(attr)
    return {f"__{k}__" if k in OWN else k: v for k, v in merged.items()}


def var(
    name: str,
    attr: Mapping[str, str] | None = None,
    shape: Sequence[int] | None = None,
    lr_mult: float | None = None,
    wd_mult: float | None = None,
    dtype: Any = None,
    init: Any = None,
    stype: str | None = None,
    **kwargs: Any,
) -> Symbol:
    """A variable: a placeholder for an array that is given later.

    Parameters
    ----------
    name : str
    attr : dict of str to str, optional
        Attributes.
    shape : tuple of int, optional
        Its shape; 0 where it is not known yet.
    lr_mult, wd_mult : float, optional
        Factors on the learning rate and the weight decay.
    dtype : dtype, optional
    init : Initializer or str, optional
        How to initialize it.
    stype : str, optional
        ``'default'``; stored for other readers of the file.
    **kwargs
        More attributes, whose names begin and end with two underscores.

    Returns
    -------
    Symbol

    Raises
    ------
    TypeError
        If the name is not a string.
    ValueError
        For an unknown attribute.

    Examples
    --------
    >>> import gluonx as gx
    >>> x = gx.sym.var('x', shape=(2, 3))
    >>> x.exp().infer_shape()
    ([(2, 3)], [(2, 3)], [])
    """
    if not isinstance(name, str):
        raise TypeError(f"a variable's name must be a string, got {name!r}")
    attrs = own_attributes(attr)
    if shape is not None:
        attrs["__shape__"] = text(tuple(shape))
    if lr_mult is not None:
        attrs["__lr_mult__"] = text(lr_mult)
    if wd_mult is not None:
        attrs["__wd_mult__"] = text(wd_mult)
    if dtype is not None:
        attrs["__dtype__"] = _type_flag(dtype)
    if init is not None:
        attrs["__init__"] = init if isinstance(init, str) else init.dumps()
    if stype is not None:
        if stype not in _STORAGE_FLAGS:
            raise ValueError(f"stype must be one of {', '.join(_STORAGE_FLAGS)}, got {stype!r}")
        attrs["__storage_type__"] = str(_STORAGE_FLAGS[stype])
    for key, value in kwargs.items():
        if not (key.startswith("__") and key.endswith("__")):
            raise ValueError(
                f"var() has no argument {key!r}; attributes of your own begin and end with two "
                f"underscores: __{key}__={text(value)!r}"
            )
        attrs[key] = text(value)
    return Symbol([(Node(None, name, attrs), 0)])


def declared_shape(node: Node) -> tuple[int, ...] | None:
    """The shape that a variable was made with."""
    found = node.attrs.get("__shape__")
    if not found:
        return None
    try:
        numbers = found.strip("()[] ").rstrip(",").split(",")
        return tuple(int(n) for n in numbers if n.strip())
    except ValueError:
        raise MXNetError(f"variable {node.name}: {found!r} is not a shape") from None


def declared_dtype(node: Node) -> np.dtype | None:
    """The dtype that a variable was made with."""
    found = node.attrs.get("__dtype__")
    if not found or found == "-1":
        return None
    if found not in _TYPE_NAMES:
        raise MXNetError(f"variable {node.name}: unknown type flag {found!r}")
    return jnp.dtype(_TYPE_NAMES[found])


def _type_flag(dtype: Any) -> str:
    name = dtype if isinstance(dtype, str) else np.dtype(dtype).name
    if name not in _TYPE_FLAGS:
        raise ValueError(f"unknown dtype {name!r}; expected one of {', '.join(_TYPE_FLAGS)}")
    return str(_TYPE_FLAGS[name])


Variable = var
