"""Dense, Dropout and Embedding."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ..block import HybridBlock
from .activations import Activation

# Where MXNet code may look for them.
from .containers import HybridSequential, Sequential
from .functions import Flatten, HybridLambda, Lambda
from .normalization import BatchNorm, BatchNormReLU, InstanceNorm, LayerNorm

__all__ = [
    "BatchNorm",
    "BatchNormReLU",
    "Dense",
    "Dropout",
    "Embedding",
    "Flatten",
    "HybridLambda",
    "HybridSequential",
    "InstanceNorm",
    "Lambda",
    "LayerNorm",
    "Sequential",
]


class Dense(HybridBlock):
    r"""A fully connected layer: :math:`y = f(x W^T + b)`.

    Parameters
    ----------
    units : int
        Number of outputs.
    activation : str, optional
        :math:`f`, see :class:`Activation`; none by default.
    use_bias : bool
        Whether there is a :math:`b`.
    flatten : bool
        Whether all axes of the input but the first are taken together. If not, the layer works on
        the last axis.
    dtype : str or numpy.dtype
        Element type of the parameters.
    weight_initializer, bias_initializer : Initializer or str, optional
        Initial values. Without one, the weight is initialized as ``initialize`` is told.
    in_units : int
        Number of inputs. 0: learned at the first call.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.

    Inputs
    ------
    data : NDArray
        With ``flatten``, shape (N, ...) with ``in_units`` elements for each sample; otherwise
        (..., in_units).

    Outputs
    -------
    out : NDArray
        With ``flatten``, shape (N, units); otherwise (..., units).

    Raises
    ------
    ValueError
        If ``units`` is not positive, or for an unknown activation.

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> dense = nn.Dense(3)
    >>> dense.initialize()
    >>> dense(nd.ones((2, 4, 5))).shape, dense.weight.shape
    ((2, 3), (3, 20))
    >>> dense
    Dense(20 -> 3, linear)
    """

    def __init__(
        self,
        units: int,
        activation: str | None = None,
        use_bias: bool = True,
        flatten: bool = True,
        dtype: Any = "float32",
        weight_initializer: Any = None,
        bias_initializer: Any = "zeros",
        in_units: int = 0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if units <= 0 or in_units < 0:
            raise ValueError(
                f"Dense: units must be positive and in_units not negative, got units={units}, "
                f"in_units={in_units}"
            )
        self._units = units
        self._in_units = in_units
        self._flatten = flatten
        with self.name_scope():
            self.weight: Any = self.params.get(
                "weight",
                shape=(units, in_units),
                init=weight_initializer,
                dtype=dtype,
                allow_deferred_init=True,
            )
            self.bias = None
            if use_bias:
                self.bias = self.params.get(
                    "bias",
                    shape=(units,),
                    init=bias_initializer,
                    dtype=dtype,
                    allow_deferred_init=True,
                )
            self.act = None
            if activation is not None:
                self.act = Activation(activation, prefix=activation + "_")

    def hybrid_forward(self, F: ModuleType, x: Any, weight: Any, bias: Any = None) -> Any:
        out = F.FullyConnected(
            x,
            weight,
            bias,
            no_bias=bias is None,
            num_hidden=self._units,
            flatten=self._flatten,
            name="fwd",
        )
        return self.act(out) if self.act else out

    def __repr__(self) -> str:
        in_units = self.weight.shape[1] or None
        return f"{type(self).__name__}({in_units} -> {self._units}, {self.act or 'linear'})"


class Dropout(HybridBlock):
    r"""While training, sets random elements to zero and divides the others by :math:`1 - p`.

    From Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting",
    JMLR 2014.

    Parameters
    ----------
    rate : float
        :math:`p`, the share of elements set to zero, from 0 to 1.
    axes : tuple of int
        Axes along which all elements share one decision.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.

    Inputs
    ------
    data : NDArray, any shape

    Outputs
    -------
    out : NDArray, the same shape
        Outside ``autograd.record()`` and ``autograd.train_mode()``, the input.

    Raises
    ------
    ValueError
        If ``rate`` is not from 0 to 1.

    Examples
    --------
    >>> from gluonx import autograd, nd, nn
    >>> dropout = nn.Dropout(0.5)
    >>> dropout(nd.ones((4,))).asnumpy().tolist()
    [1.0, 1.0, 1.0, 1.0]
    >>> with autograd.record():
    ...     out = dropout(nd.ones((1000,)))
    >>> sorted(set(out.asnumpy().tolist()))
    [0.0, 2.0]
    """

    def __init__(self, rate: float, axes: tuple[int, ...] = (), **kwargs: Any):
        super().__init__(**kwargs)
        if not 0 <= rate <= 1:
            raise ValueError(f"Dropout: rate must be from 0 to 1, got {rate}")
        self._rate = rate
        self._axes = axes

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        if self._rate == 0:
            return F.identity(x)
        return F.Dropout(x, p=self._rate, axes=self._axes, name="fwd")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p = {self._rate}, axes={self._axes})"


class Embedding(HybridBlock):
    """A vector for each of a number of things, such as the words of a vocabulary.

    Parameters
    ----------
    input_dim : int
        Number of things.
    output_dim : int
        Length of the vectors.
    dtype : str or numpy.dtype
        Element type of the vectors.
    weight_initializer : Initializer or str, optional
        Initial vectors.
    sparse_grad : bool
        Whether the gradient of the vectors is row_sparse: it has the rows of the numbers that
        occurred, and optimizers with ``lazy_update`` leave all others alone.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.

    Inputs
    ------
    data : NDArray, any shape
        Numbers from 0 to ``input_dim - 1``.

    Outputs
    -------
    out : NDArray, shape (..., output_dim)

    Raises
    ------
    ValueError
        If ``input_dim`` or ``output_dim`` is not positive.

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> embedding = nn.Embedding(100, 16)
    >>> embedding.initialize()
    >>> embedding(nd.array([[1, 5, 99]])).shape
    (1, 3, 16)
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        dtype: Any = "float32",
        weight_initializer: Any = None,
        sparse_grad: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if input_dim <= 0 or output_dim <= 0:
            raise ValueError(
                "Embedding: input_dim and output_dim must be positive, got "
                f"input_dim={input_dim}, output_dim={output_dim}"
            )
        self._kwargs = {
            "input_dim": input_dim,
            "output_dim": output_dim,
            "dtype": dtype,
            "sparse_grad": sparse_grad,
        }
        self.weight = self.params.get(
            "weight",
            shape=(input_dim, output_dim),
            init=weight_initializer,
            dtype=dtype,
            allow_deferred_init=True,
            grad_stype="row_sparse" if sparse_grad else "default",
        )

    def hybrid_forward(self, F: ModuleType, x: Any, weight: Any) -> Any:
        return F.Embedding(x, weight, name="fwd", **self._kwargs)

    def __repr__(self) -> str:
        kw = self._kwargs
        return f"{type(self).__name__}({kw['input_dim']} -> {kw['output_dim']}, {kw['dtype']})"
