"""Folders of images through the loader, with workers of both kinds."""

import numpy as np
import pytest

import gluonx as gx
from gluonx.data import DataLoader
from gluonx.data.vision import ImageFolderDataset, transforms

Image = pytest.importorskip("PIL.Image")


def test_augmented_images_do_not_depend_on_the_workers(tmp_path):
    for i in range(6):
        path = tmp_path / f"class{i % 2}" / f"{i}.png"
        path.parent.mkdir(exist_ok=True)
        pixels = np.random.randint(0, 256, (20 + i, 30, 3)).astype("uint8")
        Image.fromarray(pixels).save(path)
    transform = transforms.Compose(
        [
            transforms.RandomResizedCrop(8),
            transforms.RandomFlipLeftRight(),
            transforms.RandomFlipTopBottom(),
            transforms.RandomColorJitter(0.4, 0.4, 0.4, 0.1),
            transforms.RandomLighting(0.1),
            transforms.ToTensor(),
            transforms.RandomRotation((-20, 20)),
            transforms.Normalize((0.1, 0.2, 0.3), (0.5, 0.6, 0.7)),
        ]
    )
    dataset = ImageFolderDataset(tmp_path).transform_first(transform)
    epochs = []
    for options in ({}, {"num_workers": 2}, {"num_workers": 1, "thread_pool": False}):
        gx.random.seed(4)
        loader = DataLoader(dataset, 4, shuffle=True, last_batch="pad", **options)
        epochs.append([[x.asnumpy() for x in batch] for batch in loader])
    for epoch in epochs:
        assert [[x.shape for x in batch] for batch in epoch] == [[(4, 3, 8, 8), (4,), (4,)]] * 2
        for batch, expected in zip(epoch, epochs[0], strict=True):
            for x, y in zip(batch, expected, strict=True):
                np.testing.assert_array_equal(x, y)
