"""Saved models that are hostile, damaged or half true, with checksums that are right: refused, with status 42."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from altered_bundle import resigned
from commands import outcome
from tiny_models import LABELS, WIDTH, save_tiny, tiny_graph

DAMAGED = 42


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return save_tiny(tmp_path / "model")


def refused(capsys: pytest.CaptureFixture[str], model: Path, *verbs: str) -> str:
    """What is said of a model that every command refuses as damaged."""
    told = ""
    for verb in verbs or ("inspect", "score"):
        texts = ("a dog runs", "an animal runs") if verb == "score" else ()
        status, out, told = outcome(capsys, verb, model, *texts)
        assert (status, out) == (DAMAGED, ""), (verb, status, told)
        assert len(told) < 2_000
    return told


def elsewhere(tensor: TensorProto, place: Path) -> TensorProto:
    """``tensor`` with its values in the file ``place``."""
    values = numpy_helper.to_array(tensor).tobytes()
    place.write_bytes(values)
    named = TensorProto(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims)
    named.data_location = TensorProto.EXTERNAL
    for key, value in (("location", place.name), ("offset", "0"), ("length", str(len(values)))):
        named.external_data.add(key=key, value=value)
    return named


def _bias(graph: onnx.GraphProto) -> TensorProto:
    (found,) = (one for one in graph.initializer if one.name == "bias")
    graph.initializer.remove(found)
    return found


def _in_an_initializer(model: onnx.ModelProto, place: Path) -> None:
    model.graph.initializer.append(elsewhere(_bias(model.graph), place))


def _in_an_attribute(model: onnx.ModelProto, place: Path) -> None:
    constant = helper.make_node("Constant", [], ["bias"], value=elsewhere(_bias(model.graph), place))
    model.graph.node.insert(0, constant)


def _in_the_body_of_an_if(model: onnx.ModelProto, place: Path) -> None:
    bias = elsewhere(_bias(model.graph), place)
    answer = helper.make_tensor_value_info("inner", TensorProto.FLOAT, [len(LABELS)])
    body = helper.make_graph([helper.make_node("Identity", ["bias_here"], ["inner"])], "body", [], [answer])
    bias.name = "bias_here"
    body.initializer.append(bias)
    model.graph.initializer.append(numpy_helper.from_array(np.array(True), "always"))
    model.graph.node.insert(
        0, helper.make_node("If", ["always"], ["bias"], then_branch=body, else_branch=body)
    )


def _in_a_function(model: onnx.ModelProto, place: Path) -> None:
    constant = helper.make_node("Constant", [], ["b"], value=elsewhere(_bias(model.graph), place))
    versions = [helper.make_opsetid("", 17)]
    model.functions.append(helper.make_function("own", "Bias", [], ["b"], [constant], versions))
    model.opset_import.append(helper.make_opsetid("own", 1))
    model.graph.node.insert(0, helper.make_node("Bias", [], ["bias"], domain="own"))


def _in_a_sparse_tensor(model: onnx.ModelProto, place: Path) -> None:
    bias = elsewhere(_bias(model.graph), place)
    indices = numpy_helper.from_array(np.arange(len(LABELS), dtype=np.int64), "indices")
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(bias, indices, [len(LABELS)]))


HIDING = [_in_an_initializer, _in_an_attribute, _in_the_body_of_an_if, _in_a_function, _in_a_sparse_tensor]


@pytest.mark.parametrize("name", [".w", "w.bin"])
@pytest.mark.parametrize("hide", HIDING, ids=lambda hide: hide.__name__.strip("_"))
def test_a_graph_with_weights_in_another_file_is_refused(
    model: Path, hide: Callable[[onnx.ModelProto, Path], None], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    graph = tiny_graph()
    hide(graph, model / "onnx" / name)
    (model / "onnx" / "model.onnx").write_bytes(graph.SerializeToString())

    def declare(document: dict[str, Any]) -> None:
        from samesay.bundle.writing import record_of

        record = record_of(model / "onnx" / name)
        files = document["parts"]["onnx"]["files"]
        files[f"onnx/{name}"] = {"sha256": record.sha256, "bytes": record.bytes}

    # Declared and checked when the model is opened, it could still be changed while it is.
    assert "another file" in refused(capsys, resigned(model, declare), "score")
    assert "was not there" in refused(
        capsys, resigned(model, lambda document: document["parts"]["onnx"]["files"].pop(f"onnx/{name}"))
    )


@pytest.mark.parametrize("name", [".w", ".hidden/w.bin", "._model.onnx", "model.onnx.data", ".DS_Store.bin"])
@pytest.mark.parametrize("part", ["onnx", "keras"])
def test_a_file_that_nothing_declares_is_refused_inside_a_part(
    model: Path, part: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = model / part / name
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(b"1234")
    assert f"{part}/{name} was not there" in refused(capsys, model, *(["inspect"] if part == "keras" else []))


def test_what_desktops_drop_into_a_part_is_no_damage_unless_it_is_a_link(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (model / "onnx" / ".DS_Store").write_bytes(b"1234")
    assert outcome(capsys, "inspect", model)[0] == 0
    (model / "onnx" / ".DS_Store").unlink()
    (model / "onnx" / ".DS_Store").symlink_to("/dev/zero")
    refused(capsys, model)


def test_a_file_of_an_unknown_part_inside_a_known_one_is_refused(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (model / "onnx" / "later.bin").write_bytes(b"1234")
    part = {"files": {"onnx/later.bin": {"sha256": "0" * 64, "bytes": 4}}}
    refused(capsys, resigned(model, lambda document: document["parts"].update(later=part)))


@pytest.mark.parametrize("name", ["ONNX/model.onnx", "onnx/MODEL.ONNX"])
def test_two_names_that_differ_in_case_alone_are_refused(
    model: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (model / name).parent.mkdir(exist_ok=True)
    (model / name).write_bytes(b"1234")
    record = {"sha256": "0" * 64, "bytes": 4}
    part = "onnx" if name.startswith("onnx") else "later"

    def declare(document: dict[str, Any]) -> None:
        document["parts"].setdefault(part, {"files": {}})["files"][name] = record

    refused(capsys, resigned(model, declare))


@pytest.mark.parametrize("verdict", [None, False, [], "Verified", "splendid", 0])
def test_an_onnx_part_without_a_verdict_is_not_used(
    model: Path, verdict: object, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(capsys, resigned(model, lambda document: document["parts"]["onnx"].update(verdict=verdict)))
    refused(capsys, resigned(model, lambda document: document["parts"]["onnx"].pop("verdict")))


def _one_row(logits: str) -> list[onnx.NodeProto]:
    return [helper.make_node("ReduceMean", [logits], ["logits"], axes=[0], keepdims=1)]


def _one_row_for_two(logits: str) -> list[onnx.NodeProto]:
    return [helper.make_node("Slice", [logits, "from", "to", "rows", "by"], ["logits"])]


def _no_row(logits: str) -> list[onnx.NodeProto]:
    return [helper.make_node("Slice", [logits, "from", "from", "rows"], ["logits"])]


def _twice(logits: str) -> list[onnx.NodeProto]:
    return [helper.make_node("Concat", [logits, logits], ["logits"], axis=0)]


def _three_axes(logits: str) -> list[onnx.NodeProto]:
    return [helper.make_node("Unsqueeze", [logits, "rows"], ["logits"])]


def _one_label(logits: str) -> list[onnx.NodeProto]:
    return [helper.make_node("ReduceMean", [logits], ["logits"], axes=[1], keepdims=1)]


def _not_a_number(logits: str) -> list[onnx.NodeProto]:
    return [
        helper.make_node("Sub", [logits, logits], ["none"]),
        helper.make_node("Div", ["none", "none"], ["logits"]),
    ]


@pytest.mark.parametrize(
    "end", [_one_row, _one_row_for_two, _no_row, _twice, _three_axes, _one_label, _not_a_number]
)
def test_a_graph_that_answers_with_other_rows_than_it_was_asked_for_is_refused(
    model: Path, end: Callable[[str], list[onnx.NodeProto]], capsys: pytest.CaptureFixture[str]
) -> None:
    graph = tiny_graph()
    graph.graph.node[-1].output[0] = "raw"
    graph.graph.node.extend(end("raw"))
    # As vague as ONNX allows: what it answers shows only when it is run.
    for size in graph.graph.output[0].type.tensor_type.shape.dim:
        size.dim_param = "any"
    for name, value in (("from", 0), ("to", 2**40), ("rows", 0), ("by", 2)):
        graph.graph.initializer.append(numpy_helper.from_array(np.array([value], np.int64), name))
    (model / "onnx" / "model.onnx").write_bytes(graph.SerializeToString())
    refused(capsys, resigned(model), "score")


def test_a_graph_that_is_right_for_two_rows_and_wrong_for_more_is_refused_when_it_answers(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graph = tiny_graph()
    graph.graph.node[-1].output[0] = "raw"
    graph.graph.node.append(helper.make_node("Slice", ["raw", "from", "to", "rows"], ["logits"]))
    for name, value in (("from", 0), ("to", 2), ("rows", 0)):
        graph.graph.initializer.append(numpy_helper.from_array(np.array([value], np.int64), name))
    (model / "onnx" / "model.onnx").write_bytes(graph.SerializeToString())
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("premise,hypothesis\n" + "a dog runs,an animal runs\n" * 3, encoding="utf-8")
    status, _, told = outcome(
        capsys, "score", resigned(model), "--input", pairs, "--output", tmp_path / "scored.csv"
    )
    assert status == DAMAGED
    assert "3 pairs give logits of the shape (2, 3)" in told
    assert not (tmp_path / "scored.csv").exists()


def _bytes_of_a_name(model: Path, old: bytes, new: bytes) -> None:
    place = model / "onnx" / "model.onnx"
    assert len(old) == len(new)
    place.write_bytes(place.read_bytes().replace(old, new))


@pytest.mark.parametrize("name", [b"segment_ids", b"padding_mask", b"logits", b"batch", b"Tanh"])
def test_a_name_in_the_graph_that_is_not_utf8_is_damage(
    model: Path, name: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    _bytes_of_a_name(model, name, b"\xff\xfe" + name[2:])
    refused(capsys, resigned(model), "score")


@pytest.mark.parametrize("content", [b"", b"\0" * 64, b"\x40\0\0\0ORTM" + b"\0" * 64, b"location"])
def test_a_graph_that_is_none_is_damage(
    model: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (model / "onnx" / "model.onnx").write_bytes(content)
    refused(capsys, resigned(model), "score")


HUGE = 10**400
STRANGE = [HUGE, -HUGE, 10**30, -1, 0, 5e-324, 1e308, -1e308, True, "1", [1], {}, "NaN"]


def _number(key: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        decision = document["decision"]
        if key == "max_length":
            document["max_length"] = value
        elif key == "scale":
            document.update(kind="similarity", scale=[0, value])
        elif key in ("thresholds", "biases"):
            decision[key] = dict.fromkeys(LABELS, 1 / 3 if key == "thresholds" else 0.0) | {"neutral": value}
        else:
            decision[key] = value

    return change


@pytest.mark.parametrize(
    "key", ["temperature", "thresholds", "biases", "abstain_below", "scale", "max_length"]
)
@pytest.mark.parametrize("value", STRANGE, ids=lambda value: repr(value)[:8])
def test_a_number_that_no_manifest_can_hold_is_refused(
    model: Path, key: str, value: object, capsys: pytest.CaptureFixture[str]
) -> None:
    if key in ("biases", "abstain_below") and value in (0, 5e-324) and value is not False:
        pytest.skip("which is a value of it")
    refused(capsys, resigned(model, _number(key, value)))


@pytest.mark.parametrize("place", ["metrics", "data", "recipe", "versions"])
def test_a_number_of_hundreds_of_digits_anywhere_in_the_manifest_is_refused(
    model: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(capsys, resigned(model, lambda document: document[place].update(deep=[{"figure": HUGE}])))


@pytest.mark.parametrize("limit", [HUGE, 10**30, 2**63, 2**31, 2**20 + 1, 0, -1, 2, True, None, "24", 24.0])
def test_an_absurd_length_limit_is_refused_in_manifest_and_tokenizer_alike(
    model: Path, limit: object, capsys: pytest.CaptureFixture[str]
) -> None:
    encoder = model / "onnx" / "encoder.json"
    described = json.loads(encoder.read_bytes())
    encoder.write_text(json.dumps(described | {"max_length": limit}), encoding="utf-8")
    refused(capsys, resigned(model), "score")
    refused(capsys, resigned(model, lambda document: document.update(max_length=limit)), "score")


@pytest.mark.parametrize("version", [HUGE, 1.0, True, "1", None, [1], 10**19])
def test_a_strange_format_version_is_named_and_refused(
    model: Path, version: object, capsys: pytest.CaptureFixture[str]
) -> None:
    resigned(model, lambda document: document.update(format_version=version))
    status, _, told = outcome(capsys, "inspect", model)
    assert status in (DAMAGED, 43)
    assert len(told) < 2_000


@pytest.mark.parametrize("size", [HUGE, -1, 2**63, True, "4", 4.0, None])
def test_a_strange_size_of_a_file_is_refused(
    model: Path, size: object, capsys: pytest.CaptureFixture[str]
) -> None:
    def change(document: dict[str, Any]) -> None:
        document["parts"]["onnx"]["files"]["onnx/model.onnx"]["bytes"] = size

    refused(capsys, resigned(model, change))


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b"[]",
        b"null",
        b'\xef\xbb\xbf{"kind": "wordpiece"}',
        b'{"kind": "wordpiece", "kind": "bytepair"}',
        b'{"kind": ["wordpiece"]}',
        b'{"kind": "wordpiece", "max_length": NaN}',
        b'{"a":' * 100_000,
        "{}".encode("utf-16"),
        b"\xff",
        b"",
    ],
    ids=range(11),
)
def test_a_tokenizer_that_is_described_by_other_json_is_damage(
    model: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (model / "onnx" / "encoder.json").write_bytes(content)
    refused(capsys, resigned(model), "score")


def test_the_same_words_twice_in_a_tokenizer_are_damage(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    encoder = model / "onnx" / "encoder.json"
    text = encoder.read_text(encoding="utf-8")
    encoder.write_text(text[:-1] + ', "lowercase": false}', encoding="utf-8")
    assert "twice" in refused(capsys, resigned(model), "score")


def test_an_untouched_model_is_whole(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert WIDTH > 1
    assert outcome(capsys, "inspect", resigned(model))[0] == 0
    assert outcome(capsys, "score", model, "a dog runs", "an animal runs")[0] == 0
