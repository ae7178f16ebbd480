"""Cases of the operators of ``contrib``: attention, gradients, places, sketches, processes."""

from __future__ import annotations

from case import Case, const, full, integers, normal, uniform

CASES = []

# -- attention ------------------------------------------------------------------------------------

TWO = {"heads": 2}
CASES += [
    Case("_contrib_div_sqrt_dim", [normal(2, 3)]),
    Case("_contrib_interleaved_matmul_selfatt_qk", [normal(3, 2, 12)], TWO),
    Case("_contrib_interleaved_matmul_selfatt_qk", [normal(2, 1, 6)], {"heads": 1}),
    Case("_contrib_interleaved_matmul_selfatt_valatt", [normal(3, 2, 12), normal(4, 3, 3)], TWO),
    Case("_contrib_interleaved_matmul_encdec_qk", [normal(2, 2, 4), normal(3, 2, 8)], TWO),
    Case("_contrib_interleaved_matmul_encdec_valatt", [normal(3, 2, 8), normal(4, 2, 3)], TWO),
]

# -- gradients that are not the derivative --------------------------------------------------------

CASES += [
    Case("_contrib_round_ste", [const([-1.5, -0.5, 0.4, 0.5, 2.5])], fd=False),
    Case("_contrib_sign_ste", [const([-1.5, 0, 0.4])], fd=False),
    Case("_contrib_gradientmultiplier", [normal(2, 3)], {"scalar": -0.5}, fd=False),
    Case(
        "IdentityAttachKLSparseReg",
        [uniform(2, 3, low=0.2, high=0.8), uniform(3, low=0.2, high=0.8)],
        {"penalty": 0.1},
        grad=(0,),
        fd=False,
        reference=False,
        note="MXNet's nd function takes no moving_avg; compared through its symbol in test_contrib",
    ),
]

# -- places ---------------------------------------------------------------------------------------

CASES += [
    Case("_contrib_arange_like", [normal(2, 3)], grad=False),
    Case("_contrib_arange_like", [normal(2, 4)], {"axis": -1, "start": 2, "step": 0.5}, grad=False),
    Case("_contrib_arange_like", [normal(2, 4)], {"axis": 1, "repeat": 3}, grad=False),
    Case("_contrib_arange_like", [integers(4, dtype="int32")], {"repeat": 2}, grad=False),
    Case("_contrib_index_array", [normal(2, 3)], grad=False),
    Case("_contrib_index_array", [normal(2, 3)], {"axes": (-1, 0)}, grad=False),
    Case(
        "_contrib_index_copy",
        [normal(4, 2), const([3, 0], "int32"), normal(2, 2)],
        grad=(0, 2),
    ),
    Case("_contrib_index_copy", [normal(3), const([2]), normal(1)], grad=(0, 2)),
    Case("fill_element_0index", [normal(3, 2), normal(3), const([1, 0, 1])], grad=False, fd=(0, 1)),
    Case("_onehot_encode", [const([2, 0]), full(2, 3)], grad=False),
    Case("_contrib_getnnz", [integers(3, 4, low=0, high=2)], grad=False, reference=False),
    Case(
        "_contrib_getnnz", [integers(3, 4, low=0, high=2)], {"axis": 1}, grad=False, reference=False
    ),
    Case("_contrib_allclose", [const([1, 2]), const([1, 2.0000001])], grad=False),
    Case("_contrib_allclose", [const([1, 2]), const([1, 3])], {"atol": 0.5}, grad=False),
    Case("_contrib_quadratic", [normal(2, 3)], {"a": 2.0, "b": -1.0, "c": 3.0}),
    Case("_contrib_quadratic", [integers(4, dtype="int32")], {"a": 1.5, "b": 2, "c": 3}),
]

# -- sketches -------------------------------------------------------------------------------------

CASES += [
    Case(
        "_contrib_count_sketch",
        [normal(2, 4), const([[0, 2, 0, 1]]), const([[1, -1, -1, 1]])],
        {"out_dim": 3},
        grad=(0, 2),
        reference=False,
        note="MXNet has it only on the GPU; compared with NumPy in test_contrib",
    ),
    Case("_contrib_fft", [normal(2, 3)], reference=False, note="as _contrib_count_sketch"),
    Case("_contrib_ifft", [normal(2, 6)], reference=False, note="as _contrib_count_sketch"),
]

# -- point processes ------------------------------------------------------------------------------

CASES += [
    Case(
        "_contrib_hawkesll",
        [
            uniform(2, 3, low=0.5, high=1.5),
            uniform(3, low=0.2, high=0.8),
            uniform(3, low=0.5, high=2),
            uniform(2, 3, low=0, high=1),
            uniform(2, 4, low=0.1, high=1),
            integers(2, 4, dtype="int32"),
            const([4, 2]),
            const([6, 5]),
        ],
        grad=(0, 1),  # MXNet lets no gradient through the states
        fd=(0, 1, 2, 3),
        rtol=1e-4,
        half=False,
    ),
]
