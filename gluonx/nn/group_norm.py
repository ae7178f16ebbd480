"""Normalization of groups of channels, and without a mean."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from .normalization import Normalization

__all__ = ["GroupNorm", "RMSNorm"]


class GroupNorm(Normalization):
    r"""Group normalization: over each group of channels of each sample.

    .. math:: y = \gamma_g \frac{x - \mu_{ng}}{\sqrt{\sigma_{ng}^2 + \epsilon}} + \beta_g

    From Wu and He, "Group normalization", ECCV 2018. As in MXNet 1.x there is one :math:`\gamma`
    and one :math:`\beta` for each group, not for each channel.

    Parameters
    ----------
    num_groups : int
        Number of groups; it divides the number of channels.
    epsilon : float
        :math:`\epsilon`.
    center, scale : bool
        Whether :math:`\beta` and :math:`\gamma` are learned; otherwise they stay 0 and 1.
    beta_initializer, gamma_initializer : Initializer or str
        Initial values.
    prefix, params
        See :class:`gluonx.gluon.Block`.

    Inputs
    ------
    data : NDArray, shape (N, C, ...)

    Outputs
    -------
    out : NDArray, the same shape

    Examples
    --------
    >>> from gluonx import nd, nn
    >>> norm = nn.GroupNorm(num_groups=2)
    >>> norm.initialize()
    >>> norm(nd.array([[[1], [3], [5], [9]]])).asnumpy().round(3).ravel().tolist()
    [-1.0, 1.0, -1.0, 1.0]
    """

    def __init__(
        self,
        num_groups: int = 1,
        epsilon: float = 1e-05,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        prefix: str | None = None,
        params: Any = None,
    ):
        settings = {"eps": epsilon, "num_groups": num_groups, "center": center, "scale": scale}
        super().__init__(settings, prefix=prefix, params=params)
        if num_groups < 1:
            raise ValueError(f"GroupNorm: num_groups must be positive, got {num_groups}")
        self._num_groups = num_groups
        self._epsilon = epsilon
        self.gamma = self._get("gamma", num_groups, gamma_initializer, learned=scale)
        self.beta = self._get("beta", num_groups, beta_initializer, learned=center)

    def hybrid_forward(self, F: ModuleType, data: Any, gamma: Any, beta: Any) -> Any:
        return F.GroupNorm(data, gamma, beta, num_groups=self._num_groups, eps=self._epsilon)

    def _shown(self) -> dict[str, Any]:
        return self._kwargs


class RMSNorm(Normalization):
    r"""Root mean square normalization: :class:`LayerNorm` without mean and offset.

    .. math:: y = \gamma_c \frac{x}{\sqrt{\overline{x^2} + \epsilon}}

    From Zhang and Sennrich, "Root mean square layer normalization", NeurIPS 2019. The mean is taken
    in float32 also for 16-bit data.

    Parameters
    ----------
    axis : int
        The axis of channels.
    epsilon : float
        :math:`\epsilon`.
    scale : bool
        Whether :math:`\gamma` is learned; otherwise it stays 1.
    gamma_initializer : Initializer or str
        Initial value.
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
    >>> norm = nn.RMSNorm()
    >>> norm.initialize()
    >>> print(norm(nd.array([[1, 7]])).asnumpy().round(3))
    [[0.2 1.4]]
    """

    def __init__(
        self,
        axis: int = -1,
        epsilon: float = 1e-06,
        scale: bool = True,
        gamma_initializer: Any = "ones",
        in_channels: int = 0,
        prefix: str | None = None,
        params: Any = None,
    ):
        settings = {"eps": epsilon, "axis": axis, "scale": scale}
        super().__init__(settings, prefix=prefix, params=params)
        self._axis = axis
        self._epsilon = epsilon
        self.gamma = self._get("gamma", in_channels, gamma_initializer, learned=scale)

    def hybrid_forward(self, F: ModuleType, data: Any, gamma: Any) -> Any:
        return F.contrib.rms_norm(data, gamma, axis=self._axis, eps=self._epsilon)
