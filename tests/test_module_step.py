"""A Module's step as one prepared call: the same as forward, backward and update by themselves."""

from __future__ import annotations

import contextlib
import threading

import numpy as np
import pytest

import gluonx as gx
from gluonx import engine
from gluonx.module import step as steps


def _net(inputs: int = 5) -> gx.sym.Symbol:
    x = gx.sym.FullyConnected(gx.sym.var("data"), num_hidden=6, name="fc1")
    x = gx.sym.BatchNorm(x, name="bn", fix_gamma=False)
    x = gx.sym.Dropout(gx.sym.Activation(x, act_type="relu"), p=0.25)
    x = gx.sym.FullyConnected(x, num_hidden=3, name="fc2")
    return gx.sym.Group(
        [gx.sym.SoftmaxOutput(x, name="softmax"), gx.sym.BlockGrad(x, name="before")]
    )


def _module(**kwargs) -> gx.mod.Module:
    mod = gx.mod.Module(_net(), **kwargs.pop("module", {}))
    mod.bind([("data", (4, 5))], [("softmax_label", (4,))], **kwargs)
    rng = np.random.default_rng(3)
    args = {
        n: gx.nd.array(rng.normal(size=p.shape) * 0.5)
        for n, p in mod._parameters.items()
        if n in mod._param_names
    }
    mod.init_params(gx.init.One(), args, allow_missing=True)
    mod.init_optimizer(
        optimizer_params={"learning_rate": 0.05, "momentum": 0.9, "rescale_grad": 0.25}
    )
    return mod


def _batch(rng) -> gx.io.DataBatch:
    x, y = rng.normal(size=(4, 5)), rng.integers(0, 3, 4)
    return gx.io.DataBatch([gx.nd.array(x)], [gx.nd.array(y)])


def _state(mod: gx.mod.Module) -> list[np.ndarray]:
    e = mod._exec_group.execs[0]
    found = [*e.outputs, *e.arg_arrays, *e.aux_arrays]
    return [x.asnumpy() for x in [*found, *(g for g in e.grad_arrays if g is not None)]]


def _disturb(mod: gx.mod.Module, rng, seen: list) -> None:
    """Do one of the things that a user may do between any two parts of a step."""
    e = mod._exec_group.execs[0]
    trained = [k for k, g in enumerate(e.grad_arrays) if g is not None]
    k, what = trained[rng.integers(len(trained))], rng.integers(12)
    if what == 0:
        seen.append(e.outputs[0].asnumpy())
    elif what == 1:
        seen.append(e.grad_arrays[k].asnumpy())
    elif what == 2:
        seen.append(e.arg_arrays[k].asnumpy())
    elif what == 3:
        seen.append(e.aux_arrays[0].asnumpy())
    elif what == 4:
        e.arg_arrays[k][:] = e.arg_arrays[k] * 0.5
    elif what == 5:
        e.grad_arrays[k][:] = 1
    elif what == 6:
        e.aux_arrays[1][:] = 2
    elif what == 7:
        mod.set_params(*mod.get_params())
    elif what == 8:
        e.arg_dict["data"][:] = 1
    elif what == 9:
        seen.append(e.arg_arrays[k][:1].asnumpy())
    elif what == 10:
        mod._trainer.optimizer.lr = float(rng.uniform(0.01, 0.1))


def _run(seed: int, fused: bool, kwargs: dict) -> list[np.ndarray]:
    rng, seen = np.random.default_rng(seed), []
    gx.random.seed(7)
    with contextlib.nullcontext() if fused else engine.fusing(False):
        mod = _module(**kwargs)
        for _ in range(14):
            disturbed = rng.random() < 0.5
            parts = [
                lambda: mod.forward(_batch(rng), is_train=True),
                mod.backward,
                mod.update,
            ]
            if rng.random() < 0.15:
                parts[0] = lambda: mod.forward(_batch(rng), is_train=False)
                parts[1:] = []
            elif rng.random() < 0.15:
                parts.pop()
            for part in parts:
                part()
                if disturbed:
                    _disturb(mod, rng, seen)
            if rng.random() < 0.4:
                seen += _state(mod)
        return seen + _state(mod)


@pytest.mark.parametrize("case", range(3))
def test_step_with_anything_in_between_equals_parts(case):
    kwargs = [
        {}, {"inputs_need_grad": True}, {"module": {"fixed_param_names": ["fc1_weight"]}},
    ][case]  # fmt: skip
    for seed in range(3):
        together, apart = _run(seed, True, dict(kwargs)), _run(seed, False, dict(kwargs))
        for a, b in zip(together, apart, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


def _ahead(mod: gx.mod.Module) -> bool:
    """Whether a step that is begun now would be one call."""
    mod.forward_backward(_batch(np.random.default_rng(0)))
    return mod._exec_group.step._part == steps.BACKWARD


def test_step_is_prepared_after_the_first_and_compiled_once():
    mod, rng = _module(), np.random.default_rng(1)
    for _ in range(4):
        mod.forward_backward(_batch(rng))
        mod.update()
        mod.get_outputs()[0].asnumpy()
    assert _ahead(mod)
    program = mod._exec_group.step._plan.program
    assert (program.compiled, program.runs) == (1, 4)
    assert mod.get_outputs()[0].shape == (4, 3)
    assert mod._exec_group.step._part == steps.BACKWARD  # a shape is no look at the contents
    gx.nd.waitall()
    assert mod._exec_group.step._part == steps.IDLE


def test_step_that_fails_leaves_everything_as_it_was(monkeypatch):
    mod, rng = _module(), np.random.default_rng(1)
    for _ in range(2):
        mod.forward_backward(_batch(rng))
        mod.update()
    before = [x.asnumpy() for x in mod._exec_group.execs[0].arg_arrays]
    trainer, run = mod._trainer, type(mod._exec_group.step._plan.program).run_into
    for after in (False, True):
        mod.forward_backward(_batch(rng))
        counts = dict(trainer.optimizer._index_update_count)

        def fail(self, outs, *arguments, after=after):
            if after:  # Ctrl-C when the call has returned
                run(self, outs, *arguments)
            raise KeyboardInterrupt

        monkeypatch.setattr(type(mod._exec_group.step._plan.program), "run_into", fail)
        with pytest.raises(KeyboardInterrupt):
            mod.update()
        monkeypatch.undo()
        now = [x.asnumpy() for x in mod._exec_group.execs[0].arg_arrays]
        same = [np.array_equal(a, b) for a, b in zip(before[1:-1], now[1:-1], strict=True)]
        assert all(same) is not after
        assert (trainer.optimizer._index_update_count == counts) is not after
        assert np.isfinite(mod.get_outputs()[0].asnumpy()).all()


def test_step_copies_what_somebody_holds_and_threads_wait():
    mod, rng = _module(), np.random.default_rng(1)
    weight = mod._exec_group.execs[0].arg_dict["fc1_weight"]
    view, held = weight[:2], []
    for _ in range(4):
        mod.forward_backward(_batch(rng))
        mod.update()
        held.append((weight.asjax(), weight.asnumpy()))
        np.testing.assert_array_equal(view.asnumpy(), weight.asnumpy()[:2])
    for array, then in held:
        np.testing.assert_array_equal(np.asarray(array), then)
    wrong: list = []

    def look():
        for _ in range(200):
            if not np.isfinite(weight.asnumpy()).all() or not np.isfinite(view.asnumpy()).all():
                wrong.append(1)

    thread = threading.Thread(target=look)
    thread.start()
    for _ in range(50):
        mod.forward_backward(_batch(rng))
        mod.update()
    thread.join()
    assert not wrong


def test_steps_of_modules_that_share_parameters_equal_parts():
    def run(fused):
        rng = np.random.default_rng(2)
        gx.random.seed(7)
        with contextlib.nullcontext() if fused else engine.fusing(False):
            first = _module()
            second = gx.mod.Module(_net())
            second.bind([("data", (4, 5))], [("softmax_label", (4,))], shared_module=first)
            second.borrow_optimizer(first)
            found = []
            for k in (0, 1, 0, 0, 1, 1, 0, 1, 2, 0, 1):
                mod, other = (first, second)[:: 1 - 2 * (k == 1)]
                mod.forward_backward(_batch(rng))
                if k == 2:  # the other one starts from the same parameters
                    other.forward_backward(_batch(rng))
                    other.update()
                mod.update()
                found.append(mod.get_outputs()[0].asnumpy())
            return [*found, *_state(first), *_state(second)]

    for a, b in zip(run(True), run(False), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)
