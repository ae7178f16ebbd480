"""Batch normalization over several devices."""

from __future__ import annotations

from ..engine.op import register
from .norm import batch_norm


def _infer(shapes: dict, attrs: dict) -> dict:
    data = shapes.get("data")
    names = ("gamma", "beta", "moving_mean", "moving_var")
    return dict.fromkeys(names, (data[1],)) if data and len(data) > 1 else {}


@register(
    "_contrib_SyncBatchNorm",
    aux=("moving_mean", "moving_var"),
    infer=_infer,
    outputs=lambda attrs: 3 if attrs["output_mean_var"] else 1,
)
def sync_batch_norm(
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
    ndev: int = 1,
    key: str,
    train,
):
    """Batch normalization over axis 1; see BatchNorm.

    Each device normalizes with the statistics of its own part of a batch.

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
        Without effect; accepted for compatibility.
    key : str
        Without effect; accepted for compatibility.

    Returns
    -------
    array
        `data`'s shape; with `output_mean_var` also two arrays (channels,).
    """
    return batch_norm(
        data,
        gamma,
        beta,
        moving_mean,
        moving_var,
        eps=eps,
        momentum=momentum,
        fix_gamma=fix_gamma,
        use_global_stats=use_global_stats,
        output_mean_var=output_mean_var,
        train=train,
    )
