"""Every operator, by its cases: as MXNet, as finite differences, as hybridized, in half precision.

The cases are in ``cases_*.py``; the values of MXNet 1.9.1 in ``reference/`` (see
``reference/make_reference.py`` for how to make them again).
"""

import functools
import itertools
import json
import typing
from pathlib import Path

import edges
import numpy as np
import pytest
from cases import CASES, FAMILIES

import gluonx
from gluonx import autograd, nd
from gluonx.engine.op import OPS, DType, Shape
from gluonx.ndarray.namespace import function
from gluonx.symbol.namespace import function as symbol_function

REFERENCE = Path(__file__).parent / "reference"
FAMILY = {id(case): name for name, module in FAMILIES.items() for case in module.CASES}


def _ids(cases):
    counts = {}
    for case in cases:
        counts[case.op] = counts.get(case.op, -1) + 1
        yield f"{case.op}-{counts[case.op]}"


def each(chosen, quick=None):
    """Parametrize a test over the cases for which ``chosen`` is true.

    Of each operator the first ``quick`` cases (all by default) belong to the quick tests.
    """
    counts, params = {}, []
    for case, name in zip(CASES, _ids(CASES), strict=True):
        if chosen(case):
            counts[case.op] = counts.get(case.op, 0) + 1
            slow = quick is not None and counts[case.op] > quick
            params.append(pytest.param(case, id=name, marks=pytest.mark.slow if slow else ()))
    return pytest.mark.parametrize("case", params)


def first_of_each(chosen):
    """The first case of every operator for which ``chosen`` is true."""
    found = {}
    for case in CASES:
        if chosen(case):
            found.setdefault(case.op, case)
    return each(lambda case: found.get(case.op) is case)


def call(case, inputs):
    """The operator's outputs, through its public function."""
    op = OPS[case.op]
    public = [n for n in (op.name, *op.aliases) if not n.startswith("_") and hasattr(nd, n)]
    fn = getattr(nd, public[0]) if public else function(op, op.name)
    outputs = fn(*inputs, **case.attrs)
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def arrays(case, dtype=None, values=None):
    """The case's inputs; ``dtype`` replaces that of floating-point ones."""
    values = case.draw() if values is None else values
    return [
        None
        if spec is None
        else nd.array(v, dtype=dtype if dtype and spec.is_float else spec.dtype)
        for spec, v in zip(case.inputs, values, strict=True)
    ]


def differentiate(case, inputs, run, wanted):
    """Outputs of ``run(inputs)`` and the gradients of the wanted inputs, as NumPy arrays."""
    for i in wanted:
        inputs[i].attach_grad()
    gluonx.random.seed(0)
    with autograd.record(train_mode=case.train):
        outputs = run(inputs)
    if wanted:
        heads = [nd.array(case.head(i, y.shape), dtype=y.dtype) for i, y in enumerate(outputs)]
        live = [i for i, y in enumerate(outputs) if "float" in str(np.dtype(y.dtype))]
        autograd.backward([outputs[i] for i in live], [heads[i] for i in live])
    return [y.asnumpy() for y in outputs], {i: inputs[i].grad.asnumpy() for i in wanted}


@functools.cache
def _stored(family):
    with np.load(REFERENCE / f"{family}.npz") as file:
        return json.loads(file["index"].tobytes()), file["data"].tobytes()


def reference(case):
    """MXNet's outputs, gradients and changed inputs: arrays, or (dtype, shape) of random ones."""
    family = FAMILY[id(case)]
    index, data = _stored(family)
    if case.key not in index:
        pytest.fail(
            f"{family}.npz has no values for this case; run tests/operators/reference/"
            f"make_reference.py {family} with a Python that has mxnet 1.9.1"
        )

    def read(entry):
        dtype, shape, offset = entry
        if offset is None:
            return np.empty(shape, dtype)
        return np.frombuffer(data, dtype, int(np.prod(shape)), offset).reshape(shape)

    found = index[case.key]
    return (
        [read(e) for e in found["outputs"]],
        {int(i): read(e) for i, e in found["grads"].items()},
        {int(i): read(e) for i, e in found["aux"].items()},
    )


def check(case, got, want, what):
    assert got.shape == want.shape, f"{what}: shape {got.shape}, MXNet's is {want.shape}"
    assert got.dtype == want.dtype, f"{what}: dtype {got.dtype}, MXNet's is {want.dtype}"
    if case.value:
        np.testing.assert_allclose(got, want, rtol=case.rtol, atol=case.atol, err_msg=what)


def test_every_operator_has_a_case():
    missing = {op.name for op in OPS.values()} - {case.op for case in CASES}
    assert not missing, f"no case in tests/operators/cases_*.py for {sorted(missing)}"


def test_every_case_is_of_an_operator():
    unknown = {case.op for case in CASES if case.op not in OPS or OPS[case.op].name != case.op}
    assert not unknown, f"cases of what is not an operator's canonical name: {sorted(unknown)}"


@each(lambda case: case.reference, quick=2)
def test_mxnet(case):
    outputs, grads, aux = reference(case)
    inputs = arrays(case)
    got, got_grads = differentiate(case, inputs, lambda x: call(case, x), case.wanted())
    assert len(got) == len(outputs)
    for i, (y, want) in enumerate(zip(got, outputs, strict=True)):
        check(case, y, want, f"output {i}")
    for i, want in grads.items():
        check(case, got_grads[i], want, f"gradient of input {i}")
    for i, want in aux.items():
        check(case, inputs[i].asnumpy(), want, f"input {i} afterwards")


@each(lambda case: not case.reference)
def test_runs_where_mxnet_does_not(case):
    got, grads = differentiate(case, arrays(case), lambda x: call(case, x), case.wanted())
    assert all(np.isfinite(y).all() for y in (*got, *grads.values()) if case.value)


@each(lambda case: case.value and case.wanted(case.fd), quick=1)
def test_finite_differences(case):
    wanted = case.wanted(case.fd)
    values = case.draw()
    run = functools.partial(call, case)
    outputs, grads = differentiate(case, arrays(case, "float64", values), run, wanted)
    heads = [case.head(i, y.shape).astype("float64") for i, y in enumerate(outputs)]

    def objective(i, moved):
        gluonx.random.seed(0)
        inputs = arrays(case, "float64", [*values[:i], moved, *values[i + 1 :]])
        with autograd.record(train_mode=case.train):
            results = call(case, inputs)
        return sum((y.asnumpy() * h).sum() for y, h in zip(results, heads, strict=True))

    rng = np.random.RandomState(case.seed)
    for i in wanted:
        for _ in range(2):
            way = rng.standard_normal(values[i].shape)
            step = 1e-6 * way
            slope = (objective(i, values[i] + step) - objective(i, values[i] - step)) / 2e-6
            np.testing.assert_allclose(
                (grads[i] * way).sum(),
                slope,
                rtol=case.fd_tol,
                atol=case.fd_tol,
                err_msg=f"gradient of input {i}",
            )


@pytest.mark.slow
@first_of_each(lambda case: case.value and not case.aux and case.wanted(case.fd))
def test_second_derivatives(case):
    i = case.wanted(case.fd)[0]
    values = case.draw()
    rng = np.random.RandomState(case.seed)
    along, way = (rng.standard_normal(values[i].shape) for _ in range(2))

    def gradient(moved):
        """The input and the recorded product of its gradient with ``along``."""
        gluonx.random.seed(0)
        inputs = arrays(case, "float64", [*values[:i], moved, *values[i + 1 :]])
        inputs[i].attach_grad()
        with autograd.record(train_mode=case.train):
            outputs = [y for y in call(case, inputs) if "float" in str(np.dtype(y.dtype))]
            # squared, so that the gradient of a linear operator depends on its input too
            total = sum((y * y).sum() for y in outputs)
            (first,) = autograd.grad([total], [inputs[i]], create_graph=True)
            return inputs[i], (first * nd.array(along, dtype="float64")).sum()

    x, product = gradient(values[i])
    product.backward()
    step = 1e-6 * way
    moved = [gradient(values[i] + s * step)[1].asscalar() for s in (1, -1)]
    np.testing.assert_allclose(
        (x.grad.asnumpy() * way).sum(), (moved[0] - moved[1]) / 2e-6, rtol=1e-4, atol=1e-4
    )


@first_of_each(lambda case: case.value and case.wanted())
def test_gradients_add_up(case):
    once = differentiate(case, arrays(case), lambda x: call(case, x), case.wanted())[1]
    inputs = arrays(case)
    for i in once:
        inputs[i].attach_grad("add")
    op = OPS[case.op]
    states = {i: inputs[i].copy() for i, name in enumerate(op.inputs) if name in op.aux}
    for _ in range(2):
        gluonx.random.seed(0)
        for i, x in states.items():
            x.copyto(inputs[i])
        with autograd.record(train_mode=case.train):
            outputs = call(case, inputs)
        heads = [nd.array(case.head(i, y.shape), dtype=y.dtype) for i, y in enumerate(outputs)]
        live = [i for i, y in enumerate(outputs) if "float" in str(np.dtype(y.dtype))]
        autograd.backward([outputs[i] for i in live], [heads[i] for i in live])
    for i, want in once.items():
        np.testing.assert_allclose(inputs[i].grad.asnumpy(), 2 * want, rtol=1e-6, atol=1e-6)


@first_of_each(lambda case: not OPS[case.op].variadic and case.inputs)
def test_bad_arguments(case):
    op, inputs = OPS[case.op], arrays(case)
    fn = function(op, op.name)
    with pytest.raises(TypeError, match="unexpected keyword argument 'no_such_attribute'"):
        fn(*inputs, **case.attrs, no_such_attribute=1)
    with pytest.raises(TypeError, match=f"{op.inputs[0]} must be an NDArray, got"):
        fn(inputs[0].asnumpy(), *inputs[1:], **case.attrs)
    if op.inputs[0] not in op.optional:
        with pytest.raises(TypeError, match=f"missing the required array '{op.inputs[0]}'"):
            fn(**case.attrs)
    required = [n for n, p in op.attrs.items() if p.default is p.empty]
    if required:
        with pytest.raises(TypeError, match=f"missing the required argument '{required[0]}'"):
            fn(*inputs, **{k: v for k, v in case.attrs.items() if k != required[0]})


def test_bad_arguments_of_operators_with_any_number_of_inputs_or_none():
    cases = {c.op: c for c in reversed(CASES) if OPS[c.op].variadic or not c.inputs}
    assert len(cases) > 30
    for name, case in cases.items():
        op, inputs = OPS[name], arrays(case)
        fn = function(op, name)
        with pytest.raises(TypeError, match="unexpected keyword argument 'no_such_attribute'"):
            fn(*inputs, **case.attrs, no_such_attribute=1)
        if op.variadic:
            with pytest.raises(TypeError, match="must be an NDArray, got"):
                fn(inputs[0].asnumpy(), *inputs[1:], **case.attrs)
        required = [n for n, p in op.attrs.items() if p.default is p.empty]
        if required:
            with pytest.raises(TypeError, match=f"missing the required argument '{required[0]}'"):
                fn(*inputs, **{k: v for k, v in case.attrs.items() if k != required[0]})


#: Values that no attribute of a kind takes, beginnings of what its error expects.
WRONG = {
    bool: (["maybe", 5, "(1,"], "True or False"), int: (["x", 1.5, "(3,"], "an integer"),
    float: (["x", "(", "[1]"], "a number"), Shape: (["x", "(3,", (2.5,)], "a tuple of integers"),
    DType: (["float31", 7], "a dtype"), str: (["no such name", 3], "'"),
}  # fmt: skip


def wrong_values(annotation):
    """Values that an attribute with this annotation does not take, and what it takes in words."""
    if typing.get_origin(annotation) is typing.Literal:
        return WRONG[str]
    kinds = typing.get_args(annotation) or (annotation,)
    for kind in (Shape, int, float, bool, DType):
        if kind in kinds:
            return WRONG[kind]
    names = [k for k in kinds if typing.get_origin(k) is typing.Literal]
    return WRONG[str] if names else ((), "")


def test_attributes_of_every_operator_refuse_wrong_values_in_nd_and_sym():
    x, s, count = nd.ones((1,)), gluonx.sym.var("s"), 0
    for op in {id(op): op for op in OPS.values()}.values():
        if op.graphs or op.name in ("Custom", "_LoopBody"):
            continue
        inputs = () if op.variadic and not op.inputs else (x,) * max(len(op.inputs), 1)
        inputs = inputs if op.inputs else ()
        fns = [(function(op, op.name), inputs), (symbol_function(op, op.name), (s,) * len(inputs))]
        needed = {n: good(p) for n, p in op.attrs.items() if p.default is p.empty}
        for name, p in op.attrs.items():
            values, words = wrong_values(p.annotation)
            for value, (fn, given) in itertools.product(values, fns):
                if name in op.traced and not isinstance(value, str):
                    continue  # a number is a number
                with pytest.raises(gluonx.MXNetError) as caught:
                    fn(*given, **{**needed, name: value})
                text = str(caught.value)
                given_as = (f"{v!r} cannot be used; expected" for v in (value, str(value)))
                assert text.startswith(tuple(f"{op.name}(): {name}={v}" for v in given_as))
                assert words in text or "one of" in text, text
                count += 1
    assert count > 1500


def good(p):
    """A value that an attribute takes."""
    names = typing.get_args(p.annotation)
    if typing.get_origin(p.annotation) is typing.Literal:
        return names[0]
    kinds = names or (p.annotation,)
    for kind, value in ((Shape, (1,)), (bool, True), (int, 1), (float, 0.5), (DType, "float32")):
        if kind in kinds:
            return value
    return (1.0,) if tuple in kinds else "x"


class Hybrid(gluonx.HybridBlock):
    """One operator as a block."""

    def __init__(self, case):
        super().__init__()
        self.case = case

    def forward(self, *inputs):
        outputs = call(self.case, inputs)
        return outputs if len(outputs) > 1 else outputs[0]


@each(lambda case: case.hybrid and case.inputs, quick=1)
def test_hybridized(case):
    wanted = case.wanted()
    eager = differentiate(case, arrays(case), lambda x: call(case, x), wanted)
    block = Hybrid(case)
    block.hybridize()

    def run(inputs):
        outputs = block(*inputs)
        return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]

    compiled = differentiate(case, arrays(case), run, wanted)
    for got, want in zip(compiled[0], eager[0], strict=True):
        check(case, got, want, "output")
    for i, want in eager[1].items():
        check(case, compiled[1][i], want, f"gradient of input {i}")


@pytest.mark.parametrize("dtype", [pytest.param("float16", marks=pytest.mark.slow), "bfloat16"])
@first_of_each(lambda case: case.half and any(i is not None and i.is_float for i in case.inputs))
def test_half_precision(case, dtype):
    single = differentiate(case, arrays(case), lambda x: call(case, x), case.wanted())
    half = differentiate(case, arrays(case, dtype), lambda x: call(case, x), case.wanted())
    if not case.value:
        return
    tolerance = {"float16": 0.02, "bfloat16": 0.1}[dtype]
    for got, want in zip(
        (*half[0], *half[1].values()), (*single[0], *single[1].values()), strict=True
    ):
        assert got.shape == want.shape
        np.testing.assert_allclose(
            got.astype("float32"), want.astype("float32"), rtol=tolerance, atol=tolerance
        )


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_has_the_shapes_of_float32(dtype):
    """Where values cannot be compared: operators that draw, sort, or update in place."""
    compared = {
        c.op for c in CASES if c.half and any(i is not None and i.is_float for i in c.inputs)
    }
    floats = {
        c.op: c for c in reversed(CASES) if any(i is not None and i.is_float for i in c.inputs)
    }
    rest = {name: case for name, case in floats.items() if name not in compared}
    assert len(rest) > 50
    wrong = {}
    for name, case in rest.items():
        want, found = edges.outcome(case, None), edges.outcome(case, None, dtype)
        if want != found or found.startswith("!"):
            wrong[name] = want, found
    assert not wrong
