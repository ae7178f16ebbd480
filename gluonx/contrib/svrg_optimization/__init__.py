"""Stochastic variance-reduced gradients for modules."""

from . import svrg_module as svrg_module
from .svrg_module import SVRGModule as SVRGModule

__all__ = ["SVRGModule", "svrg_module"]
