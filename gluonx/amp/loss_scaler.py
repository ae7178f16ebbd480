"""Dynamic scaling of the loss, for float16."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

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
        self._begun = False

    def init(self, params: list[Any], device: Any) -> Any:
        if self._begun:
            raise MXNetError(
                "loss scaling: parameters became trainable after the first step; make a new "
                "Trainer, and call amp.init_trainer for it"
            )
        self._begun = True
        return *self._scaler._buffers(), self._inner.init(params, device)

    def structure(self, params: list[Any]) -> Any:
        leaf = jax.tree.structure(0)
        return jax.tree_util.treedef_tuple((leaf, leaf, leaf, self._inner.structure(params)))

    def owners(self, state: Any, count: int) -> Any:
        return -1, -1, -1, self._inner.owners(state[3], count)

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
        self._initial = 2.0**16 if dynamic else 1.0
        self._made: list[Buffer] = []

    def _buffers(self) -> list[Buffer]:
        """Scale, divisor, good steps in a row; they are part of the state of the update."""
        if not self._made:
            ctx = self._trainer._params[0].list_ctx()[0]  # type: ignore[union-attr]
            numbers = np.float32(self._initial), np.float32(self._initial), np.int32(0)
            self._made = [Buffer(jax.device_put(n, ctx.device), ctx) for n in numbers]
        return self._made

    @property
    def loss_scale(self) -> float:
        """The present scale."""
        return float(NDArray._new(self._buffers()[0]).asscalar()) if self._dynamic else 1.0

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
        if trainer._gradients is not None and trainer._gradients.updates:
            raise TypeError(
                f"kvstore {trainer._kvstore.type!r} applies the optimizer, and loss scaling is for "
                "one that the Trainer applies; make it with update_on_kvstore=False"
            )
        trainer._wrap_update(lambda update: _ScaledUpdate(update, scaler))
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
    scale = NDArray._new(scaler._buffers()[0])
    scaled = [_times(x, scale) for x in (loss if isinstance(loss, (list, tuple)) else [loss])]
    yield scaled if isinstance(loss, (list, tuple)) else scaled[0]


def _times(x: NDArray, scale: NDArray) -> NDArray:
    with autograd.record(train_mode=autograd.is_training()):
        x = x.astype("float32")  # the scale does not fit float16
        return nd.broadcast_mul(x, scale.as_in_context(x.context))


def unscale(optimizer_or_trainer: Trainer) -> None:
    """Divide the gradients by the scale now, to look at or clip them before ``step``."""
    trainer = optimizer_or_trainer
    scaler = _scaler(trainer)
    if not scaler._dynamic:
        return
    buffer = scaler._buffers()[1]
    divisor = NDArray._new(buffer)
    for p in trainer._params:
        if p.grad_req == "null":
            continue
        for g in p.list_grad():
            g[:] = nd.broadcast_div(g, divisor.as_in_context(g.context))
    buffer.set(jax.device_put(np.float32(1), buffer.ctx.device))
