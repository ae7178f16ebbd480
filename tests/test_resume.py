"""A training that was stopped, or killed, and resumed ends as one that was not, bit for bit."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import resumable

import gluonx as gx


class StoppedError(Exception):
    pass


def stop_at(batch):
    def tell(done):
        if done == batch:
            raise StoppedError

    return tell


def same(a, b):
    assert sorted(a) == sorted(b)
    for key in b:
        np.testing.assert_array_equal(a[key], b[key], err_msg=key)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return resumable.train(tmp_path_factory.mktemp("whole"))


def test_training_stopped_within_an_epoch_is_resumed_exactly(whole, tmp_path):
    with pytest.raises(StoppedError):
        resumable.train(tmp_path, stop_at(9))  # within the second epoch
    np.random.rand(7)  # what came in between does not matter
    gx.nd.random.normal(shape=(3,))
    same(resumable.train(tmp_path), whole)
    assert len(list(tmp_path.glob("*.params"))) == 1
    same(resumable.train(tmp_path), {**whole, **ended(whole)})  # nothing is left to do


def ended(whole):
    """What a training knows that finds itself at its end: the metrics are of no epoch."""
    return {k: np.array(np.nan) for k in whole if k.startswith("training")}


@pytest.mark.slow
def test_killed_training_is_resumed_exactly(whole, tmp_path):
    command = [sys.executable, resumable.__file__, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.path.dirname(gx.__path__[0])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.split() == ["done", "9"]:  # within the second epoch
                process.kill()
                break
        assert process.wait(60) != 0
    subprocess.run(command, check=True, timeout=120, stdout=subprocess.DEVNULL, env=environment)
    with np.load(tmp_path / "end.npz") as end:
        same(dict(end), whole)


def test_state_of_generators_is_checked_before_it_is_taken():
    state = json.loads(json.dumps(gx.random.get_state()))
    expected = gx.nd.random.normal(shape=(3,)).asnumpy()
    order = gx.random.host_rng().permutation(5)
    for wrong in ({}, {**state, "host": {}}, {**state, "generators": [["cpu"]]}, {"seed": "x"}):
        with pytest.raises(ValueError, match="takes what get_state"):
            gx.random.set_state(wrong)
    gx.random.set_state(state)
    np.testing.assert_array_equal(gx.nd.random.normal(shape=(3,)).asnumpy(), expected)
    np.testing.assert_array_equal(gx.random.host_rng().permutation(5), order)
