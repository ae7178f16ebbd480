"""Reading files of word vectors: the text formats of GloVe and fastText."""

from __future__ import annotations

import os
import warnings

import numpy as np

__all__ = ["read_vectors"]


def read_vectors(
    path: str | os.PathLike, delim: str, encoding: str
) -> tuple[list[str], np.ndarray]:
    """The tokens and vectors in a file, in its order; of a token that is there twice, the first.

    A line is a token and the elements of its vector; a token may itself have delimiters in it, as
    some of GloVe's do. A line with one number is a header, as in fastText's files, and is left out.

    Raises
    ------
    ValueError
        If there is no such file, or a line is not of this form; says which.
    """
    path = os.path.expanduser(path)
    if not os.path.isfile(path):
        raise ValueError(f"there is no file of vectors {os.fspath(path)!r}")
    vectors: dict[str, np.ndarray] = {}
    length = None
    with open(path, encoding=encoding, newline="\n") as file:
        for number, line in enumerate(file, 1):
            parts = line.rstrip().split(delim)
            try:
                if len(parts) < 2:
                    raise ValueError("there is no vector")
                count = len(parts) - 1 if length is None else min(length, len(parts) - 1)
                vector = np.array([float(part) for part in parts[-count:]], np.float32)
                if count > 1 and length not in (None, count):
                    raise ValueError(f"the vectors before have {length} elements, this has {count}")
            except ValueError as e:
                raise ValueError(
                    f"line {number} of {path} is not a token and its vector, with {delim!r} "
                    f"between: {line[:60]!r}: {e}"
                ) from None
            token = delim.join(parts[:-count])
            if count == 1 and number == 1 and token.isdigit() and parts[1].isdigit():
                continue  # fastText's header: number of tokens, length of vectors
            if count == 1:
                _warn(f"line {number} of {path} is left out: {line.rstrip()!r} is a header")
            elif token in vectors:
                _warn(f"line {number} of {path} is left out: {token!r} was there before")
            else:
                length, vectors[token] = count, vector
    if not vectors:
        raise ValueError(f"{path} has no vectors")
    return list(vectors), np.stack(list(vectors.values()))


def _warn(message: str) -> None:
    warnings.warn(message, stacklevel=5)
