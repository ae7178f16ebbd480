"""Draws a random program from a seed."""

from __future__ import annotations

import random

from .nets import NETS
from .noise import ROWS, Noise

__all__ = ["Generator", "generate", "renamed"]

OPTIMIZERS = (
    ("sgd", {"learning_rate": 0.25}),
    ("sgd", {"learning_rate": 0.125, "momentum": 0.5, "wd": 0.125}),
    # a large epsilon: a small one makes a step of the rounding of a gradient that is 0
    ("adam", {"learning_rate": 0.125, "epsilon": 0.125}),
)


#: One of so many programs is on two contexts.
SEVERAL = 5


def generate(seed: int) -> list[tuple]:
    """A program; the same seed draws the same one."""
    if seed % SEVERAL == 2:
        from .several import Several

        return Several(random.Random(seed)).program()
    return Generator(random.Random(seed)).program()


class Generator(Noise):
    """Knows the shapes of the variables, so that nearly all instructions make sense."""

    #: On how many contexts, if not on one.
    devices: tuple[int, ...] = ()

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
        #: The end of the names of variables.
        self.mark = ""
        #: Variables that the present body of a loop will use yet.
        self.needed: set[str] = set()
        self.count = 0

    def program(self) -> list[tuple]:
        rng = self.rng
        kinds = [k for k in NETS if k != "dropout" or rng.random() < 0.3]
        self.nets = rng.sample(kinds, rng.choice((1, 1, 2, 2, 3)))
        self.code += [("net", n, *self.devices) for n in self.nets]
        self._make_trainers()
        for rows in ROWS[: rng.choice((1, 1, 2))]:
            for columns in (4, 3):
                self._new_input(rows, columns)
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
        name = f"{stem}{self.count}{self.mark}"
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
        return self._any((rows, columns)) or self._new_input(rows, columns)

    def _given(self, rows: int, columns: int) -> str:
        """An input, mostly one that is made anew each time."""
        new = self.rng.random() < 0.8
        return self._new_input(rows, columns) if new else self._input(rows, columns)

    def _new_input(self, rows: int, columns: int) -> str:
        return self._emit("array", "x", (rows, columns), self.rng.randrange(100))

    # -- a training loop --------------------------------------------------------------------------

    def _loop(self) -> None:
        """One body, a few times; each time its variables have the same names, or new ones."""
        rng = self.rng
        rows = rng.choice(ROWS)
        (make,) = rng.choices(*zip(*self._kinds(), strict=True))
        drawn = rng.getstate()
        carried = self._before(make, rows)
        start, before = len(self.code), set(self.shapes)
        make(rows, carried)
        self.needed.clear()
        body = self.code[start:]
        made = {n: s for n, s in self.shapes.items() if n not in before}
        keep = rng.random() < 0.3
        plain = make == self._plain
        for i in range(rng.choice((4, 6, 8) if plain else (0, 0, 1, 3, 6))):
            again = {n: f"{n}_{i}" for n in made} if keep else {}
            if plain and i > 1 and rng.random() < 0.6:
                self._disturbed([renamed(step, again) for step in body])
            else:
                self.code += [renamed(step, again) for step in body]
            for old, new in again.items():
                self.shapes[new] = made[old]
                if old in self.views:
                    self.views.add(new)
            if rng.random() < 0.3 and not (plain and i < 2):
                self._noise(1)
        if rng.random() < 0.25:  # the last batch has another size
            rng.setstate(drawn)
            rows = sum(ROWS) - rows
            make(rows, self._before(make, rows))
            self.needed.clear()

    def _kinds(self) -> list[tuple]:
        """What a loop may do, and how likely."""
        likely = 5, 1, 1, 1, 2
        kinds = self._body, self._micro_batches, self._one_by_one, self._recurrent, self._plain
        return list(zip(kinds, likely, strict=True))

    def _before(self, make, rows: int) -> str | None:
        """What stands before a loop; the name of what its body passes on to itself."""
        if make == self._micro_batches:
            for net in self.nets:
                learned = [i for i in range(len(NETS[net].shapes)) if i not in NETS[net].fixed]
                self.code += [("grad_req", net, i, "add") for i in learned]
        if make == self._recurrent:
            return self._emit("array", "h", (rows, 3), self.rng.randrange(100))
        return None

    def _micro_batches(self, rows: int, _: str | None) -> None:
        """Gradients of several batches are added up."""
        rng = self.rng
        first, count = rng.random() < 0.5, rng.choice((2, 3, 4))
        zero = [("zero_grad", net) for net in self.nets]
        self.code += zero if first else []
        for _ in range(count):
            self._recorded(rows)
        for trainer, group in self.trainers.items():
            if rng.random() < 0.3:
                self.code.append(("clip", rng.choice(group), 0.25, rng.random() < 0.5))
            self._noise(0.1)
            self.code.append(("step", trainer, count * rows, True))
        self.code += [] if first else zero

    def _one_by_one(self, rows: int, _: str | None) -> None:
        """Each Trainer has a loss, a backward pass and a step of its own, as in a GAN."""
        for trainer in self.trainers:
            for _ in range(self.rng.choice((1, 1, 2))):
                self._recorded(rows)
                self._noise(0.15)
                self.code.append(("step", trainer, rows, self.rng.random() < 0.8))

    def _plain(self, rows: int, _: str | None) -> None:
        """Nothing but calls, a loss, a backward pass or several, and a step."""
        rng = self.rng
        names = [n for n in self.nets if n != "dropout"] or self.nets
        micro = rng.choice((1, 1, 2, 3))
        if micro > 1:
            for net in names:
                learned = [i for i in range(len(NETS[net].shapes)) if i not in NETS[net].fixed]
                self.code += [("grad_req", net, i, "add") for i in learned]
        for trainer, group in self.trainers.items():
            for _ in range(micro):
                self.code.append(("record",))
                y = None
                for net in (n for n in group if n in names):
                    columns = NETS[net].inputs
                    inputs = [
                        y if y and self.shapes[y] == (rows, c) else self._given(rows, c)
                        for c in columns
                    ]
                    y = self._emit("call", "y", (rows, NETS[net].output), net, *inputs)
                if y is None:
                    self.code.append(("end",))
                    continue
                target = self._given(*self.shapes[y])
                loss = self._emit("apply", "l", (rows,), "l2_loss", y, target)
                self.code.append(("end",))
                self.code.append(("backward", (loss,), (None,), False))
            self.code.append(("step", trainer, micro * rows, True))
            if micro > 1:
                self.code += [("zero_grad", net) for net in group]

    def _disturbed(self, body: list[tuple]) -> None:
        """The body of a loop, with something else somewhere in it."""
        at = self.rng.randrange(1, len(body))
        self.code += body[:at]
        names = [step[0] for step in body[:at]]
        self.recording = names.count("record") > names.count("end")
        flat = str(body[at:])
        self.needed.update(n for n in self.shapes if repr(n) in flat)
        self._noise(1)
        self.recording = False
        self.needed.clear()
        self.code += body[at:]

    def _recorded(self, rows: int) -> None:
        self.code.append(("record",))
        self.recording = True
        loss = self._forward(rows)
        self.code.append(("end",))
        self.recording = False
        self._noise(0.1)
        self._backward([loss], False)

    def _recurrent(self, rows: int, h: str | None) -> None:
        """A state that is passed on, without its gradient; see Werbos, "Backpropagation through
        time" (1990), and any language model."""
        rng, y = self.rng, h
        self.code.append(("record",))
        self.recording = True
        for _ in range(rng.choice((1, 2, 3))):
            x = self._input(rows, 4)
            if "cell" in self.nets:
                y = self._emit("call", "y", (rows, 3), "cell", x, y)
            else:
                net = next((n for n in self.nets if NETS[n].inputs == (4,)), None)
                z = self._emit("call", "y", (rows, 3), net, x) if net else y
                y = self._emit("apply", "y", (rows, 3), "tanh", z)
                y = self._emit("apply", "y", (rows, 3), "add", y, h)
            self._noise(0.1)
        loss = self._emit("apply", "l", (rows,), "l2_loss", y, self._input(rows, 3))
        self.code.append(("end",))
        self.recording = False
        self._noise(0.15)
        self._backward([loss], False)
        for trainer in self.trainers:
            self.code.append(("step", trainer, rows, True))
        self.code.append((rng.choice(("detach", "detach", "copy", "alias")), h, y))

    def _body(self, rows: int, _: str | None) -> None:
        rng = self.rng
        self.code.append(("record",))
        self.recording = True
        losses = [self._forward(rows) for _ in range(rng.choice((1, 1, 1, 2, 2, 3)))]
        if len(losses) > 1 and rng.random() < 0.4:
            one = all(self.shapes[loss] == (1,) for loss in losses[:2])
            losses = [self._emit("apply", "l", (1,) if one else (rows,), "add", *losses[:2])]
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


def renamed(part, names: dict[str, str]):
    """An instruction with other variables."""
    if isinstance(part, tuple):
        return tuple(renamed(p, names) for p in part)
    return names.get(part, part) if isinstance(part, str) else part
