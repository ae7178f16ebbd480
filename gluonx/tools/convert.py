"""``gluonx convert``: a file of arrays in another format."""

from __future__ import annotations

import argparse
import io

from ..error import MXNetError
from ..serialization import arrays
from ..serialization.files import open_read, open_write

__all__ = ["add_arguments", "convert", "main"]

_SUFFIXES = (".params", ".nd", ".safetensors")
_PREFIXES = ("arg:", "aux:")


def convert(source: str, target: str, strip_prefix: bool = False) -> int:
    """Write the arrays of one file to another one, whose suffix says the format.

    Element types and names stay. Nothing is executed.

    Parameters
    ----------
    source : str
        A file in MXNet's format, safetensors or npz. A path, or a URL if fsspec is installed.
    target : str
        Ends in ``.params`` or ``.nd`` (MXNet's format), or ``.safetensors``.
    strip_prefix : bool
        Whether ``arg:`` and ``aux:``, which exported networks have before the names of parameters
        and of auxiliary states, are left out.

    Returns
    -------
    int
        How many arrays there are.

    Raises
    ------
    MXNetError
        If a file cannot be read or written, or its format has no such array.
    """
    if not target.endswith(_SUFFIXES):
        raise MXNetError(
            f"{target}: the suffix says the format to write, so it must be one of "
            f"{', '.join(_SUFFIXES)}"
        )
    with open_read(source) as file:
        found, names = arrays.load(file, source, mapped=isinstance(file, io.BufferedReader))
        if strip_prefix:
            stripped = [name[4:] if name.startswith(_PREFIXES) else name for name in names]
            twice = sorted({name for name in stripped if stripped.count(name) > 1})
            if twice:
                raise MXNetError(
                    f"{source}: without prefixes these names would occur twice: {', '.join(twice)}"
                )
            names = stripped
        pieces = arrays.dump(target, found, names)
        with open_write(target) as out:
            for piece in pieces:
                out.write(piece)
    return len(found)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("source", help="file in MXNet's format, safetensors or npz")
    parser.add_argument(
        "target", help=f"file to write; its suffix ({', '.join(_SUFFIXES)}) says the format"
    )
    parser.add_argument(
        "--strip-prefix",
        action="store_true",
        help="leave out arg: and aux: before the names of an exported network",
    )


def main(arguments: argparse.Namespace) -> int:
    """Run the command."""
    count = convert(arguments.source, arguments.target, arguments.strip_prefix)
    print(f"{arguments.target}: {count} arrays")
    return 0
