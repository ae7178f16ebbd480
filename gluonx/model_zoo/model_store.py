"""Files of trained parameters, on this machine.

MXNet is retired, and nothing is fetched from its servers: a file lies in a folder, by default
``~/.mxnet/models`` as with MXNet, or ``$MXNET_HOME/models``.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

from ..download import check_sha1
from ..error import MXNetError

__all__ = ["get_model_file", "load_pretrained", "purge", "short_hash"]

#: SHA-1 checksums of MXNet's files, and of GluonCV's for what MXNet does not have (mobilenetv3).
_SHA1 = {
    "alexnet": "44335d1f0046b328243b32a26a4fbd62d9057b45",
    "densenet121": "f27dbf2dbd5ce9a80b102d89c7483342cd33cb31",
    "densenet161": "b6c8a95717e3e761bd88d145f4d0a214aaa515dc",
    "densenet169": "2603f878403c6aa5a71a124c4a3307143d6820e9",
    "densenet201": "1cdbc116bc3a1b65832b18cf53e1cb8e7da017eb",
    "inceptionv3": "ed47ec45a937b656fcc94dabde85495bbef5ba1f",
    "mobilenet0.25": "9f83e440996887baf91a6aff1cccc1c903a64274",
    "mobilenet0.5": "8e9d539cc66aa5efa71c4b6af983b936ab8701c3",
    "mobilenet0.75": "529b2c7f4934e6cb851155b22c96c9ab0a7c4dc2",
    "mobilenet1.0": "6b8c5106c730e8750bcd82ceb75220a3351157cd",
    "mobilenetv2_1.0": "36da4ff1867abccd32b29592d79fc753bca5a215",
    "mobilenetv2_0.75": "e2be7b72a79fe4a750d1dd415afedf01c3ea818d",
    "mobilenetv2_0.5": "aabd26cd335379fcb72ae6c8fac45a70eab11785",
    "mobilenetv2_0.25": "ae8f9392789b04822cbb1d98c27283fc5f8aa0a7",
    "mobilenetv3_large": "eaa44578554ddffaf2a2630ced9093181ff79688",
    "mobilenetv3_small": "10430433698d18f49991e4a366c9fce8f9286298",
    "resnet18_v1": "a0666292f0a30ff61f857b0b66efc0228eb6a54b",
    "resnet34_v1": "48216ba99a8b1005d75c0f3a0c422301a0473233",
    "resnet50_v1": "0aee57f96768c0a2d5b23a6ec91eb08dfb0a45ce",
    "resnet101_v1": "d988c13d6159779e907140a638c56f229634cb02",
    "resnet152_v1": "671c637a14387ab9e2654eafd0d493d86b1c8579",
    "resnet18_v2": "a81db45fd7b7a2d12ab97cd88ef0a5ac48b8f657",
    "resnet34_v2": "9d6b80bbc35169de6b6edecffdd6047c56fdd322",
    "resnet50_v2": "ecdde35339c1aadbec4f547857078e734a76fb49",
    "resnet101_v2": "18e93e4f48947e002547f50eabbcc9c83e516aa6",
    "resnet152_v2": "f2695542de38cf7e71ed58f02893d82bb409415e",
    "squeezenet1.0": "264ba4970a0cc87a4f15c96e25246a1307caf523",
    "squeezenet1.1": "33ba0f93753c83d86e1eb397f38a667eaf2e9376",
    "vgg11": "dd221b160977f36a53f464cb54648d227c707a05",
    "vgg11_bn": "ee79a8098a91fbe05b7a973fed2017a6117723a8",
    "vgg13": "6bc5de58a05a5e2e7f493e2d75a580d83efde38c",
    "vgg13_bn": "7d97a06c3c7a1aecc88b6e7385c2b373a249e95e",
    "vgg16": "e660d4569ccb679ec68f1fd3cce07a387252a90a",
    "vgg16_bn": "7f01cf050d357127a73826045c245041b0df7363",
    "vgg19": "ad2f660d101905472b83590b59708b71ea22b2e5",
    "vgg19_bn": "f360b758e856f1074a85abd5fd873ed1d98297c3",
}


def _folder(root: str | os.PathLike | None) -> Path:
    if root is not None:
        return Path(root).expanduser()
    home = os.environ.get("MXNET_HOME")
    return (Path(home).expanduser() if home else Path.home() / ".mxnet") / "models"


def short_hash(name: str) -> str:
    """The first eight digits of the checksum of MXNet's file for a model.

    Raises
    ------
    ValueError
        If there is none.
    """
    if name not in _SHA1:
        raise ValueError(f"there are no trained parameters of {name!r}")
    return _SHA1[name][:8]


def get_model_file(name: str, root: str | os.PathLike | None = None) -> str:
    """The file with a model's trained parameters.

    It is called ``NAME-HASH.params``, as MXNet calls it, HASH being the first eight digits of its
    SHA-1 checksum, which is checked; or ``NAME.params``, a file of your own, which is not.

    Parameters
    ----------
    name : str
        Name of the model.
    root : str or path, optional
        The folder; ``$MXNET_HOME/models`` or ``~/.mxnet/models`` by default.

    Raises
    ------
    ValueError
        If MXNet has no trained parameters of such a model, and there is no file of your own.
    MXNetError
        If the file is not there, or has another checksum.
    """
    folder = _folder(root)
    own = folder / f"{name}.params"
    if name not in _SHA1:
        if own.exists():
            return str(own)
        raise ValueError(
            f"there are no trained parameters of {name!r}; known models are {', '.join(_SHA1)}. A "
            f"file of your own can be put at {own}"
        )
    usual = folder / f"{name}-{_SHA1[name][:8]}.params"
    if usual.exists():
        if check_sha1(usual, _SHA1[name]):
            return str(usual)
        raise MXNetError(
            f"{usual} does not have the SHA-1 checksum {_SHA1[name]}: it is not whole, or another "
            f"file. Replace it; a file of your own can be put at {own}"
        )
    if own.exists():
        return str(own)
    raise MXNetError(
        f"the trained parameters of {name} are not on this machine, and are not downloaded. Put "
        f"the published file at {usual}, or a file of your own at {own}; or make the network with "
        "pretrained=False and call net.load_parameters(filename)"
    )


def purge(root: str | os.PathLike | None = None) -> None:
    """Delete all files of parameters in the folder; see :func:`get_model_file`."""
    for file in _folder(root).glob("*.params"):
        file.unlink()


def load_pretrained(net: Any, pretrained: bool, name: str, ctx: Any, root: Any) -> Any:
    """``net``, with its trained parameters loaded if ``pretrained``."""
    if pretrained:
        if getattr(net, "classes", 1000) != 1000:
            warnings.warn(
                "the trained parameters are for 1000 classes; load them into such a network and "
                "replace its output",
                stacklevel=3,
            )
        net.load_parameters(get_model_file(name, root), ctx=ctx)
    return net
