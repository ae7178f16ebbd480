"""Symbol: a graph with names."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from ..error import MXNetError
from .node import OWN, Entry, copy_graph, postorder, roles

if TYPE_CHECKING:
    from ..context import Context
    from ..ndarray import NDArray
    from .executor import Executor

__all__ = ["NotImplementedForSymbol", "Symbol"]


class NotImplementedForSymbol(MXNetError, TypeError):
    """Something that needs values was asked of a symbol, which has none."""


class _NotAnArray(NotImplementedForSymbol, AttributeError):
    """An attribute that arrays have and symbols do not."""


class Symbol:
    """A computation that is described, not done: operators applied to variables.

    Symbols are made by :func:`gluonx.sym.var` and by calling the functions of :mod:`gluonx.sym`, or
    Python's operators, on other symbols. :meth:`bind` or :meth:`eval` run them.

    Attributes
    ----------
    name : str or None
        Name of the node; None for a group of several.

    Examples
    --------
    >>> import gluonx as gx
    >>> x = gx.sym.var('x')
    >>> y = gx.sym.FullyConnected(x, num_hidden=3, name='fc')
    >>> y.list_arguments()
    ['x', 'fc_weight', 'fc_bias']
    >>> y.infer_shape(x=(2, 5))[1]
    [(2, 3)]
    """

    __slots__ = ("_heads", "__weakref__")
    # NumPy leaves operators with its numbers on the left to us.
    __array_ufunc__ = None

    def __init__(self, heads: Sequence[Entry]):
        self._heads = list(heads)

    # -- names ------------------------------------------------------------------------------

    @property
    def name(self) -> str | None:
        first = self._heads[0][0]
        return first.name if all(n is first for n, _ in self._heads) else None

    def __repr__(self) -> str:
        if self.name is not None:
            return f"<Symbol {self.name}>"
        return f"<Symbol group [{', '.join(n.name for n, _ in self._heads)}]>"

    def _repr_svg_(self) -> str:
        """What a notebook shows."""
        from ..visualization import graph_of

        return graph_of(self, "plot", None, None, True)._repr_svg_()

    def list_arguments(self) -> list[str]:
        """Names of the variables that must be given, parameters included.

        Examples
        --------
        >>> import gluonx as gx
        >>> (gx.sym.var('a') + gx.sym.var('b')).list_arguments()
        ['a', 'b']
        """
        return [v.name for v in roles(self._heads).arguments]

    def list_auxiliary_states(self) -> list[str]:
        """Names of the variables that operators change, such as BatchNorm's running mean."""
        return [v.name for v in roles(self._heads).auxiliary]

    def list_inputs(self) -> list[str]:
        """Names of all variables: arguments and auxiliary states."""
        return [v.name for v in roles(self._heads).inputs]

    def list_outputs(self) -> list[str]:
        """Names of the outputs, for example ``['fc_output']``."""
        return [n.output_names()[i] for n, i in self._heads]

    # -- parts ------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._heads)

    def __iter__(self) -> Iterator[Symbol]:
        return (Symbol([e]) for e in self._heads)

    def __getitem__(self, index: int | str | slice) -> Symbol:
        """One output, by its number or its name; several by a slice."""
        if isinstance(index, str):
            names = self.list_outputs()
            if names.count(index) != 1:
                raise ValueError(
                    f"{'several outputs are' if index in names else 'no output is'} called "
                    f"{index!r}; the outputs are {', '.join(names)}"
                )
            return Symbol([self._heads[names.index(index)]])
        if isinstance(index, slice):
            return Symbol(self._heads[index])
        if not isinstance(index, int):
            raise TypeError(
                f"the outputs of a symbol are chosen by an integer or a name, got {index!r}; to "
                "take a part of an array use sym.slice, sym.slice_axis or sym.take"
            )
        if not -len(self) <= index < len(self):
            raise IndexError(f"{self!r} has {len(self)} outputs, there is no output {index}")
        return Symbol([self._heads[index]])

    def get_internals(self) -> Symbol:
        """A group of all outputs of all nodes, so that any of them can be taken out by name.

        Examples
        --------
        >>> import gluonx as gx
        >>> y = gx.sym.relu(gx.sym.FullyConnected(gx.sym.var('x'), num_hidden=3, name='fc'))
        >>> y.get_internals()['fc_output']
        <Symbol fc>
        """
        nodes = postorder(self._heads)
        return Symbol([(n, i) for n in nodes for i in range(n.visible)])

    def get_children(self) -> Symbol | None:
        """A group of the inputs of the output nodes; None if there are none."""
        owners = dict.fromkeys(n for n, _ in self._heads)
        inputs = [e for n in owners for e in n.inputs]
        return Symbol(inputs) if inputs else None

    def __call__(self, *args: Symbol, name: str | None = None, **kwargs: Symbol) -> Symbol:
        """A copy in which variables are replaced by other symbols.

        Parameters
        ----------
        name : str, optional
            Name of the copy's output node.
        **kwargs : Symbol
            What to put in, by the name of the variable that it replaces.

        Returns
        -------
        Symbol
            This symbol itself does not change.

        Raises
        ------
        MXNetError
            If there is no such variable.

        Examples
        --------
        >>> import gluonx as gx
        >>> double = gx.sym.var('x') * 2
        >>> double(x=gx.sym.var('a') + 1).list_arguments()
        ['a']
        """
        from .compose import call

        return call(self, args, name, kwargs)

    # -- attributes -------------------------------------------------------------------------

    def attr(self, key: str) -> str | None:
        """One attribute of the node as text; None if it has no such attribute."""
        node = self._heads[0][0]
        if key == "name":
            return self.name
        if self.name is None:
            return None
        return node.attrs.get(key, node.attrs.get(f"__{key}__") if key in OWN else None)

    def list_attr(self, recursive: bool = False) -> dict[str, str]:
        """All attributes of the node as text."""
        if recursive:
            raise DeprecationWarning("list_attr(recursive=True) is gone; use attr_dict()")
        return _shown(self._heads[0][0].attrs) if self.name is not None else {}

    def attr_dict(self) -> dict[str, dict[str, str]]:
        """The attributes of all nodes that have any, by the nodes' names."""
        return {n.name: _shown(n.attrs) for n in postorder(self._heads) if n.attrs}

    def _set_attr(self, **kwargs: str) -> None:
        """Set attributes of the node."""
        for key, value in kwargs.items():
            if not isinstance(value, str):
                raise ValueError(f"attributes must be strings, got {key}={value!r}")
        node = self._heads[0][0]
        attrs = {f"__{k}__" if k in OWN else k: v for k, v in kwargs.items()}
        if node.op is not None:
            node.op.parse({**node.given, **{k: v for k, v in attrs.items() if k[:2] != "__"}})
        node.update(attrs)

    # -- text -------------------------------------------------------------------------------

    def debug_str(self) -> str:
        """The graph as text, node by node."""
        from .graph_json import debug_text

        return debug_text(self)

    def tojson(self, remove_amp_cast: bool = True) -> str:
        """The graph as JSON text, in the form of MXNet 1.9.1's ``-symbol.json`` files."""
        from .graph_json import dump

        return dump(self)

    def save(self, fname: str | os.PathLike, remove_amp_cast: bool = True) -> None:
        """Write :meth:`tojson` to a file; :func:`gluonx.sym.load` reads it."""
        from .graph_json import save

        save(self, fname)

    def __reduce__(self) -> tuple:
        from .graph_json import load_json

        return load_json, (self.tojson(),)

    def __copy__(self) -> Symbol:
        return Symbol(copy_graph(self._heads)[0])

    def __deepcopy__(self, memo: dict) -> Symbol:
        return self.__copy__()

    # -- inference --------------------------------------------------------------------------

    def infer_shape(self, *args: Any, **kwargs: Any) -> tuple[Any, Any, Any]:
        """Shapes of all arguments, outputs and auxiliary states from those that are known.

        Parameters
        ----------
        *args : tuple of int or None
            Shapes in the order of :meth:`list_arguments`.
        **kwargs : tuple of int
            Shapes by the names of the variables; 0 is an unknown extent.

        Returns
        -------
        arg_shapes, out_shapes, aux_shapes : list of tuple of int
            In the order of :meth:`list_arguments`, :meth:`list_outputs` and
            :meth:`list_auxiliary_states`; all None, with a warning, if something stays unknown.

        Raises
        ------
        MXNetError
            If the shapes contradict each other.

        Examples
        --------
        >>> import gluonx as gx
        >>> y = gx.sym.FullyConnected(gx.sym.var('x'), num_hidden=3, name='fc')
        >>> y.infer_shape(x=(2, 5))
        ([(2, 5), (3, 5), (3,)], [(2, 3)], [])
        """
        from .infer import infer_shape

        return infer_shape(self, args, kwargs, partial=False)

    def infer_shape_partial(self, *args: Any, **kwargs: Any) -> tuple[list, list, list]:
        """As :meth:`infer_shape`, but what is not known is ``()`` or has zeros."""
        from .infer import infer_shape

        return infer_shape(self, args, kwargs, partial=True)

    def infer_type(self, *args: Any, **kwargs: Any) -> tuple[Any, Any, Any]:
        """Element types of all arguments, outputs and auxiliary states.

        Parameters
        ----------
        *args, **kwargs : dtype
            Types in the order of :meth:`list_arguments`, or by the names of the variables.

        Returns
        -------
        arg_types, out_types, aux_types : list of type
            All None, with a warning, if something stays unknown.

        Examples
        --------
        >>> import gluonx as gx
        >>> y = gx.sym.FullyConnected(gx.sym.var('x'), num_hidden=3, name='fc')
        >>> y.infer_type(x='float16')[1]
        [<class 'numpy.float16'>]
        """
        from .infer import infer_type

        return infer_type(self, args, kwargs, partial=False)

    def infer_type_partial(self, *args: Any, **kwargs: Any) -> tuple[list, list, list]:
        """As :meth:`infer_type`, with None for what is not known."""
        from .infer import infer_type

        return infer_type(self, args, kwargs, partial=True)

    # -- execution --------------------------------------------------------------------------

    def bind(
        self,
        ctx: Context | None = None,
        args: Any = None,
        args_grad: Any = None,
        grad_req: Any = "write",
        aux_states: Any = None,
        group2ctx: Any = None,
        shared_exec: Any = None,
    ) -> Executor:
        """Tie the variables to arrays on ``ctx``.

        Parameters
        ----------
        args : dict of str to NDArray, or list
            An array for each argument. The executor keeps them: change their contents, run again.
        args_grad : dict of str to NDArray, or list, optional
            Where to put gradients.
        grad_req : str, list or dict
            ``'write'``, ``'add'`` or ``'null'``, for all arguments or for each.
        aux_states : dict of str to NDArray, or list, optional
            An array for each auxiliary state.
        group2ctx : dict of str to Context, optional
            Where operators of an ``AttrScope(ctx_group=...)`` run.

        Returns
        -------
        Executor

        Examples
        --------
        >>> import gluonx as gx
        >>> x = gx.nd.array([1., 2.])
        >>> ex = (gx.sym.var('x') * 3).bind(gx.cpu(), {'x': x})
        >>> ex.forward()[0].asnumpy()
        array([3., 6.], dtype=float32)
        """
        from .binding import bind

        return bind(self, ctx, args, args_grad, grad_req, aux_states, group2ctx)

    def simple_bind(
        self,
        ctx: Context | None = None,
        grad_req: Any = "write",
        type_dict: Mapping[str, Any] | None = None,
        stype_dict: Any = None,
        group2ctx: Any = None,
        shared_arg_names: Any = None,
        shared_exec: Any = None,
        shared_buffer: Any = None,
        **kwargs: Any,
    ) -> Executor:
        """Infer all shapes, make the arrays and bind them on ``ctx``.

        Parameters
        ----------
        grad_req : str, list or dict
            ``'write'``, ``'add'`` or ``'null'``, for all arguments or for each.
        type_dict : dict of str to dtype, optional
            Element types; float32 by default.
        group2ctx : dict of str to Context, optional
            Where operators, and variables, of an ``AttrScope(ctx_group=...)`` are.
        shared_buffer : dict of str to NDArray, optional
            Arrays for arguments, and for gradients as ``'grad of NAME'``. One that is as large as
            needed, or larger, is used, from its beginning; others are made and put in.
        shared_exec : Executor, optional
            With ``shared_buffer`` (which may be empty): whose auxiliary states to use.
        shared_arg_names : list of str, optional
            Arguments that come, with their gradients, from ``shared_exec``.
        **kwargs : tuple of int
            Shapes of variables.

        Returns
        -------
        Executor
            Its own arrays are zeros.

        Examples
        --------
        >>> import gluonx as gx
        >>> y = gx.sym.FullyConnected(gx.sym.var('x'), num_hidden=3, name='fc')
        >>> ex = y.simple_bind(gx.cpu(), x=(2, 5))
        >>> ex.arg_dict['fc_weight'].shape
        (3, 5)
        """
        from .binding import Shared, simple_bind

        shared = Shared(shared_buffer, shared_exec, shared_arg_names)
        return simple_bind(self, ctx, grad_req, type_dict, kwargs, group2ctx, shared)

    def eval(self, ctx: Context | None = None, **kwargs: NDArray) -> list[NDArray]:
        """The outputs for the given arrays, without keeping an executor.

        Examples
        --------
        >>> import gluonx as gx
        >>> (gx.sym.var('x') + 1).eval(x=gx.nd.zeros((2,)))[0].asnumpy()
        array([1., 1.], dtype=float32)
        """
        auxiliary = set(self.list_auxiliary_states())
        args = {k: v for k, v in kwargs.items() if k not in auxiliary}
        aux = {k: v for k, v in kwargs.items() if k in auxiliary}
        return self.bind(ctx, args, aux_states=aux, grad_req="null").forward()

    def optimize_for(
        self, backend: str, args: Any = None, aux: Any = None, ctx: Any = None,
        shape_dict: Any = None, type_dict: Any = None, stype_dict: Any = None,
        skip_infer: bool = False, **kwargs: Any,
    ) -> Symbol:  # fmt: skip
        """This symbol: XLA, which compiles it, is the only backend."""
        return self

    def get_backend_symbol(self, backend: str) -> Symbol:
        """This symbol: XLA, which compiles it, is the only backend."""
        return self

    def gradient(self, wrt: Sequence[str]) -> Symbol:
        """Raises NotImplementedForSymbol: MXNet 1.9.1 has no such symbols either."""
        raise NotImplementedForSymbol(f"{self!r} has no gradient; use simple_bind() and backward()")

    # -- operators, which operators.install() adds -------------------------------------------

    if TYPE_CHECKING:

        def _binary(self, other: Any) -> Symbol: ...

        def _unary(self) -> Symbol: ...

        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _binary
        __truediv__ = __rtruediv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = _binary
        __gt__ = __ge__ = __lt__ = __le__ = __matmul__ = _binary
        __neg__ = __pos__ = __abs__ = _unary

    # -- what a symbol is not ---------------------------------------------------------------

    def as_in_context(self, context: Context) -> Symbol:
        """This symbol: where it runs is decided by :meth:`bind`."""
        return self

    as_in_ctx = as_in_context

    def as_nd_ndarray(self) -> Symbol:
        """This symbol."""
        return self

    def __bool__(self) -> NoReturn:
        raise NotImplementedForSymbol(
            f"{self!r} has no truth value: a symbol describes a computation. Compare symbols "
            "with 'is', choose between values with sym.where"
        )

    def __getattr__(self, name: str) -> Any:
        if name in _OF_ARRAYS:
            raise _NotAnArray(
                f"a Symbol has no {name!r}: it describes a computation and has no values. "
                "infer_shape() and infer_type() tell its shape and dtype, eval() its values"
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    __hash__ = object.__hash__


_OF_ARRAYS = (
    "asjax", "asnumpy", "asscalar", "attach_grad", "backward", "context", "copyto", "ctx", "dtype",
    "grad", "item", "ndim", "shape", "size", "stype", "wait_to_read",
)  # fmt: skip


def _shown(attrs: Mapping[str, str]) -> dict[str, str]:
    """Attributes as a user sees them: the node's own under both spellings."""
    shown = {}
    for key, value in attrs.items():
        shown[key] = value
        if key[2:-2] in OWN and key != "__profiler_scope__":
            shown[key[2:-2]] = value
    return shown
