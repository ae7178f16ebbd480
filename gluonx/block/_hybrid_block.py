"""HybridBlock: a network that can be compiled."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import ndarray as nd
from ..engine.report import note
from ..engine.state import state
from ..engine.trace import Unfusable
from ..hybrid import Cache, shared_cache
from ..ndarray import NDArray
from ..parameter import ParameterDict
from ._block import Block, HookHandle

__all__ = ["HybridBlock"]


class HybridBlock(Block):
    """A Block that can be compiled.

    Subclasses define either ``hybrid_forward(self, F, x, ..., **params)``, where ``F`` is the
    namespace of operators and the block's own parameters come as keyword arguments, or
    ``forward(self, x, ...)``. After :meth:`hybridize` the code runs once for each kind of input,
    and then as one XLA executable.

    Examples
    --------
    >>> import gluonx as gx
    >>> from gluonx import gluon
    >>> class Scale(gluon.HybridBlock):
    ...     def __init__(self, **kwargs):
    ...         super().__init__(**kwargs)
    ...         with self.name_scope():
    ...             self.w = self.params.get('w', shape=(3,), init='ones')
    ...     def hybrid_forward(self, F, x, w):
    ...         return F.broadcast_mul(x, w)
    >>> net = Scale()
    >>> net.initialize()
    >>> net.hybridize()
    >>> net(gx.nd.ones((2, 3))).shape
    (2, 3)
    """

    #: Whether the code is known to do nothing but compute from its inputs and the attributes that
    #: are not bookkeeping. Such a block is compiled, hybridized or not: it is one thing more to
    #: run or to defer, and not one per operator. It is deferred only if it is hybridized, or its
    #: input is.
    _pure = False
    _bookkeeping = frozenset(
        "_empty_prefix _prefix _params _name _scope _children _reg_params _forward_hooks "
        "_forward_pre_hooks _active _cache _eager _watchers".split()
    )

    def __init__(self, prefix: str | None = None, params: ParameterDict | None = None):
        super().__init__(prefix, params)
        self._active = False
        self._cache: Cache | None = None
        #: The cache, if the code has turned out to need values: it runs eagerly.
        self._eager: Cache | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if self._pure and name not in self._bookkeeping:
            self.__dict__["_cache"] = None

    def register_child(self, block: Block, name: str | None = None) -> None:
        if not isinstance(block, HybridBlock):
            raise ValueError(
                f"the children of a HybridBlock must be HybridBlocks, but {type(block).__name__} "
                "is a Block. Make its class a HybridBlock, or the parent a Block (nn.Sequential "
                "instead of nn.HybridSequential)"
            )
        super().register_child(block, name)

    def hybridize(
        self, active: bool = True, backend: str | None = None, clear: bool = True,
        static_alloc: bool = False, static_shape: bool = False, inline_limit: int = 2,
        forward_bulk_size: int | None = None, backward_bulk_size: int | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        """Compile this block and its children, or stop doing so.

        Parameters
        ----------
        active : bool
        backend, clear, static_alloc, static_shape, inline_limit, forward_bulk_size
            Accepted for compatibility, as is ``backward_bulk_size``; XLA has no use for them.
        """
        unknown = sorted(set(kwargs) - {"partition_if_dynamic"})
        if unknown:
            raise TypeError(f"hybridize() got unexpected arguments: {', '.join(unknown)}")
        self._active = active
        self._cache = self._eager = None
        super().hybridize(active)

    def cast(self, dtype: Any) -> None:
        self._changed(f"{self._name} was cast")
        super().cast(dtype)

    def optimize_for(
        self, x: NDArray, *args: Any, backend: str | None = None, clear: bool = False, **kwargs: Any
    ) -> None:
        """Hybridize and find the shapes of the parameters; XLA is the only backend."""
        self.hybridize()
        self.infer_shape(x, *args)

    def export(
        self, path: Any, epoch: int = 0, remove_amp_cast: bool = True, *, format: str = "symbol",
        inputs: Any = None, platforms: Any = None, gradients: bool = True,
    ) -> None:  # fmt: skip
        """Write the network for use without its code.

        ``format='symbol'`` is read here, by MXNet and by its other languages: the symbol goes to
        ``path-symbol.json``, the parameters to ``path-0000.params``. ``format='stablehlo'`` needs
        JAX alone, or :class:`gluonx.gluon.StableHLOBlock`: the compiled program, in prediction
        mode, goes to ``path-0000.stablehlo``, its parameters to ``path-0000.npz``.

        Parameters
        ----------
        path : str or path
        epoch : int
            The number in the names.
        remove_amp_cast : bool
            Accepted for compatibility.
        format : str
            ``'symbol'`` or ``'stablehlo'``.
        inputs : list, optional
            For StableHLO: an array, a shape, or a pair of shape and dtype for each input. An extent
            that is a string, such as ``('batch', 3)``, may be any number later, up to 2048. By
            default those of the last call.
        platforms : list of str, optional
            For StableHLO: ``'cpu'``, ``'cuda'``, ``'rocm'``, ``'tpu'``; by default what is there.
        gradients : bool
            For StableHLO: whether the program can be differentiated.

        Raises
        ------
        MXNetError
            If a parameter has no values yet. A network whose shapes are all known need not have
            been called.

        Examples
        --------
        >>> import gluonx as gx
        >>> net = gx.nn.Dense(2, in_units=3); net.initialize()
        >>> net.export('/tmp/gluonx-doc-dense')
        >>> files = [f'/tmp/gluonx-doc-dense-{end}' for end in ('symbol.json', '0000.params')]
        >>> gx.gluon.SymbolBlock.imports(files[0], 'data', files[1])(gx.nd.ones((4, 3))).shape
        (4, 2)
        """
        if format == "stablehlo":
            from ..stablehlo import export as export_program

            export_program(self, path, epoch, inputs, platforms, gradients)
            return
        if format != "symbol":
            raise ValueError(f"export(): format must be 'symbol' or 'stablehlo', got {format!r}")
        from ..symbol_block import export

        export(self, path, epoch, remove_amp_cast)

    def infer_shape(self, *args: NDArray) -> None:
        """Find the shapes of all parameters from those of the inputs; nothing is computed."""
        Cache.learn_shapes(self, args, {})

    def infer_type(self, *args: NDArray) -> None:
        """Give the parameters the element type of the first input of real numbers."""
        for x in args:
            if np.dtype(x.dtype).kind not in "biu":
                self.cast(x.dtype)
                return

    def register_op_hook(self, callback: Callable, monitor_all: bool = False) -> list[HookHandle]:
        """Call ``callback(name, operator, array)`` with what each operator inside gives.

        The outermost block that has a hook tells of all that is inside. It is called with symbols,
        so its code must work on them.

        Parameters
        ----------
        callback : callable
            Gets the name of the result, as in a symbol (``'dense0_fwd_output'``), that of the
            operator, and the NDArray.
        monitor_all : bool
            Also what goes into operators.

        Returns
        -------
        list of HookHandle
            ``detach`` removes a hook.

        Examples
        --------
        >>> import gluonx as gx
        >>> net = gx.nn.Dense(2, activation='relu', in_units=3, prefix='fc_'); net.initialize()
        >>> handles = net.register_op_hook(lambda name, op, x: print(name, op, x.shape))
        >>> y = net(gx.nd.ones((4, 3)))
        fc_fwd_output FullyConnected (4, 2)
        fc_relu_fwd_output Activation (4, 2)
        """
        from ..op_hooks import watcher

        if "_op_hooks" not in self.__dict__:
            self.__dict__["_op_hooks"] = OrderedDict()
        own = HookHandle(self.__dict__["_op_hooks"], watcher(callback, monitor_all))
        return [own, *super().register_op_hook(callback, monitor_all)]

    def _hooked(self) -> bool:
        """Whether a block inside has hooks, which must run at every call."""
        return any(
            b._forward_hooks or b._forward_pre_hooks or b.__dict__.get("_op_hooks")
            for c in self._children.values()
            for b in c._blocks()
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        cache = self._cache
        if cache is not None and args and not kwargs and not HookHandle.alive:
            script = state.script()
            if script is not None:
                found = script.call(cache, args)
                if found is not None:
                    return found
            if cache is not self._eager and state.trace is None:
                found = cache.again(args)
                if found is not None:
                    return found
        return super().__call__(*args, **kwargs)

    def _run(self, args: tuple, kwargs: dict) -> Any:
        if state.trace is not None:
            return self.forward(*args, **kwargs)
        if HookHandle.alive:
            if self.__dict__.get("_op_hooks") and _has_array(args, kwargs):
                from ..op_hooks import run

                return run(self, args, kwargs, list(self.__dict__["_op_hooks"].values()))
            if self._hooked():
                return self.forward(*args, **kwargs)
        first = args[0] if args else None
        plain = type(first) is NDArray
        if not self._active:
            if not (self._pure and plain):
                return self.forward(*args, **kwargs)
        if not plain and not _has_array(args, kwargs):
            return self.forward(*args, **kwargs)
        cache = self._cache
        if cache is None:
            cache = self._cache = shared_cache(self) if self._pure else Cache(self)
        # what ran eagerly is tried again after the code or the structure has changed
        if cache is self._eager and cache._cleared is None:
            return self.forward(*args, **kwargs)
        try:
            if HookHandle.alive and args and not kwargs:  # else __call__ has tried that
                script = state.script()
                if script:
                    script.unfold()
                found = cache.again(args)
                if found is not None:
                    return found
            return cache.call(args, kwargs)
        except Unfusable as e:
            note(str(e), self._name)
            self.__dict__["_eager"] = cache
        return self.forward(*args, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Call :meth:`hybrid_forward` with ``F`` and this block's parameters."""
        first = args[0] if args else None
        if type(first) is not NDArray:
            first = next((a for a in _leaves((args, kwargs)) if isinstance(a, NDArray)), None)
        if first is not None:
            ctx = first._buffer.ctx
            params = {name: p.data(ctx) for name, p in self._reg_params.items()}
            if state.trace is None:
                F: Any = nd
            else:
                from .. import symbol as F
            return self.hybrid_forward(F, *args, **params, **kwargs)
        from .. import symbol

        if any(isinstance(a, symbol.Symbol) for a in _leaves((args, kwargs))):
            params = {name: p.var() for name, p in self._reg_params.items()}
            with self.name_scope():
                return self.hybrid_forward(symbol, *args, **params, **kwargs)
        raise TypeError(
            f"{type(self).__name__} ({self.name}) was called with "
            f"{', '.join(type(a).__name__ for a in args) or 'nothing'}; it takes NDArrays or "
            "Symbols. Convert NumPy arrays with nd.array(x)"
        )

    def hybrid_forward(self, F: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs; override this, or :meth:`forward`.

        Parameters
        ----------
        F : module
            The namespace of operators.
        x, *args : NDArray or Symbol
            The inputs.
        **kwargs
            This block's parameters by attribute name.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must define hybrid_forward(self, F, x, ...) or "
            "forward(self, x, ...)"
        )


def _has_array(args: tuple, kwargs: dict) -> bool:
    return any(isinstance(a, NDArray) for a in _leaves((args, kwargs)))


def _leaves(tree: Any) -> Iterator[Any]:
    if isinstance(tree, (list, tuple)):
        for item in tree:
            yield from _leaves(item)
    elif isinstance(tree, dict):
        for item in tree.values():
            yield from _leaves(item)
    else:
        yield tree
