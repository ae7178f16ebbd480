"""MNIST, FashionMNIST, CIFAR10 and CIFAR100, from their files as published."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ...error import MXNetError
from .._files import folder, need_files
from ._in_memory import InMemory

__all__ = ["CIFAR10", "CIFAR100", "MNIST", "FashionMNIST", "read_idx"]


def read_idx(path: str | os.PathLike) -> np.ndarray:
    """The bytes in a file of the IDX format, which MNIST's files have; it may be gzipped.

    The format: two zero bytes, 8 for unsigned bytes, the number of axes, and for each axis its
    length in 4 bytes, highest first; then the bytes.

    Raises
    ------
    MXNetError
        If it is not such a file, or is cut off.
    """
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path) if packed else open(path, "rb") as file:
            data = file.read()
    except (OSError, EOFError) as e:
        raise MXNetError(f"{path} cannot be read: {e}") from None
    ndim = data[3] if len(data) >= 4 and data[:3] == b"\0\0\x08" else 0
    if not ndim or len(data) < 4 + 4 * ndim:
        raise MXNetError(
            f"{path} is not a file of unsigned bytes in the IDX format; it begins with {data[:4]!r}"
        )
    shape = [int.from_bytes(data[at : at + 4], "big") for at in range(4, 4 + 4 * ndim, 4)]
    array = np.frombuffer(data, np.uint8, offset=4 + 4 * ndim)
    if array.size != np.prod([int(n) for n in shape], dtype=object):
        raise MXNetError(
            f"{path} should hold {'x'.join(map(str, shape))} bytes, but {array.size} follow"
        )
    return array.reshape(shape)


class _Published(InMemory):
    """Images and labels in files that can be fetched."""

    _name = ""  # the folder below the data folder

    def __init__(
        self, root: str | os.PathLike | None, train: bool, transform: Callable | None
    ) -> None:
        self._root = folder(root, "datasets", self._name)
        self._train = train
        images, labels = self._read()
        if len(images) != len(labels):
            raise MXNetError(
                f"{type(self).__name__} in {self._root}: {len(images)} images, but {len(labels)} "
                "labels"
            )
        super().__init__(images, labels, transform)

    def _read(self) -> tuple[np.ndarray, np.ndarray]:
        raise NotImplementedError


class MNIST(_Published):
    """The 70,000 handwritten digits of LeCun et al., 28x28 pixels.

    The files ``train-images-idx3-ubyte.gz``, ``train-labels-idx1-ubyte.gz`` and the same with
    ``t10k`` for ``train`` are read from ``root``; they may be unpacked. If they are not there they
    are fetched.

    Parameters
    ----------
    root : str or os.PathLike, optional
        The folder; ``$MXNET_HOME/datasets/mnist`` or ``~/.mxnet/datasets/mnist`` by default.
    train : bool
        The 60,000 to train on, or the 10,000 held out.
    transform : callable, optional
        Called as ``transform(image, label)`` for each item; the item is what it returns.

    Outputs
    -------
    image : NDArray, shape (28, 28, 1), uint8
    label : numpy.int32

    Raises
    ------
    MXNetError
        If the files are neither there nor can be fetched, or are damaged.
    """

    _name = "mnist"
    _files = (
        ("train-images-idx3-ubyte.gz", "6c95f4b05d2bf285e1bfb0e7960c31bd3b3f8a7d"),
        ("train-labels-idx1-ubyte.gz", "2a80914081dc54586dbdf242f9805a6b8d2a15fc"),
        ("t10k-images-idx3-ubyte.gz", "c3a25af1f52dad7f726cce8cacb138654b760d48"),
        ("t10k-labels-idx1-ubyte.gz", "763e7fa3757d93b0cdec073cef058b2004252c17"),
    )

    def __init__(
        self,
        root: str | os.PathLike | None = None,
        train: bool = True,
        transform: Callable | None = None,
    ):
        super().__init__(root, train, transform)

    def _read(self) -> tuple[np.ndarray, np.ndarray]:
        files = dict(self._files[:2] if self._train else self._files[2:])
        image_file, label_file = need_files(self._root, files, f"gluon/dataset/{self._name}")
        images, labels = read_idx(image_file), read_idx(label_file)
        if images.ndim != 3 or labels.ndim != 1:
            raise MXNetError(
                f"expected images and labels in {image_file} and {label_file}, got arrays of shape "
                f"{images.shape} and {labels.shape}"
            )
        return images[..., None], labels.astype(np.int32)


class FashionMNIST(MNIST):
    """The 70,000 pictures of clothes of Xiao et al. (2017), in the form of MNIST.

    Parameters
    ----------
    root : str or os.PathLike, optional
        The folder; ``$MXNET_HOME/datasets/fashion-mnist`` or ``~/.mxnet/datasets/fashion-mnist``
        by default. The names of the files are those of MNIST.
    train : bool
        The 60,000 to train on, or the 10,000 held out.
    transform : callable, optional
        Called as ``transform(image, label)`` for each item; the item is what it returns.

    Outputs
    -------
    image : NDArray, shape (28, 28, 1), uint8
    label : numpy.int32

    Raises
    ------
    MXNetError
        If the files are neither there nor can be fetched, or are damaged.
    """

    _name = "fashion-mnist"
    _files = (
        ("train-images-idx3-ubyte.gz", "0cf37b0d40ed5169c6b3aba31069a9770ac9043d"),
        ("train-labels-idx1-ubyte.gz", "236021d52f1e40852b06a4c3008d8de8aef1e40b"),
        ("t10k-images-idx3-ubyte.gz", "626ed6a7c06dd17c0eec72fa3be1740f146a2863"),
        ("t10k-labels-idx1-ubyte.gz", "17f9ab60e7257a1620f4ad76bbbaf857c3920701"),
    )


class CIFAR10(_Published):
    """The 60,000 small colour pictures of Krizhevsky (2009) in 10 classes, 32x32 pixels.

    The binary files ``data_batch_1.bin`` to ``data_batch_5.bin`` and ``test_batch.bin`` are read
    from ``root``; a record is the class and the red, green and blue pixels. If they are not there,
    they are taken from ``cifar-10-binary.tar.gz``, which is fetched if need be.

    Parameters
    ----------
    root : str or os.PathLike, optional
        The folder; ``$MXNET_HOME/datasets/cifar10`` or ``~/.mxnet/datasets/cifar10`` by default.
    train : bool
        The 50,000 to train on, or the 10,000 held out.
    transform : callable, optional
        Called as ``transform(image, label)`` for each item; the item is what it returns.

    Outputs
    -------
    image : NDArray, shape (32, 32, 3), uint8
    label : numpy.int32

    Raises
    ------
    MXNetError
        If the files are neither there nor can be fetched, or are damaged.
    """

    _name = "cifar10"
    _archive = ("cifar-10-binary.tar.gz", "fab780a1e191a7eda0f345501ccd62d20f7ed891")
    _train_files = {
        "data_batch_1.bin": "aadd24acce27caa71bf4b10992e9e7b2d74c2540",
        "data_batch_2.bin": "c0ba65cce70568cd57b4e03e9ac8d2a5367c1795",
        "data_batch_3.bin": "1dd00a74ab1d17a6e7d73e185b69dbf31242f295",
        "data_batch_4.bin": "aab85764eb3584312d3c7f65fd2fd016e36a258e",
        "data_batch_5.bin": "26e2849e66a845b7f1e4614ae70f4889ae604628",
    }
    _test_files = {"test_batch.bin": "67eb016db431130d61cd03c7ad570b013799c88c"}
    _labels, _which = 1, 0  # number of labels in a record, and the one that is wanted

    def __init__(
        self,
        root: str | os.PathLike | None = None,
        train: bool = True,
        transform: Callable | None = None,
    ):
        super().__init__(root, train, transform)

    def _read(self) -> tuple[np.ndarray, np.ndarray]:
        files = self._train_files if self._train else self._test_files
        paths = need_files(self._root, files, f"gluon/dataset/{self._name}", self._archive)
        records = np.concatenate([self._read_batch(path) for path in paths])
        images = records[:, self._labels :].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        return np.ascontiguousarray(images), records[:, self._which].astype(np.int32)

    def _read_batch(self, path: Path) -> np.ndarray:
        data = (gzip.open(path).read if path.suffix == ".gz" else path.read_bytes)()
        size = self._labels + 3 * 32 * 32
        if not data or len(data) % size:
            raise MXNetError(
                f"{path} should hold records of {size} bytes, but it has {len(data)} bytes"
            )
        return np.frombuffer(data, np.uint8).reshape(-1, size)


class CIFAR100(CIFAR10):
    """The pictures of Krizhevsky (2009) in 100 classes, or in 20 that comprise these.

    The binary files ``train.bin`` and ``test.bin`` are read from ``root``; a record is the coarse
    class, the fine class, and the pixels. If they are not there, they are taken from
    ``cifar-100-binary.tar.gz``, which is fetched if need be.

    Parameters
    ----------
    root : str or os.PathLike, optional
        The folder; ``$MXNET_HOME/datasets/cifar100`` or ``~/.mxnet/datasets/cifar100`` by default.
    fine_label : bool
        Whether to give the 100 classes instead of the 20.
    train : bool
        The 50,000 to train on, or the 10,000 held out.
    transform : callable, optional
        Called as ``transform(image, label)`` for each item; the item is what it returns.

    Outputs
    -------
    image : NDArray, shape (32, 32, 3), uint8
    label : numpy.int32

    Raises
    ------
    MXNetError
        If the files are neither there nor can be fetched, or are damaged.
    """

    _name = "cifar100"
    _archive = ("cifar-100-binary.tar.gz", "a0bb982c76b83111308126cc779a992fa506b90b")
    _train_files = {"train.bin": "e207cd2e05b73b1393c74c7f5e7bea451d63e08e"}
    _test_files = {"test.bin": "8fb6623e830365ff53cf14adec797474f5478006"}
    _labels = 2

    def __init__(
        self,
        root: str | os.PathLike | None = None,
        fine_label: bool = False,
        train: bool = True,
        transform: Callable | None = None,
    ):
        self._which = int(bool(fine_label))
        super().__init__(root, train, transform)
