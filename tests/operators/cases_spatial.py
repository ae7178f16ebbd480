"""Cases of the operators in ``spatial.py``, ``roi.py`` and ``deformable.py``."""

from __future__ import annotations

from case import Case, away, const, normal

IMAGE = normal(2, 3, 5, 6)
# places between pixels, some of them outside
GRID = away(
    2, 2, 3, 4, points=(-1.4, -1, -0.6, -0.5, -0.2, 0, 0.2, 0.5, 0.6, 1), gap=0.02, low=-1.3
)
NEAR = const([[0.9, 0.13, 0.19, -0.21, 0.8, 0.11], [-0.7, 0.23, -0.07, 0.31, 0.6, -0.13]])

CASES = [
    Case("BilinearSampler", [IMAGE, GRID], half=False),
    Case("GridGenerator", [NEAR], {"transform_type": "affine", "target_shape": (3, 4)}),
    Case("GridGenerator", [normal(2, 2, 3, 4)], {"transform_type": "warp"}),
    Case(
        "GridGenerator",
        [NEAR],
        {"transform_type": "affine", "target_shape": (1, 3)},
        reference=False,
        note="MXNet: NaN along an axis of one place",
    ),
    Case(
        "SpatialTransformer",
        [IMAGE, NEAR],
        {"target_shape": (3, 4), "transform_type": "affine", "sampler_type": "bilinear"},
        half=False,
    ),
]

# -- sizes ----------------------------------------------------------------------------------------

for attrs in (
    {"height": 8, "width": 4},
    {"height": 3, "width": 9, "align_corners": False},
    {"height": 1, "width": 1},
    {"scale_height": 1.5, "scale_width": 0.5},
    {"mode": "odd_scale", "scale_height": 2, "scale_width": 0.5},
    {"mode": "to_even_down"},
    {"mode": "to_even_up"},
    {"mode": "to_odd_down"},
    {"mode": "to_odd_up"},
):
    CASES.append(Case("_contrib_BilinearResize2D", [IMAGE], attrs, rtol=1e-4, atol=1e-5))
CASES += [
    Case(
        "_contrib_BilinearResize2D",
        [IMAGE, normal(1, 1, 3, 8)],
        {"mode": "like"},
        grad=False,  # MXNet writes where it must not
        fd=(0,),
        rtol=1e-4,
        atol=1e-5,
    ),
    *(
        Case("_contrib_AdaptiveAvgPooling2D", [IMAGE], attrs)
        for attrs in ({"output_size": (2, 4)}, {"output_size": 3}, {}, {"output_size": (7, 6)})
    ),
    # -- Correlation ------------------------------------------------------------------------------
    *(
        Case("Correlation", [normal(2, 3, 6, 7), normal(2, 3, 6, 7)], attrs, rtol=1e-4, atol=1e-5)
        for attrs in (
            {"kernel_size": 1, "max_displacement": 2, "pad_size": 2, "stride2": 2},
            {"kernel_size": 3, "max_displacement": 1, "pad_size": 2, "stride1": 2},
            {"kernel_size": 1, "max_displacement": 1, "pad_size": 0, "is_multiply": False},
        )
    ),
]
