"""BatchNorm under its other names."""

from __future__ import annotations

from ..engine.across import mean_across
from ..engine.op import register
from ._kept import rectified
from .norm import STATISTICS, batch_norm, channels_last, normalize_batch

__all__ = []


def _infer(shapes: dict, attrs: dict) -> dict:
    data = shapes.get("data")
    if not data:
        return {}
    names = ("gamma", "beta", "moving_mean", "moving_var")
    return dict.fromkeys(names, (data[attrs.get("axis", 1)],))


def _outputs(attrs: dict) -> int:
    return 3 if attrs["output_mean_var"] else 1


_AUX = ("moving_mean", "moving_var")


@register(
    "_contrib_BatchNormWithReLU", aux=_AUX, infer=_infer, outputs=_outputs,
    channels_last=channels_last, **STATISTICS,
)  # fmt: skip
def batch_norm_with_relu(
    data,
    gamma,
    beta,
    moving_mean,
    moving_var,
    *,
    eps: float = 0.0010000000474974513,
    momentum: float = 0.9,
    fix_gamma: bool = True,
    use_global_stats: bool = False,
    output_mean_var: bool = False,
    axis: int = 1,
    cudnn_off: bool = False,
    min_calib_range: float | None = None,
    max_calib_range: float | None = None,
    train,
):
    """:func:`BatchNorm`, then ``relu``.

    Parameters
    ----------
    data : array
        Any shape with channels on `axis`.
    gamma, beta : array
        (channels,).
    moving_mean, moving_var : array
        (channels,); changed in place while training.
    eps : float
        Added to the variance.
    momentum : float
        How much of the running statistics stays at each step.
    fix_gamma : bool
        Take gamma as 1; its gradient is then 0.
    use_global_stats : bool
        Use the running statistics while training, too, and leave them alone.
    output_mean_var : bool
        Also return the mean and the inverse standard deviation that were used.
    axis : int
        Axis of the channels.
    cudnn_off, min_calib_range, max_calib_range
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        `data`'s shape; with `output_mean_var` also two arrays (channels,).
    """
    y, *more = batch_norm(
        data, gamma, beta, moving_mean, moving_var, eps=eps, momentum=momentum,
        fix_gamma=fix_gamma, use_global_stats=use_global_stats, output_mean_var=output_mean_var,
        axis=axis, train=train,
    )  # fmt: skip
    return (rectified(y), *more)


@register("_contrib_SyncBatchNorm", aux=_AUX, infer=_infer, outputs=_outputs, **STATISTICS)
def sync_batch_norm(
    data,
    gamma,
    beta,
    moving_mean,
    moving_var,
    *,
    eps: float = 0.001,
    momentum: float = 0.9,
    fix_gamma: bool = True,
    use_global_stats: bool = False,
    output_mean_var: bool = False,
    ndev: int = 1,
    key: str = "",
    train,
):
    """:func:`BatchNorm` with channels on axis 1.

    In a training step that is one program on several devices (a hybridized network on several
    contexts) the mean and the variance are those of all devices' parts together. Otherwise each
    call normalizes over the batch that it is given.

    Parameters
    ----------
    data : array
        (batch, channels, ...).
    gamma, beta : array
        (channels,).
    moving_mean, moving_var : array
        (channels,); changed in place while training.
    eps : float
        Added to the variance.
    momentum : float
        How much of the running statistics stays at each step.
    fix_gamma : bool
        Take gamma as 1; its gradient is then 0.
    use_global_stats : bool
        Use the running statistics while training, too, and leave them alone.
    output_mean_var : bool
        Also return the mean and the inverse standard deviation that were used.
    ndev : int
        Without effect: the devices are those that run the program.
    key : str
        Without effect; in MXNet it tells layers apart.

    Returns
    -------
    array
        `data`'s shape; with `output_mean_var` also two arrays (channels,).
    """
    return normalize_batch(
        data, gamma, beta, moving_mean, moving_var, eps, momentum, fix_gamma,
        train and not use_global_stats, output_mean_var, across=mean_across,
    )  # fmt: skip


@register("BatchNorm_v1", aux=_AUX, infer=_infer, outputs=_outputs, **STATISTICS)
def batch_norm_v1(
    data,
    gamma,
    beta,
    moving_mean,
    moving_var,
    *,
    eps: float = 0.001,
    momentum: float = 0.9,
    fix_gamma: bool = True,
    use_global_stats: bool = False,
    output_mean_var: bool = False,
    train,
):
    """The first version of :func:`BatchNorm`: channels are on axis 1.

    Parameters
    ----------
    data : array
        (batch, channels, ...).
    gamma, beta : array
        (channels,).
    moving_mean, moving_var : array
        (channels,); changed in place while training.
    eps : float
        Added to the variance.
    momentum : float
        How much of the running statistics stays at each step.
    fix_gamma : bool
        Take gamma as 1; its gradient is then 0.
    use_global_stats : bool
        Use the running statistics while training, too, and leave them alone.
    output_mean_var : bool
        Also return the mean and the inverse standard deviation that were used.

    Returns
    -------
    array
        `data`'s shape; with `output_mean_var` also two arrays (channels,).
    """
    return batch_norm(
        data, gamma, beta, moving_mean, moving_var, eps=eps, momentum=momentum,
        fix_gamma=fix_gamma, use_global_stats=use_global_stats, output_mean_var=output_mean_var,
        train=train,
    )  # fmt: skip
