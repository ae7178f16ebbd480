"""Batch normalization over several devices."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from .normalization import BatchNorm

__all__ = ["SyncBatchNorm"]


class SyncBatchNorm(BatchNorm):
    """Batch normalization over the whole batch, also where it is divided among devices.

    In a training step that is one program on several devices, that of a hybridized network on
    several contexts, the statistics are those of all parts together. A network that is not
    hybridized, or that runs without being recorded, uses those of each device's part. See
    :class:`BatchNorm` for the formula. Zhang et al., "Context encoding for semantic segmentation",
    2018.

    Parameters
    ----------
    in_channels : int
        Number of channels. 0: learned at the first call.
    num_devices : int, optional
        Accepted for compatibility: the devices are known.
    momentum : float
        How slowly the running statistics move.
    epsilon : float
        Added to the variance.
    center, scale : bool
        Whether an offset and a factor are learned; otherwise they stay 0 and 1.
    use_global_stats : bool
        Whether to use the running statistics also while training.
    beta_initializer, gamma_initializer : Initializer or str
        Initial values.
    running_mean_initializer, running_variance_initializer : Initializer or str
        Initial running statistics.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.

    Inputs
    ------
    data : NDArray, any shape with channels on axis 1

    Outputs
    -------
    out : NDArray, the same shape
    """

    def __init__(
        self,
        in_channels: int = 0,
        num_devices: int | None = None,
        momentum: float = 0.9,
        epsilon: float = 1e-5,
        center: bool = True,
        scale: bool = True,
        use_global_stats: bool = False,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        running_mean_initializer: Any = "zeros",
        running_variance_initializer: Any = "ones",
        **kwargs: Any,
    ):
        super().__init__(
            axis=1,
            momentum=momentum,
            epsilon=epsilon,
            center=center,
            scale=scale,
            use_global_stats=use_global_stats,
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            running_mean_initializer=running_mean_initializer,
            running_variance_initializer=running_variance_initializer,
            in_channels=in_channels,
            **kwargs,
        )
        self._kwargs = {
            "eps": epsilon,
            "momentum": momentum,
            "fix_gamma": not scale,
            "use_global_stats": use_global_stats,
            "ndev": num_devices or 1,
            "key": self.prefix,
        }

    def hybrid_forward(
        self, F: ModuleType, x: Any, gamma: Any, beta: Any, running_mean: Any, running_var: Any
    ) -> Any:
        return F.contrib.SyncBatchNorm(
            x, gamma, beta, running_mean, running_var, name="fwd", **self._kwargs
        )
