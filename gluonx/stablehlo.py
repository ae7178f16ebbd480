"""Networks as compiled programs: what ``HybridBlock.export(format='stablehlo')`` does."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from . import autograd
from . import ndarray as nd
from .block import HybridBlock
from .context import Context, current_context
from .engine import program
from .engine.buffer import Buffer
from .engine.kernel import Aval
from .engine.state import state
from .engine.trace import Trace, trace_kernel
from .error import MXNetError
from .hosts import at_hand, once
from .ndarray import NDArray
from .ndarray.dispatch import call
from .serialization import npz
from .serialization.files import open_read, open_write
from .symbol_block import unknown_values

__all__ = ["StableHLOBlock", "export"]


def _inputs(block: HybridBlock, given: Any) -> list[Aval]:
    """Shapes and dtypes of the inputs: as given, or those of the last call."""
    if given is None:
        cache = block._cache
        if cache is None or cache.avals is None:
            raise MXNetError(
                "export(format='stablehlo') writes a program for certain shapes; give them, "
                "inputs=[(1, 3, 224, 224)], or call the hybridized network once, net(x)"
            )
        return [Aval(*a) for a in cache.avals]
    found = []
    for x in given if isinstance(given, (list, tuple)) else [given]:
        shape, dtype = (x.shape, x.dtype) if hasattr(x, "shape") else (x, np.float32)
        if isinstance(x, tuple) and len(x) == 2 and isinstance(x[0], (tuple, list)):
            shape, dtype = x
        if not isinstance(shape, (tuple, list)):
            raise TypeError(
                "inputs must be a list with an array, a shape, or a pair of shape and dtype for "
                f"each input of the network; got {x!r}"
            )
        found.append((shape, jax.numpy.dtype(dtype)))
    return program.specs(found)


def export(
    block: HybridBlock, path: Any, epoch: int, inputs: Any, platforms: Any, gradients: bool
) -> None:
    """See :meth:`HybridBlock.export`."""
    program.check_installed()
    avals = _inputs(block, inputs)
    fixed = all(isinstance(n, int) for a in avals for n in a.shape)
    params = block.collect_params()
    if fixed and any(p._deferred is not None for p in params.values()):
        block.infer_shape(*[nd.zeros(a.shape, dtype=a.dtype) for a in avals])
    unknown_values(params)
    used = {n: p.list_data()[0] for n, p in params.items()}
    ctx = next(iter(used.values())).context if used else current_context()

    def run(trace: Trace, buffers: list[Buffer]) -> tuple[list[Any], Any]:
        out = block.forward(*[NDArray._new(b) for b in buffers])
        made = [out] if isinstance(out, NDArray) else list(_arrays(out))
        return [x._data for x in made], isinstance(out, NDArray)

    try:
        with autograd.pause(train_mode=False):
            traced = trace_kernel(run, block.name, ctx, list(used.values()), avals)
    except Exception as e:
        if fixed or isinstance(e, MXNetError):
            raise
        raise MXNetError(
            f"{block.name} cannot be exported with extents that are only names: "
            f"{str(e).splitlines()[0]} Give numbers in their place"
        ) from e
    taken = [Aval(x.shape, x._buffer.dtype) for x in traced.states]
    taken += [avals[i] for i in traced.inputs]
    random = [Aval((3,), np.dtype("uint32"))] if traced.draws else []
    if random and program.needs_last(traced.kernel.fn, [*taken, *random]):
        raise MXNetError(
            f"{block.name} draws random numbers in prediction mode; a program in a file would draw "
            "the same ones at each call. Give them to the network as an input"
        )
    names = {id(x._buffer): n for n, x in used.items()}
    kept = {names[i]: x for x in traced.states if (i := id(x._buffer)) in names}
    constants = {id(x._buffer): x.asnumpy() for x in traced.states if id(x._buffer) not in names}
    bits = {n: x for n, x in kept.items() if x._buffer.dtype == jax.numpy.bfloat16}

    def network(params: dict[str, Any], *arrays: Any) -> Any:
        states = []
        for x in traced.states:
            name = names.get(id(x._buffer), "")
            value = params[name] if name else constants[id(x._buffer)]
            states.append(
                jax.lax.bitcast_convert_type(value, jax.numpy.bfloat16) if name in bits else value
            )
        unused = [np.zeros(a.shape, a.dtype) for a in random]
        outs = traced.kernel.fn(*states, *[arrays[i] for i in traced.inputs], *unused)
        outs = outs[: traced.kernel.visible]
        return outs[0] if traced.result else list(outs)

    values = {n: x.asnumpy() for n, x in kept.items()}
    values.update({n: values[n].view(np.uint16) for n in bits})  # NumPy's files have no bfloat16
    shapes = {n: Aval(v.shape, v.dtype) for n, v in values.items()}
    content = program.save(network, [shapes, *avals], platforms, int(gradients))
    stem = f"{os.fspath(path)}-{epoch:04d}"
    with once(stem + ".npz") as mine:
        if mine:
            with open_write(stem + ".npz") as file:
                np.savez(file, **values)
    with once(stem + ".stablehlo") as mine:
        if mine:
            with open_write(stem + ".stablehlo") as file:
                file.write(content)


def _arrays(tree: Any) -> Sequence[NDArray]:
    """The arrays in nested lists."""
    if isinstance(tree, NDArray):
        return [tree]
    return [x for item in tree for x in _arrays(item)]


class StableHLOBlock(HybridBlock):
    """A block whose code is a compiled program; made by :meth:`imports`.

    It computes what the exported network did in prediction mode, for the shapes that it was
    exported for.

    Examples
    --------
    >>> import gluonx as gx
    >>> net = gx.nn.Dense(2, in_units=3); net.initialize()
    >>> net.export('/tmp/gluonx-doc-program', format='stablehlo', inputs=[('batch', 3)])
    >>> again = gx.gluon.StableHLOBlock.imports('/tmp/gluonx-doc-program-0000.stablehlo')
    >>> again(gx.nd.ones((4, 3))).shape
    (4, 2)
    """

    def __init__(self, exported: Any, name: str):
        super().__init__(prefix="")
        # the first argument holds the parameters by name, see export()
        (tree, *_), _ = exported.in_tree.unflatten(range(len(exported.in_avals)))
        self._names = sorted(tree, key=tree.get)
        count = len(self._names)
        self._single = exported.out_tree.num_nodes == 1
        self._exported, self._file = exported, name
        self._kernel = program.kernel_of(exported, self._names, "stablehlo")
        self._given = exported.in_avals[count:]
        for n, aval in zip(self._names, exported.in_avals, strict=False):
            whole = not np.issubdtype(aval.dtype, np.floating)
            self._reg_params[n] = self.params.get(
                n, shape=tuple(aval.shape), dtype=aval.dtype, grad_req="null" if whole else "write"
            )

    @staticmethod
    def imports(program_file: Any, param_file: Any = None, ctx: Any = None) -> StableHLOBlock:
        """A block from the files that ``HybridBlock.export(format='stablehlo')`` wrote.

        Parameters
        ----------
        program_file : str or path
            ``path-0000.stablehlo``.
        param_file : str or path, optional
            By default the ``.npz`` file beside it.
        ctx : Context or list of Context, optional
            Where to put the parameters.

        Raises
        ------
        MXNetError
            If a file is damaged, or the program was made for another platform.
        ValueError
            If the parameters are not those of the program.
        """
        name = os.fspath(program_file)
        with at_hand(name) as found, open_read(found) as file:
            exported = program.load(file.read(), name)
        contexts = [ctx] if isinstance(ctx, Context) else list(ctx or [current_context()])
        for c in contexts:
            platform = "cuda" if c.device.platform == "gpu" else c.device.platform
            if platform not in exported.platforms:
                raise MXNetError(
                    f"{name} was exported for {', '.join(exported.platforms)}, not for {platform}; "
                    f"export it with platforms=['{platform}']"
                )
        block = StableHLOBlock(exported, name)
        source = os.fspath(param_file) if param_file is not None else _beside(name)
        with at_hand(source) as found, open_read(found) as file:
            arrays, names = npz.load(file.read(), source)
        values = dict(zip(names, arrays, strict=True))
        params = block._reg_params
        if set(values) != set(params):
            raise ValueError(
                f"{source} is not of {name}: it lacks {sorted(set(params) - set(values))} and has "
                f"{sorted(set(values) - set(params))} besides"
            )
        for n, p in params.items():
            if values[n].shape != p.shape:
                raise ValueError(f"{source}: {n} has shape {values[n].shape}, needs {p.shape}")
            p.initialize("zeros", contexts)
            p.set_data(nd.array(values[n], dtype=values[n].dtype))
        return block

    def __repr__(self) -> str:
        shapes = ", ".join(str(a) for a in self._given)
        return f"{type(self).__name__}({self._file}: {shapes})"

    def forward(self, *args: NDArray) -> Any:
        """Compute the outputs from the inputs."""
        if len(args) != len(self._given):
            raise TypeError(f"{self._file} takes {len(self._given)} inputs, got {len(args)}")
        for k, (x, aval) in enumerate(zip(args, self._given, strict=True)):
            want = tuple(aval.shape)
            if len(want) != x.ndim or any(
                isinstance(n, int) and n != m for n, m in zip(want, x.shape, strict=True)
            ):
                raise ValueError(
                    f"input {k} of {self._file} must have shape ({', '.join(map(str, want))}), as "
                    f"it was exported; got {x.shape}"
                )
        ctx = args[0].context if args else current_context()
        arrays = [p.data(ctx) for p in self._reg_params.values()]
        arrays += [x.astype(a.dtype, copy=False) for x, a in zip(args, self._given, strict=True)]
        if state.recording and not self._exported.has_vjp():
            with autograd.pause():
                made = call(self._kernel, arrays, [], ctx=ctx)
        else:
            made = call(self._kernel, arrays, [], ctx=ctx)
        if self._single:
            return made
        return [made] if isinstance(made, NDArray) else made


def _beside(name: str) -> str:
    return (name[: -len(".stablehlo")] if name.endswith(".stablehlo") else name) + ".npz"
