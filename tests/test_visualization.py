"""Networks as tables and pictures."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import gluonx as gx
from gluonx import sym


def network():
    x = sym.Convolution(sym.var("data"), kernel=(3, 3), num_filter=8, name="c1")
    x = sym.Activation(sym.BatchNorm(x, name="b"), act_type="relu", name="r")
    x = sym.Pooling(x, kernel=(2, 2), stride=(2, 2), pool_type="max", name="p")
    x = sym.FullyConnected(sym.flatten(sym.elemwise_add(x, x, name="s"), name="fl"), num_hidden=10)
    return sym.SoftmaxOutput(x, name="softmax")


def test_summary_counts_as_mxnet_does(capsys):
    with gx.name.NameManager():
        gx.viz.print_summary(network(), {"data": (1, 3, 28, 28)})
    lines = capsys.readouterr().out.splitlines()
    assert {len(line) for line in lines if not line.startswith("Total")} == {120}
    rows = [line.split() for line in lines if "(" in line[:50]][1:]
    assert rows == [
        ["data(null)", "3x28x28", "0"],
        ["c1(Convolution)", "8x26x26", "224", "data"],
        ["b(BatchNorm)", "8x26x26", "16", "c1"],
        ["r(Activation)", "8x26x26", "0", "b"],
        ["p(Pooling)", "8x13x13", "0", "r"],
        ["s(elemwise_add)", "8x13x13", "0", "p"],
        ["fl(Flatten)", "1352", "0", "s"],
        ["fullyconnected0(FullyConnected)", "10", "13530", "fl"],
        ["softmax(SoftmaxOutput)", "10", "0", "fullyconnected0"],
    ]
    assert "Total params: 13770" in lines
    gx.viz.print_summary(network())
    assert "c1(Convolution)" in capsys.readouterr().out


def test_plot_is_dot_text_and_a_picture(tmp_path):
    dot = gx.visualization.graph_of(network(), "net", {"data": (1, 3, 28, 28)}, None, True)
    assert '"c1" [shape="box"' in dot.source and 'label="Convolution\\n3x3/1, 8"' in dot.source
    assert '"b" -> "c1" [dir="back" arrowtail="open" label="8x26x26"]' in dot.source
    assert "c1_weight" not in dot.source
    assert Path(dot.save(tmp_path / "net.gv")).read_text() == str(dot)
    assert ET.fromstring(dot._repr_svg_()).tag.endswith("svg")
    assert "c1_weight" in gx.viz.plot_network(network(), hide_weights=False).source
    assert ET.fromstring(network()._repr_svg_()) is not None


def test_picture_leads_lines_around_boxes_and_names_every_box():
    x = sym.relu(sym.var("data"), name="below")
    y = sym.elemwise_add(sym.exp(sym.exp(x, name="e" * 40), name="e2"), x, name="<top>")
    picture = ET.fromstring(y._repr_svg_())
    tag = "{http://www.w3.org/2000/svg}"
    boxes = {
        g.find(f"{tag}title").text: [float(g.find(f"{tag}rect").get(k)) for k in "xy"]
        for g in picture.iter(f"{tag}g")
    }
    assert set(boxes) == {"data", "below", "e" * 40, "e2", "<top>"}
    heights = [boxes[n][1] for n in ("<top>", "e2", "e" * 40, "below", "data")]
    assert heights == sorted(heights)
    paths = [p.get("d") for p in picture.iter(f"{tag}path") if p.get("d").startswith("M")]
    (around,) = {float(p.split()[-3]) for p in paths if " V" in p}  # where the long line bends
    assert not any(boxes[n][0] <= around <= boxes[n][0] + 140 for n in ("e2", "e" * 40))
    assert max(len(t.text) for t in picture.iter(f"{tag}text")) <= 28


def test_unknown_shapes_are_named():
    with pytest.raises(ValueError, match="stay unknown"):
        gx.viz.print_summary(sym.var("a") + sym.var("b", shape=(0, 3)), {"a": (0, 3)})
    with pytest.raises(ValueError, match="data, .* stay unknown"):
        gx.viz.plot_network(network(), shape={})
    with pytest.raises(ValueError, match="no input image; it has data, c1_weight"):
        gx.viz.plot_network(network(), shape={"image": (1, 3, 28, 28)})
    with pytest.raises(TypeError, match="Symbol"):
        gx.viz.plot_network(None)
