"""Instructions that have nothing to do with a training loop, but may stand anywhere in it."""

from __future__ import annotations

import random
from typing import Any

from .nets import NETS

__all__ = ["ROWS", "Noise"]

#: Rows of a batch. Few shapes, so that what is compiled is used again.
ROWS = (3, 4)
NUMBERS = (0.5, -1.0, 0.25, 2.0)
EXPORTS = ("copy", "asnumpy", "asarray", "asjax", "dlpack", "jaxdlpack")

#: How often each kind of other instruction comes.
CHOICES = {
    "read": 4, "read_param": 4, "own_grad": 1, "param": 3, "array": 1, "attach": 1, "alias": 2,
    "view": 3, "apply": 4, "call": 2, "write": 6, "keep": 4, "take": 1.5, "set_data": 2,
    "settings": 2.5, "pause": 1.5, "backward": 0.7, "step": 0.7, "del": 1.5, "thread": 1.5,
}  # fmt: skip


class Noise:
    """The part of the generator that draws them; the rest is in ``generator.py``."""

    #: How an array may leave.
    exports = EXPORTS

    rng: random.Random
    mark: str
    code: list[tuple]
    shapes: dict[str, tuple[int, ...]]
    views: set[str]
    kept: dict[str, tuple[int, ...]]
    needed: set[str]
    trainers: dict[str, tuple[str, ...]]
    nets: list[str]
    recording: bool
    count: int
    _emit: Any
    _any: Any
    _param: Any
    _input: Any
    _backward: Any

    def _noise(self, likely: float) -> None:
        """Instructions that have nothing to do with the loop."""
        while self.rng.random() < likely:
            (kind,) = self.rng.choices(list(CHOICES), CHOICES.values())
            getattr(self, "_add_" + kind)()
            likely *= 0.8

    def _add_read(self) -> None:
        x = self._any()
        if x:
            self.code.append((self.rng.choice(("read", "read", "mean")), x))

    def _add_read_param(self) -> None:
        self.code.append((self.rng.choice(("read_data", "read_grad")), *self._param()))

    def _add_own_grad(self) -> None:
        self.code.append(("own_grad", self._any()))

    def _add_param(self) -> None:
        net, i = self._param()
        shape = NETS[net].shapes[i]
        op = self.rng.choice(("data", "data", "grad"))
        if op == "grad" and i in NETS[net].fixed:
            return
        name = self._emit(op, "w" if op == "data" else "g", shape, net, i)
        self.views.add(name)

    def _add_array(self) -> None:
        shapes = ((3, 4), (4, 4), (3, 3), (4,), (3,))
        self._emit("array", "x", self.rng.choice(shapes), self.rng.randrange(100))

    def _add_attach(self) -> None:
        x = self._any(whole=True)
        if x:
            self.code.append(("attach", x, self.rng.choice(("write", "write", "add"))))

    def _add_alias(self) -> None:
        x = self._any()
        if x:
            op = self.rng.choice(("alias", "detach", "copy"))
            name = self._emit(op, "a", self.shapes[x], x)
            if op != "copy":
                self.views.add(name)

    def _add_view(self) -> None:
        x = self._any()
        if not x:
            return
        shape = self.shapes[x]
        kind = self.rng.choice(("row", "rows", "reshape"))
        if kind == "row":
            i = self.rng.randrange(shape[0])
            name = self._emit("view", "v", shape[1:] or (1,), x, i)
        elif kind == "rows" and shape[0] > 1:
            key = self.rng.choice(((0, 2), (1, shape[0])))
            name = self._emit("view", "v", (key[1] - key[0], *shape[1:]), x, key)
        else:
            size = 1
            for n in shape:
                size *= n
            new = (size,) if len(shape) > 1 else (1, size)
            name = self._emit("reshape", "v", new, x, new)
        self.views.add(name)

    def _add_apply(self) -> None:
        rng = self.rng
        x = self._any()
        if not x:
            return
        kind = rng.choice(("number", "binary", "unary", "dot", "sum"))
        if kind == "number":
            op = rng.choice(("add", "sub", "mul"))
            self._emit("apply", "z", self.shapes[x], op, x, rng.choice(NUMBERS))
        elif kind == "binary":
            op = rng.choice(("add", "sub", "mul"))
            self._emit("apply", "z", self.shapes[x], op, x, self._any(self.shapes[x]))
        elif kind == "unary":
            self._emit("apply", "z", self.shapes[x], rng.choice(("relu", "tanh")), x)
        elif kind == "sum":
            self._emit("apply", "z", (1,), rng.choice(("sum", "mean")), x)
        elif len(self.shapes[x]) == 2:
            other = self._any((self.shapes[x][1], 4)) or self._any((self.shapes[x][1], 3))
            if other:
                shape = (self.shapes[x][0], self.shapes[other][1])
                self._emit("apply", "z", shape, "dot", x, other)

    def _add_call(self) -> None:
        net = self.rng.choice(self.nets)
        rows = self.rng.choice(ROWS)
        inputs = [self._input(rows, c) for c in NETS[net].inputs]
        self._emit("call", "y", (rows, NETS[net].output), net, *inputs)

    def _add_write(self) -> None:
        rng = self.rng
        x = self._any(whole=rng.random() < 0.5)
        if not x:
            return
        shape = self.shapes[x]
        # a recorded value must not be written through a view
        plain = self.recording and x in self.views
        value = rng.choice(NUMBERS)
        kind = rng.choice(("all", "all", "row", "rows", "inplace", "inplace", "out"))
        if kind == "all":
            other = None if plain else self._any(shape)
            self.code.append(("set", x, (None, None), other or value))
        elif kind == "row":
            self.code.append(("set", x, rng.randrange(shape[0]), value))
        elif kind == "rows":
            other = None if plain else self._any((1, *shape[1:]))
            self.code.append(("set", x, (0, 1), other or value))
        elif kind == "inplace":
            other = None if plain or rng.random() < 0.5 else self._any(shape)
            self.code.append(("inplace", x, rng.choice("+-*"), other or value))
        elif not plain:
            op = rng.choice(("add", "mul", "tanh", "relu"))
            inputs = [self._any(shape) for _ in range(1 if op in ("tanh", "relu") else 2)]
            self.code.append(("out", x, op, *inputs))

    def _add_keep(self) -> None:
        x = self._any()
        if self.rng.random() < 0.5 or not x:
            net, i = self._param()
            shape = NETS[net].shapes[i]
            x = self._emit("data", "w", shape, net, i)
            self.views.add(x)
        name = f"kept{self.count}{self.mark}"
        self.count += 1
        self.code.append(("keep", name, x, self.rng.choice(self.exports)))
        self.kept[name] = self.shapes[x]

    def _add_take(self) -> None:
        found = [name for name in self.kept if name.endswith("'") == bool(self.mark)]
        if found:
            kept = self.rng.choice(found)
            self._emit("take", "t", self.kept[kept], kept)

    def _add_set_data(self) -> None:
        net, i = self._param()
        x = self._any(NETS[net].shapes[i])
        if x and i not in NETS[net].fixed:
            self.code.append(("set_data", net, i, x))

    def _add_settings(self) -> None:
        rng = self.rng
        net, i = self._param()
        self.code.append(rng.choice((
            ("rate", rng.choice(list(self.trainers)), rng.choice((0.0625, 0.25))),
            ("lr_mult", net, i, rng.choice((0.0, 0.5, 2.0))),
            ("grad_req", net, i, rng.choice(("null", "write", "add", "add"))),
            ("zero_grad", net),
        )))  # fmt: skip

    def _add_pause(self) -> None:
        if self.recording:
            self.code.append(("pause",))
            self.recording = False
            self._noise(0.7)
            self.code.append(("end",))
            self.recording = True

    def _add_thread(self) -> None:
        """What another thread does, which records nothing."""
        kinds = ("read", "read", "read_param", "own_grad", "apply", "call", "write", "set_data")
        start, recording, self.recording = len(self.code), self.recording, False
        getattr(self, "_add_" + self.rng.choice((*kinds, "backward", "step")))()
        self.code[start:] = [("thread", step) for step in self.code[start:]]
        self.recording = recording

    def _add_backward(self) -> None:
        x = self._any()
        if x:
            self._backward([x], self.rng.random() < 0.2)

    def _add_step(self) -> None:
        trainer = self.rng.choice(list(self.trainers))
        self.code.append(("step", trainer, 4, self.rng.random() < 0.7))

    def _add_del(self) -> None:
        x = self._any()
        if x and x not in self.needed and len(self.shapes) > 4:
            self.code.append(("del", x))
            del self.shapes[x]
            self.views.discard(x)
