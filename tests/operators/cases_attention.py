"""Cases of attention as transformers have it."""

from __future__ import annotations

from case import Case, const, normal

CASES = []

NAME = "_contrib_dot_product_attention"
Q, KV = normal(2, 3, 2, 4), normal(2, 4, 2, 4)
NONE = {"reference": False}
ALONE = const([[1, 0, 1, 1], [0, 0, 0, 0], [1, 1, 1, 1]])

CASES += [
    Case(NAME, [Q, KV, KV], **NONE),
    Case(NAME, [Q, KV, KV], {"causal": True, "scale": 0.3}, **NONE),
    Case(NAME, [Q, normal(2, 4, 1, 4), normal(2, 4, 1, 4)], **NONE),
    Case(
        NAME,
        [Q, KV, KV, ALONE, const([2, 4])],
        {"dropout": 0.1},
        train=False,
        grad=(0, 1, 2),
        **NONE,
    ),
    Case(
        "_contrib_cache_write", [normal(2, 4, 3), normal(2, 1, 3), const([2])], grad=(0, 1), **NONE
    ),
    Case("_contrib_rotary_embedding", [normal(2, 3, 1, 4)], **NONE),
    Case(
        "_contrib_rotary_embedding",
        [normal(1, 3, 2, 6), const([2])],
        {"dims": 4, "interleaved": True, "base": 100.0},
        grad=(0,),
        **NONE,
    ),
    Case("_contrib_rms_norm", [normal(2, 3), normal(3)], {"eps": 1e-3}, **NONE),
    Case("_contrib_rms_norm", [normal(2, 3, 2), normal(3)], {"axis": 1}, **NONE),
]
