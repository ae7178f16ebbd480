"""Saving arrays to files and loading them, in MXNet's format and in others."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from typing import Any

from ..context import Context, current_context
from ..engine.buffer import Buffer
from ..serialization import arrays as files
from ..serialization import params
from ..serialization.files import open_read, open_write, path_name
from .creation import put
from .ndarray import NDArray
from .sparse_array import BaseSparseNDArray, CSRNDArray, RowSparseNDArray
from .sparse_storage import CSR, Rows

__all__ = ["load", "load_frombuffer", "save"]


def save(
    fname: str | os.PathLike, data: NDArray | Sequence[NDArray] | Mapping[str, NDArray]
) -> None:
    """Save arrays to a file, in MXNet's format or in that of safetensors.

    The file is replaced when the new one is complete; whatever happens before that, the old file
    stays as it is. In MXNet's format an array without axes is saved with shape (1,).

    Parameters
    ----------
    fname : str or os.PathLike
        A path, or a URL such as ``s3://bucket/file`` if fsspec is installed. The format is
        safetensors if it ends in ``.safetensors``, else MXNet's.
    data : NDArray, list of NDArray, or dict of str to NDArray

    Raises
    ------
    TypeError
        If ``data`` is something else.
    MXNetError
        If the file cannot be written, or if its format has no such element type.

    Examples
    --------
    >>> from gluonx import nd
    >>> nd.save("arrays.params", {"w": nd.ones((2, 3)), "b": nd.zeros((3,))})
    >>> nd.load("arrays.params")["w"].shape
    (2, 3)
    """
    path_name(fname)
    names: list[str] = []
    if isinstance(data, NDArray):
        arrays = [data]
    elif isinstance(data, Mapping):
        names, arrays = list(data.keys()), list(data.values())
    elif isinstance(data, (list, tuple)):
        arrays = list(data)
    else:
        raise TypeError(f"{_EXPECTED}, not {type(data).__name__}")
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"{_EXPECTED}; a key is {name!r:.80} ({type(name).__name__})")
    for i, x in enumerate(arrays):
        if not isinstance(x, NDArray):
            which = f"data[{names[i] if names else i!r}]"
            raise TypeError(
                f"{_EXPECTED}; {which} is of type {type(x).__name__}; nd.array(x) makes an NDArray"
            )
    pieces = files.dump(fname, list(map(_contents, arrays)), names)
    with open_write(fname) as file:
        for piece in pieces:
            file.write(piece)


def _contents(x: NDArray) -> Any:
    """What a file gets of an array."""
    if not isinstance(x, BaseSparseNDArray):
        return x._concrete("save()")
    return params.Sparse(x.stype, *x._parts())


_EXPECTED = "save() takes an NDArray, a list of NDArrays or a dict of str to NDArray"


def load(
    fname: str | os.PathLike, ctx: Context | None = None, mapped: bool = False
) -> list[NDArray] | dict[str, NDArray]:
    """Load the arrays of a file that :func:`save` or any version of MXNet 1 has written.

    Files of other programs in the formats safetensors and npz (NumPy) are read too. Nothing in a
    file is executed or unpickled.

    Parameters
    ----------
    fname : str or os.PathLike
        A path, or a URL such as ``s3://bucket/file`` if fsspec is installed.
    ctx : Context, optional
        Where the arrays go, by default to the current context, wherever they were saved from.
    mapped : bool
        Whether a local file in the safetensors format is mapped into memory instead of being read:
        loading takes no time, what is used is read when it is used, and processes that load the
        same file share it. Nobody may write into that file, or shorten it, while the arrays are
        used; to replace it, as :func:`save` does, is fine. Other formats are read as always.

    Returns
    -------
    list of NDArray or dict of str to NDArray
        A dict if the arrays in the file have names. A file without arrays gives an empty list.

    Raises
    ------
    MXNetError
        If the file cannot be read, or is damaged or of another format; says where. A missing file
        raises an error that is also a FileNotFoundError.
    """
    with open_read(fname) as file:
        mapped = mapped and isinstance(file, io.BufferedReader)
        arrays, names = files.load(file, path_name(fname), mapped)
    return _place(arrays, names, ctx, mapped)


def load_frombuffer(buf: Any) -> list[NDArray] | dict[str, NDArray]:
    """Load arrays from the contents of a file; see :func:`load`.

    Parameters
    ----------
    buf : bytes-like
        What a file made by :func:`save` contains.
    """
    try:
        memoryview(buf)
    except TypeError:
        raise TypeError(
            "load_frombuffer() takes the contents of a file as bytes, not "
            f"{type(buf).__name__}; load() takes a file name"
        ) from None
    return _place(*files.load(memoryview(buf).cast("B")), None)


def _place(
    arrays: list[Any], names: list[str], ctx: Context | None, mapped: bool = False
) -> list[NDArray] | dict[str, NDArray]:
    ctx = current_context() if ctx is None else Context(ctx)
    placed = [_placed(host, ctx, mapped) for host in arrays]
    return dict(zip(names, placed, strict=True)) if names else placed


def _placed(host: Any, ctx: Context, mapped: bool) -> NDArray:
    if not isinstance(host, params.Sparse):
        # What is mapped cannot be written, so it is marked as not ours to donate.
        return NDArray._new(Buffer(put(host, ctx), ctx, shared=mapped))
    if host.indptr is None:
        return RowSparseNDArray._of(Rows(host.shape, host.values, host.indices), ctx)
    return CSRNDArray._of(CSR(host.shape, host.values, host.indices, host.indptr), ctx)
