"""Reference files of images, and what MXNet 1.9.1 makes of them.

python tests/reference/make_images.py files       (with gluonx: the files in images/)
MXNET_MKLDNN_ENABLED=0 python tests/reference/make_images.py     (with MXNet: images.npz)
"""

import os
import random
import sys
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "images"
BOXES = [[2, 5] + [v for k in range(1 + i) for v in (k, 0.1 * k + 0.05, 0.2, 0.1 * k + 0.4, 0.9)]
         for i in range(3)]  # fmt: skip


def make_files() -> None:
    """Records of PNG and JPEG images, with an index and a list, and files of numbers."""
    import gluonx as mx

    def pack(name, count, size, fmt, label):
        path = FOLDER / name
        with mx.recordio.MXIndexedRecordIO(f"{path}.idx", f"{path}.rec", "w") as record:
            for i in range(count):
                img = np.random.RandomState(i).randint(0, 256, (*size, 3)).astype(np.uint8)
                img[0, 0] = 3 * i, 2 * i, i
                head = mx.recordio.IRHeader(0, label(i), i + 100, 0)
                record.write_idx(i + 100, mx.recordio.pack_img(head, img, 9, fmt))

    pack("png", 10, (6, 5), ".png", float)
    pack("two", 3, (6, 5), ".png", lambda i: [i, i + 0.5])
    pack("boxes", 3, (12, 16), ".png", lambda i: BOXES[i])
    pack("jpg", 2, (20, 30), ".jpg", float)
    header, data = mx.recordio.unpack(mx.recordio.MXRecordIO(FOLDER / "jpg.rec", "r").read())
    (FOLDER / "a.jpg").write_bytes(data)
    header, data = mx.recordio.unpack(mx.recordio.MXRecordIO(FOLDER / "boxes.rec", "r").read())
    (FOLDER / "a.png").write_bytes(data)
    (FOLDER / "png.lst").write_text("".join(f"{i + 100}\t{1000 + i}\tx.png\n" for i in range(10)))
    (FOLDER / "files.lst").write_text("0\t5\ta.jpg\n1\t7\ta.png\n2\t9\ta.jpg\n")
    (FOLDER / "data.csv").write_text("".join(f"{i},{i}.5\n" for i in range(10)))
    (FOLDER / "label.csv").write_text("".join(f"{10 * i}\n" for i in range(10)))
    lines = "".join(f"{i} {i % 3}:{i + 1} 4:{i * 2}\n" for i in range(10))
    (FOLDER / "data.svm").write_text(lines)
    pixels = bytes(20 * i for i in range(10) for _ in range(6))
    (FOLDER / "images.idx3").write_bytes(
        bytes([0, 0, 8, 3, 0, 0, 0, 10, 0, 0, 0, 2, 0, 0, 0, 3]) + pixels
    )
    (FOLDER / "labels.idx1").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 10]) + bytes(range(10)))


def functions(mx):
    """Names and results of functions of images."""
    image = mx.image
    jpg, png = ((FOLDER / name).read_bytes() for name in ("a.jpg", "a.png"))
    yield "decode jpg", image.imdecode(jpg)
    yield "decode jpg gray", image.imdecode(jpg, flag=0)
    yield "decode png gray", image.imdecode(png, flag=0)
    yield "decode bgr", image.imdecode(png, to_rgb=0)
    src = image.imread(str(FOLDER / "a.png"))  # 12 rows, 16 columns
    for interp in range(5):
        for w, h in ((8, 6), (8, 4), (5, 9), (21, 17), (3, 7)):
            yield f"resize {w} {h} {interp}", image.imresize(src, w, h, interp)
            if interp != 3:
                wide = src.astype("float32")
                yield f"resize float {w} {h} {interp}", image.imresize(wide, w, h, interp)
    for kind in range(5):
        yield f"border {kind}", image.copyMakeBorder(src, 3, 4, 2, 1, type=kind, values=(1, 2, 3))
    yield "short", image.resize_short(src, 5)
    yield "short auto", image.resize_short(src, 20, interp=9)
    yield "fixed crop", image.fixed_crop(src, 1, 2, 5, 6, (8, 9))
    yield "center crop", image.center_crop(src, (100, 80))[0]
    numbers = mx.nd.array([1, 2, 3]), mx.nd.array([2, 4, 3])
    yield "normalize", image.color_normalize(src.astype("float32"), *numbers)
    turned = src.transpose((2, 0, 1)).astype("float32")
    yield "rotate", image.imrotate(turned, 30)
    yield "rotate in", image.imrotate(turned, -100, zoom_in=True)
    both = mx.nd.concat(turned.expand_dims(0), turned.expand_dims(0), dim=0)
    yield "rotate out", image.imrotate(both, mx.nd.array([45, 200]), zoom_out=True)
    label = np.array([[0, 0.1, 0.2, 0.5, 0.6], [1, 0.3, 0.3, 0.9, 0.8]])
    yield "flip", image.DetHorizontalFlipAug(1)(src, label.copy())[0]
    yield "flip label", mx.nd.array(image.DetHorizontalFlipAug(1)(src, label.copy())[1])
    yield "gray", image.RandomGrayAug(1)(src.astype("float32"))


def jitters(mx):
    """Names and augmenters that draw one number; here it is at four fifths of its range."""
    yield "brightness", mx.image.BrightnessJitterAug(0.5)
    yield "contrast", mx.image.ContrastJitterAug(0.5)
    yield "saturation", mx.image.SaturationJitterAug(0.5)
    yield "hue", mx.image.HueJitterAug(0.5)


def iterators(mx):
    """Names and iterators."""
    io, image, path = mx.io, mx.image, lambda name: str(FOLDER / name)  # noqa: E731
    csv = {"data_csv": path("data.csv"), "data_shape": (2,), "batch_size": 4}
    yield "csv", io.CSVIter(label_csv=path("label.csv"), **csv)
    yield (
        "csv int",
        io.CSVIter(data_csv=path("label.csv"), data_shape=(1, 1), batch_size=5, dtype="int32"),
    )
    svm = {"data_libsvm": path("data.svm"), "data_shape": (5,)}
    yield "svm", io.LibSVMIter(batch_size=4, **svm)
    for k in range(3):
        yield f"svm {k}", io.LibSVMIter(batch_size=2, num_parts=3, part_index=k, **svm)
    labels = {"label_libsvm": path("data.svm"), "label_shape": (5,)}
    yield "svm label", io.LibSVMIter(batch_size=5, **svm, **labels)
    mnist = {"image": path("images.idx3"), "label": path("labels.idx1"), "shuffle": False}
    yield "mnist", io.MNISTIter(batch_size=4, silent=True, **mnist)
    yield (
        "mnist part",
        io.MNISTIter(batch_size=3, flat=True, num_parts=3, part_index=2, silent=True, **mnist),
    )
    more = {"preprocess_threads": 1, "verbose": False}
    small = {"data_shape": (3, 6, 5), "path_imgrec": path("png.rec"), **more}
    yield "records", io.ImageRecordIter(batch_size=4, **small)
    yield "records list", io.ImageRecordIter(batch_size=10, path_imglist=path("png.lst"), **small)
    for k in range(3):
        part = {"num_parts": 3, "part_index": k, "batch_size": 3}
        yield f"records {k}", io.ImageRecordIter(**part, **small)
        yield f"records index {k}", io.ImageRecordIter(path_imgidx=path("png.idx"), **part, **small)
    yield "records int8", io.ImageRecordInt8Iter(batch_size=5, **small)
    yield "records uint8", io.ImageRecordUInt8Iter(batch_size=5, **small)
    two = {**small, "path_imgrec": path("two.rec"), "label_width": 2}
    numbers = {"mean_r": 1.0, "mean_g": 2.0, "std_b": 3.0, "scale": 0.5, "mirror": True}
    yield "records two", io.ImageRecordIter(batch_size=3, **two, **numbers)
    yield "records gray", io.ImageRecordIter(batch_size=3, **{**two, "data_shape": (1, 6, 5)})
    changes = {
        "crop": {}, "resize": {"resize": 14}, "cubic": {"resize": 14, "inter_method": 2},
        "area": {"resize": 15, "inter_method": 9}, "turn": {"rotate": 30, "fill_value": 7},
        "scale": {"max_random_scale": 0.75, "min_random_scale": 0.75},
        "ratio": {"max_aspect_ratio": 1.25, "min_aspect_ratio": 1.25}, "pad": {"pad": 9},
        "limit": {"max_img_size": 25.0}, "square": {"max_crop_size": 15, "min_crop_size": 15},
        "area crop": {"random_resized_crop": True, "data_shape": (3, 8, 8)},
        "small": {"data_shape": (3, 23, 40)},
    }  # fmt: skip
    for name, change in changes.items():
        given = {"data_shape": (3, 12, 14), "path_imgrec": path("jpg.rec"), **more, **change}
        yield f"augment {name}", io.ImageRecordIter(batch_size=2, **given)
    boxes = {"data_shape": (3, 8, 6), "path_imgrec": path("boxes.rec"), **more, "batch_size": 2}
    yield "boxes", io.ImageDetRecordIter(**boxes)
    yield (
        "boxes fit",
        io.ImageDetRecordIter(resize_mode="fit", rand_mirror_prob=1.0, label_pad_width=20, **boxes),
    )
    for handling in ("pad", "discard", "roll_over"):
        yield (
            f"images {handling}",
            image.ImageIter(4, (3, 6, 5), path_imgrec=path("png.rec"), last_batch_handle=handling),
        )
    yield "images index", image.ImageIter(
        2, (3, 6, 5), path_imgrec=path("png.rec"), path_imgidx=path("png.idx"), num_parts=3,
        part_index=1, path_imglist=path("png.lst"), mean=True, std=True,
    )  # fmt: skip
    yield (
        "images list",
        image.ImageIter(
            2, (3, 9, 8), path_imglist=path("files.lst"), path_root=str(FOLDER), resize=9
        ),
    )
    yield "images boxes", image.ImageDetIter(2, (3, 8, 6), path_imgrec=path("boxes.rec"))


def batches(it):
    """Data, labels and padding of the batches of two epochs."""
    found = []
    for _ in range(2):
        found += [(b.data[0].asnumpy(), b.label[0].asnumpy(), np.array(b.pad)) for b in it]
        it.reset()
    return [np.stack(parts) for parts in zip(*found)]  # noqa: B905


def main() -> None:
    import mxnet as mx

    found = {name: array.asnumpy() for name, array in functions(mx)}
    random.uniform = lambda low, high: low + (high - low) * 0.8
    src = mx.image.imread(str(FOLDER / "a.png")).astype("float32")
    found.update((name, augmenter(src.copy()).asnumpy()) for name, augmenter in jitters(mx))
    for name, it in iterators(mx):
        for part, array in zip(("data", "label", "pad"), batches(it)):  # noqa: B905
            as_bytes = array.astype(np.uint8)
            whole = array.dtype == np.float32 and (as_bytes == array).all()
            found[f"{name} {part}"] = as_bytes if whole else array
    np.savez_compressed(FOLDER.parent / "images.npz", **found)
    os._exit(0)  # the threads of MXNet's iterators sometimes wait for ever


if __name__ == "__main__":
    make_files() if sys.argv[1:] == ["files"] else main()
