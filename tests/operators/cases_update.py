"""Cases of the operators in ``update.py``, ``adaptive.py`` and ``multi_update.py``."""

from __future__ import annotations

from case import Case, const, normal, uniform

CASES = []


def update(op, states, required, *settings, **facts):
    """Cases of an update: ``states`` says which inputs after weight and gradient are positive."""
    aux = tuple(range(2, 2 + len(states)))
    for number, more in enumerate(settings):
        shape = [(3, 4), (2, 3)][number % 2]
        inputs = [normal(*shape), normal(*shape, scale=2)]
        inputs += [uniform(*shape, low=0.1) if p else normal(*shape, scale=0.1) for p in states]
        CASES.append(
            Case(op, inputs, {**required, **more}, grad=False, aux=aux, half=False, **facts)
        )


def mixed(op, states, required, *settings, extra=(), **facts):
    """As :func:`update`, of a float16 weight with a float32 copy."""
    for more in settings:
        inputs = [normal(3, 4, dtype="float16"), normal(3, 4, scale=2, dtype="float16")]
        inputs += [uniform(3, 4, low=0.1) if p else normal(3, 4, scale=0.1) for p in states]
        inputs += [normal(3, 4), *extra]
        aux = tuple(range(2, 3 + len(states)))
        CASES.append(
            Case(
                op, inputs, {**required, **more}, grad=False, aux=aux, half=False,
                **{"rtol": 1e-3, "atol": 1e-5, **facts},
            )
        )  # fmt: skip


RESCALED = {"wd": 0.1, "rescale_grad": 0.25, "clip_gradient": 0.3}
LR = {"lr": 0.1}

update("sgd_update", [], LR, {}, RESCALED, {"clip_gradient": 0, "wd": "0.5"})
update("sgd_mom_update", [0], LR, {}, {"momentum": 0.9, **RESCALED})
update("nag_mom_update", [0], LR, {}, {"momentum": 0.9, **RESCALED})
update("signsgd_update", [], LR, {}, RESCALED)
update("signum_update", [0], LR, {}, {"momentum": 0.9, "wd_lh": 0.05, **RESCALED})
mixed("mp_sgd_update", [], LR, {}, RESCALED)
mixed("mp_sgd_mom_update", [0], LR, {"momentum": 0.9, **RESCALED})
# MXNet's momentum takes the decay of the weight after the step
mixed("mp_nag_mom_update", [0], LR, {"momentum": 0.9, **RESCALED, "wd": 0})

# -- adaptive -------------------------------------------------------------------------------------

BETAS = {"beta1": 0.7, "beta2": 0.8, "epsilon": 0.1}
UNCLIPPED = {"wd": 0.1, "rescale_grad": 0.25}

update("adam_update", [0, 1], LR, {}, {**BETAS, **RESCALED})
update("ftml_update", [1, 1, 0], {"lr": 0.1, "t": 3}, {}, {**BETAS, **UNCLIPPED, "clip_grad": 0.3})
update("ftrl_update", [0, 1], LR, {"lamda1": 0.1}, {"lamda1": 0.5, "beta": 2, **RESCALED})
GAMMAS = {"gamma1": 0.7, "epsilon": 0.3, "clip_weights": 0.6, **RESCALED}
update("rmsprop_update", [1], LR, {}, GAMMAS)
CASES += [
    Case(
        "rmspropalex_update",
        [normal(2, 3), normal(2, 3), uniform(2, 3, low=1), normal(2, 3, scale=0.1), normal(2, 3)],
        {"lr": 0.1, **more}, grad=False, aux=(2, 3, 4), half=False,
    )
    for more in ({}, {"gamma2": 0.5, **GAMMAS})
]  # fmt: skip
CASES += [
    Case(
        "_sparse_adagrad_update", [normal(3, 4), normal(3, 4), uniform(3, 4, low=0.1)],
        {"lr": 0.1, **RESCALED}, grad=False, aux=(2,), half=False, reference=False,
        note="MXNet has it for row-sparse gradients only",
    ),
    Case(
        "_contrib_group_adagrad_update", [normal(3, 4), normal(3, 4), uniform(3, 1, low=0.1)],
        {"lr": 0.1, "rescale_grad": 0.5, "clip_gradient": 0.3}, grad=False, aux=(2,), half=False,
        reference=False, note="MXNet has it for row-sparse gradients only",
    ),
]  # fmt: skip

for number in (0.25, 0.5):
    more = {} if number == 0.25 else {**BETAS, "wd": 0.1, "clip_gradient": 0.3}
    CASES.append(
        Case(
            "_adamw_update",
            [normal(2, 3), normal(2, 3), normal(2, 3), uniform(2, 3, low=0.1), const([number])],
            {"lr": 0.1, "eta": 0.5, **more}, grad=False, aux=(2, 3), half=False,
        )
    )  # fmt: skip
mixed(
    "_mp_adamw_update", [0, 1], {"lr": 0.1, "eta": 0.5},
    {**BETAS, "wd": 0.1, "clip_gradient": 0.3}, extra=[const([0.5])],
)  # fmt: skip

WD = {"wd": 0.1, "t": 3}
CLIPPED = {"rescale_grad": 0.25, "clip_gradient": 0.3}
update("lamb_update_phase1", [0, 1], WD, {}, {**BETAS, **CLIPPED}, {"bias_correction": False})
CASES += [
    Case(
        "mp_lamb_update_phase1",
        [
            normal(2, 3, dtype="float16"), normal(2, 3, dtype="float16"), normal(2, 3),
            uniform(2, 3, low=0.1), normal(2, 3),
        ],
        {**WD, **BETAS, **CLIPPED}, grad=False, aux=(2, 3), half=False, rtol=1e-4,
    )
]  # fmt: skip
for r1, r2, more in (
    (2, 4, {}),
    (2, 4, {"lower_bound": 3, "upper_bound": 5}),
    (2, 4, {"upper_bound": 1}),
    (0, 4, {}),
    (2, 0, {}),
):
    CASES.append(
        Case(
            "lamb_update_phase2", [normal(2, 3), normal(2, 3), const([r1]), const([r2])],
            {"lr": 0.1, **more}, grad=False, half=False,
        )
    )  # fmt: skip
CASES.append(
    Case(
        "mp_lamb_update_phase2",
        [normal(2, 3, dtype="float16"), normal(2, 3), const([2]), const([4]), normal(2, 3)],
        LR, grad=False, half=False, rtol=1e-3,  # MXNet leaves weight32 alone
    )
)  # fmt: skip

# -- many weights ---------------------------------------------------------------------------------

SHAPES = [(3, 4), (5,)]


def many(op, states, attrs, extra=(), half=False, number="num_weights"):
    """A case with two weights; with ``half`` they are float16, and their copies come last."""
    inputs, dtype = [], "float16" if half else "float32"
    for shape in SHAPES:
        inputs += [normal(*shape, dtype=dtype), normal(*shape, dtype=dtype)]
        inputs += [uniform(*shape, low=0.1) if p else normal(*shape, scale=0.1) for p in states]
        inputs += [normal(*shape)] if half else []
    size = len(inputs) // 2
    aux = tuple(size * i + k for i in range(2) for k in range(2, size))
    rtol = 1e-3 if half else 2e-5
    CASES.append(
        Case(
            op, [*inputs, *extra], {number: 2, **attrs}, grad=False, aux=aux, half=False,
            rtol=rtol, atol=1e-5, mx_out=(0, size),
        )
    )  # fmt: skip


RATES = {"lrs": (0.1, 0.2), "wds": (0.1, 0.0)}
PRELOADED = [const([0.1, 0.2]), const([0.1, 0.0])]
for half in (False, True):
    mp = "mp_" if half else ""
    many(f"multi_{mp}sgd_update", [], {**RATES, **CLIPPED}, half=half)
    many(f"multi_{mp}sgd_mom_update", [0], {**RATES, **CLIPPED, "momentum": 0.9}, half=half)
    many(f"preloaded_multi_{mp}sgd_update", [], CLIPPED, PRELOADED, half=half)
    many(
        f"preloaded_multi_{mp}sgd_mom_update", [0], {**CLIPPED, "momentum": 0.9}, PRELOADED,
        half=half,
    )  # fmt: skip
    many(
        f"_multi_{mp}adamw_update", [0, 1],
        {**RATES, **BETAS, "etas": (0.5, 1.0), "clip_gradient": 0.3}, [const([0.5])], half=half,
    )  # fmt: skip
    many(
        f"_multi_{mp}lamb_update", [0, 1],
        {"learning_rates": (0.1, 0.2), "wds": (0.1, 0.0), "step_count": (2, 3), **BETAS},
        half=half, number="num_tensors",
    )  # fmt: skip
