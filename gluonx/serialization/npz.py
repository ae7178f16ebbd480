"""Reading NumPy's ``.npz`` files: a zip archive with one ``NAME.npy`` for each array.

An array of Python objects is pickled; it is refused, since loading it could run any code. The
format of ``.npy`` is https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
"""

from __future__ import annotations

import ast
import io
import math
import os
import struct
import zipfile
import zlib
from typing import Any, BinaryIO

import numpy as np

from ..error import MXNetError
from .reader import is_shape, memory_of

__all__ = ["load"]

_MAGIC = b"\x93NUMPY"
_MAX_HEADER = 10_000  # NumPy's own limit
_MAX_RATIO = 1040  # deflate cannot do better
_STEP = 2**20


def load(source: Any, name: str | os.PathLike = "<bytes>") -> tuple[list[np.ndarray], list[str]]:
    """Read the arrays of a file and their names.

    Parameters
    ----------
    source : bytes-like or binary file
    name : str or os.PathLike
        What errors call it.

    Returns
    -------
    arrays : list of numpy.ndarray
        Writable, each in memory of its own.
    names : list of str
        One for each array; ``arr_0``, ``arr_1``, ... if they were saved without names.

    Raises
    ------
    MXNetError
        If the contents are not as they must be, or hold pickled objects; says where.
    """
    file = source if hasattr(source, "readinto") else io.BytesIO(source)
    name = os.fsdecode(name)
    file.seek(0, io.SEEK_END)
    size = file.tell()
    file.seek(0)
    found: dict[str, np.ndarray] = {}
    entry, at = "", 0
    try:
        with zipfile.ZipFile(file) as archive:
            for info in archive.infolist():
                entry, at = f"in {info.filename[:100]!r}, ", max(info.header_offset, 0)
                if not info.filename.endswith(".npy"):
                    raise ValueError("expected an array, NAME.npy")
                if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise ValueError("expected a compression that NumPy uses: none, or deflate")
                ratio = 1 if info.compress_type == zipfile.ZIP_STORED else _MAX_RATIO
                if info.file_size > info.compress_size * ratio or info.compress_size > size:
                    raise ValueError(f"{info.file_size} bytes cannot be in so small a file")
                with archive.open(info) as member:
                    found[info.filename.removesuffix(".npy")] = _array(member, info.file_size)
    except (
        zipfile.BadZipFile, zlib.error, ValueError, EOFError, struct.error, NotImplementedError,
        RuntimeError, OSError, IndexError, OverflowError,
    ) as e:  # fmt: skip
        # An OSError of the disk has a number; one without is a seek to where no file can be.
        if isinstance(e, OSError) and e.errno not in (None, 22):
            raise
        raise MXNetError(
            f"{name} cannot be loaded: {entry}at byte {at} of {size}: {e}; the file is damaged or "
            "holds something else than arrays of numbers"
        ) from None
    return list(found.values()), list(found)


def _array(file: Any, size: int) -> np.ndarray:
    """The array of an .npy file that has this size."""
    start = file.read(8)
    if len(start) < 8 or not start.startswith(_MAGIC):
        raise ValueError(f"expected the first bytes of an .npy file, {_MAGIC!r}")
    version = start[6]
    if version not in (1, 2, 3):
        raise ValueError(f"expected version 1, 2 or 3 of an .npy file, not {version}")
    form = "<H" if version == 1 else "<I"
    width = struct.calcsize(form)
    (length,) = struct.unpack(form, file.read(width))
    if length > _MAX_HEADER:
        raise ValueError(f"expected an .npy header of at most {_MAX_HEADER} bytes, not {length}")
    text = file.read(length)
    dtype, shape, fortran = _header(text.decode("utf-8" if version == 3 else "latin-1"))
    count = math.prod(shape) * dtype.itemsize
    if count != size - 8 - width - length:
        raise ValueError(
            f"expected {count} bytes of values for {dtype.name} {shape}, but "
            f"{size - 8 - width - length} follow"
        )
    memory = _read(file, count)
    if dtype == np.bool_:
        np.minimum(memory, 1, out=memory)
    values = memory.view(dtype)
    values = values.reshape(shape[::-1]).T if fortran else values.reshape(shape)
    # Big-endian values are turned round.
    return np.ascontiguousarray(values, dtype.newbyteorder("<")).reshape(shape)


def _header(text: str) -> tuple[np.dtype, tuple[int, ...], bool]:
    try:
        header = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError) as e:
        raise ValueError(f"expected an .npy header with a Python dict ({e})") from None
    if not isinstance(header, dict) or header.keys() != {"descr", "fortran_order", "shape"}:
        raise ValueError("expected an .npy header with descr, fortran_order and shape")
    shape, descr = header["shape"], header["descr"]
    if not is_shape(shape) or not isinstance(shape, tuple):
        raise ValueError(f"expected the extents of a shape, not {shape!r:.80}")
    try:
        dtype = np.dtype(descr) if isinstance(descr, str) else None
    except (TypeError, ValueError, SyntaxError):
        dtype = None
    if dtype is not None and dtype.kind == "O":
        raise ValueError("it holds pickled Python objects, and loading them could run any code")
    if dtype is None or dtype.kind not in "biufc" or dtype.char in "gG":
        raise ValueError(f"expected the dtype of numbers or booleans, not {descr!r:.80}")
    return dtype, shape, bool(header["fortran_order"])


def _read(file: BinaryIO, count: int) -> np.ndarray:
    """So many bytes; memory is used up only as they come."""
    memory = memory_of(count)
    at = 0
    while at < count:
        data = file.read(min(_STEP, count - at))
        if not data:
            raise ValueError(f"expected {count} bytes of values, but they ended after {at}")
        memory[at : at + len(data)] = np.frombuffer(data, np.uint8)
        at += len(data)
    if file.read(1):
        raise ValueError("expected the end of the array")
    return memory
