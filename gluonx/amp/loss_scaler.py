"""Dynamic scaling of the loss, for float16."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp

from .. import autograd
from .. import ndarray as nd
from ..engine.buffer import Buffer
from ..engine.state import state
from ..error import MXNetError
from ..ndarray import NDArray
from ..optimizer.transform import Update
from ..trainer import Trainer

__all__ = ["LossScaler", "init_trainer", "scale_loss", "unscale"]


class _ScaledUpdate(Update):
    """An update that leaves everything as it is where a gradient is not finite.

    Its state is (scale, what the gradients must be divided by, good steps in a row, state of the
    update inside). All of it is decided on the device, in the step's executable.
    """

    def __init__(self, inner: Update, scaler: LossScaler):
        super().__init__(inner.transformation)
        self._inner = inner
        self._scaler = scaler

    def init(self, params: list[Any], device: Any) -> Any:
        if self._scaler._group() is not None:
            raise MXNetError(
                "loss scaling: parameters became trainable after the first step; make a new "
                "Trainer, and call amp.init_trainer for it"
            )
        scale, divisor = self._scaler._initial
        mine = jax.device_put((jnp.float32(scale), jnp.float32(divisor), jnp.int32(0)), device)
        return *mine, self._inner.init(params, device)

    def apply(self, params: Any, grads: Any, state: Any, hyper: Any, mask: Any = None) -> tuple:
        scale, divisor, good, inside = state
        taken = [jnp.isfinite(g).all() for g in grads]
        if mask is not None:
            taken = [f | ~mask[i] for i, f in enumerate(taken)]
        finite = jnp.stack(taken).all()
        hyper = hyper._replace(rescale=hyper.rescale / divisor)
        new, after = self._inner.apply(params, grads, inside, hyper, mask)
        new, after = jax.tree.map(
            lambda a, b: jnp.where(finite, a, b), (new, after), (list(params), inside)
        )
        scaler = self._scaler
        good = jnp.where(finite, good + 1, 0)
        grow = good == scaler._scale_seq_len
        larger = jnp.minimum(scale * 2, scaler._max_loss_scale)
        scale = jnp.where(finite, jnp.where(grow, larger, scale), jnp.maximum(scale / 2, 1.0))
        return new, (scale, scale, jnp.where(grow, 0, good), after)


class LossScaler:
    """The scale of a Trainer's loss: halved after an overflow, doubled after 2000 good steps.

    It lives on the device: nothing waits for the decision whether a step is skipped. Reading
    :attr:`loss_scale` waits.
    """

    def __init__(self, trainer: Trainer | None = None, dynamic: bool = True):
        self._trainer = trainer
        self._dynamic = dynamic
        self._max_loss_scale = 2.0**24
        self._scale_seq_len = 2000
        #: Scale and divisor before the first step.
        self._initial = (2.0**16, 2.0**16) if dynamic else (1.0, 1.0)

    def _group(self) -> Any:
        groups = self._trainer._groups if self._trainer is not None else []
        return groups[0] if groups and groups[0].states else None

    def _number(self, at: int) -> NDArray | float:
        """Scale (0) or divisor (1), as an array once there was a step."""
        group = self._group() if self._dynamic else None
        if group is None:
            return self._initial[at]
        return NDArray._new(group.states[at])

    def _set_divisor(self, value: float) -> None:
        group = self._group()
        if group is None:
            self._initial = (self._initial[0], value)
        else:
            buffer: Buffer = group.states[1]
            buffer.set(jax.device_put(jnp.float32(value), group.device))

    @property
    def loss_scale(self) -> float:
        """The present scale."""
        now = self._number(0)
        return now if isinstance(now, float) else float(now.asscalar())

    def has_overflow(self, params: Any) -> bool:
        """Whether a gradient of these parameters is infinite or NaN; waits for them."""
        grads = [g for p in params if p.grad_req != "null" for g in p.list_grad()]
        return not all(nd.multi_all_finite(g).asscalar() for g in grads)


def _scaler(trainer: Trainer) -> LossScaler:
    found = getattr(trainer, "_amp_loss_scaler", None)
    if found is None:
        raise MXNetError("call amp.init_trainer(trainer) before the first step")
    return found


def init_trainer(optimizer_or_trainer: Any) -> None:
    """Prepare a Trainer for scaled losses; after :func:`init`, before its first step.

    With float16 the step is skipped where a gradient is infinite or NaN. With bfloat16, whose range
    is that of float32, the scale is 1 and nothing is checked.

    Raises
    ------
    MXNetError
        If mixed precision is off, or the trainer has taken a step already.
    TypeError
        For anything but a Trainer whose update is compiled.
    """
    trainer = optimizer_or_trainer
    if not isinstance(trainer, Trainer):
        raise TypeError(f"init_trainer() takes a gluon.Trainer, got {type(trainer).__name__}")
    if state.precision is None:
        raise MXNetError("call amp.init() before amp.init_trainer(trainer)")
    if getattr(trainer, "_amp_loss_scaler", None) is not None:
        return
    dynamic = state.precision.dtype == "float16"
    scaler = LossScaler(trainer, dynamic)
    if dynamic:
        if trainer._groups:
            raise MXNetError("call amp.init_trainer(trainer) before the first step")
        if trainer._update is None:
            raise TypeError(
                f"{type(trainer.optimizer).__name__} updates parameters in Python, one by one; "
                "loss scaling needs one that defines transformation()"
            )
        trainer._update = _ScaledUpdate(trainer._update, scaler)
    trainer._amp_loss_scaler = scaler  # type: ignore[attr-defined]


@contextlib.contextmanager
def scale_loss(loss: Any, optimizer_or_trainer: Trainer) -> Iterator[Any]:
    """The loss times the trainer's scale, to call ``backward`` on.

    Parameters
    ----------
    loss : NDArray or list of NDArray
    optimizer_or_trainer : Trainer
        One that :func:`init_trainer` has prepared.

    Examples
    --------
    >>> from gluonx import amp, autograd, gluon, nd, nn
    >>> amp.init('float16')
    >>> net = nn.Dense(1)
    >>> net.initialize()
    >>> trainer = gluon.Trainer(net.collect_params(), 'sgd')
    >>> amp.init_trainer(trainer)
    >>> with autograd.record():
    ...     loss = net(nd.ones((4, 2))).mean()
    ...     with amp.scale_loss(loss, trainer) as scaled:
    ...         autograd.backward(scaled)
    >>> trainer.step(1)
    >>> net.weight.data().dtype.__name__
    'float32'
    >>> amp.disable()
    """
    scaler = _scaler(optimizer_or_trainer)
    if not scaler._dynamic:
        yield loss
        return
    scale = scaler._number(0)
    scaled = [_times(x, scale) for x in (loss if isinstance(loss, (list, tuple)) else [loss])]
    yield scaled if isinstance(loss, (list, tuple)) else scaled[0]


def _times(x: NDArray, scale: Any) -> NDArray:
    with autograd.record(train_mode=autograd.is_training()):
        x = x.astype("float32")  # the scale does not fit float16
        return x * (scale if isinstance(scale, float) else scale.as_in_context(x.context))


def unscale(optimizer_or_trainer: Trainer) -> None:
    """Divide the gradients by the scale now, to look at or clip them before ``step``."""
    trainer = optimizer_or_trainer
    scaler = _scaler(trainer)
    if not scaler._dynamic:
        return
    divisor = scaler._number(1)
    for p in trainer._params:
        if p.grad_req == "null":
            continue
        for g in p.list_grad():
            d = divisor if isinstance(divisor, float) else divisor.as_in_context(g.context)
            g[:] = nd.broadcast_div(g, d) if isinstance(d, NDArray) else g / d
    scaler._set_divisor(1.0)
