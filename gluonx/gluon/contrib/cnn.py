"""Convolutions in ``gluon.contrib.cnn``; they are those of ``gluonx.nn``."""

from ...nn import DeformableConvolution as DeformableConvolution
from ...nn import ModulatedDeformableConvolution as ModulatedDeformableConvolution

__all__ = ["DeformableConvolution", "ModulatedDeformableConvolution"]
