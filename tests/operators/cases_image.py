"""Cases of the operators in ``image.py``, ``image_color.py`` and ``image_crop.py``.

MXNet's gradients of these are wrong or not there, so finite differences stand alone.
"""

from __future__ import annotations

from case import Case, const, integers, normal, uniform


def case(op, inputs, attrs=None, **facts):
    facts.setdefault("fd", (0,) if inputs[0].is_float else False)
    return Case(f"_image_{op}", inputs, attrs or {}, grad=False, **facts)


def pixels(*shape, dtype="uint8"):
    return integers(*shape, low=0, high=256, dtype=dtype)


IMAGE, BATCH = (4, 6, 3), (2, 4, 6, 3)
FLOAT = uniform(*IMAGE, low=0, high=255)

CASES = [
    case("to_tensor", [FLOAT], fd=False),  # float32 whatever the input
    case("to_tensor", [pixels(*BATCH)]),
    case("to_tensor", [pixels(*IMAGE, dtype="int32")]),
    case("normalize", [normal(3, 2, 4)], {"mean": (1, 2, 3), "std": (2, 0.5, 4)}),
    case("normalize", [normal(2, 3, 2, 4)], {"mean": 0.5, "std": (2,)}),
    case("normalize", [normal(1, 2, 4, dtype="float64")], reference=False),
    case("normalize", [normal(5, 2, 4)], {"mean": (1, 2, 3, 4, 5)}, reference=False),
    case("flip_left_right", [FLOAT]),
    case("flip_left_right", [pixels(2, 3, 5, 3)], reference=False, note="MXNet: odd widths"),
    case("flip_top_bottom", [FLOAT]),
    case("random_flip_left_right", [FLOAT], value=False),
    case("random_flip_top_bottom", [FLOAT], value=False),
    case("crop", [FLOAT], {"x": 1, "y": 2, "width": 3, "height": 2}),
    case("crop", [pixels(*BATCH)], {"x": "0", "y": "0", "width": "6", "height": "1"}),
    case("resize", [FLOAT], {"size": (4, 3)}, half=False, rtol=1e-4),
    case("resize", [FLOAT], {"size": (9, 7)}, rtol=1e-4),
    case("resize", [FLOAT], {"size": 3, "keep_ratio": True}, rtol=1e-4),
    case("resize", [pixels(*BATCH)], {"size": 5}, atol=1),
    case("resize", [pixels(5, 7, 1)], {"size": (3, 11)}, atol=1),
    case("random_brightness", [FLOAT], {"min_factor": 1.25, "max_factor": 1.25}),
    case("random_contrast", [FLOAT], {"min_factor": 1.25, "max_factor": 1.25}, rtol=1e-4),
    case(
        "random_saturation",
        [FLOAT],
        {"min_factor": 0.75, "max_factor": 0.75},
        reference=False,
        note="MXNet takes the gray from blue alone",
    ),
    case("random_hue", [FLOAT], {"min_factor": 0.75, "max_factor": 0.75}, atol=1e-3, half=False),
    case(
        "random_color_jitter",
        [FLOAT],
        {"brightness": 0.2, "contrast": 0.2, "saturation": 0.2, "hue": 0.1},
        value=False,
    ),
    case("random_lighting", [FLOAT], {"alpha_std": 0.1}, value=False),
    case("adjust_lighting", [FLOAT], {"alpha": (0.5, -0.25, 1)}, half=False),
    case("adjust_lighting", [pixels(*IMAGE)], {"alpha": (0.5, -0.25, 1)}),
    case("random_crop", [FLOAT], {"width": 3, "height": 2}, value=False, reference=False),
    case("random_resized_crop", [FLOAT], {"width": 3, "height": 2}, value=False, reference=False),
    case(
        "random_hue", [const([[[3], [4]]])], {"min_factor": 0.5, "max_factor": 1}, reference=False
    ),
]
for interp in (0, 2, 3, 4):
    CASES += [
        case("resize", [FLOAT], {"size": (4, 3), "interp": interp}, rtol=1e-4, atol=1e-3),
        case("resize", [pixels(*IMAGE)], {"size": (9, 7), "interp": interp}, atol=1),
    ]
for name in ("brightness", "contrast", "hue"):
    factors = {"min_factor": 1.375, "max_factor": 1.375}
    CASES.append(case(f"random_{name}", [pixels(*IMAGE)], factors, atol=1))
