"""Datasets, the order of their items, and batches."""

from . import batchify as batchify
from . import text as text
from . import vision as vision
from ._rng import generator as generator
from .dataloader import DataLoader as DataLoader
from .dataset import ArrayDataset as ArrayDataset
from .dataset import Dataset as Dataset
from .dataset import RecordFileDataset as RecordFileDataset
from .dataset import SimpleDataset as SimpleDataset
from .sampler import BatchSampler as BatchSampler
from .sampler import BucketSampler as BucketSampler
from .sampler import FilterSampler as FilterSampler
from .sampler import IntervalSampler as IntervalSampler
from .sampler import RandomSampler as RandomSampler
from .sampler import Sampler as Sampler
from .sampler import SequentialSampler as SequentialSampler
from .sampler import SplitSampler as SplitSampler

__all__ = [
    "ArrayDataset",
    "BatchSampler",
    "BucketSampler",
    "DataLoader",
    "Dataset",
    "FilterSampler",
    "IntervalSampler",
    "RandomSampler",
    "RecordFileDataset",
    "Sampler",
    "SequentialSampler",
    "SimpleDataset",
    "SplitSampler",
    "batchify",
    "generator",
    "text",
    "vision",
]
