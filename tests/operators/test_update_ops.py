"""Update operators: numbers that do not recompile, states in place, errors."""

import numpy as np
import pytest

import gluonx
from gluonx import nd
from gluonx.error import OpError


def test_numbers_that_change_compile_nothing(compilations):
    w, g, m, v, z = (nd.ones(3) for _ in range(5))

    def step(t):
        numbers = {"lr": 0.1 / t, "wd": 0.01 * t, "rescale_grad": 1 / t}
        nd.sgd_mom_update(w, g, m, momentum=0.9, out=w, **numbers)
        nd.ftml_update(w, g, m, v, z, t=t, out=w, **numbers)
        nd.contrib.adamw_update(w, g, m, v, 1 / t, lr=0.1 / t, eta=0.5 / t, wd=0.1 * t, out=w)
        nd.multi_sgd_update(w, g, v, g, lrs=[0.1 / t, 0.2], wds=[0.1 * t, 0], num_weights=2)
        nd.contrib.multi_lamb_update([w], [g], [m], [v], [t], [0.1 / t], [0.1 * t], out=[w])

    step(1)
    with compilations() as compiled:
        for t in range(2, 6):
            step(t)
        nd.waitall()
    assert compiled == []
    assert np.isfinite(w.asnumpy()).all()


def test_weight_is_changed_only_where_out_says_so_and_states_always():
    w, g, m = nd.ones(2), nd.ones(2), nd.zeros(2)
    held = m
    new = nd.sgd_mom_update(w, g, m, lr=0.5)
    assert new.asnumpy().tolist() == [0.5, 0.5] and w.asnumpy().tolist() == [1, 1]
    assert held.asnumpy().tolist() == [-0.5, -0.5]
    assert nd.sgd_mom_update(w, g, m, lr=0.5, out=w) is w and w.asnumpy().tolist() == [0.5, 0.5]
    both = [nd.zeros(2), nd.zeros(2)]
    nd.multi_sgd_mom_update(
        w, g, m, w, g, m.copy(), lrs=(1, 1), wds=(0, 0), num_weights=2, out=both
    )
    assert [a.asnumpy().tolist() for a in both] == [[-0.5, -0.5], [-0.5, -0.5]]


def test_learning_rate_of_a_16_bit_weight_has_32_bits():
    w, g = nd.zeros(1, dtype="float16"), nd.ones(1, dtype="float16")
    copy = nd.zeros(1)
    nd.mp_sgd_update(w, g, copy, lr=1 / 3, out=w)
    assert copy.asnumpy()[0] == -np.float32(1 / 3)
    assert w.dtype == np.float16 and w.asnumpy()[0] == np.float16(-1 / 3)


@pytest.mark.parametrize("rescale", [0.0, float("nan"), float("inf")])
def test_adamw_does_nothing_after_an_overflow(rescale):
    w, g, m, v = nd.array([1.0]), nd.array([2.0]), nd.array([3.0]), nd.array([4.0])
    nd.contrib.adamw_update(w, g, m, v, rescale, lr=1, eta=1, wd=1, out=w)
    assert [x.asscalar() for x in (w, m, v)] == [1, 3, 4]


def test_updates_work_inside_a_hybridized_block():
    class Descend(gluonx.HybridBlock):
        def hybrid_forward(self, F, w, g, m):
            return F.sgd_mom_update(w, g, m, lr=0.5, momentum=0.5)

    block = Descend()
    block.hybridize()
    w, g, m = nd.ones(2), nd.ones(2), nd.zeros(2)
    assert [block(w, g, m).asnumpy()[0] for _ in range(2)] == [0.5, 0.25]
    assert m.asnumpy()[0] == -0.75


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda w: nd.sgd_update(w, w), "missing the required argument 'lr'"),
        (lambda w: nd.sgd_update(w, nd.ones((1, 2)), lr=1), r"grad must have the weight's shape"),
        (
            lambda w: nd.multi_sgd_update(w, w, lrs=[1, 2], wds=[0], num_weights=1),
            "lrs must hold 1 numbers",
        ),
        (
            lambda w: nd.multi_sgd_update(w, w, w, lrs=[1, 2], wds=[0, 0], num_weights=2),
            r"num_weights=2 weights come with 2 arrays each \(weight, grad\), 4 in all; got 3",
        ),
    ],
)
def test_wrong_calls_say_what_is_wrong(call, message):
    with pytest.raises((TypeError, OpError), match=message):
        call(nd.ones(2))
