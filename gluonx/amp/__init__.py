"""Automatic mixed precision: products in 16 bits, the rest where it is safe, weights in 32.

Call :func:`init` once at the start. With bfloat16 that is all; with float16 gradients may
underflow, so the loss is scaled (Micikevicius et al., "Mixed precision training", ICLR 2018)::

    amp.init('float16')
    trainer = gluon.Trainer(net.collect_params(), 'sgd')
    amp.init_trainer(trainer)
    with autograd.record():
        loss = loss_function(net(x), y)
        with amp.scale_loss(loss, trainer) as scaled:
            autograd.backward(scaled)
    trainer.step(batch_size)
"""

from .convert import convert_hybrid_block as convert_hybrid_block
from .convert_symbol import convert_model as convert_model
from .convert_symbol import convert_symbol as convert_symbol
from .loss_scaler import LossScaler as LossScaler
from .loss_scaler import init_trainer as init_trainer
from .loss_scaler import scale_loss as scale_loss
from .loss_scaler import unscale as unscale
from .switch import disable as disable
from .switch import init as init
from .switch import list_conditional_fp32_ops as list_conditional_fp32_ops
from .switch import list_fp32_ops as list_fp32_ops
from .switch import list_loss_output_functions as list_loss_output_functions
from .switch import list_lp16_fp32_ops as list_lp16_fp32_ops
from .switch import list_lp16_ops as list_lp16_ops
from .switch import list_lp16_use_fp32_params as list_lp16_use_fp32_params
from .switch import list_widest_type_cast as list_widest_type_cast

__all__ = [
    "LossScaler",
    "convert_hybrid_block",
    "convert_model",
    "convert_symbol",
    "disable",
    "init",
    "init_trainer",
    "list_conditional_fp32_ops",
    "list_fp32_ops",
    "list_loss_output_functions",
    "list_lp16_fp32_ops",
    "list_lp16_ops",
    "list_lp16_use_fp32_params",
    "list_widest_type_cast",
    "scale_loss",
    "unscale",
]
