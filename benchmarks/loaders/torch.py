"""PyTorch, with the transforms of torchvision."""

import torch
from torch.utils.data import DataLoader, TensorDataset

from loaders import MEAN, SIZE, STD


def folder(path, batch_size, workers):
    try:
        from torchvision import datasets, transforms
    except RuntimeError:  # its compiled part is of another build; what is used here is Python
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float threshold) -> Tensor")
        from torchvision import datasets, transforms

    transform = transforms.Compose(
        [
            transforms.RandomResizedCrop(SIZE),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize(MEAN, STD),
        ]
    )
    return DataLoader(
        datasets.ImageFolder(path, transform), batch_size, shuffle=True, drop_last=True,
        num_workers=workers, persistent_workers=workers > 0,
    )  # fmt: skip


def arrays(images, labels, batch_size):
    dataset = TensorDataset(torch.from_numpy(images), torch.from_numpy(labels))
    return DataLoader(dataset, batch_size, shuffle=True)


def wait(batch):
    pass
