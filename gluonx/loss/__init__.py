"""Losses: what a network is trained to make small.

Each loss is a block, called as ``loss(pred, label)`` or ``loss(pred, label, sample_weight)``.
Unless it says otherwise it gives one number per sample: the mean over all axes but ``batch_axis``.
"""

from ._base import Loss as Loss
from ._classification import KLDivLoss as KLDivLoss
from ._classification import SigmoidBCELoss as SigmoidBCELoss
from ._classification import SigmoidBinaryCrossEntropyLoss as SigmoidBinaryCrossEntropyLoss
from ._classification import SoftmaxCELoss as SoftmaxCELoss
from ._classification import SoftmaxCrossEntropyLoss as SoftmaxCrossEntropyLoss
from ._ctc import CTCLoss as CTCLoss
from ._margin import CosineEmbeddingLoss as CosineEmbeddingLoss
from ._margin import HingeLoss as HingeLoss
from ._margin import LogisticLoss as LogisticLoss
from ._margin import SquaredHingeLoss as SquaredHingeLoss
from ._margin import TripletLoss as TripletLoss
from ._metric_learning import SDMLLoss as SDMLLoss
from ._regression import HuberLoss as HuberLoss
from ._regression import L1Loss as L1Loss
from ._regression import L2Loss as L2Loss
from ._regression import PoissonNLLLoss as PoissonNLLLoss

__all__ = [
    "CTCLoss",
    "CosineEmbeddingLoss",
    "HingeLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "L2Loss",
    "LogisticLoss",
    "Loss",
    "PoissonNLLLoss",
    "SDMLLoss",
    "SigmoidBCELoss",
    "SigmoidBinaryCrossEntropyLoss",
    "SoftmaxCELoss",
    "SoftmaxCrossEntropyLoss",
    "SquaredHingeLoss",
    "TripletLoss",
]
