"""Write mobilenet_v3.json: GluonCV's MobileNetV3, its parameters, and outputs for equal ones.

    MXNET_MKLDNN_ENABLED=0 python tests/reference/make_mobilenet_v3.py

Needs mxnet 1.9.1 and gluoncv 0.10.5; the tests do not. For each model what models.json has of the
others, but that GluonCV's networks have no prefix and here get one; and the outputs of narrow
networks for 5 classes with the parameters and the pictures of ``filled.py``.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import mxnet as mx  # noqa: E402
from filled import fill, images  # noqa: E402
from gluoncv.model_zoo import get_model  # noqa: E402
from make_models import described  # noqa: E402

MODELS = ["mobilenetv3_large", "mobilenetv3_small"]
NARROW = 0.35


def outputs(name):
    """What a narrow network gives, in predict mode."""
    net = get_model(name, multiplier=NARROW, classes=5)
    net.initialize()
    x = images(mx)
    net(x)  # shapes are known from here on
    fill(mx, net)
    return net(x).asnumpy().tolist()


if __name__ == "__main__":
    found = {
        name: {
            "parameters": described(get_model(name, name_prefix="mobilenetv3_")),
            "multiplier": NARROW,
            "outputs": outputs(name),
        }
        for name in MODELS
    }
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in found.items())
    Path(__file__).with_name("mobilenet_v3.json").write_text(f"{{\n{lines}\n}}\n")
