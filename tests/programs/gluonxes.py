"""gluonx behind the interface of :class:`programs.reference.Reference`."""

from __future__ import annotations

import concurrent.futures
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
from gathering import gathering
from rehearsing import rehearsing

import gluonx as gx
from gluonx import autograd, gluon, nd, nn
from gluonx.engine import config, region

from .nets import BATCH_NORM, NETS

__all__ = ["MODES", "Gluonx"]

#: Name of a way to run: (hybridized, fused).
MODES = {
    "eager": (False, True), "unfused": (True, False), "fused": (True, True),
    "gathered": (True, True),
}  # fmt: skip


class _Cell(gluon.HybridBlock):
    def __init__(self):
        super().__init__()
        with self.name_scope():
            self.i2h, self.h2h = nn.Dense(3, in_units=4), nn.Dense(3, in_units=3)

    def hybrid_forward(self, F, x, h):
        return F.tanh(self.i2h(x) + self.h2h(h))


def _blocks(kind: str) -> list[Any]:
    first, last = nn.Dense(4, in_units=4), nn.Dense(3, in_units=4)
    if kind == "mlp":
        return [first, nn.Activation("tanh"), last]
    if kind == "tied":
        again = nn.Dense(4, in_units=4, params=first.params)
        return [first, nn.Activation("tanh"), again, nn.Activation("tanh"), last]
    if kind == "norm":
        norm = nn.BatchNorm(in_channels=4, **BATCH_NORM)
        return [first, norm, nn.Activation("tanh"), last]
    return [first, nn.Dropout(0.5), last]


class Net:
    """A net of :data:`programs.nets.NETS`; :meth:`reset` makes it as good as new."""

    def __init__(self, kind: str, hybridized: bool, devices: int):
        spec = NETS[kind]
        if spec.form == "dense":
            self.block = nn.Dense(spec.output, in_units=spec.inputs[0])
        elif spec.form == "cell":
            self.block = _Cell()
        else:
            self.block = nn.HybridSequential()
            self.block.add(*_blocks(kind))
        self.block.initialize(ctx=list(map(gx.cpu, range(devices))))
        self.block.hybridize(hybridized)
        self.params = list(self.block.collect_params().values())
        self.initial = spec.initial()

    def reset(self) -> None:
        for p, (values, learned) in zip(self.params, self.initial, strict=True):
            p.grad_req = "null"
            p.grad_req = "write" if learned else "null"
            p.lr_mult = 1.0
            p.set_data(nd.array(values))

    def __call__(self, *inputs: Any) -> Any:
        return self.block(*inputs)


_loss = gluon.loss.L2Loss()
_nets: dict[tuple[str, bool, int], Net] = {}


class Gluonx:
    """gluonx, run in one of :data:`MODES`.

    Parameters
    ----------
    mode : str
    limit : int
        Size at which a pending region is run.
    fresh : bool
        Make all nets anew; otherwise those of earlier programs are used again, compiled as they
        are.
    """

    def __init__(self, mode: str, limit: int = 256, fresh: bool = False):
        self.hybridized, self.fused = MODES[mode]
        self.gathered = mode == "gathered"
        self.limit = limit
        self.fresh = fresh

    @contextlib.contextmanager
    def session(self) -> Iterator[None]:
        """Scope of one run."""
        gx.random.seed(7)
        old, region.MAX_REGION = region.MAX_REGION, self.limit
        try:
            often = gathering() if self.gathered else rehearsing()
            with config.fusing(self.fused), often:
                yield
        finally:
            region.MAX_REGION = old
            with contextlib.suppress(Exception):
                region.flush()

    def net(self, kind: str, devices: int) -> Net:
        key = kind, self.hybridized, devices
        net = None if self.fresh else _nets.get(key)
        if net is None:
            net = _nets[key] = Net(*key)
        net.reset()
        return net

    record = staticmethod(autograd.record)
    pause = staticmethod(autograd.pause)

    @staticmethod
    def backward(heads: list[Any], grads: list[Any], retain: bool = False) -> None:
        if len(heads) == 1:
            heads[0].backward(*grads, retain)
        else:
            autograd.backward(heads, grads, retain)

    context = staticmethod(gx.cpu)

    @staticmethod
    def array(values: np.ndarray, ctx: Any = None) -> Any:
        return nd.array(values, ctx=ctx)

    @staticmethod
    def split(values: np.ndarray, parts: int) -> list[Any]:
        return gluon.utils.split_and_load(values, list(map(gx.cpu, range(parts))))

    @staticmethod
    def trainer(params: list[Any], optimizer: str, arguments: dict) -> Any:
        return gluon.Trainer(params, optimizer, arguments)

    @staticmethod
    def call(operator: str, *inputs: Any, out: Any = None) -> Any:
        if operator == "l2_loss":
            return _loss(*inputs)
        if out is not None:
            operator = {"add": "broadcast_add", "mul": "broadcast_mul"}.get(operator, operator)
            return getattr(nd, operator)(*inputs, out=out)
        if operator == "add":
            return inputs[0] + inputs[1]
        if operator == "sub":
            return inputs[0] - inputs[1]
        if operator == "mul":
            return inputs[0] * inputs[1]
        return getattr(nd, operator)(*inputs)

    @staticmethod
    def in_thread(function: Callable) -> None:
        with concurrent.futures.ThreadPoolExecutor(1) as thread:
            thread.submit(function).result()

    @staticmethod
    def clip(grads: list[Any], limit: float) -> Any:
        return gluon.utils.clip_global_norm(grads, limit, check_isfinite=False)

    @staticmethod
    def export(x: Any, how: str) -> Any:
        """What a user may take out of an array and keep."""
        if how == "copy":
            return x.copy()
        if how == "asnumpy":
            return x.asnumpy()
        if how == "asarray":
            return np.asarray(x)
        if how == "asjax":
            return x.asjax()
        if how == "dlpack":
            return np.from_dlpack(x)
        return jax.dlpack.from_dlpack(x)

    @staticmethod
    def take_in(exported: Any, how: str, ctx: Any = None) -> Any:
        """An array from what was taken out."""
        if isinstance(exported, nd.NDArray):
            return exported.copy()
        if how == "jaxdlpack":
            return nd.from_dlpack(exported)
        if isinstance(exported, jax.Array):
            return nd.from_jax(exported)
        return nd.array(exported, ctx=ctx)
