"""Blocks: names, structure, parameters, files. The names are those that MXNet 1.9.1 gives."""

import gc
import weakref

import numpy as np
import pytest

import gluonx as gx
from gluonx import gluon, nd, nn


@pytest.fixture(autouse=True)
def fresh_names():
    """Count names from 0 in every test."""
    with gx.name.NameManager():
        yield


class Net(gluon.HybridBlock):
    """A parameter of its own, a child with children, and a child."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.features = nn.HybridSequential()
            with self.features.name_scope():
                self.features.add(nn.Dense(4), nn.Dense(5, prefix="mine_"))
            self.out = nn.Dense(2)
            self.w = self.params.get("w", shape=(2,))

    def hybrid_forward(self, F, x, w):
        return self.out(self.features(x)) + w


NAMES = [
    "w",
    "hybridsequential0_dense0_weight",
    "hybridsequential0_dense0_bias",
    "hybridsequential0_mine_weight",
    "hybridsequential0_mine_bias",
    "dense0_weight",
    "dense0_bias",
]


def names(block, select=None):
    return list(block.collect_params(select).keys())


# -- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["net0_", "mine_", ""])
def test_parameters_have_the_names_of_mxnet(prefix):
    net = Net() if prefix == "net0_" else Net(prefix=prefix)
    assert net.prefix == prefix
    assert net.name == prefix.rstrip("_")
    assert names(net) == [prefix + name for name in NAMES]


def test_blocks_of_one_class_are_counted():
    assert [Net().prefix for _ in range(3)] == ["net0_", "net1_", "net2_"]
    assert nn.Dense(1).prefix == "dense0_"


def test_name_is_the_prefix_without_one_underscore():
    assert nn.Dense(1, prefix="x").name == "x"
    assert nn.Dense(1, prefix="x_").name == "x"
    assert nn.Dense(1, prefix="x__").name == "x_"


def test_children_made_outside_of_the_scope_are_counted_by_the_manager():
    class Mixed(gluon.Block):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.a = nn.Dense(1, use_bias=False)
            with self.name_scope():
                self.b = nn.Dense(1, use_bias=False)
            with self.name_scope():
                self.c = nn.Dense(1, use_bias=False)

    assert names(Mixed()) == ["dense0_weight", "mixed0_dense0_weight", "mixed0_dense1_weight"]


def test_scopes_nest():
    class Inner(gluon.Block):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.a = nn.Dense(1, use_bias=False)
            with self.name_scope():
                self.b = nn.Dense(1, use_bias=False)

    class Outer(gluon.Block):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            with self.name_scope():
                self.x = Inner()
                self.y = Inner()

    assert names(Outer()) == [
        "outer0_dense0_weight",
        "outer0_inner0_dense0_weight",
        "outer0_dense1_weight",
        "outer0_inner1_dense0_weight",
    ]


def test_prefix_manager_goes_in_front_of_counted_names():
    with gx.name.Prefix("big_"):
        assert nn.Dense(1).prefix == "big_dense0_"


# -- collecting ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (".*weight", [1, 3, 5]),
        ("weight", []),
        (".*dense0_bias|.*_w$", [0, 2, 6]),
        ("net0_dense", [5, 6]),
    ],
)
def test_collect_params_selects_by_match_at_the_beginning(pattern, expected):
    assert names(Net(), pattern) == ["net0_" + NAMES[i] for i in expected]


def test_params_are_only_the_blocks_own():
    net = Net()
    assert list(net.params) == ["net0_w"]
    assert net.collect_params().prefix == net.params.prefix == "net0_"
    assert net.collect_params()["net0_w"] is net.w


def test_collect_params_with_two_parameters_of_one_name_raises():
    class Twice(gluon.Block):
        def __init__(self):
            super().__init__()
            self.a = nn.Dense(1, prefix="same_")
            self.b = nn.Dense(1, prefix="same_")

    with pytest.raises(ValueError, match="two different parameters are called same_weight"):
        Twice().collect_params()


# -- sharing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("own", [True, False])
def test_params_shares_and_keeps_the_old_names(own):
    net = Net()
    other = Net(params=net.params if own else net.collect_params())
    assert other.prefix == "net1_"
    assert names(other)[0] == "net0_w"
    assert other.w is net.w
    assert names(other) == names(net)
    # net.params are only its own; the children's parameters then have equal names but are new
    assert (other.features[0].weight is net.features[0].weight) == (not own)
    assert other.features[0].prefix == "net1_hybridsequential0_dense0_"


def test_shared_layers_inside_one_net_are_one_parameter():
    net = nn.HybridSequential(prefix="m_")
    with net.name_scope():
        net.add(nn.Dense(3, in_units=3))
        net.add(nn.Dense(3, in_units=3, params=net[0].params))
    assert names(net) == ["m_dense0_weight", "m_dense0_bias"]
    assert net[1].prefix == "m_dense1_"
    net.initialize("ones")
    with gx.autograd.record():
        y = net(nd.ones((1, 3)))
    y.backward()
    # y = w w x: both uses count
    np.testing.assert_array_equal(net[0].weight.grad().asnumpy(), np.full((3, 3), 6))


# -- structure -----------------------------------------------------------------------------------


def test_attributes_that_are_blocks_become_children():
    net = Net()
    assert list(net._children) == ["features", "out"]
    replacement = nn.Dense(7)
    net.out = replacement
    assert list(net._children) == ["features", "out"]
    assert net._children["out"] is replacement


def test_register_child_without_a_name_counts():
    net = gluon.Block()
    net.register_child(nn.Dense(1))
    net.register_child(nn.Dense(1))
    assert list(net._children) == ["0", "1"]


def test_apply_visits_children_first():
    seen = []
    net = Net()
    assert net.apply(lambda block: seen.append(block.name)) is net
    assert seen[-1] == "net0"
    assert len(seen) == 5


def test_repr_shows_the_tree():
    assert repr(Net()) == (
        "Net(\n"
        "  (features): HybridSequential(\n"
        "    (0): Dense(None -> 4, linear)\n"
        "    (1): Dense(None -> 5, linear)\n"
        "  )\n"
        "  (out): Dense(None -> 2, linear)\n"
        ")"
    )


def test_attribute_before_super_init_says_so():
    class Early(gluon.Block):
        def __init__(self):
            self.fc = nn.Dense(1)
            super().__init__()

    with pytest.raises(AttributeError, match=r"Early: call super\(\).__init__.*self.fc"):
        Early()


def test_child_cannot_become_something_else():
    net = Net()
    with pytest.raises(TypeError, match="net0.out is a Dense and cannot become a int"):
        net.out = 3
    with pytest.raises(TypeError, match="net0.w is a Parameter and cannot become a Dense"):
        net.w = nn.Dense(1)


def test_hybrid_block_refuses_a_plain_child():
    class Plain(gluon.Block):
        pass

    with pytest.raises(ValueError, match="children of a HybridBlock must be HybridBlocks, .*Plain"):
        nn.HybridSequential().add(Plain())


def test_forward_that_is_missing_is_named():
    class Empty(gluon.Block):
        pass

    class EmptyHybrid(gluon.HybridBlock):
        pass

    with pytest.raises(NotImplementedError, match="Empty must define forward"):
        Empty()(nd.ones((1,)))
    with pytest.raises(NotImplementedError, match="EmptyHybrid must define hybrid_forward"):
        EmptyHybrid()(nd.ones((1,)))


def test_numpy_input_says_how_to_convert():
    net = nn.Dense(2)
    net.initialize()
    with pytest.raises(TypeError, match=r"Dense \(dense0\) was called with ndarray.*nd.array"):
        net(np.ones((1, 2)))


def test_plain_block_hybridizes_its_children():
    class Plain(gluon.Block):
        def __init__(self):
            super().__init__()
            self.fc = nn.Dense(2, in_units=3)
            self.calls = 0

        def forward(self, x):
            self.calls += 1
            return self.fc(x)

    net = Plain()
    net.initialize()
    x = nd.ones((2, 3))
    before = net(x).asnumpy()
    net.hybridize()
    for _ in range(3):
        np.testing.assert_allclose(net(x).asnumpy(), before, rtol=1e-6)
    assert net.calls == 4


def test_cast_changes_all_parameters_and_results():
    net = Net()
    net.initialize()
    net.cast("float16")
    assert net(nd.ones((1, 3), dtype="float16")).dtype == np.float16
    assert {np.dtype(p.data().dtype) for p in net.collect_params().values()} == {
        np.dtype("float16")
    }


def test_reset_ctx_moves_all_parameters():
    net = Net()
    net.initialize()
    x = nd.ones((1, 3))
    before = net(x).asnumpy()
    net.reset_ctx([gx.cpu(1)])
    assert net.collect_params().list_ctx() == [gx.cpu(1)]
    after = net(x.as_in_context(gx.cpu(1)))
    assert after.context == gx.cpu(1)
    np.testing.assert_allclose(after.asnumpy(), before, rtol=1e-6)


def test_deleted_block_is_freed():
    net = Net()
    net.initialize()
    net(nd.ones((1, 3)))
    ref, param = weakref.ref(net), weakref.ref(net.w)
    del net
    gc.collect()
    assert ref() is None
    assert param() is None


def test_scope_of_a_block_with_an_empty_prefix_is_the_outer_one():
    net = nn.HybridSequential(prefix="net_")
    with net.name_scope():
        inner = nn.HybridSequential(prefix="")
        with inner.name_scope():
            inner.add(nn.Dense(2))
        net.add(inner, nn.Dense(3))
    assert list(net.collect_params()) == [
        "net_dense0_weight", "net_dense0_bias", "net_dense1_weight", "net_dense1_bias",
    ]  # fmt: skip


def test_parameters_take_the_type_of_the_input():
    net = nn.HybridSequential()
    net.add(nn.Embedding(3, 2), nn.Dense(2))
    net.initialize()
    net.infer_type(nd.array([1, 2], dtype="int32"), nd.ones((1,), dtype="float16"))
    assert {np.dtype(p.dtype).name for p in net.collect_params().values()} == {"float16"}
    assert np.dtype(net(nd.array([1, 2])).dtype).name == "float16"
