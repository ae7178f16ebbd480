"""Write transforms.npz: what transforms of MXNet 1.9.1 make of an image.

    MXNET_MKLDNN_ENABLED=0 python tests/reference/make_transforms.py

Needs mxnet 1.9.1; the tests do not. small.jpg was made by Pillow of smooth random colours.
"""

from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
IMAGE = np.random.default_rng(0).integers(0, 256, (11, 17, 3)).astype(np.uint8)

#: With T = gluon.data.vision.transforms.
CASES = [
    "T.Cast('float64')",
    "T.ToTensor()",
    "T.Compose([T.ToTensor(), T.Normalize((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))])",
    *(f"T.Resize((9, 7), interpolation={i})" for i in range(5)),
    *(f"T.Resize((30, 23), interpolation={i})" for i in range(5)),
    "T.Resize(8)",
    "T.Resize(8, keep_ratio=True)",
    "T.Resize(20, True, 2)",
    "T.CropResize(2, 3, 9, 7)",
    "T.CropResize(2, 3, 9, 7, (5, 6), 1)",
    "T.CropResize(2, 3, 9, 7, 12, 3)",
    "T.CenterCrop(8)",
    "T.CenterCrop((9, 4))",
    "T.CenterCrop(20)",
    "T.CenterCrop((30, 8), 2)",
    "T.CenterCrop((40, 40), 9)",
    "T.Compose([T.ToTensor(), T.Rotate(30)])",
    "T.Compose([T.ToTensor(), T.Rotate(-100, zoom_in=True)])",
    "T.Compose([T.ToTensor(), T.Rotate(30, zoom_out=True)])",
    "T.RandomBrightness(0)",
    "T.RandomContrast(0)",
    "T.RandomSaturation(0)",
    "T.RandomLighting(0)",
    "T.RandomApply(T.Resize(5), p=1)",
]

#: Operators with a fixed factor, and the functions of NumPy images for the same.
COLOURS = ["brightness", "contrast", "hue"]  # of saturation MXNet takes the blue alone
FACTORS = [0.6, 1.4]
ALPHA = (0.1, -0.2, 0.05)

if __name__ == "__main__":
    import mxnet as mx
    from mxnet.gluon.data.vision import transforms as T  # noqa: F401

    image = mx.nd.array(IMAGE, dtype="uint8")
    found = {case: eval(case)(image).asnumpy() for case in CASES}
    for name in COLOURS:
        for factor in FACTORS:
            change = getattr(mx.nd.image, f"random_{name}")
            found[f"{name} {factor}"] = change(image, factor, factor).asnumpy()
    found["lighting"] = mx.nd.image.adjust_lighting(image, ALPHA).asnumpy()
    jpeg = (HERE / "small.jpg").read_bytes()
    for flag in (0, 1):
        found[f"decoded {flag}"] = mx.image.imdecode(jpeg, flag).asnumpy()
    np.savez_compressed(HERE / "transforms.npz", **found)
