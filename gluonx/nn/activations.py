"""Activation functions as blocks."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from .. import initializer
from ..block import HybridBlock

__all__ = ["ELU", "GELU", "SELU", "Activation", "LeakyReLU", "PReLU", "SiLU", "Swish"]

_ACTIVATIONS = ("relu", "sigmoid", "softrelu", "softsign", "tanh")


class Activation(HybridBlock):
    r"""An activation function by name.

    Parameters
    ----------
    activation : {'relu', 'sigmoid', 'softrelu', 'softsign', 'tanh'}
        :math:`\max(0, x)`, :math:`1 / (1 + e^{-x})`, :math:`\log(1 + e^x)`,
        :math:`x / (1 + |x|)`, :math:`\tanh x`.

    Inputs
    ------
    data : NDArray, any shape

    Outputs
    -------
    out : NDArray, the same shape

    Raises
    ------
    ValueError
        For another name.

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> nn.Activation('relu')(nd.array([-1, 2])).asnumpy().tolist()
    [0.0, 2.0]
    """

    def __init__(self, activation: str, **kwargs: Any):
        if activation not in _ACTIVATIONS:
            raise ValueError(
                f"unknown activation {activation!r}; expected one of "
                f"{', '.join(map(repr, _ACTIVATIONS))}, or use a block such as nn.LeakyReLU"
            )
        self._act_type = activation  # before the parent makes a name of it
        super().__init__(**kwargs)

    def _alias(self) -> str:
        return self._act_type

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        return F.Activation(x, act_type=self._act_type, name="fwd")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._act_type})"


class LeakyReLU(HybridBlock):
    r"""Leaky rectifier: :math:`x` where positive, :math:`\alpha x` elsewhere.

    Parameters
    ----------
    alpha : float
        Slope for negative input, not below 0.

    Inputs
    ------
    data : NDArray, any shape

    Outputs
    -------
    out : NDArray, the same shape

    Raises
    ------
    ValueError
        If ``alpha`` is negative.

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> nn.LeakyReLU(0.5)(nd.array([-1, 2])).asnumpy().tolist()
    [-0.5, 2.0]
    """

    def __init__(self, alpha: float, **kwargs: Any):
        if not alpha >= 0:
            raise ValueError(f"LeakyReLU: alpha must be 0 or greater, got {alpha}")
        super().__init__(**kwargs)
        self._alpha = alpha

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        return F.LeakyReLU(x, act_type="leaky", slope=self._alpha, name="fwd")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._alpha})"


class PReLU(HybridBlock):
    r"""Rectifier with a learned slope: :math:`x` where positive, :math:`\alpha_c x` elsewhere.

    From He et al., "Delving deep into rectifiers", ICCV 2015.

    Parameters
    ----------
    alpha_initializer : Initializer or str
        Initial slopes.
    in_channels : int
        Number of slopes: 1, or the extent of the second axis of the input.

    Inputs
    ------
    data : NDArray, shape (N, C, ...)

    Outputs
    -------
    out : NDArray, the same shape

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> prelu = nn.PReLU()
    >>> prelu.initialize()
    >>> prelu(nd.array([[-1, 2]])).asnumpy().tolist()
    [[-0.25, 2.0]]
    """

    def __init__(
        self,
        alpha_initializer: Any = initializer.Constant(0.25),  # noqa: B008 (never changed)
        in_channels: int = 1,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        with self.name_scope():
            self.alpha = self.params.get("alpha", shape=(in_channels,), init=alpha_initializer)

    def hybrid_forward(self, F: ModuleType, x: Any, alpha: Any) -> Any:
        return F.LeakyReLU(x, gamma=alpha, act_type="prelu", name="fwd")


class ELU(HybridBlock):
    r"""Exponential linear unit: :math:`x` where positive, :math:`\alpha (e^x - 1)` elsewhere.

    From Clevert et al., "Fast and accurate deep network learning by exponential linear units",
    ICLR 2016.

    Parameters
    ----------
    alpha : float
        :math:`\alpha`.

    Inputs
    ------
    data : NDArray, any shape

    Outputs
    -------
    out : NDArray, the same shape
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self._alpha = alpha

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        return F.LeakyReLU(x, act_type="elu", slope=self._alpha)


class SELU(HybridBlock):
    r"""Scaled :class:`ELU`: :math:`\lambda x` or :math:`\lambda \alpha (e^x - 1)`.

    With :math:`\lambda \approx 1.0507` and :math:`\alpha \approx 1.6733` from Klambauer et al.,
    "Self-normalizing neural networks", NeurIPS 2017.

    Inputs
    ------
    data : NDArray, any shape

    Outputs
    -------
    out : NDArray, the same shape
    """

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        return F.LeakyReLU(x, act_type="selu", name="fwd")


class GELU(HybridBlock):
    r"""Gaussian error linear unit: :math:`x \, \Phi(x)`, :math:`\Phi` the normal distribution.

    From Hendrycks and Gimpel, "Gaussian error linear units", 2016; computed with the error
    function, not by an approximation.

    Inputs
    ------
    data : NDArray, any shape

    Outputs
    -------
    out : NDArray, the same shape
    """

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        return F.LeakyReLU(x, act_type="gelu", name="fwd")


class Swish(HybridBlock):
    r"""Swish, also called SiLU: :math:`x \, \sigma(\beta x)`.

    From Ramachandran et al., "Searching for activation functions", 2017.

    Parameters
    ----------
    beta : float
        :math:`\beta`.

    Inputs
    ------
    data : NDArray, any shape

    Outputs
    -------
    out : NDArray, the same shape
    """

    def __init__(self, beta: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self._beta = beta

    def hybrid_forward(self, F: ModuleType, x: Any) -> Any:
        return x * F.sigmoid(self._beta * x, name="fwd")


SiLU = Swish
