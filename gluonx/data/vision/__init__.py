"""Datasets of images."""

from gluonx.data.vision._digits import Digits as Digits

__all__ = ["Digits"]
