"""Cases of the operators in ``boxes.py``, ``multibox.py`` and ``proposal.py``.

The suppression's gradient is a convention where the format of boxes changes.
"""

from __future__ import annotations

from case import Case, const, integers, normal, uniform

# score, class, corners
BOXES = const(
    [
        [0, 0.5, 0.1, 0.1, 0.2, 0.2],
        [1, 0.4, 0.1, 0.1, 0.2, 0.2],
        [0, 0.3, 0.1, 0.1, 0.14, 0.14],
        [2, 0.6, 0.5, 0.5, 0.7, 0.8],
        [-1, 0.9, 0.5, 0.5, 0.7, 0.8],
        [1, 0.5, 0.3, 0.3, 0.9, 0.9],
        [1, -0.5, 0, 0, 0.3, 0.3],
    ]
)
MANY = uniform(2, 3, 9, 6, low=0, high=1)

CASES = []
for attrs in (
    {"overlap_thresh": 0.1},
    {"overlap_thresh": 0.1, "id_index": 0},
    {"overlap_thresh": 0.1, "id_index": 0, "force_suppress": True},
    {"overlap_thresh": 0.1, "id_index": 0, "background_id": 1},
    {"overlap_thresh": 0.1, "background_id": 1, "topk": 2},
    {"overlap_thresh": 0.1, "topk": 0},
    {"overlap_thresh": 0.1, "valid_thresh": 0.5, "out_format": "center"},
    {"overlap_thresh": 0.1, "valid_thresh": 5, "in_format": "center"},
):
    # classes are compared: nothing is continuous in them
    smooth = not attrs.keys() & {"id_index", "in_format", "out_format"}
    CASES.append(Case("_contrib_box_nms", [BOXES], attrs, fd=None if smooth else False, half=False))
CASES += [
    Case(
        "_contrib_box_nms",
        [MANY],
        {"in_format": "center", "out_format": "center", "overlap_thresh": 0.3},
        half=False,
    ),
    Case(
        "_contrib_box_nms",
        [MANY],
        {
            "in_format": "center",
            "out_format": "corner",
            "coord_start": "0",
            "score_index": "5",
            "overlap_thresh": "0.2",
            "topk": "7",
        },
        fd=False,
        half=False,
    ),
    *(
        Case("_contrib_box_iou", [uniform(2, 2, 4), uniform(3, 4)], {"format": format}, grad=False)
        for format in ("corner", "center")
    ),
    Case("_contrib_box_iou", [const([[0, 0, 0, 0], [2, 2, 1, 1]])] * 2, grad=False),
]
for attrs in (
    {"threshold": 0.15},
    {"threshold": 0.5, "is_ascend": True},
    {"threshold": 5},
    {"threshold": -0.5, "is_ascend": True},
):
    CASES.append(Case("_contrib_bipartite_matching", [normal(2, 4, 3)], attrs, grad=False))
CASES += [
    # equal scores: the first of them
    Case("_contrib_bipartite_matching", [integers(5, 4)], {"threshold": 0}, grad=False),
    Case("_contrib_bipartite_matching", [const([[3, 1], [1, 2]])], {"threshold": 2}, grad=False),
    Case(
        "_contrib_bipartite_matching",
        [const([[3, 5], [5, 4]])],
        {"threshold": 4, "is_ascend": True},
        grad=False,
    ),
    Case(
        "_contrib_bipartite_matching",
        [normal(3, 3)],
        {"threshold": -9, "topk": 2},
        grad=False,
        reference=False,
        note="MXNet makes one pair more",
    ),
]
ANCHORS = const([[[0, 0, 0.5, 0.5], [0.1, 0.1, 0.6, 0.9], [0.5, 0.5, 1, 1]]])
CODES = normal(2, 3, 4)
CASES += [
    Case(
        "_contrib_box_encode",
        [
            const([[1, -1, 0.6]]),
            const([[0, 1, 1]]),
            ANCHORS,
            const([[[0, 0, 0.4, 0.6], [0.2, 0.2, 0.8, 0.9]]]),
            const([0, 0.1, 0.2, 0.3]),
            const([0.1, 0.1, 0.2, 0.2]),
        ],
        grad=False,
        rtol=1e-4,
        half=False,
    ),
    *(
        Case("_contrib_box_decode", [CODES, ANCHORS], attrs, grad=False)
        for attrs in (
            {},
            {"format": "corner", "clip": 0.3},
            {"std0": 0.1, "std1": 0.2, "std2": 0.3, "std3": 0.4},
        )
    ),
]

# -- MultiBox -------------------------------------------------------------------------------------

CORNERS = const(
    [
        [
            [0.05, 0.1, 0.3, 0.45],
            [0.5, 0.2, 0.8, 0.5],
            [0.1, 0.6, 0.45, 0.9],
            [0.4, 0.4, 0.7, 0.8],
            [0.55, 0.5, 0.9, 0.95],
            [0.45, 0.3, 0.85, 0.75],
            [0.0, 0.0, 1.0, 1.0],
        ]
    ]
)
LABELS = const(
    [
        [[1, 0.1, 0.65, 0.4, 0.95], [0, 0.5, 0.35, 0.8, 0.7], [-1] * 5],
        [[2, 0.1, 0.1, 0.9, 0.9], [-1] * 5, [-1] * 5],
        [[-1] * 5] * 3,
    ]
)
CASES += [
    *(
        Case("_contrib_MultiBoxPrior", [normal(1, 3, 2, 3)], attrs, grad=False, half=False)
        for attrs in (
            {"sizes": (0.5, 0.25), "ratios": (1, 2, 0.5)},
            {
                "sizes": 0.5,
                "ratios": (2, 3),
                "clip": True,
                "steps": (0.4, 0.3),
                "offsets": (0.1, 0.2),
            },
            {},
        )
    ),
    *(
        Case(
            "_contrib_MultiBoxTarget",
            [CORNERS, LABELS, normal(3, 4, 7)],
            attrs,
            grad=False,
            half=False,
            rtol=1e-4,
        )
        for attrs in (
            {},
            {"overlap_threshold": 0.3, "variances": (0.2, 0.2, 0.1, 0.1)},
            {"overlap_threshold": 0.3, "negative_mining_ratio": 1, "ignore_label": -3},
            {"overlap_threshold": -1},
        )
    ),
    *(
        Case(
            "_contrib_MultiBoxDetection",
            [uniform(2, 4, 7, low=0, high=1), normal(2, 28, scale=0.5), CORNERS],
            attrs,
            grad=False,
            half=False,
            rtol=1e-4,
        )
        for attrs in (
            {},
            {"clip": False, "nms_threshold": 0.2, "variances": (0.2, 0.2, 0.1, 0.1)},
            {"threshold": 0.7, "nms_threshold": 0},
            {"force_suppress": True, "nms_threshold": 0.2},
        )
    ),
    # overlaps equal to the threshold
    Case(
        "_contrib_MultiBoxDetection",
        [
            const([[[0, 0], [0.75, 0.5]]]),
            const([[0] * 8]),
            const([[[0, 0, 0.5, 0.5], [0, 0, 0.5, 0.25]]]),
        ],
        {"nms_threshold": 0.5},
        grad=False,
        half=False,
    ),
]
for op, batch in (("Proposal", 1), ("MultiProposal", 2)):
    for attrs in (
        {"output_score": True, "rpn_min_size": 4},
        {"rpn_pre_nms_top_n": 9, "iou_loss": True, "threshold": 0.5},
    ):
        CASES.append(
            Case(
                f"_contrib_{op}",
                [
                    uniform(batch, 8, 3, 4, low=0, high=1),
                    normal(batch, 16, 3, 4, scale=0.3),
                    const([[44, 60, 1.5], [48, 50, 1]][:batch]),
                ],
                {
                    "scales": (1, 2),
                    "ratios": (0.5, 2),
                    "rpn_post_nms_top_n": 12,
                    "rpn_pre_nms_top_n": 20,
                    **attrs,
                },
                grad=False,
                half=False,
                rtol=1e-4,
                atol=1e-4,
            )
        )
