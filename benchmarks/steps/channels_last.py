"""Weights and images for frameworks whose arrays end with the channels."""

from __future__ import annotations

import numpy as np

from .work import Weights, Work


def channels_last(work: Work) -> tuple[Weights, list[tuple[np.ndarray, np.ndarray]]]:
    """A workload's weights as (in, out) and (height, width, in, out), and its batches."""
    weights = {}
    for name, w in work.weights.items():
        if w.ndim == 4:
            w = w.transpose(2, 3, 1, 0)
        elif name.endswith(".weight"):
            if work.net == "lenet" and name == "fc0.weight":  # its inputs are flattened images
                w = w.reshape(500, 50, 4, 4).transpose(0, 2, 3, 1).reshape(500, 800)
            w = w.T
        weights[name] = np.ascontiguousarray(w)
    batches = [
        (np.ascontiguousarray(x.transpose(0, 2, 3, 1)) if x.ndim == 4 else x, y)
        for x, y in work.batches
    ]
    return weights, batches
