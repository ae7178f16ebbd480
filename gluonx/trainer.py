"""Trainer: applies an optimizer to a network's parameters."""

from __future__ import annotations

import itertools
import operator
import os
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np

from . import optimizer as opt
from . import trainer_states
from .engine import report
from .engine.buffer import Buffer
from .engine.bundle import Bundle
from .engine.deferred import fresh, use_gradients
from .engine.interrupts import held_back
from .engine.kernel import Kernel
from .engine.region import Past
from .engine.replicas import Written, all_reduce, run_replicated
from .engine.spread import Team, team_of
from .engine.update import Updating, run_update
from .error import MXNetError
from .hybrid import Rehearsal
from .kvstore.exchange import team_with_others
from .kvstore.gradients import gradients_of
from .ndarray import NDArray
from .optimizer.group import Group
from .optimizer.lazy import is_lazy
from .optimizer.transform import Update, packed, with_multipliers
from .parameter import Parameter, ParameterDict

__all__ = ["Trainer"]


class Trainer:
    """Applies an optimizer to parameters.

    Parameters
    ----------
    params : ParameterDict, dict or list of Parameter
        What to train. Parameters without a gradient (``grad_req='null'``) are left alone.
    optimizer : str, Optimizer or optax.GradientTransformation
    optimizer_params : dict, optional
        Arguments of an optimizer given by name.
    kvstore : str, KVStore or None
        How devices and workers exchange gradients. Within one process ``'device'``, ``'local'`` and
        None mean the same. With ``'dist_sync'``, which joins the other workers
        (:func:`gluonx.kv.create`), all workers train one network: parameters are those of worker
        0, and each step adds up the gradients of all workers, so that ``batch_size`` is that of all
        together.
    compression_params : dict, optional
        How gradients are compressed, ``{'type': '2bit', 'threshold': 0.5}`` or
        ``{'type': 'fp16'}``; see :meth:`gluonx.kv.KVStore.set_gradient_compression`.
    update_on_kvstore : bool, optional
        True with parameters on several contexts or workers: :meth:`step` does everything at once,
        and :meth:`allreduce_grads` and :meth:`update` are refused, as in MXNet. Otherwise without
        effect, but with a store of your own that can apply an optimizer: it does, unless this is
        False, and its files are those of the states.

    Examples
    --------
    >>> import gluonx as gx
    >>> from gluonx import autograd, gluon, nn
    >>> net = nn.Dense(1)
    >>> net.initialize()
    >>> trainer = gluon.Trainer(net.collect_params(), 'sgd', {'learning_rate': 0.1})
    >>> x, y = gx.nd.ones((4, 3)), gx.nd.zeros((4, 1))
    >>> with autograd.record():
    ...     loss = gluon.loss.L2Loss()(net(x), y)
    >>> loss.backward()
    >>> trainer.step(4)
    """

    def __init__(
        self, params: Any, optimizer: Any, optimizer_params: dict | None = None,
        kvstore: Any = "device", compression_params: dict | None = None,
        update_on_kvstore: bool | None = None,
    ):  # fmt: skip
        if isinstance(params, (dict, ParameterDict)):
            params = [params[k] for k in sorted(params.keys())]
        if not isinstance(params, (list, tuple)) or not all(
            isinstance(p, Parameter) for p in params
        ):
            raise ValueError(
                "Trainer takes the parameters of a network, net.collect_params(), or a list of "
                f"Parameters; got {type(params).__name__}"
            )
        self._params: list[Parameter] = list(params)
        #: The store, and what exchanges gradients through it where this is not done here.
        self._kvstore, self._gradients = gradients_of(
            kvstore, compression_params, update_on_kvstore
        )
        self._on_kvstore = bool(update_on_kvstore) and kvstore is not None
        self._scale = 1.0
        self._update: Update | None = None
        #: The optimizer's update that ``_update`` was made from, and by what.
        self._source: Update | None = None
        self._wrap: Callable[[Update], Update] | None = None
        self._updater: opt.Updater | None = None
        self._optimizer: opt.Optimizer | None = None
        by_index = dict(enumerate(self._params))
        if (
            hasattr(optimizer, "init")
            and hasattr(optimizer, "update")
            and not isinstance(optimizer, opt.Optimizer)
        ):
            if optimizer_params:
                raise ValueError(
                    "optimizer_params must be empty for an optax transformation; give its "
                    "arguments to optax: optax.adam(1e-3)"
                )
            self._update = Update(with_multipliers(optimizer))
        else:
            arguments = dict(optimizer_params or {})
            if isinstance(optimizer, opt.Optimizer):
                if arguments:
                    raise ValueError(
                        "optimizer_params must be empty when optimizer is an Optimizer; set the "
                        "values on it"
                    )
                optimizer.param_dict = by_index
            else:
                optimizer = opt.create(optimizer, param_dict=by_index, **arguments)
            self._optimizer = optimizer
            self._scale = optimizer.rescale_grad
            self._compile()
            if self._update is None:
                self._updater = opt.Updater(optimizer)
                report.note(
                    f"{type(optimizer).__name__} updates parameters in Python, one by one; define "
                    "transformation() instead of update() to have the update compiled"
                )
        if self._gradients is not None and self._gradients.updates:
            if self._optimizer is None and update_on_kvstore:
                raise ValueError(
                    "an optax transformation is applied by the Trainer, not by a kvstore; use "
                    "update_on_kvstore=False"
                )
            self._gradients.updates = self._on_kvstore = self._optimizer is not None
        self._groups: list[Group] = []
        self._all = list(range(len(self._params)))
        #: See :meth:`_single` and :meth:`_spread`, and ``Parameter.moves`` then.
        self._arrays: list[NDArray] | None = None
        self._over: tuple[Team, list[list[NDArray]]] | None = None
        self._moves = -1
        self._places: dict[tuple, tuple[int, Any]] = {}
        #: The last step, if it was one of all parameters as one group, see :meth:`_step_again`.
        self._last: _Step | None = None
        self._rehearsal = Rehearsal()
        if self._gradients is not None:
            self._gradients.make_equal(self._params)

    # -- numbers ---------------------------------------------------------------------------------

    @property
    def optimizer(self) -> Any:
        """The Optimizer; None for an optax transformation."""
        return self._optimizer

    @property
    def learning_rate(self) -> float:
        """The present learning rate.

        Raises
        ------
        UserWarning
            If the optimizer is an optax transformation, which keeps its own.
        """
        return self._own("learning_rate").learning_rate

    def set_learning_rate(self, lr: float) -> None:
        """Set the learning rate; nothing recompiles."""
        self._own("set_learning_rate()").set_learning_rate(lr)

    def _own(self, what: str) -> opt.Optimizer:
        if self._optimizer is None:
            raise UserWarning(
                f"{what}: the optimizer is an optax transformation, which holds its own learning "
                "rate; give optax a schedule, or use optax.inject_hyperparams"
            )
        return self._optimizer

    # -- files -----------------------------------------------------------------------------------

    def save_states(self, fname: str | os.PathLike) -> None:
        """Save the optimizer's states and numbers to a file.

        The file is replaced when the new one is complete. Its format is that of
        :mod:`gluonx.serialization.states`. With several workers, worker 0 writes it.

        Parameters
        ----------
        fname : str or os.PathLike
            A path, or a URL if fsspec is installed.
        """
        trainer_states.save(self, fname)

    def load_states(self, fname: str | os.PathLike) -> None:
        """Load what :meth:`save_states` wrote, into a trainer of the same network and optimizer.

        States belong to parameters by their places in the trainer's list. As in MXNet, the file's
        numbers (learning rate, momentum, weight decay, those of the scheduler) replace the
        trainer's; set others afterwards. Nothing in the file is executed. With several workers,
        all must call this, and worker 0 reads the file.

        MXNet's files of states are pickled and refused. One that you trust can be converted in
        MXNet (with ``multi_precision``, the float32 copy must come first)::

            import pickle, mxnet as mx
            states, optimizer = pickle.load(open('old.states', 'rb'))
            arrays = {}
            for i, state in states.items():
                parts = state if isinstance(state, (list, tuple)) else [state]
                parts = [x for x in parts if x is not None]
                arrays.update({f'{i}:{j}': x for j, x in enumerate(parts)})
                count = optimizer._index_update_count[i]
                arrays[f'{i}:count'] = mx.nd.array([count], dtype='int64')
            mx.nd.save('new.states', arrays)

        Parameters
        ----------
        fname : str or os.PathLike

        Raises
        ------
        MXNetError
            If the file is damaged, pickled, or of another network or optimizer; the trainer is
            unchanged then.
        """
        trainer_states.load(self, fname)

    # -- steps -----------------------------------------------------------------------------------

    def step(self, batch_size: float, ignore_stale_grad: bool = False) -> None:
        """Update the parameters from their gradients.

        Parameters
        ----------
        batch_size : int
            The gradients are divided by it.
        ignore_stale_grad : bool
            Leave parameters alone whose gradients ``backward`` has not written since the last step,
            instead of raising.

        Raises
        ------
        UserWarning
            If a gradient is stale; no parameter is changed then.
        """
        if self._last is not None and self._step_again(self._last, batch_size):
            return
        if self._gradients is not None:
            if self._gradients.updates:
                self._update_in_store(batch_size, ignore_stale_grad)
                return
            self._gradients.make_equal(self._params, step=True)
        together = self._reduces_itself() and self._spread(self._all) is not None
        chosen = None
        if together and self._gradients is not None:
            # what is not the same for all workers must not change what they exchange
            chosen = self._choose_all()
            together = chosen is not None
        elif self._gradients is None and self._single() is None:
            chosen = self._choose(ignore_stale_grad)  # before a gradient is changed
            if together and chosen is not self._all:  # stale gradients are not summed
                together = len(chosen) == sum([p._grad_req != "null" for p in self._params])
            if not together:
                with held_back():  # else some might be sums already when it is done again
                    self._allreduce_grads(chosen)
                    self._step(batch_size, ignore_stale_grad, False, chosen)
                return
        if not together:
            self._allreduce_grads()
        self._step(batch_size, ignore_stale_grad, together, chosen)

    def _step_again(self, last: _Step, batch_size: float) -> bool:
        """A step like the last one; False, and nothing is done, if it is not certain to be alike.

        In few lines, as there is nothing to find out: what would be looked up is compared.
        """
        group, optimizer, several = last.group, self._optimizer, last.several
        if last.moves != Parameter.moves or last.update is not self._update:
            return False
        if self._groups != [group] or (several is not None and not group.writes(several)):
            return False
        if optimizer is not None and optimizer._update is not self._source:
            return False
        values = list(map(_entry, last.arrays))
        if values != last.values or list(map(_grad, values)) != last.grads or not fresh(values):
            return False
        rescale = self._scale / batch_size
        if optimizer is not None:
            optimizer.rescale_grad = rescale
        past = self._run(
            group, last.kernel, last.written, several, last.on_each, group.indices, rescale, None,
            several is not None,
        )  # fmt: skip
        use_gradients(values)
        if past is not None:
            self._rehearsal.watch(past, group.device, last.kernel, last.written, last.on_each[0])
        return True

    def _reduces_itself(self) -> bool:
        """Whether the sums of the gradients can be a part of the update."""
        return self._updater is None and (self._gradients is None or self._gradients.joint)

    def _choose_all(self) -> list[int] | None:
        """All that have a gradient, if they are updated together and no gradient is stale."""
        try:
            chosen = self._choose(False)
        except UserWarning:
            return None
        groups = self._groups
        if not groups or (len(groups) == 1 and groups[0].indices == chosen):
            return chosen
        return None

    def allreduce_grads(self) -> None:
        """Add the gradients over the devices; every device has the sum afterwards.

        For a loss that is computed on several devices, to change the gradients (clip them, for
        example) before :meth:`update`.

        Raises
        ------
        MXNetError
            If the trainer was made with ``update_on_kvstore=True`` for several contexts.
        """
        self._refuse_on_kvstore("allreduce_grads()")
        self._allreduce_grads()

    def _refuse_on_kvstore(self, what: str) -> None:
        several = any(len(p._data or ()) > 1 for p in self._params)
        if self._on_kvstore and (several or self._gradients is not None):
            raise MXNetError(
                f"{what}: the trainer was made with update_on_kvstore=True, so the gradients are "
                "added up and applied in one go, by step(). Make it with update_on_kvstore=False"
            )

    def _allreduce_grads(self, chosen: Sequence[int] | None = None) -> None:
        """Of all parameters, or of some."""
        least = 1
        if self._gradients is not None:
            self._gradients.make_equal(self._params, step=True)
            if not self._gradients.joint:
                self._gradients.reduce(self._params)
                return
            least = 0
        elif self._single() is not None:
            return
        todo = [
            i
            for i in (self._all if chosen is None else chosen)
            if (p := self._params[i])._data is not None
            and len(p._data) > least
            and p._grad_req != "null"
        ]
        parts = self._spread(todo)
        if parts:
            team, arrays = parts
            all_reduce([[x._entry.grad._buffer for x in own] for own in arrays], team)
            return
        if self._gradients is not None:
            self._gradients.reduce(self._params)
            return
        for i in todo:
            p = self._params[i]
            grads = p.list_grad()
            first = grads[0]
            total = first
            for g in grads[1:]:
                total = total + g.as_in_context(first.context)
            for g in grads:
                total.as_in_context(g.context).copyto(g)

    def update(self, batch_size: float, ignore_stale_grad: bool = False) -> None:
        """As :meth:`step`, after :meth:`allreduce_grads` was called."""
        self._refuse_on_kvstore("update()")
        self._step(batch_size, ignore_stale_grad)

    def _step(
        self, batch_size: float, ignore_stale_grad: bool, reduce: bool = False,
        chosen: list[int] | None = None,
    ) -> None:  # fmt: skip
        rescale = self._scale / batch_size
        if self._optimizer is not None:
            self._optimizer.rescale_grad = rescale
        if chosen is None:
            chosen = self._choose(ignore_stale_grad)
        if not chosen:
            return
        if self._updater is not None:
            self._update_each(chosen)
        else:
            self._update_all(chosen, rescale, reduce)
        single = self._single()
        if single is not None:
            if len(chosen) < len(single):
                single = [single[i] for i in chosen]
            use_gradients(list(map(_entry, single)))
            return
        spread = self._spread(chosen)
        for own in [] if spread is None else spread[1]:
            use_gradients(list(map(_entry, own)))
        if spread is None:
            self._used(chosen)

    def _used(self, chosen: list[int]) -> None:
        """Gradients were used, one by one."""
        for i in chosen:
            for x in self._params[i]._data.values():  # type: ignore[union-attr]
                x._entry.fresh = False

    def _single(self) -> list[NDArray] | None:
        """The arrays of all parameters, if each has one, and has its values."""
        if self._moves != Parameter.moves:
            self._look()
        return self._arrays

    def _look(self) -> None:
        """Find out where the parameters are; again the next time, if some have no values yet."""
        joint = self._gradients is not None and self._gradients.joint
        found = [
            next(iter(p._data.values()))
            for p in self._params
            if p._data is not None and len(p._data) == 1 and p._deferred is None
        ]
        self._arrays = single = found if len(found) == len(self._params) else None
        self._over = spread_of(self._params, joint) if single is None or joint else None
        if single is not None or self._over is not None:
            self._moves = Parameter.moves

    def _choose(self, ignore_stale_grad: bool) -> list[int]:
        """Indices of the parameters to update."""
        arrays = self._single()
        if arrays is not None:  # the usual case: one device, and all gradients are there
            values = list(map(_entry, arrays))
            if None in values:  # frozen parameters
                chosen = [i for i, value in enumerate(values) if value is not None]
                values = [value for value in values if value is not None]
            else:
                chosen = self._all
            if fresh(values):
                return chosen
        elif spread := self._spread(self._all):
            values = list(map(_entry, itertools.chain.from_iterable(spread[1])))
            frozen = values.count(None)
            if fresh([v for v in values if v is not None] if frozen else values):
                first = values[: len(self._all)]
                return [i for i, v in enumerate(first) if v is not None] if frozen else self._all
        chosen = []
        for i, p in enumerate(self._params):
            if p._grad_req == "null":
                continue
            stale = None
            for ctx, x in p._initialized().items():
                if p._deferred is not None:
                    raise p._deferred_error()
                if not x._entry.fresh:
                    stale = ctx
            if stale is None:
                chosen.append(i)
            elif not ignore_stale_grad:
                raise UserWarning(
                    f"the gradient of {p._title()} on {stale} has not been written by backward "
                    "since the last step. Is the parameter used in the loss, and was backward() "
                    "called? If only some parameters are used on purpose, call "
                    "step(batch_size, ignore_stale_grad=True), which leaves the others alone"
                )
        return chosen

    def _update_in_store(self, batch_size: float, ignore_stale_grad: bool) -> None:
        """With a store of the user's own that applies the optimizer."""
        optimizer = self._own("step()")
        optimizer.rescale_grad = self._scale / batch_size
        chosen = self._choose(ignore_stale_grad)
        self._gradients.update(self._params, chosen, optimizer)  # type: ignore[union-attr]
        self._used(chosen)

    def _update_each(self, chosen: list[int]) -> None:
        """With an optimizer written in Python: one parameter after the other."""
        for i in chosen:
            first, *others = self._params[i].list_data()
            with held_back() if others else nullcontext():
                self._updater(i, first.grad, first)  # type: ignore[misc]
                for x in others:
                    first.copyto(x)

    def _update_all(self, chosen: list[int], rescale: float, reduce: bool) -> None:
        """All parameters in one executable; in more if some became trainable later."""
        if self._optimizer is not None and self._optimizer._update is not self._source:
            self._recompile()
        groups, self._last = self._groups, None
        if len(groups) == 1 and groups[0].indices == chosen:
            self._update_group(groups[0], chosen, rescale, reduce)
            return
        known = {i for group in groups for i in group.indices}
        new = [i for i in chosen if i not in known]
        by_place: dict[tuple, list[int]] = {}
        for i in new:
            by_place.setdefault(tuple(self._params[i].list_ctx()), []).append(i)
        groups += map(Group, by_place.values())
        wanted = set(chosen)
        for group in groups:
            taken = [i for i in group.indices if i in wanted]
            if taken:
                self._update_group(group, taken, rescale, reduce)

    def _compile(self) -> None:
        """Take the optimizer's update as it is now."""
        if self._optimizer is not None:
            self._update = self._source = self._optimizer.compiled()
        if self._wrap is not None and self._update is not None:
            self._update = self._wrap(self._update)

    def _wrap_update(self, wrap: Callable[[Update], Update]) -> None:
        """Put ``wrap`` around the update, now and whenever it is compiled anew."""
        self._wrap = wrap
        self._compile()

    def _recompile(self) -> None:
        """A number was changed that is part of the compiled update, such as a momentum."""
        self._compile()
        for group in self._groups:
            group.changed(self._update, [self._params[i].list_data()[0] for i in group.indices])

    def _spread(self, indices: Sequence[int]) -> tuple[Team, list[list[NDArray]]] | None:
        """The devices of parameters, and their arrays on each, if all are on the same several ones,
        or if other workers have theirs too.

        Not if some have sparse gradients, nor, with other workers, if types differ.
        """
        joint = self._gradients is not None and self._gradients.joint
        if not joint and self._single() is not None:
            return None
        if indices == self._all:
            if self._moves != Parameter.moves:
                self._look()
            return self._over
        key = tuple(indices)
        known = self._places.get(key)
        if known is None or known[0] != Parameter.moves:
            found = spread_of([self._params[i] for i in indices], joint)
            if found is None:
                return None
            known = self._places[key] = Parameter.moves, found
        return known[1]

    def _update_group(
        self, group: Group, taken: list[int], rescale: float, reduce: bool = False
    ) -> None:
        """Put the update behind what is pending, and run all of it as one executable."""
        single, spread = self._single(), self._spread(group.indices)
        if single is not None:
            arrays = group.arrays_of(single)
        elif spread is not None:
            arrays = spread[1][0]
        else:
            arrays = [next(iter(self._params[i]._data.values())) for i in group.indices]  # type: ignore[union-attr]
        grads = _gradients(arrays)
        mask = None
        if len(taken) < len(arrays):
            mask = np.array([i in taken for i in group.indices])
        lazy = self._lazy(group, arrays)
        known: tuple = ()
        if lazy:
            grads += [marks for marks in lazy.values() if marks is not None]
            known = tuple((k, marks is not None) for k, marks in lazy.items())
        kernel = group.kernel(self._update, arrays, mask is not None, known)
        written = group.written_with(arrays)
        several, on_each, every = None, [grads], arrays
        if spread is not None:
            several = group.spread_with(*spread)
            on_each = [grads, *map(_gradients, spread[1][1:])]
            every = [x for own in spread[1] for x in own]
        self._run(group, kernel, written, several, on_each, taken, rescale, mask, reduce)
        alone = single is not None or (spread is not None and reduce)
        if alone and self._gradients is None and not lazy and taken == self._all == group.indices:
            values = list(map(_entry, every))
            self._last = _Step(
                Parameter.moves, self._update, group, kernel, written, several, on_each, every,
                values, list(map(_grad, values)),
            )  # fmt: skip

    def _run(
        self, group: Group, kernel: Kernel, written: list[Bundle], several: Written | None,
        grads: list[list[Buffer]], taken: list[int], rescale: float, mask: Any, reduce: bool,
    ) -> Past | None:  # fmt: skip
        """Update a group with the gradients that each device has, and count it; see
        :func:`run_update`."""
        firsts = written[:1] if several is None else [*written[:1], several.bundles[0]]
        optimizer, progress = self._optimizer, _progress(firsts)
        if optimizer is not None:
            before = dict(optimizer._index_update_count), optimizer.num_update
        try:
            if optimizer is not None:
                optimizer._update_count(taken)
            group.target = group.device if several is None else several.team
            numbers = self._numbers(group, rescale)
            if mask is not None:
                numbers.append(mask)
            if several is not None:
                if run_replicated(kernel, several, grads, numbers, reduce):
                    return None
                numbers = [np.asarray(a) for a in numbers]
            if several is None and self._arrays is not None:
                return run_update(kernel, written, grads[0], numbers, group.device)
            with held_back():  # else one device might be updated and another one not
                if several is not None and reduce:  # the parameters differ: the first one's count
                    self._allreduce_grads(taken)
                run_update(kernel, written, grads[0], numbers, group.device)
                self._follow_first(group)
            return None
        except BaseException:
            if optimizer is not None and _progress(firsts) == progress:
                optimizer._index_update_count, optimizer.num_update = before
            raise

    def _follow_first(self, group: Group) -> None:
        """Give all devices the parameters of the first one."""
        for i in group.indices:
            x, *others = self._params[i]._data.values()  # type: ignore[union-attr]
            for other in others:
                other._buffer.set(x.as_in_context(other.context)._data)

    def _lazy(self, group: Group, arrays: list[NDArray]) -> dict[int, Buffer | None]:
        """The parameters that are updated lazily, with what marks the rows of their gradients."""
        optimizer, found = self._optimizer, {}
        if group.sparse is None:
            params = enumerate(self._params[i] for i in group.indices)
            group.sparse = [(k, p) for k, p in params if p._grad_stype != "default"]
        if optimizer is not None:
            for k, p in group.sparse:
                if arrays[k]._entry is not None:
                    grad = arrays[k]._entry.grad
                    if is_lazy(optimizer, p._stype, grad.stype):
                        found[k] = None if grad._mark is None else grad._mark._entry.grad._buffer
        return found

    def _numbers(self, group: Group, rescale: float) -> list[Any]:
        """The fields of :class:`Hyper` for this step."""
        optimizer, indices = self._optimizer, group.indices
        if optimizer is not None:
            return [*group.on_device(optimizer.hyper(indices)), optimizer.counts(indices)]
        rates = packed([self._params[i].lr_mult for i in indices])
        zero = packed([0.0])  # optax keeps weight decay and count itself
        none = np.zeros(0, np.float32)
        return [*group.on_device((rates, zero, packed([rescale]), none)), zero]


def spread_of(
    params: Sequence[Parameter], joint: bool = False
) -> tuple[Team, list[list[NDArray]]] | None:
    """See :meth:`Trainer._spread`."""
    if not params or any(p._data is None or p._deferred is not None for p in params):
        return None
    contexts = params[0].list_ctx()
    devices = list(dict.fromkeys(c.device for c in contexts))
    if not (1 < len(contexts) or joint) or len(contexts) > len(devices):
        return None
    if any(list(p._data) != contexts or p._grad_stype != "default" for p in params):  # type: ignore[arg-type]
        return None
    if joint and len({np.dtype(p.dtype) for p in params}) > 1:
        return None  # several exchanges, whose order XLA may choose
    team = team_with_others(devices) if joint else team_of(devices)
    return team, [[p._data[c] for p in params] for c in contexts]  # type: ignore[index]


class _Step(NamedTuple):
    """A step of all parameters, on one device or several: what it ran, and what that was found
    from."""

    moves: int
    update: Update | None
    group: Group
    kernel: Kernel
    written: list[Bundle]
    several: Written | None
    on_each: list[list[Buffer]]
    arrays: list[NDArray]
    values: list[Any]
    grads: list[Buffer]


_buffer = operator.attrgetter("_buffer")
_entry = operator.attrgetter("_entry")
_grad = operator.attrgetter("grad._buffer")
_gradient = operator.attrgetter("_entry.grad._buffer")


def _gradients(arrays: Sequence[NDArray]) -> list[Buffer]:
    """The gradients' buffers. A parameter that was frozen meanwhile has none: its own stands there,
    and the update's mask leaves it alone."""
    if None in map(_entry, arrays):
        return [x._buffer if (v := x._entry) is None else v.grad._buffer for x in arrays]
    return list(map(_gradient, arrays))


def _progress(written: list[Bundle]) -> list[tuple]:
    """What differs once an update of bundles has begun (and goes on, or is lost) or is done."""
    return [(b.updating or type(b.buffers[0].pending) is Updating, b.updates) for b in written]
