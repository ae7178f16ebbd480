"""``nd.image``: operators on images, (height, width, channel) or with a batch axis before."""

# Made by tools/make_stubs.py; changes here are lost.

from collections.abc import Sequence
from typing import Any

import numpy as np
from ..context import Context
from .ndarray import NDArray

_Shape = int | Sequence[int]
_DType = str | type | np.dtype[Any]

