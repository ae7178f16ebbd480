"""Block: a network as a Python object."""

from __future__ import annotations

import itertools
import threading
import warnings
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

from .. import block_files
from .. import ndarray as nd
from ..engine.state import state
from ..hosts import at_hand, once
from ..hybrid import Cache
from ..mesh import partition_of
from ..name import NameManager, Prefix
from ..ndarray import NDArray
from ..parameter import Parameter, ParameterDict, assign

__all__ = ["Block", "HookHandle"]


class _NameScope:
    """Scope in which names of new blocks and parameters begin with the block's prefix."""

    _current = threading.local()

    def __init__(self, block: Block):
        self._block = block
        self._counter: dict[str, int] = {}
        self._old: list[Any] = []
        self._names: list[NameManager] = []

    @classmethod
    def create(
        cls, prefix: str | None, params: ParameterDict | None, hint: str
    ) -> tuple[str, ParameterDict]:
        """Prefix and parameters of a new block."""
        scope: _NameScope | None = getattr(cls._current, "value", None)
        if scope is None:
            if prefix is None:
                prefix = NameManager.current.get(None, hint) + "_"
            if params is None:
                return prefix, ParameterDict(prefix)
            return prefix, ParameterDict(params.prefix, params)
        if prefix is None:
            count = scope._counter.get(hint, 0)
            prefix = f"{hint}{count}_"
            scope._counter[hint] = count + 1
        full = scope._block.prefix + prefix
        if params is None:
            parent = scope._block.params
            return full, ParameterDict(parent.prefix + prefix, parent._shared)
        return full, ParameterDict(params.prefix, params)

    def __enter__(self) -> _NameScope:
        self._old.append(getattr(self._current, "value", None))
        names = NameManager.current  # of symbols
        if not self._block._empty_prefix:  # which leaves the names of the outer scope
            _NameScope._current.value = self
            names = Prefix(self._block.prefix)
        names.__enter__()
        self._names.append(names)
        return self

    def __exit__(self, *exc: object) -> None:
        _NameScope._current.value = self._old.pop()
        self._names.pop().__exit__(*exc)


_hook_keys = itertools.count()


class HookHandle:
    """A registered hook; :meth:`detach` removes it. Also a ``with`` scope."""

    #: How many hooks there are in the process; while there are none, nobody looks for them.
    alive = 0

    def __init__(self, hooks: OrderedDict[int, Callable], hook: Callable):
        self._hooks = hooks
        self._key = next(_hook_keys)
        hooks[self._key] = hook
        HookHandle.alive += 1
        #: Called once: when the hook is removed, or its block is gone.
        self._end = weakref.finalize(hooks, HookHandle._ended)
        self._end.atexit = False

    @staticmethod
    def _ended() -> None:
        HookHandle.alive -= 1

    def detach(self) -> None:
        """Remove the hook."""
        if self._hooks.pop(self._key, None) is not None:
            self._end()

    def __enter__(self) -> HookHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.detach()


class Block:
    """Base class of layers and networks.

    Subclasses make their children and parameters in ``__init__`` and define ``forward``.
    Attributes that are Blocks or Parameters are registered by themselves.

    Parameters
    ----------
    prefix : str, optional
        Beginning of the names of its parameters; counted by default (``dense0_``).
    params : ParameterDict, optional
        Parameters to share with another block, ``other.collect_params()``.

    Examples
    --------
    >>> import gluonx as gx
    >>> from gluonx import gluon, nn
    >>> class Net(gluon.Block):
    ...     def __init__(self, **kwargs):
    ...         super().__init__(**kwargs)
    ...         self.fc = nn.Dense(3)
    ...     def forward(self, x):
    ...         return gx.nd.relu(self.fc(x))
    >>> net = Net()
    >>> net.initialize()
    >>> net(gx.nd.ones((2, 5))).shape
    (2, 3)
    """

    def __init__(self, prefix: str | None = None, params: ParameterDict | None = None):
        self._empty_prefix = prefix == ""
        self._prefix, self._params = _NameScope.create(prefix, params, self._alias())
        self._name = self._prefix[:-1] if self._prefix.endswith("_") else self._prefix
        self._scope = _NameScope(self)
        self._children: OrderedDict[str, Block] = OrderedDict()
        self._reg_params: dict[str, Parameter] = {}
        self._forward_hooks: OrderedDict[int, Callable] = OrderedDict()
        self._forward_pre_hooks: OrderedDict[int, Callable] = OrderedDict()

    def __repr__(self) -> str:
        lines = "\n".join(
            f"  ({key}): {_indent(repr(child), 2)}"
            for key, child in self.__dict__.items()
            if isinstance(child, Block)
        )
        return f"{type(self).__name__}(\n{lines}\n)"

    def __setattr__(self, name: str, value: Any) -> None:
        if state.trace is not None:
            state.trace.check_kept(name, value)
        if "_children" not in self.__dict__:
            if isinstance(value, (Block, Parameter)):
                raise AttributeError(
                    f"{type(self).__name__}: call super().__init__(**kwargs) before assigning "
                    f"self.{name}"
                )
            super().__setattr__(name, value)
            return
        old = self.__dict__.get(name)
        if isinstance(old, (Block, Parameter)) and not isinstance(value, type(old)):
            kind = Block if isinstance(old, Block) else Parameter
            if not (isinstance(value, kind)):
                raise TypeError(
                    f"{self._name}.{name} is a {type(old).__name__} and cannot become a "
                    f"{type(value).__name__}; use another attribute"
                )
        if isinstance(value, Block):
            self.register_child(value, name)
        elif isinstance(value, Parameter):
            self._reg_params[name] = value
        super().__setattr__(name, value)
        if state.trace is None and "_watchers" in self.__dict__ and not _same(old, value):
            self._changed(f"{self._name}.{name} was set")

    def _alias(self) -> str:
        return type(self).__name__.lower()

    def _changed(self, reason: str) -> None:
        """The structure or an attribute changed: what was compiled with this block is void."""
        for cache in list(self.__dict__.get("_watchers", ())):
            cache.clear(reason)

    def _watch(self, cache: Cache) -> None:
        """Let ``cache`` know when this block changes."""
        watchers = self.__dict__.get("_watchers")
        if watchers is None:
            watchers = self.__dict__["_watchers"] = weakref.WeakSet()
        watchers.add(cache)

    # -- names and parameters -------------------------------------------------------------------

    @property
    def prefix(self) -> str:
        """Beginning of the names of parameters."""
        return self._prefix

    @property
    def name(self) -> str:
        """The prefix less its underscore."""
        return self._name

    def name_scope(self) -> _NameScope:
        """Scope in which names of new blocks and parameters begin with this block's prefix."""
        return self._scope

    @property
    def params(self) -> ParameterDict:
        """This block's own parameters, without those of its children."""
        return self._params

    def collect_params(self, select: str | None = None) -> ParameterDict:
        """The parameters of this block and all its children.

        Parameters
        ----------
        select : str, optional
            A regular expression; only parameters whose names match it.

        Examples
        --------
        >>> from gluonx import nn
        >>> net = nn.Dense(2, prefix='fc_')
        >>> list(net.collect_params('.*weight'))
        ['fc_weight']
        """
        found = ParameterDict(self._params.prefix)
        found.update(self._params)
        for child in self._children.values():
            found.update(child.collect_params())
        # parameters that were assigned as attributes but made elsewhere
        for p in self._reg_params.values():
            if p.name not in found:
                found._params[p.name] = p
        return found.select(select) if select is not None else found

    def _collect_params_with_prefix(self, prefix: str = "") -> dict[str, Parameter]:
        """Parameters by structural name (``features.0.weight``)."""
        if prefix:
            prefix += "."
        found = {prefix + k: p for k, p in self._reg_params.items()}
        for name, child in self._children.items():
            found.update(child._collect_params_with_prefix(prefix + name))
        return found

    def _other_names(self, prefix: str = "") -> dict[str, str]:
        """Further names that a file may have for parameters, and the structural names."""
        if prefix:
            prefix += "."
        found: dict[str, str] = {}
        for name, child in self._children.items():
            found.update(child._other_names(prefix + name))
        return found

    def _name_paths(self) -> None:
        """Tell the parameters where in this network they are, for messages."""
        for path, p in self._collect_params_with_prefix().items():
            p.path = path

    # -- structure --------------------------------------------------------------------------------

    def register_child(self, block: Block, name: str | None = None) -> None:
        """Add a child; attributes that are Blocks are added by themselves."""
        self._children[str(len(self._children)) if name is None else name] = block
        self._changed(f"{self._name} got a new child")

    def apply(self, fn: Callable[[Block], Any]) -> Block:
        """Call ``fn`` on every child, then on this block; returns this block."""
        for child in self._children.values():
            child.apply(fn)
        fn(self)
        return self

    def _blocks(self) -> Iterator[Block]:
        yield self
        for child in self._children.values():
            yield from child._blocks()

    def register_forward_hook(self, hook: Callable) -> HookHandle:
        """Call ``hook(block, inputs, outputs)`` after every ``forward``."""
        return HookHandle(self._forward_hooks, hook)

    def register_forward_pre_hook(self, hook: Callable) -> HookHandle:
        """Call ``hook(block, inputs)`` before every ``forward``."""
        return HookHandle(self._forward_pre_hooks, hook)

    def register_op_hook(self, callback: Callable, monitor_all: bool = False) -> list[HookHandle]:
        """Let the HybridBlocks inside tell what their operators give; see
        :meth:`HybridBlock.register_op_hook`.
        """
        found = [c.register_op_hook(callback, monitor_all) for c in self._children.values()]
        return [handle for handles in found for handle in handles]

    def initialize(
        self, init: Any = None, ctx: Any = None, verbose: bool = False, force_reinit: bool = False
    ) -> None:
        """Initialize all parameters.

        Parameters
        ----------
        init : Initializer or str, optional
            For parameters that have no initializer of their own; uniform by default.
        ctx : Context or list of Context, optional
            Where the parameters live.
        verbose : bool
            Log what is initialized.
        force_reinit : bool
            Also parameters that are initialized already.
        """
        self._name_paths()
        self.collect_params().initialize(init, ctx, verbose, force_reinit)

    def shard(self, rules: Any) -> None:
        """Say how parameters are divided among the devices of a mesh (``initialize(ctx=mesh)``).

        The optimizer's states are divided as their parameters are.

        Parameters
        ----------
        rules : dict or list of (str, rule)
            The first whose regular expression is found in the parameter's path in the network
            (``features.0.weight``) or in its name counts; a parameter that none matches is on every
            device. A rule is a ``jax.sharding.PartitionSpec``; the name of an axis of the mesh,
            along which the largest axis is divided that can be; a function from the shape to one of
            these; or None: on every device.

        Raises
        ------
        ValueError
            If a parameter cannot be divided so.

        Examples
        --------
        >>> import gluonx as gx, jax
        >>> from gluonx import nn
        >>> mesh = jax.make_mesh((1, 1), ('data', 'model'), devices=jax.devices()[:1])
        >>> net = nn.Dense(4, in_units=3)
        >>> net.shard({'weight': jax.sharding.PartitionSpec('model', None), 'bias': 'data'})
        >>> net.initialize(ctx=mesh)
        >>> net(gx.nd.ones((2, 3)).as_in_context(mesh)).shape
        (2, 4)
        """
        self._name_paths()
        for p in self.collect_params().values():
            rule = partition_of(rules, p.path or p.name)
            p.shard(partition_of(rules, p.name) if rule is None else rule)

    def hybridize(self, active: bool = True, **kwargs: Any) -> None:
        """Compile the HybridBlocks among the children; a plain Block itself stays as it is."""
        for child in self._children.values():
            child.hybridize(active, **kwargs)

    def cast(self, dtype: Any) -> None:
        """Change the element type of all parameters."""
        for child in self._children.values():
            child.cast(dtype)
        for p in self._params.values():
            p.cast(dtype)

    def reset_ctx(self, ctx: Any) -> None:
        """Move all parameters to other devices."""
        self.collect_params().reset_ctx(ctx)

    # -- files ------------------------------------------------------------------------------------

    def save_parameters(self, filename: Any, deduplicate: bool = False) -> None:
        """Save all parameters under their structural names.

        Parameters
        ----------
        filename : str or path
        deduplicate : bool
            Save a shared parameter only once.
        """
        params = self._collect_params_with_prefix()
        if deduplicate:
            last = {id(p): name for name, p in params.items()}
            params = {n: p for n, p in params.items() if last[id(p)] == n}
        arrays = {n: p._saved() for n, p in params.items()}
        with once(filename) as mine:
            if mine:
                nd.save(filename, arrays)

    def load_parameters(
        self, filename: Any, ctx: Any = None, allow_missing: bool = False,
        ignore_extra: bool = False, cast_dtype: bool = False, dtype_source: str = "current",
    ) -> None:  # fmt: skip
        """Load parameters from a file.

        Parameters
        ----------
        filename : str or path
        ctx : Context or list of Context, optional
            Where to put them; the CPU by default if they are not initialized.
        allow_missing, ignore_extra : bool
            Whether the file may lack parameters, or have more.
        cast_dtype : bool
            Convert element types that differ.
        dtype_source : {'current', 'saved'}
            With ``cast_dtype``: keep the network's type, or take the file's.

        Raises
        ------
        ValueError
            One error that lists all names that are missing, too many or of another shape; the
            network is unchanged then.
        """
        self._name_paths()
        with at_hand(filename) as name:
            arrays = nd.load(name)
        params = self._collect_params_with_prefix()
        if not arrays and not params:
            return
        if not isinstance(arrays, dict):
            raise ValueError(f"{filename} holds arrays without names; save_parameters writes names")
        saved, others = arrays, self._other_names()
        arrays = {n if n in params else others.get(n, n): a for n, a in arrays.items()}
        if not any("." in name for name in arrays) and any("." in n for n in params):
            # written by save_params: names of parameters, less the prefix
            self.collect_params().load_dict(
                saved, ctx, allow_missing, ignore_extra, self.prefix, str(filename), cast_dtype,
                dtype_source,
            )  # fmt: skip
            return
        shared: dict[int, list[str]] = {}
        for name, p in params.items():
            shared.setdefault(id(p), []).append(name)
        assign(
            params, arrays, str(filename), ctx, allow_missing, ignore_extra, cast_dtype,
            dtype_source, shared,
        )  # fmt: skip

    def save(self, prefix: Any) -> None:
        """Save the network: ``PREFIX-model.params``, and what it is made of, ``PREFIX-model.json``.

        Parameters
        ----------
        prefix : str or path
        """
        block_files.save(self, prefix)

    def load(self, prefix: Any) -> None:
        """Load what :meth:`save` wrote, into a network that is made in the same way.

        What was hybridized is hybridized again.

        Parameters
        ----------
        prefix : str or path

        Raises
        ------
        MXNetError
            If the files are of another network; nothing is changed then.
        """
        block_files.load(self, prefix)

    def save_params(self, filename: Any) -> None:
        """Deprecated: use :meth:`save_parameters`."""
        warnings.warn("save_params is deprecated; use save_parameters", DeprecationWarning, 2)
        self.collect_params().save(filename, strip_prefix=self.prefix)

    def load_params(
        self,
        filename: Any,
        ctx: Any = None,
        allow_missing: bool = False,
        ignore_extra: bool = False,
    ) -> None:
        """Deprecated: use :meth:`load_parameters`."""
        warnings.warn("load_params is deprecated; use load_parameters", DeprecationWarning, 2)
        self.load_parameters(filename, ctx, allow_missing, ignore_extra)

    # -- calling ----------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run :meth:`forward` and the hooks."""
        if self._forward_pre_hooks:
            for hook in list(self._forward_pre_hooks.values()):
                hook(self, args)
        state.depth += 1
        try:
            out = self._run(args, kwargs)
        finally:
            state.depth -= 1
        if self._forward_hooks:
            for hook in list(self._forward_hooks.values()):
                hook(self, args, out)
        return out

    def _run(self, args: tuple, kwargs: dict) -> Any:
        return self.forward(*args, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs; override this."""
        raise NotImplementedError(f"{type(self).__name__} must define forward(self, x, ...)")

    def summary(self, *inputs: NDArray) -> None:
        """Print a table of the layers with the shapes of their outputs and their parameters.

        Parameters
        ----------
        *inputs : NDArray
            Inputs of the network; it is run on them once.
        """
        from ..summary import print_summary

        print_summary(self, inputs)


def _same(a: Any, b: Any) -> bool:
    """Whether an attribute kept its value, as far as code that reads it can tell."""
    if a is b:
        return not isinstance(a, (list, dict, set))
    return type(a) is type(b) and isinstance(a, (int, float, str, bytes, bool)) and a == b


def _indent(text: str, spaces: int) -> str:
    first, *rest = text.split("\n")
    return "\n".join([first, *(" " * spaces + line for line in rest)])
