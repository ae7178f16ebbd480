"""The reference with the language model's residual stream in bfloat16."""

from __future__ import annotations

import jax.numpy as jnp

from . import hand
from .work import Work

RECIPE = "as hand, but the language model's residual stream is bfloat16"


class Column(hand.Column):
    stream = jnp.bfloat16

    def __init__(self, work: Work):
        if work.net != "gpt":
            raise RuntimeError("only the language model differs from hand")
        super().__init__(work)
