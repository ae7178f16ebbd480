"""Images on the host: augmenters, iterators over images, and what is refused."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import gluonx as gx
from gluonx import image, nd
from gluonx.error import MXNetError
from gluonx.image._hls import from_hls, to_hls
from gluonx.pixels import eight_bits
from gluonx.pixels.resize import _interpolated, resize
from gluonx.serialization import images

FILES = Path(__file__).parent / "reference" / "images"
JPG = (FILES / "a.jpg").read_bytes()


@pytest.fixture
def img():
    return np.random.RandomState(0).randint(0, 256, (20, 30, 3)).astype(np.uint8)


def test_images_keep_their_kind(img):
    for x in (img, nd.array(img, dtype="uint8")):
        for made in (
            image.imresize(x, 9, 8),
            image.resize_short(x, 8),
            image.CenterCropAug((3, 4))(x),
        ):
            assert type(made) is type(x) and made.dtype == np.uint8
    assert (image.imresize(nd.array(img, dtype="uint8"), 9, 8).asnumpy() == resize(img, 9, 8)).all()
    out = nd.zeros((8, 9, 3), dtype="uint8")
    assert image.imresize(img, 9, 8, out=out) is out and out.asnumpy().any()
    data = np.frombuffer(JPG, np.uint8)
    for buf in (JPG, bytearray(JPG), data, nd.array(data, dtype="uint8")):
        assert image.imdecode(buf).shape == (20, 30, 3)


def test_a_window_of_a_resized_image_is_a_part_of_it(img):
    for interp in range(5):
        for size in ((15, 10), (12, 11), (41, 33)):
            whole = resize(img, *size, interp)
            part = resize(img, *size, interp, (2, 3, 7, 5))
            assert (part == whole[3:8, 2:9]).all()
    wide = resize(img.astype(np.int16) * 100, 15, 10)
    assert wide.dtype == np.int16 and abs(wide - resize(img, 15, 10) * 100.0).max() <= 100


def test_bytes_in_sixteen_bits_are_those_of_wider_numbers(monkeypatch):
    rng = np.random.default_rng(0)
    cases = []
    for k in range(60):
        rows, columns, height, width = map(int, rng.integers(1, 70, 4))
        channels = int(rng.integers(1, 5))
        img = rng.integers(0, 256, (rows, columns * channels), dtype=np.uint8)
        if k % 2:
            img = np.where(img > 127, np.uint8(255), np.uint8(0))
        y, x = height // 3, width // 3
        down = rows, height, slice(y, height)
        across = columns, width, slice(x * channels, width * channels), channels
        for interp in (1, 3):
            cases.append((img, down, across, interp))
    expected = [_interpolated(*case, False) for case in cases]

    def check(_=None):
        for (img, down, across, interp), wanted in zip(cases, expected, strict=True):
            found = eight_bits.interpolated(img, down, across, corner=interp == 3)
            assert found is not None and (found == wanted).all()

    check()
    monkeypatch.setattr(eight_bits, "_BLOCK", 500)  # many blocks, and memory that is not kept
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(check, range(3)))


def test_hls_comes_back(img):
    hls = to_hls(img)
    assert hls[..., 0].max() <= 180
    assert np.abs(from_hls(hls).astype(int) - img).max() <= 8
    assert to_hls(np.full((1, 1, 3), 255, np.uint8)).ravel().tolist() == [0, 255, 0]


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda x: image.imdecode(b""), MXNetError, "0 bytes"),
        (lambda x: image.imdecode(b"abc"), MXNetError, "3 bytes are not an image"),
        (lambda x: image.imdecode("a.jpg"), TypeError, "imread"),
        (lambda x: image.imdecode(JPG, flag=-1), ValueError, "flag=-1"),
        (lambda x: image.imread("nowhere.jpg"), FileNotFoundError, "nowhere.jpg"),
        (lambda x: image.imread(FILES / "data.csv"), MXNetError, "data.csv"),
        (lambda x: image.imresize(x, 0, 5), ValueError, "width 0"),
        (lambda x: image.imresize(x, 5, 5, 7), ValueError, "interpolation 7"),
        (lambda x: image.imresize(x[0], 5, 5), ValueError, "height, width, channels"),
        (lambda x: image.imresize([1], 5, 5), TypeError, "list"),
        (lambda x: image.fixed_crop(x, 28, 0, 5, 5), ValueError, "x=28"),
        (lambda x: image.copyMakeBorder(x, 1, 1, 1, 1, type=9), ValueError, "type=9"),
        (lambda x: image.imrotate(x, 5), TypeError, "float32"),
        (lambda x: image.imrotate(x * 1.0, 5, True, True), ValueError, "cannot both"),
        (lambda x: image.imrotate(np.float32(x), [1, 2]), ValueError, r"\(2,\)"),
        (lambda x: image.CreateAugmenter((3, 2, 2), rand_resize=True), ValueError, "rand_crop"),
        (lambda x: image.CreateAugmenter((3, 2, 2), mean=[1, 2]), ValueError, "mean"),
        (lambda x: image.DetBorrowAug(image.DetAugmenter()), TypeError, "DetAugmenter"),
        (lambda x: image.DetRandomCropAug(area_range=(2, 1)), ValueError, "area_range"),
        (lambda x: image.Augmenter()(x), NotImplementedError, "__call__"),
        (lambda x: image.ImageIter(2, (3, 4, 4)), ValueError, "path_imgrec"),
        (lambda x: image.ImageIter(2, (4, 4), imglist=[]), ValueError, "data_shape"),
        (
            lambda x: image.ImageIter(2, (3, 4, 4), path_imgrec=FILES / "png.rec", shuffle=True),
            ValueError, "path_imgidx",
        ),
        (
            lambda x: next(image.ImageIter(1, (3, 4, 4), imglist=[[1, FILES / "data.csv"]])),
            MXNetError, "data.csv: these",
        ),
        (
            lambda x: image.ImageDetIter(1, (3, 4, 4), imglist=[[[2, 3, 1], FILES / "a.png"]]),
            MXNetError, "a.png: a label",
        ),
    ],
)  # fmt: skip
def test_wrong_use_is_refused(img, call, error, match):
    with pytest.raises(error, match=match):
        call(img)


def test_augmenters_that_draw_nothing_change_little(img):
    x = img.astype(np.float32)
    assert np.allclose(image.HueJitterAug(0)(x), x, atol=1)
    lit = image.LightingAug(0, np.ones(3), np.eye(3))(img)
    assert lit.dtype == np.float32 and (lit == img).all()
    noise = image.LightingAug(1.0, np.ones(3), np.eye(3))(np.zeros((2, 2, 3), np.float32))
    assert (noise == noise[0, 0]).all() and noise.any()
    for augmenter in (image.ColorJitterAug(0, 0, 0), image.RandomGrayAug(0)):
        assert augmenter(img) is img


def test_augmenters_are_described_as_in_mxnet():
    made = image.CreateAugmenter(
        (3, 20, 30), resize=40, rand_crop=True, rand_resize=True, rand_mirror=True, mean=True,
        std=np.array([1.0, 2, 3]), brightness=0.1, contrast=0.2, hue=0.4, pca_noise=0.05,
        rand_gray=0.6,
    )  # fmt: skip
    names = [a.dumps() if isinstance(a.dumps(), str) else a.dumps()[0] for a in made]
    assert names[:2] == [
        '["resizeaug", {"size": 40, "interp": 2}]',
        '["randomsizedcropaug", {"size": [30, 20], "area": 0.08, '
        '"ratio": [0.75, 1.3333333333333333], "interp": 2}]',
    ]
    assert [n.split('"')[1] if '"' in n else n for n in names[2:]] == [
        "horizontalflipaug", "castaug", "colorjitteraug", "huejitteraug", "lightingaug",
        "randomgrayaug", "colornormalizeaug",
    ]  # fmt: skip
    assert names[-1].endswith('"std": [1.0, 2.0, 3.0]}]')
    flip = '["horizontalflipaug", {"p": 0.5}]'
    inner = image.SequentialAug([image.HorizontalFlipAug(0.5)])
    assert image.RandomOrderAug([inner]).dumps() == ["randomorderaug", [["sequentialaug", [flip]]]]
    det = image.CreateDetAugmenter((3, 8, 8), resize=9, rand_crop=0.5, rand_pad=0.5, mean=True)
    assert [a.dumps()[0] for a in det] == [
        "detborrowaug", "detrandomselectaug", "detrandomselectaug", "detborrowaug", "detborrowaug",
        "detborrowaug",
    ]  # fmt: skip


def test_seed_governs_augmenters_and_each_draw_is_another(img):
    augmenters = image.CreateAugmenter(
        (3, 9, 8), rand_crop=True, rand_resize=True, rand_mirror=True, brightness=0.2,
        contrast=0.2, saturation=0.2, hue=0.1, pca_noise=0.1, rand_gray=0.2, inter_method=10,
    )  # fmt: skip
    whole = image.SequentialAug(augmenters)
    gx.random.seed(3)
    first, second = whole(img), whole(img)
    gx.random.seed(3)
    assert (whole(img) == first).all() and (first != second).any()
    assert first.shape == (9, 8, 3) and first.dtype == np.float32


def test_cropped_and_padded_boxes_stay_on_their_objects():
    """An object is drawn as a white rectangle; its box is where the white is."""
    src = np.zeros((60, 80, 3), np.uint8)
    src[12:36, 20:60] = 255
    label = np.array([[3, 20 / 80, 12 / 60, 60 / 80, 36 / 60, 7]])
    changes = image.CreateMultiRandCropAugmenter([0.1, 0.5], min_eject_coverage=0.2)
    changes = [changes, image.DetRandomPadAug(), image.DetHorizontalFlipAug(0.5)]
    sizes = set()
    for k in range(60):
        img, boxes = changes[k % 3](*changes[k // 3 % 3](src, label))
        sizes.add(img.shape)
        rows, columns = img.shape[:2]
        white = (img == 255).all(2)
        y, x = np.nonzero(white)
        found = [x.min() / columns, y.min() / rows, (x.max() + 1) / columns, (y.max() + 1) / rows]
        assert boxes.shape == (1, 6) and boxes[0, 0] == 3 and boxes[0, 5] == 7
        assert np.allclose(boxes[0, 1:5], found, atol=1e-6)
    assert len(sizes) > 20


class Negative(image.Augmenter):
    """A user's augmenter, of NDArrays."""

    def __call__(self, src):
        assert isinstance(src, nd.NDArray)
        return 255 - src


class OwnIter(image.ImageIter):
    """With a hook of its own."""

    def augmentation_transform(self, data):
        assert isinstance(data, nd.NDArray)
        return super().augmentation_transform(data) * 2


def test_own_augmenters_and_hooks_are_given_arrays():
    given = {"path_imgrec": FILES / "png.rec"}
    plain = next(image.ImageIter(2, (3, 6, 5), aug_list=[image.CastAug()], **given))
    own = next(image.ImageIter(2, (3, 6, 5), aug_list=[Negative(), image.CastAug()], **given))
    assert (own.data[0].asnumpy() == 255 - plain.data[0].asnumpy()).all()
    twice = next(OwnIter(2, (3, 6, 5), aug_list=[image.CastAug()], **given))
    assert (twice.data[0].asnumpy() == 2 * plain.data[0].asnumpy()).all()


def test_shuffled_epochs_differ_and_hold_all_images():
    gx.random.seed(1)
    it = image.ImageIter(
        5, (3, 6, 5), path_imgrec=FILES / "png.rec", path_imgidx=FILES / "png.idx", shuffle=True,
        dtype="int32",
    )  # fmt: skip
    epochs = []
    for _ in range(2):
        epochs.append(np.concatenate([b.label[0].asnumpy() for b in it]))
        it.reset()
    assert all(sorted(e) == list(range(10)) for e in epochs) and (epochs[0] != epochs[1]).any()
    assert epochs[0].dtype == np.int32 and it.next_sample()[0] in range(10)


def test_boxes_get_room():
    it = image.ImageDetIter(2, (3, 8, 6), path_imgrec=FILES / "boxes.rec", rand_mirror=True)
    assert it.provide_label[0].shape == (2, 3, 5)
    other = image.ImageDetIter(
        1, (3, 8, 6), imglist=[[[2, 5, 0, 0.1, 0.1, 0.5, 0.5], "a.png"]], path_root=FILES
    )
    assert it.sync_label_shape(other).label_shape == (3, 5)
    it.reshape(label_shape=(6, 5))
    label = next(it).label[0].asnumpy()
    assert label.shape == (2, 6, 5) and (label[0, 1:] == -1).all()
    with pytest.raises(ValueError, match="at least 6"):
        it.reshape(label_shape=(2, 5))
    drawn = list(other.draw_next(color=(255, 0, 0), thickness=1))
    assert drawn[0].shape == (8, 6, 3) and (drawn[0] == (255, 0, 0)).all(2).sum() == 14


def test_without_a_library_for_images_the_error_says_what_to_install(img, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    images.opencv.cache_clear()
    with pytest.raises(MXNetError, match="pip install pillow"):
        image.imdecode(JPG)
    assert image.imresize(img, 3, 4).shape == (4, 3, 3)
    images.opencv.cache_clear()
