"""Every layer and cell through every property: as MXNet, hybridized, deferred, saved, cast, ...

The layers are listed in ``layers.py``; MXNet's values are in ``reference/`` (see
``reference/make_reference.py`` for how to make them again).
"""

import functools
import inspect
from pathlib import Path

import numpy as np
import pytest
from layers import BASES, CELLS, LAYERS

import gluonx as gx
from gluonx import autograd, gluon, nd, nn

IDS = [f"{i}-{layer.text}" for i, layer in enumerate(LAYERS)]
MODES = pytest.mark.parametrize("mode", ["train", "predict"])


def each(chosen=lambda layer: True):
    """Parametrize a test over the layers for which ``chosen`` is true."""
    rows = [
        pytest.param(layer, id=name)
        for layer, name in zip(LAYERS, IDS, strict=True)
        if chosen(layer)
    ]
    return pytest.mark.parametrize("layer", rows)


def made(layer, known=False, ctx=None, shaped=True):
    """The layer with its parameters set; ``shaped`` runs it once, so that they have shapes."""
    net = layer.make(nn, known)
    net.initialize(ctx=ctx)
    if shaped:
        net(nd.array(layer.data(1 if layer.shape[0] > 1 else None), ctx=ctx[0] if ctx else None))
    fill(layer, net)
    return net


def fill(layer, net):
    for name, p in net._collect_params_with_prefix().items():
        p.set_data(nd.array(layer.parameter(name, p.shape)))


def run(layer, net, mode, dtype=None, ctx=None, data=None, head=None):
    """What the layer computes: named NumPy arrays."""
    x = nd.array(layer.data() if data is None else data, ctx=ctx)
    if dtype and not layer.integers:
        x = x.astype(dtype)
    x.attach_grad()
    gx.random.seed(3)
    with autograd.record(train_mode=mode == "train"):
        y = net(x)
    head = layer.head(y.shape) if head is None else head
    if net.collect_params() or not layer.integers:
        y.backward(nd.array(head, ctx=ctx, dtype=y.dtype))
    found = {"output": y.asnumpy()}
    if not layer.integers:
        found["input"] = x.grad.asnumpy()
    for name, p in net._collect_params_with_prefix().items():
        if p.grad_req != "null":
            found[f"gradient of {name}"] = p.grad(ctx).asnumpy()
        elif "running" in name:
            found[f"new {name}"] = p.data(ctx).asnumpy()
    return found


def same(got, want, rtol=1e-5, atol=5e-6):
    assert got.keys() == want.keys()
    for what, a in want.items():
        b = got[what]
        assert b.shape == a.shape, what
        np.testing.assert_allclose(
            b.astype("float32"), a.astype("float32"), rtol=rtol, atol=atol, err_msg=what
        )


@functools.cache
def stored():
    with np.load(Path(__file__).parent / "reference" / "layers.npz") as file:
        texts, index, data = str(file["layers"]), str(file["index"]), file["data"].tobytes()
    found, at = {}, 0
    for line in index.split("\n"):
        name, dtype, shape = line.rsplit("|", 2)
        shape = tuple(int(n) for n in shape.split(",") if n)
        count = int(np.prod(shape))
        found[name] = np.frombuffer(data, dtype, count, at).reshape(shape)
        at += count * np.dtype(dtype).itemsize
    return texts.split("\n"), found


def check_mxnet(layer, net, mode):
    texts, arrays = stored()
    at = (LAYERS + CELLS).index(layer)
    assert texts[at : at + 1] == [f"{at}|{layer.text}|{layer.shape}"], (
        "the list of layers has changed; run tests/layers/reference/make_reference.py with a "
        "Python that has mxnet 1.9.1"
    )
    begin = f"{at} {mode} "
    want = {k[len(begin) :]: v for k, v in arrays.items() if k.startswith(begin)}
    got = run(layer, net, mode)
    assert got["output"].shape == tuple(want.pop("shape"))
    for what, a in want.items():
        assert got[what].dtype == a.dtype
        np.testing.assert_allclose(got[what], a, rtol=1e-4, atol=1e-5, err_msg=what)


@each(lambda layer: not layer.missing)
@MODES
def test_mxnet(layer, mode):
    check_mxnet(layer, made(layer), mode)


@each(lambda layer: layer.hybrid)
@MODES
def test_hybridized_equals_eager(layer, mode):
    eager, compiled = made(layer), made(layer)
    compiled.hybridize()
    for _ in range(2):  # traced, then from the cache; running statistics go on
        same(run(layer, compiled, mode), run(layer, eager, mode))


@each(lambda layer: layer.hybrid)
def test_second_call_traces_nothing(layer):
    class Counting(gluon.HybridBlock):
        def __init__(self):
            super().__init__()
            self.inner = made(layer)
            self.runs = []

        def forward(self, x):
            self.runs.append(x.shape)
            return self.inner(x)

    net = Counting()
    net.hybridize()
    x = nd.array(layer.data())
    for k in range(3):
        net(x)
        with autograd.record():
            net(x)
        if k == 0:
            first = len(net.runs)
    assert len(net.runs) == first


@each(lambda layer: layer.known)
@pytest.mark.parametrize("hybridize", [False, True], ids=["eager", "hybridized"])
def test_deferred_shapes_are_the_given_ones(layer, hybridize):
    deferred, given = layer.make(nn), made(layer, known=True, shaped=False)
    deferred.initialize()
    if hybridize:
        deferred.hybridize()
    before = {k: p.shape for k, p in deferred._collect_params_with_prefix().items()}
    assert any(0 in shape for shape in before.values())
    deferred(nd.array(layer.data()))
    after = {k: p.shape for k, p in deferred._collect_params_with_prefix().items()}
    assert after == {k: p.shape for k, p in given._collect_params_with_prefix().items()}
    fill(layer, deferred)
    same(run(layer, deferred, "train"), run(layer, given, "train"))


@each(lambda layer: layer.known)
def test_infer_shape_computes_nothing(layer):
    net = layer.make(nn)
    net.initialize()
    if isinstance(net, gluon.HybridBlock):
        net.infer_shape(nd.array(layer.data()))
        assert all(0 not in p.shape for p in net.collect_params().values())


@each()
def test_saved_parameters_load(layer, tmp_path):
    net, fresh = made(layer), layer.make(nn)
    net.save_parameters(tmp_path / "p.params")
    fresh.load_parameters(tmp_path / "p.params")
    same(run(layer, fresh, "train"), run(layer, net, "train"), rtol=0, atol=0)


@each()
@pytest.mark.parametrize(
    "dtype, hybridize", [("float16", False), ("bfloat16", False), ("bfloat16", True)]
)
def test_half_precision(layer, dtype, hybridize):
    if hybridize and not layer.hybrid:
        pytest.skip("cannot be hybridized")
    single, half = made(layer), made(layer)
    half.cast(dtype)
    if hybridize:
        half.hybridize()
    got = run(layer, half, "train", dtype)
    if not layer.integers or net_casts(layer):
        assert str(np.dtype(got["output"].dtype)) == dtype
    tolerance = layer.half_tol * (8 if dtype == "bfloat16" else 1)
    same(got, run(layer, single, "train"), rtol=tolerance, atol=tolerance)


def net_casts(layer):
    """Whether the layer's output has the type of its parameters, whatever the input's."""
    return "Embedding" in layer.text or layer.text in ("nested",)


@each()
@pytest.mark.parametrize("hybridize", [False, True], ids=["eager", "hybridized"])
def test_two_contexts_are_one(layer, hybridize):
    net = made(layer, ctx=[gx.cpu(0), gx.cpu(1)])
    if hybridize:
        net.hybridize()
    check_two_contexts(layer, net, made(layer))


def check_two_contexts(layer, net, single):
    """Halves of a batch on two devices give what the whole does on one."""
    mode = "predict" if layer.batch or layer.random else "train"
    whole = run(layer, single, mode)
    middle = layer.shape[layer.axis] // 2
    data = np.split(layer.data(), [middle], layer.axis)
    heads = np.split(layer.head(whole["output"].shape), [middle])
    found = [
        run(layer, net, mode, ctx=gx.cpu(i), data=x, head=head)
        for i, (x, head) in enumerate(zip(data, heads, strict=True))
    ]
    joined = {
        what: np.concatenate([f[what] for f in found], layer.axis if what == "input" else 0)
        if what in ("output", "input")
        else found[0][what]
        if what.startswith("new")
        else found[0][what] + found[1][what]
        for what in whole
    }
    same(joined, whole, atol=1e-5)  # sums over the batch are taken in another order


@each()
def test_repr_is_the_same_after_hybridize(layer):
    net = made(layer)
    text = repr(net)
    assert type(net).__name__ in text
    net.hybridize()
    assert repr(net) == text


@each(lambda layer: layer.hybrid)
def test_exported_layer_gives_the_same_numbers(layer, tmp_path):
    check_exported(layer, made(layer), tmp_path)


def check_exported(layer, net, folder):
    """The graph in files computes what the network does."""
    x = nd.array(layer.data())
    net.export(folder / "layer")
    files = (folder / f"layer-{end}" for end in ("symbol.json", "0000.params"))
    again = gluon.SymbolBlock.imports(next(files), "data", next(files))
    again.hybridize(bool(layer.layout))  # what is unrolled has many operators
    np.testing.assert_allclose(again(x).asnumpy(), net(x).asnumpy(), rtol=1e-5, atol=1e-6)


# -- cells ----------------------------------------------------------------------------------------


def unrolled(layer, known=False, ctx=None, dtype=None):
    """A cell along its sequence, hybridized if it can be, with its parameters set."""
    net = layer.make(nn, known)
    net.initialize(ctx=ctx)
    if isinstance(net, gluon.HybridBlock):
        net.infer_shape(nd.array(layer.data()))
    else:
        net(nd.array(layer.data()))
    fill(layer, net)
    if dtype:
        net.cast(dtype)
    net.hybridize()
    return net


@pytest.mark.parametrize(
    "layer",
    [
        pytest.param(layer, id=layer.text, marks=() if layer.quick else pytest.mark.slow)
        for layer in CELLS
    ],
)
def test_every_property_of_a_cell(layer, tmp_path, compilations):
    net, given = unrolled(layer), unrolled(layer, known=True)
    shapes = [
        {k: p.shape for k, p in n._collect_params_with_prefix().items()} for n in (net, given)
    ]
    assert shapes[0] == shapes[1]

    text = repr(net)
    net.hybridize(False)
    assert repr(net) == text and type(net.cell).__name__ in text
    eager = {mode: run(layer, net, mode) for mode in ("train", "predict")}
    net.hybridize()
    for mode in eager:
        same(run(layer, net, mode), eager[mode])
        if not layer.missing:
            check_mxnet(layer, net, mode)
    with compilations() as compiled:
        run(layer, net, "train")
    assert compiled == []

    net.save_parameters(tmp_path / "p.params")
    fresh = layer.make(nn)
    fresh.load_parameters(tmp_path / "p.params")
    fresh.hybridize()
    same(run(layer, fresh, "predict"), run(layer, net, "predict"), rtol=0, atol=0)
    if layer.hybrid:
        check_exported(layer, net, tmp_path)

    check_two_contexts(layer, unrolled(layer, ctx=[gx.cpu(0), gx.cpu(1)]), net)
    got = run(layer, unrolled(layer, dtype="float16"), "train", "float16")
    assert got["output"].dtype == np.float16
    same(got, eager["train"], rtol=layer.half_tol, atol=layer.half_tol)


# -- the lists ------------------------------------------------------------------------------------


def test_every_public_class_is_in_a_list():
    seen = set()

    def walk(block):
        seen.add(type(block))
        for child in block._children.values():
            walk(child)

    for layer in LAYERS + CELLS:
        walk(layer.make(nn))
    contrib = gluon.contrib
    modules = (nn, gluon.rnn, contrib.nn, contrib.cnn, contrib.rnn)
    public = {
        name: kind
        for module in modules
        for name in module.__all__
        if inspect.isclass(kind := getattr(module, name))
    }
    missing = {name for name, kind in public.items() if kind not in seen}
    assert missing == set(BASES), "give each class a row in tests/layers/layers.py"
