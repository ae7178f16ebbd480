"""What every test runs under: two CPU devices, a compilation cache, a seed of its own.

`GLUONX_TEST_SEED` replaces the seed of each test: by a number, or by a fresh one with `random`.
`GLUONX_TEST_CONTEXT=gpu` makes arrays on the GPU wherever a test names no context.
"""

import contextlib
import gc
import importlib.metadata
import logging
import os
import random
import secrets
import time
import zlib
from pathlib import Path

import numpy as np
import pytest

_SEED = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    """Configure JAX through the environment, which is read when JAX is imported."""
    if "xla_force_host_platform_device_count" not in os.environ.get("XLA_FLAGS", ""):
        os.environ.setdefault("JAX_NUM_CPU_DEVICES", "2")

    # Compile quickly rather than well: most of the time of these tests is compilation.
    flags = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    if importlib.metadata.version("jaxlib").startswith("0.10."):
        # The older emitters of fusions take half as long; later releases have but the new ones.
        flags += " --xla_cpu_use_fusion_emitters=false"
    if "xla_backend_optimization_level" not in os.environ.get("XLA_FLAGS", ""):
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {flags}".strip()

    # What tests and traces leave behind is many small objects that live long.
    gc.set_threshold(20_000, 20, 50)

    # The process that hands out tests to workers runs none, and workers inherit what it sets.
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    if config.getoption("numprocesses", None) and not is_worker:
        return
    # JAX writes cache entries in place, so workers must not share a folder.
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    cache = Path(config.rootpath, ".pytest_cache", "jax", worker)
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")


_looked = time.monotonic()


def pytest_runtest_logfinish() -> None:
    """Forget executables before there are so many that gluonx does it, in the middle of a test.

    XLA maps memory about five times for each, and where a process has reached the limit of such
    mappings (65,530 on Linux by default, vm.max_map_count) the next compilation never ends.
    """
    global _looked
    if time.monotonic() < _looked + 10:
        return
    _looked = time.monotonic()
    if _mappings() > 25_000:
        import jax

        jax.clear_caches()
        gc.collect()


def _mappings() -> int:
    try:
        with open("/proc/self/maps") as file:
            return sum(1 for _ in file)
    except OSError:  # not Linux
        return 0


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests of a GPU where there is none."""
    if item.get_closest_marker("gpu"):
        import gluonx

        if not gluonx.context.num_gpus():
            pytest.skip("needs a GPU")


def _seed_for(nodeid: str) -> int:
    wanted = os.environ.get("GLUONX_TEST_SEED")
    if wanted is None:
        return zlib.crc32(nodeid.encode()) & 0x7FFFFFFF
    if wanted == "random":
        return secrets.randbelow(2**31)
    return int(wanted)


@pytest.fixture(autouse=True)
def seed(request: pytest.FixtureRequest) -> int:
    """Seed Python, NumPy and gluonx, and return the seed."""
    import gluonx

    value = _seed_for(request.node.nodeid)
    request.node.stash[_SEED] = value
    random.seed(value)
    np.random.seed(value)
    gluonx.random.seed(value)
    return value


@pytest.fixture(autouse=True)
def context():
    """The context that a test begins with."""
    import gluonx

    with gluonx.Context(os.environ.get("GLUONX_TEST_CONTEXT", "cpu")) as ctx:
        yield ctx


@pytest.fixture
def compilations():
    """A ``with`` scope; its value lists the names of what XLA compiles inside."""
    import jax

    @contextlib.contextmanager
    def scope():
        names: list[str] = []

        class Handler(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                words = record.getMessage().split()
                if words[0] == "Compiling":
                    names.append(words[1])

        handler = Handler()
        logging.getLogger("jax").addHandler(handler)
        try:
            with jax.log_compiles():
                yield names
        finally:
            logging.getLogger("jax").removeHandler(handler)

    return scope


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    """Print the seed below the report of a failed test."""
    report = yield
    if report.failed and _SEED in item.stash:
        report.sections.append(("seed", f"repeat with GLUONX_TEST_SEED={item.stash[_SEED]}"))
    return report
