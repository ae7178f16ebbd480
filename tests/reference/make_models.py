"""Write models.json: the parameters of MXNet 1.9.1's model zoo, their order, names and shapes.

    python tests/reference/make_models.py

Needs mxnet 1.9.1; the tests do not. For each model a checksum of the names in a file of parameters
with their shapes (0 where unknown), one of the names in ``collect_params()``, and the output.
"""

import hashlib
import json
from pathlib import Path

from mxnet.gluon.model_zoo import vision

MODELS = [
    "alexnet", "densenet121", "densenet161", "densenet169", "densenet201", "inceptionv3",
    "mobilenet0.25", "mobilenet0.5", "mobilenet0.75", "mobilenet1.0", "mobilenetv2_0.25",
    "mobilenetv2_0.5", "mobilenetv2_0.75", "mobilenetv2_1.0", "resnet101_v1", "resnet101_v2",
    "resnet152_v1", "resnet152_v2", "resnet18_v1", "resnet18_v2", "resnet34_v1", "resnet34_v2",
    "resnet50_v1", "resnet50_v2", "squeezenet1.0", "squeezenet1.1", "vgg11", "vgg11_bn", "vgg13",
    "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn",
]  # fmt: skip


def described(net):
    """The number of parameters, and checksums of what the files hold and of the names."""
    structure = [f"{k} {p.shape}" for k, p in net._collect_params_with_prefix().items()]
    names = [n[len(net.prefix) :] for n in net.collect_params()]
    return [
        len(structure),
        *(hashlib.sha1("\n".join(t).encode()).hexdigest() for t in (structure, names)),
        net.prefix.rstrip("0123456789_"),
    ]


if __name__ == "__main__":
    found = {name: described(vision.get_model(name)) for name in MODELS}
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in found.items())
    Path(__file__).with_name("models.json").write_text(f"{{\n{lines}\n}}\n")
