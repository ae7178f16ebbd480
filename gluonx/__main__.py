"""The program ``gluonx``, which is also ``python -m gluonx``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from .error import MXNetError
from .tools import convert, im2rec

__all__ = ["main"]

_COMMANDS = {
    "convert": (convert, "convert a file of arrays between MXNet's format and safetensors"),
    "im2rec": (im2rec, "list images, or pack them into a file of records"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; errors are one line on stderr.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the command line.

    Returns
    -------
    int
        The exit status.
    """
    parser = argparse.ArgumentParser(prog="gluonx", description="Gluon on XLA.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, (module, text) in _COMMANDS.items():
        module.add_arguments(commands.add_parser(name, help=text, description=text))
    parsed = parser.parse_args(arguments)
    return guarded(_COMMANDS[parsed.command][0].main, parsed)


def guarded(command: object, parsed: argparse.Namespace) -> int:
    """The exit status of a command; an error of the user is one line on stderr."""
    try:
        return command(parsed)  # type: ignore[operator]
    except (MXNetError, OSError, ValueError) as e:
        print(f"gluonx: {e}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
