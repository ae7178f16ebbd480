"""Files of optimizer states.

A file is one of arrays, as :mod:`gluonx.serialization.arrays` has it, so ``nd.load`` shows what is
in it, and the suffix ``.safetensors`` chooses that format. The array named ``gluonx``, of uint8, is
JSON text that says how the others, named ``0``, ``1`` and so on, belong together::

    null, true, 1.5, "text"          itself
    ["array", name, dtype, shape]    an array; as bytes if the format does not have its type
    ["tuple", [...]]  ["list", [...]]
    ["dict", [[key, value], ...]]    keys are integers or text

Without that array, names are ``INDEX:PLACE``: the place-th array of the state of a parameter; or
``INDEX:count``, how often it was updated. That is what can be written in MXNet, see
:meth:`gluonx.gluon.Trainer.load_states`.

Nothing in a file is executed. MXNet's own files of states are pickled: loading one may run any
code, so they are refused.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import ml_dtypes
import numpy as np

from ..error import MXNetError
from . import arrays as files

__all__ = ["dump", "load", "pack", "unpack"]

_HEAD = "gluonx"
#: Entries that are lists of pairs, with an index first; they are read as dicts.
_PAIRS = ("states", "counts")
_VERSION = 1
#: How pickles begin: of protocol 2 and later; of tuples and dicts in protocol 0 and 1.
_PICKLE = re.compile(rb"\x80|\(*([dl]p\d|c\w+\.|}q|]q)")
_DTYPES = {
    name: np.dtype(name)
    for name in (
        "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
        "float16", "float32", "float64",
    )
} | {"bfloat16": np.dtype(ml_dtypes.bfloat16)}  # fmt: skip
_STORED = ("float32", "float64", "float16", "uint8", "int32", "int8", "int64", "bool", "bfloat16")


def dump(content: dict[str, Any], fname: str | os.PathLike = "") -> Iterator[bytes | memoryview]:
    """The bytes of a file, in pieces.

    Parameters
    ----------
    content : dict of str to anything
        As :func:`pack` takes it.
    fname : str or os.PathLike
        The format is safetensors if it ends in ``.safetensors``, else MXNet's.

    Raises
    ------
    TypeError
        If it holds something else. Raised by this call, before the first piece.
    """
    tree, arrays = pack(content)
    head = np.frombuffer(json.dumps(tree).encode(), np.uint8)
    return files.dump(fname, [head, *arrays], [_HEAD, *map(str, range(len(arrays)))])


def pack(content: dict[str, Any]) -> tuple[Any, list[Any]]:
    """What JSON can hold of this, and the arrays in it.

    Parameters
    ----------
    content : dict of str to anything
        Numbers, text, None, arrays (NumPy, JAX or NDArray), and tuples, lists and dicts of these.

    Raises
    ------
    TypeError
        If it holds something else.
    """
    arrays: list[Any] = []
    return _encode({"version": _VERSION, **content}, arrays), arrays


def _encode(value: Any, arrays: list[Any]) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (tuple, list)):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return [kind, [_encode(v, arrays) for v in value]]
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, (int, str)):
                raise TypeError(f"keys in a state must be integers or text, got {key!r:.80}")
        return ["dict", [[k, _encode(v, arrays)] for k, v in value.items()]]
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        name = np.dtype(value.dtype).name
        if name not in _DTYPES:
            raise TypeError(f"an array of type {name} in a state cannot be saved")
        shape = list(value.shape)
        if name not in _STORED:
            value = np.ascontiguousarray(value).reshape(-1).view(np.uint8)
        arrays.append(value)
        return ["array", str(len(arrays) - 1), name, shape]
    raise TypeError(
        "a state may hold arrays, numbers, text, None, and tuples, lists and dicts of these; got "
        f"{type(value).__module__}.{type(value).__name__}"
    )


def load(
    source: Any, name: Any = "<bytes>", make: Callable[[np.ndarray], Any] = lambda a: a
) -> dict[str, Any]:
    """Read what :func:`dump` wrote.

    Parameters
    ----------
    source : bytes-like or binary file
    name : str or os.PathLike
        What errors call it.
    make : callable
        Makes of each array what shall be in its place.

    Raises
    ------
    MXNetError
        If the contents are not as they must be, or are pickled.
    """
    if hasattr(source, "read"):
        first = source.read(16)
        source.seek(0)
    else:
        first = bytes(source[:16])
    if _PICKLE.match(first):
        raise MXNetError(
            f"{name} is a file of optimizer states that MXNet pickled. Loading it could run any "
            "code, so gluonx does not. Convert it in MXNet, if you trust the file: "
            "help(gluonx.gluon.Trainer.load_states) shows how. Or go on without: parameters are "
            "in files of their own, and states build up again"
        )
    arrays = dict(zip(*reversed(files.load(source, name)), strict=False))
    head = arrays.pop(_HEAD, None)
    try:
        if head is None:
            return _plain(arrays, make)
        return unpack(json.loads(head.tobytes()), arrays, make)
    except (ValueError, TypeError, KeyError, RecursionError, IndexError) as e:
        raise MXNetError(
            f"{name} is not a file of optimizer states that can be read: {e}"
        ) from None


def unpack(
    tree: Any, arrays: dict[str, Any], make: Callable[[Any], Any] = lambda a: a
) -> dict[str, Any]:
    """What :func:`pack` was given.

    Parameters
    ----------
    tree
        The first thing that it gave.
    arrays : dict of str to numpy.ndarray
        The arrays, under the names ``'0'``, ``'1'``, ...
    make : callable
        Makes of each array what shall be in its place.

    Raises
    ------
    ValueError, TypeError, KeyError, IndexError or RecursionError
        If they do not belong together.
    """
    content = _decode(tree, arrays, make)
    if not isinstance(content, dict) or content.get("version") != _VERSION:
        raise ValueError(f"it is not of version {_VERSION}; this gluonx may be too old for it")
    return content | {key: dict(content[key]) for key in _PAIRS if key in content}


def _decode(tree: Any, arrays: dict[str, np.ndarray], make: Callable) -> Any:
    if not isinstance(tree, list):
        return tree
    kind, *rest = tree
    if kind == "array":
        key, dtype, shape = rest
        if 0 in shape:
            return make(np.zeros(shape, _DTYPES[dtype]))
        found = np.asarray(arrays[key]).reshape(-1)
        if dtype not in _STORED:
            found = found.view(_DTYPES[dtype])
        elif found.dtype != _DTYPES[dtype]:
            raise ValueError(f"array {key} is of type {found.dtype}, not {dtype}")
        if found.size != math.prod(shape):
            raise ValueError(f"array {key} has {found.size} elements, but shape {shape}")
        return make(found.reshape(shape))
    (items,) = rest
    if kind == "dict":
        return {k: _decode(v, arrays, make) for k, v in items}
    found = [_decode(v, arrays, make) for v in items]
    return {"tuple": tuple, "list": list}[kind](found)


def _plain(arrays: dict[str, np.ndarray], make: Callable) -> dict[str, Any]:
    """From a file of arrays with names ``INDEX:PLACE``."""
    states: dict[int, dict[int, Any]] = {}
    counts: dict[int, int] = {}
    for key, array in arrays.items():
        index, _, place = key.partition(":")
        if place == "count":
            counts[int(index)] = int(array.reshape(-1)[0])
        else:
            states.setdefault(int(index), {})[int(place)] = make(array)
    parts = {i: tuple(found[j] for j in sorted(found)) for i, found in sorted(states.items())}
    return {"states": parts, **({"counts": counts} if counts else {})}
