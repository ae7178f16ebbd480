"""Cases of ``columns.py``, ``legacy.py`` and ``batch_norm_variants.py``."""

from __future__ import annotations

from case import Case, distinct, normal, uniform

CASES = []

# -- windows and crops ----------------------------------------------------------------------------

for kernel in [
    {"kernel": (2, 2), "stride": (2, 1), "pad": (1, 0)},
    {"kernel": (2, 1), "dilate": (2, 1), "pad": (0, 1)},
]:
    columns = normal(1, 8, 9) if "stride" in kernel else normal(1, 4, 18)
    CASES += [
        Case("im2col", [normal(1, 2, 5, 4)], kernel),
        Case("col2im", [columns], {"output_size": (5, 4), **kernel}),
    ]
CASES += [
    Case("im2col", [normal(1, 2, 5)], {"kernel": (3,)}, reference=False, note="MXNet: 2-d only"),
    Case("Crop", [normal(1, 2, 4, 5)], {"h_w": (2, 3), "offset": (1, 2)}, mx_attrs={
        "h_w": (2, 3), "offset": (1, 2), "num_args": 1}),
    Case("Crop", [normal(1, 2, 5, 5)], {"h_w": (2, 2), "center_crop": True}, mx_attrs={
        "h_w": (2, 2), "center_crop": True, "num_args": 1}),
    Case("Crop", [normal(1, 2, 4, 5), normal(1, 1, 2, 3)], {}, mx_attrs={"num_args": 2}),
]  # fmt: skip

# -- first versions -------------------------------------------------------------------------------

CASES += [
    Case(
        "Convolution_v1",
        [normal(1, 2, 4, 4), normal(3, 2, 2, 2), normal(3)],
        {"kernel": (2, 2), "num_filter": 3, "stride": (2, 2)},
        rtol=1e-4,
    ),
    Case("Pooling_v1", [distinct(1, 2, 5, 4)], {"kernel": (2, 2), "stride": (2, 2)}),
]
for settings in [
    {"pad": (1, 1), "kernel": (3, 3), "stride": (2, 2)},
    {"kernel": (2, 2), "stride": (2, 2), "pooling_convention": "full"},
    {"kernel": (1, 1), "global_pool": True},
]:
    CASES += [Case("Pooling_v1", [normal(1, 2, 5, 4)], {"pool_type": "avg", **settings})]

# -- batch normalization --------------------------------------------------------------------------

INPUTS = [normal(4, 3, 2), uniform(3, low=0.5), normal(3), normal(3), uniform(3, low=0.5, high=2)]
CASES += [
    Case("_contrib_SyncBatchNorm", INPUTS, {"fix_gamma": False, "key": "a"}, grad=(0, 1, 2),
         rtol=1e-3, atol=1e-5),
    Case("_contrib_BatchNormWithReLU", INPUTS, {"fix_gamma": False}, grad=(0, 1, 2),
         aux=(3, 4), reference=False, note="not in MXNet without oneDNN"),
    Case("BatchNorm_v1", INPUTS, {"fix_gamma": False}, grad=(0, 1, 2), aux=(3, 4), reference=False,
         note="MXNet's nd function takes no statistics; its symbol computes what BatchNorm's does"),
]  # fmt: skip
