"""Between blocks and symbols: SymbolBlock, and what ``HybridBlock.export`` does."""

from __future__ import annotations

import inspect
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import model
from . import ndarray as nd
from . import symbol as sym
from .block import HybridBlock
from .context import current_context
from .engine.kernel import Aval
from .error import MXNetError
from .hosts import at_hand
from .ndarray import NDArray
from .parameter import ParameterDict, assign
from .symbol import Symbol
from .symbol.filled import filled, is_open
from .symbol.node import postorder, roles, text
from .symbol.stepwise import Stepwise
from .symbol.variable import declared_shape

__all__ = ["SymbolBlock", "export", "unknown_values"]


def _group(given: Any) -> Symbol:
    if isinstance(given, (list, tuple)):
        return given[0] if len(given) == 1 else sym.Group(list(given))
    return given


class SymbolBlock(HybridBlock):
    """A block whose code is a symbol.

    It is compiled as a hybridized block is, from the beginning.

    Parameters
    ----------
    outputs : Symbol or list of Symbol
    inputs : Symbol or list of Symbol
        Those of its variables that are inputs; all others are parameters.
    params : ParameterDict, optional
        Parameters to use, of the network that the symbol was made from.

    Examples
    --------
    >>> import gluonx as gx
    >>> from gluonx import gluon, nn
    >>> net = nn.HybridSequential()
    >>> net.add(nn.Dense(4, in_units=3, activation='relu'), nn.Dense(2, in_units=4))
    >>> net.initialize()
    >>> x = gx.sym.var('data')
    >>> inside = net(x).get_internals()
    >>> hidden = [inside[n] for n in inside.list_outputs() if n.endswith('relu_fwd_output')]
    >>> features = gluon.SymbolBlock(hidden, x, params=net.collect_params())
    >>> features(gx.nd.ones((1, 3))).shape
    (1, 4)
    """

    def __init__(self, outputs: Any, inputs: Any, params: ParameterDict | None = None):
        super().__init__(prefix=None, params=None)
        self._prefix = ""
        self._params = ParameterDict("", params)
        self._symbol = symbol = _group(outputs)
        if not isinstance(symbol, Symbol):
            raise TypeError(f"outputs must be Symbols, got {type(symbol).__name__}")
        given = [inputs] if isinstance(inputs, Symbol) else list(inputs)
        self._input_names = []
        for x in given:
            if not isinstance(x, Symbol) or len(x._heads) != 1 or x._heads[0][0].op is not None:
                raise ValueError(f"inputs must be variables, such as sym.var('data'); got {x!r}")
            self._input_names.append(str(x.name))
        found = roles(symbol._heads)
        types = symbol.infer_type_partial()
        known = [*types[0], *types[2]]
        variables = [*found.arguments, *found.auxiliary]
        auxiliary = set(found.auxiliary)
        self._variables: dict[Any, Any] = {}
        for v, dtype in zip(variables, known, strict=True):
            if v.name in self._input_names:
                continue
            arguments: dict[str, Any] = {} if v not in auxiliary else {"grad_req": "null"}
            self._variables[v] = self.params.get(
                v.name, allow_deferred_init=True, shape=declared_shape(v),
                dtype=np.float32 if dtype is None else dtype, **arguments,
            )  # fmt: skip
        names = [v.name for v in self._variables]
        common = os.path.commonprefix(names)
        common = common[: common.rfind("_") + 1]
        self._reg_params = {v.name[len(common) :]: p for v, p in self._variables.items()}
        self._inputs = {v: k for v in found.inputs for k in self._places(v.name)}
        self._code = Stepwise(symbol._heads)
        #: Where constants take their shapes from the inputs: the code for some shapes of these.
        self._filled: dict[Any, Stepwise] | None = (
            {} if any(map(is_open, postorder(symbol._heads))) else None
        )
        self._active = True

    def _places(self, name: str) -> list[int]:
        return [k for k, n in enumerate(self._input_names) if n == name]

    def __repr__(self) -> str:
        sizes = f"{len(self._input_names)} -> {len(self._symbol)}"
        return f"{type(self).__name__}(\n{self._symbol!r} : {sizes}\n)"

    @staticmethod
    def imports(
        symbol_file: Any, input_names: Any, param_file: Any = None, ctx: Any = None,
        allow_missing: bool = False, ignore_extra: bool = False,
    ) -> SymbolBlock:  # fmt: skip
        """A block from files that ``HybridBlock.export`` or a Module wrote, MXNet's too.

        Parameters
        ----------
        symbol_file : str or path
        input_names : str or list of str
            Which variables are inputs.
        param_file : str or path, optional
        ctx : Context or list of Context, optional
            Where to put the parameters.
        allow_missing, ignore_extra : bool
            Whether the file may lack parameters, or have more.

        Returns
        -------
        SymbolBlock

        Raises
        ------
        ValueError
            If the symbol has no such input, or a parameter is missing, too many or misshapen.
        """
        with at_hand(symbol_file) as found:
            symbol = sym.load(found)
        names = [input_names] if isinstance(input_names, str) else list(input_names)
        unknown = [n for n in names if n not in symbol.list_inputs()]
        if unknown:
            raise ValueError(
                f"{symbol_file} has no input {', '.join(unknown)}; its variables are "
                f"{', '.join(symbol.list_inputs())}"
            )
        block = SymbolBlock(symbol, [sym.var(n) for n in names])
        if param_file is not None:
            with at_hand(param_file) as found:
                loaded = _named(nd.load(found), param_file)
            arrays = {k.partition(":")[2] if k[:4] in ("arg:", "aux:") else k: v
                      for k, v in loaded.items()}  # fmt: skip
            assign(
                dict(block.params.items()), arrays, str(param_file),
                ctx if ctx is not None else current_context(), allow_missing, ignore_extra, True,
                "saved",
            )  # fmt: skip
        return block

    def forward(self, *args: Any) -> Any:
        """Compute the outputs from the inputs, NDArrays or Symbols."""
        if len(args) != len(self._input_names):
            raise TypeError(
                f"{self.name} takes {len(self._input_names)} inputs, "
                f"{', '.join(self._input_names)}; got {len(args)}"
            )
        if any(isinstance(x, Symbol) for x in args):
            return self._symbol(**dict(zip(self._input_names, args, strict=True)))
        for name, x in zip(self._input_names, args, strict=True):
            if not isinstance(x, NDArray):
                raise TypeError(f"{name} must be an NDArray or a Symbol, got {type(x).__name__}")
        ctx = args[0].context
        variables = {v: args[k] for v, k in self._inputs.items()}
        variables.update((v, p.data(ctx)) for v, p in self._variables.items())
        made = self._code_for(args).run(variables, ctx)
        return made[0] if len(made) == 1 else made

    def _code_for(self, args: Sequence[NDArray]) -> Stepwise:
        if self._filled is None:
            return self._code
        key = tuple((x.shape, x._buffer.dtype) for x in args)
        if key not in self._filled:
            avals = {v: Aval(*key[k]) for v, k in self._inputs.items()}
            self._filled[key] = Stepwise(filled(self._symbol._heads, avals))
        return self._filled[key]


def _named(arrays: Any, fname: Any) -> dict[str, NDArray]:
    if not arrays:  # without any, a file has no names either
        return {}
    if not isinstance(arrays, dict):
        raise ValueError(f"{fname} holds arrays without names, and no parameters")
    return arrays


def _inputs(block: HybridBlock) -> list[str]:
    """Names for the inputs of a block: those of its last call, or what its code takes."""
    if isinstance(block, SymbolBlock):
        return block._input_names
    count = None
    cache = block._cache
    if cache is not None and cache.avals is not None:
        count = len(cache.avals)
    if count is None:
        own = type(block).forward is not HybridBlock.forward
        code = block.forward if own else block.hybrid_forward
        skipped = set() if own else {"F", *block._reg_params}
        kinds = inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
        count = sum(
            p.kind in kinds and p.default is p.empty and name not in skipped
            for name, p in inspect.signature(code).parameters.items()
        )
    return ["data"] if count == 1 else [f"data{i}" for i in range(count)]


def export(block: HybridBlock, path: Any, epoch: int, remove_amp_cast: bool) -> None:
    """See :meth:`HybridBlock.export`."""
    names = _inputs(block)
    out = block(*[sym.var(n) for n in names])
    symbol = _group(list(_symbols(out)))
    params = block.collect_params()
    unknown_values(params)
    for node in postorder(symbol._heads):
        if node.op is None and node.name in params:
            node.update({"__shape__": text(params[node.name].shape)})
    auxiliary = set(symbol.list_auxiliary_states())
    used = [n for n in symbol.list_inputs() if n in params]
    values = {n: params[n]._saved().tostype("default") for n in used}
    model.save_checkpoint(
        os.fspath(path), epoch, symbol, {n: x for n, x in values.items() if n not in auxiliary},
        {n: x for n, x in values.items() if n in auxiliary}, remove_amp_cast,
    )  # fmt: skip


def unknown_values(params: ParameterDict) -> None:
    """Refuse to export parameters without values."""
    unknown = [p.name for p in params.values() if p._data is None or p._deferred is not None]
    if unknown:
        raise MXNetError(
            f"export() needs the values of all parameters; {', '.join(unknown[:5])} "
            f"{'have' if len(unknown) > 1 else 'has'} none. Initialize the network, and call it "
            "once, net(x), if shapes depend on the input"
        )


def _symbols(tree: Any) -> Sequence[Symbol]:
    """The symbols in nested lists."""
    if isinstance(tree, Symbol):
        return [tree]
    return [s for item in tree for s in _symbols(item)]
