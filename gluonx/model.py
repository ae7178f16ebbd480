"""Files of symbols with parameters, and the model class that was before :mod:`gluonx.module`."""

from __future__ import annotations

import logging
from collections import namedtuple
from typing import Any

import numpy as np

from . import initializer as init
from . import io, metric
from . import ndarray as nd
from . import symbol as sym
from .callback import LogValidationMetricsCallback
from .hosts import at_hand, once
from .ndarray import NDArray

__all__ = ["BatchEndParam", "FeedForward", "load_checkpoint", "load_params", "save_checkpoint"]

UNIFORM = init.Uniform(0.01)
_LOG = LogValidationMetricsCallback()

#: What callbacks get after each batch.
BatchEndParam = namedtuple("BatchEndParam", ["epoch", "nbatch", "eval_metric", "locals"])


def save_checkpoint(
    prefix: str, epoch: int, symbol: Any, arg_params: Any, aux_params: Any,
    remove_amp_cast: bool = True,
) -> None:  # fmt: skip
    """Save a symbol and its parameters.

    Parameters
    ----------
    prefix : str
        The symbol goes to ``prefix-symbol.json``, the parameters to ``prefix-0001.params``.
    epoch : int
        The number in that name.
    symbol : Symbol or None
    arg_params, aux_params : dict of str to NDArray

    Examples
    --------
    >>> import gluonx as gx
    >>> y = gx.sym.var('x') * gx.sym.var('w')
    >>> gx.model.save_checkpoint('/tmp/gluonx-doc', 1, y, {'w': gx.nd.ones((2,))}, {})
    >>> symbol, args, aux = gx.model.load_checkpoint('/tmp/gluonx-doc', 1)
    >>> symbol.list_arguments(), list(args)
    (['x', 'w'], ['w'])
    """
    if symbol is not None:
        name = f"{prefix}-symbol.json"
        with once(name) as mine:
            if mine:
                symbol.save(name, remove_amp_cast=remove_amp_cast)
    fname = f"{prefix}-{epoch:04d}.params"
    write_params(fname, arg_params, aux_params)
    logging.info('Wrote the checkpoint "%s"', fname)


def write_params(fname: Any, arg_params: Any, aux_params: Any) -> None:
    """Save parameters and auxiliary states to a file."""
    arrays = {f"arg:{k}": v for k, v in arg_params.items()}
    arrays.update({f"aux:{k}": v for k, v in aux_params.items()})
    with once(fname) as mine:
        if mine:
            nd.save(fname, arrays)


def load_params(prefix: str, epoch: int) -> tuple[dict[str, NDArray], dict[str, NDArray]]:
    """Parameters and auxiliary states from ``prefix-0001.params``.

    Raises
    ------
    ValueError
        If the file holds something else.
    """
    return read_params(f"{prefix}-{epoch:04d}.params")


def read_params(fname: Any) -> tuple[dict[str, NDArray], dict[str, NDArray]]:
    """Parameters and auxiliary states from a file."""
    with at_hand(fname) as name:
        arrays = nd.load(name)
    parts: dict[str, dict[str, NDArray]] = {"arg": {}, "aux": {}}
    if not arrays:
        return {}, {}
    if not isinstance(arrays, dict):
        raise ValueError(f"{fname} holds arrays without names, and no parameters of a symbol")
    for key, value in arrays.items():
        kind, _, name = key.partition(":")
        if kind not in parts or not name:
            raise ValueError(
                f"{fname}: {key!r} is not the name of a parameter; arg:NAME or aux:NAME is"
            )
        parts[kind][name] = value
    return parts["arg"], parts["aux"]


def load_checkpoint(prefix: str, epoch: int) -> tuple[Any, dict, dict]:
    """What :func:`save_checkpoint` wrote, in MXNet too.

    Returns
    -------
    symbol : Symbol
    arg_params, aux_params : dict of str to NDArray
    """
    with at_hand(f"{prefix}-symbol.json") as name:
        symbol = sym.load(name)
    return symbol, *load_params(prefix, epoch)


class FeedForward:
    """A symbol that can be trained; deprecated, use :class:`gluonx.module.Module`.

    Parameters
    ----------
    symbol : Symbol
        Or a function that makes one for a bucket's key, for iterators that have such.
    ctx : Context or list of Context, optional
    num_epoch : int, optional
        Epochs to train.
    epoch_size : int, optional
        Batches in an epoch; by default, all.
    optimizer : str or Optimizer
    initializer : Initializer
    numpy_batch_size : int
        Batch size for arrays.
    arg_params, aux_params : dict of str to NDArray, optional
    allow_extra_params : bool
        Whether parameters that the symbol does not have are passed over.
    begin_epoch : int
    **kwargs
        Arguments of the optimizer.

    Examples
    --------
    >>> import gluonx as gx
    >>> import numpy as np
    >>> y = gx.sym.SoftmaxOutput(gx.sym.FullyConnected(gx.sym.var('data'), num_hidden=2),
    ...                          name='softmax')
    >>> model = gx.model.FeedForward(y, num_epoch=20, learning_rate=1.)
    >>> model.fit(np.eye(4), np.array([0, 1, 0, 1]))
    >>> model.predict(np.eye(4)).argmax(1)
    array([0, 1, 0, 1])
    """

    def __init__(
        self, symbol: Any, ctx: Any = None, num_epoch: int | None = None,
        epoch_size: int | None = None, optimizer: Any = "sgd", initializer: Any = UNIFORM,
        numpy_batch_size: int = 128, arg_params: Any = None, aux_params: Any = None,
        allow_extra_params: bool = False, begin_epoch: int = 0, **kwargs: Any,
    ):  # fmt: skip
        if not isinstance(symbol, sym.Symbol) and not callable(symbol):
            raise TypeError(f"FeedForward takes a Symbol, got {type(symbol).__name__}")
        self.sym_gen: Any = None if isinstance(symbol, sym.Symbol) else symbol
        self.symbol: Any = symbol if self.sym_gen is None else None
        self.ctx = ctx
        self.num_epoch = num_epoch
        self.epoch_size = epoch_size
        self.optimizer = optimizer
        self.initializer = initializer
        self.numpy_batch_size = numpy_batch_size
        self.arg_params = arg_params
        self.aux_params = aux_params
        self.allow_extra_params = allow_extra_params
        self.begin_epoch = begin_epoch
        self.kwargs = kwargs.copy()

    def _batches(self, X: Any, y: Any, training: bool) -> Any:
        """An iterator of what may be arrays."""
        if not isinstance(X, (np.ndarray, NDArray)):
            if not hasattr(X, "provide_data"):
                raise TypeError(f"X must be a DataIter or an array, got {type(X).__name__}")
            return X
        if y is None:
            if training:
                raise ValueError("y, the labels, must be given if X is an array")
            y = np.zeros(X.shape[0])
        if X.shape[0] != len(y):
            raise ValueError(f"X has {X.shape[0]} samples, y has {len(y)}")
        return io.NDArrayIter(
            X, y, min(X.shape[0], self.numpy_batch_size), shuffle=training,
            last_batch_handle="roll_over" if training else "pad",
        )  # fmt: skip

    def _module(self, batches: Any, logger: Any = None) -> Any:
        from .module import BucketingModule, Module

        key, make = getattr(batches, "default_bucket_key", None), self.sym_gen
        if make is not None:
            self.symbol = make(key)
        arguments = self.symbol.list_arguments()
        given = {**(self.arg_params or {}), **(self.aux_params or {})}
        extra = set(given).difference(arguments, self.symbol.list_auxiliary_states())
        if extra and not self.allow_extra_params:
            raise ValueError(
                f"the symbol has no {', '.join(sorted(extra))}; take out these parameters, or "
                "give allow_extra_params=True"
            )
        data = [d[0] for d in batches.provide_data]
        labels = [d[0] for d in batches.provide_label or () if d[0] in arguments]
        logger = logger or logging
        if make is None:
            return Module(self.symbol, data, labels, logger, self.ctx)
        return BucketingModule(lambda k: (make(k), data, labels), key, logger, self.ctx)

    def _bound(self, batches: Any) -> Any:
        if self.arg_params is None:
            raise ValueError("the model has no parameters: call fit() first, or load() it")
        mod = self._module(batches)
        arguments = self.symbol.list_arguments()
        labels = [d for d in batches.provide_label or () if d[0] in arguments]
        mod.bind(batches.provide_data, labels, for_training=False)
        mod.set_params(self.arg_params, self.aux_params or {})
        return mod

    def fit(
        self, X: Any, y: Any = None, eval_data: Any = None, eval_metric: Any = "acc",
        epoch_end_callback: Any = None, batch_end_callback: Any = None, kvstore: Any = "local",
        logger: Any = None, work_load_list: Any = None, monitor: Any = None,
        eval_end_callback: Any = _LOG, eval_batch_end_callback: Any = None,
    ) -> None:  # fmt: skip
        """Train.

        Parameters
        ----------
        X : DataIter or array_like
        y : array_like, optional
            Labels, if ``X`` is an array.
        eval_data : DataIter, or a pair of arrays, optional
        eval_metric, epoch_end_callback, batch_end_callback, kvstore, monitor
            As for :meth:`gluonx.module.Module.fit`, except that batches are counted from 1.

        Raises
        ------
        TypeError
            For data or evaluation data of another kind.
        ValueError
            If ``X`` and ``y`` do not fit together, or parameters are not those of the symbol.
        """
        batches = self._batches(X, y, True)
        if self.epoch_size is not None:
            batches = io.ResizeIter(batches, self.epoch_size)
        if isinstance(eval_data, (list, tuple)) and len(eval_data) == 2:
            eval_data = self._batches(*eval_data, training=False)
        if not (eval_data is None or hasattr(eval_data, "provide_data")):
            raise TypeError(
                "eval_data must be a DataIter or a pair of arrays (data, labels), got "
                f"{type(eval_data).__name__}"
            )
        mod = self._module(batches, logger)
        mod.fit(
            batches, eval_data, eval_metric, epoch_end_callback, _from_one(batch_end_callback),
            kvstore, self.optimizer, self.kwargs,
            None if eval_end_callback is _LOG else eval_end_callback,  # fit() does that itself
            eval_batch_end_callback,
            self.initializer, self.arg_params, self.aux_params, allow_missing=True,
            begin_epoch=self.begin_epoch, num_epoch=self.num_epoch, monitor=monitor,
        )  # fmt: skip
        self.arg_params, self.aux_params = mod.get_params()

    def predict(
        self, X: Any, num_batch: int | None = None, return_data: bool = False, reset: bool = True
    ) -> Any:
        """Outputs as NumPy arrays.

        Parameters
        ----------
        X : DataIter or array_like
        num_batch : int, optional
            All batches by default.
        return_data : bool
            Also give data and labels.
        reset : bool
            Whether to reset ``X`` first.

        Returns
        -------
        numpy.ndarray, or a list of them; with ``return_data`` followed by data and labels
        """
        batches = self._batches(X, None, False)
        mod = self._bound(batches)
        outputs, data, labels = [], [], []
        for ys, _, batch in mod.iter_predict(batches, num_batch, reset):
            outputs.append([y.asnumpy() for y in ys])
            if return_data:
                for kept, given in ((data, batch.data), (labels, batch.label or ())):
                    kept.append([x.asnumpy()[: x.shape[0] - (batch.pad or 0)] for x in given])
        joined = [_joined(parts) for parts in (outputs, data, labels)]
        return tuple(joined) if return_data else joined[0]

    def score(
        self, X: Any, eval_metric: Any = "acc", num_batch: int | None = None,
        batch_end_callback: Any = None, reset: bool = True,
    ) -> float:  # fmt: skip
        """The value of a metric on an iterator."""
        eval_metric = metric.create(eval_metric)
        batches = self._batches(X, None, False)
        mod = self._bound(batches)
        mod.score(batches, eval_metric, num_batch, batch_end_callback, reset=reset)
        return eval_metric.get()[1]

    def save(self, prefix: str, epoch: int | None = None, remove_amp_cast: bool = True) -> None:
        """Save symbol and parameters; see :func:`save_checkpoint`."""
        number = self.num_epoch if epoch is None else epoch
        if number is None:
            raise ValueError("save() needs epoch, as the model has no num_epoch")
        save_checkpoint(prefix, number, self.symbol, self.arg_params, self.aux_params)

    @staticmethod
    def load(prefix: str, epoch: int, ctx: Any = None, **kwargs: Any) -> FeedForward:
        """A model from what :meth:`save` wrote."""
        symbol, args, aux = load_checkpoint(prefix, epoch)
        return FeedForward(
            symbol, ctx=ctx, arg_params=args, aux_params=aux, begin_epoch=epoch, **kwargs
        )

    @staticmethod
    def create(
        symbol: Any, X: Any, y: Any = None, ctx: Any = None, num_epoch: int | None = None,
        epoch_size: int | None = None, optimizer: Any = "sgd",
        initializer: Any = UNIFORM, eval_data: Any = None, eval_metric: Any = "acc",
        epoch_end_callback: Any = None, batch_end_callback: Any = None, kvstore: Any = "local",
        logger: Any = None, work_load_list: Any = None,
        eval_end_callback: Any = _LOG, eval_batch_end_callback: Any = None,
        **kwargs: Any,
    ) -> FeedForward:  # fmt: skip
        """A model that is trained; arguments as for the class and :meth:`fit`."""
        made = FeedForward(symbol, ctx, num_epoch, epoch_size, optimizer, initializer, **kwargs)
        made.fit(
            X, y, eval_data, eval_metric, epoch_end_callback, batch_end_callback, kvstore, logger,
            work_load_list, None, eval_end_callback, eval_batch_end_callback,
        )  # fmt: skip
        return made


def _from_one(callbacks: Any) -> Any:
    """Callbacks that are given the numbers of batches from 1."""
    if callbacks is None:
        return None
    several = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]

    def called(param: Any) -> None:
        for callback in several:
            callback(param._replace(nbatch=param.nbatch + 1))

    return called


def _joined(parts: list[list[np.ndarray]]) -> Any:
    """Arrays of several batches, joined; one alone without a list."""
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return columns[0] if len(columns) == 1 else columns
