"""Language models: RNN, LSTM and GRU from scratch, Gluon's layers, and a model of words."""

import math

import numpy as np

import gluonx as mx
from gluonx import autograd, gluon, nd
from gluonx.gluon import nn, rnn

TEXT = (
    "the quick brown fox jumps over the lazy dog and the lazy dog sleeps while the quick fox runs "
) * 12


def vocabulary(tokens):
    index = {t: i for i, t in enumerate(sorted(set(tokens)))}
    return index, nd.array([index[t] for t in tokens])


def batches(corpus, batch_size, num_steps):
    """Consecutive pieces: each batch goes on where the one before it stopped."""
    length = len(corpus) // batch_size
    indices = corpus[: batch_size * length].reshape((batch_size, length))
    for i in range(0, length - 1 - num_steps, num_steps):
        yield indices[:, i : i + num_steps], indices[:, i + 1 : i + num_steps + 1]


def to_onehot(X, size):
    return [nd.one_hot(x, size) for x in X.T]


def grad_clipping(params, theta):
    norm = nd.array([0])
    for param in params:
        norm += (param.grad**2).sum()
    norm = norm.sqrt().asscalar()
    if norm > theta:
        for param in params:
            param.grad[:] *= theta / norm


def scratch_parameters(size, hidden, gates):
    def normal(shape):
        return nd.random.normal(scale=0.1, shape=shape)

    params = []
    for _ in range(gates):
        params += [normal((size, hidden)), normal((hidden, hidden)), nd.zeros(hidden)]
    params += [normal((hidden, size)), nd.zeros(size)]
    for param in params:
        param.attach_grad()
    return params


def rnn_cell(inputs, state, params):
    (H,) = state
    W_xh, W_hh, b_h, W_hq, b_q = params
    outputs = []
    for X in inputs:
        H = nd.tanh(nd.dot(X, W_xh) + nd.dot(H, W_hh) + b_h)
        outputs.append(nd.dot(H, W_hq) + b_q)
    return outputs, (H,)


def gru_cell(inputs, state, params):
    W_xz, W_hz, b_z, W_xr, W_hr, b_r, W_xh, W_hh, b_h, W_hq, b_q = params
    (H,) = state
    outputs = []
    for X in inputs:
        Z = nd.sigmoid(nd.dot(X, W_xz) + nd.dot(H, W_hz) + b_z)
        R = nd.sigmoid(nd.dot(X, W_xr) + nd.dot(H, W_hr) + b_r)
        H_tilda = nd.tanh(nd.dot(X, W_xh) + nd.dot(R * H, W_hh) + b_h)
        H = Z * H + (1 - Z) * H_tilda
        outputs.append(nd.dot(H, W_hq) + b_q)
    return outputs, (H,)


def lstm_cell(inputs, state, params):
    [W_xi, W_hi, b_i, W_xf, W_hf, b_f, W_xo, W_ho, b_o, W_xc, W_hc, b_c, W_hq, b_q] = params
    (H, C) = state
    outputs = []
    for X in inputs:
        In = nd.sigmoid(nd.dot(X, W_xi) + nd.dot(H, W_hi) + b_i)
        F = nd.sigmoid(nd.dot(X, W_xf) + nd.dot(H, W_hf) + b_f)
        O = nd.sigmoid(nd.dot(X, W_xo) + nd.dot(H, W_ho) + b_o)
        C_tilda = nd.tanh(nd.dot(X, W_xc) + nd.dot(H, W_hc) + b_c)
        C = F * C + In * C_tilda
        H = O * C.tanh()
        outputs.append(nd.dot(H, W_hq) + b_q)
    return outputs, (H, C)


def from_scratch(cell, gates, states, hidden=16, epochs=2):
    index, corpus = vocabulary(TEXT)
    size = len(index)
    params = scratch_parameters(size, hidden, gates)
    loss_function = gluon.loss.SoftmaxCrossEntropyLoss()
    perplexities = []
    for _ in range(epochs):
        state = tuple(nd.zeros((8, hidden)) for _ in range(states))
        l_sum, n = 0.0, 0
        for X, Y in batches(corpus, 8, 8):
            for s in state:
                s.detach()
            state = tuple(s.detach() for s in state)
            with autograd.record():
                outputs, state = cell(to_onehot(X, size), state, params)
                outputs = nd.concat(*outputs, dim=0)
                y = Y.T.reshape((-1,))
                l = loss_function(outputs, y).mean()
            l.backward()
            grad_clipping(params, 1.0)
            for param in params:
                param[:] = param - 2.0 * param.grad
            l_sum += l.asscalar() * y.size
            n += y.size
        perplexities.append(math.exp(l_sum / n))
    print(cell.__name__, perplexities)
    return perplexities[-1] / perplexities[0]


def rnn_from_scratch():
    return from_scratch(rnn_cell, 1, 1)


def gru_from_scratch():
    return from_scratch(gru_cell, 3, 1)


def lstm_from_scratch():
    return from_scratch(lstm_cell, 4, 2)


class RNNModel(nn.Block):
    """A layer of Gluon and a dense output, as books have it."""

    def __init__(self, rnn_layer, vocab_size, **kwargs):
        super().__init__(**kwargs)
        self.rnn = rnn_layer
        self.vocab_size = vocab_size
        self.dense = nn.Dense(vocab_size)

    def forward(self, inputs, state):
        X = nd.one_hot(inputs.T, self.vocab_size)
        Y, state = self.rnn(X, state)
        output = self.dense(Y.reshape((-1, Y.shape[-1])))
        return output, state

    def begin_state(self, *args, **kwargs):
        return self.rnn.begin_state(*args, **kwargs)


def predict(prefix, length, model, index):
    characters = {i: c for c, i in index.items()}
    state = model.begin_state(batch_size=1)
    output = [index[prefix[0]]]
    for t in range(length + len(prefix) - 1):
        X = nd.array([output[-1]]).reshape((1, 1))
        (Y, state) = model(X, state)
        if t < len(prefix) - 1:
            output.append(index[prefix[t + 1]])
        else:
            output.append(int(Y.argmax(axis=1).asscalar()))
    return "".join(characters[i] for i in output)


def with_gluon():
    index, corpus = vocabulary(TEXT)
    model = RNNModel(rnn.GRU(32), len(index))
    model.initialize(mx.init.Xavier())
    model.hybridize()
    loss_function = gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = gluon.Trainer(model.collect_params(), "adam", {"learning_rate": 0.02})
    for _ in range(12):
        state = model.begin_state(batch_size=8)
        for X, Y in batches(corpus, 8, 16):
            for s in state:
                s.detach()
            state = [s.detach() for s in state]
            with autograd.record():
                output, state = model(X, state)
                l = loss_function(output, Y.T.reshape((-1,))).mean()
            l.backward()
            params = [p.data() for p in model.collect_params().values()]
            grad_clipping(params, 1.0)
            trainer.step(1)
    text = predict("the q", 20, model, index)
    print("gru:", l.asscalar(), text)
    return text


class WordModel(gluon.Block):
    """Encoder, LSTM and a decoder that shares the encoder's weights."""

    def __init__(self, vocab_size, num_embed, num_hidden, num_layers, dropout=0.2, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.drop = nn.Dropout(dropout)
            self.encoder = nn.Embedding(
                vocab_size, num_embed, weight_initializer=mx.init.Uniform(0.1)
            )
            self.rnn = rnn.LSTM(num_hidden, num_layers, dropout=dropout, input_size=num_embed)
            self.decoder = nn.Dense(
                vocab_size, in_units=num_hidden, params=self.encoder.params, flatten=False
            )

    def forward(self, inputs, hidden):
        emb = self.drop(self.encoder(inputs))
        output, hidden = self.rnn(emb, hidden)
        return self.decoder(self.drop(output)), hidden

    def begin_state(self, *args, **kwargs):
        return self.rnn.begin_state(*args, **kwargs)


def detach(hidden):
    if isinstance(hidden, (tuple, list)):
        return [detach(i) for i in hidden]
    return hidden.detach()


def words():
    index, corpus = vocabulary(TEXT.split())
    model = WordModel(len(index), 16, 16, 2)
    model.collect_params().initialize(mx.init.Xavier(), ctx=mx.cpu())
    model.hybridize()
    trainer = gluon.Trainer(
        model.collect_params(), "sgd", {"learning_rate": 4.0, "momentum": 0, "wd": 0}
    )
    loss_function = gluon.loss.SoftmaxCrossEntropyLoss()
    perplexity = mx.metric.Perplexity(ignore_label=None)
    for _ in range(25):
        hidden = model.begin_state(func=mx.nd.zeros, batch_size=4, ctx=mx.cpu())
        perplexity.reset()
        for X, Y in batches(corpus, 4, 6):
            data, target = X.T, Y.T
            hidden = detach(hidden)
            with autograd.record():
                output, hidden = model(data, hidden)
                loss = loss_function(output.reshape((-3, -1)), target.reshape((-1,)))
            loss.backward()
            grads = [p.grad(mx.cpu()) for p in model.collect_params().values()]
            gluon.utils.clip_global_norm(grads, 0.25 * 6 * 4)
            trainer.step(6 * 4)
            perplexity.update(target.reshape((-1,)), nd.softmax(output).reshape((-3, -1)))
    print("words:", perplexity.get())
    np.testing.assert_array_equal(  # one parameter in two places
        model.encoder.weight.data().asnumpy(), model.decoder.weight.data().asnumpy()
    )
    return perplexity.get()[1]


def main():
    mx.random.seed(3)
    return {
        "rnn": rnn_from_scratch(),
        "gru": gru_from_scratch(),
        "lstm": lstm_from_scratch(),
        "with_gluon": with_gluon(),
        "words": words(),
    }


if __name__ == "__main__":
    print(main())
