"""Files of rows that need not fit into memory."""

import tracemalloc

import numpy as np
import pytest

from gluonx import io
from gluonx.error import MXNetError
from gluonx.io import _stream


def data_of(it):
    return [b.data[0].asnumpy().tolist() for b in it]


@pytest.fixture(params=[5, 1 << 20])
def block(request, monkeypatch):
    monkeypatch.setattr(_stream, "_BLOCK", request.param)


def test_batches_do_not_depend_on_the_blocks_that_are_read(block, tmp_path):
    rows = [[k, 100 + k] for k in range(7)]
    for name, part in (("a", rows[:3]), ("b", []), ("c", rows[3:])):
        text = "\n".join(f"{x},{y}" for x, y in part)
        (tmp_path / name).write_text(f"\n{text}\n" if name == "c" else text)
    (tmp_path / "l.txt").write_text("\n".join(str(10 * k) for k in range(7)))
    path = ";".join(str(tmp_path / n) for n in "abc")
    for size in (1, 3, 7, 16):
        for rounds in (True, False):
            it = io.CSVIter(
                data_csv=path, data_shape=(2,), label_csv=tmp_path / "l.txt", batch_size=size,
                round_batch=rounds,
            )  # fmt: skip
            start = 0
            for _ in range(4):
                batches = list(it)
                wanted = np.arange(start, start + len(batches) * size) % 7
                found = np.concatenate([b.data[0].asnumpy() for b in batches])
                assert found.tolist() == [rows[k] for k in wanted]
                assert np.concatenate([b.index for b in batches]).tolist() == wanted.tolist()
                labels = np.concatenate([b.label[0].asnumpy() for b in batches])
                assert labels.tolist() == (10 * wanted).tolist()
                pad = batches[-1].pad
                assert pad == (start + len(batches) * size - 7) and not any(
                    b.pad for b in batches[:-1]
                )
                assert not it.iter_next()
                start = pad % 7 if rounds else 0
                it.reset()
            assert next(it).index[0] == start and it.num_data == 7
            if not it.getpad():
                it.reset()  # within an epoch: from the first row
                assert next(it).index[0] == 0


def test_parts_of_a_file_hold_each_row_once(block, tmp_path):
    lines = [f"{k} {k % 3}:{k}" for k in range(11)]
    (tmp_path / "a").write_text("\n".join(lines[:4]))
    (tmp_path / "b").write_text("# nothing\n" + "\n".join(lines[4:]) + "\n")
    (tmp_path / "l").write_text("\n".join(f"0 {k % 2}:{k}" for k in range(11)))
    path = f"{tmp_path}/a;{tmp_path}/b"
    for parts in (1, 2, 3, 5):
        found, labels = [], []
        for k in range(parts):
            it = io.LibSVMIter(
                data_libsvm=path, data_shape=(3,), label_libsvm=tmp_path / "l", label_shape=(2,),
                batch_size=1, num_parts=parts, part_index=k,
            )  # fmt: skip
            for batch in it:
                found.append(batch.data[0].asnumpy()[0].tolist())
                labels.append(batch.label[0].asnumpy()[0].tolist())
        assert found == [[k * (k % 3 == j) for j in range(3)] for k in range(11)]
        assert labels == [[k * (k % 2 == j) for j in range(2)] for k in range(11)]


def test_errors_name_the_line_and_are_not_taken_for_the_end(block, tmp_path):
    cases = {
        "1,2\n\n3,4\n5,x\n": (io.CSVIter, "csv", "in line 4 of .*x.csv.*float32"),
        "1,2\n3,4\n5\n6,7\n": (io.CSVIter, "csv", "in line 3 of .*needs 2 numbers.* there are 1"),
        "1 0:1\n2 1:1\n\n3 1\n": (io.LibSVMIter, "libsvm", "in line 4.*'3 1"),
        "1 0:1\n2 1:1\n3 2:1\n": (io.LibSVMIter, "libsvm", "in line 3, a place"),
    }
    for text, (kind, ending, match) in cases.items():
        path = tmp_path / f"x.{ending}"
        path.write_text(text)
        with pytest.raises(MXNetError, match=match):
            it = kind(**{f"data_{ending}": path}, data_shape=(2,), batch_size=1)
            list(it)
        if _stream._BLOCK == 5:  # the first rows could be read
            assert it.batch_size == 1
            with pytest.raises(MXNetError, match=match):
                next(it)
            it.reset()
            assert len(next(it).data) == 1
    (tmp_path / "a").write_text("1\n2\n3\n")
    (tmp_path / "b").write_text("1\n2\n")
    for data, label in ("ab", "ba"):
        it = io.CSVIter(
            data_csv=tmp_path / data, label_csv=tmp_path / label, data_shape=(1,), batch_size=2
        )
        with pytest.raises(MXNetError, match="different numbers of rows: .*b ends after 2"):
            list(it)


def test_memory_does_not_grow_with_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(_stream, "_BLOCK", 1 << 12)
    (tmp_path / "a.csv").write_text("1.5,2.5,3.5,4.5\n" * 120_000)  # 1.9 MB, as are its numbers
    (tmp_path / "a.svm").write_text("1 0:1.5 2:2.5\n" * 10_000)
    for it in (
        io.CSVIter(data_csv=tmp_path / "a.csv", data_shape=(4,), batch_size=1000),
        io.LibSVMIter(data_libsvm=tmp_path / "a.svm", data_shape=(4,), batch_size=1000),
    ):
        next(it)
        tracemalloc.start()
        try:
            count = sum(1 for _ in it)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert count in (119, 9) and peak < 600_000, peak
        assert it.num_data == (count + 1) * 1000
