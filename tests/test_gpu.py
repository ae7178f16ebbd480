"""What only a GPU can show: values as on the CPU, one program for a step, arrays that move."""

import jax
import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, engine, gluon, nd, nn, rnn

pytestmark = pytest.mark.gpu

CPU, GPU = gx.cpu(), gx.gpu()


@pytest.fixture(autouse=True)
def float32():
    """Products in float32, as on a CPU; by default JAX has a GPU make them in TF32."""
    with jax.default_matmul_precision("highest"):
        yield


def lenet():
    net = nn.HybridSequential()
    net.add(
        nn.Conv2D(8, 5, activation="relu"), nn.MaxPool2D(2, 2), nn.Conv2D(8, 3, groups=2),
        nn.BatchNorm(), nn.Activation("relu"), nn.Conv2D(8, 3, groups=8), nn.GlobalAvgPool2D(),
        nn.Dropout(0.3), nn.Dense(10),
    )  # fmt: skip
    return net


def language_model():
    class Model(nn.HybridBlock):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(20, 8)
            self.lstm = rnn.LSTM(8, num_layers=2, layout="NTC")
            self.norm = nn.LayerNorm()
            self.out = nn.Dense(20, flatten=False)

        def forward(self, x):
            return self.out(self.norm(self.lstm(self.embed(x))))

    return Model()


def trained(make, x, y, ctx, hybridize, steps=4):
    """Losses and parameters after some steps, from the same beginning."""
    gx.random.seed(3)
    net = make()
    net.initialize(gx.init.Xavier(), ctx=ctx)
    with autograd.pause():
        net(nd.array(x[:2], ctx=ctx))
    for i, (name, p) in enumerate(net.collect_params().items()):
        values = np.random.RandomState(i).normal(0, 0.3, p.shape)
        p.set_data(nd.array(np.abs(values) if "var" in name else values, ctx=ctx))
    if hybridize:
        net.hybridize()
    loss_of = gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1, "momentum": 0.9})
    x, y, losses = nd.array(x, ctx=ctx), nd.array(y, ctx=ctx), []
    for _ in range(steps):
        with autograd.record():
            loss = loss_of(net(x), y)
        loss.backward()
        trainer.step(len(x))
        losses.append(loss)
    losses = [loss.mean().asscalar() for loss in losses]
    return losses, [p.data().asnumpy() for p in net.collect_params().values()]


IMAGES = np.random.RandomState(0).normal(size=(6, 1, 20, 20)).astype("float32")
TOKENS = np.random.RandomState(1).randint(0, 20, (4, 9)).astype("float32")


def test_training_gives_what_the_cpu_gives(monkeypatch):
    monkeypatch.setattr(nn.Dropout, "__init__", lambda self, rate: nn.Identity.__init__(self))
    monkeypatch.setattr(nn.Dropout, "forward", lambda self, x: x)
    for make, x, y in (
        (lenet, IMAGES, np.arange(6)),
        (language_model, TOKENS, np.roll(TOKENS, 1, 1)),
    ):
        want = trained(make, x, y, CPU, True)
        for hybridize in (False, True):
            got = trained(make, x, y, GPU, hybridize)
            np.testing.assert_allclose(got[0], want[0], rtol=1e-4)
            for a, b in zip(got[1], want[1], strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


def test_dropout_is_the_same_hybridized_or_not():
    eager = trained(lenet, IMAGES, np.arange(6), GPU, False)
    fused = trained(lenet, IMAGES, np.arange(6), GPU, True)
    np.testing.assert_allclose(fused[0], eager[0], rtol=1e-4)


def test_a_step_is_one_program_that_gives_up_its_arrays(compilations):
    net = nn.Dense(4, in_units=3, prefix="on_gpu_")
    net.initialize(ctx=GPU)
    net.hybridize()
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1, "momentum": 0.9})
    x = nd.ones((2, 3), ctx=GPU)

    def step():
        with autograd.record():
            loss = net(x).sum()
        loss.backward()
        trainer.step(2)
        return loss

    for _ in range(3):
        step()
    nd.waitall()
    old = net.weight.data().asjax()
    step()
    with compilations() as names:
        for _ in range(10):
            step()
        nd.waitall()
    assert not names
    assert np.isfinite(np.asarray(old)).all()  # somebody has it
    assert net.weight.data().context == net.weight.grad().context == GPU
    assert "on_gpu + sum + backward + update: compiled 1 time" in str(engine.explain())


def test_arrays_move_between_devices():
    x = nd.arange(6, ctx=CPU).reshape((2, 3))
    y = x.as_in_context(GPU)
    assert (x.context, y.context) == (CPU, GPU)
    assert y.as_in_context(GPU) is y
    y[0] = 7
    assert x.asnumpy().tolist() == [[0, 1, 2], [3, 4, 5]]
    assert y.copyto(CPU).asnumpy().tolist() == [[7, 7, 7], [3, 4, 5]]
    z = nd.zeros((2, 3), ctx=CPU)
    y.copyto(z)
    assert z.context == CPU
    assert z.asnumpy().tolist() == y.asnumpy().tolist()
    z.attach_grad()
    with autograd.record():
        loss = (z.as_in_context(GPU) * y).as_in_context(CPU).sum()
    loss.backward()
    assert z.grad.context == CPU
    assert z.grad.asnumpy().tolist() == y.asnumpy().tolist()
    assert np.asarray(jax.device_get(y.asjax())).tolist() == y.asnumpy().tolist()


def test_views_and_writes():
    x = nd.zeros((4, 3), ctx=GPU)
    view = x[1:3]
    view[:] = 2
    x[0, 1] = 5
    x += 1
    assert x.asnumpy().tolist() == [[1, 6, 1], [3, 3, 3], [3, 3, 3], [1, 1, 1]]
    assert view.asnumpy().tolist() == [[3, 3, 3]] * 2
    assert view.context == GPU


def test_wide_and_narrow_types():
    for dtype in ("float64", "float16", "bfloat16", "int64", "int8", "uint8", "bool"):
        x = nd.array([0, 1, 3], dtype=dtype, ctx=GPU)
        assert (x + x).context == GPU
        assert (x + x).dtype == x.dtype
        assert x.astype("float32").asnumpy().tolist() == (
            [0, 1, 1] if dtype == "bool" else [0, 1, 3]
        )


def test_files_have_no_device(tmp_path):
    net, other = lenet(), lenet()
    for block, ctx in ((net, GPU), (other, CPU)):
        block.initialize(ctx=ctx)
        block(nd.array(IMAGES, ctx=ctx))
    net.save_parameters(str(tmp_path / "net.params"))
    other.load_parameters(str(tmp_path / "net.params"), ctx=CPU)
    np.testing.assert_allclose(
        other(nd.array(IMAGES, ctx=CPU)).asnumpy(), net(nd.array(IMAGES, ctx=GPU)).asnumpy(),
        rtol=1e-3, atol=1e-4,
    )  # fmt: skip
    net.collect_params().reset_ctx(CPU)
    assert net(nd.array(IMAGES, ctx=CPU)).context == CPU
    nd.save(str(tmp_path / "x.nd"), [nd.ones((2,), ctx=GPU)])
    assert nd.load(str(tmp_path / "x.nd"))[0].asnumpy().tolist() == [1, 1]


@pytest.mark.parametrize("valid", [False, True])
@pytest.mark.parametrize("causal", [False, True])
def test_flash_attention_gives_what_the_plain_one_gives(causal, valid):
    rng = np.random.RandomState(0)
    arrays = [rng.normal(size=(2, 64, 4, 32)).astype("float32") for _ in range(4)]
    lengths = np.array([64, 40], "float32")
    results = []
    for ctx, dtype in ((CPU, "float32"), (GPU, "bfloat16"), (GPU, "float16"), (GPU, "float32")):
        q, k, v, head = (nd.array(a, ctx=ctx).astype(dtype) for a in arrays)
        for a in (q, k, v):
            a.attach_grad()
        given = {"valid_length": nd.array(lengths, ctx=ctx)} if valid else {}
        with autograd.record():
            out = nd.contrib.dot_product_attention(q, k, v, causal=causal, **given)
        out.backward(head)
        results.append([a.astype("float32").asnumpy() for a in (out, q.grad, k.grad, v.grad)])
    want = results[0]
    for got, tolerance in zip(results[1:], (3e-2, 6e-3, 1e-4), strict=True):
        for a, b in zip(got, want, strict=True):
            assert np.linalg.norm(a - b) < tolerance * np.linalg.norm(b)


@pytest.mark.parametrize("settings", [{}, {"bidirectional": True}, {"p": 0.5}, {"clip": 0.3}])
def test_recurrent_layers_give_what_they_give_on_the_cpu(settings):
    rng, layers, size = np.random.RandomState(0), 2, 6
    sides = 2 if settings.get("bidirectional") else 1
    count = sum(sides * 4 * size * (n + size + 2) for n in (5, sides * size))
    shapes = ((7, 3, 5), (count,), (layers * sides, 3, size), (layers * sides, 3, size))
    arrays = [rng.normal(size=s).astype("float32") * 0.5 for s in shapes]
    given = {"mode": "lstm", "state_size": size, "num_layers": layers, "state_outputs": True}
    given.update(settings)
    if given.pop("clip", None):
        given.update(lstm_state_clip_min=-0.3, lstm_state_clip_max=0.3)
    results = []
    for ctx in (CPU, GPU, GPU):
        gx.random.seed(1)
        inputs = [nd.array(a, ctx=ctx) for a in arrays]
        for x in inputs:
            x.attach_grad()
        with autograd.record(train_mode=False):
            outs = nd.RNN(*inputs, **given)
            loss = sum((y * y).sum() for y in outs)
        loss.backward()
        results.append([a.asnumpy() for a in (*outs, *(x.grad for x in inputs))])
    for got in results[1:]:
        for a, b in zip(got, results[0], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_dropout_between_recurrent_layers_is_the_same_hybridized_or_not():
    def run(hybridize):
        gx.random.seed(4)
        net = rnn.LSTM(6, num_layers=3, dropout=0.5, input_size=5)
        net.initialize(gx.init.One(), ctx=GPU)
        net.hybridize(hybridize)
        with autograd.record():
            y = net(nd.ones((4, 2, 5), ctx=GPU) * 0.1)
        y.backward()
        return y.asnumpy(), next(iter(net.collect_params().values())).grad().asnumpy()

    for a, b in zip(run(False), run(True), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
        assert np.abs(a).max() > 0


def test_custom_operators_run_on_the_host():
    import gluonx as mx

    class Twice(mx.operator.CustomOp):
        def forward(self, is_train, req, in_data, out_data, aux):
            self.assign(out_data[0], req[0], in_data[0] * 2)

        def backward(self, req, out_grad, in_data, out_data, in_grad, aux):
            self.assign(in_grad[0], req[0], out_grad[0] * 2)

    @mx.operator.register("twice_on_gpu")
    class TwiceProp(mx.operator.CustomOpProp):
        def create_operator(self, ctx, shapes, dtypes):
            return Twice()

    x = nd.array([1.0, 2.0], ctx=GPU)
    x.attach_grad()
    with autograd.record():
        y = nd.Custom(x, op_type="twice_on_gpu")
    y.backward()
    assert y.context == GPU
    assert y.asnumpy().tolist() == [2, 4]
    assert x.grad.asnumpy().tolist() == [2, 2]

    class Net(nn.HybridBlock):
        def hybrid_forward(self, F, x):
            return F.Custom(x, op_type="twice_on_gpu") + 1

    net = Net()
    net.hybridize()
    with autograd.record():
        y = net(x)
    y.backward()
    assert y.asnumpy().tolist() == [3, 5]
    assert x.grad.asnumpy().tolist() == [2, 2]


def test_random_numbers_come_from_the_devices_own_stream():
    gx.random.seed(5)
    a = nd.random.normal(shape=(3,), ctx=GPU)
    gx.random.seed(5)
    b = nd.random.normal(shape=(3,), ctx=GPU)
    c = nd.random.normal(shape=(3,), ctx=CPU)
    assert a.context == GPU
    assert a.asnumpy().tolist() == b.asnumpy().tolist() != c.asnumpy().tolist()


def test_mixed_precision_and_module():
    data = gx.io.NDArrayIter(IMAGES, np.arange(6), 3)
    out = gx.sym.SoftmaxOutput(
        gx.sym.FullyConnected(gx.sym.var("data"), num_hidden=10), name="softmax"
    )
    module = gx.mod.Module(out, context=GPU)
    module.fit(data, num_epoch=2, optimizer_params={"learning_rate": 0.1})
    assert module.get_outputs()[0].context == GPU
    net = lenet()
    net.initialize(ctx=GPU)
    net(nd.array(IMAGES, ctx=GPU))
    net.cast("float16")
    net.hybridize()
    trainer = gluon.Trainer(
        net.collect_params(), "sgd", {"learning_rate": 0.1, "multi_precision": True}
    )
    x = nd.array(IMAGES, ctx=GPU, dtype="float16")
    with autograd.record():
        loss = gluon.loss.SoftmaxCrossEntropyLoss()(net(x), nd.arange(6, ctx=GPU))
    loss.backward()
    trainer.step(6)
    assert all(np.isfinite(p.data().asnumpy()).all() for p in net.collect_params().values())


def test_batches_of_a_loader_go_to_the_gpu():
    data = gluon.data.ArrayDataset(IMAGES, np.arange(6, dtype="float32"))
    loader = gluon.data.DataLoader(data, batch_size=3, pin_memory=True)
    for x, y in loader:
        parts = gluon.utils.split_and_load(x, [GPU])
        assert parts[0].context == GPU
        assert (parts[0].sum() + y.as_in_context(GPU).sum()).context == GPU


def test_memory_and_names():
    free, total = gx.context.gpu_memory_info(0)
    assert 0 < free <= total
    assert gx.num_gpus() >= 1
    assert repr(nd.ones((1,), ctx=GPU)).endswith("@gpu(0)>")
