"""save_parameters and load_parameters: structural names, all or nothing, one error."""

import numpy as np
import pytest

import gluonx as gx
from gluonx import gluon, nd, nn
from gluonx.error import MXNetError


class Net(gluon.HybridBlock):
    def __init__(self, units=4, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.features = nn.HybridSequential()
            self.features.add(nn.Dense(units), nn.Dense(5))
            self.out = nn.Dense(2)
            self.scale = self.params.get("scale", shape=(2,), init="ones")

    def hybrid_forward(self, F, x, scale):
        return self.out(self.features(x)) * scale


PATHS = [
    "features.0.bias",
    "features.0.weight",
    "features.1.bias",
    "features.1.weight",
    "out.bias",
    "out.weight",
    "scale",
]
X = nd.array(np.linspace(-1, 1, 6).reshape(2, 3))


def trained(**kwargs):
    net = Net(**kwargs)
    net.initialize(gx.init.Normal(1))
    net(X)
    return net


@pytest.fixture
def file(tmp_path):
    return str(tmp_path / "net.params")


def contents(net):
    return {name: p.data().asnumpy() for name, p in net.collect_params().items()}


def test_names_in_the_file_are_structural(file):
    trained().save_parameters(file)
    assert sorted(nd.load(file)) == PATHS


def test_file_fits_a_net_of_other_counters_and_prefix(file):
    net = trained(prefix="somewhere_")
    net.save_parameters(file)
    for other in (Net(), Net(prefix="elsewhere_"), Net(prefix="")):
        other.load_parameters(file)
        np.testing.assert_array_equal(other(X).asnumpy(), net(X).asnumpy())


def test_loading_needs_no_initialize_and_learns_shapes(file):
    trained().save_parameters(file)
    net = Net()
    net.load_parameters(file, ctx=[gx.cpu(0), gx.cpu(1)])
    assert net.features[0].weight.shape == (4, 3)
    assert net.features[0].weight.list_ctx() == [gx.cpu(0), gx.cpu(1)]


def test_loading_between_initialize_and_first_call(file):
    net = trained()
    net.save_parameters(file)
    other = Net()
    other.initialize()
    other.load_parameters(file)
    np.testing.assert_array_equal(other(X).asnumpy(), net(X).asnumpy())


def test_loading_into_a_hybridized_net_takes_effect(file):
    net = trained()
    net.save_parameters(file)
    other = trained()
    other.hybridize()
    assert not np.allclose(other(X).asnumpy(), net(X).asnumpy())
    other.load_parameters(file)
    np.testing.assert_allclose(other(X).asnumpy(), net(X).asnumpy(), rtol=1e-6)


def test_one_error_lists_everything_and_changes_nothing(file):
    arrays = {name: p.data() for name, p in trained()._collect_params_with_prefix().items()}
    del arrays["out.bias"], arrays["features.1.weight"]
    arrays["features.7.weight"] = nd.zeros((1,))
    arrays["more.stuff"] = nd.zeros((1,))
    arrays["scale"] = nd.zeros((3,))
    arrays["features.0.bias"] = nd.zeros((4,), dtype="float16")
    nd.save(file, arrays)
    net = trained()
    before = contents(net)
    with pytest.raises(ValueError) as caught:
        net.load_parameters(file)
    text = str(caught.value)
    assert "net.params" in text
    assert "missing in the file (allow_missing=True ignores it): " in text
    assert "features.1.weight" in text and "out.bias" in text
    assert "not in the network (ignore_extra=True ignores it): " in text
    assert "features.7.weight" in text and "more.stuff" in text
    assert "scale: the file has shape (3,), the network (2,)" in text
    assert "features.0.bias: the file has float16, the network float32" in text
    assert "cast_dtype=True" in text
    after = contents(net)
    assert all((after[name] == value).all() for name, value in before.items())


def test_allow_missing_and_ignore_extra(file):
    net = trained()
    nd.save(file, {"out.bias": nd.array([7, 8]), "more.stuff": nd.zeros((1,))})
    with pytest.raises(ValueError, match="missing"):
        net.load_parameters(file, ignore_extra=True)
    with pytest.raises(ValueError, match="not in the network"):
        net.load_parameters(file, allow_missing=True)
    net.load_parameters(file, allow_missing=True, ignore_extra=True)
    assert net.out.bias.data().asnumpy().tolist() == [7, 8]


def test_cast_dtype_keeps_the_networks_type_or_takes_the_files(file):
    net = trained()
    net.cast("float16")
    net.save_parameters(file)
    for source, expected in (("current", np.float32), ("saved", np.float16)):
        other = trained()
        other.load_parameters(file, cast_dtype=True, dtype_source=source)
        assert other.out.weight.data().dtype == expected
        np.testing.assert_array_equal(
            other.out.weight.data().asnumpy(), net.out.weight.data().asnumpy()
        )
    with pytest.raises(ValueError, match="dtype_source must be 'current' or 'saved'"):
        trained().load_parameters(file, cast_dtype=True, dtype_source="file")


def test_deduplicate_saves_shared_parameters_once(file):
    def make():
        net = nn.HybridSequential()
        net.add(nn.Dense(3, in_units=3))
        net.add(nn.Dense(3, in_units=3, params=net[0].params))
        return net

    net = make()
    net.initialize()
    net.save_parameters(file)
    assert sorted(nd.load(file)) == ["0.bias", "0.weight", "1.bias", "1.weight"]
    net.save_parameters(file, deduplicate=True)
    assert len(nd.load(file)) == 2
    other = make()
    other.load_parameters(file)
    np.testing.assert_array_equal(other[1].weight.data().asnumpy(), net[0].weight.data().asnumpy())


def test_saving_uninitialized_parameters_names_one(file):
    net = Net()
    with pytest.raises(RuntimeError, match="has not been initialized"):
        net.save_parameters(file)
    net.initialize()
    with pytest.raises(gluon.parameter.DeferredInitializationError, match="weight"):
        net.save_parameters(file)


def test_old_spellings_warn_and_use_names_without_prefix(file):
    net = trained(prefix="a_")
    with pytest.warns(DeprecationWarning, match="save_parameters"):
        net.save_params(file)
    assert "dense0_weight" in nd.load(file)
    other = Net(prefix="b_")
    with pytest.warns(DeprecationWarning, match="load_parameters"):
        other.load_params(file, ctx=gx.cpu())
    np.testing.assert_array_equal(other(X).asnumpy(), net(X).asnumpy())


def test_load_parameters_reads_files_with_parameter_names(file):
    net = trained(prefix="a_")
    net.collect_params().save(file, strip_prefix="a_")
    other = Net(prefix="b_")
    other.load_parameters(file)
    np.testing.assert_array_equal(other(X).asnumpy(), net(X).asnumpy())


def test_parameter_dict_round_trip_with_prefixes(file):
    params = trained(prefix="a_").collect_params()
    params.save(file)
    assert all(name.startswith("a_") for name in nd.load(file))
    again = Net(prefix="a_").collect_params()
    again.load(file, ctx=gx.cpu())
    assert all((again[n].data() == params[n].data()).asnumpy().all() for n in params)
    with pytest.raises(ValueError, match="does not begin with strip_prefix='b_'"):
        params.save(file, strip_prefix="b_")


def test_file_without_names_is_refused(file):
    nd.save(file, [nd.ones((1,))])
    with pytest.raises(ValueError, match="without names"):
        trained().load_parameters(file)


def test_saved_network_is_loaded_into_one_made_in_the_same_way(tmp_path):
    def made(units=3):
        net = nn.Sequential()
        inner = nn.HybridSequential()
        inner.add(nn.Dense(units, activation="relu"), nn.BatchNorm())
        net.add(inner, nn.Dense(2))
        return net

    x = nd.array([[1, 2], [3, 4]])
    net = made()
    net.initialize()
    net[0].hybridize()
    want = net(x).asnumpy()
    net.save(tmp_path / "net")
    other = made()
    other.load(tmp_path / "net")
    assert other[0]._active and not other[1]._active
    np.testing.assert_array_equal(other(x).asnumpy(), want)
    wrong = nn.Sequential()
    wrong.add(nn.Dense(2))
    with pytest.raises(MXNetError, match="Sequential has the children 0, but in the file 0, 1"):
        wrong.load(tmp_path / "net")
    dense = nn.Dense(2, in_units=2)
    with pytest.raises(MXNetError, match="is a Dense here, but a Sequential"):
        dense.load(tmp_path / "net")
    (tmp_path / "net-model.json").write_text("{}")  # as MXNet's: the parameters are read
    made().load(tmp_path / "net")


def test_parameters_are_set_from_a_dict():
    net = nn.Dense(2, in_units=2, prefix="a_")
    net.initialize()
    arrays = {"weight": nd.ones((2, 2)), "bias": nd.ones((2,))}
    net.collect_params().load_dict(arrays, restore_prefix="a_")
    assert net(nd.ones((1, 2))).asnumpy().tolist() == [[3, 3]]
    with pytest.raises(ValueError, match="the dict"):
        net.collect_params().load_dict({"weight": nd.ones((2, 2))}, restore_prefix="a_")
