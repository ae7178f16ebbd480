"""The package as a whole: what importing it does not do, and what its source does not contain."""

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import gluonx

PACKAGE = Path(gluonx.__file__).parent
ROOT = PACKAGE.parent
SOURCES = sorted(PACKAGE.rglob("*.py"))
TREES = {path: ast.parse(path.read_text()) for path in SOURCES}


def run(code: str, **environment: str) -> subprocess.CompletedProcess:
    """Run code in a new Python with warnings as errors."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
    )


def found(wanted) -> list[str]:
    """``file:line`` of all nodes of the source for which ``wanted`` is true."""
    return [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if wanted(node)
    ]


# -- importing -----------------------------------------------------------------------------------


def test_import_touches_no_device_and_prints_nothing():
    # JAX would raise as soon as somebody asked for a device
    child = run(
        "import gluonx, gluonx as mx; from gluonx import gluon", JAX_PLATFORMS="nonexistent"
    )
    assert (child.returncode, child.stdout, child.stderr) == (0, "", "")
    child = run("import gluonx; gluonx.nd.zeros((1,))", JAX_PLATFORMS="nonexistent")
    assert child.returncode != 0 and "nonexistent" in child.stderr


def test_import_changes_no_configuration_of_jax():
    child = run(
        "import jax\n"
        "before = dict(jax.config.values)\n"
        "import gluonx\n"
        "after = dict(jax.config.values)\n"
        "print({k: (v, after.get(k)) for k, v in before.items() if after.get(k) != v})\n"
    )
    assert (child.returncode, child.stdout, child.stderr) == (0, "{}\n", "")


def test_64_bit_arrays_change_no_configuration_of_jax():
    child = run(
        "import jax, jax.numpy as jnp, gluonx as gx\n"
        "x = gx.nd.array([1, 2], dtype='float64')\n"
        "x.attach_grad()\n"
        "with gx.autograd.record(): y = (x * x).sum()\n"
        "y.backward()\n"
        "print(x.grad.dtype.__name__, jax.config.jax_enable_x64, jnp.ones(1).dtype)\n"
    )
    assert child.stdout == "float64 False float32\n", child.stderr


def test_import_needs_only_the_dependencies():
    child = run(
        "import sys, jax, numpy, optax\n"
        "packages = lambda: {name.split('.')[0] for name in sys.modules}\n"
        "before = packages()\n"
        "import gluonx\n"
        "print(sorted(packages() - before - set(sys.stdlib_module_names)))\n"
    )
    assert child.stdout == "['gluonx']\n", child.stderr


def test_import_time_is_printed():
    child = run(
        "import time, jax, jax.numpy\n"
        "start = time.perf_counter()\n"
        "import gluonx\n"
        "print(f'import gluonx: {time.perf_counter() - start:.2f} s after jax')\n"
    )
    assert child.returncode == 0, child.stderr
    print(child.stdout)


# -- source --------------------------------------------------------------------------------------


def test_no_private_module_of_jax_is_used():
    def private(node):
        if isinstance(node, ast.Import):
            return any(a.name.startswith("jax._") for a in node.names)
        if isinstance(node, ast.ImportFrom):
            return (node.module or "").startswith("jax._") or (
                node.module == "jax" and any(a.name.startswith("_") for a in node.names)
            )
        return (
            isinstance(node, ast.Attribute)
            and node.attr == "_src"
            and isinstance(node.value, ast.Name)
        )

    assert found(private) == []


def test_errors_of_users_are_exceptions_not_asserts():
    assert found(lambda node: isinstance(node, ast.Assert)) == []


def test_no_source_is_made_or_run_at_run_time():
    def executes(node):
        return (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("exec", "eval", "compile")
        )

    assert found(executes) == []


#: Packages and modules, lowest first; an entry imports nothing from those to its right.
LAYERS = ["engine", "ops", "ndarray", "symbol", "parameter", "block", "nn", "trainer"]


@pytest.mark.parametrize("layer", LAYERS[:-1])
def test_imports_go_one_way(layer):
    above = LAYERS[LAYERS.index(layer) + 1 :]
    upward = []
    for path, tree in TREES.items():
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts[0] != layer:
            continue
        for node in tree.body:  # imports inside functions and for type checkers do not count
            if isinstance(node, ast.ImportFrom) and node.level:
                base = list(parts[: len(parts) - node.level])
                names = [*base, *(node.module or "").split(".")]
                names = [n for n in names if n]
                targets = [names[0]] if names else [a.name for a in node.names]
                upward += [f"{'/'.join(parts)}: {t}" for t in targets if t in above]
    assert upward == []


def test_types_are_shipped():
    assert (PACKAGE / "py.typed").exists()


def test_version_is_that_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert gluonx.__version__ == project["version"]
