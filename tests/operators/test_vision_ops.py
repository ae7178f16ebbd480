"""What a list of cases does not say of the operators for images and detection."""

import numpy as np
import pytest

import gluonx as gx
from gluonx import autograd, nd


def greedy_nms(boxes, scores, threshold):
    """Non-maximum suppression as a textbook writes it: indices of the boxes that stay."""
    order = list(np.argsort(-scores, kind="stable"))
    x1, y1, x2, y2 = boxes.T.astype(np.float64)
    area = (x2 - x1) * (y2 - y1)
    stay = []
    while order:
        i = order.pop(0)
        stay.append(i)
        rest = np.array(order, int)
        w = np.minimum(x2[i], x2[rest]) - np.maximum(x1[i], x1[rest])
        h = np.minimum(y2[i], y2[rest]) - np.maximum(y1[i], y1[rest])
        both = np.maximum(w, 0) * np.maximum(h, 0)
        order = list(rest[both / (area[i] + area[rest] - both) <= threshold])
    return stay


@pytest.mark.parametrize("count", [1, 127, 128, 700])
def test_box_nms_of_many_boxes_is_the_greedy_one(count):
    rng = np.random.RandomState(count)
    corner = rng.uniform(0, 4, (count, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(0.2, 1, (count, 2))], 1).astype("float32")
    scores = rng.permutation(np.linspace(0.1, 1, count)).astype("float32")
    rows = np.concatenate([scores[:, None], boxes], 1)
    got = nd.contrib.box_nms(nd.array(rows), coord_start=1, score_index=0, overlap_thresh=0.4)
    stay = greedy_nms(boxes, scores, 0.4)
    np.testing.assert_array_equal(got.asnumpy()[: len(stay)], rows[stay])
    assert (got.asnumpy()[len(stay) :] == -1).all()


def test_box_nms_of_no_boxes_is_empty():
    assert nd.contrib.box_nms(nd.zeros((2, 0, 6))).shape == (2, 0, 6)


def test_bipartite_matching_topk_is_the_number_of_pairs():
    row, column = nd.contrib.bipartite_matching(nd.array([[3, 1], [2, 5]]), threshold=0, topk=1)
    assert row.asnumpy().tolist() == [-1, 1]
    assert column.asnumpy().tolist() == [-1, 1]


def test_multibox_target_minimum_of_negatives_is_kept():
    anchor = nd.array([[[0, 0, 0.5, 0.5]] + [[0.5, 0.5, 1, 1]] * 5])
    label = nd.array([[[0, 0, 0, 0.5, 0.5]]])
    kind = nd.contrib.MultiBoxTarget(
        anchor, label, nd.zeros((1, 2, 6)), negative_mining_ratio=1, minimum_negative_samples=3
    )[2]
    assert kind.asnumpy().tolist() == [[1, 0, 0, 0, -1, -1]]


def test_multibox_detection_topk_keeps_the_best():
    rng = np.random.RandomState(0)
    prob, loc = nd.array(rng.uniform(size=(1, 3, 9))), nd.array(rng.normal(size=(1, 36)))
    anchor = nd.contrib.MultiBoxPrior(nd.zeros((1, 1, 3, 3)), sizes=(0.2,))
    all_of_them, some = (
        nd.contrib.MultiBoxDetection(prob, loc, anchor, nms_topk=k)[0].asnumpy() for k in (-1, 4)
    )
    np.testing.assert_array_equal(some[:4], all_of_them[:4])
    assert (some[4:, 0] == -1).all()


def test_random_saturation_of_a_coloured_pixel_goes_to_its_gray():
    x = nd.array([[[100, 50, 200]]])
    gray = 0.299 * 100 + 0.587 * 50 + 0.114 * 200
    got = nd.image.random_saturation(x, 0, 0).asnumpy().ravel()
    np.testing.assert_allclose(got, gray, rtol=1e-5)


@pytest.mark.parametrize("name", ["random_hue", "random_saturation", "random_color_jitter"])
def test_colours_of_a_gray_image_stay(name):
    x = nd.array(np.arange(12).reshape(2, 3, 2, 1))
    attrs = {"random_color_jitter": (0, 0, 0.5, 0.5)}.get(name, (0.5, 0.5))
    np.testing.assert_array_equal(getattr(nd.image, name)(x, *attrs).asnumpy(), x.asnumpy())


def test_color_jitter_stays_in_its_range():
    x = nd.full((2, 2, 3), 100)
    seen = [nd.image.random_color_jitter(x, 0.3, 0, 0, 0).asnumpy().mean() for _ in range(40)]
    assert 70 <= min(seen) < 90 and 110 < max(seen) <= 130


@pytest.mark.parametrize("axis, name", [(1, "left_right"), (0, "top_bottom")])
def test_random_flips_do_both(axis, name):
    x = nd.array(np.arange(12).reshape(2, 2, 3))
    seen = {tuple(getattr(nd.image, f"random_flip_{name}")(x).asnumpy().ravel()) for _ in range(30)}
    assert seen == {tuple(x.asnumpy().ravel()), tuple(np.flip(x.asnumpy(), axis).ravel())}


def test_random_crop_is_a_part_of_the_image():
    x = np.arange(60).reshape(6, 10, 1)
    seen = set()
    for _ in range(30):
        part = nd.image.random_crop(nd.array(x), width=4, height=5).asnumpy()
        row, column = divmod(int(part[0, 0, 0]), 10)
        np.testing.assert_array_equal(part, x[row : row + 5, column : column + 4])
        seen.add((row, column))
    assert len(seen) > 8
    right = nd.image.random_crop(nd.array(x), xrange=(1, 1), yrange=(0, 0), width=4, height=5)
    np.testing.assert_array_equal(right.asnumpy(), x[:5, 6:])
    assert nd.image.random_crop(nd.array(x), width=12, height=8).shape == (8, 12, 1)


def test_random_resized_crop_of_everything_is_resize():
    x = nd.array(np.random.RandomState(0).uniform(0, 255, (8, 8, 3)))
    got = nd.image.random_resized_crop(x, width=5, height=6, area=(1, 1), ratio=(1, 1))
    np.testing.assert_allclose(got.asnumpy(), nd.image.resize(x, size=(5, 6)).asnumpy(), rtol=1e-4)


def test_random_resized_crop_keeps_to_its_area():
    x = np.broadcast_to(np.arange(100.0)[:, None, None], (100, 100, 1))
    for _ in range(20):
        part = nd.image.random_resized_crop(
            nd.array(x), width=1, height=100, area=(0.25, 0.25), ratio=(1, 1)
        ).asnumpy()
        assert 49 <= part.max() - part.min() + 1 <= 51


def test_roi_align_of_an_absent_image_is_zero_and_gets_no_gradient():
    x = nd.ones((1, 2, 4, 4))
    x.attach_grad()
    with autograd.record():
        y = nd.contrib.ROIAlign(x, nd.array([[-1, 0, 0, 3, 3]]), (2, 2), 1)
    y.backward()
    assert not y.asnumpy().any() and not x.grad.asnumpy().any()


X, B = (1, 2, 4, 4), (3, 6)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: nd.contrib.box_nms(nd.zeros(6)), "boxes, numbers of a box"),
        (lambda: nd.contrib.box_nms(nd.zeros(B), coord_start=3), "coord_start=3"),
        (lambda: nd.contrib.box_nms(nd.zeros(B), score_index=4), "score_index=4"),
        (lambda: nd.contrib.box_nms(nd.zeros(B), id_index=2), "id_index=2"),
        (lambda: nd.contrib.box_nms(nd.zeros(B), in_format="x"), "'corner', 'center'"),
        (lambda: nd.contrib.box_nms(nd.zeros(B, dtype="int32")), "floating-point"),
        (lambda: nd.contrib.box_iou(nd.zeros(4), nd.zeros((1, 4))), "lhs must be"),
        (lambda: nd.ROIPooling(nd.zeros(X), nd.zeros((1, 4)), (2, 2), 1), r"regions, 5"),
        (lambda: nd.contrib.ROIAlign(nd.zeros(X), nd.zeros((1, 5)), (2,), 1), "pooled_size"),
        (lambda: nd.BilinearSampler(nd.zeros(X), nd.zeros((2, 2, 3, 3))), "grid must have"),
        (lambda: nd.GridGenerator(nd.zeros((1, 6)), "affine"), "target_shape"),
        (lambda: nd.Correlation(nd.zeros(X), nd.zeros(X), kernel_size=2), "odd"),
        (lambda: nd.contrib.BilinearResize2D(nd.zeros(X), mode="like"), "mode='like'"),
        (
            lambda: nd.contrib.DeformableConvolution(
                nd.zeros(X), nd.zeros(X), nd.zeros((1, 2, 1, 1)), kernel=(1, 1), num_filter=1,
                no_bias=True, stride=(2, 2),
            ),
            "offset must have shape",
        ),
        (lambda: nd.image.resize(nd.zeros((4, 4, 3))), "size="),
        (lambda: nd.image.crop(nd.zeros((4, 4, 3)), 2, 0, 3, 2), "not a part"),
        (lambda: nd.image.random_hue(nd.zeros((4, 4, 2)), 0, 1), "1 or 3 channels"),
        (lambda: nd.image.to_tensor(nd.zeros((4, 4))), "height, width, channels"),
    ],
)  # fmt: skip
def test_wrong_calls_say_what_is_wrong(call, words):
    with pytest.raises(gx.error.OpError, match=words):
        call()
