"""How often XLA compiles: equal work once, whatever the numbers in it are."""

import numpy as np
import pytest

from gluonx import autograd, nd, nn


def _fresh():
    """A shape that no other test uses, so that nothing is compiled for it yet."""
    _fresh.size += 1
    return (_fresh.size, 3)


_fresh.size = 1000


def _x(shape=None, **kwargs):
    return nd.array(np.ones(shape or _fresh()), **kwargs)


@pytest.mark.parametrize(
    "work",
    [
        lambda x, i: x + x, lambda x, i: x + 0.5 * i, lambda x, i: i - x, lambda x, i: x > i,
        lambda x, i: nd.dot(x, x.T), lambda x, i: x.sum(), lambda x, i: x[i].asnumpy(),
        lambda x, i: x[-1 - i].asnumpy(), lambda x, i: x[i : i + 2].asnumpy(),
        lambda x, i: x[i, 1].asnumpy(), lambda x, i: x[:, i % 3].asnumpy(),
        lambda x, i: x[[i, i + 1]], lambda x, i: x[i, [0, i % 3]], lambda x, i: x.__setitem__(i, i),
        lambda x, i: x.__setitem__((i, 1), i), lambda x, i: x.__setitem__((slice(None), 1), i),
        lambda x, i: x.__setitem__([i, 2], i), lambda x, i: x.__setitem__(slice(i, i + 2), i),
        lambda x, i: x.__setitem__(slice(None), i), lambda x, i: x.__iadd__(i),
        lambda x, i: x.reshape((-1,))[i].__setitem__(slice(None), i), lambda x, i: x.copy(),
        lambda x, i: nd.random.uniform(i, i + 1, shape=x.shape), lambda x, i: x.copyto(x[:] + i),
    ],
)  # fmt: skip
def test_equal_work_compiles_once(work, compilations):
    x = _x()
    work(x, 0)
    work(x, 1)  # the second write finds an array that was written to before
    with compilations() as names:
        for i in range(2, 10):
            work(x, i)
    assert names == []


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "float16"])
def test_every_dtype_compiles_once(dtype, compilations):
    x = _x(dtype=dtype)

    def work(i):
        y = x + i
        y[i] = i * 2
        return (y * y)[i].asnumpy()

    work(0)
    work(1)
    with compilations() as names:
        for i in range(2, 10):
            work(i)
    assert names == []


def test_gradients_compile_once(compilations):
    x = _x()
    x.attach_grad()

    def step(i):
        with autograd.record():
            y = nd.tanh(x * (0.1 * i) + x[i]).sum()
        y.backward()
        x[:] = x - 0.01 * i * x.grad

    step(0)
    step(1)
    with compilations() as names:
        for i in range(2, 10):
            step(i)
    assert names == []


def test_gradients_of_gradients_compile_once(compilations):
    x = _x()
    x.attach_grad()

    def step():
        with autograd.record():
            (dx,) = autograd.grad((x**3).sum(), x, create_graph=True)
            penalty = (dx * dx).sum()
        penalty.backward()

    step()
    with compilations() as names:
        for _ in range(5):
            step()
    assert names == []


def test_an_operator_is_one_executable(compilations):
    x = _x()
    nd.ones((1,)).wait_to_read()
    with compilations() as names:
        nd.tanh(x)
    assert len(names) == 1
    with compilations() as names:
        nd.tanh(_x())  # another shape
    assert len(names) == 1


def test_an_operator_and_its_gradient_are_two_executables(compilations):
    x = _x()
    x.attach_grad()
    with compilations() as names, autograd.record():
        y = nd.tanh(x)
    assert len(names) == 1
    head = nd.ones(x.shape)
    with compilations() as names:
        y.backward(head)
    assert len(names) == 1


def test_fill_values_and_shapes_of_new_arrays(compilations):
    shape = _fresh()
    nd.full(shape, 1)
    with compilations() as names:
        for i in range(5):
            nd.full(shape, i)
            nd.zeros(shape)
    assert names == []


def test_executables_are_forgotten_before_the_process_has_too_many(monkeypatch, compilations):
    from gluonx.engine import mappings

    double = nn.HybridLambda(lambda F, x: 2 * x)
    double.hybridize()
    x = nd.array([1, 2])
    with compilations() as names:
        first = double(x).asnumpy()
        double(x).wait_to_read()
    assert len(names) == 1

    monkeypatch.setattr(mappings, "_limit", lambda: 10)
    monkeypatch.setattr(mappings, "_EVERY", 1)
    with pytest.warns(UserWarning, match="memory mappings.*keep shapes equal.*max_map_count"):
        double(nd.array([1, 2, 3])).wait_to_read()
    monkeypatch.undo()
    with compilations() as names:
        again = double(x).asnumpy()
    assert len(names) == 1
    np.testing.assert_array_equal(again, first)
