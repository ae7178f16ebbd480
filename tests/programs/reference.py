"""A tiny Gluon in NumPy: parameters, nets and a Trainer, written down from their formulas."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np

from . import arrays
from .arrays import Array, Variable, array, call, scope, state
from .nets import BATCH_NORM, NETS

__all__ = ["Reference"]


class Parameter:
    """A parameter on some contexts; the interface that programs use."""

    def __init__(self, values: np.ndarray, learned: bool, devices: int):
        self.arrays = [array(values, context) for context in range(devices)]
        self.learned = learned
        self.lr_mult = 1.0
        self._grad_req = "null"
        self.grad_req = "write"

    @property
    def grad_req(self) -> str:
        return self._grad_req

    @grad_req.setter
    def grad_req(self, req: str) -> None:
        req = req if self.learned else "null"
        if req == self._grad_req:
            return
        self._grad_req = req
        for x in self.arrays:
            if req == "null":
                x.entry = None
            elif isinstance(x.entry, Variable):
                x.entry.grad_req = req
            else:
                x.attach_grad(req)

    def data(self, context: int = 0) -> Array:
        return self.arrays[context]

    def list_data(self) -> list[Array]:
        return self.arrays

    def grad(self, context: int = 0) -> Array:
        return self.list_grad()[context]

    def list_grad(self) -> list[Array]:
        if self._grad_req == "null":
            raise RuntimeError("no gradient")
        return [x.grad for x in self.arrays]

    def set_data(self, data: Array) -> None:
        with scope(False, state.training):
            for x in self.arrays:
                x[:] = data

    def zero_grad(self) -> None:
        if self._grad_req != "null":
            for g in self.list_grad():
                g[:] = 0


class Net:
    """A net of :data:`programs.nets.NETS`."""

    def __init__(self, kind: str, devices: int):
        spec = NETS[kind]
        self.spec = spec
        self.params = [Parameter(v, learned, devices) for v, learned in spec.initial()]

    def __call__(self, *inputs: Array) -> Array:
        context = inputs[0].cell.context
        params = [p.data(context) for p in self.params]
        return getattr(self, "_" + self.spec.form)(*inputs, *params)

    @staticmethod
    def _dense(x, w, b):
        return call("dense", x, w, b)

    @staticmethod
    def _mlp(x, w1, b1, w2, b2):
        return call("dense", call("tanh", call("dense", x, w1, b1)), w2, b2)

    @staticmethod
    def _tied(x, w1, b1, w2, b2):
        for _ in range(2):
            x = call("tanh", call("dense", x, w1, b1))
        return call("dense", x, w2, b2)

    @staticmethod
    def _cell(x, h, w, b, u, c):
        return call("tanh", call("add", call("dense", x, w, b), call("dense", h, u, c)))

    @staticmethod
    def _norm(x, w1, b1, gamma, beta, mean, var, w2, b2):
        h = call("dense", x, w1, b1)
        eps, momentum = BATCH_NORM["epsilon"], BATCH_NORM["momentum"]
        if state.training:
            y = call("batch_norm", h, gamma, beta, mean=None, var=None, eps=eps)
            for moving, batch in ((mean, h.data.mean(0)), (var, h.data.var(0))):
                moving.write(momentum * moving.data + (1 - momentum) * batch)
        else:
            y = call("batch_norm", h, gamma, beta, mean=mean.data, var=var.data, eps=eps)
        return call("dense", call("tanh", y), w2, b2)


class Trainer:
    """SGD with momentum and Adam, one parameter after the other.

    All contexts get the first one's update, from the sums of the gradients.
    """

    def __init__(self, params: list[Parameter], optimizer: str, arguments: dict):
        self.params = params
        self.optimizer = optimizer
        self.arguments = dict(arguments)
        self.states: dict[int, dict[str, Any]] = {}

    def set_learning_rate(self, rate: float) -> None:
        self.arguments["learning_rate"] = rate

    def allreduce_grads(self) -> None:
        for p in self.params:
            if p.grad_req != "null":
                self._sum(p)

    @staticmethod
    def _sum(p: Parameter) -> None:
        total = sum(g.data for g in p.list_grad())
        for g in p.list_grad():
            g.write(total)

    def step(self, batch_size: int, ignore_stale_grad: bool = False) -> None:
        chosen = self._choose(ignore_stale_grad)
        for i in chosen:
            self._sum(self.params[i])
        self._apply(chosen, batch_size)

    def update(self, batch_size: int, ignore_stale_grad: bool = False) -> None:
        self._apply(self._choose(ignore_stale_grad), batch_size)

    def _choose(self, ignore_stale_grad: bool) -> list[int]:
        chosen = []
        for i, p in enumerate(self.params):
            if p.grad_req == "null":
                continue
            if all(x.entry.fresh for x in p.arrays):
                chosen.append(i)
            elif not ignore_stale_grad:
                raise UserWarning("stale")
        return chosen

    def _apply(self, chosen: list[int], batch_size: int) -> None:
        for i in chosen:
            p = self.params[i]
            w = p.arrays[0].data
            g = p.arrays[0].grad.data / batch_size + self.arguments.get("wd", 0.0) * w
            new = w + self._change(self.states.setdefault(i, {}), g, p.lr_mult)
            for x in p.arrays:
                x.write(new)
                x.entry.fresh = False

    def _change(self, kept: dict[str, Any], g: np.ndarray, lr_mult: float) -> np.ndarray:
        rate = self.arguments["learning_rate"] * lr_mult
        if self.optimizer == "sgd":
            kept["m"] = self.arguments.get("momentum", 0.0) * kept.get("m", 0.0) - rate * g
            return kept["m"]
        kept["t"] = t = kept.get("t", 0) + 1
        kept["m"] = 0.9 * kept.get("m", 0.0) + 0.1 * g
        kept["v"] = 0.999 * kept.get("v", 0.0) + 0.001 * g * g
        rate *= np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        return -rate * kept["m"] / (np.sqrt(kept["v"]) + self.arguments["epsilon"])


class Reference:
    """The library that the interpreter runs a program on; see also ``gluonxes.py``."""

    array = staticmethod(array)
    context = staticmethod(int)
    call = staticmethod(call)
    net = staticmethod(Net)
    trainer = staticmethod(Trainer)
    backward = staticmethod(arrays.backward)

    def session(self) -> Any:
        return contextlib.nullcontext()

    @staticmethod
    def record() -> Any:
        return scope(True, True)

    @staticmethod
    def pause() -> Any:
        return scope(False, False)

    @staticmethod
    def in_thread(function: Callable) -> None:
        with scope(False, False):
            function()

    @staticmethod
    def clip(grads: list[Array], limit: float) -> Array:
        norm = np.sqrt(sum((g.data**2).sum() for g in grads))
        for g in grads:
            g *= min(1.0, limit / (norm + 1e-8))
        return array([norm])

    @staticmethod
    def export(x: Array, how: str) -> Any:
        return x.copy() if how == "copy" else x.asnumpy()

    @staticmethod
    def take_in(exported: Any, how: str, context: int = 0) -> Array:
        return exported.copy() if isinstance(exported, Array) else array(exported, context)

    @staticmethod
    def split(values: np.ndarray, parts: int) -> list[Array]:
        return [array(part, k) for k, part in enumerate(np.split(values, parts))]
