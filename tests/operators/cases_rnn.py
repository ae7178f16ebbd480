"""Cases of recurrent networks and of connectionist temporal classification."""

from case import Case, const, full, integers, normal, uniform

T, N, INPUTS, H = 4, 2, 3, 3


def _rnn(mode, layers=1, directions=1, projection=None, inputs=INPUTS, **more):
    """A case of ``RNN``."""
    gates = {"lstm": 4, "gru": 3}.get(mode, 1)
    out = projection or H
    size = 0
    for layer in range(layers):
        inside = inputs if layer == 0 else directions * out
        size += directions * (gates * H * (inside + out + 2) + (projection or 0) * H)
    states = [uniform(layers * directions, N, out)]
    if mode == "lstm":
        states.append(uniform(layers * directions, N, H))
    attrs = {"state_size": H, "num_layers": layers, "mode": mode}
    if directions == 2:
        attrs["bidirectional"] = True
    if projection:
        attrs["projection_size"] = projection
    facts = {k: more.pop(k) for k in list(more) if k in Case.__dataclass_fields__}
    extra = more.pop("extra", [])
    return Case(
        "RNN",
        [normal(T, N, inputs), uniform(size, low=-0.7, high=0.7), *states, *extra],
        {**attrs, **more},
        **{"fd_tol": 2e-5, **facts},
    )


LENGTHS = const([4, 2])

CASES = [
    _rnn("lstm", state_outputs=True),
    _rnn("gru", 2, 2, state_outputs=True),
    _rnn("lstm", 2, 2, state_outputs=True, hybrid=False),
    _rnn("rnn_tanh", 2, state_outputs=True, hybrid=False),
    _rnn("rnn_relu", 1, 2, hybrid=False),
    _rnn("gru", hybrid=False),
    # MXNet takes the whole of each sequence, and does not clip
    _rnn(
        "lstm", 1, 2, extra=[LENGTHS], use_sequence_length=True, state_outputs=True, grad=(0, 1),
        lstm_state_clip_min=-0.3, lstm_state_clip_max=0.3, reference=False, half=False,
        hybrid=False, note="on a CPU MXNet ignores both",
    ),
    _rnn(
        "lstm", 2, projection=2, state_outputs=True, reference=False,
        hybrid=False, half=False, note="MXNet does not train projections on a CPU",
    ),
    _rnn("rnn_tanh", 2, p=0.5, reference=False, value=False, half=False, hybrid=False),
    Case("_rnn_param_concat", [normal(3), normal(4)], {"dim": 0},
         mx_attrs={"dim": 0, "num_args": 2}),
    Case("CTCLoss", [normal(5, 3, 4), const([[1, 2, 0], [3, 3, 1], [1, 0, 0]])], grad=(0,)),
    Case(
        "CTCLoss", [normal(6, 2, 4), const([[1, 0, 2], [2, -1, -1]]), full(2, value=5),
                    const([3, 1])],
        {"use_data_lengths": True, "use_label_lengths": True, "blank_label": "last"}, grad=(0,),
        half=False,
    ),
    Case("CTCLoss", [normal(3, 2, 4), const([[1, 1, 1], [2, 0, 0]])], grad=(0,), half=False),
    Case("CTCLoss", [normal(2, 2, 4), integers(2, 3, low=1)], grad=(0,), reference=False,
         half=False, note="MXNet refuses labels longer than the sequences"),
]  # fmt: skip
