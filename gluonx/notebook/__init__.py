"""Watching the training of a module in a notebook."""

from . import callback as callback

__all__ = ["callback"]
