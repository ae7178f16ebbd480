"""Cells unrolled on symbols: MXNet's ``mx.rnn``."""

import numpy as np
import pytest

import gluonx as mx

WORDS = [["a", "b", "c"], ["b", "c", "d", "e"], ["a", "c", "e"], ["d", "e", "a", "b"]]


def test_words_become_numbers_and_unknown_ones_are_refused_or_replaced():
    coded, vocab = mx.rnn.encode_sentences(WORDS, invalid_label=2, start_label=1)
    assert coded[:2] == [[1, 3, 4], [3, 4, 5, 6]]
    assert vocab == {"\n": 2, "a": 1, "b": 3, "c": 4, "d": 5, "e": 6}
    with pytest.raises(ValueError, match="'z' is not in vocab; give unknown_token"):
        mx.rnn.encode_sentences([["z"]], vocab)
    assert mx.rnn.encode_sentences([["z", "a"]], vocab, unknown_token="b")[0] == [[3, 1]]


@pytest.mark.parametrize("layout", ["NT", "TN"])
def test_batches_have_sentences_of_a_length_and_the_next_words(layout, caplog):
    coded, _ = mx.rnn.encode_sentences([*WORDS * 2, ["a"] * 9], invalid_label=0, start_label=1)
    batches = mx.rnn.BucketSentenceIter(coded, 2, invalid_label=0, buckets=[5, 3], layout=layout)
    assert "1 sentences are longer" in caplog.text
    assert batches.default_bucket_key == 5
    seen = []
    for batch in batches:
        data, label = (x.asnumpy() for x in [*batch.data, *(batch.label or ())])
        assert batch.provide_data[0] == ("data", data.shape)
        if layout == "TN":
            data, label = data.T, label.T
        np.testing.assert_array_equal(label[:, :-1], data[:, 1:])
        assert not label[:, -1].any()
        seen += [tuple(int(n) for n in row if n) for row in data]
    assert sorted(seen) == sorted(map(tuple, coded[:-1]))
    with pytest.raises(ValueError, match="no length has 9 sentences; give buckets, such as"):
        mx.rnn.BucketSentenceIter(coded, 9)


def network(cell, length):
    data = mx.sym.Embedding(mx.sym.var("data"), input_dim=6, output_dim=4, name="embed")
    cell.reset()
    outputs, _ = cell.unroll(length, inputs=data, merge_outputs=True)
    outputs = mx.sym.reshape(outputs, shape=(-1, 5))
    outputs = mx.sym.FullyConnected(outputs, num_hidden=6, name="pred")
    label = mx.sym.reshape(mx.sym.var("softmax_label"), shape=(-1,))
    return mx.sym.SoftmaxOutput(outputs, label, name="softmax")


def stack_of_all():
    stack, two = mx.rnn.SequentialRNNCell(), {"num_hidden": 2}
    stack.add(
        mx.rnn.BidirectionalCell(
            mx.rnn.GRUCell(num_hidden=3, prefix="l_"), mx.rnn.LSTMCell(**two, prefix="r_")
        )
    )
    stack.add(mx.rnn.DropoutCell(dropout=0.0, prefix="drop_"))
    stack.add(mx.rnn.ResidualCell(mx.rnn.RNNCell(num_hidden=5, prefix="top_")))
    return stack


#: Cells, and the perplexities of two steps from equal weights, measured with MXNet 1.9.1.
MODELS = {
    "fused": (lambda: mx.rnn.FusedRNNCell(5, num_layers=2, prefix="lstm_"), 5.671181123034518),
    "stack": (stack_of_all, 5.63195771179671),
}


@pytest.mark.parametrize("kind", ["fused", pytest.param("stack", marks=pytest.mark.slow)])
def test_bucketing_module_trains_as_mxnets(kind, tmp_path):
    cell, want = MODELS[kind][0](), MODELS[kind][1]

    def generate(length):
        return network(cell, length), ("data",), ("softmax_label",)

    module = mx.mod.BucketingModule(generate, default_bucket_key=4)
    module.bind([("data", (2, 4))], [("softmax_label", (2, 4))])
    module.init_params(mx.init.Xavier())
    args, aux = module.get_params()
    first = cell.unpack_weights(args)
    forget = "lstm_l0_i2h_f_bias" if kind == "fused" else "r_i2h_f_bias"
    assert first[forget].asnumpy().tolist() == [1] * first[forget].size
    rng = np.random.RandomState(0)
    args = {k: mx.nd.array(rng.uniform(-0.3, 0.3, args[k].shape)) for k in sorted(args)}
    module.set_params(args, aux)
    module.init_optimizer(optimizer_params={"learning_rate": 0.5})
    metric = mx.metric.Perplexity(0)
    for length in (4, 3):
        data = np.arange(2 * length).reshape(2, length) % 5 + 1
        batch = mx.io.DataBatch(
            [mx.nd.array(data)], [mx.nd.array(data % 5 + 1)], bucket_key=length,
            provide_data=[mx.io.DataDesc("data", data.shape)],
            provide_label=[mx.io.DataDesc("softmax_label", data.shape)],
        )  # fmt: skip
        module.forward_backward(batch)
        module.update_metric(metric, batch.label)
        module.update()
    assert metric.get()[1] == pytest.approx(want, rel=1e-5)
    args, aux = module.get_params()
    mx.rnn.do_rnn_checkpoint(cell, str(tmp_path / "model"))(0, module.symbol, args, aux)
    saved = mx.nd.load(str(tmp_path / "model-0001.params"))
    assert f"arg:{forget}" in saved
    _, loaded, _ = mx.rnn.load_rnn_checkpoint([cell], str(tmp_path / "model"), 1)
    assert loaded.keys() == args.keys()
    for name in args:
        np.testing.assert_array_equal(loaded[name].asnumpy(), args[name].asnumpy())


@pytest.mark.parametrize("mode", ["lstm", "gru", "rnn_relu"])
def test_unfused_cells_compute_what_the_fused_layers_do(mode):
    fused = mx.rnn.FusedRNNCell(3, num_layers=1, mode=mode, bidirectional=True, prefix="f_")
    cells = fused.unfuse()
    data = mx.sym.var("data")
    x = mx.nd.array(np.random.RandomState(1).uniform(-1, 1, (2, 3, 4)))
    one, _ = fused.unroll(3, data, merge_outputs=True)
    two, _ = cells.unroll(3, data, merge_outputs=True)
    size = one.infer_shape(data=x.shape)[0][1][0]
    packed = {"f_parameters": mx.nd.array(np.random.RandomState(2).uniform(-1, 1, size))}
    apart = cells.pack_weights(fused.unpack_weights(packed))
    results = [
        y.bind(mx.cpu(), {"data": x, **args}).forward()[0].asnumpy()
        for y, args in ((one, packed), (two, apart))
    ]
    np.testing.assert_allclose(*results, rtol=1e-5, atol=1e-6)


def test_states_without_a_number_of_samples_are_symbols():
    cell = mx.rnn.LSTMCell(num_hidden=2)
    states = cell.begin_state()
    assert [s.name for s in states] == ["lstm_begin_state_0", "lstm_begin_state_1"]
    assert cell.state_shape == [(0, 2), (0, 2)]
    output, _ = cell(mx.sym.var("data"), states)
    assert output.infer_shape(data=(4, 3))[1] == [(4, 2)]
    with pytest.raises(TypeError, match="takes hidden_size, or num_hidden"):
        mx.rnn.LSTMCell()
    with pytest.raises(NotImplementedError, match=r"call unroll\(\), or unfuse\(\)"):
        mx.rnn.FusedRNNCell(2)(mx.nd.ones((1, 2)), [])
