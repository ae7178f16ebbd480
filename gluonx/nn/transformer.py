"""Layers of a transformer."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ..block import HybridBlock
from .attention import MultiHeadAttention
from .basic_layers import Dense, Dropout
from .group_norm import RMSNorm
from .normalization import LayerNorm

__all__ = ["TransformerDecoderLayer", "TransformerEncoderLayer"]

_ACTIVATIONS = ("relu", "gelu", "silu")
_NORMS = {"layer": LayerNorm, "rms": RMSNorm}


class _FeedForward(HybridBlock):
    """Two dense layers with an activation between them."""

    def __init__(self, units: int, hidden_units: int, activation: str, dropout: float, **kwargs):
        super().__init__(**kwargs)
        if activation not in _ACTIVATIONS:
            raise ValueError(f"activation must be one of {_ACTIVATIONS}, got {activation!r}")
        self._activation = activation
        with self.name_scope():
            self.hidden = Dense(hidden_units, flatten=False, in_units=units, prefix="hidden_")
            self.dropout = Dropout(dropout)
            self.out = Dense(units, flatten=False, in_units=hidden_units, prefix="out_")

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        x = self.hidden(x)
        if self._activation == "relu":
            x = F.relu(x)
        elif self._activation == "gelu":
            x = F.LeakyReLU(x, act_type="gelu")
        else:
            x = x * F.sigmoid(x)
        return self.out(self.dropout(x))


class _Layer(HybridBlock):
    """What encoder and decoder layers share: residual branches, each with a norm."""

    def __init__(
        self,
        units: int,
        num_heads: int,
        hidden_units: int | None = None,
        dropout: float = 0.0,
        activation: str = "relu",
        pre_norm: bool = False,
        norm: str = "layer",
        epsilon: float = 1e-5,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if norm not in _NORMS:
            raise ValueError(f"norm must be one of {tuple(_NORMS)}, got {norm!r}")
        self._pre_norm = pre_norm
        self._norm = lambda prefix: _NORMS[norm](epsilon=epsilon, in_channels=units, prefix=prefix)
        with self.name_scope():
            self.feed_forward = _FeedForward(
                units, hidden_units or 4 * units, activation, dropout, prefix="ffn_"
            )
            self.feed_forward_norm = self._norm("ffn_norm_")
            self.dropout = Dropout(dropout)

    def _branch(self, x: Any, norm: HybridBlock, function: Any) -> Any:
        if self._pre_norm:
            return x + self.dropout(function(norm(x)))
        return norm(x + self.dropout(function(x)))


class TransformerEncoderLayer(_Layer):
    r"""A layer of a transformer's encoder, or of a decoder without memory (a language model).

    Self-attention, then two dense layers; each is a branch beside the identity. After each branch
    comes a norm, :math:`\mathrm{norm}(x + f(x))`; with ``pre_norm`` it stands inside,
    :math:`x + f(\mathrm{norm}(x))`, and the whole stack needs a norm at its end. From Vaswani et
    al., "Attention is all you need", NeurIPS 2017; Xiong et al., "On layer normalization in the
    transformer architecture", ICML 2020.

    Parameters
    ----------
    units : int
        Length of the vectors.
    num_heads : int
        Number of heads, a divisor of ``units``.
    hidden_units : int, optional
        Units between the two dense layers; four times ``units`` by default.
    dropout : float
        Of attention weights, hidden units and the output of each branch.
    activation : {'relu', 'gelu', 'silu'}
        Between the two dense layers.
    pre_norm : bool
        Where the norms are.
    norm : {'layer', 'rms'}
        Which: :class:`LayerNorm` or :class:`RMSNorm`.
    epsilon : float
        Of the norms.
    causal : bool
        Whether each place only sees itself and the places before it.
    num_kv_heads, use_bias, rotary
        See :class:`MultiHeadAttention`.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.

    Inputs
    ------
    data : NDArray, shape (batch, length, units)
    mask, valid_length, cache : optional
        See :class:`MultiHeadAttention`.

    Outputs
    -------
    out : NDArray, shape (batch, length, units)
    cache : list of NDArray
        Only if one is given.

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> layer = nn.TransformerEncoderLayer(16, num_heads=4, causal=True, pre_norm=True)
    >>> layer.initialize()
    >>> layer(nd.ones((2, 3, 16))).shape
    (2, 3, 16)
    >>> cache = layer.begin_cache(batch_size=2, max_length=8)
    >>> out, cache = layer(nd.ones((2, 1, 16)), cache=cache)
    >>> out.shape
    (2, 1, 16)
    """

    def __init__(
        self,
        units: int,
        num_heads: int,
        hidden_units: int | None = None,
        dropout: float = 0.0,
        activation: str = "relu",
        pre_norm: bool = False,
        norm: str = "layer",
        epsilon: float = 1e-5,
        causal: bool = False,
        num_kv_heads: int | None = None,
        use_bias: bool = True,
        rotary: Any = None,
        **kwargs: Any,
    ):
        super().__init__(
            units, num_heads, hidden_units, dropout, activation, pre_norm, norm, epsilon, **kwargs
        )
        with self.name_scope():
            self.attention = MultiHeadAttention(
                units,
                num_heads,
                num_kv_heads,
                dropout,
                causal,
                use_bias,
                rotary,
                in_units=units,
                prefix="attention_",
            )
            self.attention_norm = self._norm("attention_norm_")

    def begin_cache(self, batch_size: int, max_length: int, **kwargs: Any) -> list[Any]:
        """See :meth:`MultiHeadAttention.begin_cache`."""
        return self.attention.begin_cache(batch_size, max_length, **kwargs)

    def hybrid_forward(
        self, F: ModuleType, x: Any, mask: Any = None, valid_length: Any = None, cache: Any = None
    ) -> Any:
        new = cache

        def attend(x: Any) -> Any:
            nonlocal new
            if cache is None:
                return self.attention(x, mask=mask, valid_length=valid_length)
            out, new = self.attention(x, mask=mask, valid_length=valid_length, cache=cache)
            return out

        x = self._branch(x, self.attention_norm, attend)
        x = self._branch(x, self.feed_forward_norm, self.feed_forward)
        return x if cache is None else (x, new)


class TransformerDecoderLayer(_Layer):
    """A layer of a transformer's decoder: attention to itself and to a memory, two dense layers.

    Parameters
    ----------
    units, num_heads, hidden_units, dropout, activation, pre_norm, norm, epsilon, **kwargs
        As for :class:`TransformerEncoderLayer`.
    causal : bool
        Whether each place only sees itself and the places before it.
    memory_units : int
        Length of the memory's vectors. 0: learned at the first call.

    Inputs
    ------
    data : NDArray, shape (batch, length, units)
    memory : NDArray, shape (batch, memory length, memory_units)
        The encoder's output.
    mask, valid_length : optional
        For the attention to itself, see :class:`MultiHeadAttention`.
    memory_mask, memory_valid_length : optional
        For the attention to the memory.
    cache : list of NDArray, optional
        For the attention to itself.

    Outputs
    -------
    out : NDArray, shape (batch, length, units)
    cache : list of NDArray
        Only if one is given.

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> layer = nn.TransformerDecoderLayer(16, num_heads=4)
    >>> layer.initialize()
    >>> layer(nd.ones((2, 3, 16)), nd.ones((2, 5, 16))).shape
    (2, 3, 16)
    """

    def __init__(
        self,
        units: int,
        num_heads: int,
        hidden_units: int | None = None,
        dropout: float = 0.0,
        activation: str = "relu",
        pre_norm: bool = False,
        norm: str = "layer",
        epsilon: float = 1e-5,
        causal: bool = True,
        memory_units: int = 0,
        **kwargs: Any,
    ):
        super().__init__(
            units, num_heads, hidden_units, dropout, activation, pre_norm, norm, epsilon, **kwargs
        )
        with self.name_scope():
            self.attention = MultiHeadAttention(
                units,
                num_heads,
                dropout=dropout,
                causal=causal,
                in_units=units,
                prefix="attention_",
            )
            self.attention_norm = self._norm("attention_norm_")
            self.memory_attention = MultiHeadAttention(
                units,
                num_heads,
                dropout=dropout,
                in_units=units,
                memory_units=memory_units or units,
                prefix="memory_attention_",
            )
            self.memory_norm = self._norm("memory_norm_")

    def begin_cache(self, batch_size: int, max_length: int, **kwargs: Any) -> list[Any]:
        """See :meth:`MultiHeadAttention.begin_cache`."""
        return self.attention.begin_cache(batch_size, max_length, **kwargs)

    def hybrid_forward(
        self,
        F: ModuleType,
        x: Any,
        memory: Any,
        mask: Any = None,
        valid_length: Any = None,
        memory_mask: Any = None,
        memory_valid_length: Any = None,
        cache: Any = None,
    ) -> Any:
        new = cache

        def attend(x: Any) -> Any:
            nonlocal new
            if cache is None:
                return self.attention(x, mask=mask, valid_length=valid_length)
            out, new = self.attention(x, mask=mask, valid_length=valid_length, cache=cache)
            return out

        def remember(x: Any) -> Any:
            return self.memory_attention(x, memory, memory_mask, memory_valid_length)

        x = self._branch(x, self.attention_norm, attend)
        x = self._branch(x, self.memory_norm, remember)
        x = self._branch(x, self.feed_forward_norm, self.feed_forward)
        return x if cache is None else (x, new)
