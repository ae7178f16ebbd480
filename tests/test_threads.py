"""Arrays used by several threads at once."""

import sys
import threading

import numpy as np
import pytest

from gluonx import autograd, nd


@pytest.fixture(autouse=True)
def _switch_often():
    old = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(old)


def _together(*functions):
    """Run the functions in threads of their own and raise what one of them raises."""
    errors = []

    def guarded(function):
        try:
            function()
        except Exception as e:
            errors.append(e)

    threads = [threading.Thread(target=guarded, args=(f,)) for f in functions]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if errors:
        raise errors[0]


def _integer(x, i):
    x[i] = i


def _row(x, i):
    x[[i]] = i


def _view(x, i):
    x.reshape((-1, 2))[i // 2][i % 2 :][0:1] = i


@pytest.mark.parametrize("write", [_integer, _row, _view])
def test_no_write_is_lost(write):
    x = nd.zeros((200,))

    def writer(k):
        return lambda: [write(x, i) for i in range(k, 200, 4)]

    _together(*map(writer, range(4)))
    assert x.asnumpy().tolist() == list(range(200))


def test_reading_while_another_thread_writes():
    x = nd.zeros((100,))
    whole, part, done = x + 0, x[10:20], threading.Event()

    def write():
        for i in range(1, 500):
            x[:] = i
            x[0] = i
            x[[1, 2]] = i
            x[:50] = i
        done.set()

    def read():
        last = 0
        while not done.is_set():
            seen = part.asnumpy()
            assert (seen == seen[0]).all()
            assert seen[0] >= last  # a view never shows old contents again
            last = seen[0]
            assert ((x + whole).asnumpy() < 500).all()
            assert x.shape == (100,)
            assert x.dtype is np.float32

    _together(write, read, read)
    assert (x.asnumpy() == 499).all()


def test_recording_while_another_thread_writes():
    x = nd.ones((4,))
    done = threading.Event()

    def write():
        for i in range(300):
            x[i % 4] = 1
        done.set()

    def learn():
        w = nd.ones((4,))
        w.attach_grad()
        while not done.is_set():
            with autograd.record():
                y = (w * x * x).sum()
            y.backward()
            assert w.grad.asnumpy().tolist() == [1, 1, 1, 1]

    _together(write, learn, learn)


def test_a_failed_write_leaves_the_old_contents():
    x = nd.array([1, 2, 3])
    with pytest.raises(ValueError, match="cannot write"):
        x[[0, 1]] = [1, 2, 3]
    x[0] = 5
    assert x.asnumpy().tolist() == [5, 2, 3]
