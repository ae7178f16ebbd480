"""Train a small convolutional net on real handwritten digits, in under a minute on two cores.

    python examples/digits.py

The loop is plain Gluon: record, backward, step. Afterwards the parameters are saved, loaded into a
second net, and that net is measured as well. The exit status is 1 if the held-out accuracy is
below 98 %.
"""

import argparse
import sys
import time

import gluonx as gx
from gluonx import autograd, gluon, nn
from gluonx.data.vision import Digits

try:
    from tqdm.auto import tqdm
except ImportError:
    tqdm = None


class LeNet(gluon.HybridBlock):
    """Two rounds of convolution and pooling, then two dense layers."""

    def __init__(self, classes=10):
        super().__init__()
        self.features = nn.HybridSequential()
        for channels in (32, 64):
            self.features.add(
                nn.Conv2D(channels, kernel_size=3, padding=1, use_bias=False),
                nn.BatchNorm(),
                nn.Activation("relu"),
                nn.MaxPool2D(pool_size=2, strides=2),
            )
        self.features.add(nn.Flatten(), nn.Dense(128, activation="relu"), nn.Dropout(0.5))
        self.output = nn.Dense(classes)

    def hybrid_forward(self, F, x):
        """Map images (batch, 1, 8, 8) to scores (batch, classes)."""
        return self.output(self.features(x))


def progress(batches, title):
    """Iterate over the batches and show on a terminal how far we are."""
    if tqdm is not None:
        return tqdm(batches, desc=title, leave=False, disable=None)
    return text_progress(batches, title) if sys.stdout.isatty() else batches


def text_progress(batches, title, width=30):
    """Do what tqdm does, where it is not installed."""
    for done, batch in enumerate(batches):
        bar = "#" * (width * done // len(batches))
        print(f"\r{title} [{bar:<{width}}]", end="", flush=True)
        yield batch
    print(end="\r")


def to_input(images, ctx):
    """Turn a batch of scans (batch, 8, 8, 1) of 0..16 into (batch, 1, 8, 8) of 0..1."""
    return images.as_in_context(ctx).transpose((0, 3, 1, 2)).astype("float32") / 16


def train_one_epoch(net, batches, trainer, title, ctx):
    """Go over the data once and return the mean loss."""
    loss_function = gluon.loss.SoftmaxCrossEntropyLoss()
    mean_loss = gx.metric.Loss()
    for images, labels in progress(batches, title):
        images, labels = to_input(images, ctx), labels.as_in_context(ctx)
        with autograd.record():
            loss = loss_function(net(images), labels)
        loss.backward()
        trainer.step(batch_size=len(images))
        mean_loss.update(None, loss)
    return mean_loss.get()[1]


def accuracy(net, batches, ctx):
    """Return the share of images which the net classifies rightly."""
    metric = gx.metric.Accuracy()
    for images, labels in batches:
        metric.update(labels, net(to_input(images, ctx)))
    return metric.get()[1]


def parse_arguments():
    parser = argparse.ArgumentParser(description="Train a LeNet on the UCI digits.")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=0.005)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--gpu", action="store_true", help="train on the first GPU")
    parser.add_argument("--params", default="digits.params", help="where to save the parameters")
    return parser.parse_args()


def main():
    args = parse_arguments()
    ctx = gx.gpu() if args.gpu else gx.cpu()
    gx.random.seed(args.seed)
    train = gluon.data.DataLoader(Digits(train=True), args.batch_size, shuffle=True, num_workers=1)
    test = gluon.data.DataLoader(Digits(train=False), args.batch_size)

    net = LeNet()
    net.initialize(gx.init.Xavier(), ctx=ctx)
    net.hybridize()
    trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": args.learning_rate})

    start = time.time()
    for epoch in range(1, args.epochs + 1):
        if epoch == args.epochs * 3 // 4:
            trainer.set_learning_rate(args.learning_rate / 10)
        title = f"epoch {epoch:2d}/{args.epochs}"
        loss = train_one_epoch(net, train, trainer, title, ctx)
        print(f"{title}  loss {loss:.4f}  held-out accuracy {accuracy(net, test, ctx):.2%}")
    print(f"trained on {len(Digits())} scans in {time.time() - start:.0f} s")

    net.save_parameters(args.params)
    fresh = LeNet()
    fresh.load_parameters(args.params, ctx=ctx)
    trained, loaded = accuracy(net, test, ctx), accuracy(fresh, test, ctx)
    print(f"held-out accuracy {trained:.2%}, loaded from {args.params}: {loaded:.2%}")
    if loaded != trained:
        sys.exit("the loaded net differs from the trained one")
    if trained < 0.98:
        sys.exit("accuracy below 98 %")


if __name__ == "__main__":
    main()
