"""Draws a random program from a seed."""

from __future__ import annotations

import random

from .nets import NETS

__all__ = ["generate"]

#: Rows of a batch. Few shapes, so that what is compiled is used again.
ROWS = (3, 4)
NUMBERS = (0.5, -1.0, 0.25, 2.0)
OPTIMIZERS = (
    ("sgd", {"learning_rate": 0.25}),
    ("sgd", {"learning_rate": 0.125, "momentum": 0.5, "wd": 0.125}),
    # a large epsilon: a small one makes a step of the rounding of a gradient that is 0
    ("adam", {"learning_rate": 0.125, "epsilon": 0.125}),
)
EXPORTS = ("copy", "asnumpy", "asarray", "asjax", "dlpack", "jaxdlpack")


def generate(seed: int) -> list[tuple]:
    """A program; the same seed draws the same one."""
    return _Generator(random.Random(seed)).program()


class _Generator:
    """Knows the shapes of the variables, so that nearly all instructions make sense."""

    def __init__(self, rng: random.Random):
        self.rng = rng
        self.code: list[tuple] = []
        self.shapes: dict[str, tuple[int, ...]] = {}
        #: Views, and names of parameters and gradients, are not written by recorded values.
        self.views: set[str] = set()
        self.kept: dict[str, tuple[int, ...]] = {}
        self.trainers: dict[str, tuple[str, ...]] = {}
        self.nets: list[str] = []
        self.recording = False
        #: Variables that the present body of a loop will use yet.
        self.needed: set[str] = set()
        self.count = 0

    def program(self) -> list[tuple]:
        rng = self.rng
        kinds = [k for k in NETS if k != "dropout" or rng.random() < 0.3]
        self.nets = rng.sample(kinds, rng.choice((1, 1, 2, 2, 3)))
        self.code += [("net", n) for n in self.nets]
        self._make_trainers()
        for rows in ROWS[: rng.choice((1, 1, 2))]:
            for columns in (4, 3):
                self._emit("array", "x", (rows, columns), rng.randrange(100))
        if rng.random() < 0.2:
            self.code.append(("attach", "x0", rng.choice(("write", "add"))))
        for _ in range(rng.randint(1, 3)):
            self._noise(0.5)
            self._loop()
        self._noise(0.5)
        return self.code

    def _make_trainers(self) -> None:
        rng = self.rng
        groups = [tuple(self.nets)]
        if len(self.nets) > 1 and rng.random() < 0.5:
            groups = [(n,) for n in self.nets]
        for i, group in enumerate(groups):
            optimizer, arguments = rng.choice(OPTIMIZERS)
            self.code.append(("trainer", f"trainer{i}", group, optimizer, arguments))
            self.trainers[f"trainer{i}"] = group

    # -- variables --------------------------------------------------------------------------------

    def _emit(self, op: str, stem: str, shape: tuple[int, ...], *arguments) -> str:
        """An instruction that makes a variable."""
        name = f"{stem}{self.count}"
        self.count += 1
        self.code.append((op, name, *((shape,) if op == "array" else ()), *arguments))
        self.shapes[name] = shape
        if op in ("call", "apply", "detach"):
            self.needed.add(name)
        return name

    def _any(self, shape: tuple[int, ...] | None = None, whole: bool = False) -> str | None:
        """A variable, rather a recent one."""
        found = [
            n for n, s in self.shapes.items()
            if (shape is None or s == shape) and not (whole and n in self.views)
        ]  # fmt: skip
        if not found:
            return None
        return self.rng.choice(found[-6:] if self.rng.random() < 0.6 else found)

    def _param(self) -> tuple[str, int]:
        net = self.rng.choice(self.nets)
        return net, self.rng.randrange(len(NETS[net].shapes))

    def _input(self, rows: int, columns: int) -> str:
        found = self._any((rows, columns))
        return found or self._emit("array", "x", (rows, columns), self.rng.randrange(100))

    # -- a training loop --------------------------------------------------------------------------

    def _loop(self) -> None:
        """One body, a few times; each time its variables have the same names, or new ones."""
        rng = self.rng
        start, before = len(self.code), set(self.shapes)
        self._body()
        self.needed.clear()
        body = self.code[start:]
        made = {n: s for n, s in self.shapes.items() if n not in before}
        keep = rng.random() < 0.3
        for i in range(rng.choice((0, 0, 1, 2, 3))):
            again = {n: f"{n}_{i}" for n in made} if keep else {}
            self.code += [_renamed(step, again) for step in body]
            for old, new in again.items():
                self.shapes[new] = made[old]
                if old in self.views:
                    self.views.add(new)
            if rng.random() < 0.3:
                self._noise(1)

    def _body(self) -> None:
        rng = self.rng
        rows = rng.choice(ROWS)
        self.code.append(("record",))
        self.recording = True
        losses = [self._forward(rows) for _ in range(rng.choice((1, 1, 1, 2, 2, 3)))]
        if len(losses) > 1 and rng.random() < 0.4:
            losses = [self._emit("apply", "l", (rows,), "add", *losses[:2])]
        inside = rng.random() < 0.08
        if not inside:
            self.code.append(("interrupt",) if rng.random() < 0.05 else ("end",))
            self.recording = False
        self._noise(0.25)
        retain = rng.random() < 0.1
        if rng.random() < 0.5:
            self._backward(losses, retain)
        else:
            for loss in losses:
                self._backward([loss], retain)
                self._noise(0.15)
        if retain and rng.random() < 0.7:
            self._backward(losses[:1], False)
        self._noise(0.25)
        for trainer, group in self.trainers.items():
            if rng.random() < 0.15:
                self.code.append(("clip", rng.choice(group), 0.25, rng.random() < 0.5))
            if rng.random() < 0.92:
                step = "step" if rng.random() < 0.75 else "update"
                self.code.append((step, trainer, rows, rng.random() < 0.5))
            self._noise(0.1)
        if inside:
            self.code.append(("end",))
            self.recording = False

    def _forward(self, rows: int) -> str:
        """Nets, one feeding the other, and a loss of the last."""
        rng = self.rng
        h = None
        for _ in range(rng.choice((1, 1, 2, 3))):
            net = rng.choice(self.nets)
            columns = NETS[net].inputs
            inputs = [
                h if h and self.shapes[h] == (rows, c) and rng.random() < 0.8
                else self._input(rows, c)
                for c in columns
            ]  # fmt: skip
            h = self._emit("call", "y", (rows, NETS[net].output), net, *inputs)
            if rng.random() < 0.15:
                h = self._emit("detach", "y", self.shapes[h], h)
            self._noise(0.15)
        if rng.random() < 0.7:
            target = self._input(*self.shapes[h])
            loss = self._emit("apply", "l", (rows,), "l2_loss", h, target)
        else:
            square = self._emit("apply", "z", self.shapes[h], "mul", h, h)
            loss = self._emit("apply", "l", (1,), rng.choice(("sum", "mean")), square)
        self._noise(0.15)
        return loss

    def _backward(self, heads: list[str], retain: bool) -> None:
        rng = self.rng
        if rng.random() < 0.1:
            extra = self._any()
            heads = [*heads, extra] if extra else heads
        grads = [self._any(self.shapes[h]) if rng.random() < 0.15 else None for h in heads]
        self.code.append(("backward", tuple(heads), tuple(grads), retain))

    # -- anything at all --------------------------------------------------------------------------

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
        name = f"kept{self.count}"
        self.count += 1
        self.code.append(("keep", name, x, self.rng.choice(EXPORTS)))
        self.kept[name] = self.shapes[x]

    def _add_take(self) -> None:
        if self.kept:
            kept = self.rng.choice(list(self.kept))
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


#: How often each kind of other instruction comes.
CHOICES = {
    "read": 4, "read_param": 4, "own_grad": 1, "param": 3, "array": 1, "attach": 1, "alias": 2,
    "view": 3, "apply": 4, "call": 2, "write": 6, "keep": 4, "take": 1.5, "set_data": 2,
    "settings": 2.5, "pause": 1.5, "backward": 0.7, "step": 0.7, "del": 1.5,
}  # fmt: skip


def _renamed(part, names: dict[str, str]):
    """An instruction with other variables."""
    if isinstance(part, tuple):
        return tuple(_renamed(p, names) for p in part)
    return names.get(part, part) if isinstance(part, str) else part
