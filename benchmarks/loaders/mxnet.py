"""MXNet 1.9.1."""

import mxnet as mx
from mxnet.gluon.data import ArrayDataset, DataLoader
from mxnet.gluon.data.vision import ImageFolderDataset, transforms

from loaders import MEAN, SIZE, STD


def folder(path, batch_size, workers):
    transform = transforms.Compose(
        [
            transforms.RandomResizedCrop(SIZE),
            transforms.RandomFlipLeftRight(),
            transforms.ToTensor(),
            transforms.Normalize(MEAN, STD),
        ]
    )
    dataset = ImageFolderDataset(path).transform_first(transform)
    return DataLoader(dataset, batch_size, shuffle=True, last_batch="discard", num_workers=workers)


def arrays(images, labels, batch_size):
    dataset = ArrayDataset(mx.nd.array(images, dtype=images.dtype), labels)
    return DataLoader(dataset, batch_size, shuffle=True)


def wait(batch):
    batch[0].wait_to_read()
