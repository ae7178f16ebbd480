"""The loaders that ``data.py`` compares, one module for each framework.

A module has ``folder(path, batch_size, workers)``, which gives an iterable of augmented batches of
the images in a folder, ``arrays(images, labels, batch_size)`` for arrays in memory, both iterable
again and again, and ``wait(batch)``, which returns when the batch is there.
"""

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SIZE = 224
