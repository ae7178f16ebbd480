"""Networks for images, with MXNet's names and parameters; MobileNetV3 with GluonCV's.

``get_model('resnet50_v1', classes=10)``, or ``resnet50_v1(classes=10)``.
"""

from __future__ import annotations

from typing import Any

from ._parts import sized
from .alexnet import AlexNet as AlexNet
from .alexnet import alexnet as alexnet
from .densenet import DenseNet as DenseNet
from .densenet import get_densenet as get_densenet
from .inception import Inception3 as Inception3
from .inception import inception_v3 as inception_v3
from .mobilenet import MobileNet as MobileNet
from .mobilenet import MobileNetV2 as MobileNetV2
from .mobilenet import get_mobilenet as get_mobilenet
from .mobilenet import get_mobilenet_v2 as get_mobilenet_v2
from .mobilenet_v3 import MobileNetV3 as MobileNetV3
from .mobilenet_v3 import get_mobilenet_v3 as get_mobilenet_v3
from .resnet import BasicBlockV1 as BasicBlockV1
from .resnet import BasicBlockV2 as BasicBlockV2
from .resnet import BottleneckV1 as BottleneckV1
from .resnet import BottleneckV2 as BottleneckV2
from .resnet import ResNetV1 as ResNetV1
from .resnet import ResNetV2 as ResNetV2
from .resnet import get_resnet as get_resnet
from .squeezenet import SqueezeNet as SqueezeNet
from .squeezenet import get_squeezenet as get_squeezenet
from .vgg import VGG as VGG
from .vgg import get_vgg as get_vgg

__all__ = [
    "AlexNet",
    "BasicBlockV1",
    "BasicBlockV2",
    "BottleneckV1",
    "BottleneckV2",
    "DenseNet",
    "Inception3",
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3",
    "ResNetV1",
    "ResNetV2",
    "SqueezeNet",
    "VGG",
    "alexnet",
    "densenet121",
    "densenet161",
    "densenet169",
    "densenet201",
    "get_densenet",
    "get_mobilenet",
    "get_mobilenet_v2",
    "get_mobilenet_v3",
    "get_model",
    "get_resnet",
    "get_squeezenet",
    "get_vgg",
    "inception_v3",
    "mobilenet0_25",
    "mobilenet0_5",
    "mobilenet0_75",
    "mobilenet1_0",
    "mobilenet_v2_0_25",
    "mobilenet_v2_0_5",
    "mobilenet_v2_0_75",
    "mobilenet_v2_1_0",
    "mobilenet_v3_large",
    "mobilenet_v3_small",
    "resnet101_v1",
    "resnet101_v2",
    "resnet152_v1",
    "resnet152_v2",
    "resnet18_v1",
    "resnet18_v2",
    "resnet34_v1",
    "resnet34_v2",
    "resnet50_v1",
    "resnet50_v2",
    "squeezenet1_0",
    "squeezenet1_1",
    "vgg11",
    "vgg11_bn",
    "vgg13",
    "vgg13_bn",
    "vgg16",
    "vgg16_bn",
    "vgg19",
    "vgg19_bn",
]

resnet18_v1 = sized(get_resnet, "resnet18_v1", 1, 18)
resnet34_v1 = sized(get_resnet, "resnet34_v1", 1, 34)
resnet50_v1 = sized(get_resnet, "resnet50_v1", 1, 50)
resnet101_v1 = sized(get_resnet, "resnet101_v1", 1, 101)
resnet152_v1 = sized(get_resnet, "resnet152_v1", 1, 152)
resnet18_v2 = sized(get_resnet, "resnet18_v2", 2, 18)
resnet34_v2 = sized(get_resnet, "resnet34_v2", 2, 34)
resnet50_v2 = sized(get_resnet, "resnet50_v2", 2, 50)
resnet101_v2 = sized(get_resnet, "resnet101_v2", 2, 101)
resnet152_v2 = sized(get_resnet, "resnet152_v2", 2, 152)
vgg11 = sized(get_vgg, "vgg11", 11)
vgg13 = sized(get_vgg, "vgg13", 13)
vgg16 = sized(get_vgg, "vgg16", 16)
vgg19 = sized(get_vgg, "vgg19", 19)
densenet121 = sized(get_densenet, "densenet121", 121)
densenet161 = sized(get_densenet, "densenet161", 161)
densenet169 = sized(get_densenet, "densenet169", 169)
densenet201 = sized(get_densenet, "densenet201", 201)
squeezenet1_0 = sized(get_squeezenet, "squeezenet1_0", "1.0")
squeezenet1_1 = sized(get_squeezenet, "squeezenet1_1", "1.1")
mobilenet1_0 = sized(get_mobilenet, "mobilenet1_0", 1.0)
mobilenet_v2_1_0 = sized(get_mobilenet_v2, "mobilenet_v2_1_0", 1.0)
mobilenet0_75 = sized(get_mobilenet, "mobilenet0_75", 0.75)
mobilenet_v2_0_75 = sized(get_mobilenet_v2, "mobilenet_v2_0_75", 0.75)
mobilenet0_5 = sized(get_mobilenet, "mobilenet0_5", 0.5)
mobilenet_v2_0_5 = sized(get_mobilenet_v2, "mobilenet_v2_0_5", 0.5)
mobilenet0_25 = sized(get_mobilenet, "mobilenet0_25", 0.25)
mobilenet_v2_0_25 = sized(get_mobilenet_v2, "mobilenet_v2_0_25", 0.25)
mobilenet_v3_large = sized(get_mobilenet_v3, "mobilenet_v3_large", "large")
mobilenet_v3_small = sized(get_mobilenet_v3, "mobilenet_v3_small", "small")


def vgg11_bn(**kwargs: Any) -> VGG:
    """``get_vgg(11, batch_norm=True, **kwargs)``, see :func:`get_vgg`."""
    return get_vgg(11, batch_norm=True, **kwargs)


def vgg13_bn(**kwargs: Any) -> VGG:
    """``get_vgg(13, batch_norm=True, **kwargs)``, see :func:`get_vgg`."""
    return get_vgg(13, batch_norm=True, **kwargs)


def vgg16_bn(**kwargs: Any) -> VGG:
    """``get_vgg(16, batch_norm=True, **kwargs)``, see :func:`get_vgg`."""
    return get_vgg(16, batch_norm=True, **kwargs)


def vgg19_bn(**kwargs: Any) -> VGG:
    """``get_vgg(19, batch_norm=True, **kwargs)``, see :func:`get_vgg`."""
    return get_vgg(19, batch_norm=True, **kwargs)


#: All networks by the name that :func:`get_model` takes.
_MODELS = {
    "alexnet": alexnet,
    "densenet121": densenet121,
    "densenet161": densenet161,
    "densenet169": densenet169,
    "densenet201": densenet201,
    "inceptionv3": inception_v3,
    "mobilenet0.25": mobilenet0_25,
    "mobilenet0.5": mobilenet0_5,
    "mobilenet0.75": mobilenet0_75,
    "mobilenet1.0": mobilenet1_0,
    "mobilenetv2_0.25": mobilenet_v2_0_25,
    "mobilenetv2_0.5": mobilenet_v2_0_5,
    "mobilenetv2_0.75": mobilenet_v2_0_75,
    "mobilenetv2_1.0": mobilenet_v2_1_0,
    "mobilenetv3_large": mobilenet_v3_large,
    "mobilenetv3_small": mobilenet_v3_small,
    "resnet101_v1": resnet101_v1,
    "resnet101_v2": resnet101_v2,
    "resnet152_v1": resnet152_v1,
    "resnet152_v2": resnet152_v2,
    "resnet18_v1": resnet18_v1,
    "resnet18_v2": resnet18_v2,
    "resnet34_v1": resnet34_v1,
    "resnet34_v2": resnet34_v2,
    "resnet50_v1": resnet50_v1,
    "resnet50_v2": resnet50_v2,
    "squeezenet1.0": squeezenet1_0,
    "squeezenet1.1": squeezenet1_1,
    "vgg11": vgg11,
    "vgg11_bn": vgg11_bn,
    "vgg13": vgg13,
    "vgg13_bn": vgg13_bn,
    "vgg16": vgg16,
    "vgg16_bn": vgg16_bn,
    "vgg19": vgg19,
    "vgg19_bn": vgg19_bn,
}


def get_model(name: str, **kwargs: Any) -> Any:
    """A network by its name.

    Parameters
    ----------
    name : str
        Such as ``'resnet50_v1'``, ``'vgg16_bn'`` or ``'mobilenetv2_1.0'``, upper or lower case.
    classes : int
        Number of classes, 1000 by default.
    pretrained : bool
        Whether to load trained parameters. They are not downloaded: MXNet's file of them must lie
        in ``root``; the error says which.
    ctx : Context or list of Context
        Where to load them to.
    root : str or path
        Folder of the files, ``$MXNET_HOME/models`` or ``~/.mxnet/models`` by default.
    **kwargs
        What the network takes, ``prefix`` and ``params``.

    Raises
    ------
    ValueError
        If there is no such network; the message lists all.
    MXNetError
        If there is no file of trained parameters, or it is not whole.

    Examples
    --------
    >>> from gluonx import gluon, nd
    >>> net = gluon.model_zoo.vision.get_model('squeezenet1.1', classes=10)
    >>> net.output[0]
    Conv2D(None -> 10, kernel_size=(1, 1), stride=(1, 1))
    """
    make = _MODELS.get(name.lower())
    if make is None:
        raise ValueError(f"there is no model {name!r}; there are {', '.join(sorted(_MODELS))}")
    return make(**kwargs)
