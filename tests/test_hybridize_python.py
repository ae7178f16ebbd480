"""Ordinary Python inside hybridized blocks: shapes, loops, writes in place, state, hooks."""

import numpy as np
import pytest
from hybridizing import Block, arrays, same

import gluonx as gx
from gluonx import autograd, nd, nn

# -- shapes and indices -------------------------------------------------------------------------


def test_shapes_are_integers_and_steer_control_flow():
    def forward(self, x):
        assert type(x.shape) is tuple and all(type(n) is int for n in x.shape)
        assert (len(x), x.ndim, x.size) == (x.shape[0], len(x.shape), x.shape[0] * x.shape[1])
        out = x[0] * 0
        for i in range(x.shape[0]):
            out = out + x[i] * i if i % 2 else out - x[i]
        return out.reshape((x.shape[1] // 2, 2)) if x.shape[1] % 2 == 0 else out

    for shape in ((3, 4), (4, 3)):
        same(Block(forward), arrays(shape))


def test_indexing_slicing_and_writes_inside():
    def forward(self, x):
        y = nd.zeros((4, 3))
        y[1:3] = x
        y[0, 1] = 5
        y[:, 2] += 1
        return y * y, x[:, 1:], x[-1], x.T

    same(Block(forward), arrays((2, 3)), modes=((False, False),))


def test_in_place_operators_on_results_inside():
    def forward(self, x):
        y = x * 2
        y += 1
        y *= x
        return y

    net = Block(forward)
    net.hybridize()
    x = nd.array([1.0, 2.0])
    assert net(x).asnumpy().tolist() == [3, 10]
    x.attach_grad()
    with autograd.record():
        z = net(x)
    z.backward()
    assert x.grad.asnumpy().tolist() == [5, 9]  # of 2 x x + x


def test_writing_an_input_shows_outside():
    def forward(self, x):
        x[:] = x + 1
        return x * 2

    for active in (False, True):
        net = Block(forward)
        net.hybridize(active)
        x = nd.array([1.0, 2.0])
        y = net(x)
        assert (x.asnumpy().tolist(), y.asnumpy().tolist()) == ([2, 3], [4, 6])


def test_writing_an_input_that_is_recorded_raises_as_eagerly():
    def forward(self, x):
        x += 1
        return x * 2

    for active in (False, True):
        net = Block(forward)
        net.hybridize(active)
        x = nd.array([1.0, 2.0])
        x.attach_grad()
        with autograd.record(), pytest.raises(gx.MXNetError, match="cannot be changed in place"):
            net(x)
        assert net(x).asnumpy().tolist() == [4, 6]
        assert x.asnumpy().tolist() == [2, 3]


def test_writing_a_slice_that_is_an_input():
    def forward(self, x):
        x[:] = x * 10
        return x + self.w.data()

    for active in (False, True):
        net = Block(forward, w=[0.5])
        net.initialize()
        net.hybridize(active)
        for record in (False, True):
            data = nd.array([[1.0], [2.0], [3.0]])
            with autograd.record() if record else autograd.pause():
                y = net(data[1])
            assert y.asnumpy().tolist() == [20.5]
            assert data.asnumpy().tolist() == [[1], [20], [3]]


def test_pause_inside_stops_the_gradient():
    def forward(self, x):
        with autograd.pause():
            factor = x * 1
        return x * factor, x * x.detach()

    same(Block(forward), arrays((3,)))


def test_state_written_in_forward():
    def forward(self, x):
        count = self.count.data()
        count += 1
        self.total.set_data(self.total.data() + x.mean())
        return x * count

    for active in (False, True):
        net = Block(forward, count=[0.0], total=[0.0])
        net.collect_params().setattr("grad_req", "null")
        net.initialize()
        net.hybridize(active)
        for step in (1, 2, 3):
            assert net(nd.array([1.0, 3.0])).asnumpy().tolist() == [step, 3 * step]
        assert net.count.data().asscalar() == 3
        assert net.total.data().asscalar() == 6


def test_integer_and_wide_dtypes():
    net = Block(lambda self, x: (x + x, x.astype("float32") * 0.5))
    for dtype in ("int32", "int64", "uint8", "float64", "float16"):
        for active in (False, True):
            net.hybridize(active)
            twice, half = net(nd.array([3, 4], dtype=dtype))
            assert twice.dtype == np.dtype(dtype)
            assert twice.asnumpy().tolist() == [6, 8]
            assert half.asnumpy().tolist() == [1.5, 2]


def test_two_contexts():
    net = nn.Dense(2, in_units=3)
    net.initialize(ctx=[gx.cpu(0), gx.cpu(1)])
    x = nd.random.normal(shape=(4, 3))
    eager = net(x).asnumpy()
    net.hybridize()
    for ctx in (gx.cpu(0), gx.cpu(1)):
        y = net(x.as_in_context(ctx))
        assert y.context == ctx
        np.testing.assert_allclose(y.asnumpy(), eager, rtol=1e-6)


def test_hooks_on_children_and_on_the_net_run_at_every_call():
    net = nn.HybridSequential()
    net.add(nn.Dense(2, in_units=3), nn.Dense(1, in_units=2))
    net.initialize("ones")
    net.hybridize()
    x = nd.ones((1, 3))
    net(x)
    seen = []
    handles = [
        net[0].register_forward_hook(lambda block, x, y: seen.append(y.asnumpy().tolist())),
        net.register_forward_pre_hook(lambda block, x: seen.append("before")),
    ]
    for _ in range(2):
        assert net(x).asscalar() == 6
    assert seen == ["before", [[3, 3]]] * 2
    for handle in handles:
        handle.detach()
    net(x)
    assert len(seen) == 4


# -- one array under several names ---------------------------------------------------------------


@pytest.mark.parametrize("active", [False, True])
def test_an_input_given_twice_is_one_array(active):
    def forward(self, a, b):
        a += 1
        return a * b

    net = Block(forward)
    net.hybridize(active)
    for _ in range(2):
        x, y = nd.array([1.0, 2.0]), nd.array([1.0, 2.0])
        assert net(x, y).asnumpy().tolist() == [2, 6]
        assert net(x, x).asnumpy().tolist() == [9, 16]
        rows = nd.array([[1.0, 2.0]])
        assert net(rows[0], rows[0]).asnumpy().tolist() == [4, 9]


@pytest.mark.parametrize("active", [False, True])
def test_a_parameter_that_is_changed_and_an_input(active):
    def forward(self, x):
        w = self.w.data()
        w += 1
        return x * w

    net = Block(forward, w=[1.0])
    net.collect_params().setattr("grad_req", "null")
    net.initialize()
    net.hybridize(active)
    assert net(nd.array([10.0])).asscalar() == 20
    assert net(net.w.data()).asscalar() == 9


@pytest.mark.parametrize("active", [False, True])
def test_an_input_or_a_parameter_that_is_returned_is_itself(active):
    net = Block(lambda self, x: (x, {"w": self.w.data(), "y": x + 1}), w=[1.0])
    net.initialize()
    net.hybridize(active)
    for record in (False, True):
        x = nd.array([5.0])
        x.attach_grad()
        with autograd.record() if record else autograd.pause():
            same_x, rest = net(x)
            total = same_x + rest["w"] * rest["y"]
        assert same_x is x
        assert rest["w"] is net.w.data()
        assert total.asscalar() == 11
        if record:
            total.backward()
            assert (x.grad.asscalar(), net.w.grad().asscalar()) == (2, 6)
