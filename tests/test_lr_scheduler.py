"""Learning rate schedules against MXNet 1.9.1, and mistakes."""

import json
from pathlib import Path

import numpy as np
import pytest

from gluonx import lr_scheduler

FILE = Path(__file__).with_name("reference") / "lr_schedules.json"
ENTRIES = json.loads(FILE.read_text())
IDS = [f"{i}-{name}" for i, (name, _, _) in enumerate(ENTRIES)]


def make(name, arguments):
    return getattr(lr_scheduler, name)(**arguments)


@pytest.mark.parametrize(("name", "arguments", "rates"), ENTRIES, ids=IDS)
def test_rates_equal_those_of_mxnet(name, arguments, rates):
    schedule = make(name, arguments)
    np.testing.assert_allclose([schedule(n) for n in range(len(rates))], rates, rtol=1e-12)


@pytest.mark.parametrize(("name", "arguments", "rates"), ENTRIES, ids=IDS)
def test_rate_after_a_jump_is_that_of_a_schedule_followed_throughout(name, arguments, rates):
    for n in (3, 11, 29, 44):  # as after loading a checkpoint
        np.testing.assert_allclose(make(name, arguments)(n), rates[n], rtol=1e-12)


def test_every_schedule_is_listed():
    names = set(lr_scheduler.__all__) - {"LRScheduler"}  # users derive from it
    assert {name for name, _, _ in ENTRIES} == names


@pytest.mark.parametrize("name", ["FactorScheduler", "PolyScheduler", "CosineScheduler"])
def test_base_lr_is_the_current_rate(name):
    first = {"FactorScheduler": {"step": 2, "factor": 0.5}}.get(name, {"max_update": 10})
    schedule = make(name, {"base_lr": 0.8, **first})
    rate = schedule(5)
    assert rate < 0.8
    assert schedule.base_lr == rate


@pytest.mark.parametrize(
    ("name", "arguments", "error", "message"),
    [
        ("LRScheduler", {"warmup_steps": -1}, ValueError, "integer of 0 or more, got -1"),
        ("LRScheduler", {"warmup_steps": 1.5}, ValueError, "integer of 0 or more, got 1.5"),
        ("LRScheduler", {"warmup_begin_lr": 1}, ValueError, "warmup_begin_lr=1 .*base_lr=0.01"),
        ("LRScheduler", {"warmup_mode": "x"}, ValueError, "'linear' or 'constant', got 'x'"),
        ("FactorScheduler", {"step": 0}, ValueError, "step must be 1 or greater, got 0"),
        ("FactorScheduler", {"step": 1, "factor": 2}, ValueError, "at most 1.* got 2"),
        ("MultiFactorScheduler", {"step": 5}, TypeError, "list of numbers of updates, got 5"),
        ("MultiFactorScheduler", {"step": []}, TypeError, r"got \[\]"),
        ("MultiFactorScheduler", {"step": [5, 5]}, ValueError, r"must rise .* got \[5, 5\]"),
        ("MultiFactorScheduler", {"step": [0, 5]}, ValueError, "must rise from 1"),
        ("MultiFactorScheduler", {"step": [1], "factor": 2}, ValueError, "at most 1"),
        ("PolyScheduler", {"max_update": 0}, ValueError, "integer of 1 or more, got 0"),
        ("CosineScheduler", {"max_update": 1.5}, ValueError, "integer of 1 or more, got 1.5"),
        (
            "CosineScheduler",
            {"max_update": 5, "warmup_steps": 5},
            ValueError,
            "max_update=5 must be greater than warmup_steps=5",
        ),
    ],
)
def test_wrong_arguments_say_what_to_do(name, arguments, error, message):
    with pytest.raises(error, match=message):
        make(name, arguments)


def test_warm_up_has_an_end():
    schedule = lr_scheduler.LRScheduler(1.0, warmup_steps=4)
    assert [schedule.get_warmup_lr(n) for n in range(4)] == [0, 0.25, 0.5, 0.75]
    with pytest.raises(ValueError, match="ends after 4 updates, got num_update=4"):
        schedule.get_warmup_lr(4)


def test_a_scheduler_without_call_says_what_to_define():
    with pytest.raises(NotImplementedError, match=r"LRScheduler must define __call__"):
        lr_scheduler.LRScheduler()(1)
