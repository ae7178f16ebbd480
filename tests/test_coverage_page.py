"""docs/operators.md, which tools/make_coverage.py writes, is up to date; `sym` mirrors `nd`."""

import importlib.util
from pathlib import Path

import pytest

import gluonx as gx

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def make_coverage():
    spec = importlib.util.spec_from_file_location(
        "make_coverage", ROOT / "tools" / "make_coverage.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_committed_page_is_what_the_registry_gives(make_coverage):
    written = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
    assert written == make_coverage.page(), "run: python tools/make_coverage.py"


def test_sym_has_nearly_all_functions_of_nd(make_coverage):
    arrays, symbols = (make_coverage.functions(space) for space in (gx.nd, gx.sym))
    assert make_coverage.mirrored(arrays, symbols) >= 0.95


def test_every_operator_without_an_underscore_is_public(make_coverage):
    arrays = make_coverage.functions(gx.nd)
    lost = [op.name for op in make_coverage.operators().values() if op.name[0] != "_"]
    assert [name for name in lost if name not in arrays] == []
