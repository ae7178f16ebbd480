"""Further datasets and samplers: ``gluon.contrib.data``."""

from . import sampler as sampler
from . import text as text
from .sampler import IntervalSampler as IntervalSampler

__all__ = ["IntervalSampler", "sampler", "text"]
