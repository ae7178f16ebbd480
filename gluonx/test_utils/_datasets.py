"""Data for examples and tests, from files on this machine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from ..data._files import folder, need_files
from ..data.vision._downloaded import MNIST, read_idx
from ..download import download as _download
from ..error import MXNetError
from ..io import NDArrayIter
from ..serialization.files import open_write

__all__ = [
    "download", "get_bz2_data", "get_cifar10", "get_im2rec_path", "get_mnist", "get_mnist_iterator",
    "get_mnist_pkl", "get_mnist_ubyte", "get_zip_data",
]  # fmt: skip


def download(
    url: str,
    fname: str | None = None,
    dirname: str | None = None,
    overwrite: bool = False,
    retries: int = 5,
) -> str:
    """Fetch a file, unless it is there already; see :func:`gluonx.gluon.utils.download`.

    Parameters
    ----------
    url : str
        Where it is.
    fname : str, optional
        What to call it; as in the URL by default.
    dirname : str, optional
        Into which folder, which is made if need be.
    overwrite : bool
        Whether to fetch it even if it is there.
    retries : int
        How often to try again.

    Returns
    -------
    str
        The path of the file.
    """
    path = fname or url.rpartition("/")[2]
    if dirname is not None:
        path = os.path.join(dirname, path)
    return _download(url, path, overwrite, retries=retries)


def _mnist_folder(path: str | os.PathLike | None) -> Path:
    if path is None and any(Path("data").glob("*-ubyte*")):
        return Path("data")
    return folder(path, "datasets", "mnist")


def get_mnist(path: str | os.PathLike | None = None) -> dict[str, np.ndarray]:
    """The whole of MNIST as NumPy arrays.

    Parameters
    ----------
    path : str or os.PathLike, optional
        The folder of the files, see :class:`gluonx.data.vision.MNIST`; by default ``data`` if they
        are there, else MNIST's own.

    Returns
    -------
    dict
        ``train_data`` and ``test_data``, float32 from 0 to 1, shape (N, 1, 28, 28);
        ``train_label`` and ``test_label``, int8.
    """
    files = need_files(_mnist_folder(path), dict(MNIST._files), "gluon/dataset/mnist")
    train_images, train_labels, test_images, test_labels = map(read_idx, files)
    return {
        "train_data": train_images[:, None].astype(np.float32) / 255,
        "train_label": train_labels.astype(np.int8),
        "test_data": test_images[:, None].astype(np.float32) / 255,
        "test_label": test_labels.astype(np.int8),
    }


def get_mnist_ubyte(path: str | os.PathLike | None = None) -> None:
    """Unpack the files of MNIST into the folder ``data``, for ``io.MNISTIter``.

    Parameters
    ----------
    path : str or os.PathLike, optional
        The folder of the files, as for :func:`get_mnist`.
    """
    files = need_files(_mnist_folder(path), dict(MNIST._files), "gluon/dataset/mnist")
    Path("data").mkdir(exist_ok=True)
    for name, file in zip(dict(MNIST._files), files, strict=True):
        target = Path("data") / name.removesuffix(".gz")
        if not target.exists():
            array = read_idx(file)
            lengths = b"".join(n.to_bytes(4, "big") for n in array.shape)
            target.write_bytes(bytes([0, 0, 8, array.ndim]) + lengths + array.tobytes())


def get_mnist_iterator(
    batch_size: int,
    input_shape: tuple[int, ...],
    num_parts: int = 1,
    part_index: int = 0,
    path: str | os.PathLike | None = None,
) -> tuple[Any, Any]:
    """Iterators over the parts of MNIST to train on and to test with.

    Pixels are divided by 256, the part to train on is shuffled, and a shorter batch at the end is
    left out, as by MXNet's ``MNISTIter``.

    Parameters
    ----------
    batch_size : int
        Number of images in a batch.
    input_shape : tuple of int
        (1, 28, 28), or (784,) for flat images.
    num_parts, part_index : int
        Into how many parts to cut the data, and which one to give.
    path : str or os.PathLike, optional
        The folder of the files, as for :func:`get_mnist`.

    Returns
    -------
    (NDArrayIter, NDArrayIter)
    """
    if not 0 <= part_index < num_parts:
        raise ValueError(f"there is no part {part_index} of {num_parts}")
    arrays = get_mnist(path)
    iterators = []
    for part in ("train", "test"):
        images = arrays[f"{part}_data"] * np.float32(255 / 256)
        labels = arrays[f"{part}_label"].astype(np.float32)
        start, end = (len(labels) * i // num_parts for i in (part_index, part_index + 1))
        images = images[start:end].reshape(-1, *input_shape)
        iterators.append(
            NDArrayIter(
                images, labels[start:end], batch_size, part == "train", "discard",
                label_name="softmax_label",
            )
        )  # fmt: skip
    return iterators[0], iterators[1]


def _need(path: Path, url: str, instead: str = "") -> Path:
    """A file, which is fetched if it is not there."""
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _download(url, path, retries=1)
        except (MXNetError, OSError) as e:
            raise MXNetError(
                f"there is no {path}; put the file there that was at {url}{instead}. It could not "
                f"be fetched: {e}"
            ) from None
    return path


def get_mnist_pkl() -> None:
    """See to it that MNIST is in the file ``data/mnist.pkl.gz``, which is not read.

    It is a pickle, which runs code when it is loaded; :func:`get_mnist` needs none.

    Raises
    ------
    MXNetError
        If the file is neither there nor can be fetched.
    """
    _need(Path("data/mnist.pkl.gz"), "http://deeplearning.net/data/mnist/mnist.pkl.gz")


def get_cifar10() -> None:
    """See to it that CIFAR10 is in the folder ``data/cifar``, for ``io.ImageRecordIter``.

    The files are ``train.rec``, ``test.rec``, ``train.lst`` and ``test.lst``. If they are not all
    there, they are taken from ``data/cifar10.zip``, where they lie in the folder ``cifar``; and
    that is fetched if need be.

    Raises
    ------
    MXNetError
        If the files are neither there nor can be fetched.
    """
    names = [f"{part}.{kind}" for part in ("train", "test") for kind in ("rec", "lst")]
    files = [Path("data/cifar") / name for name in names]
    if not all(file.exists() for file in files):
        instead = f", or {', '.join(names)} into {files[0].parent}"
        url = "http://data.mxnet.io/mxnet/data/cifar10.zip"
        _unzip(_need(Path("data/cifar10.zip"), url, instead))


def get_zip_data(data_dir: str | os.PathLike, url: str, data_origin_name: str) -> None:
    """Unpack a zip archive into its folder, except for what is there already.

    Parameters
    ----------
    data_dir : str or os.PathLike
        The folder.
    url : str
        Where to fetch the archive if it is not there.
    data_origin_name : str
        The archive's name.

    Raises
    ------
    MXNetError
        If the archive is neither there nor can be fetched, or is damaged.

    Examples
    --------
    >>> import pathlib, tempfile, zipfile
    >>> from gluonx import test_utils
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> with zipfile.ZipFile(folder / 'words.zip', 'w') as archive:
    ...     archive.writestr('words/a.txt', 'hello')
    >>> test_utils.get_zip_data(folder, 'https://example.org/words.zip', 'words.zip')
    >>> (folder / 'words' / 'a.txt').read_text()
    'hello'
    """
    _unzip(_need(Path(data_dir) / data_origin_name, url))


def _unzip(path: Path) -> None:
    import zipfile  # not above: rarely needed, and slow to import

    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if not (path.parent / member.filename).exists():
                    archive.extract(member, path.parent)  # never outside of that folder
    except zipfile.BadZipFile as e:
        raise MXNetError(f"{path} is not a whole zip archive: {e}; replace it") from None


def get_bz2_data(
    data_dir: str | os.PathLike, data_name: str, url: str, data_origin_name: str
) -> None:
    """Unpack a file that bzip2 compressed, unless that was done already.

    Parameters
    ----------
    data_dir : str or os.PathLike
        The folder of both files.
    data_name : str
        What to call the unpacked file.
    url : str
        Where to fetch the compressed one if it is not there; what was fetched is deleted then.
    data_origin_name : str
        The compressed file's name.

    Raises
    ------
    MXNetError
        If the file is neither there nor can be fetched, or is damaged.
    """
    import bz2  # not above: rarely needed

    path, origin = Path(data_dir) / data_name, Path(data_dir) / data_origin_name
    if path.exists():
        return
    own = origin.exists()
    _need(origin, url, f", or what is in it at {path}")
    try:
        with bz2.open(origin) as source, open_write(path) as file:
            shutil.copyfileobj(source, file)
    except (OSError, EOFError) as e:
        raise MXNetError(f"{origin} could not be unpacked to {path}: {e}") from None
    if not own:
        origin.unlink()


def get_im2rec_path(home_env: str = "MXNET_HOME") -> str:
    """The path of the program that packs images into a file of records.

    Parameters
    ----------
    home_env : str
        Environment variable with a folder whose ``tools/im2rec.py`` is preferred, if it is there.

    Returns
    -------
    str
    """
    from ..tools import im2rec  # not above: a program

    other = Path(os.environ.get(home_env, ""), "tools", "im2rec.py")
    return str(other) if home_env in os.environ and other.is_file() else im2rec.__file__
