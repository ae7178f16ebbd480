"""Files of named arrays in the safetensors format, to and from host arrays.

The format is https://github.com/huggingface/safetensors#format. A file is

    u64 length of the header, the header, values

with numbers in little-endian. The header is JSON text, filled up with blanks:

    {NAME: {"dtype": "F32", "shape": [2, 3], "data_offsets": [BEGIN, END]}, ...}

where the offsets count from the end of the header, and the arrays lie without gaps behind each
other. An entry ``__metadata__`` maps text to text. A list of arrays, which the format does not
have, is saved under the names ``0``, ``1``, ... with the metadata ``{"gluonx": "list"}``.
"""

from __future__ import annotations

import json
import math
import mmap
import os
import struct
from collections.abc import Iterator, Sequence
from typing import Any

import ml_dtypes
import numpy as np

from ..error import MXNetError
from .params import Sparse
from .reader import Reader, is_shape

__all__ = ["dump", "load"]

_DTYPES = {
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype(ml_dtypes.bfloat16),
    "BOOL": np.dtype("?"),
    "U8": np.dtype("u1"),
    "I8": np.dtype("i1"),
    "U16": np.dtype("<u2"),
    "I16": np.dtype("<i2"),
    "U32": np.dtype("<u4"),
    "I32": np.dtype("<i4"),
    "U64": np.dtype("<u8"),
    "I64": np.dtype("<i8"),
    "C64": np.dtype("<c8"),
    "F8_E4M3": np.dtype(ml_dtypes.float8_e4m3fn),
    "F8_E5M2": np.dtype(ml_dtypes.float8_e5m2),
}
_TAGS = {dtype.name: tag for tag, dtype in _DTYPES.items()}
_METADATA = "__metadata__"
_LIST = {"gluonx": "list"}
_MAX_HEADER = 100_000_000  # what other readers accept


def dump(arrays: Sequence[Any], names: Sequence[str] = ()) -> Iterator[bytes | memoryview]:
    """The bytes of a file with these arrays, in pieces.

    Contiguous arrays are not copied. Values of wide types stand first, so that all are aligned.

    Parameters
    ----------
    arrays : sequence of numpy.ndarray or jax.Array
        Each is brought to the host when its turn comes.
    names : sequence of str
        One for each array, or none at all.

    Raises
    ------
    MXNetError
        If the format has no such element type or no such array or name. Raised by this call,
        before the first piece.
    """
    if names and len(names) != len(arrays):
        raise ValueError(f"{len(names)} names were given for {len(arrays)} arrays")
    keys = list(names) or [str(i) for i in range(len(arrays))]
    for key, array in zip(keys, arrays, strict=True):
        if isinstance(array, Sparse):
            raise MXNetError(
                f"array {key!r} is {array.stype}, and safetensors has no sparse arrays; convert it "
                "with tostype('default'), or save to a file of another suffix, such as .params"
            )
        if np.dtype(array.dtype).name not in _TAGS:
            raise MXNetError(
                f"array {key!r} is of type {array.dtype}, which safetensors does not have; "
                f"cast it with astype() to one of {', '.join(_TAGS)}"
            )
        if key == _METADATA:
            raise MXNetError(f"an array cannot have the name {key} in a safetensors file")
    order = sorted(range(len(arrays)), key=lambda i: -np.dtype(arrays[i].dtype).itemsize)
    offsets, end = {}, 0
    for i in order:
        begin, dtype = end, np.dtype(arrays[i].dtype)
        end += math.prod(arrays[i].shape) * dtype.itemsize
        offsets[i] = [begin, end]
    header: dict[str, Any] = {} if names or not keys else {_METADATA: _LIST}
    for i, (key, array) in enumerate(zip(keys, arrays, strict=True)):
        tag = _TAGS[np.dtype(array.dtype).name]
        shape = list(map(int, array.shape))
        header[key] = {"dtype": tag, "shape": shape, "data_offsets": offsets[i]}
    try:
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        raise MXNetError("a name is not text that UTF-8 can hold") from None
    if len(text) > _MAX_HEADER:
        raise MXNetError(f"the names take {len(text)} bytes; safetensors allows {_MAX_HEADER}")
    text += b" " * (-(len(text) + 8) % 64)  # values begin where XLA can take them as they lie
    return _pieces(text, [arrays[i] for i in order])


def _pieces(header: bytes, arrays: list[Any]) -> Iterator[bytes | memoryview]:
    yield struct.pack("<Q", len(header)) + header
    for array in arrays:
        host = np.asarray(array)
        host = np.ascontiguousarray(host, dtype=_DTYPES[_TAGS[host.dtype.name]])
        if host.size:
            yield host.reshape(-1).view(np.uint8).data


def load(
    source: Any, name: str | os.PathLike = "<bytes>", mapped: bool = False
) -> tuple[list[np.ndarray], list[str]]:
    """Read the arrays of a file and their names.

    Parameters
    ----------
    source : bytes-like or binary file
        The contents, or a file to be read from its beginning to its end.
    name : str or os.PathLike
        What errors call it.
    mapped : bool
        Whether arrays are parts of the file, mapped into memory: read-only, and read when they are
        used. Only for a file with a descriptor, and as long as nobody changes it.

    Returns
    -------
    arrays : list of numpy.ndarray
        In the header's order. Unless mapped, writable and each in memory of its own.
    names : list of str
        One for each array; empty if a list was saved.

    Raises
    ------
    MXNetError
        If the contents are not as they must be; says where and what was expected.
    """
    reader = Reader(source, name)
    entries, is_list = _header(reader)
    start = reader.at
    found: dict[str, np.ndarray] = {}
    if mapped and reader.left:
        memory = mmap.mmap(reader.file.fileno(), 0, access=mmap.ACCESS_READ)
        for key, (dtype, shape, begin) in entries.items():
            values = np.frombuffer(memory, dtype, math.prod(shape), start + begin)
            if dtype == np.bool_:
                values = np.minimum(values.view(np.uint8), 1).view(dtype)  # NumPy's are 0 or 1
            found[key] = values.reshape(shape)
        return list(found.values()), [] if is_list else list(found)
    # In the order of the file, which is the faster one.
    for key, (dtype, shape, begin) in sorted(entries.items(), key=lambda item: item[1][2]):
        if reader.at != start + begin:
            reader.seek(start + begin)
        reader.part = f"in array {key!r}, "
        found[key] = reader.values(dtype, shape)
    return [found[key] for key in entries], [] if is_list else list(entries)


def _header(reader: Reader) -> tuple[dict[str, tuple[np.dtype, tuple[int, ...], int]], bool]:
    """Type, shape and first byte of each array, all checked; and whether they are a list."""
    (length,) = reader.unpack("<Q", "the length of a safetensors header")
    if length > min(reader.left, _MAX_HEADER):
        most = min(reader.left, _MAX_HEADER)
        raise reader.error(f"the length of a safetensors header, at most {most}, not {length}", 0)
    try:
        header = json.loads(reader.take(length, "the header"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as e:
        raise reader.error(f"a header of JSON text ({e})", 8) from None
    if not isinstance(header, dict):
        raise reader.error("a header that is a JSON object", 8)
    metadata = header.pop(_METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise reader.error(f"text for text in {_METADATA}", 8)

    entries = {}
    for key, entry in header.items():
        reader.part = f"in the entry of array {key[:100]!r}, "
        if not isinstance(entry, dict) or not entry.keys() >= {"dtype", "shape", "data_offsets"}:
            raise reader.error("an object with dtype, shape and data_offsets", 8)
        tag, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
        if not isinstance(tag, str) or tag not in _DTYPES:
            raise reader.error(f"a dtype ({', '.join(_DTYPES)}), not {tag!r:.80}", 8)
        if not is_shape(shape):
            raise reader.error(f"the extents of a shape, not {shape!r:.80}", 8)
        whole = isinstance(offsets, list) and all(type(n) is int and n >= 0 for n in offsets)
        if not whole or len(offsets) != 2:
            raise reader.error(f"two data_offsets, not {offsets!r:.80}", 8)
        count = math.prod(shape) * _DTYPES[tag].itemsize
        if offsets[1] - offsets[0] != count:
            raise reader.error(f"data_offsets {count} bytes apart, not {offsets}", 8)
        entries[key] = _DTYPES[tag], tuple(shape), offsets[0], offsets[1]
    end = 0
    for key, (_, _, begin, after) in sorted(entries.items(), key=lambda item: item[1][2:]):
        reader.part = f"in the entry of array {key[:100]!r}, "
        if begin != end:
            raise reader.error(f"data_offsets from {end}, where the last array ends; {begin}", 8)
        end = after
    reader.part = ""
    if end != reader.left:
        raise reader.error(f"{end} bytes of values, as the header says, but {reader.left} follow")
    is_list = metadata == _LIST and list(entries) == [str(i) for i in range(len(entries))]
    return {key: entry[:3] for key, entry in entries.items()}, is_list


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found
