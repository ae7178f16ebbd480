"""Iterators over batches."""

import pickle

import numpy as np
import pytest

import gluonx as gx
from gluonx import io, nd

X, Y = np.arange(10).reshape(10, 1), np.arange(10)


def rows(batches):
    return [(b.data[0].asnumpy().ravel().astype(int).tolist(), b.pad) for b in batches]


def test_data_desc_is_a_pair_with_type_and_layout():
    desc = io.DataDesc("data", (2, 3))
    assert desc == ("data", (2, 3)) and desc.dtype is np.float32 and desc.layout == "NCHW"
    assert io.DataDesc.get_batch_axis("TNC") == 1 and io.DataDesc.get_batch_axis(None) == 0
    (made,) = io.DataDesc.get_list([("a", (2,))], [("a", "int32")])
    assert made.dtype == "int32" and pickle.loads(pickle.dumps(made)).dtype == "int32"


def test_batch_tells_its_shapes():
    batch = io.DataBatch([nd.zeros((2, 3))], [nd.zeros((2,))])
    assert str(batch) == "DataBatch: data shapes: [(2, 3)] label shapes: [(2,)]"
    with pytest.raises(TypeError, match="list of NDArrays"):
        io.DataBatch(nd.zeros((2, 3)))


@pytest.mark.parametrize(
    ("handling", "epochs"),
    [  # as MXNet 1.9.1 gives them
        ("pad", [[([0, 1, 2, 3], 0), ([4, 5, 6, 7], 0), ([8, 9, 0, 1], 2)]] * 3),
        ("discard", [[([0, 1, 2, 3], 0), ([4, 5, 6, 7], 0)]] * 3),
        (
            "roll_over",
            [
                [([0, 1, 2, 3], 0), ([4, 5, 6, 7], 0)],
                [([8, 9, 0, 1], 2), ([2, 3, 4, 5], 0), ([6, 7, 8, 9], 0)],
                [([0, 1, 2, 3], 0), ([4, 5, 6, 7], 0)],
            ],
        ),
    ],
)
def test_last_batch_is_handled_as_asked(handling, epochs):
    batches = io.NDArrayIter(X, Y, 4, last_batch_handle=handling)
    for expected in epochs:
        assert rows(batches) == expected
        batches.reset()


def test_more_than_all_samples_fill_a_batch():
    assert rows(io.NDArrayIter(X[:3], None, 7)) == [([0, 1, 2, 0, 1, 2, 0], 4)]


def test_shuffle_gives_each_epoch_its_order_and_keeps_labels_with_data():
    batches = io.NDArrayIter(X, Y, 5, shuffle=True)
    epochs = []
    for _ in range(2):
        found = [(b.data[0].asnumpy().ravel(), b.label[0].asnumpy()) for b in batches]
        assert all((x == y).all() for x, y in found)
        epochs.append(np.concatenate([x for x, _ in found]))
        batches.reset()
    assert (np.sort(epochs[0]) == Y).all() and (epochs[0] != epochs[1]).any()


def test_names_come_from_lists_and_dicts():
    batches = io.NDArrayIter({"b": X, "a": X}, [Y, Y], 4)
    assert [d.name for d in batches.provide_data] == ["a", "b"]
    assert [d.name for d in batches.provide_label] == ["_0_softmax_label", "_1_softmax_label"]
    assert batches.provide_data[0].shape == (4, 1)
    whole = io.NDArrayIter(nd.array(Y, dtype="int32"), batch_size=2, data_name="x")
    assert whole.provide_data[0].dtype is np.int32 and whole.provide_label == []
    assert next(whole).data[0].dtype == np.int32


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ((None,), ValueError, "data is None"),
        (("a",), TypeError, "got str"),
        ((X, Y[:5]), ValueError, "different lengths"),
        ((X, Y, 20, False, "discard"), ValueError, "10 samples"),
        ((X, Y, 2, False, "keep"), ValueError, "roll_over"),
    ],
)
def test_wrong_arrays_are_refused(arguments, error, match):
    with pytest.raises(error, match=match):
        io.NDArrayIter(*arguments)


def test_resize_begins_the_iterator_again():
    batches = io.ResizeIter(io.NDArrayIter(X, Y, 4), 5)
    assert [r for r, _ in rows(batches)][3:] == [[0, 1, 2, 3], [4, 5, 6, 7]]
    batches.reset()
    assert len(list(batches)) == 5 and batches.provide_data[0].name == "data"


def test_prefetching_joins_iterators():
    names = [{"data": "a"}, {"data": "b"}], [{"softmax_label": "la"}, {"softmax_label": "lb"}]
    both = io.PrefetchingIter([io.NDArrayIter(X, Y, 4), io.NDArrayIter(X, Y, 4)], *names)
    assert [d.name for d in both.provide_data + both.provide_label] == ["a", "b", "la", "lb"]
    for _ in range(2):
        assert [(len(b.data), b.pad) for b in both] == [(2, 0), (2, 0), (2, 2)]
        both.reset()
    assert both.batch_size == 4
    uneven = io.PrefetchingIter([io.NDArrayIter(X, Y, 4), io.NDArrayIter(X[:4], Y[:4], 4)])
    next(uneven)
    with pytest.raises(ValueError, match="length"):
        next(uneven)


def test_own_iterator_gives_batches_piece_by_piece():
    class Ones(io.DataIter):
        provide_data, provide_label = [io.DataDesc("data", (2, 1))], []
        left = 2

        def iter_next(self):
            self.left -= 1
            return self.left >= 0

        def getdata(self):
            return [nd.ones((2, 1))]

        def getlabel(self):
            return []

        def getpad(self):
            return 0

    assert [b.data[0].shape for b in Ones(2)] == [(2, 1)] * 2
    with pytest.raises(NotImplementedError, match="iter_next"):
        next(gx.io.DataIter())
