"""Numbers for tokens."""

from __future__ import annotations

import collections
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

__all__ = ["Vocabulary"]


class Vocabulary:
    """A number for each of the more frequent tokens, and one for all the others.

    Number 0 is the unknown token; then come the reserved tokens, then the others: more frequent
    ones first, equally frequent ones in their own order.

    Parameters
    ----------
    counter : collections.Counter, optional
        How often each token occurs, see
        :func:`~gluonx.data.text.utils.count_tokens_from_str`.
    most_freq_count : int, optional
        How many tokens of the counter to take at most.
    min_freq : int
        How often a token must occur.
    unknown_token : hashable
        Stands for all tokens without a number.
    reserved_tokens : list of hashable, optional
        Tokens that have a number in any case, for example one for padding.

    Attributes
    ----------
    idx_to_token : list
        The tokens by number.
    token_to_idx : dict
        The numbers by token.

    Raises
    ------
    ValueError
        If ``min_freq`` is not positive, or a reserved token is there twice or is the unknown one.

    Examples
    --------
    >>> from collections import Counter
    >>> from gluonx.data.text import Vocabulary
    >>> vocabulary = Vocabulary(Counter('a b b c c c'.split()), reserved_tokens=['<pad>'])
    >>> vocabulary.idx_to_token
    ['<unk>', '<pad>', 'c', 'b', 'a']
    >>> vocabulary.to_indices(['a', 'x']), vocabulary.to_tokens(2)
    ([4, 0], 'c')
    """

    def __init__(
        self,
        counter: collections.Counter | None = None,
        most_freq_count: int | None = None,
        min_freq: int = 1,
        unknown_token: Hashable = "<unk>",
        reserved_tokens: Sequence[Hashable] | None = None,
    ):
        if min_freq < 1:
            raise ValueError(f"min_freq must be 1 or greater, got {min_freq}")
        reserved = list(reserved_tokens or [])
        if unknown_token in reserved or len(set(reserved)) < len(reserved):
            raise ValueError(
                f"reserved_tokens must be different from each other and from the unknown token "
                f"{unknown_token!r}, got {reserved}"
            )
        self._unknown_token = unknown_token
        self._reserved_tokens = None if reserved_tokens is None else reserved
        self._idx_to_token: list[Any] = [unknown_token, *reserved]
        if counter is not None:
            if not isinstance(counter, collections.Counter):
                raise TypeError(
                    f"counter must be a collections.Counter, got {type(counter).__name__}"
                )
            taken = set(self._idx_to_token)
            tokens = [t for t, count in counter.items() if count >= min_freq and t not in taken]
            tokens.sort()
            tokens.sort(key=counter.__getitem__, reverse=True)
            self._idx_to_token += tokens[:most_freq_count]
        self._token_to_idx: dict[Any, int] = {t: i for i, t in enumerate(self._idx_to_token)}

    def __len__(self) -> int:
        return len(self._idx_to_token)

    def __contains__(self, token: Any) -> bool:
        return token in self._token_to_idx

    @property
    def token_to_idx(self) -> dict[Any, int]:
        """The numbers by token."""
        return self._token_to_idx

    @property
    def idx_to_token(self) -> list[Any]:
        """The tokens by number."""
        return self._idx_to_token

    @property
    def unknown_token(self) -> Any:
        """What stands for all tokens without a number."""
        return self._unknown_token

    @property
    def reserved_tokens(self) -> list[Any] | None:
        """The tokens that have a number in any case."""
        return self._reserved_tokens

    def to_indices(self, tokens: Any) -> Any:
        """The number of a token, or a list of the numbers of a list of tokens; 0 if unknown."""
        find = self._token_to_idx.get
        if isinstance(tokens, list):
            return [find(token, 0) for token in tokens]
        return find(tokens, 0)

    def to_tokens(self, indices: Any) -> Any:
        """The token with a number, or a list of the tokens with a list of numbers.

        Raises
        ------
        ValueError
            If there is no such number.
        """
        if hasattr(indices, "asnumpy"):
            indices = indices.asnumpy()
        if hasattr(indices, "tolist"):
            indices = indices.tolist()
        if isinstance(indices, list):
            return [self._token(index) for index in indices]
        return self._token(indices)

    def _token(self, index: Any) -> Any:
        whole = isinstance(index, (int, np.integer)) or (
            isinstance(index, float) and index.is_integer()
        )
        if not whole or not 0 <= index < len(self._idx_to_token):
            raise ValueError(
                f"{index!r} is not the number of a token; expected an integer from 0 to "
                f"{len(self._idx_to_token) - 1}"
            )
        return self._idx_to_token[int(index)]
