"""MXNet's second name of a sampler in :mod:`gluonx.data`."""

from ....data import IntervalSampler as IntervalSampler

__all__ = ["IntervalSampler"]
