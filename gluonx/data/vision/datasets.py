"""The datasets of images, under the name of MXNet's module."""

from ._digits import Digits as Digits
from ._downloaded import CIFAR10 as CIFAR10
from ._downloaded import CIFAR100 as CIFAR100
from ._downloaded import MNIST as MNIST
from ._downloaded import FashionMNIST as FashionMNIST
from ._images import ImageFolderDataset as ImageFolderDataset
from ._images import ImageListDataset as ImageListDataset
from ._images import ImageRecordDataset as ImageRecordDataset

__all__ = [
    "CIFAR10",
    "CIFAR100",
    "Digits",
    "FashionMNIST",
    "ImageFolderDataset",
    "ImageListDataset",
    "ImageRecordDataset",
    "MNIST",
]
