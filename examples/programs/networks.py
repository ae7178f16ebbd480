"""Multilayer perceptron, convolutional net and batch normalization, from scratch and with Gluon."""

import numpy as np

import gluonx as mx
from gluonx import autograd, gluon, nd
from gluonx.gluon import nn
from gluonx.gluon.data.vision import Digits


def load(batch_size=479):
    digits = Digits(train=True)
    images, labels = digits[:]
    images = images.transpose((0, 3, 1, 2)).astype("float32") / 16
    dataset = gluon.data.ArrayDataset(images, labels.astype("float32"))
    return gluon.data.DataLoader(dataset, batch_size, shuffle=True)


def relu(X):
    return nd.maximum(X, nd.zeros_like(X))


def dropout(X, drop_probability):
    keep_probability = 1 - drop_probability
    mask = nd.random_uniform(0, 1.0, X.shape, ctx=X.context) < keep_probability
    scale = (1 / keep_probability) if keep_probability > 0.0 else 0.0
    return mask * X * scale


def softmax_cross_entropy(yhat_linear, y):
    return -nd.nansum(y * nd.log_softmax(yhat_linear), axis=0, exclude=True)


def SGD(params, lr):
    for param in params:
        param[:] = param - lr * param.grad


def mlp_from_scratch():
    W1 = nd.random_normal(scale=0.2, shape=(64, 32))
    b1 = nd.zeros(32)
    W2 = nd.random_normal(scale=0.2, shape=(32, 10))
    b2 = nd.zeros(10)
    params = [W1, b1, W2, b2]
    for param in params:
        param.attach_grad()

    def net(X, drop_prob=0.0):
        h1 = relu(nd.dot(X.reshape((-1, 64)), W1) + b1)
        return nd.dot(dropout(h1, drop_prob), W2) + b2

    for _ in range(10):
        moving_loss = 0.0
        for i, (data, label) in enumerate(load()):
            label_one_hot = nd.one_hot(label, 10)
            with autograd.record():
                output = net(data, drop_prob=0.1)
                loss = softmax_cross_entropy(output, label_one_hot).mean()
            loss.backward()
            SGD(params, 0.5)
            moving_loss = loss.asscalar() if i == 0 else 0.9 * moving_loss + 0.1 * loss.asscalar()
        print("mlp, scratch: loss", moving_loss)
    return accuracy(net)


def accuracy(net):
    numerator = denominator = 0.0
    for data, label in load():
        predictions = nd.argmax(net(data), axis=1)
        numerator += nd.sum(predictions == label)
        denominator += data.shape[0]
    return (numerator / denominator).asscalar()


def batch_norm_layer(X, gamma, beta, moving_mean, moving_var, eps=1e-5, momentum=0.9):
    """As a book writes it: statistics of the batch while training, moving ones otherwise."""
    if not autograd.is_training():
        X_hat = (X - moving_mean) / nd.sqrt(moving_var + eps)
    else:
        if X.ndim == 2:
            mean = X.mean(axis=0)
            var = ((X - mean) ** 2).mean(axis=0)
        else:
            mean = X.mean(axis=(0, 2, 3), keepdims=True)
            var = ((X - mean) ** 2).mean(axis=(0, 2, 3), keepdims=True)
        X_hat = (X - mean) / nd.sqrt(var + eps)
        moving_mean = momentum * moving_mean + (1.0 - momentum) * mean
        moving_var = momentum * moving_var + (1.0 - momentum) * var
    return gamma * X_hat + beta, moving_mean, moving_var


class BatchNorm(nn.Block):
    def __init__(self, num_features, num_dims, **kwargs):
        super().__init__(**kwargs)
        shape = (1, num_features) if num_dims == 2 else (1, num_features, 1, 1)
        self.gamma = self.params.get("gamma", shape=shape, init=mx.init.One())
        self.beta = self.params.get("beta", shape=shape, init=mx.init.Zero())
        self.moving_mean = nd.zeros(shape)
        self.moving_var = nd.zeros(shape)

    def forward(self, X):
        if self.moving_mean.context != X.context:
            self.moving_mean = self.moving_mean.copyto(X.context)
            self.moving_var = self.moving_var.copyto(X.context)
        Y, self.moving_mean, self.moving_var = batch_norm_layer(
            X, self.gamma.data(), self.beta.data(), self.moving_mean, self.moving_var
        )
        return Y


def cnn_from_scratch():
    """Convolution and pooling by their operators, with parameters in a list."""
    params = [
        nd.random_normal(shape=(8, 1, 3, 3), scale=0.3), nd.zeros(8),
        nd.random_normal(shape=(8 * 9, 10), scale=0.1), nd.zeros(10),
    ]  # fmt: skip
    for param in params:
        param.attach_grad()
    W1, b1, W2, b2 = params

    def net(X):
        h1_conv = nd.Convolution(data=X, weight=W1, bias=b1, kernel=(3, 3), num_filter=8)
        h1_activation = nd.relu(h1_conv)
        h1 = nd.Pooling(data=h1_activation, pool_type="avg", kernel=(2, 2), stride=(2, 2))
        return nd.dot(nd.flatten(h1), W2) + b2

    for _ in range(10):
        for data, label in load():
            with autograd.record():
                loss = softmax_cross_entropy(net(data), nd.one_hot(label, 10))
            loss.backward()
            SGD(params, 1.0 / len(data))
    return accuracy(net)


def train(net, epochs, optimizer="adam", lr=0.01, hybridize=True):
    net.initialize(force_reinit=True, ctx=mx.cpu(), init=mx.init.Xavier())
    if hybridize:
        net.hybridize(static_alloc=True)
    loss_function = gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = gluon.Trainer(net.collect_params(), optimizer, {"learning_rate": lr})
    train_l_sum = 0.0
    for _ in range(epochs):
        train_l_sum = 0.0
        for X, y in load():
            with autograd.record():
                loss = loss_function(net(X), y).sum()
            loss.backward()
            trainer.step(X.shape[0])
            train_l_sum += loss.asscalar()
    print(type(net).__name__, train_l_sum / 1437)
    return accuracy(net)


def batch_norm_net():
    net = nn.Sequential()
    with net.name_scope():
        net.add(nn.Conv2D(4, kernel_size=3), BatchNorm(4, num_dims=4), nn.Activation("relu"))
        net.add(nn.MaxPool2D(pool_size=2, strides=2), nn.Dense(16), BatchNorm(16, num_dims=2))
        net.add(nn.Activation("relu"), nn.Dense(10))
    return net


def lenet():
    net = nn.HybridSequential()
    with net.name_scope():
        net.add(nn.Conv2D(channels=6, kernel_size=3, activation="relu", padding=1))
        net.add(nn.MaxPool2D(pool_size=2, strides=2))
        net.add(nn.Conv2D(channels=8, kernel_size=3, use_bias=False))
        net.add(nn.BatchNorm(axis=1, center=True, scale=True), nn.Activation("relu"))
        net.add(nn.Flatten(), nn.Dense(32, activation="relu"), nn.Dropout(0.2), nn.Dense(10))
    return net


def transfer():
    """Take over the lower layers of a trained net, freeze them, and train a new output."""
    source = lenet()
    train(source, 4)
    target = lenet()
    target.initialize()
    target(nd.zeros((1, 1, 8, 8)))
    for mine, theirs in zip(
        target[:-1].collect_params().values(), source[:-1].collect_params().values()
    ):
        mine.set_data(theirs.data())
    target[:-1].collect_params().setattr("grad_req", "null")
    before = target[0].weight.data().copy()
    trainer = gluon.Trainer(target[-1].collect_params(), "sgd", {"learning_rate": 0.5})
    loss_function = gluon.loss.SoftmaxCELoss()
    target.hybridize()
    for _ in range(6):
        for X, y in load():
            with autograd.record():
                loss = loss_function(target(X), y)
            loss.backward()
            trainer.step(len(X))
    np.testing.assert_array_equal(target[0].weight.data().asnumpy(), before.asnumpy())
    return accuracy(target)


def batch_norm_from_scratch():
    return train(batch_norm_net(), 5, hybridize=False)


def main():
    mx.random.seed(2)
    return {
        "mlp_from_scratch": mlp_from_scratch(),
        "cnn_from_scratch": cnn_from_scratch(),
        "batch_norm_from_scratch": batch_norm_from_scratch(),
        "transfer": transfer(),
    }


if __name__ == "__main__":
    print(main())
