"""Datasets of images, and transforms."""

from . import transforms as transforms
from ._digits import Digits as Digits

__all__ = ["Digits", "transforms"]
