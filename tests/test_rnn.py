"""Recurrent layers and cells: what they do together; what each computes is in tests/layers."""

import jax
import numpy as np
import pytest

from gluonx import autograd, engine, gluon, nd, nn, rnn, sym
from gluonx.engine.op import OPS
from gluonx.error import HybridizeError

contrib = gluon.contrib.rnn


def random(*shape):
    return nd.array(np.random.uniform(-1, 1, shape))


def initialized(block, *inputs):
    block.initialize()
    block(*inputs)
    for p in block.collect_params().values():
        p.set_data(random(*p.shape) * 0.5)
    return block


def close(a, b, tolerance=1e-5):
    np.testing.assert_allclose(a.asnumpy(), b.asnumpy(), rtol=tolerance, atol=tolerance)


def stacked(layer, make):
    """The cells that compute what a layer does, with its parameters."""
    stack = rnn.HybridSequentialRNNCell(prefix=layer.prefix, params=layer.params)
    with stack.name_scope():
        for i in range(layer._num_layers):
            cells = [make(prefix=f"{side}{i}_") for side in layer._sides]
            stack.add(cells[0] if len(cells) == 1 else rnn.BidirectionalCell(*cells))
    return stack


@pytest.mark.parametrize(
    "layer, make",
    [
        (rnn.RNN(3, layout="NTC"), lambda **kw: rnn.RNNCell(3, "relu", **kw)),
        (rnn.LSTM(3, 2, layout="NTC", bidirectional=True), lambda **kw: rnn.LSTMCell(3, **kw)),
        (rnn.GRU(3, 2), lambda **kw: rnn.GRUCell(3, **kw)),
        (rnn.LSTM(4, projection_size=2), lambda **kw: contrib.LSTMPCell(4, 2, **kw)),
    ],
    ids=["rnn", "lstm", "gru", "projected"],
)
def test_layer_is_its_cells_unrolled(layer, make):
    x = random(3, 3, 2)
    initialized(layer, x)
    y, states = layer(x, layer.begin_state(3))
    cells = stacked(layer, make)
    cells.hybridize()
    outputs, after = cells.unroll(3, x, layout=layer._layout, merge_outputs=True)
    close(outputs, y)
    kinds = len(layer.state_info())  # the cells' states are h, c, h, c, ...; the layer's h, h, c, c
    for k in range(kinds):
        close(nd.stack(*after[k::kinds], axis=0), states[k])


@pytest.mark.parametrize("make", [rnn.LSTM, rnn.GRU])
def test_sequences_of_different_lengths_are_as_if_each_were_alone(make):
    layer = make(3, bidirectional=True, use_sequence_length=True)
    x, lengths = random(4, 2, 2), nd.array([4, 2])
    initialized(layer, x, layer.begin_state(2), lengths)
    start = [random(2, 2, 3) for _ in layer.state_info()]
    y, states = layer(x, start, lengths)
    for i, n in enumerate((4, 2)):
        one = slice(i, i + 1)
        alone, after = layer(x[:n, one], [s[:, one] for s in start], nd.array([n]))
        close(y[:n, one], alone)
        assert not y[n:, one].asnumpy().any()
        for a, b in zip(states, after, strict=True):
            close(a[:, one], b)


def test_unroll_with_lengths_is_as_if_each_were_alone():
    cell = rnn.BidirectionalCell(rnn.GRUCell(2), rnn.GRUCell(2))
    x = random(2, 3, 2)
    cell.initialize()
    y, states = cell.unroll(3, x, valid_length=nd.array([3, 2]))
    alone, after = cell.unroll(2, x[1:, :2], merge_outputs=True)
    close(y[1:, :2], alone)
    assert not y[1, 2:].asnumpy().any()
    for a, b in zip(states, after, strict=True):
        close(a[1:], b)


@pytest.mark.parametrize("merge", [None, True, False])
def test_outputs_are_merged_as_asked(merge):
    steps = [random(2, 3) for _ in range(2)]
    cell = rnn.RNNCell(3)
    cell.initialize()
    for inputs in (steps, nd.stack(*steps, axis=1)):
        outputs, _ = cell.unroll(2, inputs, merge_outputs=merge)
        assert isinstance(outputs, nd.NDArray) == bool(merge)
        masked, _ = cell.unroll(2, inputs, merge_outputs=merge, valid_length=nd.array([1, 2]))
        assert isinstance(masked, nd.NDArray) == (merge is not False)


# -- training ----------------------------------------------------------------------------------


class LanguageModel(gluon.HybridBlock):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(5, 3)
        self.lstm = rnn.LSTM(3)
        self.head = nn.Dense(5, flatten=False)

    def hybrid_forward(self, F, x, states):
        y, states = self.lstm(self.embed(x), states)
        return self.head(y), states


def test_truncated_backpropagation_is_one_executable_and_equals_the_eager_loop():
    x = nd.array(np.random.randint(0, 5, (4, 2)))
    losses = []
    values = None
    for hybridize in (False, True):
        net = initialized(LanguageModel(), x, rnn.LSTM(3).begin_state(2))
        values = values or [p.data().copy() for p in net.collect_params().values()]
        for p, v in zip(net.collect_params().values(), values, strict=True):
            p.set_data(v)
        if hybridize:
            net.hybridize()
        trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 1.0})
        loss = gluon.loss.SoftmaxCELoss()
        states = net.lstm.begin_state(2)
        losses.append([])
        for _ in range(4):
            states = [s.detach() for s in states]
            with autograd.record():
                y, states = net(x, states)
                total = loss(y, x).mean()
            total.backward()
            trainer.step(1)
            losses[-1].append(float(total.asscalar()))
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)
    assert losses[1][-1] < losses[1][0]
    text = str(engine.explain())
    name = net.name
    assert f"{name} + softmaxcrossentropyloss" in text
    line = next(t for t in text.split("\n") if f"{name} + " in t)
    assert "backward + update: compiled 1 time, run 4 times" in line


def test_program_does_not_grow_with_the_length_of_the_sequence():
    kernel = OPS["RNN"].kernel(
        {"state_size": 3, "num_layers": 2, "mode": "lstm"}, (True,) * 4 + (False,), True
    )

    def size(length):
        shapes = [(length, 2, 3), (192,), (2, 2, 3), (2, 2, 3)]
        avals = [jax.ShapeDtypeStruct(s, "float32") for s in shapes]
        avals.append(jax.ShapeDtypeStruct((3,), "uint32"))
        loss = jax.value_and_grad(lambda *a: kernel.fn(*a)[0].sum(), (0, 1, 2, 3))
        return len(jax.jit(loss).lower(*avals).as_text())

    assert abs(size(200) - size(20)) < 0.02 * size(20)


def test_dropout_between_layers_acts_while_training_alone():
    layer = rnn.GRU(8, 2, dropout=0.5)
    x = random(3, 2, 4)
    initialized(layer, x)
    close(layer(x), layer(x), 0)
    with autograd.train_mode():
        assert (layer(x) != layer(x)).asnumpy().any()


# -- cells that keep something ---------------------------------------------------------------------


def test_zoneout_keeps_all_or_nothing():
    x, states = nd.ones((2, 3, 2)), [nd.ones((2, 2))]
    kept = rnn.ZoneoutCell(rnn.GRUCell(2), 1, 1)
    kept.initialize()
    with autograd.train_mode():
        outputs, after = kept.unroll(3, x, states, merge_outputs=True)
    assert not outputs.asnumpy().any()
    close(after[0], states[0], 0)
    outputs, after = kept.unroll(3, x, states)
    assert (after[0] != states[0]).asnumpy().all()


def test_variational_dropout_has_one_mask_for_the_sequence():
    cell = contrib.VariationalDropoutCell(rnn.ModifierCell(rnn.DropoutCell(0)), drop_inputs=0.5)
    cell.base_cell.hybrid_forward = lambda F, inputs, states: (inputs, states)
    with autograd.train_mode():
        for _ in range(2):
            first, second = cell.unroll(2, nd.ones((1, 2, 64)))[0]
            close(first, second, 0)
        again = cell.unroll(2, nd.ones((1, 2, 64)))[0][0]
    assert (first != again).asnumpy().any()


def test_cells_that_keep_arrays_say_so_inside_a_hybridized_step():
    class Step(gluon.HybridBlock):
        def __init__(self):
            super().__init__()
            self.cell = rnn.ZoneoutCell(rnn.RNNCell(2, input_size=2), 0.5)

        def forward(self, x, h):
            return self.cell(x, [h])[0]

    net = Step()
    net.initialize()
    net(nd.ones((1, 2)), nd.ones((1, 2)))
    net.hybridize()
    with pytest.raises(HybridizeError, match=r"use unroll\(\), or call reset\(\)"):
        net(nd.ones((1, 2)), nd.ones((1, 2)))


# -- files and graphs ------------------------------------------------------------------------------


@pytest.mark.parametrize("nested", [False, True])
def test_files_with_either_of_the_two_names_load(nested, tmp_path):
    def make():
        layer = rnn.LSTM(2, 2, bidirectional=True)
        net = nn.HybridSequential()
        net.add(layer)
        return net if nested else layer

    x = random(3, 1, 2)
    net = initialized(make(), x)
    net.save_parameters(tmp_path / "mxnet.params")
    arrays = nd.load(str(tmp_path / "mxnet.params"))
    begin = "0." if nested else ""
    assert f"{begin}_unfused.1.r_cell.h2h_bias" in arrays
    layer = net[0] if nested else net
    plain = {begin + n: layer._reg_params[n].data() for n in layer._reg_params}
    nd.save(str(tmp_path / "plain.params"), plain)
    for file in ("mxnet.params", "plain.params"):
        other = make()
        other.load_parameters(tmp_path / file)
        close(other(x), net(x), 0)


def test_graph_of_a_layer_has_its_parameters_and_computes_the_same():
    layer = rnn.LSTM(3, layout="NTC", input_size=2, prefix="lm_")
    layer.initialize()
    graph = sym.load_json(layer(sym.var("data")).tojson())
    assert sorted(graph.list_arguments()) == sorted(["data", *layer.collect_params()])
    x = random(2, 4, 2)
    values = {n: p.data() for n, p in layer.collect_params().items()}
    close(graph.bind(x.context, {"data": x, **values}).forward()[0], layer(x))


def test_graph_of_an_unrolled_cell_infers_its_shapes():
    cell = rnn.LSTMCell(4, prefix="c_")
    outputs, _ = cell.unroll(3, sym.var("data"), merge_outputs=True)
    names = outputs.list_arguments()
    shapes, outs, _ = outputs.infer_shape(data=(2, 3, 5))
    assert outs == [(2, 3, 4)]
    assert shapes[names.index("c_i2h_weight")] == (16, 5)


# -- states ----------------------------------------------------------------------------------------


def test_begin_state_by_another_function():
    cell = rnn.LSTMCell(2)
    assert [s.asnumpy().sum() for s in cell.begin_state(3, nd.ones)] == [6, 6]
    assert [s.name for s in cell.begin_state(func=sym.var)] == [
        f"{cell.prefix}begin_state_{i}" for i in range(2)
    ]
    assert rnn.GRU(2).begin_state(3, dtype="float16")[0].dtype == np.float16


def test_zero_states_have_the_type_of_the_inputs():
    for block in (rnn.GRU(2, input_size=2), rnn.GRUCell(2, input_size=2)):
        block.cast("float64")
        block.initialize()
        x = nd.ones((2, 1, 2), dtype="float64")
        y = block(x) if isinstance(block, rnn.GRU) else block.unroll(1, x)[0][0]
        assert y.dtype == np.float64


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rnn.LSTM(2, layout="NCT"), "'TNC' or 'NTC', got 'NCT'"),
        (lambda: rnn.RNN(2, activation="softsign"), "RNNCell takes any"),
        (lambda: rnn.GRU(2, input_size=4)(nd.ones((2, 1, 3))), r"with C = 4, got \(2, 1, 3\)"),
        (lambda: rnn.LSTM(2)(nd.ones((2, 1, 3)), [nd.ones((1, 1, 2))]), "has 2 states, got 1"),
        (lambda: rnn.GRU(2)(nd.ones((2, 1, 3)), None, nd.ones(1)), "use_sequence_length=True"),
        (lambda: rnn.GRUCell(2).unroll(3, nd.ones((1, 2, 3))), "length=3, but .* 2 steps"),
        (lambda: rnn.GRUCell(2).unroll(3, [nd.ones((1, 2))]), "length=3, but there are 1"),
        (lambda: rnn.SequentialRNNCell().add(rnn.GRU(2)), "takes recurrent cells"),
        (lambda: rnn.ZoneoutCell(rnn.BidirectionalCell(rnn.GRUCell(2), rnn.GRUCell(2))), "steps"),
        (lambda: contrib.Conv1DRNNCell((2, 4), 2, 3, 2), r"must be odd.* got \(2,\)"),
        (lambda: rnn.ResidualCell(rnn.GRUCell(2)).base_cell.begin_state(), "modifier cell"),
        (
            lambda: rnn.BidirectionalCell(rnn.GRUCell(2), rnn.GRUCell(2))(nd.ones((1, 2)), []),
            r"use unroll\(\)",
        ),
        (
            lambda: nd.RNN(
                nd.ones((2, 1, 3)), nd.ones(5), nd.ones((1, 1, 2)), state_size=2, num_layers=1,
                mode="gru",
            ),
            r"must have shape \(42,\) .* got \(5,\)",
        ),
        (
            lambda: nd.RNN(
                nd.ones((2, 1, 3)), nd.ones(12), nd.ones((1, 2, 2)), state_size=2, num_layers=1,
                mode="rnn_tanh",
            ),
            r"state must have shape \(1, 1, 2\)",
        ),
    ],
)  # fmt: skip
def test_mistakes_say_what_is_expected(call, message):
    kinds = (ValueError, TypeError, RuntimeError, NotImplementedError)
    with pytest.raises(kinds, match=message):
        call()


def test_parameters_of_an_lstm_are_packed_as_cudnn_packs_them():
    from jax.experimental import rnn as cudnn

    length, batch, inputs, size, layers = 4, 2, 3, 5, 2
    for sides in (1, 2):
        sizes = (inputs, size, layers, sides == 2)
        w = random(cudnn.get_num_params_in_lstm(*sizes)) * 0.5
        x, h, c = (
            random(n, batch, m) for n, m in [(length, inputs)] + [(layers * sides, size)] * 2
        )
        ours = nd.RNN(
            x, w, h, c, state_size=size, num_layers=layers, bidirectional=sides == 2, mode="lstm",
            state_outputs=True,
        )  # fmt: skip
        lengths = nd.full((batch,), length, dtype="int32").asjax()
        pieces = cudnn.unpack_lstm_weights(w.asjax(), *sizes)
        batch_first = x.asjax().swapaxes(0, 1)
        y, *last = cudnn.lstm_ref(
            batch_first, h.asjax(), c.asjax(), *pieces, lengths, *sizes[:3], 0.0, sides == 2
        )
        for a, b in zip(ours, (y.swapaxes(0, 1), *last), strict=True):
            np.testing.assert_allclose(a.asnumpy(), b, rtol=1e-5, atol=1e-5)
