"""Networks exported as programs."""

import subprocess
import sys

import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, gluon, nd, nn

pytest.importorskip("flatbuffers")

ALONE = """
import sys
import numpy as np, jax
from jax import export

program = export.deserialize(bytearray(open(sys.argv[1] + ".stablehlo", "rb").read()))
params = dict(np.load(sys.argv[1] + ".npz"))
np.save(sys.argv[1] + ".npy", jax.jit(program.call)(params, np.load(sys.argv[2])))
assert "gluonx" not in sys.modules
"""


def network():
    net = nn.HybridSequential(prefix="net_")
    with net.name_scope():
        net.add(nn.Conv2D(3, 3, in_channels=2), nn.BatchNorm(in_channels=3), nn.MaxPool2D(2))
        net.add(nn.Flatten(), nn.Dropout(0.5), nn.Dense(4, in_units=12))
    net.initialize(gx.init.Xavier())
    return net


def image(n=2):
    return nd.array(np.random.RandomState(0).rand(n, 2, 6, 6))


@pytest.mark.slow
def test_a_program_runs_with_jax_alone(tmp_path):
    net, x = network(), image()
    net.export(tmp_path / "net", format="stablehlo", inputs=[x])
    np.save(tmp_path / "x.npy", x.asnumpy())
    command = [sys.executable, "-c", ALONE, str(tmp_path / "net-0000"), str(tmp_path / "x.npy")]
    subprocess.run(command, check=True, cwd=tmp_path)
    y = np.load(tmp_path / "net-0000.npy")
    np.testing.assert_allclose(y, net(x).asnumpy(), rtol=1e-5, atol=1e-6)


def test_a_program_computes_and_differentiates_what_the_network_does(tmp_path):
    net, x = network(), image()
    net.export(tmp_path / "net", 3, format="stablehlo", inputs=[("batch", 2, 6, 6)])
    program = gluon.StableHLOBlock.imports(tmp_path / "net-0003.stablehlo")
    assert "batch" in repr(program)
    grads = []
    x.attach_grad()
    for block in (net, program):
        with autograd.record(train_mode=False):
            y = block(x)
        y.backward()
        weight = block.collect_params()["net_dense0_weight"]
        grads.append([y.asnumpy(), x.grad.asnumpy(), weight.grad().asnumpy()])
    for a, b in zip(*grads, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert program(image(5)).shape == (5, 4)
    with pytest.raises(ValueError, match=r"must have shape \(batch, 2, 6, 6\).*got \(2, 2, 6, 7\)"):
        program(nd.zeros((2, 2, 6, 7)))


def test_what_cannot_be_exported_or_read_says_why(tmp_path):
    class Noise(gluon.HybridBlock):
        def hybrid_forward(self, F, x):
            return [x, F.random.uniform_like(x)]

    with pytest.raises(gx.MXNetError, match="draws random numbers"):
        Noise().export(tmp_path / "noise", format="stablehlo", inputs=[(2,)])
    net = nn.Dense(2)
    net.initialize()
    with pytest.raises(gx.MXNetError, match="inputs="):
        net.export(tmp_path / "net", format="stablehlo")
    with pytest.raises(ValueError, match="'symbol' or 'stablehlo'"):
        net.export(tmp_path / "net", format="onnx")
    net.hybridize()
    net(nd.ones((4, 3)))
    net.export(tmp_path / "net", format="stablehlo", platforms=["cuda"], gradients=False)
    file = tmp_path / "net-0000.stablehlo"
    with pytest.raises(gx.MXNetError, match="exported for cuda, not for cpu"):
        gluon.StableHLOBlock.imports(file)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(gx.MXNetError, match="damaged"):
        gluon.StableHLOBlock.imports(file)


def test_types_that_numpy_lacks_are_kept(tmp_path):
    net = nn.Dense(2, in_units=3)
    net.initialize()
    net.cast("bfloat16")
    x = nd.ones((1, 3), dtype="bfloat16")
    net.export(tmp_path / "net", format="stablehlo", inputs=[x], gradients=False)
    program = gluon.StableHLOBlock.imports(tmp_path / "net-0000.stablehlo")
    with autograd.record():
        y = program(x)  # without gradients: as data
    assert np.dtype(y.dtype).name == "bfloat16"
    np.testing.assert_array_equal(y.astype("float32").asnumpy(), net(x).astype("float32").asnumpy())
