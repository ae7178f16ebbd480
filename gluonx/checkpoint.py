"""Checkpoints of a training run: parameters, states of the optimizer, random numbers, your numbers.

They are written by `Orbax <https://orbax.readthedocs.io>`_, in the background while training goes
on, each array in pieces of its own; a run that goes on from one computes, bit for bit, what the
first would have. Needs ``pip install gluonx[orbax]``.

For files to give away see :meth:`gluonx.Block.save_parameters` and
:meth:`gluonx.trainer.Trainer.save_states`, which need nothing more than gluonx.
"""

from __future__ import annotations

import importlib
import os
from typing import Any, Self

import jax
import numpy as np

from . import random, trainer_states
from .block import Block
from .context import cpu
from .engine.buffer import Buffer
from .engine.kernel import is_wide
from .error import MXNetError
from .ndarray import NDArray
from .ndarray.creation import put
from .parameter import Parameter, ParameterDict, assign
from .serialization import states
from .trainer import Trainer

__all__ = ["Checkpoints"]

# The items of a checkpoint: arrays under names, and JSON text.
_PARAMETERS, _STATES, _TEXT = "parameters", "states", "gluonx"
#: Stands for no arrays at all, which Orbax cannot save.
_NOTHING = "nothing"


class Checkpoints:
    """The checkpoints of a training run, one for each step that is saved.

    Parameters
    ----------
    folder : str or os.PathLike
        Where they are; it is made if it is not there. A path, or a URL that Orbax can open, such as
        ``gs://bucket/run``.
    keep : int, optional
        How many of them stay, the youngest ones. All, by default.
    asynchronous : bool
        Whether :meth:`save` returns when the arrays are in the memory of the host; they are written
        while training goes on. A checkpoint is there, whole, or not at all, whatever happens.

    Raises
    ------
    MXNetError
        If Orbax is not installed.

    Examples
    --------
    ::

        net.initialize()
        trainer = gluon.Trainer(net.collect_params(), 'adam')
        with gluonx.checkpoint.Checkpoints('run1', keep=3) as checkpoints:
            begin = 0
            if checkpoints.latest is not None:
                begin = checkpoints.restore(net, trainer)['epoch'] + 1
            for epoch in range(begin, 10):
                train(net, trainer)
                checkpoints.save(epoch, net, trainer, {'epoch': epoch})
    """

    def __init__(
        self, folder: str | os.PathLike, keep: int | None = None, asynchronous: bool = True
    ):
        try:
            self._orbax: Any = importlib.import_module("orbax.checkpoint")
        except ImportError as e:
            raise MXNetError(
                f"checkpoints need Orbax, which cannot be imported ({e}): pip install gluonx[orbax]"
            ) from None
        self.folder = os.fspath(folder)
        options = self._orbax.CheckpointManagerOptions(
            max_to_keep=keep, enable_async_checkpointing=asynchronous
        )
        handlers = {
            _PARAMETERS: self._orbax.PyTreeCheckpointHandler(),
            _STATES: self._orbax.PyTreeCheckpointHandler(),
            _TEXT: self._orbax.JsonCheckpointHandler(),
        }
        path = self.folder if "://" in self.folder else os.path.abspath(self.folder)
        self._manager = self._orbax.CheckpointManager(path, options=options, item_handlers=handlers)

    @property
    def steps(self) -> list[int]:
        """The steps that there are, in ascending order."""
        return sorted(self._manager.all_steps())

    @property
    def latest(self) -> int | None:
        """The last of them; None if there is none."""
        return self._manager.latest_step()

    def save(
        self, step: int, net: Any, trainer: Trainer | None = None, numbers: Any = None
    ) -> None:
        """Save the state of the training as it is now.

        Parameters
        ----------
        step : int
            What to find it by, such as the number of the batch or the epoch.
        net : Block or ParameterDict
            Whose parameters are saved, under the names that :meth:`gluonx.Block.save_parameters`
            gives them.
        trainer : Trainer, optional
            Whose states and numbers are saved.
        numbers : optional
            What else there is to know: numbers, text, None, arrays, and lists, tuples and dicts of
            these. Arrays come back as NumPy arrays.

        Raises
        ------
        TypeError
            If ``numbers`` holds something else.
        MXNetError
            If it cannot be written, or this step is there already. When it is written in the
            background, :meth:`wait` or the next ``save`` raises.
        """
        content = {"numbers": {"numbers": numbers}}
        if trainer is not None:
            content["trainer"] = trainer_states.content_of(trainer)
            for group in trainer._groups:
                for buffer in group.states:
                    buffer.shared = True  # or a step would write over what is being saved
        packed = {kind: states.pack(c) for kind, c in content.items()}
        text = {"random": random.get_state(), **{kind: tree for kind, (tree, _) in packed.items()}}
        named = {
            f"{kind}.{i}": a for kind, (_, arrays) in packed.items() for i, a in enumerate(arrays)
        }
        parameters = {}
        for name, p in _parameters(net).items():
            first, *others = _replicas(p)
            parameters[name] = first
            if p.grad_req == "null":  # running statistics, which differ from device to device
                parameters.update({f"{name}@{k}": x for k, x in enumerate(others, 1)})
        args = self._orbax.args
        items = {
            _PARAMETERS: args.PyTreeSave(_contents(parameters)),
            _STATES: args.PyTreeSave(_contents(named)),
            _TEXT: args.JsonSave(text),
        }
        try:
            self._manager.save(int(step), args=args.Composite(**items), force=True)
        except Exception as e:
            raise MXNetError(f"cannot save checkpoint {step} in {self.folder}: {e}") from e

    def restore(self, net: Any, trainer: Trainer | None = None, step: int | None = None) -> Any:
        """Go on from a checkpoint; gives the ``numbers`` that were saved with it.

        Parameters
        ----------
        net : Block or ParameterDict
            The same network, initialized or not.
        trainer : Trainer, optional
            One of the same optimizer. If it is left out, states of the checkpoint are ignored.
        step : int, optional
            By default the latest one.

        Raises
        ------
        MXNetError
            If there is no such checkpoint, it cannot be read, or its states are of another
            optimizer.
        ValueError
            One error that lists all parameters that are missing, too many or of another shape.

        Parameters that had values keep them if it fails.
        """
        self.wait()
        step = self.latest if step is None else int(step)
        if step is None or step not in self.steps:
            there = ", ".join(map(str, self.steps)) or "none"
            what = "no checkpoint" if step is None else f"no checkpoint {step}"
            raise MXNetError(f"there is {what} in {self.folder}; there are: {there}")
        title = f"checkpoint {step} of {self.folder}"
        text, arrays, parameters = self._read(step, title)
        kinds: dict[str, dict[str, Any]] = {"numbers": {}, "trainer": {}}
        for name, array in arrays.items():
            kind, _, number = name.partition(".")
            kinds[kind][number] = array
        if trainer is not None and "trainer" not in text:
            raise MXNetError(f"{title} was saved without a trainer")
        try:
            numbers = states.unpack(text["numbers"], kinds["numbers"])["numbers"]
            if trainer is not None:
                make = trainer_states.maker(trainer)
                content = states.unpack(text["trainer"], kinds["trainer"], make)
        except (ValueError, TypeError, KeyError, IndexError) as e:
            raise MXNetError(f"{title} is damaged: {e!r:.200}") from e
        targets = _parameters(net)
        shared: dict[int, list[str]] = {}
        for name, p in targets.items():
            shared.setdefault(id(p), []).append(name)
        others = {n: parameters.pop(n) for n in list(parameters) if n not in targets and "@" in n}
        ready = [p for p in targets.values() if p._data is not None and p._deferred is None]
        before = [(x, x._data) for p in ready for x in _replicas(p)]
        try:
            assign(targets, parameters, title, None, False, False, False, "current", shared)
            for name, array in others.items():
                name, _, k = name.rpartition("@")
                replicas = _replicas(targets[name])
                if int(k) < len(replicas):
                    array.copyto(replicas[int(k)])
            if trainer is not None:
                trainer_states.restore(trainer, content, title)
        except BaseException:
            for x, array in before:
                x._buffer.set(array)
            raise
        random.set_state(text["random"])
        return numbers

    def _read(self, step: int, title: str) -> tuple[Any, dict[str, Any], dict[str, NDArray]]:
        """Text and arrays of a checkpoint, all in the memory of the host."""
        args = self._orbax.args
        host = self._orbax.RestoreArgs(restore_type=np.ndarray)
        try:
            known = self._manager.item_metadata(step)
            items = {_TEXT: args.JsonRestore()}
            for name in (_PARAMETERS, _STATES):
                wanted = dict.fromkeys(known[name].tree, host)
                items[name] = args.PyTreeRestore(restore_args=wanted)
            found = self._manager.restore(step, args=args.Composite(**items))
        except Exception as e:
            raise MXNetError(f"cannot read {title}: {e}") from e
        for name in (_PARAMETERS, _STATES):
            found[name].pop(_NOTHING, None)
        ctx = cpu()
        parameters = {
            name: NDArray._new(Buffer(put(host, ctx), ctx))
            for name, host in found[_PARAMETERS].items()
        }
        return found[_TEXT], found[_STATES], parameters

    def wait(self) -> None:
        """Wait until everything is written.

        Raises
        ------
        MXNetError
            If something could not be written.
        """
        try:
            self._manager.wait_until_finished()
        except Exception as e:
            raise MXNetError(f"cannot save a checkpoint in {self.folder}: {e}") from e

    def close(self) -> None:
        """Wait until everything is written, and let go of the folder."""
        try:
            self.wait()
        finally:
            self._manager.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: Any) -> None:
        self.close()


def _parameters(net: Any) -> dict[str, Parameter]:
    if isinstance(net, Block):
        return net._collect_params_with_prefix()
    if isinstance(net, ParameterDict):
        return dict(net.items())
    raise TypeError(f"net must be a Block or a ParameterDict, got {type(net).__name__}")


def _replicas(p: Parameter) -> list[NDArray]:
    """The contents on every device, all elements of it."""
    p._saved()  # says what is wrong with a parameter that has none
    return list(p._initialized().values())


def _contents(arrays: dict[str, Any]) -> dict[str, Any]:
    """What Orbax gets: arrays that nobody changes, and at least one, but none without elements."""
    found = {name: _unchanging(a) for name, a in arrays.items() if 0 not in a.shape}
    return found or {_NOTHING: np.zeros(1, np.uint8)}


def _unchanging(array: Any) -> Any:
    if isinstance(array, NDArray):
        array = array.asjax()
    alone = jax.process_count() > 1 and getattr(array, "is_fully_addressable", False)
    # Of several processes, which all have it, one writes an array of the host.
    if alone or not isinstance(array, jax.Array) or is_wide(array.dtype):
        return np.array(array)
    return array
