"""Attention layers."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from .. import ndarray as nd
from ..block import HybridBlock
from .basic_layers import Dense

__all__ = ["MultiHeadAttention", "RotaryEmbedding"]


class RotaryEmbedding(HybridBlock):
    r"""Rotary position embedding: turns pairs of numbers of queries and keys by their place.

    Their products then depend on the distance of two places only. From Su et al., "RoFormer:
    enhanced transformer with rotary position embedding", 2021.

    Parameters
    ----------
    base : float
        Pair i of n numbers turns by ``base ** (-2 i / n)`` from one place to the next.
    dims : int
        How many of the numbers of a head are turned; 0 for all.
    interleaved : bool
        Whether pairs are neighbours, as in the paper; otherwise number i goes with i + n / 2.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.

    Inputs
    ------
    data : NDArray, shape (batch, length, heads, D)
    offset : NDArray of one number, optional
        The place of the first entry.

    Outputs
    -------
    out : NDArray, the same shape

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> print(nn.RotaryEmbedding()(nd.ones((1, 2, 1, 2)))[0, :, 0].asnumpy().round(2))
    [[ 1.    1.  ]
     [-0.3   1.38]]
    """

    def __init__(
        self, base: float = 10000.0, dims: int = 0, interleaved: bool = False, **kwargs: Any
    ):
        super().__init__(**kwargs)
        self._kwargs = {"base": base, "dims": dims, "interleaved": interleaved}

    def hybrid_forward(self, F: ModuleType, data: Any, offset: Any = None) -> Any:
        settings = {**self._kwargs, "use_offset": offset is not None}
        return F.contrib.rotary_embedding(data, offset, **settings)

    def __repr__(self) -> str:
        settings = ", ".join(f"{k}={v}" for k, v in self._kwargs.items())
        return f"{type(self).__name__}({settings})"


class MultiHeadAttention(HybridBlock):
    r"""Multi-head attention, of a sequence to itself or to another one.

    .. math:: \mathrm{concat}_h\left(\mathrm{softmax}\left(\frac{(x W^q_h) (m W^k_h)^T}{\sqrt{D}}
              \right) m W^v_h\right) W^o

    where :math:`m` is the memory, :math:`x` itself if there is none. From Vaswani et al.,
    "Attention is all you need", NeurIPS 2017.

    Parameters
    ----------
    units : int
        Length of the output vectors; a multiple of ``num_heads``.
    num_heads : int
        Number of heads.
    num_kv_heads : int, optional
        Number of heads of the keys and values, which neighbours then share (Ainslie et al., "GQA",
        2023); ``num_heads`` by default.
    dropout : float
        While training, the probability that an attention weight becomes zero.
    causal : bool
        Whether each place only sees itself and the places before it.
    use_bias : bool
        Whether the four projections have a bias.
    rotary : RotaryEmbedding, optional
        Embedding of the places of queries and keys.
    weight_initializer, bias_initializer : Initializer or str, optional
        Initial values of the projections.
    in_units, memory_units : int
        Lengths of the input's and the memory's vectors. 0: learned at the first call.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.

    Inputs
    ------
    query : NDArray, shape (batch, length, in_units)
    memory : NDArray, shape (batch, memory length, memory_units), optional
        What keys and values are made of; the query by default.
    mask : NDArray, optional
        Not 0 where a place of the query sees one of the memory: shape (length, memory length),
        (batch, length, memory length) or (batch, heads, length, memory length).
    valid_length : NDArray, shape (batch,), optional
        How many places of the memory count.
    cache : list of NDArray, optional
        From :meth:`begin_cache` or the call before: the query is the next part of a sequence, and
        also sees the places that the cache holds.

    Outputs
    -------
    out : NDArray, shape (batch, length, units)
    cache : list of NDArray
        Only if one is given.

    Raises
    ------
    ValueError
        If the numbers of units and heads do not go together, or a memory is given with a cache.

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> attention = nn.MultiHeadAttention(16, num_heads=4, causal=True)
    >>> attention.initialize()
    >>> x = nd.random.normal(shape=(2, 3, 16))
    >>> whole = attention(x)
    >>> whole.shape
    (2, 3, 16)

    Piece by piece, as when text is generated:

    >>> cache = attention.begin_cache(batch_size=2, max_length=8)
    >>> for t in range(3):
    ...     last, cache = attention(x[:, t:t + 1], cache=cache)
    >>> bool(nd.abs(last[:, 0] - whole[:, 2]).max() < 1e-5)
    True
    """

    def __init__(
        self,
        units: int,
        num_heads: int,
        num_kv_heads: int | None = None,
        dropout: float = 0.0,
        causal: bool = False,
        use_bias: bool = True,
        rotary: RotaryEmbedding | None = None,
        weight_initializer: Any = None,
        bias_initializer: Any = "zeros",
        in_units: int = 0,
        memory_units: int = 0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        shared = num_heads if num_kv_heads is None else num_kv_heads
        if min(units, num_heads, shared) <= 0 or units % num_heads or num_heads % shared:
            raise ValueError(
                "MultiHeadAttention: units must be a multiple of num_heads, and num_heads of "
                f"num_kv_heads, got units={units}, num_heads={num_heads}, num_kv_heads={shared}"
            )
        if not 0 <= dropout < 1:
            raise ValueError(f"MultiHeadAttention: dropout must be in [0, 1), got {dropout}")
        self._units, self._heads, self._shared = units, num_heads, shared
        self._settings = {"causal": causal, "dropout": dropout}
        size = units // num_heads * shared
        settings = {
            "flatten": False,
            "use_bias": use_bias,
            "weight_initializer": weight_initializer,
            "bias_initializer": bias_initializer,
        }
        with self.name_scope():
            self.query = Dense(units, in_units=in_units, prefix="query_", **settings)
            memory_units = memory_units or in_units
            self.key = Dense(size, in_units=memory_units, prefix="key_", **settings)
            self.value = Dense(size, in_units=memory_units, prefix="value_", **settings)
            self.out = Dense(units, in_units=units, prefix="out_", **settings)
            self.rotary = rotary

    def begin_cache(
        self, batch_size: int, max_length: int, ctx: Any = None, dtype: Any = "float32"
    ) -> list[Any]:
        """An empty cache for decoding: keys, values, and the number of places that they hold.

        Parameters
        ----------
        batch_size : int
        max_length : int
            How many places it can hold. Its shape never changes, so a hybridized block is compiled
            once for all lengths.
        ctx : Context, optional
            Where; the current context by default.
        dtype : str or numpy.dtype
            Element type of keys and values.
        """
        shape = (batch_size, max_length, self._shared, self._units // self._heads)
        return [
            nd.zeros(shape, ctx=ctx, dtype=dtype),
            nd.zeros(shape, ctx=ctx, dtype=dtype),
            nd.zeros((1,), ctx=ctx, dtype="int32"),
        ]

    def hybrid_forward(
        self,
        F: ModuleType,
        query: Any,
        memory: Any = None,
        mask: Any = None,
        valid_length: Any = None,
        cache: Any = None,
    ) -> Any:
        if memory is not None and cache is not None:
            raise ValueError(
                "MultiHeadAttention: a cache is for attention of a sequence to itself; leave out "
                "memory or cache"
            )
        memory = query if memory is None else memory
        # (batch, length, units) into heads
        queries = F.reshape(self.query(query), shape=(0, 0, self._heads, -1))
        keys = F.reshape(self.key(memory), shape=(0, 0, self._shared, -1))
        values = F.reshape(self.value(memory), shape=(0, 0, self._shared, -1))
        masks = {
            "mask": mask,
            "valid_length": valid_length,
            "use_mask": mask is not None,
            "use_valid_length": valid_length is not None,
        }
        if cache is None:
            if self.rotary is not None:
                queries, keys = self.rotary(queries), self.rotary(keys)
            out = F.contrib.dot_product_attention(queries, keys, values, **masks, **self._settings)
            return self.out(F.reshape(out, shape=(0, 0, -1)))
        old_keys, old_values, position = cache
        if self.rotary is not None:
            queries, keys = self.rotary(queries, position), self.rotary(keys, position)
        keys = F.contrib.cache_write(old_keys, keys, position)
        values = F.contrib.cache_write(old_values, values, position)
        # what is not written yet lies behind every query
        out = F.contrib.dot_product_attention(
            queries,
            keys,
            values,
            offset=position,
            use_offset=True,
            **masks,
            **{**self._settings, "causal": True},
        )
        new = [keys, values, position + query.shape[1]]
        return self.out(F.reshape(out, shape=(0, 0, -1))), new

    def __repr__(self) -> str:
        parts = [f"{self.query.weight.shape[1] or None} -> {self._units}", f"heads={self._heads}"]
        if self._shared != self._heads:
            parts.append(f"kv_heads={self._shared}")
        parts += [f"{k}={v}" for k, v in self._settings.items() if v]
        if self.rotary is not None:
            parts.append(repr(self.rotary))
        return f"{type(self).__name__}({', '.join(parts)})"
