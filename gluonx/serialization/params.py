"""MXNet's files of arrays (``nd.save``, ``.params``), to and from host arrays.

All integers are little-endian. A file is

    u64 0x112, u64 0, u64 number of arrays, the arrays, u64 number of names, the names

with as many names as arrays, or none; a name is a u64 length and UTF-8. An array is

    u32 magic, i32 storage type, [shape of the stored values, if sparse], shape,
    i32 device type, i32 device number, i32 element type,
    [for each auxiliary array: i32 element type, shape], values, [auxiliary arrays]

with shapes as i32 number of axes and i64 extents. That is version 2 of the record. Version 3 has
another magic and allows no axes (one value) and extents of 0. Versions 0 and 1 have no storage
types; version 0 has no magic, and u32 extents. Before version 3 a record without axes ends after
its shape: there is no array.

The reader believes nothing: each number is checked against the bytes that are left before
anything is allocated. Arrays are read straight into memory of their own, so that reading takes
one copy and no array keeps the others alive.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np

from ..error import MXNetError
from .reader import Reader, is_shape

__all__ = ["Sparse", "dump", "load"]

_LIST = 0x112
_V1, _V2, _V3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
_DENSE, _ROW_SPARSE, _CSR = 0, 1, 2
_AUXILIARY = {_DENSE: 0, _ROW_SPARSE: 1, _CSR: 2}  # the number of auxiliary arrays
_STYPES = {_ROW_SPARSE: "row_sparse", _CSR: "csr"}
_CPU = 1

_DTYPES = {
    0: np.dtype("<f4"),
    1: np.dtype("<f8"),
    2: np.dtype("<f2"),
    3: np.dtype("u1"),
    4: np.dtype("<i4"),
    5: np.dtype("i1"),
    6: np.dtype("<i8"),
    7: np.dtype("?"),
    12: np.dtype(ml_dtypes.bfloat16),
}
_FLAGS = {dtype.name: flag for flag, dtype in _DTYPES.items()}

_MAX_AXES = 32


class Sparse(NamedTuple):
    """A sparse array of a file.

    ``stype`` is ``'row_sparse'`` (``values`` are the rows ``indices``) or ``'csr'`` (``values`` are
    in the columns ``indices``, those of row i from ``indptr[i]`` to ``indptr[i + 1]``).
    """

    stype: str
    shape: tuple[int, ...]
    values: np.ndarray
    indices: np.ndarray
    indptr: np.ndarray | None = None

    @property
    def dtype(self) -> np.dtype:
        """Of the values."""
        return self.values.dtype


# -- writing --------------------------------------------------------------------------------------


def dump(arrays: Sequence[Any], names: Sequence[str] = ()) -> Iterator[bytes | memoryview]:
    """The bytes of a file with these arrays, in pieces.

    Contiguous arrays are not copied. An array without axes becomes one of shape (1,), since MXNet
    cannot read back what it writes for these; one of size 0 is written as version 3, which MXNet
    reads under ``npx.set_np()``.

    Parameters
    ----------
    arrays : sequence of numpy.ndarray, jax.Array or Sparse
        Each is brought to the host when its turn comes.
    names : sequence of str
        One for each array, or none at all.

    Raises
    ------
    MXNetError
        If the format has no such element type. Raised by this call, before the first piece.
    """
    if names and len(names) != len(arrays):
        raise ValueError(f"{len(names)} names were given for {len(arrays)} arrays")
    keys = [name.encode() for name in names]
    for i, array in enumerate(arrays):
        if np.dtype(array.dtype).name not in _FLAGS:
            which = repr(names[i]) if names else f"number {i}"
            raise MXNetError(
                f"array {which} is of type {array.dtype}, which MXNet's format does not have; "
                f"cast it with astype() to one of {', '.join(_FLAGS)}"
            )
    return _pieces(arrays, keys)


def _pieces(arrays: Sequence[Any], keys: list[bytes]) -> Iterator[bytes | memoryview]:
    yield struct.pack("<QQQ", _LIST, 0, len(arrays))
    for array in arrays:
        if isinstance(array, Sparse):
            yield from _sparse_record(array)
        else:
            yield from _record(np.asarray(array))
    yield struct.pack("<Q", len(keys))
    for key in keys:
        yield struct.pack("<Q", len(key)) + key


def _record(array: np.ndarray) -> Iterator[bytes | memoryview]:
    flag = _FLAGS[array.dtype.name]
    array = np.ascontiguousarray(array, dtype=_DTYPES[flag])  # at least one axis
    magic = _V2 if array.size else _V3
    yield struct.pack("<IiI", magic, _DENSE, array.ndim)
    yield struct.pack(f"<{array.ndim}q", *array.shape)
    yield struct.pack("<iii", _CPU, 0, flag)
    if array.size:
        yield array.reshape(-1).view(np.uint8).data


def _sparse_record(array: Sparse) -> Iterator[bytes | memoryview]:
    flag, wide = _FLAGS[array.dtype.name], _FLAGS["int64"]
    values = np.ascontiguousarray(array.values, dtype=_DTYPES[flag])
    auxiliary = [array.indices] if array.indptr is None else [array.indptr, array.indices]
    auxiliary = [np.ascontiguousarray(a, dtype=_DTYPES[wide]) for a in auxiliary]
    storage = next(k for k, stype in _STYPES.items() if stype == array.stype)
    yield struct.pack("<Ii", _V2, storage)
    for shape in (values.shape, array.shape):
        yield struct.pack(f"<i{len(shape)}q", len(shape), *shape)
    yield struct.pack("<iii", _CPU, 0, flag)
    for a in auxiliary:
        yield struct.pack("<iiq", wide, 1, len(a))
    for a in (values, *auxiliary):
        if a.size:
            yield a.reshape(-1).view(np.uint8).data


# -- reading --------------------------------------------------------------------------------------


def load(source: Any, name: str | os.PathLike = "<bytes>") -> tuple[list[Any], list[str]]:
    """Read the arrays of a file and their names.

    All versions and element types are read. A record without an array comes back as float32 of
    shape (0,). Devices in the file are ignored.

    Parameters
    ----------
    source : bytes-like or binary file
        The contents, or a file to be read from its beginning to its end.
    name : str or os.PathLike
        What errors call it.

    Returns
    -------
    arrays : list of numpy.ndarray or Sparse
        Writable, each in memory of its own.
    names : list of str
        One for each array, or empty.

    Raises
    ------
    MXNetError
        If the contents are not as they must be; says where and what was expected.
    """
    reader = _Reader(source, name)
    (magic,) = reader.unpack("<Q", f"the first word of an array file, {_LIST:#x}")
    if magic != _LIST:
        raise reader.error(f"the first word of an array file, {_LIST:#x}, not {magic:#x}", at=0)
    reader.unpack("<Q", "a reserved word")
    (count,) = reader.unpack("<Q", "the number of arrays")
    if count > reader.left // 4:
        raise reader.error(f"a number of arrays that fits the file, not {count}", at=16)
    arrays = []
    for i in range(count):
        reader.part = f"in array {i} of {count}, "
        arrays.append(_read_array(reader, count, last=i == count - 1))
    reader.part = ""
    return arrays, _read_names(reader, count)


class _Reader(Reader):
    """A file of arrays being read."""

    def shape(self, axes: int, extent: str = "q") -> tuple[int, ...]:
        """The extents that follow a number of axes."""
        if not 0 <= axes <= _MAX_AXES:
            raise self.error(f"a number of axes from 0 to {_MAX_AXES}, not {axes}", at=self.at - 4)
        at = self.at
        shape = self.unpack(f"<{axes}{extent}", f"{axes} extents")
        if not is_shape(shape, _MAX_AXES):
            raise self.error(f"the extents of a shape, not {shape}", at)
        return shape

    def dtype(self) -> np.dtype:
        at = self.at
        (flag,) = self.unpack("<i", "an element type")
        if flag not in _DTYPES:
            raise self.error(f"an element type ({', '.join(map(str, _DTYPES))}), not {flag}", at)
        return _DTYPES[flag]


def _read_array(reader: _Reader, count: int, last: bool) -> np.ndarray | Sparse:
    start = reader.at
    (magic,) = reader.unpack("<I", "the first word of an array")
    version = {_V1: 1, _V2: 2, _V3: 3}.get(magic, 0)
    storage, stored = _DENSE, None
    if version == 0:
        if magic > _MAX_AXES:
            raise reader.error(f"the first word of an array, not {magic:#x}", start)
        shape = reader.shape(magic, "I")
    else:
        if version >= 2:
            (storage,) = reader.unpack("<i", "a storage type")
            if storage not in _AUXILIARY:
                raise reader.error(f"a storage type (0, 1 or 2), not {storage}", reader.at - 4)
        if storage != _DENSE:
            stored = reader.shape(*reader.unpack("<i", "a number of axes"))
        shape = reader.shape(*reader.unpack("<i", "a number of axes"))
    if not shape and version < 3 and not (version == 2 and _scalar_follows(reader, count, last)):
        return np.zeros((0,), np.float32)

    reader.unpack("<ii", "a device")
    dtype = reader.dtype()
    if stored is None:
        return reader.values(dtype, shape)
    headers = []
    for _ in range(_AUXILIARY[storage]):
        kind = reader.dtype()
        headers.append((kind, reader.shape(*reader.unpack("<i", "a number of axes"))))
    values = reader.values(dtype, stored)
    return _sparse(reader, storage, shape, values, [reader.values(*h) for h in headers], start)


def _scalar_follows(reader: _Reader, count: int, last: bool) -> bool:
    """Whether a version 2 record without axes goes on with one value.

    MXNet 1.9.1 writes arrays without axes so, but its reader takes the record to end here. It does
    end here if the next array follows, or exactly the names.
    """
    at, part = reader.at, reader.part
    try:
        if last:
            # The value 0 and its type, in a file that was cut off, look like a name of zeros.
            return not all(name.strip("\0") for name in _read_names(reader, count))
        return reader.unpack("<I", "the first word of an array")[0] not in (_V1, _V2, _V3)
    except MXNetError:
        return True
    finally:
        reader.seek(at)
        reader.part = part


def _sparse(
    reader: _Reader,
    storage: int,
    shape: tuple[int, ...],
    values: np.ndarray,
    auxiliary: list[np.ndarray],
    start: int,
) -> Sparse:
    """A sparse array that holds together: what it stores lies inside its shape."""

    def check(holds: Any, expected: str) -> None:
        if not holds:
            raise reader.error(f"a sparse array with {expected}", start)

    check(all(a.ndim == 1 and a.dtype.kind in "iu" for a in auxiliary), "lists of integer indices")
    *pointers, indices = (a.astype(np.int64, copy=False) for a in auxiliary)
    stored = len(indices)
    if storage == _CSR:
        check(len(shape) == 2, f"two axes, not shape {shape}")
        check(values.shape == (stored,), f"{stored} values, not shape {values.shape}")
        (pointer,) = pointers
        check(
            len(pointer) == shape[0] + 1
            and pointer[0] == 0
            and pointer[-1] == stored
            and (pointer[1:] >= pointer[:-1]).all(),
            f"{shape[0] + 1} row pointers that ascend from 0 to {stored}",
        )
    else:
        check(shape, "at least one axis")
        check(values.shape == (stored, *shape[1:]), f"{stored} rows, not shape {values.shape}")
    bound = shape[1] if storage == _CSR else shape[0]
    inside = not stored or (indices.min() >= 0 and indices.max() < bound)
    check(inside, f"indices from 0 to {bound - 1}")
    return Sparse(_STYPES[storage], shape, values, indices, *pointers)


def _read_names(reader: _Reader, arrays: int) -> list[str]:
    at = reader.at
    (count,) = reader.unpack("<Q", "the number of names")
    if count not in (0, arrays):
        raise reader.error(f"the number of names, 0 or {arrays}, not {count}", at)
    names = []
    for i in range(count):
        reader.part = f"in name {i} of {count}, "
        (length,) = reader.unpack("<Q", "the length of a name")
        at = reader.at
        try:
            names.append(reader.take(length, "a name").decode())
        except UnicodeDecodeError:
            raise reader.error("a name in UTF-8", at) from None
    reader.part = ""
    if reader.left:
        raise reader.error(f"the end of the file, but {reader.left} bytes follow")
    return names
