"""Datasets of files: records, images in folders and lists, MNIST, CIFAR."""

import bz2
import gzip
import hashlib
import os
import subprocess
import sys
import tarfile
import zipfile

import numpy as np
import pytest

import gluonx as gx
from gluonx import gluon, nd, recordio
from gluonx.data import vision
from gluonx.data.dataset import fetch
from gluonx.data.vision import transforms
from gluonx.error import MXNetError

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (5, 28, 28), dtype=np.uint8)
LABELS = np.array([3, 1, 4, 1, 5], np.uint8)


def idx(array):
    """A file of the IDX format, as MNIST is published in."""
    lengths = b"".join(n.to_bytes(4, "big") for n in array.shape)
    return bytes([0, 0, 8, array.ndim]) + lengths + array.tobytes()


def write_mnist(folder, pack=gzip.compress, ending=".gz"):
    folder.mkdir(parents=True, exist_ok=True)
    for part, count in (("train", 5), ("t10k", 3)):
        for name, array in (("images-idx3", IMAGES), ("labels-idx1", LABELS)):
            (folder / f"{part}-{name}-ubyte{ending}").write_bytes(pack(idx(array[:count])))


@pytest.fixture(autouse=True)
def no_network(monkeypatch, tmp_path):
    monkeypatch.setenv("MXNET_GLUON_REPO", (tmp_path / "repository").as_uri())
    monkeypatch.setenv("MXNET_HOME", str(tmp_path / "home"))


# -- MNIST ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, folder", [("MNIST", "mnist"), ("FashionMNIST", "fashion-mnist")])
def test_mnist_is_read_from_its_files(tmp_path, name, folder):
    write_mnist(tmp_path / "home" / "datasets" / folder)
    dataset = getattr(vision, name)()
    image, label = dataset[2]
    assert (len(dataset), label, type(label)) == (5, 4, np.int32)
    assert isinstance(image, nd.NDArray) and (image.asnumpy()[..., 0] == IMAGES[2]).all()
    images, labels = dataset[1:3]
    assert images.shape == (2, 28, 28, 1) and labels.tolist() == [1, 4]
    assert len(getattr(vision, name)(train=False)) == 3
    write_mnist(tmp_path / "plain", bytes, "")
    halved = getattr(vision, name)(
        tmp_path / "plain", transform=lambda data, label: (data.astype("float32") / 2, -label)
    )
    assert halved[0][1] == -3 and (halved[0][0].asnumpy()[..., 0] == IMAGES[0] / 2).all()


def test_mnist_in_batches(tmp_path):
    write_mnist(tmp_path)
    dataset = vision.MNIST(tmp_path)
    batches = list(gluon.data.DataLoader(dataset, 3))
    assert [b.dtype for b in batches[0]] == [np.uint8, np.int32]
    assert batches[1][1].asnumpy().tolist() == [1, 5]
    tensors = dataset.transform_first(transforms.ToTensor())
    images, labels = next(iter(gluon.data.DataLoader(tensors.shard(2, 1), 2)))
    np.testing.assert_allclose(images.asnumpy()[0, 0], IMAGES[3] / np.float32(255), rtol=1e-6)
    assert labels.asnumpy().tolist() == [1, 5]
    kept = dataset.filter(lambda item: item[1] == 1).take(1).sample(gluon.data.SequentialSampler(1))
    assert len(kept) == 1 and kept[0][1] == 1 and type(fetch(kept, 0)[0]) is np.ndarray
    eager = dataset.transform_first(transforms.ToTensor(), lazy=False)
    assert eager[4][0].shape == (1, 28, 28)


def test_missing_files_are_named_with_their_folder(tmp_path):
    with pytest.raises(gx.MXNetError) as caught:
        vision.MNIST(tmp_path, train=False)
    for part in (str(tmp_path), "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"):
        assert part in str(caught.value)
    with pytest.raises(gx.MXNetError, match=r"train\.bin; put .* archive cifar-100-binary.tar.gz"):
        vision.CIFAR100(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_damaged_files_of_mnist_are_errors(tmp_path):
    write_mnist(tmp_path, bytes, "")
    images = tmp_path / "train-images-idx3-ubyte"
    whole = images.read_bytes()
    for data, message in (
        (whole[:-1], r"should hold 5x28x28 bytes, but 3919 follow"),
        (whole[:9], "not a file of unsigned bytes"),
        (b"", "not a file of unsigned bytes"),
        (gzip.compress(whole)[:-9], "cannot be read"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "should hold"),
        (idx(IMAGES[:2]), "2 images, but 5 labels"),
        (idx(IMAGES[0]), "got arrays of shape"),
    ):
        images.write_bytes(data)
        with pytest.raises(gx.MXNetError, match=message):
            vision.MNIST(tmp_path)


def test_files_are_fetched_and_checked(tmp_path, monkeypatch):
    repository = tmp_path / "repository" / "gluon" / "dataset" / "mnist"
    write_mnist(repository)
    with pytest.raises(gx.MXNetError, match="SHA-1"):
        vision.MNIST(tmp_path / "a")
    sums = tuple(
        (name, hashlib.sha1((repository / name).read_bytes()).hexdigest())
        for name, _ in vision.MNIST._files
    )
    monkeypatch.setattr(vision.MNIST, "_files", sums)
    assert len(vision.MNIST(tmp_path / "a")) == 5
    assert len(list((tmp_path / "a").iterdir())) == 2


# -- CIFAR ----------------------------------------------------------------------------------------

PIXELS = RNG.integers(0, 256, (4, 3, 32, 32), dtype=np.uint8)


def records(labels):
    """Records as CIFAR is published in: labels, and the red, green and blue pixels."""
    labels = np.array(labels, np.uint8).reshape(4, -1)
    return np.concatenate([labels, PIXELS.reshape(4, -1)], 1).tobytes()


def test_cifar10_is_read_from_its_files(tmp_path):
    for number in range(1, 6):
        (tmp_path / f"data_batch_{number}.bin").write_bytes(records([number] * 4))
    (tmp_path / "test_batch.bin").write_bytes(records([9, 8, 7, 6]))
    train, test = vision.CIFAR10(tmp_path), vision.CIFAR10(tmp_path, train=False)
    assert (len(train), len(test), train[4][1], test[1][1]) == (20, 4, 2, 8)
    assert (train[6][0].asnumpy() == PIXELS[2].transpose(1, 2, 0)).all()
    (tmp_path / "test_batch.bin").write_bytes(b"x" * 3074)
    with pytest.raises(gx.MXNetError, match="records of 3073 bytes, but it has 3074"):
        vision.CIFAR10(tmp_path, train=False)


def test_cifar100_is_taken_from_its_archive(tmp_path):
    folder = tmp_path / "cifar-100-binary"
    folder.mkdir()
    (folder / "train.bin").write_bytes(records([[1, 51], [2, 52], [3, 53], [4, 54]]))
    root = tmp_path / "root"
    root.mkdir()
    with tarfile.open(root / "cifar-100-binary.tar.gz", "w:gz") as archive:
        archive.add(folder / "train.bin", "cifar-100-binary/train.bin")
    assert vision.CIFAR100(root)[1][1] == 2
    assert vision.CIFAR100(root, fine_label=True)[1][1] == 52
    with pytest.raises(gx.MXNetError, match=r"has no test\.bin"):
        vision.CIFAR100(root, train=False)


# -- image files ----------------------------------------------------------------------------------


@pytest.fixture
def pictures(tmp_path):
    Image = pytest.importorskip("PIL.Image")
    for number, name in enumerate(("cat/b.PNG", "cat/a.png", "dog/c.png")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((4, 5, 3), 10 * number, np.uint8)).save(path)
    return tmp_path


def test_folders_are_classes(pictures):
    dataset = vision.ImageFolderDataset(pictures)
    assert dataset.synsets == ["cat", "dog"]
    assert [(path[-9:], label) for path, label in dataset.items] == [
        ("cat/a.png", 0), ("cat/b.PNG", 0), ("dog/c.png", 1),
    ]  # fmt: skip
    image, label = dataset[2]
    assert (
        isinstance(image, nd.NDArray) and label == 1 and image.asnumpy().tolist()[0][0] == [20] * 3
    )
    gray = vision.ImageFolderDataset(pictures, flag=0, transform=lambda x, y: (x.shape, y))
    assert gray[0] == ((4, 5, 1), 0)
    tensors = dataset.transform_first(
        transforms.Compose([transforms.Resize(3), transforms.ToTensor()])
    )
    batches = list(gluon.data.DataLoader(tensors, 2, num_workers=1))
    assert [b.shape for b, _ in batches] == [(2, 3, 3, 3), (1, 3, 3, 3)]
    (pictures / "dog" / "notes.txt").write_text("")
    (pictures / "notes.txt").write_text("")
    with pytest.warns(UserWarning, match="left out") as caught:
        vision.ImageFolderDataset(pictures)
    assert [str(w.message).partition(" is left out")[0][-9:] for w in caught] == [
        "notes.txt", "notes.txt",
    ]  # fmt: skip


def test_lists_of_images(pictures):
    (pictures / "all.lst").write_text("0\t1.5\tcat/a.png\n7\t2\t3\tdog/c.png\n\n")
    dataset = vision.ImageListDataset(pictures, "all.lst")
    assert len(dataset) == 2 and dataset[1][1].tolist() == [2, 3]
    assert dataset[0][1].dtype == np.float32 and dataset[0][0].shape == (4, 5, 3)
    entries = [[1, "cat/a.png"], [[2, 3], "cat/b.PNG"], (4, 5, "dog/c.png")]
    dataset = vision.ImageListDataset(pictures, entries, flag=0)
    assert [label.tolist() for _, label in dataset] == [[1], [2, 3], [4, 5]]
    assert dataset[2][0].shape == (4, 5, 1)
    for wrong, message in (
        (None, "needs imglist"), ([["cat/a.png"]], "entry 0 .* labels and a path"),
        ([[1, "a"], ["x", "b"]], "entry 1 of the list"), ([[1, 2]], "labels, then a path"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            vision.ImageListDataset(pictures, wrong)


def test_records_of_images(tmp_path):
    pytest.importorskip("PIL.Image")
    pixels = RNG.integers(0, 256, (3, 4, 5, 3), dtype=np.uint8)
    with recordio.MXIndexedRecordIO(tmp_path / "a.idx", tmp_path / "a.rec", "w") as file:
        for number, label in enumerate((1, [2, 3], 4)):
            header = recordio.IRHeader(0, label, number, 0)
            blue_first = np.ascontiguousarray(pixels[number, :, :, ::-1])
            file.write_idx(10 - number, recordio.pack_img(header, blue_first, 9, ".png"))
        file.write_idx(3, recordio.pack((0, 5, 0, 0), b"no image"))
    dataset = vision.ImageRecordDataset(tmp_path / "a.rec")
    assert len(dataset) == 4 and isinstance(dataset[0][0], nd.NDArray)
    assert [(dataset[i][0].asnumpy() == pixels[i]).all() for i in range(3)] == [True] * 3
    assert (dataset[0][1], dataset[1][1].tolist()) == (1, [2, 3])
    assert vision.ImageRecordDataset(tmp_path / "a.rec", 0)[2][0].shape == (4, 5, 1)
    assert vision.ImageRecordDataset(tmp_path / "a.rec", 1, lambda x, y: y * 2)[2] == 8
    assert fetch(dataset, 2)[0].tolist() == pixels[2].tolist()
    with pytest.raises(gx.MXNetError, match=r"record 3 of .*a\.rec: these 8 bytes"):
        dataset[3]
    raw = gluon.data.RecordFileDataset(tmp_path / "a.rec")
    assert recordio.unpack(raw[3])[1] == b"no image"


@pytest.mark.slow
def test_a_program_that_ends_with_an_open_dataset_is_silent(tmp_path):
    with recordio.MXIndexedRecordIO(tmp_path / "a.idx", tmp_path / "a.rec", "w") as file:
        file.write_idx(0, b"x")
    code = f"""
from gluonx import gluon
kept = gluon.data.RecordFileDataset({str(tmp_path / "a.rec")!r})
assert kept[0] == b"x"
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_subclass_with_items_of_its_own_is_not_bypassed(tmp_path):
    write_mnist(tmp_path)

    class Negative(vision.MNIST):
        def __getitem__(self, idx):
            image, label = super().__getitem__(idx)
            return 255 - image, -label

    dataset = Negative(tmp_path)
    batch, labels = next(iter(gluon.data.DataLoader(dataset, 2)))
    assert (batch.asnumpy()[1, ..., 0] == 255 - IMAGES[1]).all()
    assert labels.asnumpy().tolist() == [-3, -1]
    tensors = dataset.transform_first(transforms.ToTensor())
    batch = next(iter(gluon.data.DataLoader(tensors, 2)))[0]
    np.testing.assert_allclose(batch.asnumpy()[1, 0], (255 - IMAGES[1]) / 255, atol=1e-6)


# -- test_utils -----------------------------------------------------------------------------------


def test_mnist_of_test_utils(tmp_path, monkeypatch):
    write_mnist(tmp_path / "home" / "datasets" / "mnist")
    monkeypatch.chdir(tmp_path)
    arrays = gx.test_utils.get_mnist()
    assert arrays["train_data"].shape == (5, 1, 28, 28) and arrays["test_label"].dtype == np.int8
    np.testing.assert_allclose(arrays["train_data"][1, 0], IMAGES[1] / np.float32(255))
    gx.test_utils.get_mnist_ubyte()
    assert (tmp_path / "data" / "train-images-idx3-ubyte").read_bytes() == idx(IMAGES)
    train, test = gx.test_utils.get_mnist_iterator(2, (784,), 2, 1)
    assert len(list(train)) == 1 and test.provide_data[0].shape == (2, 784)
    batch = next(gx.test_utils.get_mnist_iterator(1, (1, 28, 28))[1])
    assert batch.label[0].asscalar() == 3
    np.testing.assert_allclose(batch.data[0].asnumpy()[0, 0], IMAGES[0] / 256, rtol=1e-5)


def test_archives_of_test_utils_are_unpacked_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    nowhere = (tmp_path / "nowhere" / "a.zip").as_uri()
    with pytest.raises(MXNetError, match=r"there is no .*put the file there that was at file:"):
        gx.test_utils.get_zip_data("d", nowhere, "a.zip")
    (tmp_path / "data").mkdir()
    for path in (tmp_path / "a.zip", tmp_path / "data" / "cifar10.zip"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("cifar/train.rec", b"records")
            archive.writestr("../outside.txt", b"")
    gx.test_utils.get_zip_data(tmp_path / "d", (tmp_path / "a.zip").as_uri(), "a.zip")
    gx.test_utils.get_cifar10()
    unpacked = tmp_path / "d" / "cifar" / "train.rec"
    assert unpacked.read_bytes() == (tmp_path / "data/cifar/train.rec").read_bytes() == b"records"
    assert not (tmp_path / "outside.txt").exists()
    unpacked.write_bytes(b"mine")
    gx.test_utils.get_zip_data(tmp_path / "d", nowhere, "a.zip")
    assert unpacked.read_bytes() == b"mine"
    (tmp_path / "bad.zip").write_bytes(b"PK")
    with pytest.raises(MXNetError, match="not a whole zip archive"):
        gx.test_utils.get_zip_data(tmp_path, nowhere, "bad.zip")


def test_compressed_files_of_test_utils(tmp_path, monkeypatch):
    source = tmp_path / "x.bz2"
    source.write_bytes(bz2.compress(b"1 2:3"))
    for _ in range(2):
        gx.test_utils.get_bz2_data(tmp_path / "d", "x", source.as_uri(), "y.bz2")
    assert [p.name for p in (tmp_path / "d").iterdir()] == ["x"]
    assert (tmp_path / "d" / "x").read_bytes() == b"1 2:3"
    gx.test_utils.get_bz2_data(tmp_path, "x", "https://example.org/x.bz2", "x.bz2")
    assert source.exists()
    (tmp_path / "z.bz2").write_bytes(source.read_bytes()[:-4])
    with pytest.raises(MXNetError, match="could not be unpacked"):
        gx.test_utils.get_bz2_data(tmp_path, "z", "https://example.org/z.bz2", "z.bz2")
    assert not (tmp_path / "z").exists()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mnist.pkl.gz").write_bytes(b"")
    gx.test_utils.get_mnist_pkl()


def test_path_of_im2rec(tmp_path, monkeypatch):
    monkeypatch.setenv("MXNET_HOME", str(tmp_path))
    program = gx.test_utils.get_im2rec_path()
    assert program.endswith(os.path.join("gluonx", "tools", "im2rec.py"))
    (tmp_path / "a.jpg").touch()
    paths = os.pathsep.join(p for p in sys.path if p)
    command = [sys.executable, program, "--list", str(tmp_path / "a"), str(tmp_path)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": paths})
    assert (tmp_path / "a.lst").exists()
    (tmp_path / "tools").mkdir()
    mine = tmp_path / "tools" / "im2rec.py"
    mine.touch()
    assert gx.test_utils.get_im2rec_path() == str(mine)
