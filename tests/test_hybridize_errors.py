"""What cannot be compiled says where, in which block, and what to write instead."""

import re

import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, gluon, nd, nn
from gluonx.error import HybridizeError

KEPT = []
RIGHT_CHOICE = "right:  y = F.where(cond, a, b)     # or net.hybridize(active=False)"


class If(gluon.HybridBlock):
    def forward(self, x):
        if x.sum() > 0:  # the user's line
            return x
        return -x


class Float(gluon.HybridBlock):
    def forward(self, x):
        return x * float(x.sum())  # the user's line


class Int(gluon.HybridBlock):
    def hybrid_forward(self, F, x):
        return F.zeros((int(x.max()),))  # the user's line


class Scalar(gluon.HybridBlock):
    def forward(self, x):
        return x / x.max().asscalar()  # the user's line


class Numpy(gluon.HybridBlock):
    def forward(self, x):
        return nd.array(np.sort(x.asnumpy()))  # the user's line


class Converted(gluon.HybridBlock):
    def forward(self, x):
        return nd.array(np.asarray(x) * 2)  # the user's line


class Waits(gluon.HybridBlock):
    def forward(self, x):
        y = x + 1
        y.wait_to_read()  # the user's line
        return y


class While(gluon.HybridBlock):
    def forward(self, x):
        while x.max() < 100:  # the user's line
            x = x * 2
        return x


class OnParameter(gluon.HybridBlock):
    def __init__(self):
        super().__init__()
        self.w = self.params.get("w", shape=(1,), init="ones")

    def hybrid_forward(self, F, x, w):
        if w > 0:  # the user's line
            return x
        return -x


class Index(gluon.HybridBlock):
    def forward(self, x):
        places = ["a", "b", "c"]
        return x, places[x[0].astype("int32")]  # the user's line


@pytest.mark.parametrize(
    ("block", "what"),
    [
        (If, None),
        (While, None),
        (OnParameter, None),
        (Float, None),
        (Int, None),
        (Index, None),
        (Scalar, "asscalar()"),
        (Numpy, "asnumpy()"),
        (Converted, "conversion to NumPy"),
        (Waits, "wait_to_read()"),
    ],
)
@pytest.mark.parametrize("recording", [False, True])
def test_looking_at_values_names_line_block_and_remedy(block, what, recording):
    net = block()
    net.initialize()
    x = nd.array([1.0, 2.0])
    eager = net(x)
    net.hybridize()
    with pytest.raises(HybridizeError) as caught:
        if recording:
            x.attach_grad()
            with autograd.record():
                net(x)
        else:
            net(x)
    text = str(caught.value)
    assert f"{net.name} is hybridized" in text
    assert re.search(r'File ".*test_hybridize_errors.py", line \d+\n.*# the user\'s line', text)
    assert "wrong:  if x.sum() > 0: y = a" in text
    assert RIGHT_CHOICE in text
    if what is not None:
        assert text.startswith(f"{what} needs the values of an array")
    # the remedies work, and nothing is left behind by the failure
    net.hybridize(active=False)
    again = net(x)
    for a, b in zip(again if isinstance(again, tuple) else [again], eager, strict=False):
        if isinstance(a, nd.NDArray):
            np.testing.assert_array_equal(a.asnumpy().ravel()[0], b.asnumpy().ravel()[0])


def test_error_is_both_an_mxnet_error_and_a_type_error():
    net = If()
    net.hybridize()
    with pytest.raises(gx.MXNetError):
        net(nd.ones((1,)))
    with pytest.raises(TypeError):
        net(nd.ones((1,)))


def test_line_of_a_nested_block_is_the_innermost_users_line():
    class Inner(gluon.HybridBlock):
        def forward(self, x):
            return x if x.max() > 0 else -x  # innermost

    net = nn.HybridSequential()
    net.add(nn.Dense(2, in_units=2), Inner())
    net.initialize()
    net.hybridize()
    with pytest.raises(HybridizeError, match="# innermost"):
        net(nd.ones((1, 2)))


def test_failed_trace_leaves_the_state_and_the_parameters_alone():
    class Fails(gluon.HybridBlock):
        def __init__(self):
            super().__init__()
            self.count = self.params.get("count", shape=(1,), init="zeros", grad_req="null")
            self.fail = True

        def forward(self, x):
            count = self.count.data()
            count += 1
            if self.fail:
                raise KeyError("mine")
            return x + 1

    net = Fails()
    net.initialize()
    net.hybridize()
    for _ in range(2):
        with pytest.raises(KeyError, match="mine"), autograd.record():
            net(nd.ones((1,)))
        assert not autograd.is_recording()
    assert net.count.data().asscalar() == 0
    net.fail = False
    assert net(nd.ones((1,))).asscalar() == 2
    assert net.count.data().asscalar() == 1


def test_wrong_shapes_are_errors_of_the_operator():
    net = nn.HybridSequential()
    net.add(nn.Dense(2, in_units=3))
    net.initialize()
    net.hybridize()
    with pytest.raises(gx.MXNetError, match=r"FullyConnected\(\(1, 5\) float32, \(2, 3\) float32"):
        net(nd.ones((1, 5)))


# -- print ---------------------------------------------------------------------------------------


def test_print_shows_shape_and_place_instead_of_values(capsys):
    class Prints(gluon.HybridBlock):
        def forward(self, x):
            print(x)
            print(f"{x * 2!s}")
            return x

    net = Prints()
    net.hybridize()
    net(nd.ones((2, 3)))
    text = capsys.readouterr().out
    assert text == (f"\n(no values: {net.name} is being compiled)\n<NDArray 2x3 @cpu(0)>\n" * 2)


# -- keeping arrays ------------------------------------------------------------------------------


class KeepsInSelf(gluon.HybridBlock):
    def forward(self, x):
        h = x * 2
        self.h = h  # the user's line
        return h + 1


class KeepsListInSelf(gluon.HybridBlock):
    def forward(self, x):
        h = x * 2
        self.h = [x, h]  # the user's line
        return h + 1


class KeepsDictInSelf(gluon.HybridBlock):
    def forward(self, x):
        h = x * 2
        self.h = {"h": h}  # the user's line
        return h + 1


@pytest.mark.parametrize("block", [KeepsInSelf, KeepsListInSelf, KeepsDictInSelf])
def test_keeping_an_array_in_self_raises_at_the_line(block):
    net = block()
    net(nd.ones((1,)))
    net.hybridize()
    with pytest.raises(HybridizeError) as caught:
        net(nd.ones((1,)))
    text = str(caught.value)
    assert f"{net.name} is hybridized, and keeps an array in self.h" in text
    assert re.search(r'File ".*test_hybridize_errors.py", line \d+\n.*# the user\'s line', text)
    assert "wrong:  self.h = h; return y" in text
    assert "right:  return y, h" in text


def test_kept_array_raises_when_it_is_looked_at():
    class Keeps(gluon.HybridBlock):
        def forward(self, x):
            h = x * 2
            KEPT.append(h)
            return h + 1

    net = Keeps()
    net.hybridize()
    KEPT.clear()
    assert net(nd.ones((1,))).asscalar() == 3
    kept = KEPT.pop()
    assert kept.shape == (1,)
    assert kept.dtype == np.float32
    for use in (
        lambda: kept.asnumpy(),
        lambda: kept + 1,
        lambda: str(kept),
        lambda: kept.copyto(gx.cpu(1)),
        lambda: nd.dot(kept, kept),
    ):
        with pytest.raises(HybridizeError) as caught:
            use()
        text = str(caught.value)
        assert f"made while {net.name} was being compiled" in text
        assert "right:  return y, h" in text


def test_kept_input_and_other_hybridized_block_raise_too():
    class Keeps(gluon.HybridBlock):
        def forward(self, x):
            KEPT.append(x)
            return x + 1

    class Uses(gluon.HybridBlock):
        def forward(self, x):
            return x + KEPT[-1]

    keeps, uses = Keeps(), Uses()
    keeps.hybridize()
    uses.hybridize()
    KEPT.clear()
    x = nd.ones((1,))
    keeps(x)
    with pytest.raises(HybridizeError, match=f"made while {keeps.name} was being compiled"):
        uses(x)
    KEPT[:] = [nd.ones((1,))]
    assert uses(x).asscalar() == 2


def test_what_numpy_makes_inside_is_made_once():
    class Fresh(gluon.HybridBlock):
        def forward(self, x):
            return x + nd.array(np.random.rand(1))

    net = Fresh()
    x = nd.ones((1,))
    assert net(x).asscalar() != net(x).asscalar()
    net.hybridize()
    assert net(x).asscalar() == net(x).asscalar()
