"""Cases of the operators in ``matrix.py`` and ``shape.py``."""

from __future__ import annotations

from case import Case, integers, normal

CASES = [
    Case("dot", [normal(3), normal(3)]),
    Case("dot", [normal(2, 3), normal(3)]),
    Case("dot", [normal(2), normal(2, 3)]),
    Case("dot", [normal(2, 3), normal(3, 4)]),
    Case("dot", [normal(3, 2), normal(3, 4)], {"transpose_a": True}),
    Case("dot", [normal(2, 3), normal(4, 3)], {"transpose_b": True}),
    Case("dot", [normal(3, 2), normal(4, 3)], {"transpose_a": True, "transpose_b": True}),
    Case("dot", [normal(3, 2), normal(3)], {"transpose_a": True}),
    Case("dot", [normal(2, 3, 4), normal(4, 5, 2)]),
    Case("dot", [normal(4, 2, 3), normal(4, 5)], {"transpose_a": True}),
    Case("dot", [normal(2, 4), normal(5, 2, 4)], {"transpose_b": True}),
    Case("dot", [normal(2, 3, dtype="float64"), normal(3, 2, dtype="float64")]),
    Case("batch_dot", [normal(2, 3, 4), normal(2, 4, 2)]),
    Case("batch_dot", [normal(2, 4, 3), normal(2, 4, 2)], {"transpose_a": True}),
    Case("batch_dot", [normal(2, 3, 4), normal(2, 2, 4)], {"transpose_b": True}),
    Case("batch_dot", [normal(2, 4, 3), normal(2, 2, 4)], {"transpose_a": 1, "transpose_b": 1}),
    Case("batch_dot", [normal(2, 3, 2, 2), normal(2, 3, 2, 2)]),
    Case("khatri_rao", [normal(2, 3), normal(4, 3)], grad=False),
    Case("khatri_rao", [normal(2, 2), normal(1, 2), normal(3, 2)], grad=False),
    Case("diag", [normal(3)]),
    Case("diag", [normal(3)], {"k": -1}),
    Case("diag", [normal(3, 4)]),
    Case("diag", [normal(3, 4)], {"k": 1}),
    Case("diag", [normal(3, 4)], {"k": -2}),
    Case("diag", [normal(2, 3, 3)], {"k": 1, "axis1": 1, "axis2": 2}),
    Case("diag", [normal(2, 3, 4)], {"axis1": -1, "axis2": 0}),
]

CASES += [
    Case("Reshape", [normal(*shape)], attrs)
    for shape, attrs in [
        ((2, 3, 4), {"shape": (4, 6)}),
        ((2, 3, 4), {"shape": -1}),
        ((2, 3, 4), {"shape": (0, -1)}),
        ((2, 3, 4), {"shape": (-2,)}),
        ((2, 3, 4), {"shape": (-3, 0)}),
        ((2, 3, 4), {"shape": (0, -3)}),
        ((2, 3, 4), {"shape": (-4, 1, 2, -2)}),
        ((2, 3, 4), {"shape": (2, -4, -1, 3, -2)}),
        ((2, 3, 4), {"shape": "(-1, 2)"}),
        ((10, 5, 4), {"shape": (-1, 0)}),
        ((10, 5, 4), {"shape": (-1, 0), "reverse": True}),
        ((2, 3, 4, 5), {"shape": (-3, -3), "reverse": True}),
        ((2, 3, 4), {"target_shape": (0, 12)}),
        ((2, 3, 4), {"target_shape": (0, 12), "keep_highest": True}),
    ]
]
CASES += [
    Case("Reshape", [integers(2, 3, dtype="int32")], {"shape": (3, 2)}),
    Case("reshape_like", [normal(6), normal(2, 3)], grad=(0,)),
    Case(
        "reshape_like",
        [normal(6, 7), normal(2, 3, 4)],
        {"lhs_begin": 0, "lhs_end": 1, "rhs_begin": 0, "rhs_end": 2},
        grad=(0,),
    ),
    Case(
        "reshape_like",
        [normal(5, 12), normal(4, 2, 2, 3)],
        {"lhs_begin": -1, "rhs_begin": 1},
        grad=(0,),
    ),
    Case("Flatten", [normal(2, 3, 2)]),
    Case("Flatten", [normal(3)]),
    Case("shape_array", [normal(2, 3)], grad=False),
    Case("size_array", [normal(2, 3)], grad=False),
    Case("transpose", [normal(2, 3, 4)]),
    Case("transpose", [normal(2, 3, 4)], {"axes": (2, 0, 1)}),
    Case("transpose", [normal(2, 3)], {"axes": ()}),
    Case("SwapAxis", [normal(2, 3, 4)], {"dim1": 0, "dim2": 2}),
    Case("SwapAxis", [normal(2, 3, 4)], {"dim1": -1, "dim2": 1}),
    Case("SwapAxis", [normal(2, 3)]),
    Case("expand_dims", [normal(2, 3)], {"axis": 0}),
    Case("expand_dims", [normal(2, 3)], {"axis": -1}),
    Case("expand_dims", [normal(2, 3)], {"axis": -3}),
    Case("squeeze", [normal(1, 2, 1)]),
    Case("squeeze", [normal(1, 2, 1)], {"axis": 0}),
    Case("squeeze", [normal(1, 2, 1)], {"axis": (0, -1)}),
    Case("squeeze", [normal(1, 1)]),
    Case("broadcast_to", [normal(1, 3)], {"shape": (2, 3)}),
    Case("broadcast_to", [normal(1, 3, 1)], {"shape": (2, 0, 4)}),
    Case("broadcast_axis", [normal(1, 2, 1)], {"axis": (0, 2), "size": (2, 3)}),
    Case("broadcast_axis", [normal(1, 2, 1)], {"axis": 0, "size": 3}),
    Case("broadcast_like", [normal(1, 3), normal(2, 3)], grad=(0,)),
    Case(
        "broadcast_like",
        [normal(1, 2), normal(4, 5)],
        {"lhs_axes": (0,), "rhs_axes": (-1,)},
        grad=(0,),
    ),
]
