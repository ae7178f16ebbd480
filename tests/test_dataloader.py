"""DataLoader: workers of both kinds, padding, state, sources, and what is left behind."""

import gc
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from loader_datasets import Flip, Items, Pids, join, transform

import gluonx as gx
from gluonx import nd
from gluonx.data import (
    ArrayDataset,
    BucketSampler,
    DataLoader,
    RandomSampler,
    SimpleDataset,
    SplitSampler,
    batchify,
    generator,
)
from gluonx.data.vision import transforms

HERE = Path(__file__).parent


def host(batch):
    """A batch with lists in the place of arrays."""
    if isinstance(batch, (list, tuple)):
        return [host(b) for b in batch]
    if isinstance(batch, dict):
        return {k: host(v) for k, v in batch.items()}
    return np.asarray(batch).tolist()


def alive(pid):
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def descriptors():
    return sorted(os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")
                  if os.path.exists(f"/proc/self/fd/{n}"))  # fmt: skip


def shared_memory():
    return set(os.listdir("/dev/shm")) if os.path.isdir("/dev/shm") else set()


# -- the same batches, whoever reads them ----------------------------------------------


@pytest.mark.parametrize("last_batch", ["pad", "rollover"])
def test_batches_do_not_depend_on_the_workers(last_batch):
    epochs = []
    for options in (
        {},
        {"num_workers": 3},
        {"num_workers": 2, "thread_pool": False},
        {"num_workers": 1, "prefetch": 7, "auto_reload": True},
    ):
        gx.random.seed(5)
        dataset = Items().transform_first(transform())
        loader = DataLoader(dataset, 4, shuffle=True, last_batch=last_batch, **options)
        batches = [host(batch) for _ in range(2) for batch in loader]
        assert all(type(x) is nd.NDArray for batch in loader for x in batch)
        loader.clean()
        epochs.append(batches)
    assert all(batches == epochs[0] for batches in epochs)
    assert epochs[0][:3] != epochs[0][3:]


def test_worker_processes_have_no_jax_and_convert_what_is_of_gluonx():
    loader = DataLoader(Pids(16), 2, num_workers=2, thread_pool=False)
    start = time.perf_counter()
    batches = list(loader)
    seconds = time.perf_counter() - start
    pids = {int(pid) for pid, _, _ in batches for pid in pid.asnumpy()}
    assert len(pids) == 2 and os.getpid() not in pids
    assert not any(jax.asnumpy().any() for _, jax, _ in batches)
    assert [int(p) for b in list(loader) for p in b[0].asnumpy() if int(p) not in pids] == []
    assert seconds < 20  # usually 0.5

    columns = nd.arange(22).reshape((11, 2)), nd.arange(11)
    loader = DataLoader(ArrayDataset(*columns), 4, num_workers=1, thread_pool=False)
    assert [host(b) for b in loader] == [host(b) for b in DataLoader(ArrayDataset(*columns), 4)]
    own = DataLoader(Items(4), 2, num_workers=1, thread_pool=False, batchify_fn=join)
    gx.random.seed(1)
    batches = list(own)
    assert type(batches[0]["sum"]) is np.ndarray and batches[1]["numbers"] == [2, 3]
    batches[0]["sum"][:] = 0  # nobody else's memory
    gx.random.seed(1)
    assert host(batches[1]) == host(list(DataLoader(Items(4), 2, batchify_fn=join))[1])


def test_generator_starts_anew_for_each_item_and_leaves_others_alone():
    class Draws(Items):
        def __getitem__(self, i):
            generator().random(i)  # an item's draws do not move the next one's
            return generator().random(), np.random.rand()

    gx.random.seed(1)
    first = [x for a, _ in DataLoader(Draws(6), 2) for x in host(a)]
    gx.random.seed(1)
    second = [x for a, _ in DataLoader(Draws(6), 2, num_workers=2) for x in host(a)]
    assert first == second and len(set(first)) == 6
    gx.random.seed(1)
    assert generator() is gx.random.host_rng()


# -- trouble ----------------------------------------------


def test_trouble_in_a_worker_process_is_reported_at_once():
    def first_trouble(kind, **options):
        loader = DataLoader(Items(40, kind), 1, num_workers=2, thread_pool=False, **options)
        given = []
        with pytest.raises(Exception) as raised:
            for batch in loader:
                given.append(batch)
        assert len(given) <= 5
        return raised.value, loader

    error, loader = first_trouble("fail")
    assert type(error) is KeyError and error.args == ("no item 5",)
    assert "loader_datasets.py" in str(error.__cause__) and "in fail" in str(error.__cause__)
    assert len(list(zip(loader, range(3)))) == 3  # the workers are still there  # noqa: B905
    error, _ = first_trouble("refuse")
    assert type(error) is RuntimeError and "Refused: 5: refused" in str(error)
    error, _ = first_trouble("jax")
    assert "gluonx.ndarray.array was called in a worker process" in str(error)

    start = time.perf_counter()
    error, loader = first_trouble("die")
    assert "was killed by SIGKILL" in str(error)
    loader._dataset.trouble = None
    assert len(list(loader)) == 40  # new ones
    error, _ = first_trouble("hang", timeout=0.5)
    assert "waited 0.5 s for a batch" in str(error)
    assert time.perf_counter() - start < 40  # usually 3


def test_what_cannot_be_sent_to_a_process_is_explained():
    for dataset, message in (
        (Items().transform(lambda x, i: i), "cannot be sent to worker processes.*thread_pool=True"),
        (Items().transform_first(gx.nn.Dense(2)), "Dense dense.* has parameters"),
    ):
        with pytest.raises(TypeError, match=message):
            next(iter(DataLoader(dataset, 2, num_workers=1, thread_pool=False)))


# -- what is left behind ----------------------------------------------


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts descriptors in /proc")
def test_nothing_is_left_of_a_loader():
    gc.collect()
    before, segments, threads = descriptors(), shared_memory(), threading.active_count()
    for end in ("used up", "left early", "closed", "error"):
        dataset = Pids(12) if end != "error" else Items(trouble="fail")
        loader = DataLoader(dataset, 1, num_workers=2, thread_pool=False)
        batches = iter(loader)
        next(batches)
        pids = loader._pool.pids
        assert all(map(alive, pids))
        if end == "used up":
            list(batches)
        elif end == "error":
            with pytest.raises(KeyError) as raised:
                list(batches)
            del raised
        elif end == "closed":
            loader.close()
            with pytest.raises(RuntimeError, match="was closed"):
                list(batches)
        del loader, batches
        gc.collect()
        assert not any(map(alive, pids))
    for batch in DataLoader(Items(50), 1, num_workers=2):
        del batch
        break
    end = time.monotonic() + 10
    while threading.active_count() > threads and time.monotonic() < end:
        time.sleep(0.01)
    assert threading.active_count() <= threads
    assert set(descriptors()) <= set(before)  # names of pipes and sockets are unique
    assert shared_memory() <= segments


SCRIPT = """
import os, sys, time
import gluonx as mx
from gluonx import gluon, nd

class Squares(gluon.data.Dataset):
    def __len__(self):
        return 1000
    def __getitem__(self, i):
        time.sleep(0.001)
        return os.getpid(), i * i

def main():
    loader = gluon.data.DataLoader(Squares(), 2, num_workers=2, thread_pool=False)
    for n, (pids, squares) in enumerate(loader):
        print(*pids.asnumpy(), *squares.asnumpy(), flush=True)
        if n == 4 and "wait" in sys.argv:
            time.sleep(60)
        if n == 4:
            break

GUARD
"""


def run(tmp_path, guard, *args):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.replace("GUARD", textwrap.dedent(guard)))
    path = f"{HERE.parent}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    return subprocess.Popen(
        [sys.executable, str(script), *args], text=True, env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("way", ["ends", "Ctrl-C", "killed"])
def test_a_script_ends_with_all_its_workers(tmp_path, way):
    process = run(tmp_path, 'if __name__ == "__main__":\n    main()', *["wait"] * (way != "ends"))
    lines = [list(map(int, process.stdout.readline().split())) for _ in range(5)]
    assert [line[2:] for line in lines[:2]] == [[0, 1], [4, 9]]
    pids = {line[0] for line in lines}
    if way != "ends":
        process.send_signal(signal.SIGINT if way == "Ctrl-C" else signal.SIGKILL)
    _, errors = process.communicate(timeout=60)
    assert ("Traceback" in errors) == (way == "Ctrl-C")
    assert "_worker.py" not in errors  # the workers say nothing
    assert process.returncode == {"ends": 0, "Ctrl-C": -signal.SIGINT}.get(way, -signal.SIGKILL)
    end = time.monotonic() + 10
    while any(map(alive, pids)) and time.monotonic() < end:
        time.sleep(0.01)
    assert not any(map(alive, pids))


@pytest.mark.slow
def test_a_script_without_a_guard_is_told_so(tmp_path):
    process = run(tmp_path, "main()")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "if __name__ == '__main__'" in errors


# -- padding ----------------------------------------------


def test_padding_repeats_items_and_a_mask_tells():
    dataset = ArrayDataset(nd.arange(5), np.arange(5))
    batches = host(list(DataLoader(dataset, 4, last_batch="pad")))
    assert batches == [
        [[0, 1, 2, 3], [0, 1, 2, 3], [1, 1, 1, 1]],
        [[4, 4, 4, 4], [4, 4, 4, 4], [1, 0, 0, 0]],
    ]
    single = list(DataLoader(range(3), 2, last_batch="pad", num_workers=1))
    assert host(single) == [[[0, 1], [1, 1]], [[2, 2], [1, 0]]]
    assert single[0][1].dtype == np.float32
    assert len(DataLoader(range(3), 2, last_batch="pad")) == 2
    stream = DataLoader(iter(range(3)), 2, last_batch="pad")
    assert host(list(stream)) == [[[0, 1], [1, 1]], [[2, 2], [1, 0]]]


def test_padded_batches_compile_once(compilations):
    net = gx.nn.Dense(2, in_units=3)
    net.initialize()
    net.hybridize()
    loader = DataLoader(ArrayDataset(nd.ones((7, 3))), 4, last_batch="pad")
    total = 0
    for batch, mask in loader:
        total += (net(batch).sum(axis=1) * mask).sum().asscalar()
        if mask.asnumpy().all():
            scope = compilations()
            names = scope.__enter__()
    scope.__exit__(None, None, None)
    assert names == []
    assert total == pytest.approx(7 * net(nd.ones((1, 3))).sum().asscalar(), rel=1e-5)


# -- sources ----------------------------------------------


@pytest.mark.parametrize("workers", [0, 2])
def test_iterables_are_read_as_they_come(workers):
    def numbers():
        for i in range(5):
            yield np.float32(i), i

    class Endless:
        def __iter__(self):
            return iter(int, 1)

    assert [host(b) for b in DataLoader(numbers(), 2, num_workers=workers)] == [
        [[0, 1], [0, 1]], [[2, 3], [2, 3]], [[4], [4]],
    ]  # fmt: skip
    discarded = DataLoader(numbers(), 2, last_batch="discard", num_workers=workers)
    assert len(list(discarded)) == 2
    batches = iter(DataLoader(Endless(), 3, num_workers=workers))
    assert host([next(batches), next(batches)]) == [[0, 0, 0]] * 2
    batches.close()
    with pytest.raises(ValueError, match="own order"):
        DataLoader(numbers(), 2, shuffle=True)
    with pytest.raises(TypeError, match="or an iterable, got int"):
        DataLoader(3, 2)
    for array in (np.arange(6).reshape(3, 2), nd.arange(6).reshape((3, 2))):
        assert host(list(DataLoader(array, 2))) == [[[0, 1], [2, 3]], [[4, 5]]]


def test_a_stop_iteration_of_the_dataset_is_not_the_end():
    class Stops(Items):
        def __getitem__(self, i):
            return next(iter(()))

    for workers in (0, 1):
        with pytest.raises(RuntimeError, match="raised StopIteration"):
            list(DataLoader(Stops(), 2, num_workers=workers))


# -- state ----------------------------------------------


@pytest.mark.parametrize("last_batch", ["keep", "rollover"])
def test_state_goes_on_in_the_middle_whatever_the_workers(last_batch):
    def make(**options):
        return DataLoader(Items(), 2, shuffle=True, last_batch=last_batch, **options)

    loader = make(num_workers=2)
    next(iter(loader))
    list(loader)
    batches = iter(loader)
    given = [next(batches), next(batches)]
    state = json.loads(json.dumps(loader.state_dict()))
    expected = [host(b) for b in batches]
    expected += [host(b) for b in loader]  # and the next iteration
    for options in ({}, {"num_workers": 1}, {"num_workers": 1, "thread_pool": False}):
        gx.random.seed(77)
        again = make(**options)
        again.load_state_dict(state)
        assert again.state_dict() == state
        assert [host(b) for _ in range(2) for b in again] == expected
    assert host(given[0]) not in expected

    state = again.state_dict()  # between two iterations
    expected = host(list(again))
    again = make()
    again.load_state_dict(state)
    assert host(list(again)) == expected
    with pytest.raises(ValueError, match="not the state of a DataLoader: batch"):
        again.load_state_dict({"rng": {}, "sampler": {}})


def test_state_of_an_iterable_is_that_of_its_iterator_or_is_counted():
    class Positions:
        """As the iterators of Grain."""

        def __iter__(self):
            return Position()

    class Position:
        at = 0

        def __iter__(self):
            return self

        def __next__(self):
            if self.at == 6:
                raise StopIteration
            self.at += 1
            return self.at

        def get_state(self):
            return {"at": self.at}

        def set_state(self, state):
            self.at = state["at"]

    for source in (Positions, lambda: iter(range(1, 7))):
        for workers in (0, 1):
            loader = DataLoader(source(), 2, num_workers=workers)
            batches = iter(loader)
            assert host(next(batches)) == [1, 2]
            state = json.loads(json.dumps(loader.state_dict()))
            assert host(list(batches)) == [[3, 4], [5, 6]]
            again = DataLoader(source(), 2, num_workers=workers)
            again.load_state_dict(state)
            assert host(list(again)) == [[3, 4], [5, 6]]


# -- transforms of whole batches ----------------------------------------------


@pytest.mark.parametrize(
    "options", [{}, {"num_workers": 1}, {"num_workers": 1, "thread_pool": False}]
)
def test_last_transforms_are_applied_to_batches(options, compilations):
    images = np.random.randint(0, 256, (6, 4, 5, 3)).astype("uint8")
    finish = [transforms.ToTensor(), transforms.Normalize((0.1, 0.2, 0.3), 0.5)]
    for first in ([], [Flip(0)]):
        dataset = ArrayDataset(images, np.arange(6))
        transform = transforms.Compose([*first, *finish])
        gx.random.seed(2)
        batches = list(DataLoader(dataset.transform_first(transform), 3, **options))
        if not first and not options:
            loader = DataLoader(dataset.transform_first(transform), 3)
            list(loader)
            with compilations() as names:
                list(loader)
            assert names == []
        gx.random.seed(2)
        plain = list(DataLoader(dataset.transform_first(Flip(0) if first else np.array), 3))
        for (x, y), (raw, numbers) in zip(batches, plain, strict=True):
            expected = (
                raw.asnumpy().transpose(0, 3, 1, 2) / 255 - [[[0.1]], [[0.2]], [[0.3]]]
            ) / 0.5
            assert (x.dtype, host(y)) == (np.float32, host(numbers))
            np.testing.assert_allclose(x.asnumpy(), expected, rtol=1e-5, atol=1e-6)


def test_last_transforms_of_other_items_are_applied_to_each():
    clips = np.random.randint(0, 256, (4, 2, 4, 5, 3)).astype("uint8")  # items of four axes
    (batch,) = DataLoader(
        ArrayDataset(clips, np.arange(4)).transform_first(transforms.ToTensor()), 4
    )
    np.testing.assert_allclose(
        batch[0].asnumpy(), clips.transpose(0, 1, 4, 2, 3).astype("float32") / 255, rtol=1e-6
    )


def test_batches_are_put_where_they_are_wanted():
    for options in ({}, {"num_workers": 1}):
        loader = DataLoader(
            ArrayDataset(nd.ones((3, 2)), np.arange(3)), 2, ctx=gx.cpu(1), **options
        )
        assert [x.context for batch in loader for x in batch] == [gx.cpu(1)] * 4
        with gx.cpu(1):
            batches = list(DataLoader(Items(2), 2, **options))
        assert batches[0][0].context == gx.cpu(1)


# -- samplers and batches ----------------------------------------------


def test_buckets_hold_items_of_similar_length():
    lengths = np.random.randint(1, 40, 50).tolist()
    for options in ({}, {"shuffle": True}, {"boundaries": [10, 20, 40]}, {"last_batch": "pad"}):
        sampler = BucketSampler(lengths, 4, num_buckets=3, **options)
        batches = list(sampler)
        assert len(batches) == len(sampler)
        assert {i for b in batches for i in b} == set(range(50))
        assert len(sampler.boundaries) == 3
        for batch in batches:
            assert len(set(np.searchsorted(sampler.boundaries, [lengths[i] for i in batch]))) == 1
    whole = BucketSampler(lengths, 4, num_buckets=3, last_batch="discard")
    assert [len(b) for b in whole] == [4] * len(whole)

    sampler = BucketSampler(lengths, 4, num_buckets=3, shuffle=True, last_batch="pad")
    dataset = SimpleDataset([np.ones(n, "float32") for n in lengths])
    pad = batchify.Pad(round_to=sampler.boundaries)
    batches = list(DataLoader(dataset, batch_sampler=sampler, batchify_fn=pad))
    assert {x.shape for x, _ in batches} == {(4, n) for n in sampler.boundaries}
    assert sum(float((x.sum(axis=1) * m).sum().asscalar()) for x, m in batches) == sum(lengths)
    with pytest.raises(ValueError, match="length 9, but the last boundary is 5"):
        BucketSampler([9], 1, boundaries=[5])


def test_parts_for_several_processes():
    for shuffle in (True, False):
        parts = [list(SplitSampler(10, 3, i, shuffle=shuffle)) for i in range(3)]
        assert sorted(sum(parts, [])) == list(range(10))
        assert [len(part) for part in parts] == [4, 3, 3]
    assert [list(SplitSampler(10, 3, i, True, 1, False)) for i in range(3)][2] == [8, 9, 0, 1]
    twice = SplitSampler(4, repeat=2)
    assert sorted(twice) == [0, 0, 1, 1, 2, 2, 3, 3] and len(twice) == 8
    with pytest.raises(ValueError, match="no part 3 of 3"):
        SplitSampler(10, 3, 3)


def test_pad_takes_several_axes_and_says_what_does_not_fit():
    items = [np.ones((1, 2), "int8"), np.ones((3, 1), "int8")]
    batch, lengths = batchify.Pad(axis=None, ret_length=True)(items)
    assert (batch.shape, batch.dtype) == ((2, 3, 2), np.int8)
    assert host(lengths) == [[1, 2], [3, 1]]
    assert batchify.Pad(axis=(0, 1), round_to=4)(items).shape == (2, 4, 4)
    assert host(batchify.Pad()([nd.array([1, 2]), nd.array([3])])) == [[1, 2], [3, 0]]
    with pytest.raises(ValueError, match="along that axis alone"):
        batchify.Pad()(items)


def test_the_order_is_drawn_when_the_iteration_begins():
    loader = DataLoader(range(20), 4, shuffle=True)
    gx.random.seed(1)
    expected = host(list(loader))
    gx.random.seed(1)
    batches = iter(loader)
    list(RandomSampler(5))
    assert host(list(batches)) == expected
