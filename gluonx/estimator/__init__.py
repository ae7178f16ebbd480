"""Training loops: an :class:`Estimator` runs one, handlers act at its events."""

from .batch import BatchProcessor as BatchProcessor
from .checkpoint import CheckpointHandler as CheckpointHandler
from .checkpoint import EarlyStoppingHandler as EarlyStoppingHandler
from .estimator import Estimator as Estimator
from .events import BatchBegin as BatchBegin
from .events import BatchEnd as BatchEnd
from .events import EpochBegin as EpochBegin
from .events import EpochEnd as EpochEnd
from .events import EventHandler as EventHandler
from .events import TrainBegin as TrainBegin
from .events import TrainEnd as TrainEnd
from .handlers import GradientUpdateHandler as GradientUpdateHandler
from .handlers import LoggingHandler as LoggingHandler
from .handlers import MetricHandler as MetricHandler
from .handlers import StoppingHandler as StoppingHandler
from .handlers import ValidationHandler as ValidationHandler
from .progress import ProgressBarHandler as ProgressBarHandler
from .tensorboard import TensorBoardHandler as TensorBoardHandler

__all__ = [
    "BatchBegin",
    "BatchEnd",
    "BatchProcessor",
    "CheckpointHandler",
    "EarlyStoppingHandler",
    "EpochBegin",
    "EpochEnd",
    "Estimator",
    "EventHandler",
    "GradientUpdateHandler",
    "LoggingHandler",
    "MetricHandler",
    "ProgressBarHandler",
    "StoppingHandler",
    "TensorBoardHandler",
    "TrainBegin",
    "TrainEnd",
    "ValidationHandler",
]
