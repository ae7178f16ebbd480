"""Calls on sparse arrays, the same for MXNet 1.9.1 and for gluonx.

``tests/reference/make_sparse.py`` runs them with MXNet and writes the storage types and values to
``tests/reference/sparse.json``; ``test_sparse_mxnet.py`` compares.
"""

import numpy as np

_A = np.array([[0, 1, 0], [0, 0, 0], [2, 0, -3]], np.float32) / 4
_B = np.array([[0, 2, 1], [0, 4, 0], [0, 0, 3]], np.float32) / 4
_W = np.arange(1, 7, dtype=np.float32).reshape(3, 2) / 8

UNARY = """
    abs arcsin arcsinh arctan arctanh cbrt ceil degrees expm1 fix floor log1p make_loss negative
    radians relu rint round sign sin sinh square stop_gradient tan tanh trunc zeros_like cos exp
    sigmoid
""".split()


class Arrays:
    """The inputs: d, e dense; r, s row_sparse; c, k csr; w a dense weight of shape (3, 2)."""

    def __init__(self, mx):
        self.mx, self.nd = mx, mx.nd
        array = mx.nd.array
        self.d, self.e, self.w = array(_A), array(_B), array(_W)
        self.r, self.s = self.d.tostype("row_sparse"), self.e.tostype("row_sparse")
        self.c, self.k = self.d.tostype("csr"), self.e.tostype("csr")


def _unary():
    for name in UNARY:
        for letter in "rc":
            yield f"{name} {letter}", lambda a, n=name, x=letter: getattr(a.nd, n)(getattr(a, x))


def _binary():
    pairs = ["rs", "ck", "re", "ce", "er", "ek", "rk"]
    for name in ("elemwise_add", "elemwise_sub", "elemwise_mul"):
        for x, y in pairs:
            yield (
                f"{name} {x}{y}",
                lambda a, n=name, x=x, y=y: getattr(a.nd, n)(getattr(a, x), getattr(a, y)),
            )
    for kind in ("add", "subtract", "multiply"):
        for x, y in ("rs", "ck", "re"):
            yield (
                f"sparse.{kind} {x}{y}",
                lambda a, n=kind, x=x, y=y: getattr(a.nd.sparse, n)(getattr(a, x), getattr(a, y)),
            )


def _scalars():
    for x in "rc":
        yield f"* 2 {x}", lambda a, x=x: getattr(a, x) * 2
        yield f"2 * {x}", lambda a, x=x: 2 * getattr(a, x)
        yield f"/ 2 {x}", lambda a, x=x: getattr(a, x) / 2
        yield f"+ 2 {x}", lambda a, x=x: getattr(a, x) + 2
        yield f"> 0 {x}", lambda a, x=x: getattr(a, x) > 0
        yield f"> -1 {x}", lambda a, x=x: getattr(a, x) > -1
        yield f"== 0.25 {x}", lambda a, x=x: getattr(a, x) == 0.25
        yield f"-{x}", lambda a, x=x: -getattr(a, x)
        yield f"clip {x}", lambda a, x=x: a.nd.clip(getattr(a, x), -0.5, 0.3)
        yield f"astype {x}", lambda a, x=x: getattr(a, x).astype("float64")
        yield f"copy {x}", lambda a, x=x: getattr(a, x).copy()


def _products():
    for stype in (None, "default", "row_sparse", "csr"):
        yield (
            f"dot cw forward_stype={stype}",
            lambda a, s=stype: a.nd.dot(a.c, a.w, **({"forward_stype": s} if s else {})),
        )
    yield "dot c.T w", lambda a: a.nd.dot(a.c, a.w, transpose_a=True)
    yield "dot cw.T", lambda a: a.nd.dot(a.c, a.w.T, transpose_b=True)
    yield "dot cr", lambda a: a.nd.dot(a.c, a.s)
    yield "dot ec", lambda a: a.nd.dot(a.e, a.c)
    yield "dot e c.T", lambda a: a.nd.dot(a.e, a.c, transpose_b=True)
    yield "dot ck", lambda a: a.nd.dot(a.c, a.k)


def _others():
    for axis in (None, 0, 1):
        for keepdims in (False, True):
            yield (
                f"sum c axis={axis} keepdims={keepdims}",
                lambda a, k=axis, d=keepdims: a.nd.sum(a.c, axis=k, keepdims=d),
            )
    yield "mean c", lambda a: a.nd.mean(a.c, axis=0)
    yield "sum r", lambda a: a.nd.sum(a.r, axis=0)
    yield "norm c", lambda a: a.nd.norm(a.c)
    yield "norm r", lambda a: a.nd.norm(a.r)
    yield "retain", lambda a: a.nd.sparse.retain(a.r, a.nd.array([0, 1]))
    yield "c[1:3]", lambda a: a.c[1:3]
    yield "c[-1]", lambda a: a.c[-1]
    yield "slice c", lambda a: a.nd.slice(a.c, begin=(0, 1), end=(3, 3))
    yield "concat c", lambda a: a.nd.concat(a.c, a.k, dim=0)
    yield "concat c dim=1", lambda a: a.nd.concat(a.c, a.k, dim=1)
    yield "add_n r", lambda a: a.nd.add_n(a.r, a.s, a.r)
    yield "add_n c", lambda a: a.nd.add_n(a.c, a.k)
    yield "take c", lambda a: a.nd.take(a.c, a.nd.array([2, 0, 2]))
    yield "where c", lambda a: a.nd.where(a.c, a.d, a.e)
    yield "broadcast_mul c", lambda a: a.nd.broadcast_mul(a.c, a.nd.array([1, 2, 3]))
    yield "broadcast_div c", lambda a: a.nd.broadcast_div(a.c, a.nd.array([[1], [2], [3]]))
    yield "FullyConnected c", lambda a: a.nd.FullyConnected(a.c, a.e, num_hidden=3, no_bias=True)


def _gradient(of, stype="row_sparse", start="w"):
    """The gradient of the sum of ``of(a, x)`` with respect to x."""

    def run(a):
        x = getattr(a, start)
        x.attach_grad(stype=stype) if stype else x.attach_grad()
        with a.mx.autograd.record():
            y = of(a, x)
        y.backward()
        return x.grad

    return run


def _embedding(a, w):
    return a.nd.Embedding(a.nd.array([2, 0, 2]), w, 3, 2, sparse_grad=True)


def _gradients():
    yield "gradient Embedding", _gradient(_embedding)
    yield "gradient 0 * Embedding", _gradient(lambda a, w: _embedding(a, w) * 0)
    yield "gradient dot", _gradient(lambda a, w: a.nd.dot(a.c, w))
    yield "gradient 0 * dot", _gradient(lambda a, w: a.nd.dot(a.c, w) * 0)
    yield "gradient dot, dense", _gradient(lambda a, w: a.nd.dot(a.c, w), None)
    yield "gradient dense use", _gradient(lambda a, w: (w * 2).sum())
    for x in "rc":
        yield f"gradient square {x}", _gradient(lambda a, x: x.square(), None, x)
        yield f"gradient * 2 {x}", _gradient(lambda a, x: x * 2, None, x)
        yield f"gradient sum {x}", _gradient(lambda a, x: a.nd.sum(x), None, x)


def _updates():
    """Update operators with a row_sparse gradient: the weight, and the states, one by one."""
    numbers = {"lr": 0.1, "wd": 0.5}
    for name, states, more, stype in (
        ("sgd_update", 0, numbers, "default"),
        ("sgd_mom_update", 1, {**numbers, "momentum": 0.9}, "default"),
        ("sgd_mom_update", 1, {**numbers, "momentum": 0.9, "lazy_update": False}, "default"),
        ("adam_update", 2, numbers, "default"),
        ("ftrl_update", 2, numbers, "row_sparse"),
        ("adagrad_update", 1, {"lr": 0.1}, "default"),
    ):
        for shown_one in range(states + 1):

            def run(a, name=name, states=states, more=more, stype=stype, one=shown_one):
                arrays = [a.w, *(a.nd.ones((3, 2)) for _ in range(states))]
                arrays = [x.tostype(stype) for x in arrays]
                grad = a.nd.sparse.row_sparse_array((np.full((1, 2), 0.5, "f"), [1]), shape=(3, 2))
                weight, *rest = arrays
                getattr(a.nd.sparse, name)(weight, grad, *rest, out=weight, **more)
                return arrays[one]

            lazy = "" if more.get("lazy_update", True) else ", not lazy"
            yield f"{name}{lazy} {shown_one}", run


def train(mx, optimizer, arguments, hybridize=False):
    """An embedding after some steps: its weight, and its last gradient."""
    nn = mx.gluon.nn
    net = nn.HybridSequential()
    net.add(nn.Embedding(6, 2, sparse_grad=True), nn.Dense(1, in_units=2, flatten=False))
    net.initialize()
    for i, p in enumerate(net.collect_params().values()):
        start = np.sin(np.arange(np.prod(p.shape)) + i).reshape(p.shape)
        p.set_data(mx.nd.array(start))
    if hybridize:
        net.hybridize()
    trainer = mx.gluon.Trainer(net.collect_params(), optimizer, arguments)
    loss = mx.gluon.loss.L2Loss()
    for ids in ([0, 2], [2, 3], [5, 5], [0, 0]):
        with mx.autograd.record():
            y = loss(net(mx.nd.array(ids)), mx.nd.ones((2, 1)))
        y.backward()
        trainer.step(2)
    weight = net[0].weight
    return weight.data(), weight.grad()


#: Optimizers by name; weight decay shows which rows are updated.
TRAINING = {
    "sgd": ("sgd", {"learning_rate": 0.1, "wd": 0.1}),
    "momentum": ("sgd", {"learning_rate": 0.1, "wd": 0.1, "momentum": 0.9}),
    "momentum, not lazy": (
        "sgd",
        {"learning_rate": 0.1, "wd": 0.1, "momentum": 0.9, "lazy_update": False},
    ),
    "adam": ("adam", {"learning_rate": 0.1, "wd": 0.1}),
    "nag": ("nag", {"learning_rate": 0.1, "wd": 0, "momentum": 0.9}),
}

CASES = {
    name: run
    for group in (_unary, _binary, _scalars, _products, _others, _gradients, _updates)
    for name, run in group()
}


def shown(x):
    """An array as JSON: storage type, dtype, dense values, rows of a row_sparse one.

    The indices of a csr result are not compared: MXNet leaves places behind the last one that hold
    anything, and stores some zeros.
    """
    values = x.asnumpy()
    rows = x.indices.asnumpy().tolist() if x.stype == "row_sparse" else None
    return {
        "stype": x.stype,
        "dtype": np.dtype(x.dtype).name,
        "rows": rows,
        "values": values.astype(np.float64).tolist(),
    }
