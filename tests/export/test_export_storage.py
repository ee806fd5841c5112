"""Weights in fewer bits: each as near as its bits allow, and brought back to what the graph was written with."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from samesay.export import narrow
from samesay.export.rounding import round_products


def weights(path: Path) -> dict[str, np.ndarray]:
    return {one.name: numpy_helper.to_array(one) for one in onnx.load(path).graph.initializer}


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """Two texts' ids to one product: a table whose rows, and a matrix whose columns, are of very different sizes."""
    random = np.random.default_rng(0)
    table = random.normal(size=(64, 32)) * 10.0 ** random.uniform(-3, 2, size=(64, 1))
    kernel = random.normal(size=(32, 48)) * 10.0 ** random.uniform(-3, 2, size=(1, 48))
    helper, kind = onnx.helper, onnx.TensorProto
    made = helper.make_graph(
        [
            helper.make_node("Gather", ["table", "ids"], ["rows"]),
            helper.make_node("MatMul", ["rows", "kernel"], ["product"]),
            helper.make_node("Add", ["product", "bias"], ["out"]),
        ],
        "product",
        [helper.make_tensor_value_info("ids", kind.INT32, ["n"])],
        [helper.make_tensor_value_info("out", kind.FLOAT, ["n", 48])],
        [
            numpy_helper.from_array(values.astype(np.float32), name)
            for name, values in (("table", table), ("kernel", kernel), ("bias", random.normal(size=48)))
        ],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, tmp_path / "wide.onnx")
    return tmp_path / "wide.onnx"


def answer(path: Path, ids: np.ndarray) -> np.ndarray:
    import onnxruntime

    (out,) = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(
        None, {"ids": ids}
    )
    return out


def test_every_row_and_every_output_keeps_two_digits_in_8_bits_however_large_it_is(graph: Path) -> None:
    small = graph.with_name("small.onnx")
    assert narrow(graph, small, "int8") == 64 * 32 + 32 * 48
    was, now = weights(graph), weights(small)
    for name, axis in (("table", -1), ("kernel", -2)):
        assert now[f"{name}.int8"].dtype == np.int8
        back = now[f"{name}.int8"] * now[f"{name}.scale"]
        largest = np.abs(was[name]).max(axis=axis, keepdims=True)
        assert (np.abs(back - was[name]) <= 0.501 * largest / 127).all()
    np.testing.assert_array_equal(now["bias"], was["bias"])
    ids = np.arange(64, dtype=np.int32)
    # The graph computes with what was stored, in 32 bits.
    expected = (now["table.int8"] * now["table.scale"]) @ (now["kernel.int8"] * now["kernel.scale"]) + now[
        "bias"
    ]
    np.testing.assert_allclose(answer(small, ids), expected, rtol=1e-4, atol=1e-4)


def test_coarser_steps_are_as_large_on_the_disk_and_smaller_in_a_zip(graph: Path) -> None:
    sizes = {}
    for storage in ("int8", "compact"):
        small = graph.with_name(f"{storage}.onnx")
        narrow(graph, small, storage)
        was, now = weights(graph), weights(small)
        steps = {name: now[f"{name}.int8"] for name in ("table", "kernel")}
        sizes[storage] = (
            small.stat().st_size,
            sum(len(zlib.compress(one.tobytes())) for one in steps.values()),
        )
    assert sizes["compact"][0] == pytest.approx(sizes["int8"][0], abs=500)
    assert sizes["compact"][1] < 0.7 * sizes["int8"][1]
    for name, axis, share in (("table", None, 1 / 4), ("kernel", -2, 1 / 8)):
        step = share * np.sqrt((was[name] ** 2).mean(axis=axis, keepdims=True))
        step = np.maximum(step, np.abs(was[name]).max(axis=axis, keepdims=True) / 127)
        assert (np.abs(steps[name] * now[f"{name}.scale"] - was[name]) <= 0.501 * step).all()


def test_a_table_is_never_widened_as_a_whole(graph: Path) -> None:
    for storage in ("int8", "float16"):
        small = graph.with_name(f"{storage}.onnx")
        narrow(graph, small, storage)
        (widened,) = [
            node.op_type
            for node in onnx.load(small).graph.node
            if {f"table.{storage}", "table.int8"} & set(node.input)
        ]
        assert widened == "Gather"


def test_weights_are_rounded_by_what_the_products_read() -> None:
    """Inputs that go together: an error in one is made up for in the others."""
    random = np.random.default_rng(0)
    read = (random.normal(size=(500, 4)) @ random.normal(size=(4, 32))).astype(np.float32)
    kernel = random.normal(size=(2, 32, 8)).astype(np.float32)
    scale = np.full((2, 1, 8), 0.25, np.float32)
    moments = np.stack([read.T @ read] * 2)
    nearest = np.rint(kernel / scale)
    rounded = round_products(kernel, scale, moments)
    assert np.abs(rounded - kernel / scale).max() < 3
    lost = [np.square(read @ (steps * scale - kernel)).mean() for steps in (nearest, rounded)]
    assert lost[1] < 0.2 * lost[0]
    # What reads nothing, or each input alone, is rounded to the nearest.
    np.testing.assert_array_equal(round_products(kernel, scale, np.zeros_like(moments)), nearest)


def test_in_16_bits_every_weight_keeps_three_digits(graph: Path) -> None:
    small = graph.with_name("small.onnx")
    narrow(graph, small, "float16")
    was, now = weights(graph), weights(small)
    for name in ("table", "kernel"):
        np.testing.assert_allclose(now[f"{name}.float16"].astype(np.float32), was[name], rtol=5e-4, atol=1e-7)
    ids = np.arange(64, dtype=np.int32)
    np.testing.assert_allclose(answer(small, ids), answer(graph, ids), rtol=5e-2, atol=0.5)
    assert small.stat().st_size < 0.6 * graph.stat().st_size
