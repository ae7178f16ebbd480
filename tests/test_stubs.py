"""The type stubs, which tools/make_stubs.py writes, are up to date and true."""

import ast
import importlib.util
import inspect
from pathlib import Path

import pytest

import gluonx as gx

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def make_stubs():
    spec = importlib.util.spec_from_file_location("make_stubs", ROOT / "tools" / "make_stubs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SPACES = ["contrib", "image", "linalg"]
PATHS = [
    "ndarray/__init__.pyi",
    *(f"ndarray/{space}.pyi" for space in SPACES),
    "ndarray/methods.pyi",
    "symbol/__init__.pyi",
    *(f"symbol/{space}.pyi" for space in SPACES),
]
MODULES = [(gx.nd, "ndarray/__init__.pyi"), (gx.sym, "symbol/__init__.pyi")]
for _space in SPACES:
    MODULES.append((getattr(gx.nd, _space), f"ndarray/{_space}.pyi"))
    MODULES.append((getattr(gx.sym, _space), f"symbol/{_space}.pyi"))


@pytest.mark.parametrize("path", PATHS)
def test_committed_stub_is_what_the_registry_gives(make_stubs, path):
    assert sorted(make_stubs.STUBS) == PATHS
    written = (Path(gx.__file__).parent / path).read_text()
    assert written == make_stubs.STUBS[path](), "run: python tools/make_stubs.py"


@pytest.mark.parametrize("path", PATHS)
def test_stub_is_valid_python_without_doubles(path):
    tree = ast.parse((Path(gx.__file__).parent / path).read_text())
    names = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("module", "path"), MODULES)
def test_stub_declares_every_public_function(module, path):
    tree = ast.parse((Path(gx.__file__).parent / path).read_text())
    declared = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            declared.add(node.name)
        elif isinstance(node, ast.Assign):
            declared |= {target.id for target in node.targets}
        elif isinstance(node, ast.ImportFrom):
            declared |= {a.asname for a in node.names}
    public = {n for n, f in vars(module).items() if inspect.isfunction(f) and n[0] != "_"}
    assert public <= declared


def test_signatures_are_real_and_documented():
    parameters = inspect.signature(gx.nd.Convolution).parameters
    assert list(parameters)[:5] == ["data", "weight", "bias", "kernel", "stride"]
    assert parameters["num_group"].default == 1
    assert parameters["bias"].default is None
    assert list(inspect.signature(gx.nd.one_hot).parameters)[:2] == ["indices", "depth"]
    inspect.signature(gx.nd.one_hot).bind(1, 3)  # positional, as it can be called
    undocumented = [
        name
        for module, _ in MODULES
        for name, function in vars(module).items()
        if inspect.isfunction(function) and name[0] != "_" and not function.__doc__
    ]
    assert undocumented == []
