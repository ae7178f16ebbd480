"""VariationalDropoutCell and LSTMPCell."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ....rnn._base import Memory
from ....rnn._basic import LSTMCell
from ....rnn._modifiers import ModifierCell, has_bidirectional

__all__ = ["LSTMPCell", "VariationalDropoutCell"]


class VariationalDropoutCell(ModifierCell):
    """Dropout with one decision for a whole sequence, of inputs, outputs and the first state.

    Gal and Ghahramani, "A theoretically grounded application of dropout in recurrent neural
    networks", 2016.

    Parameters
    ----------
    base_cell : RecurrentCell
    drop_inputs, drop_states, drop_outputs : float
        The share of elements set to zero while training.

    Inputs
    ------
    inputs, states
        Those of the base cell.

    Outputs
    -------
    output, states
        Those of the base cell.

    Examples
    --------
    >>> from gluonx import gluon, nd
    >>> cell = gluon.contrib.rnn.VariationalDropoutCell(gluon.rnn.LSTMCell(4), drop_inputs=0.2)
    >>> cell.initialize()
    >>> cell.unroll(5, nd.ones((2, 5, 3)), merge_outputs=True)[0].shape
    (2, 5, 4)
    """

    def __init__(
        self, base_cell: Any, drop_inputs: float = 0.0, drop_states: float = 0.0,
        drop_outputs: float = 0.0,
    ):  # fmt: skip
        for what, p in (
            ("inputs", drop_inputs), ("states", drop_states), ("outputs", drop_outputs),
        ):  # fmt: skip
            if not 0 <= p <= 1:
                raise ValueError(f"VariationalDropoutCell: drop_{what} must be 0 to 1, got {p}")
        if drop_states and has_bidirectional(base_cell):
            raise ValueError(
                "VariationalDropoutCell drops states step by step, and BidirectionalCell does not "
                "make steps; put it around each of the two cells"
            )
        super().__init__(base_cell)
        self.drop_inputs = drop_inputs
        self.drop_states = drop_states
        self.drop_outputs = drop_outputs
        self._memory = Memory()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p_out = {self.drop_outputs}, p_state = {self.drop_states})"

    def _alias(self) -> str:
        return "vardrop"

    def reset(self) -> None:
        super().reset()
        self._memory.clear()

    def hybridize(self, active: bool = True, **kwargs: Any) -> None:
        """Compile the base cell; what is kept from step to step stays outside."""
        super().hybridize(active, **kwargs)
        self._active = False

    def _drop(self, F: ModuleType, what: str, p: float, x: Any) -> Any:
        if not p:
            return x
        masks = self._memory.open(self)
        if what not in masks:
            masks[what] = F.Dropout(F.ones_like(x), p=p)
        return x * masks[what]

    def hybrid_forward(self, F: ModuleType, inputs: Any, states: Any) -> Any:  # type: ignore[override]
        if self.drop_states:
            states = [self._drop(F, "states", self.drop_states, states[0]), *states[1:]]
        inputs = self._drop(F, "inputs", self.drop_inputs, inputs)
        output, states = self.base_cell(inputs, states)
        return self._drop(F, "outputs", self.drop_outputs, output), states


class LSTMPCell(LSTMCell):
    r"""Long short-term memory whose output is projected to another size.

    .. math::
        (i, f, g, o) = W x_t + b + U r_{t-1} + d, \quad
        c_t = \sigma(f) c_{t-1} + \sigma(i) \tanh(g), \quad r_t = R (\sigma(o) \tanh(c_t))

    Sak et al., "Long short-term memory based recurrent neural network architectures", 2014.

    Parameters
    ----------
    hidden_size : int
        Size of c.
    projection_size : int
        Size of the output r.
    i2h_weight_initializer, h2h_weight_initializer, h2r_weight_initializer : Initializer or str
        Initial :math:`W`, :math:`U` and :math:`R`.
    i2h_bias_initializer, h2h_bias_initializer : Initializer or str
        Initial :math:`b` and :math:`d`.
    input_size : int
        Size of the input. 0: learned at the first call.
    prefix, params
        See :class:`gluonx.gluon.Block`.

    Inputs
    ------
    inputs : NDArray, shape (N, input_size)
    states : list of NDArray
        r, (N, projection_size), and c, (N, hidden_size).

    Outputs
    -------
    output : NDArray, shape (N, projection_size)
    states : list of NDArray

    Examples
    --------
    >>> from gluonx import gluon, nd
    >>> cell = gluon.contrib.rnn.LSTMPCell(8, 3)
    >>> cell.initialize()
    >>> cell(nd.ones((2, 5)), cell.begin_state(2))[0].shape
    (2, 3)
    """

    _projection: tuple[int, Any]

    def __init__(
        self, hidden_size: int, projection_size: int, i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None, h2r_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros", h2h_bias_initializer: Any = "zeros",
        input_size: int = 0, prefix: str | None = None, params: Any = None,
    ):  # fmt: skip
        if projection_size < 1:
            raise ValueError(f"LSTMPCell: projection_size must be positive, got {projection_size}")
        # the weights are made in super().__init__, before which nothing can be registered
        self.__dict__["_projection"] = (projection_size, h2r_weight_initializer)
        super().__init__(
            hidden_size, i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer,
            h2h_bias_initializer, input_size, prefix, params,
        )  # fmt: skip

    def _state_size(self) -> int:
        return self._projection[0]

    def _more_weights(self) -> None:
        size, init = self._projection
        self.h2r_weight = self._parameter("h2r_weight", (size, self._hidden_size), init)

    def _alias(self) -> str:
        return "lstmp"

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        sizes = (self._projection[0], self._hidden_size)
        return [{"shape": (batch_size, n), "__layout__": "NC"} for n in sizes]

    def hybrid_forward(  # type: ignore[override]
        self, F: ModuleType, inputs: Any, states: Any, i2h_weight: Any, h2h_weight: Any,
        h2r_weight: Any, i2h_bias: Any, h2h_bias: Any,
    ) -> Any:  # fmt: skip
        i2h, h2h = self._linear(F, inputs, states, (i2h_weight, h2h_weight, i2h_bias, h2h_bias))
        h, c = self._step(F, i2h + h2h, states[1])
        output = F.FullyConnected(h, h2r_weight, no_bias=True, num_hidden=self._projection[0])
        return output, [output, c]

    def _extra(self) -> str:
        return f" -> {self._projection[0]}"
