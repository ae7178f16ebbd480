"""Operators of Python on arrays: values, dtypes, broadcasting, numbers, in-place, ``out=``."""

import operator

import ml_dtypes
import numpy as np
import pytest

from gluonx import MXNetError, nd

OPERATORS = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "%": operator.mod, "**": operator.pow,
}  # fmt: skip
COMPARISONS = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge,
}  # fmt: skip
INPLACE = {
    "+=": operator.iadd, "-=": operator.isub, "*=": operator.imul, "/=": operator.itruediv,
    "%=": operator.imod, "**=": operator.ipow,
}  # fmt: skip
FLOATS = ["float16", "bfloat16", "float32", "float64"]
INTEGERS = ["int8", "uint8", "int32", "int64"]


def _dtype(name):
    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


def _numpy(symbol, a, b, dtype):
    """What the operator gives in MXNet: in ``dtype``, quotients of integers cut to integers."""
    with np.errstate(all="ignore"):
        result = OPERATORS[symbol](a.astype("float64"), b.astype("float64"))
        if symbol == "/" and dtype.kind in "iu":
            result = np.trunc(result)
        return result.astype(dtype)


@pytest.mark.parametrize("symbol", OPERATORS)
@pytest.mark.parametrize("dtype", FLOATS + INTEGERS)
def test_operators_on_two_arrays(symbol, dtype):
    dtype = _dtype(dtype)
    a = np.array([[1, 5, 7], [2, 3, 11]]).astype(dtype)
    b = np.array([[1, 2, 2], [2, 2, 1]]).astype(dtype)
    if symbol == "-":
        a, b = np.maximum(a, b), np.minimum(a, b)
    y = OPERATORS[symbol](nd.array(a, dtype=dtype), nd.array(b, dtype=dtype))
    assert y.dtype is dtype.type
    rtol = {"float16": 1e-3, "bfloat16": 1e-2}.get(dtype.name, 1e-6)
    expected = _numpy(symbol, a, b, dtype).astype("float64")
    np.testing.assert_allclose(y.asnumpy().astype("float64"), expected, rtol=rtol)


@pytest.mark.parametrize("symbol", OPERATORS)
@pytest.mark.parametrize("dtype", FLOATS + INTEGERS)
def test_operators_on_an_array_and_a_number(symbol, dtype):
    dtype = _dtype(dtype)
    a = np.array([1, 4, 3]).astype(dtype)
    x, two = nd.array(a, dtype=dtype), np.full(3, 2, dtype)
    rtol = {"float16": 1e-3, "bfloat16": 1e-2}.get(dtype.name, 1e-6)
    if not (symbol == "-" and dtype.kind == "u"):
        right = OPERATORS[symbol](x, 2)
        assert right.dtype is dtype.type
        expected = _numpy(symbol, a, two, dtype).astype("float64")
        np.testing.assert_allclose(right.asnumpy().astype("float64"), expected, rtol=rtol)
    left = OPERATORS[symbol](4, x)
    assert left.dtype is dtype.type
    expected = _numpy(symbol, two + two, a, dtype).astype("float64")
    np.testing.assert_allclose(left.asnumpy().astype("float64"), expected, rtol=rtol)


@pytest.mark.parametrize("symbol", COMPARISONS)
@pytest.mark.parametrize("dtype", FLOATS + INTEGERS)
def test_comparisons_give_0_and_1_in_the_dtype_of_their_inputs(symbol, dtype):
    compare, dtype = COMPARISONS[symbol], _dtype(dtype)
    a, b = np.array([1, 2, 3]), np.array([3, 2, 1])
    x, y = nd.array(a, dtype=dtype), nd.array(b, dtype=dtype)
    for result, expected in [
        (compare(x, y), compare(a, b)),
        (compare(x, 2), compare(a, 2)),
        (compare(2, x), compare(2, a)),
    ]:
        assert result.dtype is dtype.type
        assert result.asnumpy().astype(bool).tolist() == expected.tolist()


def test_numbers_take_the_dtype_of_the_array():
    x = nd.array([1, 2], dtype="int32")
    assert (x + 1.5).asnumpy().tolist() == [2, 3]
    assert (x * 1.9).asnumpy().tolist() == [1, 2]
    assert (x > 1.5).asnumpy().tolist() == [0, 1]  # 1.5 is 1
    assert (nd.array([100], dtype="int8") * 2).asscalar() == -56
    assert (nd.array([2**40], dtype="int64") * 2 + 1).asscalar() == 2**41 + 1
    tiny = (nd.array([1.0], dtype="float64") + 1e-12).asscalar()
    assert tiny == 1 + 1e-12


def test_integer_quotients_and_remainders_round_as_in_mxnet():
    x = nd.array([5, -5], dtype="int32")
    assert (x / 2).asnumpy().tolist() == [2, -2]
    assert (x % 3).asnumpy().tolist() == [2, 1]
    y = nd.array([5.0, -5.0])
    assert (y % 3).asnumpy().tolist() == [2, 1]
    assert (y % -3).asnumpy().tolist() == [-1, -2]
    assert (7 % y).asnumpy().tolist() == [2, -3]
    assert np.isinf((y / 0).asnumpy()).all()


def test_bools_count_as_integers_beside_numbers():
    mask = nd.array([True, False], dtype="bool")
    for result, expected in [
        (mask + 1, [2, 1]), (1 - mask, [0, 1]), (mask * 2.5, [2, 0]), (mask > 0, [1, 0]),
    ]:  # fmt: skip
        assert result.dtype is np.int64
        assert result.asnumpy().tolist() == expected


def test_numbers_of_numpy_are_numbers():
    x = nd.array([1, 2])
    for two in (
        np.float32(2),
        np.float64(2),
        np.int64(2),
        np.uint8(2),
        np.array(2.0),
        np.bool_(1) + 1,
    ):
        for y in (x * two, two * x):
            assert isinstance(y, nd.NDArray)
            assert y.dtype is np.float32
            assert y.asnumpy().tolist() == [2, 4]
        assert (two - x).asnumpy().tolist() == [1, 0]
        assert (two**x).asnumpy().tolist() == [2, 4]
        assert (two > x).asnumpy().tolist() == [1, 0]


@pytest.mark.parametrize("value", [0.0, -0.0, float("inf"), float("nan"), 1e300, -1, True])
def test_special_numbers(value):
    x = nd.array([1.0])
    with np.errstate(all="ignore"):
        expected = np.float32(1) * np.float32(value)
    result = (x * value).asscalar()
    np.testing.assert_array_equal(result, expected)
    assert np.signbit(result) == np.signbit(expected)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((2, 3), (3,)),
        ((2, 3), (2, 1)),
        ((2, 1, 3), (1, 4, 1)),
        ((), (2,)),
        ((1,), (2, 3)),
        ((0, 3), (3,)),
    ],
)
def test_shapes_broadcast_as_in_numpy(a, b):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=a).astype("float32"), rng.normal(size=b).astype("float32")
    for f in (operator.add, operator.sub, operator.mul, operator.truediv, operator.lt):
        result = f(nd.array(a), nd.array(b)).asnumpy()
        assert result.shape == np.broadcast_shapes(a.shape, b.shape)
        np.testing.assert_allclose(result, f(a, b), rtol=1e-6)


def test_operands_that_do_not_fit_say_what_they_are():
    with pytest.raises(MXNetError, match=r"shapes \(2, 3\) and \(2,\) do not fit together"):
        nd.ones((2, 3)) + nd.ones((2,))
    with pytest.raises(MXNetError, match="different dtypes, int32 and float32; convert .* astype"):
        nd.ones((2,), dtype="int32") + nd.ones((2,))
    with pytest.raises(MXNetError, match=r"one shape, got \(2, 3\) and \(3,\)"):
        nd.elemwise_add(nd.ones((2, 3)), nd.ones((3,)))
    for other in ("a", None, [1, 2], 1j, object()):
        with pytest.raises(TypeError):
            nd.ones((2,)) + other
        with pytest.raises(TypeError):
            other * nd.ones((2,))


def test_equality_with_anything_else_is_false():
    x = nd.array([1, 2])
    assert (x == None) is False  # noqa: E711
    assert (x != "a") is True
    assert x in [x]
    assert len({x, x, nd.array([1, 2])}) == 2  # hashed by identity


def test_signs():
    x = nd.array([-1.0, 2.0])
    assert (-x).asnumpy().tolist() == [1, -2]
    assert abs(x).asnumpy().tolist() == [1, 2]
    assert (+x).asnumpy().tolist() == [-1, 2]
    assert (x @ x).asscalar() == 5


@pytest.mark.parametrize("symbol", INPLACE)
def test_inplace_operators_change_the_array_under_all_its_names(symbol):
    x = nd.array([5.0, 7.0])
    other, memory, row = x, x.reshape((2, 1)), x[1]
    x = INPLACE[symbol](x, 2)
    assert x is other
    expected = OPERATORS[symbol[:-1]](np.array([5.0, 7.0]), 2)
    np.testing.assert_allclose(x.asnumpy(), expected)
    np.testing.assert_allclose(memory.asnumpy()[:, 0], expected)
    np.testing.assert_allclose(row.asnumpy(), expected[1:])
    row = INPLACE[symbol](row, nd.array([2.0]))
    np.testing.assert_allclose(x.asnumpy()[1], OPERATORS[symbol[:-1]](expected[1], 2), rtol=1e-6)


@pytest.mark.parametrize("dtype", FLOATS + INTEGERS)
def test_inplace_operators_keep_the_dtype(dtype):
    x = nd.ones((2,), dtype=dtype)
    x += 1.5
    x *= 3
    assert x.dtype is _dtype(dtype).type
    assert x.asnumpy().astype(float).tolist() == ([7.5, 7.5] if dtype in FLOATS else [6, 6])


def test_inplace_operators_broadcast_into_the_array_only():
    x = nd.ones((2, 2))
    x += nd.array([1, 2])
    x += x
    assert x.asnumpy().tolist() == [[4, 6], [4, 6]]
    x[:, 0] *= 5
    x[0] -= 1
    assert x.asnumpy().tolist() == [[19, 5], [20, 6]]
    with pytest.raises(ValueError, match=r"cannot change the shape of x: \(2, 2\) and \(3, 2, 2\)"):
        x += nd.ones((3, 2, 2))
    with pytest.raises(TypeError):
        x += "a"
    assert x.asnumpy().tolist() == [[19, 5], [20, 6]]


def test_out_writes_into_an_array_and_returns_it():
    x, out = nd.array([1.0, 2.0]), nd.zeros((2,))
    assert nd.elemwise_add(x, x, out=out) is out
    assert out.asnumpy().tolist() == [2, 4]
    assert nd.elemwise_add(x, x, out=x) is x
    assert x.asnumpy().tolist() == [2, 4]
    table = nd.zeros((2, 2))
    nd.exp(nd.zeros((2,)), out=table[1])
    assert table.asnumpy().tolist() == [[0, 0], [1, 1]]
    with pytest.raises(MXNetError, match=r"out has shape \(3,\), but the result has shape \(2,\)"):
        nd.exp(x, out=nd.zeros((3,)))


def test_functions_take_arrays_and_numbers_in_any_order():
    x = nd.array([1.0, 4.0])
    for function, python in [
        (nd.add, operator.add), (nd.subtract, operator.sub), (nd.multiply, operator.mul),
        (nd.divide, operator.truediv), (nd.modulo, operator.mod), (nd.power, operator.pow),
        (nd.equal, operator.eq), (nd.not_equal, operator.ne), (nd.greater, operator.gt),
        (nd.greater_equal, operator.ge), (nd.lesser, operator.lt), (nd.lesser_equal, operator.le),
        (nd.maximum, np.maximum), (nd.minimum, np.minimum),
    ]:  # fmt: skip
        a = np.array([1.0, 4.0])
        for args, expected in [
            ((x, 2), python(a, 2)), ((2, x), python(2.0, a)), ((x, x), python(a, a)),
        ]:  # fmt: skip
            np.testing.assert_allclose(
                function(*args).asnumpy(), expected, err_msg=function.__name__
            )
        assert function(4, 3) == python(4, 3)
    with pytest.raises(TypeError, match="operands must be NDArrays or numbers, got str and int"):
        nd.add("a", 1)


def test_wrong_calls_of_operators_are_type_errors():
    x = nd.ones((2,))
    with pytest.raises(TypeError, match=r"exp\(\): data must be an NDArray, got builtins.int"):
        nd.exp(3)
    with pytest.raises(
        TypeError, match=r"exp\(\): data must be .* convert it with nd.array\(...\)"
    ):
        nd.exp(np.ones(2))
    with pytest.raises(TypeError, match=r"exp\(\) is missing the required array 'data'"):
        nd.exp()
    with pytest.raises(TypeError, match=r"exp\(\) got an unexpected keyword argument 'foo'"):
        nd.exp(x, foo=1)
    with pytest.raises(TypeError, match="got two values for the argument 'data'"):
        nd.exp(x, data=x)
    with pytest.raises(TypeError, match=r"sum\(\): axis='a' cannot be used"):
        nd.sum(x, axis="a")
