"""Metrics: how well a model does, added up over batches.

``update(labels, preds)`` takes one batch into account, ``get()`` gives name and value. The losses,
counts and errors of a batch stay on the device until ``get()``, so that a training loop does not
wait for them.
"""

from ._base import EvalMetric as EvalMetric
from ._base import alias as alias
from ._base import check_label_shapes as check_label_shapes
from ._base import create as create
from ._base import register as register
from ._binary import F1 as F1
from ._binary import MCC as MCC
from ._binary import PCC as PCC
from ._classification import Accuracy as Accuracy
from ._classification import CrossEntropy as CrossEntropy
from ._classification import NegativeLogLikelihood as NegativeLogLikelihood
from ._classification import Perplexity as Perplexity
from ._classification import TopKAccuracy as TopKAccuracy
from ._general import Caffe as Caffe
from ._general import CompositeEvalMetric as CompositeEvalMetric
from ._general import CustomMetric as CustomMetric
from ._general import Loss as Loss
from ._general import Torch as Torch
from ._general import np as np
from ._regression import MAE as MAE
from ._regression import MSE as MSE
from ._regression import RMSE as RMSE
from ._regression import PearsonCorrelation as PearsonCorrelation

__all__ = [
    "Accuracy",
    "Caffe",
    "CompositeEvalMetric",
    "CrossEntropy",
    "CustomMetric",
    "EvalMetric",
    "F1",
    "Loss",
    "MAE",
    "MCC",
    "MSE",
    "NegativeLogLikelihood",
    "PCC",
    "PearsonCorrelation",
    "Perplexity",
    "RMSE",
    "TopKAccuracy",
    "Torch",
    "alias",
    "check_label_shapes",
    "create",
    "register",
]
