"""Grain, which has no transforms of images of its own: these are Pillow's and NumPy's."""

import math
from pathlib import Path

import grain
import numpy as np
from absl import flags
from PIL import Image

from loaders import MEAN, SIZE, STD

flags.FLAGS.mark_as_parsed()  # its workers read some

_MEAN, _STD = (np.array(v, np.float32)[:, None, None] for v in (MEAN, STD))


class Augment(grain.transforms.RandomMap):
    def random_map(self, element, rng):
        path, label = element
        with Image.open(path) as image:
            image = image.convert("RGB")
        width, height = image.size
        for _ in range(10):
            area = rng.uniform(0.08, 1.0) * width * height
            ratio = math.exp(rng.uniform(math.log(3 / 4), math.log(4 / 3)))
            w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if w <= width and h <= height:
                x, y = rng.integers(width - w + 1), rng.integers(height - h + 1)
                break
        else:
            x = y = 0
            w = h = min(width, height)
        image = image.resize((SIZE, SIZE), Image.Resampling.BILINEAR, (x, y, x + w, y + h))
        if rng.random() < 0.5:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        array = np.asarray(image).transpose(2, 0, 1).astype(np.float32) / 255
        return (array - _MEAN) / _STD, label


def folder(path, batch_size, workers):
    classes = sorted(p for p in Path(path).iterdir())
    files = [(str(f), i) for i, c in enumerate(classes) for f in sorted(c.iterdir())]
    dataset = grain.MapDataset.source(files).seed(0).shuffle().random_map(Augment())
    dataset = dataset.batch(batch_size, drop_remainder=True)
    if not workers:
        return dataset.to_iter_dataset(grain.ReadOptions(num_threads=0))
    options = grain.multiprocessing.MultiprocessingOptions(num_workers=workers)
    return dataset.to_iter_dataset(grain.ReadOptions(num_threads=1)).mp_prefetch(options)


def arrays(images, labels, batch_size):
    columns = list(zip(images, labels, strict=True))
    dataset = grain.MapDataset.source(columns).seed(0).shuffle().batch(batch_size)
    return dataset.to_iter_dataset(grain.ReadOptions(num_threads=0))


def wait(batch):
    pass
