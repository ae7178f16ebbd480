"""The examples in docstrings give what they say.

In an example an array may stand without the lines around its numbers: `[1. 2.]` for

    <BLANKLINE>
    [1. 2.]
    <NDArray 2 @cpu(0)>
"""

import doctest
import importlib
import pkgutil
import re

import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, gluon, nd, nn, sym
from gluonx.engine.op import OPS

NAMESPACE = {
    "autograd": autograd, "gluon": gluon, "gx": gx, "nd": nd, "nn": nn, "np": np, "sym": sym,
}  # fmt: skip
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
FRAME = re.compile(r"\n([^<]*?)\n<NDArray [^\n>]*>")
#: Packages of optional extras that an example needs.
NEEDS = {"gluonx.stablehlo.StableHLOBlock": "flatbuffers"}


OPERATORS = {op.name: op.doc for op in OPS.values() if ">>>" in op.doc}


class Checker(doctest.OutputChecker):
    """Accepts an array without its frame."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        if super().check_output(want, got, optionflags):
            return True
        return super().check_output(want, FRAME.sub(r"\1", got), optionflags)


def check(text: str, name: str) -> None:
    """Run the examples of one docstring."""
    test = doctest.DocTestParser().get_doctest(text, dict(NAMESPACE), name, name, 0)
    lines: list[str] = []
    runner = doctest.DocTestRunner(Checker(), optionflags=OPTIONS, verbose=False)
    with gx.name.NameManager():
        runner.run(test, out=lines.append)
    assert not lines, "".join(lines)


def documented() -> dict[str, str]:
    """The docstrings that hold examples, of all public modules, their classes and functions."""
    finder = doctest.DocTestFinder(exclude_empty=True, recurse=True)
    texts = {}
    of_operators = set(OPERATORS.values())
    for info in pkgutil.walk_packages(gx.__path__, "gluonx."):
        module = importlib.import_module(info.name)
        for test in finder.find(module, module.__name__, module=module):
            if test.examples and test.docstring not in of_operators:
                texts[test.name] = test.docstring
    for test in finder.find(gx, "gluonx", module=gx):
        if test.examples:
            texts[test.name] = test.docstring
    return texts


DOCUMENTED = documented()


@pytest.mark.parametrize("name", DOCUMENTED)
def test_examples_of_modules(name, tmp_path, monkeypatch):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    monkeypatch.chdir(tmp_path)
    check(DOCUMENTED[name], name)


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_examples_of_operators(name):
    check(OPERATORS[name], name)
