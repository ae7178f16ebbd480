"""The loss of sequences without alignment."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ._base import Loss

__all__ = ["CTCLoss"]


class CTCLoss(Loss):
    r"""Connectionist temporal classification: minus the logarithm of a label's probability.

    All alignments of the label to the sequence of predictions count; see ``nd.CTCLoss``. The last
    class is the blank. Graves et al., "Connectionist temporal classification: labelling unsegmented
    sequence data with recurrent neural networks", ICML 2006.

    Parameters
    ----------
    layout : {'NTC', 'TNC'}
        Order of samples, time and classes in the predictions.
    label_layout : {'NT', 'TN'}
        Order of samples and time in the labels.
    weight : float or None
        What the loss is multiplied by.
    **kwargs
        ``prefix`` and ``params``, see :class:`gluonx.gluon.Block`.

    Inputs
    ------
    pred : NDArray, shape (N, T, C) or (T, N, C)
        Activations, before a softmax.
    label : NDArray, shape (N, L) or (L, N)
        Classes from 0 to C - 2, padded with -1.
    pred_lengths, label_lengths : NDArray, optional
        How many predictions belong to each sample, and how many classes; shape (N,). By default
        all predictions, and the classes before the first -1.
    sample_weight : NDArray, optional
        Multiplies the loss; shape (N,).

    Outputs
    -------
    loss : NDArray, shape (N,)
        0 for a sample whose label is too long for its predictions.

    Raises
    ------
    ValueError
        For another layout.

    Examples
    --------
    >>> from gluonx import gluon, nd
    >>> loss = gluon.loss.CTCLoss()
    >>> loss(nd.zeros((1, 4, 3)), nd.array([[0, 1]])).round().asnumpy().tolist()
    [2.0]
    """

    def __init__(
        self, layout: str = "NTC", label_layout: str = "NT", weight: float | None = None,
        **kwargs: Any,
    ):  # fmt: skip
        if layout not in ("NTC", "TNC"):
            raise ValueError(f"CTCLoss: layout must be 'NTC' or 'TNC', got {layout!r}")
        if label_layout not in ("NT", "TN"):
            raise ValueError(f"CTCLoss: label_layout must be 'NT' or 'TN', got {label_layout!r}")
        super().__init__(weight, label_layout.index("N"), **kwargs)
        self._layout = layout
        self._label_layout = label_layout

    def hybrid_forward(
        self, F: ModuleType, pred: Any, label: Any, pred_lengths: Any = None,
        label_lengths: Any = None, sample_weight: Any = None,
    ) -> Any:  # fmt: skip
        if self._layout == "NTC":
            pred = F.swapaxes(pred, dim1=0, dim2=1)
        if self._label_layout == "TN":
            label = F.swapaxes(label, dim1=0, dim2=1)
        given = {"data_lengths": pred_lengths, "label_lengths": label_lengths}
        given = {name: a for name, a in given.items() if a is not None}
        loss = F.CTCLoss(
            pred, label, **given, use_data_lengths=pred_lengths is not None,
            use_label_lengths=label_lengths is not None, blank_label="last",
        )  # fmt: skip
        return self._weighted(F, loss, sample_weight)
