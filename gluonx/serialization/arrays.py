"""Files of arrays in any format: written by the suffix of their name, read by what is in them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from . import npz, params, safetensors

__all__ = ["dump", "load"]

_SUFFIX = ".safetensors"


def dump(
    fname: str | os.PathLike, arrays: Sequence[Any], names: Sequence[str] = ()
) -> Iterator[bytes | memoryview]:
    """The bytes of a file with these arrays, in pieces.

    In the safetensors format if the name of the file ends in ``.safetensors``, else in MXNet's;
    see :func:`gluonx.serialization.params.dump`.
    """
    module = safetensors if os.fsdecode(fname).endswith(_SUFFIX) else params
    return module.dump(arrays, names)


def load(
    source: Any, name: str | os.PathLike = "<bytes>", mapped: bool = False
) -> tuple[list[Any], list[str]]:
    """Read the arrays of a file and their names, from MXNet's format, safetensors or npz.

    Parameters
    ----------
    source : bytes-like or binary file
    name : str or os.PathLike
        What errors call it.
    mapped : bool
        Whether arrays may be read-only parts of the file; see
        :func:`gluonx.serialization.safetensors.load`.
    """
    if hasattr(source, "readinto"):
        start = source.read(9)
        source.seek(0)
    else:
        start = bytes(source[:9]) if not isinstance(source, memoryview) else source[:9].tobytes()
    if start.startswith(b"PK"):
        return npz.load(source, name)
    is_params = start[:8] == b"\x12\1\0\0\0\0\0\0" and start[8:] != b"{"
    if not is_params and (start[8:] == b"{" or os.fsdecode(name).endswith(_SUFFIX)):
        return safetensors.load(source, name, mapped)
    return params.load(source, name)
