"""Layers that normalize."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ..block import HybridBlock

__all__ = ["BatchNorm", "BatchNormReLU", "InstanceNorm", "LayerNorm", "Normalization"]


class Normalization(HybridBlock):
    """A layer with a scale gamma and an offset beta for each channel."""

    gamma: Any
    beta: Any

    def __init__(self, settings: dict[str, Any], prefix: str | None = None, params: Any = None):
        super().__init__(prefix=prefix, params=params)
        self._kwargs = settings

    def _get(self, name: str, channels: int, init: Any, learned: bool, **kwargs: Any) -> Any:
        return self.params.get(
            name,
            grad_req="write" if learned else "null",
            shape=(channels,),
            init=init,
            allow_deferred_init=True,
            **kwargs,
        )

    def _channels(self) -> Any:
        return self.gamma.shape[0]

    def _shown(self) -> dict[str, Any]:
        """What ``repr`` shows."""
        return {**self._kwargs, "in_channels": self._channels()}

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in self._shown().items())
        return f"{type(self).__name__}({settings})"


class BatchNorm(Normalization):
    r"""Batch normalization.

    .. math:: y = \gamma_c \frac{x - \mu_c}{\sqrt{\sigma_c^2 + \epsilon}} + \beta_c

    While training, :math:`\mu_c` and :math:`\sigma_c^2` are mean and variance of the channel over
    the batch, and the running statistics move towards them: ``running = momentum * running +
    (1 - momentum) * batch``. While predicting, the running statistics are used. From Ioffe and
    Szegedy, "Batch normalization", ICML 2015.

    Parameters
    ----------
    axis : int
        The axis of channels.
    momentum : float
        How slowly the running statistics move.
    epsilon : float
        :math:`\epsilon`.
    center, scale : bool
        Whether :math:`\beta` and :math:`\gamma` are learned; otherwise they stay 0 and 1.
    use_global_stats : bool
        Whether to use the running statistics also while training.
    beta_initializer, gamma_initializer : Initializer or str
        Initial values.
    running_mean_initializer, running_variance_initializer : Initializer or str
        Initial running statistics.
    in_channels : int
        Number of channels. 0: learned at the first call.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.

    Inputs
    ------
    data : NDArray, any shape with the axis of channels

    Outputs
    -------
    out : NDArray, the same shape

    Examples
    --------
    >>> from gluonx import autograd, nd, nn
    >>> norm = nn.BatchNorm()
    >>> norm.initialize()
    >>> with autograd.record():
    ...     out = norm(nd.array([[1, 5], [3, 9]]))
    >>> out.asnumpy().round(3).tolist()
    [[-1.0, -1.0], [1.0, 1.0]]
    >>> print(norm.running_mean.data().asnumpy())
    [0.2 0.7]
    """

    def __init__(
        self,
        axis: int = 1,
        momentum: float = 0.9,
        epsilon: float = 1e-05,
        center: bool = True,
        scale: bool = True,
        use_global_stats: bool = False,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        running_mean_initializer: Any = "zeros",
        running_variance_initializer: Any = "ones",
        in_channels: int = 0,
        **kwargs: Any,
    ):
        settings = {
            "axis": axis,
            "eps": epsilon,
            "momentum": momentum,
            "fix_gamma": not scale,
            "use_global_stats": use_global_stats,
        }
        super().__init__(settings, **kwargs)
        if in_channels != 0:
            self.in_channels = in_channels
        fixed = {"learned": False, "differentiable": False}
        self.gamma = self._get(
            "gamma", in_channels, gamma_initializer, learned=scale, differentiable=scale
        )
        self.beta = self._get(
            "beta", in_channels, beta_initializer, learned=center, differentiable=center
        )
        self.running_mean = self._get(
            "running_mean", in_channels, running_mean_initializer, **fixed
        )
        self.running_var = self._get(
            "running_var", in_channels, running_variance_initializer, **fixed
        )

    def cast(self, dtype: Any) -> None:
        """Change the element type; half precision leaves these parameters in float32."""
        half = str(getattr(dtype, "__name__", dtype)) in ("float16", "bfloat16")
        super().cast("float32" if half else dtype)

    def hybrid_forward(
        self, F: ModuleType, x: Any, gamma: Any, beta: Any, running_mean: Any, running_var: Any
    ) -> Any:
        return F.BatchNorm(x, gamma, beta, running_mean, running_var, name="fwd", **self._kwargs)

    def _channels(self) -> Any:
        return super()._channels() or None


class BatchNormReLU(BatchNorm):
    """:class:`BatchNorm` followed by a rectifier; the arguments are the same.

    Inputs
    ------
    data : NDArray, any shape with the axis of channels

    Outputs
    -------
    out : NDArray, the same shape
    """

    def hybrid_forward(
        self, F: ModuleType, x: Any, gamma: Any, beta: Any, running_mean: Any, running_var: Any
    ) -> Any:
        return F.relu(super().hybrid_forward(F, x, gamma, beta, running_mean, running_var))


class InstanceNorm(Normalization):
    r"""Instance normalization: each channel of each sample on its own.

    .. math:: y = \gamma_c \frac{x - \mu_{nc}}{\sqrt{\sigma_{nc}^2 + \epsilon}} + \beta_c

    From Ulyanov et al., "Instance normalization: the missing ingredient for fast stylization",
    2016.

    Parameters
    ----------
    axis : int
        The axis of channels.
    epsilon : float
        :math:`\epsilon`.
    center, scale : bool
        Whether :math:`\beta` and :math:`\gamma` are learned; otherwise they stay 0 and 1.
    beta_initializer, gamma_initializer : Initializer or str
        Initial values.
    in_channels : int
        Number of channels. 0: learned at the first call.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.

    Inputs
    ------
    data : NDArray, any shape with more than two axes

    Outputs
    -------
    out : NDArray, the same shape

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> norm = nn.InstanceNorm()
    >>> norm.initialize()
    >>> norm(nd.array([[[1, 3], [5, 9]]])).asnumpy().round(3).tolist()
    [[[-1.0, 1.0], [-1.0, 1.0]]]
    """

    def __init__(
        self,
        axis: int = 1,
        epsilon: float = 1e-05,
        center: bool = True,
        scale: bool = False,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        in_channels: int = 0,
        **kwargs: Any,
    ):
        settings = {"eps": epsilon, "axis": axis, "center": center, "scale": scale}
        super().__init__(settings, **kwargs)
        self._axis = axis
        self._epsilon = epsilon
        self.gamma = self._get("gamma", in_channels, gamma_initializer, learned=scale)
        self.beta = self._get("beta", in_channels, beta_initializer, learned=center)

    def hybrid_forward(self, F: ModuleType, x: Any, gamma: Any, beta: Any) -> Any:
        if self._axis == 1:
            return F.InstanceNorm(x, gamma, beta, name="fwd", eps=self._epsilon)
        x = F.swapaxes(x, dim1=1, dim2=self._axis)
        out = F.InstanceNorm(x, gamma, beta, name="fwd", eps=self._epsilon)
        return F.swapaxes(out, dim1=1, dim2=self._axis)


class LayerNorm(Normalization):
    r"""Layer normalization: over the channels, at each place on its own.

    .. math:: y = \gamma_c \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta_c

    From Ba et al., "Layer normalization", 2016.

    Parameters
    ----------
    axis : int
        The axis of channels.
    epsilon : float
        :math:`\epsilon`.
    center, scale : bool
        Whether :math:`\beta` and :math:`\gamma` are learned; otherwise they stay 0 and 1.
    beta_initializer, gamma_initializer : Initializer or str
        Initial values.
    in_channels : int
        Number of channels. 0: learned at the first call.
    prefix, params
        See :class:`gluonx.gluon.Block`.

    Inputs
    ------
    data : NDArray, any shape

    Outputs
    -------
    out : NDArray, the same shape

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> norm = nn.LayerNorm()
    >>> norm.initialize()
    >>> norm(nd.array([[1, 3], [5, 9]])).asnumpy().round(3).tolist()
    [[-1.0, 1.0], [-1.0, 1.0]]
    """

    def __init__(
        self,
        axis: int = -1,
        epsilon: float = 1e-05,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        in_channels: int = 0,
        prefix: str | None = None,
        params: Any = None,
    ):
        settings = {"eps": epsilon, "axis": axis, "center": center, "scale": scale}
        super().__init__(settings, prefix=prefix, params=params)
        self._axis = axis
        self._epsilon = epsilon
        self._center = center
        self._scale = scale
        self.gamma = self._get("gamma", in_channels, gamma_initializer, learned=scale)
        self.beta = self._get("beta", in_channels, beta_initializer, learned=center)

    def hybrid_forward(self, F: ModuleType, data: Any, gamma: Any, beta: Any) -> Any:
        return F.LayerNorm(data, gamma, beta, axis=self._axis, eps=self._epsilon)
