"""The digits that come with the package."""

import numpy as np
import pytest

from gluonx.data import DataLoader
from gluonx.data.vision import Digits


@pytest.mark.parametrize(("train", "length"), [(True, 1437), (False, 360)])
def test_items_have_the_documented_shapes_and_dtypes(train, length):
    digits = Digits(train=train)
    assert len(digits) == length
    for index in (0, length - 1):
        image, label = digits[index]
        assert image.shape == (8, 8, 1)
        assert image.dtype == np.uint8
        assert image.asnumpy().max() <= 16
        assert type(label) is np.int32
        assert 0 <= label <= 9


def test_parts_have_the_same_share_of_each_digit():
    shares = []
    for train in (True, False):
        labels = np.array([label for _, label in Digits(train)])
        shares.append(np.bincount(labels, minlength=10) / len(labels))
    np.testing.assert_allclose(shares[0], shares[1], atol=0.005)


def test_parts_are_disjoint_and_the_scans_are_those_published():
    scans = [image.asnumpy() for train in (True, False) for image, _ in Digits(train)]
    assert len({scan.tobytes() for scan in scans}) == 1797
    # The mean of all pixels as published, 4.884164579855314.
    assert np.mean(scans) == pytest.approx(4.884164579855314, abs=1e-12)


def test_transform_receives_image_and_label():
    plain = Digits(train=False)
    halved = Digits(train=False, transform=lambda image, label: (image / 2, label + 10))
    image, label = halved[3]
    expected_image, expected_label = plain[3]
    np.testing.assert_array_equal(image.asnumpy(), expected_image.asnumpy() // 2)
    assert label == expected_label + 10


def test_loader_makes_batches():
    images, labels = next(iter(DataLoader(Digits(), batch_size=5)))
    assert images.shape == (5, 8, 8, 1)
    assert labels.shape == (5,)
