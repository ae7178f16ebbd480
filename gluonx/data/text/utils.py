"""Counting tokens."""

from __future__ import annotations

import collections
import re

__all__ = ["count_tokens_from_str"]


def count_tokens_from_str(
    source_str: str,
    token_delim: str = " ",
    seq_delim: str = "\n",
    to_lower: bool = False,
    counter_to_update: collections.Counter | None = None,
) -> collections.Counter:
    r"""How often each token occurs in a text.

    Parameters
    ----------
    source_str : str
        The text.
    token_delim, seq_delim : str
        Regular expressions for what stands between tokens, and between sequences of tokens.
    to_lower : bool
        Whether to count tokens in lower case.
    counter_to_update : collections.Counter, optional
        Where to add the counts.

    Returns
    -------
    collections.Counter
        ``counter_to_update``, or a new one.

    Examples
    --------
    >>> from gluonx.contrib import text
    >>> counts = text.utils.count_tokens_from_str(' Life is great ! \n life is ', to_lower=True)
    >>> sorted(counts.items())
    [('!', 1), ('great', 1), ('is', 2), ('life', 2)]
    """
    if to_lower:
        source_str = source_str.lower()
    tokens = filter(None, re.split(f"{token_delim}|{seq_delim}", source_str))
    if counter_to_update is None:
        return collections.Counter(tokens)
    counter_to_update.update(tokens)
    return counter_to_update
