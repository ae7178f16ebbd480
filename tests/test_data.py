"""Datasets, samplers, batches, loaders and transforms."""

import threading
import time

import numpy as np
import pytest

import gluonx as gx
from gluonx import nd, nn
from gluonx.data import (
    ArrayDataset,
    BatchSampler,
    DataLoader,
    Dataset,
    FilterSampler,
    IntervalSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SimpleDataset,
    batchify,
)
from gluonx.data.vision import Digits, transforms

NUMBERS = SimpleDataset(list(range(10)))


def host(batches):
    """Batches as nested lists."""
    if isinstance(batches, (list, tuple)):
        return [host(b) for b in batches]
    return batches.asnumpy().tolist()


# -- datasets -------------------------------------------------------------------------------------


def test_transform_is_called_when_an_item_is_asked_for():
    called = []

    def double(x):
        called.append(x)
        return 2 * x

    lazy = NUMBERS.transform(double)
    assert called == []
    assert (lazy[3], lazy[3], len(lazy)) == (6, 6, 10)
    assert called == [3, 3]
    eager = NUMBERS.transform(double, lazy=False)
    called.clear()
    assert (eager[4], list(eager)) == (8, list(range(0, 20, 2)))
    assert called == []


def test_transform_of_tuples_gets_their_elements():
    pairs = ArrayDataset([1, 2], [10, 20])
    assert list(pairs.transform(lambda a, b: a + b)) == [11, 22]
    assert list(pairs.transform_first(lambda a: -a)) == [(-1, 10), (-2, 20)]
    assert list(NUMBERS.take(2).transform_first(lambda a: -a)) == [0, -1]


def test_filter_take_and_sample_choose_items():
    assert list(NUMBERS.filter(lambda x: x % 3 == 0)) == [0, 3, 6, 9]
    assert list(NUMBERS.take(3)) == [0, 1, 2]
    assert list(NUMBERS.take(None)) == list(NUMBERS.take(99)) == list(range(10))
    assert list(NUMBERS.sample(IntervalSampler(10, 5))) == [0, 5, 1, 6, 2, 7, 3, 8, 4, 9]
    again = NUMBERS.sample(RandomSampler(10))
    assert list(again) == list(again)


@pytest.mark.parametrize("parts", [1, 3, 4, 10])
def test_shards_are_the_whole_in_order(parts):
    shards = [list(NUMBERS.shard(parts, i)) for i in range(parts)]
    assert sum(shards, []) == list(range(10))
    lengths = [len(shard) for shard in shards]
    assert max(lengths) - min(lengths) <= 1


def test_array_dataset_gives_tuples_or_the_items_of_its_only_column():
    images, labels = nd.arange(6).reshape((3, 2)), nd.array([7, 8, 9])
    image, label = ArrayDataset(images, labels)[1]
    assert image.asnumpy().tolist() == [2, 3]
    assert isinstance(label, np.float32)
    assert ArrayDataset(images)[2].asnumpy().tolist() == [4, 5]
    assert ArrayDataset(np.arange(3))[2] == 2
    assert len(ArrayDataset(images, NUMBERS.take(3))) == 3


# -- samplers -------------------------------------------------------------------------------------


def test_samplers_give_numbers_in_their_order():
    assert list(SequentialSampler(3)) == [0, 1, 2]
    assert list(SequentialSampler(3, start=5)) == [5, 6, 7]
    assert list(FilterSampler(lambda x: x > 7, NUMBERS)) == [8, 9]
    for interval in range(1, 8):
        rolling = IntervalSampler(7, interval)
        assert sorted(rolling) == list(range(7))
        assert len(rolling) == 7
        once = IntervalSampler(7, interval, rollover=False)
        assert list(once) == list(range(0, 7, interval))
        assert len(once) == len(list(once))


def test_random_order_is_another_each_time_and_repeats_under_a_seed():
    sampler = RandomSampler(100)
    gx.random.seed(3)
    first, second = list(sampler), list(sampler)
    gx.random.seed(3)
    assert list(sampler) == first
    assert first != second
    assert sorted(first) == sorted(second) == list(range(100))


def test_random_order_leaves_the_state_of_numpy_alone():
    np.random.seed(1)
    expected = np.random.rand()
    np.random.seed(1)
    list(RandomSampler(10))
    assert np.random.rand() == expected


@pytest.mark.parametrize("size", [1, 2, 3, 4, 10])
@pytest.mark.parametrize("length", [0, 1, 4, 7])
def test_batches_and_what_becomes_of_the_last(length, size):
    source = SequentialSampler(length)
    full = [list(range(i, i + size)) for i in range(0, length - size + 1, size)]
    rest = list(range(len(full) * size, length))

    keep = BatchSampler(source, size, "keep")
    assert list(keep) == full + ([rest] if rest else [])
    assert len(keep) == len(list(keep))

    discard = BatchSampler(source, size, "discard")
    assert list(discard) == full
    assert len(discard) == len(full)


def test_rollover_puts_what_is_left_before_the_next_iteration():
    batches = BatchSampler(SequentialSampler(5), 3, "rollover")
    rounds = []
    for _ in range(4):
        announced = len(batches)
        rounds.append(list(batches))
        assert len(rounds[-1]) == announced
    assert rounds == [
        [[0, 1, 2]],
        [[3, 4, 0], [1, 2, 3]],
        [[4, 0, 1], [2, 3, 4]],
        [[0, 1, 2]],
    ]


# -- batches --------------------------------------------------------------------------------------


def test_default_batches_keep_structure_and_element_type():
    images, labels = batchify.default_batchify_fn([(np.zeros((2,), "uint8"), 1), (np.ones(2), 2)])
    assert (images.shape, labels.asnumpy().tolist()) == ((2, 2), [1, 2])
    batch = batchify.default_batchify_fn([np.int8(1), np.int8(2)])
    assert batch.dtype == np.int8
    batch = batchify.default_batchify_fn([nd.ones((3,), ctx=gx.cpu(1))] * 2)
    assert (batch.shape, batch.context) == ((2, 3), gx.cpu(1))
    nested = batchify.default_batchify_fn([(1, (2, 3)), (4, (5, 6))])
    assert host(nested) == [[1, 4], [[2, 5], [3, 6]]]
    keyed = batchify.default_batchify_fn([{"x": (1, 2), "y": 3}, {"x": (4, 5), "y": 6}])
    assert host(keyed["x"]) == [[1, 4], [2, 5]] and keyed["y"].asnumpy().tolist() == [3, 6]
    with pytest.raises(ValueError, match="different keys"):
        batchify.default_batchify_fn([{"x": 1}, {"y": 1}])
    with pytest.raises(TypeError, match="arrays? of strs such as 'a'.*AsList"):
        batchify.default_batchify_fn(["a", "b"])


def test_pad_makes_equal_lengths():
    items = [np.array([[1, 2, 3]]), np.array([[4]])]
    batch, lengths = batchify.Pad(axis=1, pad_val=-1, ret_length=True)(items)
    assert batch.asnumpy().tolist() == [[[1, 2, 3]], [[4, -1, -1]]]
    assert lengths.asnumpy().tolist() == [3, 1]
    assert batchify.Pad(dtype="float32")([[1, 2], [3]]).dtype == np.float32


def test_group_has_a_function_for_each_element():
    together = batchify.Group(batchify.Pad(), batchify.AsList())
    texts, names = together([([1], "a"), ([2, 3], "b")])
    assert texts.asnumpy().tolist() == [[1, 0], [2, 3]]
    assert names == ["a", "b"]
    assert batchify.Group([len])([("a",), ("b",)]) == [2]


# -- loaders --------------------------------------------------------------------------------------

COLUMNS = {
    "numpy": (np.arange(22, dtype="uint8").reshape(11, 2), np.arange(11)),
    "ndarray": (nd.arange(22).reshape((11, 2)), nd.arange(11)),
    "one": (np.arange(11),),
    "list": (np.arange(11), list(range(11))),
}


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("workers", [0, 1, 3])
@pytest.mark.parametrize("last_batch", ["keep", "discard", "rollover"])
def test_batches_are_those_of_the_items(columns, workers, last_batch):
    dataset = ArrayDataset(*COLUMNS[columns])
    loader = DataLoader(dataset, 4, last_batch=last_batch, num_workers=workers)
    sampler = BatchSampler(SequentialSampler(11), 4, last_batch)
    for _ in range(2):
        assert len(loader) == len(sampler)
        batches = list(loader)
        expected = [batchify.default_batchify_fn([dataset[i] for i in b]) for b in sampler]
        assert host(batches) == host(expected)
        kinds = [(b[0].dtype if isinstance(b, list) else b.dtype) for b in batches]
        assert kinds == [(b[0].dtype if isinstance(b, list) else b.dtype) for b in expected]


@pytest.mark.parametrize("workers", [0, 3])
def test_shuffled_epochs_repeat_under_a_seed_whatever_the_workers(workers):
    loader = DataLoader(ArrayDataset(np.arange(50), np.arange(50)), 8, True, num_workers=workers)
    gx.random.seed(9)
    epochs = [host(list(loader)) for _ in range(2)]
    gx.random.seed(9)
    assert [host(list(DataLoader(NUMBERS_50, 8, shuffle=True))) for _ in range(2)] == [
        [x for x, _ in epoch] for epoch in epochs
    ]
    assert epochs[0] != epochs[1]
    for epoch in epochs:
        assert all(x == y for x, y in epoch)
        assert sorted(sum((x for x, _ in epoch), [])) == list(range(50))


NUMBERS_50 = SimpleDataset(list(range(50)))


class Counted(ArrayDataset):
    """Counts how many items are read one by one."""

    read = 0

    def __getitem__(self, idx):
        self.read += 1
        return super().__getitem__(idx)

    def _gather(self, indices):
        return super()._gather(indices)


def test_arrays_are_gathered_not_read_item_by_item():
    for make in (lambda d: d, lambda d: d.take(7), lambda d: d.shard(2, 1).take(4)):
        dataset = Counted(nd.arange(22).reshape((11, 2)), np.arange(11))
        batches = host(list(DataLoader(make(dataset), 3)))
        assert dataset.read == 0
        expected = [make(dataset)[i] for i in range(len(make(dataset)))]
        assert sum((labels for _, labels in batches), []) == [label for _, label in expected]
        assert dataset.read > 0


def test_a_dataset_that_changes_its_items_is_read_item_by_item():
    class Negated(ArrayDataset):
        def __getitem__(self, idx):
            return -super().__getitem__(idx)

    assert host(list(DataLoader(Negated(np.arange(3)), 3))) == [[0, -1, -2]]
    lazy = ArrayDataset(np.arange(3)).transform(lambda x: x + 10)
    assert host(list(DataLoader(lazy, 3))) == [[10, 11, 12]]


def test_gathered_arrays_follow_later_writes():
    x = nd.zeros((4, 2))
    loader = DataLoader(ArrayDataset(x), 4)
    next(iter(loader))
    x[1] = 5
    assert host(next(iter(loader)))[1] == [5, 5]


def test_gathered_batches_do_not_share_memory_with_the_dataset():
    for column in (np.zeros((2, 2), "float32"), nd.zeros((2, 2))):
        dataset = ArrayDataset(column)
        batch = next(iter(DataLoader(dataset, 2)))
        batch[:] = 1
        assert host(next(iter(DataLoader(dataset, 2)))) == [[0, 0], [0, 0]]


def test_item_numbers_from_the_end_and_out_of_range():
    class Some(Sampler):
        def __init__(self, numbers):
            self.numbers = numbers

        def __iter__(self):
            return iter(self.numbers)

        def __len__(self):
            return len(self.numbers)

    for columns in (COLUMNS["numpy"], COLUMNS["ndarray"]):
        dataset = ArrayDataset(*columns)
        (batch,) = DataLoader(dataset, 2, sampler=Some([-1, 0]))
        assert host(batch) == [[[20, 21], [0, 1]], [10, 0]]
        with pytest.raises(IndexError):
            list(DataLoader(dataset, 2, sampler=Some([11])))
    wide = np.arange(600_000, dtype="float32").reshape(2, -1)  # batches that are placed uncopied
    dataset = ArrayDataset(np.asfortranarray(wide), wide)
    (batch,) = DataLoader(dataset, 2, sampler=Some([-1, 0]))
    assert all((column.asnumpy() == wide[::-1]).all() for column in batch)
    with pytest.raises(IndexError, match="from 0 to 2 for 2 items"):
        list(DataLoader(ArrayDataset(wide), 2, sampler=Some([0, 2])))


def test_batch_sampler_and_batchify_function_are_used():
    loader = DataLoader(NUMBERS, batch_sampler=[[1, 2], [5]], batchify_fn=sum)
    assert list(loader) == [3, 5]
    assert len(loader) == 2
    gathered = DataLoader(ArrayDataset(np.arange(4)), 2, batchify_fn=batchify.AsList())
    assert list(gathered) == [[0, 1], [2, 3]]


def test_batches_of_digits_are_those_of_the_items():
    images, labels = next(iter(DataLoader(Digits(train=False), 5)))
    expected = [Digits(train=False)[i] for i in range(5)]
    assert (images.dtype, labels.dtype) == (np.uint8, np.int32)
    assert host(images) == [host(image) for image, _ in expected]
    assert host(labels) == [label for _, label in expected]
    shifted = Digits(train=False, transform=lambda image, label: (image, label + 10))
    _, labels = next(iter(DataLoader(shifted, 5)))
    assert host(labels) == [label + 10 for _, label in expected]


class Slow(Dataset):
    """Takes longer for its first items; notes in which threads it is read."""

    def __init__(self, length=12):
        self.length = length
        self.threads = set()
        self.started = 0

    def __len__(self):
        return self.length

    def __getitem__(self, idx):
        self.started += 1
        self.threads.add(threading.get_ident())
        time.sleep(0.02 if idx < 4 else 0)
        return idx


def data_threads():
    return [t for t in threading.enumerate() if t.name.startswith("gluonx-data")]


def wait_until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def test_workers_read_in_parallel_and_batches_come_in_order():
    dataset = Slow()
    assert host(list(DataLoader(dataset, 2, num_workers=3))) == [
        [i, i + 1] for i in range(0, 12, 2)
    ]
    assert len(dataset.threads) > 1
    assert threading.get_ident() not in dataset.threads


def test_reading_ahead_is_bounded():
    dataset = Slow(100)
    batches = iter(DataLoader(dataset, 1, num_workers=2, prefetch=5))
    next(batches)
    time.sleep(0.2)
    assert 2 <= dataset.started <= 7
    batches.close()


def test_leaving_the_loop_early_ends_the_workers():
    dataset = Slow(1000)
    for batch in DataLoader(dataset, 1, num_workers=2):
        assert host(batch) == [0]
        assert data_threads()
        break
    del batch
    assert wait_until(lambda: not data_threads())
    assert dataset.started < 20


@pytest.mark.parametrize("workers", [0, 2])
def test_error_in_a_dataset_arrives_with_its_traceback(workers):
    class Broken(Slow):
        def __getitem__(self, idx):
            if idx == 5:
                raise KeyError("no item 5")
            return idx

    batches = iter(DataLoader(Broken(), 2, num_workers=workers))
    assert host([next(batches), next(batches)]) == [[0, 1], [2, 3]]
    with pytest.raises(KeyError, match="no item 5") as raised:
        next(batches)
    assert raised.traceback[-1].name == "__getitem__"
    assert wait_until(lambda: not data_threads())


def test_a_worker_that_hangs_is_reported():
    released = threading.Event()

    class Hangs(Slow):
        def __getitem__(self, idx):
            released.wait(30)
            return idx

    try:
        with pytest.raises(RuntimeError, match="waited 0.1 s for a batch.*num_workers=0"):
            next(iter(DataLoader(Hangs(), 2, num_workers=1, timeout=0.1)))
    finally:
        released.set()
    assert wait_until(lambda: not data_threads())


def test_a_timeout_raised_by_the_dataset_is_its_own():
    class Late(Slow):
        def __getitem__(self, idx):
            raise TimeoutError("the server does not answer")

    with pytest.raises(TimeoutError, match="the server does not answer"):
        next(iter(DataLoader(Late(), 2, num_workers=1)))


# -- transforms -----------------------------------------------------------------------------------


@pytest.mark.parametrize("hybridized", [False, True], ids=["eager", "hybridized"])
def test_to_tensor_puts_channels_first_and_scales(hybridized):
    transform = transforms.ToTensor()
    if hybridized:
        transform.hybridize()
    image = np.random.randint(0, 256, (4, 5, 3)).astype("uint8")
    expected = image.transpose(2, 0, 1).astype("float32") / 255
    out = transform(nd.array(image, dtype="uint8"))
    assert out.dtype == np.float32
    np.testing.assert_allclose(out.asnumpy(), expected, rtol=1e-6)
    batch = transform(nd.array(np.stack([image] * 2), dtype="uint8"))
    np.testing.assert_allclose(batch.asnumpy(), np.stack([expected] * 2), rtol=1e-6)


@pytest.mark.parametrize("hybridized", [False, True], ids=["eager", "hybridized"])
@pytest.mark.parametrize("shape", [(3, 4, 5), (2, 3, 4, 5)])
@pytest.mark.parametrize(
    ("mean", "std"), [(0.5, 0.25), ((0.1, 0.2, 0.3), (1, 2, 3)), (1, (1, 2, 3))]
)
def test_normalize_works_channel_by_channel(shape, mean, std, hybridized):
    transform = transforms.Normalize(mean, std)
    if hybridized:
        transform.hybridize()
    x = np.random.rand(*shape).astype("float32")
    column = [np.reshape(v, (-1, 1, 1)) for v in (mean, std)]
    out = transform(nd.array(x))
    np.testing.assert_allclose(out.asnumpy(), (x - column[0]) / column[1], rtol=1e-5, atol=1e-6)


def test_cast_changes_the_element_type():
    for dtype in ("float16", np.int32):
        assert transforms.Cast(dtype)(nd.array([1.5])).dtype == np.dtype(dtype)


def test_compose_applies_all_in_order():
    transform = transforms.Compose(
        [
            lambda x: x[:2],
            transforms.ToTensor(),
            transforms.Normalize(0, 0.5),
            nn.Lambda(lambda x: x + 1),
            transforms.Cast("float64"),
        ]
    )
    out = transform(nd.full((4, 5, 3), 255, dtype="uint8"))
    assert (out.shape, out.dtype) == ((3, 2, 5), np.float64)
    assert (out.asnumpy() == 3).all()
    assert len(transform) == 4
    dataset = ArrayDataset(nd.full((2, 4, 5, 3), 255, dtype="uint8"), [0, 1])
    images, labels = next(iter(DataLoader(dataset.transform_first(transform), 2)))
    assert (images.shape, host(labels)) == ((2, 3, 2, 5), [0, 1])


# -- mistakes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ArrayDataset(), ValueError, "at least one array"),
        (lambda: ArrayDataset([1], [1, 2]), ValueError, r"equal length, got lengths \[1, 2\]"),
        (lambda: NUMBERS.shard(3, 3), ValueError, "no shard 3 of 3"),
        (lambda: NUMBERS.shard(3, -1), ValueError, "no shard -1 of 3"),
        (lambda: NUMBERS.take(-1), ValueError, "0 or more, got -1"),
        (lambda: NUMBERS.sample([1]), TypeError, "needs a gluon.data.Sampler, got list"),
        (lambda: Dataset()[0], NotImplementedError, "must define __getitem__"),
        (lambda: len(Dataset()), NotImplementedError, "must define __len__"),
        (lambda: list(Sampler()), NotImplementedError, "must define __iter__"),
        (lambda: len(Sampler()), NotImplementedError, "must define __len__"),
        (lambda: IntervalSampler(3, 4), ValueError, "from 1 to length=3, got 4"),
        (lambda: IntervalSampler(3, 0), ValueError, "from 1 to length=3, got 0"),
        (lambda: BatchSampler([], 0), ValueError, "batch_size must be 1 or greater, got 0"),
        (lambda: BatchSampler([], 1.5), TypeError, "must be an integer, got 1.5"),
        (lambda: BatchSampler([], 1, "fill"), ValueError, "'rollover' or 'pad', got 'fill'"),
        (lambda: DataLoader(NUMBERS), ValueError, "needs a batch_size, or a batch_sampler"),
        (
            lambda: DataLoader(NUMBERS, 2, shuffle=True, sampler=RandomSampler(10)),
            ValueError,
            "either shuffle=True or a sampler",
        ),
        (
            lambda: DataLoader(NUMBERS, 2, batch_sampler=[[1]]),
            ValueError,
            "only without a batch_sampler",
        ),
        (lambda: DataLoader(NUMBERS, 2, timeout=0), ValueError, "timeout must be positive, got 0"),
        (
            lambda: batchify.Stack()([np.ones(2), np.ones(3)]),
            ValueError,
            r"different shapes \[\(2,\), \(3,\)\].*batchify.Pad",
        ),
        (
            lambda: batchify.default_batchify_fn([(1, 2), (1,)]),
            ValueError,
            r"items of 2 elements, got items of \[1, 2\]",
        ),
        (lambda: batchify.Group(3), TypeError, "needs functions"),
        (lambda: batchify.Group(sum)([(1, 2)]), ValueError, "items of 1 elements"),
        (lambda: transforms.ToTensor()(nd.ones((2, 2))), ValueError, r"got \(2, 2\)"),
        (
            lambda: transforms.Normalize((1, 2), 1)(nd.ones((3, 4, 4))),
            ValueError,
            r"mean=\(1, 2\) must have one number, or one for each of the 3 channels",
        ),
        (lambda: transforms.Normalize(0, 0), ValueError, "std must not be 0"),
    ],
)
def test_wrong_calls_say_what_to_do(call, error, message):
    with pytest.raises(error, match=message):
        call()
