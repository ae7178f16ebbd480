"""What this installation can do: :class:`Features`, under the names that MXNet has for it."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

from .context import num_gpus

__all__ = ["Feature", "Features", "feature_list"]


def _has(module: str) -> Callable[[], bool]:
    return lambda: importlib.util.find_spec(module) is not None


def _gpu() -> bool:
    return num_gpus() > 0


def _yes() -> bool:
    return True


def _no() -> bool:
    return False


#: Whether there is a feature: what XLA brings, what optional packages bring, and what belongs to
#: MXNet's own build and has no counterpart.
_KNOWN: dict[str, Callable[[], bool]] = {
    "CUDA": _gpu, "CUDNN": _gpu, "NCCL": _gpu, "CUDA_RTC": _no, "TENSORRT": _no,
    "CPU_SSE": _no, "CPU_SSE2": _no, "CPU_SSE3": _no, "CPU_SSE4_1": _no, "CPU_SSE4_2": _no,
    "CPU_SSE4A": _no, "CPU_AVX": _no, "CPU_AVX2": _no, "OPENMP": _no, "SSE": _no, "F16C": _no,
    "JEMALLOC": _no, "BLAS_OPEN": _no, "BLAS_ATLAS": _no, "BLAS_MKL": _no, "BLAS_APPLE": _no,
    "LAPACK": _yes, "MKLDNN": _no, "OPENCV": _has("cv2"), "CAFFE": _no, "PROFILER": _yes,
    "DIST_KVSTORE": _yes, "CXX14": _no, "INT64_TENSOR_SIZE": _no, "SIGNAL_HANDLER": _no,
    "DEBUG": _no, "TVM_OP": _no, "XLA": _yes,
}  # fmt: skip


class Feature:
    """A feature: its ``name``, and whether it is ``enabled``."""

    def __init__(self, name: str, enabled: bool):
        self.name = name
        self.enabled = enabled

    def __repr__(self) -> str:
        return f"{'✔' if self.enabled else '✖'} {self.name}"


def feature_list() -> list[Feature]:
    """All features that have a name."""
    return [Feature(name, there()) for name, there in _KNOWN.items()]


class Features(dict):
    """The features by name.

    Names are MXNet's, and ``XLA``. Which instructions of the processor are used is XLA's decision,
    so these features, and those of MXNet's own build, are never there.

    Examples
    --------
    >>> import gluonx as gx
    >>> features = gx.runtime.Features()
    >>> features.is_enabled('LAPACK'), features.is_enabled('mkldnn')
    (True, False)
    >>> features['XLA']
    ✔ XLA
    """

    def __init__(self) -> None:
        super().__init__((feature.name, feature) for feature in feature_list())

    def is_enabled(self, feature_name: str) -> bool:
        """Whether a feature is there; upper and lower case mean the same.

        Raises
        ------
        RuntimeError
            If no feature has that name.
        """
        name = feature_name.upper()
        if name not in self:
            raise RuntimeError(
                f"there is no feature called {feature_name!r}; there are {', '.join(self)}"
            )
        return self[name].enabled

    def __repr__(self) -> str:
        return str(list(self.values()))
