"""Datasets for the tests of worker processes, in a module as users write them."""

import os
import signal
import sys
import time

import numpy as np

import gluonx as mx
from gluonx import gluon, nd
from gluonx.data import generator
from gluonx.gluon import nn
from gluonx.gluon.data.vision import transforms

WEIGHTS = nd.array([1, 2]) * 3  # only a name in a worker


@mx.init.register
class Ours(mx.init.Initializer):
    pass


class Net(gluon.HybridBlock):
    """Stands beside the datasets, as it does in scripts."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Dense(3)


class Flip(gluon.Block):
    """A transform as a block, on NumPy arrays."""

    def __init__(self, axis):
        super().__init__()
        self.axis = axis

    def forward(self, x):
        return np.flip(x, self.axis) if generator().random() < 0.5 else x


def double(x):
    return x * 2


def transform():
    """Blocks of several kinds, with a function of a user."""
    return transforms.Compose([Flip(1), nn.Lambda(double)])


class Items(gluon.data.Dataset):
    """Item i is (a random array, i); `trouble` at item 5."""

    def __init__(self, length=11, trouble=None):
        self.length = length
        self.trouble = trouble

    def __len__(self):
        return self.length

    def __getitem__(self, i):
        if i == 5 and self.trouble is not None:
            TROUBLES[self.trouble]()
        return generator().random((2, 3)).astype("float32"), i


class Pids(Items):
    def __getitem__(self, i):
        time.sleep(0.01)
        return os.getpid(), "jax" in sys.modules, "gluonx.block" in sys.modules


class Refused(ValueError):
    def __init__(self, item, reason):  # cannot be unpickled
        super().__init__(f"{item}: {reason}")


def fail():
    raise KeyError("no item 5")


def refuse():
    raise Refused(5, "refused")


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def hang():
    time.sleep(60)


def use_jax():
    nd.array([1, 2])


TROUBLES = {"fail": fail, "refuse": refuse, "die": die, "hang": hang, "jax": use_jax}


def join(items):
    """A batchify function of one's own."""
    return {"sum": np.sum([x for x, _ in items], axis=0), "numbers": [i for _, i in items]}
