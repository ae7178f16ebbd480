"""Cases of the operators in ``indexing.py``, ``order.py`` and ``sequence.py``."""

from __future__ import annotations

from case import Case, const, distinct, integers, normal

TIES = const([[3, 1, 2, 1], [1, 1, 3, 3]])

CASES = [
    Case("take", [normal(4, 2), const([0, 1.7, -1, 9, 0])], grad=(0,)),
    Case("take", [normal(4, 2), const([[0, 1], [3, 3]], "int32")], {"axis": 0}),
    Case("take", [normal(2, 4, 2), const([[0, 1], [3, 3]])], {"axis": 1}, grad=(0,)),
    Case("take", [normal(2, 4), const([2, -5, 4])], {"axis": -1, "mode": "wrap"}, grad=(0,)),
    Case("take", [normal(2, 4), const([2, 0], "int64")], {"axis": 1, "mode": "raise"}),
    Case("batch_take", [normal(3, 4), const([0, 5, 2], "int32")], grad=False),
    Case("pick", [normal(3, 4), const([0, 9, -1])], grad=(0,)),
    Case("pick", [normal(3, 4), const([0, 5, -1])], {"mode": "wrap"}, grad=(0,)),
    Case("pick", [normal(3, 4), const([1, 0, 3], "int32")], {"keepdims": True}),
    Case("pick", [normal(3, 2), const([1, 2])], {"axis": 0}, grad=(0,)),
    Case("pick", [normal(3, 4), const([[1], [0], [3]])], {"axis": 1}, grad=(0,)),
    Case("pick", [normal(2, 3, 2), const([[0, 1], [1, 2]])], {"axis": 1}, grad=(0,)),
    Case("one_hot", [const([0, 2, 1.7, -1, 5])], {"depth": 3}, grad=False),
    Case(
        "one_hot",
        [const([[0], [2]], "int32")],
        {"depth": 3, "on_value": 8.0, "off_value": -1.0, "dtype": "int32"},
    ),
    Case("gather_nd", [normal(3, 4), const([[0, 1, 0], [3, 2, 3]])], grad=(0,)),
    Case("gather_nd", [normal(3, 4), const([[0, 1, 1]], "int32")]),
    Case("gather_nd", [normal(2, 3, 2), const([[[0, 1], [1, 1]], [[1, 2], [0, 0]]])], grad=(0,)),
    # MXNet 1.9.1 writes this gradient outside of the array
    Case("gather_nd", [normal(3, 4), const([[0, -1], [3, -4]])], grad=False, fd=(0,)),
    Case("scatter_nd", [normal(3), const([[0, 1, 2], [3, 2, 3]])], {"shape": (3, 4)}, grad=(0,)),
    Case("scatter_nd", [normal(2, 2), const([[0, 2]], "int32")], {"shape": (3, 2)}),
    Case(
        "Embedding",
        [const([0, 2, 5, -1, 1.7]), normal(3, 2)],
        {"input_dim": 3, "output_dim": 2},
        grad=(1,),
    ),
    Case(
        "Embedding",
        [const([[0, 2], [1, 1]], "int32"), normal(3, 2)],
        {"input_dim": 3, "output_dim": 2},
    ),
    Case("_ravel_multi_index", [const([[0, 1], [2, 1]])], {"shape": (2, 3)}, grad=False),
    Case("_ravel_multi_index", [const([[0, 9], [2, 1]], "int64")], {"shape": (2, 3)}),
    Case("_unravel_index", [const([2, 4, 0])], {"shape": (2, 3)}, grad=False),
    Case("_unravel_index", [const([2, 4, 23], "int32")], {"shape": (2, 3, 4)}),
]

CASES += [
    # MXNet 1.9.1 fails on gradients along the default axis, and along None
    Case("sort", [distinct(3, 4)], grad=False, fd=(0,)),
    Case("sort", [distinct(3, 4)], {"axis": None}, grad=False, fd=(0,)),
    Case("sort", [distinct(3, 4)], {"axis": 0}),
    Case("sort", [distinct(3, 4)], {"axis": -1, "is_ascend": False}),
    Case("sort", [TIES], {"axis": 1}, fd=False),
    Case("sort", [const([3, 1, 2], "int32")], {"is_ascend": False}),
    Case("argsort", [distinct(3, 4)], grad=False),
    Case("argsort", [TIES], grad=False),
    Case("argsort", [TIES], {"is_ascend": False}, grad=False),
    Case("argsort", [distinct(3, 4)], {"axis": 0, "dtype": "int32"}, grad=False),
    Case("argsort", [distinct(3, 4)], {"axis": None}, grad=False),
    Case("topk", [distinct(3, 4)], grad=False),
    Case("topk", [distinct(3, 4)], {"k": 2, "ret_typ": "value"}),
    Case("topk", [distinct(3, 4)], {"k": 2, "ret_typ": "both", "axis": 0}),
    Case(
        "topk", [distinct(3, 4)], {"k": 2, "ret_typ": "both", "is_ascend": True, "dtype": "int32"}
    ),
    Case("topk", [distinct(3, 4)], {"k": 2, "ret_typ": "mask"}, grad=False),
    Case("topk", [distinct(3, 4)], {"k": 0, "ret_typ": "value", "axis": 1}),
    Case("topk", [distinct(3, 4)], {"k": 3, "axis": None, "ret_typ": "value"}, grad=False),
    Case("topk", [distinct(3, 4)], {"k": 3, "axis": None, "ret_typ": "mask"}, grad=False),
    Case("topk", [TIES], {"k": 2}, grad=False),
    Case("topk", [TIES], {"k": 3, "is_ascend": True}, grad=False),
    Case("topk", [const([[3, 1, 2]], "int32")], {"k": 2, "ret_typ": "both"}),
]

LENGTHS = const([1, 3])
USED = {"use_sequence_length": True}
CASES += [
    Case("SequenceMask", [normal(3, 2, 2), LENGTHS], {**USED, "value": -1.0}, grad=(0,)),
    Case("SequenceMask", [normal(2, 3), LENGTHS], {**USED, "axis": 1}, grad=(0,)),
    Case("SequenceMask", [normal(3, 2), const([0, 9])], USED, grad=(0,)),
    Case("SequenceMask", [normal(3, 2)]),
    Case("SequenceLast", [normal(3, 2, 2), LENGTHS], USED, grad=(0,)),
    Case("SequenceLast", [normal(2, 3, 2), LENGTHS], {**USED, "axis": 1}, grad=(0,)),
    # MXNet 1.9.1 crashes on these gradients
    Case("SequenceLast", [normal(3, 2)], grad=False, fd=(0,)),
    Case("SequenceLast", [normal(2, 3, 2)], {"axis": 1}, grad=False, fd=(0,)),
    Case("SequenceReverse", [normal(3, 2, 2), LENGTHS], USED, grad=(0,)),
    Case("SequenceReverse", [normal(3, 2, 1), const([2, 3], "int32")], USED, grad=(0,)),
    Case("SequenceReverse", [normal(3, 2)]),
    Case(
        "SequenceReverse",
        [normal(2, 3, 2), LENGTHS],
        {**USED, "axis": 1},
        grad=(0,),
        reference=False,
        note="MXNet 1.9.1 reverses only along axis 0",
    ),
    Case("take", [normal(3, 2), integers(2, 2, dtype="uint8")]),
]
