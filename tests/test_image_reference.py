"""What MXNet 1.9.1 makes of the same files: functions of images, augmenters and iterators."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import gluonx as gx
from gluonx.serialization import images

REFERENCE = Path(__file__).parent / "reference"


def _make_images():
    spec = importlib.util.spec_from_file_location("make_images", REFERENCE / "make_images.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make_images = _make_images()
#: A newer OpenCV than MXNet's, if it is installed, sometimes rounds otherwise.
NEWER = 0 if images.opencv() is None else 1


@pytest.fixture(scope="module")
def expected():
    with np.load(REFERENCE / "images.npz") as file:
        return dict(file)


def test_functions_of_images_give_the_pixels_of_mxnet(expected):
    for name, found in make_images.functions(gx):
        value = found.asnumpy()
        assert (value.shape, value.dtype) == (expected[name].shape, expected[name].dtype), name
        tolerance = NEWER if value.dtype == np.uint8 else 2e-3
        assert np.abs(value.astype(float) - expected[name]).max() <= tolerance, name


class Fixed:
    """Draws that are always at four fifths of their range."""

    def uniform(self, low, high):
        return low + (high - low) * 0.8


def test_jitters_of_colors_give_the_pixels_of_mxnet(expected):
    src = gx.image.imread(make_images.FOLDER / "a.png").asnumpy()
    for name, augmenter in make_images.jitters(gx):
        assert np.allclose(augmenter.apply(src, Fixed()), expected[name], atol=1e-3), name


def test_iterators_give_the_batches_of_mxnet(expected):
    for name, it in make_images.iterators(gx):
        for part, value in zip(("data", "label", "pad"), make_images.batches(it), strict=True):
            wanted = expected[f"{name} {part}"]
            assert value.shape == wanted.shape, (name, part)
            assert np.abs(value.astype(float) - wanted).max() <= NEWER + 1e-5, (name, part)
