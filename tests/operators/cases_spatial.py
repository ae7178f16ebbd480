"""Cases of the operators that resample, compare and pool images, and of ``sync_norm.py``."""

from __future__ import annotations

from case import Case, away, const, distinct, integers, normal, uniform

IMAGE = normal(2, 3, 5, 6)
# places between pixels, some of them outside
GRID = away(
    2, 2, 3, 4, points=(-1.4, -1, -0.6, -0.5, -0.2, 0, 0.2, 0.5, 0.6, 1), gap=0.02, low=-1.3
)
NEAR = const([[0.9, 0.13, 0.19, -0.21, 0.8, 0.11], [-0.7, 0.25, -0.07, 0.31, 0.6, -0.13]])

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

# -- regions --------------------------------------------------------------------------------------

MAPS = distinct(2, 8, 6, 7)
ROIS = const([[0, 0, 0, 4, 4], [1, 1, 2, 9, 9.5], [1, 3, 1, 3.5, 7], [0, -3, -2, 5, 3]])


def on_regions(op, attrs, maps=MAPS, **facts):
    facts.setdefault("rtol", 1e-4)
    facts.setdefault("atol", 1e-5)
    return Case(op, [maps, ROIS], {"spatial_scale": 0.75, **attrs}, grad=(0,), **facts)


CASES += [
    on_regions("ROIPooling", {"pooled_size": (2, 3)}, half=False),
    on_regions("ROIPooling", {"pooled_size": (7, 7)}),
    on_regions("ROIPooling", {"pooled_size": (2, 2)}, integers(2, 3, 6, 7), fd=False),
    on_regions("_contrib_ROIAlign", {"pooled_size": (2, 3)}),
    on_regions("_contrib_ROIAlign", {"pooled_size": (2, 2), "sample_ratio": 2, "aligned": True}),
    on_regions("_contrib_ROIAlign", {"pooled_size": (2, 2), "aligned": True}),
    on_regions("_contrib_ROIAlign", {"pooled_size": (2, 2), "position_sensitive": True}),
    Case(
        "_contrib_ROIAlign",
        [MAPS, const([[-1, 0, 0, 4, 4]])],
        {"spatial_scale": 1, "pooled_size": (2, 2)},
        grad=(0,),
        fd=False,
        reference=False,
        note="MXNet does not write the output",
    ),
    *(
        Case(
            "_contrib_RROIAlign",
            [MAPS, const([[0, 3, 3, 4, 2, 30], [1, 4, 2.5, 3, 5, -100]])],
            {"spatial_scale": 0.75, "pooled_size": (2, 3), **attrs},
            grad=False,
            fd=(0,),
            half=False,
            rtol=1e-4,
        )
        for attrs in ({}, {"sampling_ratio": 2})
    ),
    on_regions("_contrib_PSROIPooling", {"output_dim": 2, "pooled_size": 2}),
    on_regions("_contrib_PSROIPooling", {"output_dim": 2, "pooled_size": 3, "group_size": 2}),
    on_regions(
        "_contrib_DeformablePSROIPooling",
        {
            "output_dim": 2,
            "pooled_size": 2,
            "group_size": 2,
            "sample_per_part": 2,
            "no_trans": True,
        },
    ),
    Case(
        "_contrib_DeformablePSROIPooling",
        [MAPS, ROIS, uniform(4, 4, 2, 2)],
        {
            "spatial_scale": 0.75,
            "output_dim": 2,
            "pooled_size": 3,
            "group_size": 2,
            "part_size": 2,
            "sample_per_part": 2,
            "trans_std": 0.1,
        },
        grad=(0, 2),
        rtol=1e-4,
        atol=1e-5,
    ),
]

# -- deformable convolutions ----------------------------------------------------------------------

for attrs, offset, size in (
    ({"kernel": (3, 2), "pad": (1, 1), "num_filter": 4}, 12, (4, 6)),
    (
        {
            "kernel": (3, 3),
            "pad": (2, 1),
            "stride": (2, 1),
            "dilate": (1, 2),
            "num_filter": 4,
            "num_group": 2,
            "num_deformable_group": 2,
            "no_bias": True,
        },
        36,
        (3, 3),
    ),
):
    groups = attrs.get("num_group", 1)
    weight = normal(4, 4 // groups, *attrs["kernel"])
    bias = [] if attrs.get("no_bias") else [normal(4)]
    # places between pixels: an offset's gradient jumps at a pixel
    moves = away(2, offset, *size, points=(-2, -1, 0, 1, 2), gap=0.05, low=-2, high=2)
    data = normal(2, 4, 4, 5)
    facts = {"rtol": 1e-3, "atol": 1e-4, "half": False}
    CASES += [
        Case("_contrib_DeformableConvolution", [data, moves, weight, *bias], attrs, **facts),
        Case(
            "_contrib_ModulatedDeformableConvolution",
            [data, moves, uniform(2, offset // 2, *size), weight, *bias],
            attrs,
            grad=False,  # MXNet has no gradient on the CPU
            fd=True,
            **facts,
        ),
    ]
