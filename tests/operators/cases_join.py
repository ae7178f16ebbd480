"""Cases of the operators in ``join.py`` and ``rearrange.py``."""

from __future__ import annotations

from case import Case, integers, normal

CASES = [
    Case("Concat", [normal(2, 3), normal(2, 2)]),
    Case("Concat", [normal(2, 3), normal(1, 3), normal(4, 3)], {"dim": 0}),
    Case("Concat", [normal(2, 3, 2), normal(2, 3, 1)], {"dim": -1}),
    Case("Concat", [normal(2, 3)]),
    Case("Concat", [integers(2, 1, dtype="int32"), integers(2, 2, dtype="int32")]),
    Case("stack", [normal(2, 3), normal(2, 3)]),
    Case("stack", [normal(2, 3), normal(2, 3), normal(2, 3)], {"axis": -1}),
    Case("stack", [normal(2, 3), normal(2, 3)], {"axis": 1}),
    Case("SliceChannel", [normal(2, 4)], {"num_outputs": 2}),
    Case("SliceChannel", [normal(2, 4)], {"num_outputs": 4, "squeeze_axis": True}),
    Case("SliceChannel", [normal(4, 2)], {"num_outputs": 2, "axis": 0}),
    Case("SliceChannel", [normal(4, 2)], {"num_outputs": 2, "axis": -1}),
    Case("SliceChannel", [normal(2, 4)], {"num_outputs": 1}),
    Case("_split_v2", [normal(2, 5)], {"indices": (0, 2, 3), "axis": 1}),
    Case("_split_v2", [normal(4, 2)], {"indices": (), "sections": 2, "axis": 0}),
    Case("_split_v2", [normal(5, 2)], {"indices": (), "sections": 3, "axis": 0}),
    Case(
        "_split_v2",
        [normal(2, 3)],
        {"indices": (), "sections": 3, "axis": 1, "squeeze_axis": True},
    ),
]
CASES += [
    Case("slice", [normal(3, 4)], {"begin": begin, "end": end, "step": step})
    for begin, end, step in [
        ((1,), (3,), ()),
        ((None, 1), (None, 3), ()),
        ((-2, None), (None, -1), ()),
        ((None, -1), (None, None), (None, -2)),
        ((2,), (None,), (-1,)),
        ((0, 0), (10, 4), (2, 3)),
    ]
]
CASES += [
    Case("slice", [integers(3, 4, dtype="int32")], {"begin": (1, 1), "end": (3, 2)}),
    Case("slice_axis", [normal(3, 4)], {"axis": 1, "begin": 1, "end": None}),
    Case("slice_axis", [normal(3, 4)], {"axis": -1, "begin": -3, "end": -1}),
    Case("slice_axis", [normal(3, 4)], {"axis": 0, "begin": 0, "end": 2}),
    Case("slice_like", [normal(3, 4), normal(2, 3)], grad=(0,)),
    Case("slice_like", [normal(3, 4), normal(2, 5)], {"axes": (0,)}, grad=(0,)),
    Case("slice_like", [normal(3, 4), normal(2, 3)], {"axes": (-1,)}, grad=(0,)),
    Case("tile", [normal(2, 3)], {"reps": (2,)}),
    Case("tile", [normal(2, 3)], {"reps": (2, 1, 2)}),
    Case("repeat", [normal(2, 3)], {"repeats": 2}),
    Case("repeat", [normal(2, 3)], {"repeats": 2, "axis": 0}),
    Case("repeat", [normal(2, 3)], {"repeats": 3, "axis": -1}),
    Case(
        "Pad",
        [normal(1, 2, 2, 3)],
        {"mode": "constant", "pad_width": (0, 0, 0, 0, 1, 1, 0, 2), "constant_value": 9.0},
    ),
    Case("Pad", [normal(1, 2, 2, 3)], {"mode": "edge", "pad_width": (0, 0, 0, 0, 1, 1, 0, 2)}),
    Case("Pad", [normal(1, 2, 2, 3)], {"mode": "reflect", "pad_width": (0, 0, 0, 0, 1, 1, 0, 2)}),
    Case(
        "Pad",
        [normal(1, 1, 2, 2, 3)],
        {"mode": "edge", "pad_width": (0, 0, 0, 0, 1, 1, 0, 2, 1, 0)},
    ),
    Case(
        "Pad",
        [normal(2, 3)],
        {"mode": "edge", "pad_width": (1, 0, 0, 2)},
        reference=False,
        note="MXNet 1.9.1 pads only arrays with 4 or 5 axes, and not the first two of them",
    ),
    Case("reverse", [normal(2, 3)], {"axis": 1}),
    Case("reverse", [normal(2, 3)], {"axis": (0, 1)}),
    Case("depth_to_space", [normal(2, 8, 1, 2)], {"block_size": 2}),
    Case("depth_to_space", [normal(1, 9, 2, 1)], {"block_size": 3}),
    Case("space_to_depth", [normal(2, 2, 2, 4)], {"block_size": 2}),
    Case("space_to_depth", [normal(1, 1, 3, 3)], {"block_size": 3}),
]
