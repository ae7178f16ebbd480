"""Cases of the operators that sparse arrays have, on dense ones."""

from case import Case, const, integers, normal

_ROWS = const([0, 2])

CASES = [
    Case("cast_storage", [normal(3, 2)], {"stype": "default"}),
    Case("_sparse_retain", [normal(4, 2), _ROWS], grad=(0,), reference=False, half=False),
    Case("_square_sum", [normal(3, 4)], {"axis": (1,), "keepdims": True}, reference=False),
    Case(
        "_marked_embedding",
        [integers(2, 3, high=4), normal(4, 2), const([0, 0, 0, 0])],
        {"input_dim": 4, "output_dim": 2},
        grad=(1,),
        reference=False,
        half=False,
        note="Embedding, with an input of its own for sparse gradients",
    ),
]
