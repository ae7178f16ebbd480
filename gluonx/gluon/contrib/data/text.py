"""Datasets of texts; they are those of :mod:`gluonx.data.text`."""

from ....data.text import WikiText2 as WikiText2
from ....data.text import WikiText103 as WikiText103

__all__ = ["WikiText103", "WikiText2"]
