"""Linear, logistic and softmax regression, each from scratch and with Gluon."""

import random

import numpy as np

import gluonx as mx
from gluonx import autograd, gluon, nd
from gluonx.gluon import loss as gloss
from gluonx.gluon import nn
from gluonx.gluon.data.vision import Digits


def data_iter(batch_size, features, labels):
    indices = list(range(len(features)))
    random.shuffle(indices)
    for i in range(0, len(indices), batch_size):
        j = nd.array(indices[i : min(i + batch_size, len(indices))])
        yield features.take(j), labels.take(j)


def sgd(params, lr, batch_size):
    for param in params:
        param[:] = param - lr * param.grad / batch_size


def linear_data(true_w, true_b, n=200):
    features = nd.random.normal(scale=1, shape=(n, len(true_w)))
    labels = features[:, 0] * true_w[0] + features[:, 1] * true_w[1] + true_b
    labels += nd.random.normal(scale=0.01, shape=labels.shape)
    return features, labels


def linear_from_scratch():
    true_w, true_b = [2, -3.4], 4.2
    features, labels = linear_data(true_w, true_b)
    w = nd.random.normal(scale=0.01, shape=(2, 1))
    b = nd.zeros(shape=(1,))
    w.attach_grad()
    b.attach_grad()
    for epoch in range(3):
        for X, y in data_iter(10, features, labels):
            with autograd.record():
                loss = ((nd.dot(X, w) + b - y.reshape((-1, 1))) ** 2) / 2
            loss.backward()
            sgd([w, b], 0.1, 10)
        train_l = (((nd.dot(features, w) + b).reshape((-1,)) - labels) ** 2).mean() / 2
        print("linear, scratch: epoch %d, loss %f" % (epoch + 1, train_l.asscalar()))
    return float(nd.abs(w.reshape((-1,)) - nd.array(true_w)).max().asscalar())


def linear_with_gluon():
    true_w, true_b = [2, -3.4], 4.2
    features, labels = linear_data(true_w, true_b)
    train = gluon.data.DataLoader(gluon.data.ArrayDataset(features, labels), 10, shuffle=True)
    net = nn.Sequential()
    net.add(nn.Dense(1))
    net.initialize(mx.init.Normal(sigma=0.01))
    loss = gloss.L2Loss()
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
    for _ in range(3):
        for X, y in train:
            with autograd.record():
                l = loss(net(X), y)
            l.backward()
            trainer.step(10)
    dense = net[0]
    print("linear, gluon:", dense.weight.data(), dense.bias.data())
    return float(nd.abs(dense.weight.data()[0] - nd.array(true_w)).max().asscalar())


def logistic():
    """Two Gaussian clouds; the sigmoid and the loss by hand, then by name."""
    x = nd.concat(nd.random.normal(-1, 1, (100, 2)), nd.random.normal(1, 1, (100, 2)), dim=0)
    y = nd.concat(nd.zeros((100,)), nd.ones((100,)), dim=0)

    w, b = nd.zeros((2,)), nd.zeros((1,))
    for p in (w, b):
        p.attach_grad()

    def logits(z):
        return 1.0 / (1.0 + nd.exp(-z))

    for _ in range(30):
        with autograd.record():
            yhat = logits(nd.dot(x, w) + b)
            loss = -nd.nansum(y * nd.log(yhat) + (1 - y) * nd.log(1 - yhat))
        loss.backward()
        sgd([w, b], 0.5, len(x))
    scratch = ((nd.dot(x, w) + b > 0) == y).mean().asscalar()

    net = nn.Dense(1)
    net.initialize(mx.init.Zero())
    net.hybridize()
    loss_function = gloss.SigmoidBinaryCrossEntropyLoss()
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.5})
    for _ in range(30):
        with autograd.record():
            loss = loss_function(net(x), y)
        loss.backward()
        trainer.step(len(x))
    accuracy = ((net(x).reshape((-1,)) > 0) == y).astype("float32").mean().asscalar()
    print("logistic:", scratch, accuracy)
    return float(accuracy)


def softmax(X):
    X_exp = X.exp()
    partition = X_exp.sum(axis=1, keepdims=True)
    return X_exp / partition


def softmax_from_scratch():
    images, labels = Digits(train=True)[:600]
    images, labels = images.astype("float32").reshape((-1, 64)) / 16, nd.array(labels)
    W = nd.random.normal(scale=0.01, shape=(64, 10))
    b = nd.zeros(10)
    W.attach_grad()
    b.attach_grad()
    for _ in range(6):
        for X, y in data_iter(50, images, labels):
            with autograd.record():
                y_hat = softmax(nd.dot(X.reshape((-1, 64)), W) + b)
                l = -nd.pick(y_hat, y).log()
            l.backward()
            sgd([W, b], 1.0, 50)
    y_hat = softmax(nd.dot(images, W) + b)
    accuracy = (y_hat.argmax(axis=1) == labels.astype("float32")).mean().asscalar()
    print("softmax, scratch:", accuracy)
    return float(accuracy)


def evaluate_accuracy(data_iterator, net):
    acc = mx.metric.Accuracy()
    for data, label in data_iterator:
        output = net(data)
        predictions = nd.argmax(output, axis=1)
        acc.update(preds=predictions, labels=label)
    return acc.get()[1]


def softmax_with_gluon():
    def transform(data, label):
        return data.astype(np.float32) / 16, label.astype(np.float32)

    train_data = gluon.data.DataLoader(
        Digits(train=True, transform=transform), batch_size=479, shuffle=True
    )
    net = nn.Dense(10)
    net.collect_params().initialize(mx.init.Normal(sigma=0.1), ctx=mx.cpu())
    softmax_cross_entropy = gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.05})
    for _ in range(2):
        cumulative_loss = 0
        for data, label in train_data:
            data = data.as_in_context(mx.cpu()).reshape((-1, 64))
            label = label.as_in_context(mx.cpu())
            with autograd.record():
                loss = softmax_cross_entropy(net(data), label)
            loss.backward()
            trainer.step(data.shape[0])
            cumulative_loss += nd.sum(loss).asscalar()
        print("softmax, gluon: loss", cumulative_loss / 1437)
    batches = ((d.reshape((-1, 64)), l) for d, l in train_data)
    return evaluate_accuracy(batches, net)


def main():
    mx.random.seed(1)
    random.seed(1)
    return {
        "linear_from_scratch": linear_from_scratch(),
        "linear_with_gluon": linear_with_gluon(),
        "logistic": logistic(),
        "softmax_from_scratch": softmax_from_scratch(),
        "softmax_with_gluon": softmax_with_gluon(),
    }


if __name__ == "__main__":
    print(main())
