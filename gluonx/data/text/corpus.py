"""Texts as sequences of numbers, for language models."""

from __future__ import annotations

import collections
import gzip
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .._files import folder, need_files
from .._items import as_given
from ..dataset import ArrayDataset, Dataset, gather
from .vocab import Vocabulary

__all__ = ["CorpusDataset", "WikiText103", "WikiText2", "bptt_batchify"]

#: The token at the end of each line.
EOS = "<eos>"


class CorpusDataset(Dataset):
    """A text file cut into pieces of equal length, each with the same one token further on.

    Lines without tokens are left out, and ``'<eos>'`` is put at the end of the others. A rest that
    is shorter than a piece is left out.

    Parameters
    ----------
    filename : str or os.PathLike
        The file; it may be gzipped.
    vocab : Vocabulary, optional
        Numbers for the tokens; made of the file by default, with ``'<eos>'`` reserved.
    seq_len : int
        Length of the pieces.
    tokenizer : callable
        Makes a list of tokens of a line; cuts at blanks by default.
    encoding : str
        Encoding of the file.

    Outputs
    -------
    data : NDArray, shape (seq_len,), int32
    label : NDArray, shape (seq_len,), int32
        What comes one token later.

    Raises
    ------
    ValueError
        If the text is shorter than a piece.

    Examples
    --------
    >>> import pathlib
    >>> from gluonx.data.text import CorpusDataset
    >>> _ = pathlib.Path('corpus.txt').write_text('to be or not to be\\n')
    >>> corpus = CorpusDataset('corpus.txt', seq_len=3)
    >>> data, label = corpus[0]
    >>> [corpus.vocabulary.to_tokens(part) for part in (data, label)]
    [['to', 'be', 'or'], ['be', 'or', 'not']]
    """

    def __init__(
        self,
        filename: str | os.PathLike,
        vocab: Vocabulary | None = None,
        seq_len: int = 35,
        tokenizer: Callable[[str], list[str]] = str.split,
        encoding: str = "utf8",
    ):
        path = Path(filename).expanduser()
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding=encoding) as file:
            lines = [tokens for line in file if (tokens := tokenizer(line))]
        self._counter = collections.Counter(token for tokens in lines for token in tokens)
        self._vocab = Vocabulary(self._counter, reserved_tokens=[EOS]) if vocab is None else vocab
        find = self._vocab.token_to_idx.get
        self._tokens = np.fromiter(
            (find(token, 0) for tokens in lines for token in (*tokens, EOS)), np.int32
        )
        pieces = (len(self._tokens) - 1) // seq_len
        if pieces < 1:
            raise ValueError(
                f"{path} has {len(self._tokens)} tokens, which are not enough for one piece of "
                f"seq_len={seq_len} and the token behind it"
            )
        end = pieces * seq_len
        self._columns = ArrayDataset(
            self._tokens[:end].reshape(-1, seq_len),
            self._tokens[1 : end + 1].reshape(-1, seq_len),
        )

    @property
    def vocabulary(self) -> Vocabulary:
        """The numbers of the tokens."""
        return self._vocab

    @property
    def frequencies(self) -> collections.Counter:
        """How often each token occurs."""
        return self._counter

    @property
    def tokens(self) -> np.ndarray:
        """The whole text: the numbers of its tokens, int32, for :func:`bptt_batchify`."""
        return self._tokens

    def __len__(self) -> int:
        return len(self._columns)

    def __getitem__(self, idx: Any) -> Any:
        data, label = self._columns[idx]
        return as_given(data), as_given(label)

    def _item(self, idx: int) -> Any:
        return self._columns[idx]

    def _gather(self, indices: Sequence[int]) -> Any:
        return gather(self._columns, indices)

    def _rows(self, indices: Sequence[int]) -> Any:
        return self._columns._rows(indices)


class _WikiText(CorpusDataset):
    _name = ""
    _archive = ("", "")
    _files: dict[str, tuple[str, str]]

    def __init__(
        self,
        root: str | os.PathLike | None,
        segment: str,
        vocab: Vocabulary | None,
        seq_len: int,
    ):
        if segment not in self._files:
            raise ValueError(
                f"segment must be one of {', '.join(map(repr, self._files))}, got {segment!r}"
            )
        (path,) = need_files(
            folder(root, "datasets", self._name),
            dict([self._files[segment]]),
            f"gluon/dataset/{self._name}",
            self._archive,
        )
        super().__init__(path, vocab, seq_len)


class WikiText2(_WikiText):
    """Articles of Wikipedia with 2 million words: Merity et al., "Pointer sentinel mixture
    models", 2017.

    The files ``wiki.train.tokens``, ``wiki.valid.tokens`` and ``wiki.test.tokens`` are read from
    ``root``, or taken from ``wikitext-2-v1.zip``, which is fetched if need be.

    Parameters
    ----------
    root : str or os.PathLike, optional
        The folder; ``$MXNET_HOME/datasets/wikitext-2`` or ``~/.mxnet/datasets/wikitext-2`` by
        default.
    segment : {'train', 'validation', 'test'}
        Which file.
    vocab : Vocabulary, optional
        Numbers for the tokens; made of the file by default.
    seq_len : int
        Length of the pieces.

    Outputs
    -------
    data : NDArray, shape (seq_len,), int32
    label : NDArray, shape (seq_len,), int32
        What comes one token later.

    Raises
    ------
    MXNetError
        If the file is neither there nor can be fetched.
    """

    _name = "wikitext-2"
    _archive = ("wikitext-2-v1.zip", "3c914d17d80b1459be871a5039ac23e752a53cbe")
    _files = {
        "train": ("wiki.train.tokens", "863f29c46ef9d167fff4940ec821195882fe29d1"),
        "validation": ("wiki.valid.tokens", "0418625c8b4da6e4b5c7a0b9e78d4ae8f7ee5422"),
        "test": ("wiki.test.tokens", "c7b8ce0aa086fb34dab808c5c49224211eb2b172"),
    }

    def __init__(
        self,
        root: str | os.PathLike | None = None,
        segment: str = "train",
        vocab: Vocabulary | None = None,
        seq_len: int = 35,
    ):
        super().__init__(root, segment, vocab, seq_len)


class WikiText103(_WikiText):
    """Articles of Wikipedia with 103 million words, in the form of :class:`WikiText2`.

    Parameters
    ----------
    root : str or os.PathLike, optional
        The folder; ``$MXNET_HOME/datasets/wikitext-103`` or ``~/.mxnet/datasets/wikitext-103`` by
        default. The archive is ``wikitext-103-v1.zip``.
    segment : {'train', 'validation', 'test'}
        Which file.
    vocab : Vocabulary, optional
        Numbers for the tokens; made of the file by default.
    seq_len : int
        Length of the pieces.

    Outputs
    -------
    data : NDArray, shape (seq_len,), int32
    label : NDArray, shape (seq_len,), int32
        What comes one token later.

    Raises
    ------
    MXNetError
        If the file is neither there nor can be fetched.
    """

    _name = "wikitext-103"
    _archive = ("wikitext-103-v1.zip", "0aec09a7537b58d4bb65362fee27650eeaba625a")
    _files = {
        "train": ("wiki.train.tokens", "b7497e2dfe77e72cfef5e3dbc61b7b53712ac211"),
        "validation": ("wiki.valid.tokens", "c326ac59dc587676d58c422eb8a03e119582f92b"),
        "test": ("wiki.test.tokens", "8a5befc548865cec54ed4273cf87dbbad60d1e47"),
    }

    def __init__(
        self,
        root: str | os.PathLike | None = None,
        segment: str = "train",
        vocab: Vocabulary | None = None,
        seq_len: int = 35,
    ):
        super().__init__(root, segment, vocab, seq_len)


class _Windows(Dataset):
    """Windows along the rows of a matrix, and the same one row further on."""

    def __init__(self, matrix: np.ndarray, seq_len: int, last_batch: str):
        self._matrix = matrix
        self._seq_len = seq_len
        steps = len(matrix) - 1
        self._length = steps // seq_len if last_batch == "discard" else -(-steps // seq_len)

    def __len__(self) -> int:
        return self._length

    def _item(self, idx: int) -> tuple[np.ndarray, np.ndarray]:
        if not -self._length <= idx < self._length:
            raise IndexError(f"there is no batch {idx} of {self._length}")
        start = idx % self._length * self._seq_len
        end = min(start + self._seq_len, len(self._matrix) - 1)
        return self._matrix[start:end], self._matrix[start + 1 : end + 1]

    def __getitem__(self, idx: int) -> Any:
        data, label = self._item(idx)
        return as_given(data), as_given(label)


def bptt_batchify(
    tokens: Any, batch_size: int, seq_len: int, last_batch: str = "discard"
) -> Dataset:
    """A text as batches for truncated back-propagation through time.

    The text is cut into ``batch_size`` long strands, side by side. Each batch goes on where the one
    before ended, so that a recurrent network can keep its states from batch to batch. The items are
    batches; read them in order, without a DataLoader or with ``batch_size=None`` of your own
    sampler.

    Parameters
    ----------
    tokens : NDArray, numpy.ndarray, list of int or CorpusDataset
        The numbers of the tokens, one after the other.
    batch_size : int
        Number of strands.
    seq_len : int
        Number of steps in a batch.
    last_batch : {'discard', 'keep'}
        What becomes of a shorter batch at the end. Of another length, it is compiled for once more.

    Returns
    -------
    Dataset
        Of ``(data, label)``, each an NDArray of shape (seq_len, batch_size), int32; the label is
        what comes one token later.

    Raises
    ------
    ValueError
        If there are too few tokens for one batch.

    Examples
    --------
    >>> from gluonx.data.text import bptt_batchify
    >>> batches = bptt_batchify(range(9), batch_size=2, seq_len=3)
    >>> data, label = batches[0]
    >>> data.asnumpy().tolist(), label.asnumpy().tolist()
    ([[0, 4], [1, 5], [2, 6]], [[1, 5], [2, 6], [3, 7]])
    """
    if last_batch not in ("discard", "keep"):
        raise ValueError(f"last_batch must be 'discard' or 'keep', got {last_batch!r}")
    if batch_size < 1 or seq_len < 1:
        raise ValueError(f"batch_size={batch_size} and seq_len={seq_len} must be 1 or greater")
    if isinstance(tokens, CorpusDataset):
        tokens = tokens.tokens
    array = tokens.asnumpy() if hasattr(tokens, "asnumpy") else np.asarray(tokens)
    steps = array.size // batch_size
    if steps < 2 or (last_batch == "discard" and steps <= seq_len):
        raise ValueError(
            f"{array.size} tokens are not enough for {batch_size} strands of {seq_len} tokens and "
            "the one behind"
        )
    matrix = array.reshape(-1)[: steps * batch_size].reshape(batch_size, steps).T
    return _Windows(np.ascontiguousarray(matrix, np.int32), seq_len, last_batch)
