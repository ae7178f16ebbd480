"""Trained word vectors, from files."""

from __future__ import annotations

import collections
import os
from collections.abc import Callable, Hashable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ... import ndarray as nd
from ...registry import get_create_func, get_register_func, get_registry
from .._files import folder, need_files
from ._vectors import read_vectors
from .vocab import Vocabulary

__all__ = [
    "CompositeEmbedding", "CustomEmbedding", "FastText", "GloVe", "TokenEmbedding", "create",
    "get_pretrained_file_names", "register",
]  # fmt: skip


@cache
def _pretrained() -> dict[str, list[list[str]]]:
    """For each embedding lists of a file, its checksum, its archive, and the archive's checksum."""
    found: dict[str, list[list[str]]] = {}
    text = Path(__file__).with_name("pretrained.txt").read_text(encoding="utf-8")
    for line in text.splitlines()[1:]:
        embedding, *others = line.split()
        found.setdefault(embedding, []).append(others)
    return found


class _Sums:
    """A class attribute: names and SHA-1 checksums of files, read when they are asked for."""

    def __init__(self, name: int):
        self._name = name  # at which place in the lists; the checksum follows

    def __get__(self, instance: Any, owner: type) -> dict[str, str]:
        files = _pretrained().get(owner.__name__.lower(), [])
        return {file[self._name]: file[self._name + 1] for file in files}


class TokenEmbedding(Vocabulary):
    """A vocabulary with a vector for each token; base class.

    Parameters
    ----------
    counter, most_freq_count, min_freq, unknown_token, reserved_tokens
        See :class:`~gluonx.data.text.vocab.Vocabulary`.

    Attributes
    ----------
    vec_len : int
        Length of the vectors.
    idx_to_vec : NDArray
        The vectors by number, float32 of shape (number of tokens, vec_len); number 0 is the unknown
        token's.
    """

    def __init__(
        self,
        counter: collections.Counter | None = None,
        most_freq_count: int | None = None,
        min_freq: int = 1,
        unknown_token: Hashable = "<unk>",
        reserved_tokens: Sequence[Hashable] | None = None,
    ):
        super().__init__(counter, most_freq_count, min_freq, unknown_token, reserved_tokens)
        self._idx_to_vec: Any = None

    @property
    def vec_len(self) -> int:
        """Length of the vectors."""
        return self.idx_to_vec.shape[1]

    @property
    def idx_to_vec(self) -> nd.NDArray:
        """The vectors by number."""
        if self._idx_to_vec is None:
            raise ValueError(f"this {type(self).__name__} has no vectors yet")
        return self._idx_to_vec

    def _load(
        self,
        path: str | os.PathLike,
        delim: str,
        encoding: str,
        init_unknown_vec: Callable[..., Any],
        vocabulary: Vocabulary | None,
    ) -> None:
        if vocabulary is not None and not isinstance(vocabulary, Vocabulary):
            raise TypeError(f"vocabulary must be a Vocabulary, got {type(vocabulary).__name__}")
        tokens, vectors = read_vectors(path, delim, encoding)
        table = np.zeros((len(self) + len(tokens), vectors.shape[1]), np.float32)
        used, unknown_known = len(self), False
        for token, vector in zip(tokens, vectors, strict=True):
            at = self._token_to_idx.setdefault(token, used)
            if at == used:
                self._idx_to_token.append(token)
                used += 1
            table[at] = vector
            unknown_known |= at == 0
        if not unknown_known:
            first = init_unknown_vec(shape=table.shape[1])
            table[0] = first.asnumpy() if isinstance(first, nd.NDArray) else first
        self._idx_to_vec = nd.array(table[:used])
        if vocabulary is not None:
            self._take_over([self], vocabulary)

    def _take_over(self, embeddings: Sequence[TokenEmbedding], vocabulary: Vocabulary) -> None:
        """The tokens of a vocabulary, with their vectors in some embeddings side by side."""
        tokens = vocabulary.idx_to_token
        parts = []
        for embedding in embeddings:
            rows = [0, *embedding.to_indices(tokens[1:])]
            parts.append(embedding.idx_to_vec.asnumpy()[rows])
        self._unknown_token = vocabulary.unknown_token
        reserved = vocabulary.reserved_tokens
        self._reserved_tokens = None if reserved is None else list(reserved)
        self._idx_to_token = list(tokens)
        self._token_to_idx = dict(vocabulary.token_to_idx)
        self._idx_to_vec = nd.array(np.concatenate(parts, 1))

    def get_vecs_by_tokens(self, tokens: Any, lower_case_backup: bool = False) -> nd.NDArray:
        """The vectors of tokens.

        Parameters
        ----------
        tokens : str or list of str
            Unknown ones have the vector of the unknown token.
        lower_case_backup : bool
            Whether to look for a token in lower case if it is not found as it is.

        Returns
        -------
        NDArray
            Shape (vec_len,), or (number of tokens, vec_len) for a list.
        """
        several = isinstance(tokens, list)
        rows = []
        for token in tokens if several else [tokens]:
            at = self._token_to_idx.get(token)
            if at is None and lower_case_backup:
                at = self._token_to_idx.get(token.lower())
            rows.append(at or 0)
        vectors = nd.take(self.idx_to_vec, nd.array(rows, dtype="int32"))
        return vectors if several else vectors[0]

    def update_token_vectors(self, tokens: Any, new_vectors: nd.NDArray) -> None:
        """Give tokens other vectors.

        Parameters
        ----------
        tokens : str or list of str
            They must be known; the unknown token itself can be named.
        new_vectors : NDArray
            Shape (number of tokens, vec_len); or (vec_len,) for a single one.

        Raises
        ------
        ValueError
            For an unknown token, or another shape.
        """
        names = tokens if isinstance(tokens, list) else [tokens]
        unknown = [token for token in names if token not in self._token_to_idx]
        if unknown:
            raise ValueError(
                f"{unknown} have no vectors of their own; to change that of all unknown tokens, "
                f"name {self._unknown_token!r}"
            )
        expected = (len(names), self.vec_len)
        if new_vectors.shape != expected and (len(names), *new_vectors.shape) != (1, self.vec_len):
            raise ValueError(
                f"expected vectors of shape {expected} for {len(names)} tokens, got "
                f"{new_vectors.shape}"
            )
        rows = nd.array([self._token_to_idx[name] for name in names], dtype="int32")
        self.idx_to_vec[rows] = new_vectors.reshape(expected)


_register = get_register_func(TokenEmbedding, "token embedding")
_create = get_create_func(TokenEmbedding, "token embedding")


def register(embedding_cls: type) -> type:
    """A decorator that gives a subclass of :class:`TokenEmbedding` a name for :func:`create`."""
    return _register(embedding_cls)


def create(embedding_name: str, **kwargs: Any) -> TokenEmbedding:
    """Make the embedding that a name says, in any case: ``'glove'``, ``'fasttext'`` or your own.

    Parameters
    ----------
    embedding_name : str
        The name of a class that was registered.
    **kwargs
        Its arguments.
    """
    return _create(embedding_name, **kwargs)


def get_pretrained_file_names(embedding_name: str | None = None) -> Any:
    """Names of files with trained vectors, which ``pretrained_file_name`` can be.

    Parameters
    ----------
    embedding_name : str, optional
        Which embedding's.

    Returns
    -------
    list of str, or dict of such lists by embedding

    Raises
    ------
    KeyError
        If there is no such embedding.
    """
    files = {
        name: list(getattr(cls, "pretrained_file_name_sha1", ()))
        for name, cls in get_registry(TokenEmbedding).items()
    }
    if embedding_name is None:
        return files
    if embedding_name.lower() not in files:
        raise KeyError(
            f"there is no embedding {embedding_name!r}; known are {', '.join(sorted(files))}"
        )
    return files[embedding_name.lower()]


class _Published(TokenEmbedding):
    """Vectors in a published file: in a folder, or fetched into it."""

    pretrained_file_name_sha1: Any = _Sums(0)
    pretrained_archive_name_sha1: Any = _Sums(2)

    @classmethod
    def _archive(cls, file_name: str) -> str:
        """The name of the archive that a file is published in."""
        (archive,) = (f[2] for f in _pretrained()[cls.__name__.lower()] if f[0] == file_name)
        return archive

    def __init__(
        self,
        pretrained_file_name: str,
        embedding_root: str | os.PathLike | None,
        init_unknown_vec: Callable[..., Any],
        vocabulary: Vocabulary | None,
        kwargs: dict[str, Any],
    ):
        super().__init__(**kwargs)
        name, known = type(self).__name__.lower(), self.pretrained_file_name_sha1
        root = folder(embedding_root, "embeddings") / name
        if pretrained_file_name in known:
            archive = self._archive(pretrained_file_name)
            (path,) = need_files(
                root,
                {pretrained_file_name: known[pretrained_file_name]},
                f"gluon/embeddings/{name}",
                (archive, self.pretrained_archive_name_sha1[archive]),
            )
        else:
            path = root / pretrained_file_name
            if not path.is_file():
                raise KeyError(
                    f"{pretrained_file_name!r} is neither a file in {root} nor a known file of "
                    f"{name}; known are {', '.join(list(known)[:10])}, ... (see "
                    "get_pretrained_file_names)"
                )
        self._load(path, " ", "utf8", init_unknown_vec, vocabulary)


@register
class GloVe(_Published):
    """Vectors of Pennington et al., "GloVe: global vectors for word representation", 2014.

    Parameters
    ----------
    pretrained_file_name : str
        A file of :func:`get_pretrained_file_names`, or any file in the folder.
    embedding_root : str or os.PathLike, optional
        The folder above that of the file, ``glove``; ``$MXNET_HOME/embeddings`` or
        ``~/.mxnet/embeddings`` by default.
    init_unknown_vec : callable
        ``init_unknown_vec(shape=vec_len)`` makes the unknown token's vector if the file has none.
    vocabulary : Vocabulary, optional
        Which tokens to keep; all of the file by default.
    **kwargs
        See :class:`TokenEmbedding`.

    Raises
    ------
    KeyError
        If there is no such file.
    MXNetError
        If the file cannot be fetched; says where to put it.
    """

    def __init__(
        self,
        pretrained_file_name: str = "glove.840B.300d.txt",
        embedding_root: str | os.PathLike | None = None,
        init_unknown_vec: Callable[..., Any] = nd.zeros,
        vocabulary: Vocabulary | None = None,
        **kwargs: Any,
    ):
        super().__init__(pretrained_file_name, embedding_root, init_unknown_vec, vocabulary, kwargs)


@register
class FastText(_Published):
    """Vectors of Bojanowski et al., "Enriching word vectors with subword information", 2017.

    Parameters
    ----------
    pretrained_file_name : str
        A file of :func:`get_pretrained_file_names`, or any file in the folder.
    embedding_root : str or os.PathLike, optional
        The folder above that of the file, ``fasttext``; ``$MXNET_HOME/embeddings`` or
        ``~/.mxnet/embeddings`` by default.
    init_unknown_vec : callable
        ``init_unknown_vec(shape=vec_len)`` makes the unknown token's vector if the file has none.
    vocabulary : Vocabulary, optional
        Which tokens to keep; all of the file by default.
    **kwargs
        See :class:`TokenEmbedding`.

    Raises
    ------
    KeyError
        If there is no such file.
    MXNetError
        If the file cannot be fetched; says where to put it.
    """

    def __init__(
        self,
        pretrained_file_name: str = "wiki.simple.vec",
        embedding_root: str | os.PathLike | None = None,
        init_unknown_vec: Callable[..., Any] = nd.zeros,
        vocabulary: Vocabulary | None = None,
        **kwargs: Any,
    ):
        super().__init__(pretrained_file_name, embedding_root, init_unknown_vec, vocabulary, kwargs)


class CustomEmbedding(TokenEmbedding):
    """Vectors in a file of your own: in each line a token and the elements of its vector.

    Parameters
    ----------
    pretrained_file_path : str or os.PathLike
        The file.
    elem_delim : str
        What stands between the token and the elements.
    encoding : str
        Encoding of the file.
    init_unknown_vec : callable
        ``init_unknown_vec(shape=vec_len)`` makes the unknown token's vector if the file has none.
    vocabulary : Vocabulary, optional
        Which tokens to keep; all of the file by default.
    **kwargs
        See :class:`TokenEmbedding`.

    Raises
    ------
    ValueError
        If there is no such file, or a line is not of this form; says which.

    Examples
    --------
    >>> import pathlib
    >>> from gluonx.data.text import CustomEmbedding
    >>> _ = pathlib.Path('vectors.txt').write_text('hello 1 2\\nworld 3 4\\n')
    >>> embedding = CustomEmbedding('vectors.txt')
    >>> embedding.get_vecs_by_tokens(['world', 'moon']).asnumpy().tolist()
    [[3.0, 4.0], [0.0, 0.0]]
    """

    def __init__(
        self,
        pretrained_file_path: str | os.PathLike,
        elem_delim: str = " ",
        encoding: str = "utf8",
        init_unknown_vec: Callable[..., Any] = nd.zeros,
        vocabulary: Vocabulary | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self._load(pretrained_file_path, elem_delim, encoding, init_unknown_vec, vocabulary)


class CompositeEmbedding(TokenEmbedding):
    """For each token of a vocabulary its vectors in several embeddings, side by side.

    Parameters
    ----------
    vocabulary : Vocabulary
        The tokens.
    token_embeddings : TokenEmbedding or list of TokenEmbedding
        Where the vectors come from.
    """

    def __init__(self, vocabulary: Vocabulary, token_embeddings: Any):
        if not isinstance(token_embeddings, (list, tuple)):
            token_embeddings = [token_embeddings]
        if not isinstance(vocabulary, Vocabulary):
            raise TypeError(f"vocabulary must be a Vocabulary, got {type(vocabulary).__name__}")
        for embedding in token_embeddings:
            if not isinstance(embedding, TokenEmbedding):
                raise TypeError(
                    f"token_embeddings must be TokenEmbeddings, got {type(embedding).__name__}"
                )
        super().__init__()
        self._take_over(token_embeddings, vocabulary)


_TokenEmbedding = TokenEmbedding  # MXNet's name, which subclasses in existing code use
