"""``x.numpy``: a NumPy array that writes back (the spelling of 2015)."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["HostView"]


class HostView(np.ndarray):
    """A host copy of an NDArray whose assignments and in-place operators change the NDArray too.

    It does not follow later changes of the NDArray: take ``x.numpy`` again. Calling it,
    ``x.numpy()``, gives a plain copy.
    """

    _source: Any = None
    _whole: HostView | None = None

    @classmethod
    def of(cls, x: Any) -> HostView:
        view = x.asnumpy().view(cls)
        view._source = x
        return view

    def __array_finalize__(self, parent: Any) -> None:
        if isinstance(parent, HostView):  # a part, or a copy
            self._whole = parent if parent._source is not None else parent._whole

    def __call__(self) -> np.ndarray:
        return np.array(self)

    def _write_back(self) -> None:
        whole = self if self._source is not None else self._whole
        if whole is not None and np.may_share_memory(self, whole):
            whole._source[:] = np.asarray(whole)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        self._write_back()

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        plain = [np.asarray(x) if isinstance(x, HostView) else x for x in inputs]
        out = kwargs.get("out", ())
        if out:
            kwargs["out"] = tuple(np.asarray(x) if isinstance(x, HostView) else x for x in out)
        result = getattr(ufunc, method)(*plain, **kwargs)
        for x in out:
            if isinstance(x, HostView):
                x._write_back()
                return x
        return result
