"""Fetching files by URL."""

from __future__ import annotations

import hashlib
import os
import ssl
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from .error import MXNetError
from .serialization.files import open_write

__all__ = ["check_sha1", "download"]


def check_sha1(filename: str | os.PathLike, sha1_hash: str) -> bool:
    """Whether a file has the given SHA-1 checksum.

    Parameters
    ----------
    filename : str or path
        The file.
    sha1_hash : str
        The checksum, in hexadecimal digits.
    """
    with open(filename, "rb") as file:
        return hashlib.file_digest(file, "sha1").hexdigest() == sha1_hash.lower()


def download(
    url: str,
    path: str | os.PathLike | None = None,
    overwrite: bool = False,
    sha1_hash: str | None = None,
    retries: int = 5,
    verify_ssl: bool = True,
) -> str:
    """Fetch a file, unless it is there already.

    Parameters
    ----------
    url : str
        An http, https, ftp or file URL.
    path : str or path, optional
        Where to put it: a file, or an existing folder. By default the name in the URL, in the
        current folder.
    overwrite : bool
        Whether to fetch it even if it is there.
    sha1_hash : str, optional
        The SHA-1 checksum. A file with another one is fetched again.
    retries : int
        How often to try again.
    verify_ssl : bool
        Whether to check the certificate of the server.

    Returns
    -------
    str
        The path of the file. It is there whole, or not at all.

    Raises
    ------
    ValueError
        If the URL has no file name and ``path`` gives none, or ``retries`` is negative.
    MXNetError
        If it cannot be fetched, or has another checksum.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from gluonx import gluon
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / 'a.txt').write_text('hello')
    >>> found = gluon.utils.download((folder / 'a.txt').as_uri(), folder / 'b.txt')
    >>> pathlib.Path(found).read_text()
    'hello'
    """
    if retries < 0:
        raise ValueError(f"retries must not be negative, got {retries}")
    name = urllib.parse.unquote(urllib.parse.urlparse(url).path).rpartition("/")[2]
    target = Path(path if path is not None else name).expanduser()
    if path is not None and target.is_dir():
        target = target / name
    if (path is None or target.is_dir()) and not name:
        raise ValueError(f"the URL {url!r} does not end with the name of a file; give path")
    if target.exists() and not overwrite and (not sha1_hash or check_sha1(target, sha1_hash)):
        return str(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in range(retries, -1, -1):
        try:
            _fetch(url, target, sha1_hash, verify_ssl)
            return str(target)
        except urllib.error.HTTPError as e:
            error: Exception = e
            if e.code < 500:  # it will not be there the next time either
                break
        except (OSError, MXNetError) as e:
            error = e
            if url.startswith("file:") or not left:
                break
    raise MXNetError(
        f"cannot fetch {url}: {error}. If this machine has no network, put the file at {target} "
        "yourself"
    ) from None


def _unchecked() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _fetch(url: str, target: Path, sha1_hash: str | None, verify_ssl: bool) -> None:
    more: dict[str, Any] = {}
    if url.startswith("https:") and not verify_ssl:
        more["context"] = _unchecked()
    with urllib.request.urlopen(url, timeout=60, **more) as source, open_write(target) as file:
        digest, count = hashlib.sha1(usedforsecurity=False), 0
        while block := source.read(1 << 20):
            digest.update(block)
            count += len(block)
            file.write(block)
        length = source.headers.get("Content-Length")
        if length is not None and int(length) != count:
            raise MXNetError(f"the line was cut: {count} bytes of {length} came")
        if sha1_hash and digest.hexdigest() != sha1_hash.lower():
            raise MXNetError(
                f"the SHA-1 checksum is {digest.hexdigest()}, expected {sha1_hash.lower()}"
            )
