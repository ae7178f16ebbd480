"""What XLA is told: only what it knows, and never against what the user has told it."""

from types import SimpleNamespace

import jax
import jaxlib
import numpy as np
import pytest

from gluonx.engine.options import compiler_options

FLAG = "xla_cpu_experimental_ynn_fusion_type"


@pytest.fixture
def plain(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=true")


def test_only_the_cpu_of_the_version_that_was_measured_is_told(plain):
    told = compiler_options(jax.devices("cpu")[0])
    assert (told is not None) == jaxlib.__version__.startswith("0.10.")
    assert compiler_options(SimpleNamespace(platform="cuda")) is None


def test_what_the_user_tells_xla_stays(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", f"--{FLAG}=LIBRARY_FUSION_TYPE_REDUCE")
    assert compiler_options(jax.devices("cpu")[0]) is None


def test_options_reach_xla(plain):
    options = compiler_options(jax.devices("cpu")[0])
    x, w = np.ones((4, 8, 9, 9), np.float32), np.ones((8, 8, 3, 3), np.float32)

    def compiled(options, *arrays):
        def convolve(x, w):
            return jax.lax.conv(x, w, (1, 1), "VALID")

        return jax.jit(convolve, compiler_options=options).lower(*arrays).compile()

    np.testing.assert_allclose(compiled(options, x, w)(x, w), compiled(None, x, w)(x, w), rtol=1e-6)
    if options is not None:
        large = [jax.ShapeDtypeStruct(s, np.float32) for s in ((32, 64, 32, 32), (64, 64, 3, 3))]
        assert "ynn" in compiled(None, *large).as_text()
        assert "ynn" not in compiled(options, *large).as_text()
