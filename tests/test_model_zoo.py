"""The model zoo: MXNet's names, shapes and files of parameters."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from filled import fill, images

import gluonx as gx
from gluonx import gluon, nd
from gluonx.error import MXNetError
from gluonx.gluon.model_zoo import model_store, vision

FOLDER = Path(__file__).with_name("reference")
GLUONCV = json.loads(FOLDER.joinpath("mobilenet_v3.json").read_text())
REFERENCE = json.loads(FOLDER.joinpath("models.json").read_text())
REFERENCE.update({name: found["parameters"] for name, found in GLUONCV.items()})


@pytest.mark.parametrize("name", REFERENCE)
def test_parameters_have_names_and_shapes_of_mxnet(name):
    net = vision.get_model(name)
    structure = [f"{k} {p.shape}" for k, p in net._collect_params_with_prefix().items()]
    names = [n[len(net.prefix) :] for n in net.collect_params()]
    digests = [hashlib.sha1("\n".join(t).encode()).hexdigest() for t in (structure, names)]
    assert [len(structure), *digests, net.prefix.rstrip("0123456789_")] == REFERENCE[name]


def test_all_models_are_in_the_list():
    assert sorted(vision._MODELS) == sorted(REFERENCE)
    made = vision.resnet18_v1(classes=10, thumbnail=True)
    assert made.output.weight.shape == (10, 512)
    assert isinstance(vision.get_model("ResNet18_V2"), vision.ResNetV2)


@pytest.mark.parametrize("name", GLUONCV)
def test_mobilenet_v3_gives_what_gluoncv_gives(name):
    net = vision.get_model(name, multiplier=GLUONCV[name]["multiplier"], classes=5)
    net.initialize()
    x = images(gx)
    net.infer_shape(x)
    fill(gx, net)
    net.hybridize()
    expected = np.array(GLUONCV[name]["outputs"])
    tolerance = 1e-4 * abs(expected).max()
    np.testing.assert_allclose(net(x).asnumpy(), expected, rtol=0, atol=tolerance)


def test_mobilenet_v3_takes_what_its_layers_take():
    net = vision.mobilenet_v3_small(
        prefix="", final_drop=0, use_global_stats=True, norm_kwargs={"epsilon": 1e-3}
    )
    assert next(iter(net.collect_params())) == "first-3x3-conv-conv2d_weight"
    norms = [str(b) for b in (net.features[1], net.features[4].expand.bn)]
    assert all("eps=0.001" in s and "use_global_stats=True" in s for s in norms)
    assert isinstance(net.features[-1], type(net.features[2]))


def test_small_network_runs_hybridized_as_eagerly():
    net = vision.ResNetV2(vision.BottleneckV2, [1, 1], [4, 8, 12], classes=3, thumbnail=True)
    net.initialize(gx.init.Xavier())
    x = nd.random.normal(shape=(2, 3, 8, 8))
    eager = net(x).asnumpy()
    net.hybridize()
    np.testing.assert_allclose(net(x).asnumpy(), eager, rtol=1e-4, atol=1e-5)
    assert eager.shape == (2, 3)


def test_pretrained_says_where_to_put_the_file_and_takes_ones_own(tmp_path):
    with pytest.raises(MXNetError, match=r"not downloaded.*squeezenet1.1-33ba0f93.params"):
        vision.squeezenet1_1(pretrained=True, root=tmp_path)
    net = vision.squeezenet1_1()
    net.initialize()
    net.infer_shape(nd.zeros((1, 3, 224, 224)))
    net.save_parameters(tmp_path / "squeezenet1.1.params")
    again = vision.get_model("squeezenet1.1", pretrained=True, root=tmp_path, ctx=gx.cpu())
    w = again.features[0].weight.data().asnumpy()
    np.testing.assert_array_equal(w, net.features[0].weight.data().asnumpy())
    (tmp_path / "squeezenet1.1-33ba0f93.params").write_bytes(b"half")
    with pytest.raises(MXNetError, match="not whole"):
        model_store.get_model_file("squeezenet1.1", tmp_path)
    model_store.purge(tmp_path)
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match="no trained parameters of 'mine'"):
        model_store.get_model_file("mine", tmp_path)


@pytest.mark.parametrize(
    "make, text",
    [
        (lambda: vision.get_model("resnet"), "there is no model 'resnet'; there are alexnet"),
        (lambda: vision.get_resnet(3, 18), "version of ResNet must be 1 or 2"),
        (lambda: vision.get_vgg(12), "VGG has 11, 13, 16, 19 layers"),
        (lambda: vision.get_mobilenet_v3("tiny"), "is 'large' or 'small'; got 'tiny'"),
        (lambda: vision.SqueezeNet("2.0"), "must be '1.0' or '1.1'"),
    ],
)
def test_unknown_models_raise(make, text):
    with pytest.raises(ValueError, match=text):
        make()


def test_module_is_the_same_by_both_spellings():
    assert gluon.model_zoo is gx.model_zoo
