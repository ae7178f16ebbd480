"""gluonx: Gluon on XLA, imperative deep learning at compiled speed.

``import gluonx as mx`` runs MXNet 1.x code.
"""

from . import amp as amp
from . import attribute as attribute
from . import autograd as autograd
from . import base as base
from . import callback as callback
from . import context as context
from . import contrib as contrib
from . import data as data
from . import engine as engine
from . import error as error
from . import estimator as estimator
from . import executor as executor
from . import executor_manager as executor_manager
from . import gluon as gluon
from . import hosts as hosts
from . import image as image
from . import initializer as initializer
from . import io as io
from . import kvstore as kvstore
from . import libinfo as libinfo
from . import log as log
from . import loss as loss
from . import lr_scheduler as lr_scheduler
from . import mesh as mesh
from . import metric as metric
from . import model as model
from . import module as module
from . import monitor as monitor
from . import name as name
from . import narray as narray
from . import ndarray as ndarray
from . import nn as nn
from . import notebook as notebook
from . import operator as operator
from . import optimizer as optimizer
from . import profiler as profiler
from . import random as random
from . import recordio as recordio
from . import registry as registry
from . import rnn as rnn
from . import runtime as runtime
from . import symbol as symbol
from . import test_utils as test_utils
from . import util as util
from . import visualization as visualization
from .attribute import AttrScope as AttrScope
from .block import Block as Block
from .block import HybridBlock as HybridBlock
from .context import Context as Context
from .context import cpu as cpu
from .context import cpu_pinned as cpu_pinned
from .context import current_context as current_context
from .context import gpu as gpu
from .context import num_gpus as num_gpus
from .custom import op as op
from .error import MXNetError as MXNetError
from .parameter import Parameter as Parameter
from .parameter import ParameterDict as ParameterDict
from .trainer import Trainer as Trainer
from .util import is_np_array as is_np_array
from .util import is_np_shape as is_np_shape
from .util import np_array as np_array
from .util import np_shape as np_shape
from .util import set_np_shape as set_np_shape
from .util import use_np as use_np
from .util import use_np_array as use_np_array
from .util import use_np_shape as use_np_shape

nd = ndarray
sym = symbol
init = initializer
img = image
kv = kvstore
mod = module
mon = monitor
rnd = random
viz = visualization

from . import _spellings as _spellings  # noqa: E402  # all modules are there now

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Flat names: ``gx.zeros`` is ``nd.zeros``; operators take NDArrays or Symbols."""
    if not name.startswith("_"):
        if name in ("array", "empty", "zeros", "ones", "full", "arange", "linspace", "eye"):
            return getattr(ndarray, name)
        if hasattr(symbol, name):
            return getattr(symbol, name)
    raise AttributeError(f"module 'gluonx' has no attribute {name!r}")
