"""Random programs on two contexts: a training loop as one writes it for several devices."""

from __future__ import annotations

from collections.abc import Callable

from .generator import Generator, renamed
from .noise import EXPORTS

__all__ = ["Several"]

#: The end of the names of what is on the second context.
MARK = "'"


class Several(Generator):
    """Nets are on two contexts. What is done on the first one is nearly always done on the second
    one, too, with variables whose names end with :data:`MARK`."""

    devices = (2,)
    exports = tuple(how for how in EXPORTS if how != "jaxdlpack")  # it forgets the context

    def program(self) -> list[tuple]:
        self.code.append(("context", 0))
        return super().program()

    def _kinds(self) -> list[tuple]:
        return super()._kinds()[:3]

    def _any(self, shape: tuple[int, ...] | None = None, whole: bool = False) -> str | None:
        every = self.shapes
        self.shapes = {n: s for n, s in every.items() if (MARK in n) == bool(self.mark)}
        try:
            return super()._any(shape, whole)
        finally:
            self.shapes = every

    def _new_input(self, rows: int, columns: int) -> str:
        name = super()._new_input(rows, columns)
        if not self.mark and self.rng.random() < 0.7:
            op, _, shape, seed = self.code.pop()
            self.code.append(("split", (name, name + MARK), shape, seed))
            self.shapes[name + MARK] = shape
        return name

    def _noise(self, likely: float) -> None:
        if self.recording or self.rng.random() < 0.6:
            super()._noise(likely)
        else:
            self._on_second(lambda: super(Several, self)._noise(likely))
        if self.rng.random() < 0.3 * likely:
            self.code.append(("read_each", *self._param()))

    def _on_second(self, write: Callable) -> None:
        self.mark = MARK
        self.code.append(("context", 1))
        write()
        self.code.append(("context", 0))
        self.mark = ""

    # -- a training loop --------------------------------------------------------------------------

    def _twice(self, write: Callable[[], list[str]]) -> list[str]:
        """Let ``write`` add instructions for the first context, and the same for the second one;
        returns the names that it has returned, on both."""
        rng, start, before = self.rng, len(self.code), set(self.shapes)
        made = write()
        kind = rng.random()
        if kind < 0.06:
            return made  # this step is for one context
        if kind < 0.12:  # other work
            more: list[str] = []
            self._on_second(lambda: more.extend(write()))
            return [*made, *more]
        body = self.code[start:]
        own = [n for n in _names(body) if n in self.shapes or n in self.kept]
        for name in own:
            other = name + MARK
            if name in self.kept:
                self.kept[other] = self.kept[name]
                continue
            if other not in self.shapes and name in before:
                self.code[start:start] = [
                    ("context", 1), ("array", other, self.shapes[name], rng.randrange(100)),
                    ("context", 0),
                ]  # fmt: skip
            self.shapes[other] = self.shapes[name]
            if name in self.views:
                self.views.add(other)
        names = {name: name + MARK for name in own}
        second = [step for step in renamed(tuple(body), names) if step[0] != "split"]
        self.code += [("context", 1), *second, ("context", 0)]
        return [*made, *(name + MARK for name in made)]

    def _recorded(self, rows: int) -> None:
        self.code.append(("record",))
        self.recording = True
        losses = self._twice(lambda: [self._forward(rows)])
        self.code.append(("end",))
        self.recording = False
        self._noise(0.1)
        self._backward_of(losses, False)

    def _body(self, rows: int, _: str | None) -> None:
        rng = self.rng
        self.code.append(("record",))
        self.recording = True
        count = rng.choice((1, 1, 1, 2))
        losses = self._twice(lambda: [self._forward(rows) for _ in range(count)])
        self.code.append(("interrupt",) if rng.random() < 0.04 else ("end",))
        self.recording = False
        self._noise(0.2)
        self._backward_of(losses, rng.random() < 0.05)
        self._noise(0.2)
        for trainer, group in self.trainers.items():
            if rng.random() < 0.1:
                self.code.append(("clip", rng.choice(group), 0.25, rng.random() < 0.5))
            if rng.random() < 0.95:
                step = "step" if rng.random() < 0.8 else "update"
                self.code.append((step, trainer, 2 * rows, rng.random() < 0.5))
            self._noise(0.1)

    def _backward_of(self, losses: list[str], retain: bool) -> None:
        if self.rng.random() < 0.6:
            self.code.append(("backward", tuple(losses), (None,) * len(losses), retain))
            return
        for loss in losses if self.rng.random() < 0.8 else reversed(losses):
            self.code.append(("backward", (loss,), (None,), retain))
            self._noise(0.1)


def _names(part) -> list[str]:
    """All strings in instructions, each once."""
    if isinstance(part, str):
        return [part]
    found = [_names(p) for p in part] if isinstance(part, (tuple, list)) else []
    return list(dict.fromkeys(name for names in found for name in names))
