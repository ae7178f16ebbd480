"""Transforms of images: on NDArrays as in MXNet, and on NumPy arrays."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gluonx as gx
from gluonx import nd, nn
from gluonx.data import ArrayDataset, SimpleDataset
from gluonx.data._rng import drawing_from
from gluonx.data.vision import _colours, transforms
from gluonx.data.vision import transforms as T
from gluonx.pixels.resize import resize
from gluonx.serialization.images import decode_channels, opencv, read

HERE = Path(__file__).parent / "reference"
sys.path.insert(0, str(HERE))
from make_transforms import ALPHA, CASES, COLOURS, FACTORS, IMAGE  # noqa: E402

REFERENCE = dict(np.load(HERE / "transforms.npz"))
ARRAY = nd.array(IMAGE, dtype="uint8")
#: A newer OpenCV than MXNet's, if it is installed, sometimes rounds otherwise.
NEWER = 0 if opencv() is None else 1


def same(found, expected, steps=0):
    """Of bytes all equal, or within some steps; of floating-point numbers nearly."""
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    tolerance = max(steps, NEWER) if expected.dtype == np.uint8 else max(2e-6, NEWER / 255)
    np.testing.assert_allclose(
        found.astype(np.float64), expected.astype(np.float64), atol=tolerance, rtol=0
    )


# -- pixels ---------------------------------------------------------------------------------------


def test_numpy_images_become_what_mxnet_makes_of_them():
    before = IMAGE.copy()
    for case in CASES:
        found = eval(case, {"T": T})(IMAGE)
        assert type(found) is np.ndarray, case
        same(found, REFERENCE[case])
    for name in COLOURS:
        for factor in FACTORS:
            change = getattr(_colours, name.title())(factor, factor)
            same(change(IMAGE), REFERENCE[f"{name} {factor}"], steps=int(name == "hue"))
    same(_colours.lighting(IMAGE, np.array(ALPHA)), REFERENCE["lighting"])
    assert (IMAGE == before).all()


@pytest.mark.slow
def test_ndarrays_become_what_mxnet_makes_of_them():
    for case in CASES:
        same(eval(case, {"T": T})(ARRAY).asnumpy(), REFERENCE[case])


def test_ndarrays_and_numpy_images_become_the_same():
    for transform in (
        T.HybridCompose([T.Resize((4, 5)), T.ToTensor(), T.Normalize((1, 2, 3), 4)]),
        T.Compose([T.CenterCrop(8), T.Cast("float32"), T.Cast("uint8"), T.RandomSaturation(0)]),
        T.RandomGray(1),
        T.HybridRandomApply([T.RandomContrast(0)]),
    ):
        same(transform(IMAGE), transform(ARRAY).asnumpy())
    same(
        _colours.Saturation(1.4, 1.4)(IMAGE), nd.image.random_saturation(ARRAY, 1.4, 1.4).asnumpy()
    )


def test_a_batch_becomes_the_batch_of_the_results():
    batch = np.stack([IMAGE, IMAGE[::-1]])
    for transform in (
        T.Compose([T.Resize((9, 7)), T.ToTensor(), T.Normalize(0.5, 0.2)]),
        T.Resize((9, 7), interpolation=2), T.Resize(30, True), T.CenterCrop(6), T.Cast("float16"),
        T.CropResize(1, 2, 3, 4, (5, 5)), T.Compose([T.ToTensor(), T.Rotate(10)]),
    ):  # fmt: skip
        found = transform(batch)
        for item, image in zip(found, batch, strict=True):
            np.testing.assert_array_equal(item, transform(image))


def test_resize_of_other_types_and_of_one_channel():
    wide = IMAGE.astype(np.float32) * 3
    for interp in range(5):
        op = nd.image.resize(nd.array(wide), size=(9, 7), interp=interp).asnumpy()
        np.testing.assert_allclose(resize(wide, 9, 7, interp), op, rtol=1e-5, atol=1e-3)
    assert resize(IMAGE[..., :1], 9, 7)[..., 0].tolist() == resize(IMAGE, 9, 7)[..., 0].tolist()
    line = np.arange(200, dtype=np.uint8)[None, :, None]
    for found in (resize(line, 224, 1, 3), nd.image.resize(nd.array(line), (224, 1), interp=3)):
        # As MXNet, whose rounding of places leaves out the pixel 125.
        assert np.asarray(found).ravel()[138:143].round().tolist() == [123, 124, 124, 126, 127]
    long = IMAGE.astype(np.int32) * 1000
    assert resize(long, 34, 22, 3).dtype == np.int32
    assert resize(IMAGE[2:9, 3:12], 17, 11).shape == (11, 17, 3)  # a view


# -- random transforms ----------------------------------------------------------------------------

RANDOM = {
    "crop": T.RandomCrop(7, pad=2),
    "resized": T.RandomResizedCrop((7, 5)),
    "left right": T.RandomFlipLeftRight(),
    "top bottom": T.RandomFlipTopBottom(),
    "brightness": T.RandomBrightness(0.4),
    "contrast": T.RandomContrast(0.4),
    "saturation": T.RandomSaturation(0.4),
    "hue": T.RandomHue(0.4),
    "jitter": T.RandomColorJitter(0.4, 0.4, 0.4, 0.1),
    "lighting": T.RandomLighting(0.5),
    "gray": T.RandomGray(),
    "apply": T.RandomApply([T.RandomContrast(0.5), T.RandomHue(0.2)]),
    "rotation": T.Compose([T.ToTensor(), T.RandomRotation((-30, 30), rotate_with_proba=0.7)]),
}


def test_random_transforms_draw_from_the_generator_of_the_loader():
    for name, transform in RANDOM.items():
        results = []
        for seed in (*range(12), *range(12)):
            with drawing_from(np.random.default_rng(seed)):
                results.append(transform(IMAGE))
        for first, again in zip(results[:12], results[12:], strict=True):
            np.testing.assert_array_equal(first, again)
        assert len({r.tobytes() for r in results}) > 1, name
        assert results[0].dtype == (np.float32 if name == "rotation" else np.uint8)


def test_random_transforms_follow_the_seed():
    transform = T.Compose([T.RandomResizedCrop(6), T.RandomFlipLeftRight()])
    for image in (IMAGE, ARRAY):
        found = []
        for _ in range(2):
            gx.random.seed(3)
            found.append(np.asarray(transform(image)))
        np.testing.assert_array_equal(*found)
        assert found[0].shape == (6, 6, 3)


def test_random_parts_lie_inside_and_have_the_wanted_area():
    ramp = np.arange(40 * 50).reshape(40, 50, 1).astype(np.float32)
    shapes = set()
    crop = T.RandomResizedCrop(1, scale=(0.2, 0.3), ratio=(0.5, 2), interpolation=0)
    for _ in range(50):
        value = crop(ramp).item()  # the upper left pixel of the part
        row, column = divmod(int(value), 50)
        shapes.add((row, column))
        assert row <= 40 - 14 and column <= 50 - 14  # no side is shorter than sqrt(400 / 2)
    assert len(shapes) > 20
    padded = T.RandomCrop(44, pad=((2, 2), (3, 3), (0, 0)), pad_value=7)(ramp[:, :38] * 0)
    assert padded.shape == (44, 44, 1) and padded.max() == 7
    assert T.RandomCrop((60, 50))(ramp).shape == (50, 60, 1)  # enlarged


def test_random_apply_and_flips_happen_as_often_as_they_should():
    gx.random.seed(1)
    for transform, p in (
        (T.RandomApply(T.Cast("int32"), p=0.25), 0.25), (T.RandomFlipLeftRight(), 0.5),
        (T.RandomGray(0.8), 0.8),
    ):  # fmt: skip
        changed = sum(not np.array_equal(out := transform(IMAGE), IMAGE) or out.dtype != np.uint8
                      for _ in range(400))  # fmt: skip
        assert abs(changed / 400 - p) < 0.1


# -- which way is taken ---------------------------------------------------------------------------


def test_datasets_give_transforms_numpy_arrays_and_users_ndarrays():
    seen = []

    class Seen(nn.HybridBlock):
        def hybrid_forward(self, F, x):
            seen.append(type(x))
            return x

    images = SimpleDataset([IMAGE, IMAGE])
    plain = images.transform(T.Compose([T.Resize(4), T.ToTensor()]))
    assert isinstance(plain[0], nd.NDArray) and plain[0].shape == (3, 4, 4)
    net = nn.Sequential()
    net.add(T.Resize(4), T.ToTensor())
    np.testing.assert_array_equal(images.transform(net)[1].asnumpy(), plain[1].asnumpy())
    pairs = ArrayDataset([ARRAY, ARRAY], [1, 2]).transform_first(
        T.Compose([T.Resize(4), Seen(), T.ToTensor()])
    )
    image, label = pairs[1]
    assert (image.shape, label, seen) == ((3, 4, 4), 2, [nd.NDArray])


def test_a_subclass_with_a_forward_of_its_own_is_not_bypassed():
    class Half(T.ToTensor):
        def hybrid_forward(self, F, x):
            return super().hybrid_forward(F, x) / 2

    found = SimpleDataset([ARRAY]).transform(T.Compose([Half()]))[0]
    np.testing.assert_allclose(found.asnumpy() * 2, REFERENCE["T.ToTensor()"], atol=1e-6)


def test_batches_of_arrays_are_transformed_at_once():
    called = []

    class Counted(T.ToTensor):
        def _pixels(self):
            function = super()._pixels()

            class Counting(type(function)):
                def __call__(self, image):
                    called.append(image.shape)
                    return super().__call__(image)

            return Counting()

    images, labels = np.stack([IMAGE] * 6), np.arange(6)
    dataset = ArrayDataset(images, labels).transform_first(T.Compose([Counted(), T.Normalize(1)]))
    batches = list(gx.gluon.data.DataLoader(dataset.take(5), 3))
    assert called == [(3, 11, 17, 3), (2, 11, 17, 3)]
    assert batches[1][1].asnumpy().tolist() == [3, 4]
    np.testing.assert_allclose(batches[0][0].asnumpy()[1], REFERENCE["T.ToTensor()"] - 1, atol=1e-6)


def test_transforms_can_be_pickled():
    transform = T.Compose([T.RandomResizedCrop(5), T.RandomColorJitter(0.1), T.ToTensor()])
    again = pickle.loads(pickle.dumps(transform))
    results = []
    for t in (transform, again):
        with drawing_from(np.random.default_rng(0)):
            results.append(t(IMAGE))
    np.testing.assert_array_equal(*results)


def test_functions_of_numpy_images_import_no_jax():
    code = """
import importlib.machinery, sys, types
folder = sys.argv[1]
for name in ("", ".data", ".data.vision"):
    module = sys.modules["gluonx" + name] = types.ModuleType("gluonx" + name)
    module.__path__ = [folder + name.replace(".", "/")]
import gluonx.data._rng, gluonx.data.vision._pixels
import gluonx.data.vision._colours
assert "jax" not in sys.modules and "gluonx.ndarray" not in sys.modules
"""
    folder = Path(gx.__file__).parent
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True, timeout=60)


# -- decoding -------------------------------------------------------------------------------------


def test_decoding_gives_the_pixels_of_mxnet():
    data = (HERE / "small.jpg").read_bytes()
    for flag in (0, 1):
        same(decode_channels(data, flag), REFERENCE[f"decoded {flag}"])


def test_decoding_of_other_kinds(tmp_path):
    Image = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(0)
    rgba = rng.integers(0, 256, (4, 5, 4), dtype=np.uint8)
    Image.fromarray(rgba).save(tmp_path / "a.png")
    assert (read(tmp_path / "a.png", -1) == rgba).all()
    assert (read(tmp_path / "a.png", 1) == rgba[..., :3]).all()
    Image.fromarray(rgba[..., :3]).save(tmp_path / "a3.png")
    assert (read(tmp_path / "a.png", 0) == read(tmp_path / "a3.png", 0)).all()
    deep = rng.integers(0, 65536, (4, 5), dtype=np.uint16)
    Image.fromarray(deep).save(tmp_path / "b.png")
    assert (read(tmp_path / "b.png", 0)[..., 0] == deep >> 8).all()
    assert (read(tmp_path / "b.png", 1) == (deep >> 8)[:, :, None]).all()
    assert read(tmp_path / "b.png", -1).dtype == np.uint16
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned to the right
    Image.fromarray(rgba[..., :3]).save(tmp_path / "c.png", exif=exif)
    assert (read(tmp_path / "c.png") == np.rot90(rgba[..., :3], -1)).all()
    (tmp_path / "d.png").write_bytes(b"no image")
    with pytest.raises(
        gx.MXNetError, match=r"d\.png cannot be read: these 8 bytes are not an image"
    ):
        read(tmp_path / "d.png")
    with pytest.raises(gx.MXNetError, match="0 bytes"):
        decode_channels(b"")


# -- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong, error, message",
    [
        (lambda: T.Resize((3, 4, 5)), ValueError, r"size must be a number, or \(width, height\)"),
        (lambda: T.Resize(0), ValueError, "size must be positive"),
        (lambda: T.Resize(3, interpolation=7)(IMAGE), ValueError, "interpolation 7 is not known"),
        (lambda: T.Resize(3)(IMAGE[0]), ValueError, r"must be \(height, width, channels\)"),
        (lambda: T.CropResize(9, 9, 9, 9)(IMAGE), ValueError, "is not a part of an image"),
        (lambda: T.RandomHue(0.1)(IMAGE[..., :2]), ValueError, "1 or 3 channels"),
        (lambda: T.RandomBrightness(-1), ValueError, "amount of 0 or more"),
        (lambda: T.RandomColorJitter(hue=-1), ValueError, "amounts of 0 or more"),
        (lambda: T.RandomLighting(-1), ValueError, "alpha of 0 or more"),
        (lambda: T.Rotate(3)(IMAGE), TypeError, "only float32 images.*ToTensor"),
        (lambda: T.Rotate(3, True, True)(IMAGE / np.float32(1)), ValueError, "cannot both"),
        (lambda: T.RandomRotation((3, 1)), ValueError, "smaller and the larger angle"),
        (lambda: T.RandomRotation((1, 3), rotate_with_proba=2), ValueError, "from 0 to 1"),
        (lambda: T.RandomResizedCrop(3, scale=(2, 1)), ValueError, "the smaller one first"),
        (lambda: T.HybridCompose([T.CenterCrop(3)]), TypeError, "use Compose instead"),
        (lambda: T.Normalize((1, 2), 1)(IMAGE), ValueError, "they come first"),
        (lambda: decode_channels(b"x", 3), ValueError, "flag=3 must be"),
    ],
)
def test_wrong_calls_say_what_to_do(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong()


def test_every_transform_of_mxnet_is_there():
    assert set(transforms.__all__) >= {
        "Cast", "CenterCrop", "Compose", "CropResize", "Normalize", "RandomApply",
        "RandomBrightness", "RandomColorJitter", "RandomContrast", "RandomFlipLeftRight",
        "RandomFlipTopBottom", "RandomHue", "RandomLighting", "RandomResizedCrop",
        "RandomRotation", "RandomSaturation", "Resize", "Rotate", "ToTensor",
    }  # fmt: skip
    hybrid = {n for n in transforms.__all__ if issubclass(getattr(T, n), nn.HybridBlock)}
    assert {"Resize", "CropResize", "ToTensor", "RandomHue", "RandomLighting"} <= hybrid
    assert not hybrid & {"CenterCrop", "RandomResizedCrop", "Rotate", "RandomApply", "Compose"}
