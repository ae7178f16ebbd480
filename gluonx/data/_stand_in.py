"""gluonx as a worker process sees it: the parts that read data are real, of the rest only names.

A module that says ``from gluonx import gluon, nd`` and defines datasets beside networks can be
imported here; what needs JAX says so when it is called. This file imports neither gluonx nor JAX.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from types import ModuleType
from typing import Any

__all__ = ["install", "serving"]

#: Modules that are what they always are; they import no JAX.
REAL = (
    "data", "download", "error", "image", "pixels", "recordio", "serialization",
)  # fmt: skip

_serving = False


def serving() -> None:
    """From now on calling what is not there is an error; while modules are imported it is not."""
    global _serving
    _serving = True


class Absent(type):
    """Class of the stand-ins: classes, so that there can be subclasses of them, in name only."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return absent(f"{cls.__qualname__}.{name}")

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if not _serving:
            return absent(f"{cls.__qualname__}(...)")
        raise RuntimeError(
            f"{cls.__qualname__} was called in a worker process of a DataLoader. Workers read data "
            "with NumPy and have no JAX: return NumPy arrays (the loader makes NDArrays of them), "
            "or use threads, DataLoader(..., thread_pool=True)"
        )

    def __iter__(cls) -> Any:
        raise TypeError(f"{cls.__qualname__} is not there in a worker process")

    def __instancecheck__(cls, instance: Any) -> bool:
        return any(cls is base for base in type(instance).__mro__)


def _operator(name: str) -> Any:
    return lambda cls, *others: absent(f"{cls.__qualname__}.{name}(...)")


for _name in (
    "add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv pow rpow neg abs matmul "
    "rmatmul lt le gt ge getitem"
).split():
    setattr(Absent, f"__{_name}__", _operator(f"__{_name}__"))


def absent(name: str) -> Any:
    """A stand-in for what a worker does not have."""
    return Absent(name.rpartition(".")[2], (), {"__qualname__": name, "__module__": "gluonx"})


class Block:
    """A Block without parameters: children, ``forward``, and calling it."""

    def __init__(self, prefix: Any = None, params: Any = None):
        self._children: dict[str, Any] = {}

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Block):
            self._children[name] = value
        super().__setattr__(name, value)

    def register_child(self, block: Any, name: str | None = None) -> None:
        self._children[str(len(self._children)) if name is None else name] = block

    def name_scope(self) -> Any:
        return contextlib.nullcontext()

    def hybridize(self, *args: Any, **kwargs: Any) -> None:
        pass

    initialize = cast = reset_ctx = hybridize

    def __call__(self, *args: Any) -> Any:
        return self.forward(*args)

    def forward(self, *args: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define forward()")


class HybridBlock(Block):
    def forward(self, x: Any, *args: Any) -> Any:
        hybrid = getattr(self, "hybrid_forward", None)
        if hybrid is None:
            raise NotImplementedError(f"{type(self).__name__} must define hybrid_forward()")
        return hybrid(absent("F"), x, *args)


class Sequential(Block):
    def add(self, *blocks: Any) -> None:
        for block in blocks:
            self.register_child(block)

    def forward(self, x: Any, *args: Any) -> Any:
        for block in self._children.values():
            x = block(x, *args)
            args = ()
            if isinstance(x, (tuple, list)):
                x, args = x[0], tuple(x[1:])
        return (x, *args) if args else x

    def __len__(self) -> int:
        return len(self._children)

    def __getitem__(self, key: Any) -> Any:
        return list(self._children.values())[key]


class HybridSequential(Sequential, HybridBlock):
    pass


class Lambda(Block):  # the attributes' names are those of gluonx.nn.Lambda: they come pickled
    def __init__(self, function: Any, prefix: Any = None):
        super().__init__()
        self._func_impl = absent(f"nd.{function}") if isinstance(function, str) else function

    def forward(self, *args: Any) -> Any:
        return self._func_impl(*args)


class HybridLambda(HybridBlock):
    def __init__(self, function: Any, prefix: Any = None):
        super().__init__()
        self._func = function

    def hybrid_forward(self, F: Any, x: Any, *args: Any) -> Any:
        if isinstance(self._func, str):
            return getattr(F, self._func)(x, *args)
        return self._func(F, x, *args)


class Identity(HybridBlock):
    def forward(self, x: Any) -> Any:
        return x


_BLOCKS = {"Block": Block, "HybridBlock": HybridBlock}
_LAYERS = {
    **_BLOCKS, "Sequential": Sequential, "HybridSequential": HybridSequential, "Lambda": Lambda,
    "HybridLambda": HybridLambda, "Identity": Identity,
}  # fmt: skip


class _Module(ModuleType):
    """A module all of whose names are there."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        full = f"{self.__name__}.{name}"
        found = self._shortcut(name)
        if found is None:
            found = sys.modules.get(full) or absent(full)
        setattr(self, name, found)
        return found

    def _shortcut(self, name: str) -> Any:
        return None


class _Package(_Module):
    """``gluonx`` itself, and ``gluonx.gluon``."""

    def _shortcut(self, name: str) -> Any:
        if name in _BLOCKS:
            return _BLOCKS[name]
        name = {"nd": "ndarray", "sym": "symbol", "init": "initializer"}.get(name, name)
        if name[0].islower():  # a module, in all likelihood
            with contextlib.suppress(ImportError):
                return importlib.import_module(f"gluonx.{name}")
        return None


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, folder: str):
        self._folder = folder

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        head, _, rest = fullname.partition(".")
        if head != "gluonx":
            return None
        if rest != "data" and (rest.startswith("_") or rest.partition(".")[0] in REAL):
            return importlib.machinery.PathFinder.find_spec(fullname, path)
        known = rest in ("", "data", "gluon") or rest.startswith("gluon.")
        if not known and rest.count(".") == 0 and not self._exists(rest):
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def _exists(self, name: str) -> bool:
        found = importlib.machinery.PathFinder.find_spec(f"gluonx.{name}", [self._folder])
        return found is not None

    def create_module(self, spec: Any) -> ModuleType:
        name = spec.name.removeprefix("gluonx").lstrip(".")
        if name == "gluon":
            module: ModuleType = _Package("gluonx.gluon")
        elif name.startswith("gluon."):  # the same module under another name
            return importlib.import_module(f"gluonx.{name.removeprefix('gluon.')}")
        elif name == "":
            module = _Package("gluonx")
        elif name == "data":
            module = _Data("gluonx.data")
        else:
            module = _Module(spec.name)
        if name == "block":
            module.__dict__.update(_BLOCKS)
        elif name == "nn" or name.startswith("nn."):
            module.__dict__.update(_LAYERS)
        return module

    def exec_module(self, module: ModuleType) -> None:
        if module.__name__ in ("gluonx", "gluonx.data"):
            tail = module.__name__.removeprefix("gluonx").replace(".", "/")
            module.__path__ = [self._folder + tail]


class _Data(_Module):
    """``gluonx.data``: its modules are real, and imported only when something of them is wanted."""

    _where = ("dataset", "sampler", "batchify", "dataloader", "_rng")

    def _shortcut(self, name: str) -> Any:
        with contextlib.suppress(ModuleNotFoundError):
            return importlib.import_module(f"gluonx.data.{name}")
        for part in self._where:
            module = importlib.import_module(f"gluonx.data.{part}")
            if name in vars(module):
                return vars(module)[name]
        return None


def install(folder: str) -> None:
    """Let ``import gluonx`` find the stand-ins.

    Parameters
    ----------
    folder : str
        Where gluonx is: the folder with its ``__init__.py``.
    """
    sys.meta_path.insert(0, _Finder(folder))
