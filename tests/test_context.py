"""Devices: naming them, choosing them, moving arrays between them."""

import copy
import os
import pickle
import subprocess
import sys
import threading

import jax
import numpy as np
import pytest

import gluonx as gx
from gluonx import MXNetError, autograd, nd

NO_GPU = pytest.mark.skipif(gx.num_gpus() > 0, reason="needs a machine without a GPU")


def test_a_context_has_a_type_and_a_number():
    ctx = gx.cpu(1)
    assert (ctx.device_type, ctx.device_id, ctx.device_typeid) == ("cpu", 1, 1)
    assert (gx.gpu(2).device_type, gx.gpu(2).device_id, gx.gpu(2).device_typeid) == ("gpu", 2, 2)
    assert gx.cpu_pinned(3).device_typeid == 3
    assert gx.context.cpu_shared().device_typeid == 5
    assert gx.cpu() == gx.cpu(0) == gx.Context("cpu") == gx.Context("cpu", 0)
    assert str(gx.cpu(1)) == repr(gx.cpu(1)) == "cpu(1)"
    assert str(gx.gpu()) == "gpu(0)"


def test_equal_contexts_are_equal_and_hash_equally():
    assert gx.Context("gpu", 0) == gx.gpu(0)
    assert hash(gx.Context("cpu", 1)) == hash(gx.cpu(1))
    assert gx.cpu(0) != gx.cpu(1)
    assert gx.cpu(0) != gx.gpu(0)
    assert gx.cpu(0) != "cpu(0)"
    assert {gx.cpu(1): "a"}[gx.Context("cpu", 1)] == "a"


@pytest.mark.parametrize("ctx", [gx.cpu(), gx.cpu(3), gx.gpu(1), gx.cpu_pinned()])
def test_copies_of_a_context_are_equal_to_it(ctx):
    assert gx.Context(ctx) == ctx
    assert pickle.loads(pickle.dumps(ctx)) == ctx
    assert copy.deepcopy(ctx) == copy.copy(ctx) == ctx


def test_a_wrong_context_says_what_is_expected():
    with pytest.raises(ValueError, match="unknown device type 'tpu'; expected one of 'cpu', 'gpu'"):
        gx.Context("tpu", 0)
    with pytest.raises(ValueError, match="device_id must be 0 or greater, got -1"):
        gx.cpu(-1)


@NO_GPU
def test_a_gpu_that_is_missing_says_so_when_it_is_used():
    ctx = gx.gpu(0)  # naming it is no error
    with pytest.raises(MXNetError, match=r"gpu\(0\) is not available: JAX finds no GPU"):
        nd.zeros((2,), ctx=ctx)
    with pytest.raises(MXNetError, match=r"Use gluonx.cpu\(\)"):
        nd.array([1, 2], ctx=ctx)
    with pytest.raises(MXNetError, match="not available"):
        nd.zeros((2,)).as_in_context(ctx)
    with ctx, pytest.raises(MXNetError, match="not available"):
        nd.random.normal(shape=(2,))


@pytest.mark.gpu
def test_a_gpu_holds_arrays_and_refuses_to_mix_with_the_cpu():
    x = nd.ones((2,), ctx=gx.gpu())
    assert x.context == gx.gpu(0)
    assert x.asjax().devices() == {gx.gpu().device}
    with pytest.raises(MXNetError, match="different devices"):
        x + nd.ones((2,))


def test_the_current_context_is_that_of_the_innermost_scope():
    assert gx.current_context() == gx.context.current_context() == gx.cpu(0)
    with gx.cpu(1) as outer:
        assert outer == gx.cpu(1)
        assert gx.current_context() == gx.cpu(1)
        with gx.Context("cpu", 2), gx.cpu(3):
            assert gx.current_context() == gx.cpu(3)
        with gx.cpu(1):  # the same one again
            pass
        assert gx.current_context() == gx.cpu(1)
    assert gx.current_context() == gx.cpu(0)


def test_an_exception_leaves_the_scope():
    with pytest.raises(KeyError), gx.cpu(1):
        raise KeyError
    assert gx.current_context() == gx.cpu(0)


def test_each_thread_has_its_own_current_context():
    seen = {}

    def look():
        seen["before"] = gx.current_context()
        with gx.cpu(2):
            seen["inside"] = gx.current_context()

    with gx.cpu(1):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        assert gx.current_context() == gx.cpu(1)
    assert seen == {"before": gx.cpu(0), "inside": gx.cpu(2)}


def test_arrays_are_made_on_the_current_context():
    with gx.cpu(1):
        made = [
            nd.array([1]), nd.zeros((1,)), nd.ones((1,)), nd.full((1,), 2), nd.empty((1,)),
            nd.arange(3), nd.eye(2), nd.linspace(0, 1, 3), nd.random.uniform(shape=(1,)),
            nd.random.randint(0, 5, shape=(1,)), nd.one_hot(nd.array([0]), 2),
        ]  # fmt: skip
    assert {x.context for x in made} == {gx.cpu(1)}
    assert {d for x in made for d in x.asjax().devices()} == {gx.cpu(1).device}


def test_results_stay_where_their_inputs_are():
    x = nd.ones((2, 2), ctx=gx.cpu(1))
    made = [x + 1, x * x, x[0], x[:, 0], x.reshape((4,)), x.copy(), x.T, x.astype("int32"), x.sum()]
    x.attach_grad()
    made.append(x.grad)
    assert {y.context for y in made} == {gx.cpu(1)}
    assert x.ctx == gx.cpu(1)


def test_contexts_beyond_the_devices_are_names_for_them():
    count = len(jax.devices("cpu"))
    assert count >= 2  # see conftest.py
    contexts = [gx.cpu(i) for i in range(count, count + 3)]
    xs = [nd.full((2, 2), i, ctx=c) for i, c in enumerate(contexts)]
    assert [x.context for x in xs] == contexts
    assert [nd.dot(x, x).asnumpy()[0, 0] for x in xs] == [0, 2, 8]
    assert contexts[0].device == gx.cpu(0).device
    mixed = xs[0] + nd.ones((2, 2), ctx=gx.cpu(0))  # one physical device
    assert mixed.context == contexts[0]


def test_two_devices_in_one_operator_are_an_error():
    a, b = nd.ones((2,), ctx=gx.cpu(0)), nd.ones((2,), ctx=gx.cpu(1))
    message = r"arrays are on different devices \(cpu\(0\), cpu\(1\)\).*as_in_context"
    for mix in (lambda: a + b, lambda: nd.dot(a, b), lambda: nd.concat(a, b, dim=0)):
        with pytest.raises(MXNetError, match=message):
            mix()
    with autograd.record():
        a.attach_grad()
        with pytest.raises(MXNetError, match=message):
            a * b


def test_two_devices_in_deferred_work_are_an_error_where_they_meet():
    net = gx.nn.Dense(2, in_units=2)
    net.initialize(gx.init.One())
    net.hybridize()
    x, other = nd.ones((1, 2)), nd.ones((1, 2), ctx=gx.cpu(1))
    executor = (gx.sym.var("x") * 3).simple_bind(gx.cpu(0), x=(1, 2))
    message = r"are on different devices \(cpu\(0\), cpu\(1\)\)"
    with autograd.record():
        y = net(x)
        with pytest.raises(MXNetError, match="broadcast_add: the arrays " + message):
            y + other
        with pytest.raises(
            MXNetError, match="backward.*head and its gradient: the arrays " + message
        ):
            y.backward(other)
    y.backward()  # and what was pending is as it was
    assert net.weight.grad().asnumpy().tolist() == [[1, 1], [1, 1]]
    out = executor.forward(is_train=True, x=x)[0]
    with pytest.raises(MXNetError, match="output and its gradient: the arrays " + message):
        executor.backward(other)
    with pytest.raises(MXNetError, match=message):
        out + other
    executor.backward(x)
    assert executor.grad_dict["x"].asnumpy().tolist() == [[3, 3]]


@pytest.mark.parametrize("hybridize", [False, True])
def test_a_block_may_copy_between_devices(hybridize):
    class Meet(gx.nn.HybridBlock):
        def forward(self, x, y):
            return x * y.as_in_context(x.context)

    net = Meet()
    net.hybridize(hybridize)
    x, y = nd.full((2,), 2), nd.full((2,), 3, ctx=gx.cpu(1))
    x.attach_grad()
    y.attach_grad()
    with autograd.record():
        z = net(x, y)
    z.backward()
    assert z.asnumpy().tolist() == [6, 6]
    assert x.grad.asnumpy().tolist() == [3, 3]
    assert y.grad.asnumpy().tolist() == [2, 2]
    assert y.grad.context == gx.cpu(1)


def test_copies_between_contexts():
    x = nd.array([1, 2])
    assert x.as_in_context(gx.cpu(0)) is x
    assert x.as_in_ctx(gx.cpu(0)) is x
    moved = x.as_in_context(gx.cpu(1))
    explicit = x.copyto(gx.cpu(0))
    into = nd.zeros((2,), ctx=gx.cpu(1))
    assert x.copyto(into) is into
    x[:] = 7
    for y, ctx in ((moved, gx.cpu(1)), (explicit, gx.cpu(0)), (into, gx.cpu(1))):
        assert y.context == ctx
        assert y.asjax().devices() == {ctx.device}
        assert y.asnumpy().tolist() == [1, 2]


def test_assignment_copies_between_contexts():
    x = nd.zeros((2, 2))
    x[:] = nd.ones((2, 2), ctx=gx.cpu(1))
    x[0] = nd.full((2,), 5, ctx=gx.cpu(1))
    x[:, 1] = nd.full((2,), 7, ctx=gx.cpu(3))
    assert x.context == gx.cpu(0)
    assert x.asnumpy().tolist() == [[5, 7], [1, 7]]


def test_gradients_flow_through_copies_between_contexts():
    x = nd.array([1.0, 2.0])
    x.attach_grad()
    with autograd.record():
        away = x.as_in_context(gx.cpu(1)) * nd.array([3.0, 4.0], ctx=gx.cpu(1))
        y = away.copyto(gx.cpu(0)) * x
    y.backward()
    assert x.grad.context == gx.cpu(0)
    assert x.grad.asnumpy().tolist() == [6, 16]


def test_wrong_targets_of_a_copy_are_errors():
    x = nd.zeros((2,))
    with pytest.raises(ValueError, match=r"copyto\(\): shapes differ, \(2,\) to \(3,\)"):
        x.copyto(nd.zeros((3,)))
    with pytest.raises(TypeError, match=r"copyto\(\) takes an NDArray or a Context, got list"):
        x.copyto([1, 2])


def test_copyto_keeps_the_dtype_of_the_target():
    target = nd.zeros((3,), dtype="int32")
    nd.array([1.9, -1.9, 3]).copyto(target)
    assert target.dtype == np.int32
    assert target.asnumpy().tolist() == [1, -1, 3]


def test_num_gpus_counts_what_jax_has():
    assert gx.num_gpus() == gx.context.num_gpus() == sum(d.platform == "gpu" for d in jax.devices())


def test_importing_gluonx_touches_no_device_and_no_setting():
    code = "import gluonx, jax; assert not jax.config.jax_enable_x64"
    # a platform that JAX does not have is an error as soon as anybody asks for a device
    env = {**os.environ, "JAX_PLATFORMS": "nowhere"}
    subprocess.run([sys.executable, "-c", code], check=True, env=env)
