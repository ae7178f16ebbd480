"""Sentences of several lengths, for a BucketingModule."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .. import ndarray as nd
from ..random import host_rng
from ._batch import DataBatch, DataDesc, DataIter

__all__ = ["BucketSentenceIter", "encode_sentences"]


def encode_sentences(
    sentences: Iterable[Sequence[str]], vocab: dict[str, int] | None = None,
    invalid_label: int = -1, invalid_key: str = "\n", start_label: int = 0,
    unknown_token: str | None = None,
) -> tuple[list[list[int]], dict[str, int]]:  # fmt: skip
    """Words as numbers.

    Parameters
    ----------
    sentences : list of list of str
    vocab : dict of str to int, optional
        Numbers of words that are known. Without it one is made.
    invalid_label : int
        The number that stands for nothing, which no word gets.
    invalid_key : str
        Its word.
    start_label : int
        The first number for new words.
    unknown_token : str, optional
        What stands for words that ``vocab`` does not have.

    Returns
    -------
    sentences : list of list of int
    vocab : dict of str to int

    Raises
    ------
    ValueError
        If a word is not in ``vocab`` and there is no ``unknown_token``.

    Examples
    --------
    >>> import gluonx as gx
    >>> gx.rnn.encode_sentences([['a', 'b'], ['b']], invalid_label=0, start_label=1)
    ([[1, 2], [2]], {'\\n': 0, 'a': 1, 'b': 2})
    """
    new = vocab is None
    known: dict[str, int] = {invalid_key: invalid_label} if vocab is None else vocab
    label, coded = start_label, []
    for sentence in sentences:
        numbers = []
        for word in sentence:
            if word not in known:
                if not new and unknown_token is None:
                    raise ValueError(
                        f"the word {word!r} is not in vocab; give unknown_token to stand for it"
                    )
                if unknown_token is not None:
                    word = unknown_token
                if word not in known:
                    label += label == invalid_label
                    known[word] = label
                    label += 1
            numbers.append(known[word])
        coded.append(numbers)
    return coded, known


class BucketSentenceIter(DataIter):
    """Batches of sentences of about the same length; labels are the next words.

    Parameters
    ----------
    sentences : list of list of int
        Such as :func:`encode_sentences` gives.
    batch_size : int
    buckets : list of int, optional
        The lengths to fill sentences up to. By default all that a batch of sentences has. Longer
        sentences are left out.
    invalid_label : int
        What sentences are filled up with.
    data_name, label_name : str
    dtype : dtype
    layout : {'NT', 'TN'}
        Whether samples or steps are along the first axis.

    Examples
    --------
    >>> import gluonx as gx
    >>> batches = gx.rnn.BucketSentenceIter([[1, 2], [3, 4], [5, 6, 7]], 2, buckets=[3])
    >>> batches.default_bucket_key, batches.provide_data
    (3, [DataDesc[data,(2, 3),float32,NT]])
    """

    def __init__(
        self, sentences: Sequence[Sequence[int]], batch_size: int, buckets: Any = None,
        invalid_label: int = -1, data_name: str = "data", label_name: str = "softmax_label",
        dtype: Any = "float32", layout: str = "NT",
    ):  # fmt: skip
        super().__init__(batch_size)
        if sorted(layout) != ["N", "T"]:
            raise ValueError(f"layout must be 'NT' or 'TN', got {layout!r}")
        lengths = np.array([len(s) for s in sentences], dtype=int)
        if not buckets:
            counts = np.bincount(lengths)
            buckets = [n for n, count in enumerate(counts) if count >= batch_size and n > 0]
        buckets = sorted(buckets)
        if not buckets:
            raise ValueError(
                f"no length has {batch_size} sentences; give buckets, such as "
                f"[{int(lengths.max(initial=1))}], or a smaller batch_size"
            )
        rows: list[list[np.ndarray]] = [[] for _ in buckets]
        for sentence in sentences:
            k = int(np.searchsorted(buckets, len(sentence)))
            if k < len(buckets):
                row = np.full(buckets[k], invalid_label, dtype)
                row[: len(sentence)] = sentence
                rows[k].append(row)
        left = len(sentences) - sum(map(len, rows))
        if left:
            logging.warning("%d sentences are longer than the largest bucket: left out", left)
        self.buckets = buckets
        self.data = [
            np.stack(r) if r else np.empty((0, n), dtype)
            for r, n in zip(rows, buckets, strict=True)
        ]
        self.data_name, self.label_name = data_name, label_name
        self.invalid_label, self.dtype, self.layout = invalid_label, dtype, layout
        self.major_axis = layout.index("N")
        self.default_bucket_key = max(buckets)
        self.provide_data = [self._describe(data_name, self.default_bucket_key)]
        self.provide_label = [self._describe(label_name, self.default_bucket_key)]
        self._places = [
            (k, at)
            for k, r in enumerate(self.data)
            for at in range(0, len(r) - batch_size + 1, batch_size)
        ]
        self._at = 0
        self.reset()

    def _describe(self, name: str, length: int) -> DataDesc:
        shape = (self.batch_size, length) if self.layout == "NT" else (length, self.batch_size)
        return DataDesc(name, shape, self.dtype, self.layout)

    def reset(self) -> None:
        """Begin anew, in another order."""
        rng = host_rng()
        self._at = 0
        rng.shuffle(self._places)
        for rows in self.data:
            rng.shuffle(rows)

    def next(self) -> DataBatch:
        """The next batch."""
        if self._at == len(self._places):
            raise StopIteration
        k, at = self._places[self._at]
        self._at += 1
        data = self.data[k][at : at + self.batch_size]
        label = np.full_like(data, self.invalid_label)
        label[:, :-1] = data[:, 1:]
        if self.layout == "TN":
            data, label = data.T, label.T
        length = self.buckets[k]
        return DataBatch(
            [nd.array(data, dtype=self.dtype)], [nd.array(label, dtype=self.dtype)], pad=0,
            bucket_key=length, provide_data=[self._describe(self.data_name, length)],
            provide_label=[self._describe(self.label_name, length)],
        )  # fmt: skip
