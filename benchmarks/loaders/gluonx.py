"""gluonx: threads."""

from gluonx import nd
from gluonx.data import ArrayDataset, DataLoader
from gluonx.data.vision import ImageFolderDataset, transforms
from loaders import MEAN, SIZE, STD

PROCESSES = False


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
    return DataLoader(
        dataset, batch_size, shuffle=True, last_batch="discard", num_workers=workers,
        thread_pool=not PROCESSES,
    )  # fmt: skip


def arrays(images, labels, batch_size):
    dataset = ArrayDataset(nd.array(images, dtype=images.dtype), labels)
    return DataLoader(dataset, batch_size, shuffle=True)


def numpy_arrays(images, labels, batch_size):
    return DataLoader(ArrayDataset(images, labels), batch_size, shuffle=True)


def items(images, labels, batch_size):
    """The same, but item by item."""
    dataset = ArrayDataset(nd.array(images, dtype=images.dtype), labels)
    return DataLoader(dataset.transform(_same), batch_size, shuffle=True)


def numpy_items(images, labels, batch_size):
    return DataLoader(ArrayDataset(images, labels).transform(_same), batch_size, shuffle=True)


def _same(*item):
    return item


def wait(batch):
    batch[0].wait_to_read()
