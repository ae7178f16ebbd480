"""Donation and fusion are never visible: random programs run alike in every way.

``GLUONX_PROGRAMS=5000 pytest tests/test_programs.py -k chosen`` runs as many programs, from the
seed ``GLUONX_SEED`` (0) on.
"""

import os

import pytest
from programs.compare import disagreement
from programs.generator import generate
from programs.shrink import render, shrink

CHUNK = 5
QUICK, SLOW = 4, 32
CHOSEN = int(os.environ.get("GLUONX_PROGRAMS", "0"))
FIRST = int(os.environ.get("GLUONX_SEED", "0"))


def _fails(program, limit, mode):
    return (disagreement(program, limit, fresh=True) or "").startswith(f"{mode}:")


def check(seeds):
    """Run the programs of some seeds; the first that fails is shrunk and shown."""
    for seed in seeds:
        program = generate(seed)
        # now and then regions are run when they are small
        limit = 5 if seed % 5 == 0 else 256
        found = disagreement(program, limit)
        if found is None:
            continue
        if disagreement(program, limit, fresh=True) is None:
            pytest.fail(
                f"program {seed} (limit {limit}) fails only after others: {found}\n"
                + render(program)
            )
        mode = found.partition(":")[0]
        short = shrink(program, lambda p: _fails(p, limit, mode))  # noqa: B023
        pytest.fail(
            f"program {seed} (limit {limit}): {found}\n\nshrunk to\n{render(short)}\n"
            f"{disagreement(short, limit, fresh=True)}"
        )


@pytest.mark.parametrize("chunk", range(QUICK))
def test_programs(chunk):
    check(range(chunk * CHUNK, (chunk + 1) * CHUNK))


def test_programs_that_showed_a_fault():
    # 200152: a step gave up an array that a region had in two slots
    check((200_152,))


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(SLOW))
def test_more_programs(chunk):
    check(range(10_000 + chunk * CHUNK, 10_000 + (chunk + 1) * CHUNK))


@pytest.mark.skipif(not CHOSEN, reason="GLUONX_PROGRAMS says how many")
@pytest.mark.timeout(0)
@pytest.mark.slow
def test_chosen_programs():
    check(range(FIRST, FIRST + CHOSEN))
