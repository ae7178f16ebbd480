"""The programs in examples/programs, as people write them, learn what they shall learn."""

import importlib.util
import random
from pathlib import Path

import pytest

import gluonx as gx

FOLDER = Path(__file__).parents[1] / "examples" / "programs"

#: Functions of a program, and what their result must be.
QUICK = [
    ("regression", "linear_from_scratch", lambda error: error < 0.05),
    ("regression", "linear_with_gluon", lambda error: error < 0.05),
    ("regression", "logistic", lambda accuracy: accuracy > 0.85),
    ("decisions", "dqn", lambda right: right >= 0.8),
    ("decisions", "factorization", lambda rest: rest < 0.1),
]
SLOW = [
    ("regression", "softmax_from_scratch", lambda accuracy: accuracy > 0.85),
    ("regression", "softmax_with_gluon", lambda accuracy: accuracy > 0.8),
    ("networks", "mlp_from_scratch", lambda accuracy: accuracy > 0.8),
    ("networks", "cnn_from_scratch", lambda accuracy: accuracy > 0.75),
    ("networks", "batch_norm_from_scratch", lambda accuracy: accuracy > 0.5),
    ("networks", "transfer", lambda accuracy: accuracy > 0.7),
    ("sequences", "rnn_from_scratch", lambda ratio: ratio < 0.7),
    ("sequences", "gru_from_scratch", lambda ratio: ratio < 0.9),
    ("sequences", "lstm_from_scratch", lambda ratio: ratio < 0.97),
    ("sequences", "with_gluon", lambda text: text.startswith("the quick")),
    ("sequences", "words", lambda perplexity: perplexity < 6),
    ("optimizers", "by_hand", lambda ratio: ratio < 0.2),
    ("optimizers", "by_name", lambda ratio: ratio < 0.9),
    ("generative", "vae", lambda ratio: ratio < 0.8),
    ("generative", "gan", lambda off: off < 1.2),
    ("generative", "dcgan", lambda ratio: ratio < 0.95),
    ("generative", "style", lambda ratio: ratio < 0.9),
    ("decisions", "ssd", lambda overlap: overlap > 0.5),
]


def run(program, name, good):
    spec = importlib.util.spec_from_file_location(f"example_{program}", FOLDER / f"{program}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    gx.random.seed(1)
    random.seed(1)
    result = getattr(module, name)()
    assert good(result), f"{program}.{name}() gave {result}"


@pytest.mark.parametrize("program, name, good", QUICK, ids=[row[1] for row in QUICK])
def test_program_learns(program, name, good):
    run(program, name, good)


@pytest.mark.slow
@pytest.mark.parametrize("program, name, good", SLOW, ids=[row[1] for row in SLOW])
def test_longer_program_learns(program, name, good):
    run(program, name, good)
