"""Images as NumPy arrays: resized, cropped, turned and coloured, with OpenCV's and MXNet's numbers.

:mod:`gluonx.image`, the iterators over records and :mod:`gluonx.data.vision.transforms` all use it;
``taps`` is what the operators on devices have in common with it. Files of images are read and
written by :mod:`gluonx.serialization.images`.

Nothing here imports JAX, since worker processes that have none use it too.
"""
