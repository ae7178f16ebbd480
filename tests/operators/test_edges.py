"""Operators at the edges: arrays without elements or axes, calls that make no sense."""

import edges
import numpy as np
import pytest

from gluonx import autograd, nd
from gluonx.engine.op import OPS
from gluonx.error import OpError
from gluonx.ndarray.namespace import function


def call(name, *inputs, **attrs):
    return function(OPS[name], name)(*inputs, **attrs)


EMPTY = np.zeros((0, 3), "float32")
SCALAR = np.float32(2.5)

#: What MXNet 1.9.1 has no meaning for: it has neither empty arrays nor arrays without axes.
BEYOND_MXNET = [
    ("sqrt", [EMPTY], {}, EMPTY),
    ("sqrt", [np.float32(4)], {}, np.float32(2)),
    ("relu", [-SCALAR], {}, np.float32(0)),
    ("broadcast_add", [EMPTY, np.ones((1, 3), "float32")], {}, EMPTY),
    ("broadcast_add", [SCALAR, np.ones((2,), "float32")], {}, np.full(2, 3.5, "float32")),
    ("_plus_scalar", [SCALAR], {"scalar": 1}, np.float32(3.5)),
    ("sum", [EMPTY], {"axis": 0}, np.zeros(3, "float32")),
    ("sum", [EMPTY], {}, np.zeros(1, "float32")),
    ("prod", [EMPTY], {}, np.ones(1, "float32")),
    ("sum", [SCALAR], {}, np.array([2.5], "float32")),
    ("norm", [EMPTY], {}, np.zeros(1, "float32")),
    ("Reshape", [SCALAR], {"shape": (1, 1)}, np.array([[2.5]], "float32")),
    ("Reshape", [np.ones((1, 1), "float32")], {"shape": ()}, np.float32(1)),
    ("Reshape", [EMPTY], {"shape": (3, 0)}, None),
    ("Reshape", [EMPTY], {"shape": (-3,)}, np.zeros(0, "float32")),
    ("transpose", [EMPTY], {}, EMPTY.T),
    ("expand_dims", [SCALAR], {"axis": 0}, np.array([2.5], "float32")),
    ("Concat", [EMPTY, np.ones((2, 3), "float32")], {"dim": 0}, np.ones((2, 3), "float32")),
    ("slice", [np.ones((3, 2), "float32")], {"begin": (2,), "end": (2,)}, np.zeros((0, 2), "f4")),
    ("take", [np.ones((3, 2), "float32"), np.zeros((0,), "float32")], {}, np.zeros((0, 2), "f4")),
    ("one_hot", [np.zeros((0,), "float32")], {"depth": 2}, np.zeros((0, 2), "float32")),
    ("dot", [EMPTY, np.ones((3, 2), "float32")], {}, np.zeros((0, 2), "float32")),
    ("dot", [EMPTY.T, EMPTY], {}, np.zeros((3, 3), "float32")),
    ("dot", [np.ones((1, 2), "i4"), np.ones((2, 1), "i4")], {}, np.array([[2]], "int32")),
    (
        "batch_dot",
        [np.ones((0, 2, 3), "f4"), np.ones((0, 3, 2), "f4")],
        {},
        np.ones((0, 2, 2), "f4"),
    ),
    ("sort", [EMPTY], {"axis": 0}, EMPTY),
    ("tile", [EMPTY], {"reps": (2, 1)}, EMPTY),
    ("tile", [np.ones((2,), "float32")], {"reps": (0,)}, np.zeros(0, "float32")),
    ("repeat", [np.ones((2, 1), "float32")], {"repeats": 0, "axis": 0}, np.zeros((0, 1), "f4")),
    ("reverse", [np.arange(3, dtype="float32")], {"axis": -1}, np.array([2, 1, 0], "float32")),
    ("Reshape", [np.ones((2, 6), "f4")], {"shape": (0, -4, -1, 3), "reverse": True}, None),
    ("sum", [np.array([True, True])], {}, np.array([2], "int32")),
]


@pytest.mark.parametrize("row", BEYOND_MXNET, ids=lambda row: f"{row[0]}-{len(row[1])}")
def test_beyond_mxnet(row):
    name, inputs, attrs, want = row
    if want is None:
        with pytest.raises(OpError, match="cannot reshape"):
            call(name, *[nd.array(x, dtype=x.dtype) for x in inputs], **attrs)
        return
    arrays = [nd.array(x, dtype=x.dtype) for x in inputs]
    floats = [x for x in arrays if x.dtype == np.float32]
    for x in floats:
        x.attach_grad()
    with autograd.record():
        y = call(name, *arrays, **attrs)
    assert y.shape == want.shape and y.dtype == want.dtype
    np.testing.assert_array_equal(y.asnumpy(), want)
    if floats and OPS[name].differentiable:
        y.backward()
        assert all(x.grad.shape == x.shape for x in floats)


def f(*shape):
    return shape, "float32"


def i(*shape):
    return shape, "int32"


#: Operator, shapes and dtypes of inputs, attributes, what the error says.
MISTAKES = [
    ("broadcast_add", [f(2, 3), f(2, 4)], {}, r"\(2, 3\) and \(2, 4\) do not fit together"),
    ("broadcast_add", [f(2), i(2)], {}, "different dtypes, float32 and int32; .*astype"),
    ("elemwise_add", [f(2, 3), f(1, 3)], {}, "one shape, .*broadcast_add stretches"),
    ("add_n", [], {}, "at least one array"),
    ("add_n", [f(2), f(3)], {}, "one shape"),
    ("where", [f(2, 3), f(2, 3), f(3, 2)], {}, "one shape"),
    ("where", [f(3), f(2, 3), f(2, 3)], {}, r"condition of shape \(3,\) does not fit"),
    (
        "MakeLoss",
        [f(2)],
        {"normalization": "x"},
        "normalization='x' cannot be used; expected one of 'null'",
    ),
    ("sum", [f(2, 3)], {"axis": 2}, "axis=2 is out of range for an array with 2 axes"),
    ("sum", [f(2, 3)], {"axis": (1, -1)}, "same axis"),
    ("max", [f(0, 3)], {"axis": 0}, r"no element of an array of shape \(0, 3\)"),
    ("argmax", [f(0)], {}, "no element"),
    ("argmax", [f(2, 3)], {"axis": 5}, "axis=5 is out of range"),
    ("argmax_channel", [f(3)], {}, "at least two axes"),
    ("norm", [f(3)], {"ord": 3}, "ord=3 is not supported; use 1 or 2"),
    ("L2Normalization", [f(2, 3)], {"mode": "channel"}, "at least 3 axes"),
    ("L2Normalization", [f(2, 3)], {"mode": "row"}, "mode='row' cannot be used"),
    ("moments", [f(2, 3)], {}, "at least one axis"),
    ("dot", [f(2, 3), f(2, 3)], {}, r"axis 1 of lhs \(2, 3\) and axis 0 of rhs \(2, 3\)"),
    ("dot", [f(3), f(3)], {"transpose_a": True}, "vectors cannot be transposed"),
    ("batch_dot", [f(2, 3), f(3, 2)], {}, "use dot for two matrices"),
    ("batch_dot", [f(1, 2, 3), f(2, 3, 2)], {}, "equal batch axes"),
    ("batch_dot", [f(2, 2, 3), f(2, 2, 3)], {}, "differ in length"),
    ("khatri_rao", [f(2, 2), f(2, 3)], {}, "equally many columns"),
    ("diag", [f(2, 3)], {"k": 5}, "k=5 is beyond the diagonals of a matrix of 2 x 3"),
    ("diag", [f(2, 3)], {"axis1": 1, "axis2": -1}, "they must differ"),
    ("Reshape", [f(2, 3, 4)], {"shape": (5, 5)}, "cannot reshape"),
    ("Reshape", [f(2, 3, 4)], {"shape": (7, -1)}, "cannot reshape"),
    ("Reshape", [f(2, 3, 4)], {"shape": (-1, -1)}, "cannot reshape"),
    ("reshape_like", [f(2, 3), f(2, 4)], {}, "the sizes differ"),
    ("transpose", [f(2, 3, 4)], {"axes": (1, 0)}, "must name all 3 axes"),
    ("SwapAxis", [f(2, 3)], {"dim1": 4}, "dim1=4 is out of range"),
    ("expand_dims", [f(2, 3)], {"axis": 3}, "axis=3 is out of range"),
    ("squeeze", [f(1, 2)], {"axis": 1}, "axis 1 of .* has length 2"),
    ("broadcast_to", [f(2, 3)], {"shape": (2, 6)}, "only axes of length 1 stretch"),
    ("broadcast_to", [f(3)], {"shape": (2, 3)}, "which has 2 axes; add axes with reshape"),
    ("broadcast_axis", [f(1, 2)], {"axis": 1, "size": 3}, "only axes of length 1 stretch"),
    ("broadcast_axis", [f(1, 1)], {"axis": (0, 1), "size": 3}, "must have the same length"),
    ("broadcast_like", [f(3), f(2, 3)], {}, "equally many axes"),
    ("broadcast_like", [f(1), f(2)], {"lhs_axes": (0,)}, "must both be given"),
    ("Concat", [f(2, 3), f(2, 3)], {"dim": 2}, "dim=2 is out of range"),
    ("Concat", [f(2, 3), f(3, 3)], {"dim": 1}, "cannot be joined along axis 1"),
    ("Concat", [f(2, 3), i(2, 3)], {}, "different dtypes"),
    ("stack", [f(2), f(3)], {}, "one shape"),
    ("SliceChannel", [f(2, 4)], {"num_outputs": 3}, "cannot be cut into num_outputs=3"),
    ("SliceChannel", [f(2, 4)], {"num_outputs": 2, "squeeze_axis": True}, "parts of length 1"),
    ("_split_v2", [f(5)], {"indices": (0, 9), "axis": 0}, "must ascend and lie within axis 0"),
    ("slice", [f(3, 4)], {"begin": (0, 0), "end": (1,)}, "must have the same length"),
    ("slice", [f(3)], {"begin": (0, 0), "end": (1, 1)}, "more entries than"),
    ("slice", [f(3)], {"begin": (0,), "end": (1,), "step": (0,)}, "must not contain 0"),
    ("slice_axis", [f(3, 4)], {"axis": 1, "begin": 2, "end": 9}, "not a part of axis 1"),
    ("slice_like", [f(3, 4), f(2, 5)], {}, "axis 1 of data"),
    ("tile", [f(3)], {"reps": (-1,)}, "must not be negative"),
    ("repeat", [f(3)], {"repeats": -1}, "must not be negative"),
    ("Pad", [f(2, 3)], {"mode": "edge", "pad_width": (1, 1)}, "two non-negative entries"),
    ("Pad", [f(2)], {"mode": "reflect", "pad_width": (2, 2)}, "reflects more than"),
    ("Pad", [f(2)], {"mode": "wrap", "pad_width": (2, 2)}, "mode='wrap' cannot be used"),
    ("depth_to_space", [f(1, 7, 1, 2)], {"block_size": 2}, r"multiple of block_size \*\* 2 = 4"),
    ("space_to_depth", [f(1, 1, 3, 4)], {"block_size": 2}, "multiples of block_size = 2"),
    ("take", [f(2, 3), f(1)], {"axis": 2}, "axis=2 is out of range"),
    ("take", [f(2, 3), f(1)], {"mode": "no"}, "mode='no' cannot be used"),
    ("take", [f(0, 3), f(1)], {}, "axis of length 0"),
    ("pick", [f(2, 3), f(3)], {}, r"expected \(2,\) or \(2, 1\)"),
    ("pick", [f(2, 3), f(2)], {"axis": None}, "axis=None is not supported"),
    ("gather_nd", [f(2, 3), f(2)], {}, "gather_nd needs indices"),
    ("scatter_nd", [f(2), f(1, 2)], {"shape": (2, 2)}, r"need \(2, 2\)"),
    ("Embedding", [f(2), f(3, 2)], {"input_dim": 4, "output_dim": 2}, r"need \(4, 2\)"),
    ("one_hot", [f(2)], {"depth": -1}, "must not be negative"),
    ("topk", [f(2, 3)], {"k": 5}, "k=5 must be between 0 and 3"),
    ("topk", [f(2, 3)], {"ret_typ": "all"}, "ret_typ='all' cannot be used"),
    ("SequenceMask", [f(3, 2), f(2)], {}, "set use_sequence_length=True"),
    ("SequenceMask", [f(3, 2)], {"use_sequence_length": True}, "needs the array sequence_length"),
    ("SequenceLast", [f(3, 2), f(3)], {"use_sequence_length": True}, r"needs \(2,\)"),
    ("SequenceLast", [f(3, 2)], {"axis": 2}, "axis=2 cannot be the time axis"),
    ("_ravel_multi_index", [f(3, 2)], {"shape": (2, 3)}, "one row for each entry"),
    ("_arange", [], {"start": 0, "stop": 1, "step": 0}, "step must not be 0"),
]


@pytest.mark.parametrize("row", MISTAKES, ids=lambda row: row[0])
def test_mistakes(row):
    name, inputs, attrs, text = row
    with pytest.raises(OpError, match=text) as caught:
        call(name, *[nd.ones(shape, dtype=dtype) for shape, dtype in inputs], **attrs)
    assert str(caught.value).startswith(f"{name}(")


@pytest.mark.parametrize(
    ("name", "attrs", "text"),
    [
        ("sum", {"axis": "x"}, "axis='x' cannot be used"),
        ("sum", {"axes": 1}, "unexpected keyword argument 'axes'"),
        ("expand_dims", {}, "missing the required argument 'axis'"),
        ("expand_dims", {"axis": 1.5}, "axis=1.5 cannot be used"),
    ],
)
def test_bad_attributes(name, attrs, text):
    with pytest.raises(TypeError, match=text):
        call(name, nd.ones((2, 3)), **attrs)


def test_attributes_may_be_strings():
    x = nd.array([[1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(nd.sum(x, axis="(0,)", keepdims="True").asnumpy(), [[5, 7, 9]])
    np.testing.assert_array_equal(nd.slice(x, begin="(0, None)", end="[1, 2]").asnumpy(), [[1, 2]])
    assert nd.one_hot(nd.array([1]), depth="3", dtype="int32").shape == (1, 3)


def test_a_new_scalar_compiles_nothing(compilations):
    x = nd.ones((3, 5))
    for value in (1.5, 2.5):
        with compilations() as names:
            ((x + value) * value - value / (x + value)).asnumpy()
    assert not names


ELEMENTWISE = sorted(
    {
        op.name: op
        for op in OPS.values()
        if op.fn.__module__.rpartition(".")[2] in ("elemwise", "binary", "scalar")
    }.items()
)


@pytest.mark.parametrize("op", [pytest.param(op, id=name) for name, op in ELEMENTWISE])
def test_elementwise_operators_take_arrays_without_elements_or_axes(op):
    required = [n for n, p in op.attrs.items() if p.default is p.empty]
    attrs = {n: (0, 1) if n in ("a_min", "a_max") else 2 for n in required}
    attrs.update({n: v for n, v in {"a_min": 0.0, "a_max": 1.0}.items() if n in required})
    if "dtype" in required:
        attrs["dtype"] = "float32"
    for shape in ((0, 3), ()):
        inputs = [nd.full(shape, 0.5) for n in op.inputs if n not in op.optional]
        y = function(op, op.name)(*inputs, **attrs)
        assert y.shape == shape
        assert y.asnumpy().shape == shape


def test_every_operator_has_shapes_or_an_error_for_arrays_without_elements_or_axes():
    want = dict(line.rsplit(" | ", 1) for line in edges.TABLE.read_text().splitlines())
    found = dict(line.rsplit(" | ", 1) for line in edges.lines())
    errors = {k for k, v in want.items() if v.startswith("!")}
    assert {k for k, v in found.items() if v.startswith("!")} == errors
    wrong = {k: (v, want[k]) for k, v in found.items() if k not in errors and v != want[k]}
    assert not wrong and found.keys() == want.keys(), wrong


def test_failure_of_any_kind_names_the_operator():
    for name, inputs, attrs in (
        (
            "_contrib_hawkesll",
            edges.shapes(edges.cases_of_operators()["_contrib_hawkesll"], "nothing"),
            {},
        ),
        ("_contrib_group_adagrad_update", [(), (), ()], {"lr": 0.1}),
    ):
        arrays = [nd.zeros(shape) for shape in inputs]
        if name == "_contrib_hawkesll":
            arrays[5] = arrays[5].astype("int32")
        with pytest.raises(OpError, match=rf"^{name}\(.*no meaning for arrays of these shapes"):
            call(name, *arrays, **attrs)
