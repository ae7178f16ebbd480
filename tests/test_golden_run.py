"""What a training run left in files, with MXNet 1.9.1 and with the first gluonx: it goes on."""

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest

import gluonx as gx
from gluonx import nd
from gluonx.error import MXNetError

RUN = Path(__file__).parent / "golden" / "run"


def _load():
    spec = importlib.util.spec_from_file_location("make_run", RUN.parent / "make_run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make_run = _load()


@pytest.fixture(scope="module")
def expected():
    with np.load(RUN / "expected.npz") as found:
        return dict(found)


def _goes_on(net, trainer, expected):
    make_run.steps(gx, net, trainer)
    found = make_run.weights(net)
    assert found.keys() == expected.keys()
    for name, want in expected.items():
        np.testing.assert_allclose(found[name], want, rtol=2e-5, atol=1e-6, err_msg=name)


@pytest.mark.parametrize(
    "parameters, states",
    [
        ("mxnet.params", "mxnet-converted.states"),
        ("mxnet-prefixed.params", "gluonx-states.safetensors"),
        ("gluonx.safetensors", "gluonx.states"),
    ],
)
def test_training_goes_on_from_files_as_in_mxnet(parameters, states, expected):
    net = make_run.network(gx)
    net.load_parameters(RUN / parameters)
    # a converted file has no numbers of the optimizer, so the rate is given here
    trainer = make_run.trainer_of(gx, net, 0.1 if "converted" in states else 0.7)
    trainer.load_states(RUN / states)
    _goes_on(net, trainer, expected)


@pytest.mark.extras
def test_training_goes_on_from_a_checkpoint(expected, tmp_path):
    pytest.importorskip("orbax.checkpoint")
    from gluonx.checkpoint import Checkpoints

    shutil.unpack_archive(RUN / "gluonx-checkpoint.zip", tmp_path)
    net = make_run.network(gx)
    trainer = make_run.trainer_of(gx, net, 0.7)
    with Checkpoints(tmp_path / "run") as checkpoints:
        assert checkpoints.restore(net, trainer) == {"epoch": 2}
    _goes_on(net, trainer, expected)


def test_parameter_files_have_the_bytes_of_mxnet(tmp_path):
    assert nd.load(RUN / "gluonx.params").keys() == nd.load(RUN / "mxnet.params").keys()
    layer = make_run.recurrent(gx)
    layer.load_parameters(RUN / "mxnet-lstm.params")
    layer.save_parameters(tmp_path / "lstm")
    written = (tmp_path / "lstm").read_bytes()
    for library in ("gluonx", "mxnet"):
        assert (RUN / f"{library}-lstm.params").read_bytes() == written
    make_run.fill(again := make_run.recurrent(gx))
    for name, x in make_run.weights(again).items():
        np.testing.assert_array_equal(layer.collect_params()[name].data().asnumpy(), x)
    names = list(nd.load(RUN / "mxnet-prefixed.params"))
    assert sorted(nd.load(RUN / "gluonx-prefixed.params")) == sorted(names)


def test_pickled_states_are_refused():
    net = make_run.network(gx)
    with pytest.raises(MXNetError, match=r"mxnet.states .*pickled.*Trainer.load_states"):
        make_run.trainer_of(gx, net).load_states(RUN / "mxnet.states")


@pytest.mark.parametrize("library", ["mxnet", "gluonx"])
def test_symbol_with_a_loop_computes(library):
    symbol = gx.sym.load(RUN / f"{library}-loop-symbol.json")
    data, state = make_run.LOOP["data"], make_run.LOOP["s"]
    out, last = symbol.eval(gx.cpu(), data=nd.array(data), s=nd.array(state))
    for row, x in zip(out.asnumpy(), data, strict=True):
        np.testing.assert_allclose(row, x + state)
        state = x * state
    np.testing.assert_allclose(last.asnumpy(), state)
