"""Sparse arrays: RowSparseNDArray and CSRNDArray.

A sparse array is an NDArray whose buffer waits: what it stores is a
:class:`~.sparse_storage.Pending`, from which the dense array is made when an operator without a
sparse form asks for it. So everything that takes an NDArray takes a sparse one. The other way
round, a buffer that something dense was written to, such as a gradient that XLA computed, gives
its sparse form when somebody asks for that.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..context import Context
from ..engine.buffer import Buffer, Zeros
from ..engine.graph import Variable
from ..engine.kernel import put
from ..engine.op import OPS
from ..engine.state import state
from ..error import MXNetError
from .dispatch import check_inplace, invoke
from .ndarray import NDArray, _transfer, zeros_later
from .sparse_storage import CSR, Pending, Rows, from_dense, nothing, rows_of, stored, to_dense

__all__ = [
    "BaseSparseNDArray",
    "CSRNDArray",
    "RowSparseNDArray",
    "kind",
    "mark_of",
    "rows_of_dense",
]


class BaseSparseNDArray(NDArray):
    """What row_sparse and csr arrays have in common.

    Operators that have a meaning for sparse arrays use what is stored and give sparse arrays; all
    others take and give dense ones. See :mod:`gluonx.nd.sparse` for how to make sparse arrays.
    """

    __slots__ = ("_kept", "_stamp", "_mark")
    _sparse = True
    _stype: ClassVar[str]

    @classmethod
    def _new(cls, buffer: Buffer, view: tuple | None = None) -> Any:
        x: Any = super()._new(buffer, view)
        #: What is stored, and the buffer's version that it was found for.
        x._kept = None
        x._stamp = -1
        #: For a gradient: collects the rows that backward passes touch; see :func:`mark_of`.
        x._mark = None
        return x

    @classmethod
    def _of(cls, parts: Rows | CSR, ctx: Context) -> Any:
        """An array that stores ``parts``."""
        buffer = Buffer(None, ctx)
        buffer.pending = Pending(parts)
        x = cls._new(buffer)
        x._kept, x._stamp = parts, buffer.version
        return x

    @classmethod
    def _like(cls, dense: NDArray) -> Any:
        """A dense array with its history, as one of this kind."""
        x = cls._new(dense._buffer)
        x._entry = dense._entry
        return x

    # -- contents ---------------------------------------------------------------------------

    def _array(self) -> Any:
        return None  # a call of an operator then looks whether there is a sparse form of it

    @property
    def _data(self) -> Any:
        buffer = self._buffer
        if state.trace is not None:
            return state.trace.read(buffer, self)
        pending = buffer.pending
        if buffer.array is None and type(pending) is Pending:  # not kept: it may be large
            return put(to_dense(pending.parts), buffer.ctx.device)
        return buffer.get()

    def _dense(self) -> NDArray:
        """The dense array with the same history; it shares the buffer if that is dense."""
        buffer = self._buffer
        if state.trace is None and type(buffer.pending) is Pending:
            buffer = Buffer(self._data, buffer.ctx)
        x = NDArray._new(buffer)
        x._entry = self._entry
        return x

    def _parts(self) -> Any:
        """What is stored."""
        buffer = self._buffer
        version = buffer.version
        if self._kept is None or self._stamp != version:
            if state.trace is not None:
                self._concrete("the sparse form")
            self._kept, self._stamp = stored(self._stype, buffer, self._touched()), version
        return self._kept

    def _touched(self) -> np.ndarray | None:
        return None

    def _assign(self, parts: Rows | CSR) -> None:
        """Replace the contents."""
        if state.trace is not None:
            self._write(put(to_dense(parts), self.context.device))
            return
        self._settle()
        self._buffer.defer(Pending(parts))
        self._kept, self._stamp = parts, self._buffer.version

    def _clear(self) -> None:
        """Set to zero."""
        self._buffer.defer(Zeros(self.shape, self._buffer.dtype))

    def asnumpy(self) -> np.ndarray:
        """A dense copy as a ``numpy.ndarray``."""
        if state.trace is None and type(self._buffer.pending) is Pending:
            return to_dense(self._parts())
        return super().asnumpy()

    def _aux(self, values: np.ndarray) -> NDArray:
        host = np.array(values)  # memory of its own: what is stored never changes
        return NDArray._new(Buffer(put(host, self.context.device), self.context))

    @property
    def data(self) -> NDArray:
        """A copy of the stored values."""
        return self._aux(self._parts().values)

    @property
    def indices(self) -> NDArray:
        """A copy of the indices, int64: rows of a row_sparse array, columns of a csr array."""
        return self._aux(self._parts().indices)

    @property
    def stype(self) -> str:
        """Storage type: ``'row_sparse'`` or ``'csr'``."""
        return self._stype

    def __repr__(self) -> str:
        return f"\n<{type(self).__name__} {'x'.join(map(str, self.shape))} @{self.context}>"

    def __reduce__(self) -> tuple:
        return _rebuild, (self._stype, tuple(self._parts()), self.context)

    def wait_to_read(self) -> None:
        """Wait until the values are there; raises what their computation raised."""
        if type(self._buffer.pending) is not Pending:
            super().wait_to_read()

    wait_to_write = wait = wait_to_read

    def check_format(self, full_check: bool = True) -> None:
        """Check that what is stored makes a valid array.

        Parameters
        ----------
        full_check : bool
            Look at all indices, not only at how many there are.

        Raises
        ------
        MXNetError
            If it does not; says why.
        """
        problem = self._problem(full_check)
        if problem:
            raise MXNetError(f"this {type(self).__name__} of shape {self.shape} has {problem}")

    # -- copies and storage types -------------------------------------------------------------

    def tostype(self, stype: str) -> Any:
        """A copy with another storage type.

        Parameters
        ----------
        stype : {'default', 'row_sparse', 'csr'}
            ``'default'`` or the array's own.

        Raises
        ------
        ValueError
            For the other sparse storage type; go through ``'default'``.
        """
        _check_stype(stype)
        if stype not in ("default", self._stype):
            raise ValueError(
                f"there is no direct way from {self._stype} to {stype}; write "
                f"x.tostype('default').tostype({stype!r})"
            )
        return self._dense().copy() if stype == "default" else self.copy()

    def todense(self) -> NDArray:
        """A dense copy."""
        return self.tostype("default")

    def copyto(self, other: Any) -> Any:
        """Copy to another array, dense or of this storage type, or into a new one on a context."""
        if isinstance(other, Context):
            if state.trace is not None or (state.recording and self._recorded):
                return type(self)._like(_transfer(self._dense(), other))
            return type(self)._of(self._parts(), other)
        if not isinstance(other, BaseSparseNDArray):
            return super().copyto(other)
        if other._stype != self._stype:
            raise TypeError(
                f"copyto() cannot write a {self._stype} array to a {other._stype} one; write "
                f"x.tostype('default').copyto(y)"
            )
        recorded = state.recording and self._recorded
        if other is self or state.trace is not None or recorded or other.shape != self.shape:
            return super().copyto(other)
        check_inplace(other)
        parts = self._parts()
        other._assign(parts._replace(values=parts.values.astype(other.dtype, copy=False)))
        return other

    def as_in_context(self, context: Context) -> Any:
        """This array if it is on ``context``, else a copy there."""
        return self if Context(context) is self.context else self.copyto(Context(context))

    as_in_ctx = as_in_context

    def detach(self) -> Any:
        """The same memory without its history."""
        if state.trace is not None:
            return invoke(OPS["BlockGrad"], [self], {})
        x = type(self)._new(self._buffer)
        x._kept, x._stamp = self._kept, self._stamp
        return x

    def reshape(self, *shape: Any, **kwargs: Any) -> NDArray:
        """A dense copy with another shape."""
        return self.tostype("default").reshape(*shape, **kwargs)

    @property
    def T(self) -> NDArray:
        """The transpose, a dense array."""
        return self._dense().T

    # -- indexing -----------------------------------------------------------------------------

    def __getitem__(self, key: Any) -> Any:
        if key is Ellipsis or (type(key) is slice and key == slice(None)):
            return self
        return self.tostype("default")[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        name = type(self).__name__
        if not (key is Ellipsis or (type(key) is slice and key == slice(None))):
            raise TypeError(
                f"only all of a {name} can be written to, x[:] = value, not x[{key!r}]; write to "
                "a dense array, x.tostype('default'), instead"
            )
        check_inplace(self)
        if isinstance(value, NDArray):
            if value is not self:
                value.copyto(self)
            return
        if np.ndim(value) == 0:
            self._fill(value)
            return
        host = np.broadcast_to(np.asarray(value), self.shape).astype(self.dtype)
        self._assign(from_dense(self._stype, host))

    def _fill(self, value: Any) -> None:
        raise NotImplementedError

    def _problem(self, full: bool) -> str | None:
        raise NotImplementedError


def _inplace(kind: str):
    def method(self, other):
        check_inplace(self)
        y = getattr(self, f"__{kind}__")(other)
        if y is not NotImplemented:
            y.copyto(self)
            return self
        return y

    method.__name__ = f"__i{kind}__"
    return method


for _kind in ("add", "sub", "mul", "truediv", "mod", "pow"):
    setattr(BaseSparseNDArray, f"__i{_kind}__", _inplace(_kind))


class RowSparseNDArray(BaseSparseNDArray):
    """An array of which some rows are stored; all others are zero.

    ``x[x.indices[i]] == x.data[i]``. Gradients of embeddings and of products with csr matrices are
    of this kind. Arrays are made by :func:`gluonx.nd.sparse.row_sparse_array`.

    Examples
    --------
    >>> from gluonx import nd
    >>> x = nd.sparse.row_sparse_array(([[1., 2.]], [1]), shape=(3, 2))
    >>> x.asnumpy().tolist()
    [[0.0, 0.0], [1.0, 2.0], [0.0, 0.0]]
    """

    __slots__ = ()
    _stype = "row_sparse"

    def _touched(self) -> np.ndarray | None:
        if self._mark is None:
            return None
        counts = self._mark._entry.grad._buffer
        if counts.array is None and type(counts.pending) is Zeros:
            return None
        return np.asarray(counts.get()) > 0

    def _assign(self, parts: Rows | CSR) -> None:
        super()._assign(parts)
        if self._mark is not None:
            touched = np.zeros(self.shape[0], np.float32)
            touched[parts.indices] = 1
            self._mark._entry.grad._buffer.set(put(touched, self.context.device))

    def _clear(self) -> None:
        super()._clear()
        if self._mark is not None:
            counts = self._mark._entry.grad
            counts._buffer.defer(Zeros(counts.shape, counts._buffer.dtype))

    def _fill(self, value: Any) -> None:
        if not value:
            self._assign(nothing("row_sparse", self.shape, self.dtype))
            return
        rows = np.arange(self.shape[0])
        self._assign(Rows(self.shape, np.full(self.shape, value, self.dtype), rows))

    def _problem(self, full: bool) -> str | None:
        _, values, indices = self._parts()
        if values.shape != (len(indices), *self.shape[1:]):
            return f"{len(indices)} indices, but values of shape {values.shape}"
        if full and len(indices):
            if indices.min() < 0 or indices.max() >= self.shape[0]:
                return f"indices that are not rows from 0 to {self.shape[0] - 1}"
            if (np.diff(indices) <= 0).any():
                return "indices that do not ascend"
        return None

    def retain(self, indices: NDArray) -> RowSparseNDArray:
        """The array with only the given rows; see :func:`gluonx.nd.sparse.retain`."""
        return invoke(OPS["_sparse_retain"], [self, indices], {})


class CSRNDArray(BaseSparseNDArray):
    """A matrix of which some values are stored, by compressed rows.

    Row i has the values ``x.data[x.indptr[i]:x.indptr[i + 1]]`` in the columns ``x.indices`` of the
    same places. Arrays are made by :func:`gluonx.nd.sparse.csr_matrix`.

    Examples
    --------
    >>> from gluonx import nd
    >>> x = nd.sparse.csr_matrix(([5., 7.], [2, 0], [0, 1, 2]), shape=(2, 3))
    >>> x.asnumpy().tolist()
    [[0.0, 0.0, 5.0], [7.0, 0.0, 0.0]]
    """

    __slots__ = ()
    _stype = "csr"

    @property
    def indptr(self) -> NDArray:
        """A copy of the places where rows begin, int64, of shape (rows + 1,)."""
        return self._aux(self._parts().indptr)

    def _fill(self, value: Any) -> None:
        if value:
            raise ValueError(
                f"a csr array full of {value!r} would not be sparse; use a dense array, "
                "nd.full(shape, value)"
            )
        self._assign(nothing("csr", self.shape, self.dtype))

    def __getitem__(self, key: Any) -> Any:
        """Rows as a csr array: ``x[2]``, ``x[1:5]``; anything else as a dense array."""
        if isinstance(key, (int, np.integer)) and not isinstance(key, bool):
            count, at = self.shape[0], int(key)
            if not -count <= at < count:
                raise IndexError(f"index {at} is out of bounds for axis 0 with {count} rows")
            at %= count
            key = slice(at, at + 1)
        if type(key) is not slice or key == slice(None):
            return super().__getitem__(key)
        if state.trace is not None or (state.recording and self._recorded):
            return CSRNDArray._like(self._dense()[key].copy())
        return CSRNDArray._of(pick_rows(self._parts(), range(self.shape[0])[key]), self.context)

    def asscipy(self) -> Any:
        """A copy as a ``scipy.sparse.csr_matrix``; needs SciPy."""
        import scipy.sparse

        shape, values, indices, indptr = self._parts()
        return scipy.sparse.csr_matrix((values.copy(), indices.copy(), indptr.copy()), shape=shape)

    def _problem(self, full: bool) -> str | None:
        _, values, indices, indptr = self._parts()
        if len(values) != len(indices):
            return f"{len(indices)} indices, but {len(values)} values"
        if len(indptr) != self.shape[0] + 1:
            return f"an indptr of {len(indptr)} places, not one more than it has rows"
        if indptr[0] != 0 or indptr[-1] != len(indices):
            return f"an indptr that does not go from 0 to {len(indices)}"
        if full and (np.diff(indptr) < 0).any():
            return "an indptr that does not ascend"
        if full and len(indices):
            if indices.min() < 0 or indices.max() >= self.shape[1]:
                return f"indices that are not columns from 0 to {self.shape[1] - 1}"
            rows = rows_of(self._parts())
            if ((np.diff(rows) == 0) & (np.diff(indices) <= 0)).any():
                return "indices that do not ascend in each row"
        return None


def pick_rows(parts: CSR, rows: Any) -> CSR:
    """Some rows of a matrix, in the order given."""
    rows = np.asarray(rows, np.int64).reshape(-1)
    counts = np.diff(parts.indptr)[rows]
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    # place k of the result is place k - indptr[row] + parts.indptr[row] of the source
    at = np.arange(indptr[-1]) + np.repeat(parts.indptr[rows] - indptr[:-1], counts)
    return CSR((len(rows), parts.shape[1]), parts.values[at], parts.indices[at], indptr)


def kind(stype: str) -> Any:
    """The class of a storage type."""
    _check_stype(stype)
    return {"default": NDArray, "row_sparse": RowSparseNDArray, "csr": CSRNDArray}[stype]


def _check_stype(stype: str) -> None:
    if stype not in ("default", "row_sparse", "csr"):
        raise ValueError(f"a storage type is 'default', 'row_sparse' or 'csr', not {stype!r}")


def mark_of(weight: NDArray) -> NDArray | None:
    """For a weight with a row_sparse gradient: a leaf whose gradient collects the touched rows.

    An operator that reads some rows of the weight takes this array, of shape (rows,), as another
    input. Its gradient is positive for the rows that were read, even where theirs is zero. It
    passes through regions and hybridized blocks as any gradient does.
    """
    entry = weight._entry
    grad = entry.grad if type(entry) is Variable else None
    if not isinstance(grad, RowSparseNDArray):
        return None
    if grad._mark is None:
        if not (state.recording or state.trace is not None):
            return None
        shape, ctx = weight.shape[:1], weight.context
        mark = zeros_later(shape, ctx, np.dtype(np.float32))
        counts = zeros_later(shape, ctx, np.dtype(np.float32))
        mark._entry = Variable(counts, entry.grad_req, plain=True)
        grad._mark = mark
    grad._mark._entry.grad_req = entry.grad_req
    return grad._mark


def rows_of_dense(x: NDArray, row_id: NDArray) -> NDArray:
    """Some rows of a dense array, as a row_sparse one whose gradient is that of ``x``.

    Inside a hybridized block the rows have no numbers yet: then all of ``x``.
    """
    if state.trace is not None:
        return x
    rows = np.unique(np.asarray(row_id._data).reshape(-1).astype(np.int64))
    rows = rows[(rows >= 0) & (rows < x.shape[0])]
    y = RowSparseNDArray._of(Rows(x.shape, np.asarray(x._data)[rows], rows), x.context)
    y._entry = x._entry
    return y


def _rebuild(stype: str, parts: tuple, ctx: Context) -> BaseSparseNDArray:
    return kind(stype)._of((Rows if stype == "row_sparse" else CSR)(*parts), ctx)
