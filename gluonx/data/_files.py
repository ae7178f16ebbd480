"""Files of published data sets: in a folder of this machine, or fetched into it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ..download import check_sha1, download
from ..error import MXNetError
from ..serialization.files import open_write

__all__ = ["folder", "need_files", "repository_url"]


def folder(root: str | os.PathLike | None, *names: str) -> Path:
    """The folder of a data set: ``root``, or below ``$MXNET_HOME`` or ``~/.mxnet``."""
    if root is not None:
        return Path(root).expanduser()
    home = os.environ.get("MXNET_HOME")
    return (Path(home).expanduser() if home else Path.home() / ".mxnet").joinpath(*names)


def repository_url(namespace: str, name: str) -> str:
    """Where MXNet kept a file; ``$MXNET_GLUON_REPO`` names another place with the same folders."""
    base = os.environ.get(
        "MXNET_GLUON_REPO", "https://apache-mxnet.s3-accelerate.dualstack.amazonaws.com/"
    )
    return f"{base.rstrip('/')}/{namespace}/{name}"


def need_files(
    root: Path, files: Mapping[str, str], namespace: str, archive: tuple[str, str] | None = None
) -> list[Path]:
    """The paths of files in a folder, which are fetched if they are not all there.

    What is there is taken as it is, whatever its checksum: it may be the user's own, in the same
    format. What is fetched is checked.

    Parameters
    ----------
    root : Path
        The folder. A file may also lie there with ``.gz`` behind its name, or without it.
    files : mapping
        From names to SHA-1 checksums.
    namespace : str
        Their folder in the repository.
    archive : (str, str), optional
        Name and checksum of the tar or zip archive that holds them, if they are not there one by
        one.

    Raises
    ------
    MXNetError
        If they can neither be found nor fetched; names all of them.
    """
    found = {name: _present(root, name) for name in files}
    missing = [name for name, path in found.items() if path is None]
    if not missing:
        return [path for path in found.values() if path is not None]
    try:
        if archive is None:
            for name in missing:
                download(repository_url(namespace, name), root / name, True, files[name], retries=1)
        else:
            name, sha1 = archive
            path, expected = root / name, dict.fromkeys(files, "")
            if not path.is_file():
                download(repository_url(namespace, name), path, sha1_hash=sha1, retries=1)
                expected = files
            _unpack(path, root, expected)
    except (MXNetError, OSError) as e:
        whole = f", or the archive {archive[0]}, from which they are taken" if archive else ""
        raise MXNetError(
            f"these files are not in the folder {root}: {', '.join(missing)}; put them "
            f"there{whole}. They could not be fetched: {e}"
        ) from None
    return [root / name for name in files]


def _present(root: Path, name: str) -> Path | None:
    other = name.removesuffix(".gz") if name.endswith(".gz") else name + ".gz"
    for path in (root / name, root / other):
        if path.is_file():
            return path
    return None


def _unpack(archive: Path, root: Path, files: Mapping[str, str]) -> None:
    """Write the named files of an archive, wherever in it they lie, into the folder."""
    import tarfile  # not above: rarely needed, and slow to import
    import zipfile

    left = set(files)
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as source:
            for member in source.infolist():
                name = member.filename.rpartition("/")[2]
                if name in left:
                    with source.open(member) as data:
                        _write(data, root / name, files[name])
                    left.discard(name)
    else:
        with tarfile.open(archive) as source:
            for member in source:
                name = member.name.rpartition("/")[2]
                data = source.extractfile(member) if name in left and member.isfile() else None
                if data is not None:
                    _write(data, root / name, files[name])
                    left.discard(name)
    if left:
        raise MXNetError(f"the archive {archive} has no {', '.join(sorted(left))}")


def _write(source, path: Path, sha1: str) -> None:
    with open_write(path) as file:
        while block := source.read(1 << 20):
            file.write(block)
    if sha1 and not check_sha1(path, sha1):
        path.unlink()
        raise MXNetError(f"{path.name} in the archive does not have the SHA-1 checksum {sha1}")
