"""Iterators over files: epochs, threads, seeds, damage."""

import gc
import gzip
import threading
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

import gluonx as gx
from gluonx import io, nd, recordio
from gluonx.error import MXNetError

FILES = Path(__file__).parent / "reference" / "images"
SMALL = {"path_imgrec": FILES / "png.rec", "data_shape": (3, 6, 5), "preprocess_threads": 2}


def labels(it):
    return [b.label[0].asnumpy().astype(int).tolist() for b in it]


def test_rounding_goes_on_behind_the_samples_that_filled_up():
    it = io.ImageRecordIter(batch_size=15, **SMALL)
    stream = []
    for _ in range(3):
        stream += [n for batch in labels(it) for n in batch]
        it.reset()
    assert stream == [k % 10 for k in range(45)]
    it = io.CSVIter(data_csv=FILES / "label.csv", data_shape=(1,), batch_size=4, round_batch=False)
    for _ in range(2):
        assert [b.pad for b in it] == [0, 0, 2]
        it.reset()
    it = io.ImageRecordIter(batch_size=4, round_batch=False, **SMALL)
    for _ in range(2):
        assert labels(it) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 0, 0]] and it.getpad() == 2
        it.reset()
    assert it.provide_label[0] == ("softmax_label", (4,)) and it.provide_data[0].dtype is np.float32


def test_reset_within_an_epoch_begins_anew():
    it = io.ImageRecordIter(batch_size=3, **SMALL)
    for steps in (0, 1, 3):
        assert [b.index[0] for b in islice(it, steps)] == [100, 103, 106][:steps]
        it.reset()
    assert len(labels(it)) == 4 and labels(it) == []


def test_draws_depend_on_the_seed_not_on_the_threads():
    given = {
        **SMALL, "data_shape": (3, 4, 4), "batch_size": 4, "rand_crop": True, "rand_mirror": True,
        "brightness": 0.2, "contrast": 0.2, "saturation": 0.2, "pca_noise": 0.1, "random_h": 20,
        "random_l": 20, "random_s": 20, "max_rotate_angle": 20, "max_shear_ratio": 0.1,
        "max_random_contrast": 0.2, "max_random_illumination": 5.0, "inter_method": 10,
    }  # fmt: skip
    runs = []
    for threads, seed, chunk in ((1, 0, 0), (3, 0, 1), (1, 1, 0)):
        it = io.ImageRecordIter(
            **{**given, "preprocess_threads": threads}, seed=seed, shuffle=True,
            path_imgidx=FILES / "png.idx", shuffle_chunk_size=chunk,
        )  # fmt: skip
        epochs = []
        for _ in range(2):
            epochs.append([(b.data[0].asnumpy(), b.label[0].asnumpy()) for b in it])
            it.reset()
        runs.append(epochs)
    first, again, other = ([d for e in run for d, _ in e] for run in runs)
    assert all((x == y).all() for x, y in zip(first, again, strict=True))
    assert any((x != y).any() for x, y in zip(first, other, strict=True))
    order = [[n for _, label in epoch for n in label] for epoch in runs[0]]
    assert sorted(order[0][:10]) == list(range(10)) and order[0][:8] != order[1][:8]
    streamed = io.ImageRecordIter(batch_size=10, shuffle=True, **SMALL)
    (found,) = labels(streamed)
    assert sorted(found) == list(range(10)) and found != list(range(10))


def test_mean_image_is_made_once(tmp_path):
    given = {**SMALL, "batch_size": 10, "mean_img": str(tmp_path / "mean.bin"), "scale": 0.5}
    plain = next(io.ImageRecordIter(batch_size=10, **SMALL)).data[0].asnumpy()
    for _ in range(2):
        found = next(io.ImageRecordIter(**given)).data[0].asnumpy()
        assert np.allclose(found, (plain - plain.mean(0)) / 2, atol=1e-4)
    assert nd.load(given["mean_img"])["mean_img"].shape == (3, 6, 5)
    boxes = {"path_imgrec": FILES / "boxes.rec", "data_shape": (3, 4, 4), "batch_size": 3}
    boxes["mean_img"] = str(tmp_path / "boxes.bin")
    assert abs(next(io.ImageDetRecordIter(**boxes)).data[0].asnumpy().mean(0)).max() < 1e-4
    with pytest.raises(ValueError, match="'force'"):
        io.ImageDetRecordIter(resize_mode="fit", **boxes)
    with pytest.raises(MXNetError, match="made anew"):
        io.ImageRecordIter(**{**given, "data_shape": (3, 4, 4)})


def test_kinds_of_numbers():
    for dtype in ("float16", "float64", "uint8", "int32", "bfloat16"):
        if dtype == "bfloat16":
            dtype = nd.array([1], dtype="bfloat16").dtype
        batch = next(io.ImageRecordIter(batch_size=2, dtype=dtype, **SMALL))
        assert batch.data[0].dtype == np.dtype(dtype) and batch.label[0].dtype == np.float32
    with pytest.raises(TypeError, match="mean_r"):
        io.ImageRecordUInt8Iter(batch_size=2, mean_r=1.0, **SMALL)
    images = {"image": FILES / "images.idx3", "label": FILES / "labels.idx1", "batch_size": 5}
    batch = next(io.MNISTIter(dtype="uint8", shuffle=False, **images))
    assert batch.data[0].asnumpy()[:, 0, 0, 0].tolist() == [0, 20, 40, 60, 80]
    orders = [labels(io.MNISTIter(seed=s, **images)) for s in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]


def test_threads_end_with_the_iterator():
    it = io.ImageRecordIter(batch_size=2, **SMALL)
    next(it)
    del it
    gc.collect()
    for thread in threading.enumerate():
        if thread.name.startswith("gluonx-images"):
            thread.join(20)
            assert not thread.is_alive()


def test_boxes_are_cropped_padded_and_recolored(tmp_path):
    src = np.zeros((60, 80, 3), np.uint8)
    src[12:36, 20:60] = 255
    with recordio.MXRecordIO(tmp_path / "a.rec", "w") as record:
        label = [3, 6, 9, 3, 20 / 80, 12 / 60, 60 / 80, 36 / 60, 7]
        record.write(recordio.pack_img((0, label, 0, 0), src, 9, ".png"))
    it = io.ImageDetRecordIter(
        path_imgrec=tmp_path / "a.rec", data_shape=(3, 50, 60), batch_size=30, inter_method=0,
        preprocess_threads=2, rand_mirror_prob=0.5, rand_pad_prob=0.5, max_pad_scale=2,
        rand_crop_prob=0.8, num_crop_sampler=2, min_crop_scales=(0.3, 0.6), max_crop_scales=(0.9,),
        min_crop_aspect_ratios=0.5, max_crop_aspect_ratios=2, min_crop_overlaps=(0.1, 0.3),
        min_crop_object_coverages=0.3, crop_emit_mode="overlap", fill_value=127,
        random_hue_prob=1, max_random_hue=10,
    )  # fmt: skip
    batch = next(it)
    data, label = batch.data[0].asnumpy(), batch.label[0].asnumpy()
    assert label.shape == (30, 13) and (label[:, :7] == [3, 50, 60, 9, 3, 6, 9]).all()
    assert len({tuple(row) for row in label}) > 20 and batch.pad == 29
    for img, row in zip(data, label, strict=True):
        y, x = np.nonzero((img > 250).all(0))
        found = [x.min() / 60, y.min() / 50, (x.max() + 1) / 60, (y.max() + 1) / 50]
        assert row[7] == 3 and row[12] == 7 and np.allclose(row[8:12], found, atol=0.05)


def test_gzipped_and_divided_files_are_read(tmp_path):
    (tmp_path / "i").write_bytes(gzip.compress((FILES / "images.idx3").read_bytes()))
    it = io.MNISTIter(image=tmp_path / "i", label=FILES / "labels.idx1", batch_size=10, flat=True)
    assert next(it).data[0].shape == (10, 6)
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in "ab":
        (folder / name).write_text("1,2\n3,4\n")
    for path in (folder, f"{folder}/a;{folder}/b"):
        assert io.CSVIter(data_csv=path, data_shape=(2,), batch_size=2).num_data == 4
    twice = f"{FILES}/png.rec;{FILES}/png.rec"
    parts = []
    for k in range(4):
        it = io.ImageRecordIter(
            **{**SMALL, "path_imgrec": twice}, batch_size=1, num_parts=4, part_index=k
        )
        parts += [n for batch in labels(it) for n in batch]
    assert parts == [*range(10)] * 2


def _svm(path):
    return io.LibSVMIter(data_libsvm=path, data_shape=(3,), batch_size=1)


def _records(path):
    return io.ImageRecordIter(**{**SMALL, "path_imgrec": path}, batch_size=1)


def test_a_loader_is_an_iterator_for_modules():
    dataset = gx.gluon.data.ArrayDataset(nd.arange(5).reshape((5, 1)), nd.arange(5))
    it = gx.contrib.io.DataLoaderIter(gx.gluon.data.DataLoader(dataset, 2, last_batch="keep"))
    assert it.provide_data == [("data", (2, 1))] and it.batch_size == 2
    for _ in range(2):
        assert labels(it) == [[0, 1], [2, 3], [4, 0]] and it.getpad() == 1
        it.reset()


BAD = {
    "a.csv": (b"1,2\n3,x\n", lambda p: io.CSVIter(data_csv=p, data_shape=(2,), batch_size=1)),
    "b.csv": (b"1,2\n", lambda p: io.CSVIter(data_csv=p, data_shape=(3,), batch_size=1)),
    "c.csv": (b"\n", lambda p: io.CSVIter(data_csv=p, data_shape=(3,), batch_size=1)),
    "a.svm": (b"1 0:1\n1 2\n", _svm),
    "b.svm": (b"1 3:1\n", _svm),
    "a.idx": (b"\0\0\x08\x03\0", lambda p: io.MNISTIter(image=p, label=FILES / "labels.idx1")),
    "b.idx": (
        b"\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x01a",
        lambda p: io.MNISTIter(image=p, label=FILES / "labels.idx1"),
    ),
    "a.rec": (b"abcdefgh", _records),
    "b.rec": (b"", _records),
    "a.lst": (b"1\tx\n", lambda p: io.ImageRecordIter(batch_size=1, path_imglist=p, **SMALL)),
}  # fmt: skip


def test_damaged_files_are_named(tmp_path):
    for name, (data, call) in BAD.items():
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(MXNetError, match="no records" if name == "b.rec" else name[:5]):
            call(str(path))


def test_wrong_records_and_parameters_are_refused(tmp_path):
    def make(**given):
        return io.ImageRecordIter(**{**SMALL, "batch_size": 2, **given})

    for given, error, match in (
        ({"path_imgrec": FILES / "two.rec"}, MXNetError, "2 labels, but label_width is 1"),
        ({"path_imglist": FILES / "files.lst"}, MXNetError, "no record 100"),
        ({"data_shape": (4, 6, 5)}, MXNetError, "3 channels"),
        ({"data_shape": (6, 5)}, ValueError, "data_shape"),
        ({"batch_size": 0}, ValueError, "batch_size"),
        ({"part_index": 2}, ValueError, "part_index=2"),
        ({"preprocess_threads": 0}, ValueError, "preprocess_threads"),
        ({"inter_method": 5}, ValueError, "inter_method=5"),
        ({"random_resized_crop": True, "rand_crop": True}, ValueError, "excludes"),
        ({"max_random_area": 0.5}, ValueError, "random_resized_crop=True"),
        ({"max_crop_size": 3}, ValueError, "min_crop_size"),
        ({"max_crop_size": 9, "min_crop_size": 2}, ValueError, "max_crop_size=9"),
        ({"mean_red": 1}, TypeError, "mean_red"),
    ):
        with pytest.raises(error, match=match):
            next(make(**given))
    with recordio.MXRecordIO(tmp_path / "a.rec", "w") as record:
        record.write(recordio.pack((0, 1.0, 77, 0), b"no image"))
    with pytest.raises(MXNetError, match="record 77 cannot be decoded"):
        next(make(path_imgrec=tmp_path / "a.rec"))
    for given, error, match in (
        ({"foo": 1}, TypeError, "'foo'"),
        ({"label_width": 7}, MXNetError, "label_width is 7"),
        ({"resize_mode": "grow"}, ValueError, "'shrink'"),
        ({"path_imgrec": FILES / "png.rec"}, MXNetError, "A, B"),
    ):
        with pytest.raises(error, match=match):
            given = {"path_imgrec": FILES / "boxes.rec", **given}
            io.ImageDetRecordIter(batch_size=1, data_shape=(3, 4, 4), **given)
    it = io.ImageDetRecordIter(
        path_imgrec=FILES / "boxes.rec", batch_size=3, data_shape=(3, 4, 4), label_pad_width=8
    )
    with pytest.raises(MXNetError, match="label_pad_width is 8"):
        next(it)
