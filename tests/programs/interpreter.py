"""Runs a program on a library and writes down what a user would see.

A program is a list of instructions, each a tuple ``(name, ...)`` that the method ``do_name`` of
:class:`Interpreter` carries out. Variables are strings. An instruction that names a variable which
is not there is skipped, so that any part of a program is a program.
"""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

__all__ = ["Interpreter", "run"]


class _Missing(Exception):
    """A variable is not there."""


class Interpreter:
    """State of one run.

    Attributes
    ----------
    seen : list of (int, str, array or str)
        What was observed: number of the instruction, what it was, the values or the name of the
        error.
    """

    def __init__(self, library: Any):
        self.library = library
        self.variables: dict[str, Any] = {}
        self.nets: dict[str, Any] = {}
        self.scopes: list[Any] = []
        self.kept: dict[str, tuple[Any, np.ndarray, str]] = {}
        self.seen: list[tuple[int, str, Any]] = []
        self.now = 0
        #: The present context: the argument of what takes one, nothing if there is but one.
        self.where: tuple = ()

    def run(self, program: list[tuple]) -> None:
        """Run all of it; at the end everything is looked at once more."""
        with self.library.session():
            for self.now, (name, *arguments) in enumerate(program):
                self._attempt(name, *arguments)
            self.now = len(program)
            while self.scopes:
                self.do_end()
            self._attempt("finish")

    def _attempt(self, name: str, *arguments: Any) -> None:
        try:
            getattr(self, "do_" + name)(*arguments)
        except _Missing:
            pass
        except Exception as e:
            # errors of operators are ValueErrors too, by another name
            error = ValueError if isinstance(e, ValueError) else type(e)
            self.seen.append((self.now, "raises", error.__name__))
            if name == "finish":
                raise

    def _see(self, what: str, values: Any) -> None:
        self.seen.append((self.now, what, np.asarray(values)))

    def _get(self, name: Any) -> Any:
        """A variable, or a number as it is."""
        if not isinstance(name, str):
            return name
        if name not in self.variables:
            raise _Missing
        return self.variables[name]

    def _param(self, net: str, i: int) -> Any:
        return self._net(net).params[i]

    def _net(self, net: str) -> Any:
        if net not in self.nets:
            raise _Missing
        return self.nets[net]

    # -- things to work with ----------------------------------------------------------------------

    def do_net(self, kind: str, devices: int = 1) -> None:
        self.nets[kind] = self.library.net(kind, devices)

    def do_context(self, number: int) -> None:
        """What follows happens there."""
        self.where = (self.library.context(number),)

    def do_trainer(self, name: str, nets: tuple, optimizer: str, arguments: dict) -> None:
        params = [p for n in nets for p in self._net(n).params]
        self.variables[name] = self.library.trainer(params, optimizer, dict(arguments))

    def do_array(self, name: str, shape: tuple, seed: int) -> None:
        values = np.random.RandomState(seed).randint(-8, 9, shape) / 8
        self.variables[name] = self.library.array(values, *self.where)

    def do_split(self, names: tuple, shape: tuple, seed: int) -> None:
        """One batch for several contexts, ``shape`` for each."""
        shape = (len(names) * shape[0], *shape[1:])
        values = np.random.RandomState(seed).randint(-8, 9, shape) / 8
        self.variables.update(zip(names, self.library.split(values, len(names)), strict=True))

    def do_data(self, name: str, net: str, i: int) -> None:
        self.variables[name] = self._param(net, i).data(*self.where)

    def do_grad(self, name: str, net: str, i: int) -> None:
        self.variables[name] = self._param(net, i).grad(*self.where)

    def do_attach(self, x: str, req: str) -> None:
        self._get(x).attach_grad(req)

    def do_alias(self, name: str, x: str) -> None:
        self.variables[name] = self._get(x)

    def do_detach(self, name: str, x: str) -> None:
        self.variables[name] = self._get(x).detach()

    def do_copy(self, name: str, x: str) -> None:
        self.variables[name] = self._get(x).copy()

    def do_view(self, name: str, x: str, key: Any) -> None:
        self.variables[name] = self._get(x)[slice(*key) if isinstance(key, tuple) else key]

    def do_reshape(self, name: str, x: str, shape: tuple) -> None:
        self.variables[name] = self._get(x).reshape(shape)

    def do_del(self, name: str) -> None:
        self._get(name)
        del self.variables[name]

    def do_keep(self, name: str, x: str, how: str) -> None:
        exported = self.library.export(self._get(x), how)
        values = _values(exported).copy()
        self.kept[name] = exported, values, how
        self._see("keeps", values)

    def do_take(self, name: str, kept: str) -> None:
        if kept not in self.kept:
            raise _Missing
        exported, _, how = self.kept[kept]
        self.variables[name] = self.library.take_in(exported, how, *self.where)

    # -- computing --------------------------------------------------------------------------------

    def do_apply(self, name: str, operator: str, *inputs: Any) -> None:
        self.variables[name] = self.library.call(operator, *map(self._get, inputs))

    def do_call(self, name: str, net: str, *inputs: str) -> None:
        self.variables[name] = self._net(net)(*map(self._get, inputs))

    def do_out(self, name: str, operator: str, *inputs: Any) -> None:
        self.library.call(operator, *map(self._get, inputs), out=self._get(name))

    def do_set(self, x: str, key: Any, value: Any) -> None:
        self._get(x)[slice(*key) if isinstance(key, tuple) else key] = self._get(value)

    def do_inplace(self, x: str, sign: str, value: Any) -> None:
        x, value = self._get(x), self._get(value)
        if sign == "+":
            x += value
        elif sign == "-":
            x -= value
        else:
            x *= value

    def do_record(self) -> None:
        self._enter(self.library.record())

    def do_pause(self) -> None:
        self._enter(self.library.pause())

    def _enter(self, scope: Any) -> None:
        scope.__enter__()
        self.scopes.append(scope)

    def do_end(self) -> None:
        if self.scopes:
            self.scopes.pop().__exit__(None, None, None)

    def do_interrupt(self) -> None:
        """An error that the user's code raises inside the scope, and catches outside."""
        while self.scopes:
            error = KeyError("interrupted")
            with contextlib.suppress(KeyError):
                self.scopes.pop().__exit__(KeyError, error, error.__traceback__)

    def do_backward(self, heads: tuple, grads: tuple, retain: bool) -> None:
        self.library.backward(
            [self._get(h) for h in heads], [g and self._get(g) for g in grads], retain
        )

    def do_thread(self, step: tuple) -> None:
        """Another thread carries out an instruction, and ends."""
        name, *arguments = step
        self.library.in_thread(lambda: getattr(self, "do_" + name)(*arguments))

    # -- training ---------------------------------------------------------------------------------

    def do_step(self, trainer: str, batch: int, ignore: bool) -> None:
        self._get(trainer).step(batch, ignore_stale_grad=ignore)

    def do_update(self, trainer: str, batch: int, ignore: bool) -> None:
        self._get(trainer).allreduce_grads()
        self._get(trainer).update(batch, ignore_stale_grad=ignore)

    def do_rate(self, trainer: str, rate: float) -> None:
        self._get(trainer).set_learning_rate(rate)

    def do_lr_mult(self, net: str, i: int, factor: float) -> None:
        self._param(net, i).lr_mult = factor

    def do_grad_req(self, net: str, i: int, req: str) -> None:
        self._param(net, i).grad_req = req

    def do_zero_grad(self, net: str) -> None:
        for p in self._net(net).params:
            p.zero_grad()

    def do_clip(self, net: str, limit: float, look: bool) -> None:
        params = [p for p in self._net(net).params if p.grad_req != "null"]
        grads = [p.grad(*self.where) for p in params]
        norm = self.library.clip(grads, limit)
        if look:
            self._see("norm", norm.asnumpy())

    def do_set_data(self, net: str, i: int, x: str) -> None:
        self._param(net, i).set_data(self._get(x))

    # -- looking ----------------------------------------------------------------------------------

    def do_read(self, x: str) -> None:
        self._see(x, self._get(x).asnumpy())

    def do_mean(self, x: str) -> None:
        self._see(f"mean of {x}", self.library.call("mean", self._get(x)).asnumpy())

    def do_read_data(self, net: str, i: int) -> None:
        self._see(f"{net}[{i}].data()", self._param(net, i).data(*self.where).asnumpy())

    def do_read_grad(self, net: str, i: int) -> None:
        self._see(f"{net}[{i}].grad()", self._param(net, i).grad(*self.where).asnumpy())

    def do_read_each(self, net: str, i: int) -> None:
        """The lists of what a parameter has on each context."""
        p = self._param(net, i)
        for what, arrays in (("data", p.list_data()), ("grad", p.list_grad())):
            self._see(f"{net}[{i}].list_{what}()", np.stack([x.asnumpy() for x in arrays]))

    def do_own_grad(self, x: str) -> None:
        grad = self._get(x).grad
        self._see(f"{x}.grad", np.zeros(0) if grad is None else grad.asnumpy())

    def do_finish(self) -> None:
        """What was kept has kept its values; look at everything else."""
        for name, (exported, values, how) in self.kept.items():
            if not np.array_equal(_values(exported), values):
                self.seen.append((self.now, f"{name} ({how}) has changed", _values(exported)))
        for net, made in self.nets.items():
            for i, p in enumerate(made.params):
                self._see(f"{net}[{i}]", np.stack([x.asnumpy() for x in p.list_data()]))
                if p.grad_req != "null":
                    self.do_read_each(net, i)
        for name, x in self.variables.items():
            if hasattr(x, "asnumpy"):
                self.do_read(name)
                self.do_own_grad(name)


def _values(exported: Any) -> np.ndarray:
    return exported.asnumpy() if hasattr(exported, "asnumpy") else np.asarray(exported)


def run(program: list[tuple], library: Any) -> list[tuple[int, str, Any]]:
    """What a user of ``library`` sees of a program."""
    interpreter = Interpreter(library)
    with np.errstate(all="ignore"):
        interpreter.run(program)
    return interpreter.seen
