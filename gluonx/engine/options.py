"""What XLA is told: about a device that it compiles for, and about parts of a program."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from importlib import metadata
from typing import Any

import jax
from jax.experimental.xla_metadata import set_xla_metadata

__all__ = ["apart", "compiler_options"]

_YNN = "xla_cpu_experimental_ynn_fusion_type"
#: Without convolutions: jaxlib 0.10 makes those with YNNPACK, which on few channels takes twice as
#: long as XLA's other way, Eigen. In 0.12 both are as fast. DOT, where XLA says INDIVIDUAL_DOT:
#: a product with what is done to its result (bias, activation, softmax), which is then not kept.
_NO_CONVOLUTIONS = "LIBRARY_FUSION_TYPE_DOT,LIBRARY_FUSION_TYPE_REDUCE"


def compiler_options(device: Any) -> dict[str, Any] | None:
    """The argument of ``jax.jit`` of this name for work on a device or with a sharding, None where
    XLA is to do as it does. What the user sets in ``XLA_FLAGS`` stays."""
    if isinstance(device, jax.sharding.Sharding):
        device = next(iter(device.device_set))
    return _for_platform(device.platform, os.environ.get("XLA_FLAGS", ""))


@functools.lru_cache(maxsize=8)
def _for_platform(platform: str, flags: str) -> dict[str, Any] | None:
    if platform != "cpu" or _YNN in flags or not metadata.version("jaxlib").startswith("0.10."):
        return None
    return {_YNN: _NO_CONVOLUTIONS}


def apart(function: Callable, static_argnums: tuple[int, ...] = ()) -> Callable:
    """A function whose results XLA puts into memory, once, whoever uses them.

    XLA calls it, where other functions become part of what is around them. What is called several
    times with one shape is compiled once.
    """
    compiled = jax.jit(function, static_argnums=static_argnums)

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        with set_xla_metadata(inlineable="false"):
            return compiled(*arguments)

    return call
