"""Every family's graph against Keras, array for array; BERT's own is tested beside it."""

from __future__ import annotations

import keras
import keras_hub
import numpy as np
import onnx
import pytest
from random_tasks import VOCABULARY, batch, keras_outputs, open_graph, with_random_weights

from samesay.errors import EncoderUnsupported
from samesay.export import supported_encoders, write_onnx
from samesay.model.backbones.families import class_named

models = keras_hub.models
SIZES = {
    "vocabulary_size": VOCABULARY,
    "num_heads": 4,
    "hidden_dim": 32,
    "intermediate_dim": 48,
    "dropout": 0.1,
    "max_sequence_length": 128,
}


def albert(n_labels):
    # Two groups of two layers, each run twice: order and sharing both show.
    backbone = models.AlbertBackbone(
        **SIZES, num_layers=4, num_groups=2, num_inner_repetitions=2, embedding_dim=12
    )
    return models.AlbertTextClassifier(backbone, num_classes=n_labels)


def deberta(n_labels):
    # Four buckets to a side, so that short rows reach logarithmic ones and the last.
    backbone = models.DebertaV3Backbone(**SIZES, num_layers=3, bucket_size=4)
    return models.DebertaV3TextClassifier(backbone, num_classes=n_labels)


def plain(backbone, task):
    return lambda n_labels: task(backbone(**SIZES, num_layers=2), num_classes=n_labels, hidden_dim=20)


FAMILIES = {
    "AlbertBackbone": albert,
    "DebertaV3Backbone": deberta,
    "DistilBertBackbone": plain(models.DistilBertBackbone, models.DistilBertTextClassifier),
    "MPNetBackbone": plain(class_named("MPNetBackbone"), class_named("MPNetTextClassifier")),
    "RobertaBackbone": plain(models.RobertaBackbone, models.RobertaTextClassifier),
    "XLMRobertaBackbone": plain(models.XLMRobertaBackbone, models.XLMRobertaTextClassifier),
}


@pytest.fixture(
    scope="module", params=[(name, n_labels) for name in FAMILIES for n_labels in (2, 3)], ids=str
)
def family(request, tmp_path_factory):
    name, n_labels = request.param
    task = with_random_weights(FAMILIES[name](n_labels))
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    return task, open_graph(task, path), path


def for_keras(task, inputs):
    return {name: inputs[name] for name in task.input}


def test_every_family_that_is_named_is_tested():
    assert set(supported_encoders()) == {"BertBackbone", *FAMILIES}


def test_logits_are_keras_own_for_any_batch_and_length(family):
    task, graph, _ = family
    for n_pairs, length in ((1, 1), (1, 128), (3, 5), (3, 40), (17, 12), (17, 128)):
        inputs = batch(n_pairs, length)
        expected = keras_outputs(task, for_keras(task, inputs), shape=(17, 128))
        assert (
            np.ptp(expected, axis=0).max() > 0.1 or n_pairs == 1
        )  # a graph that ignores its input would show
        logits = graph(inputs)
        np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-5)
        np.testing.assert_array_equal(logits.argmax(axis=1), expected.argmax(axis=1))


def test_a_pair_alone_is_answered_as_in_a_wider_batch(family):
    _, graph, _ = family
    inputs = batch(6, 10)
    together = graph(inputs)
    for row in range(6):
        kept = int(inputs["padding_mask"][row].sum())
        alone = {name: array[row : row + 1, :kept] for name, array in inputs.items()}
        np.testing.assert_allclose(graph(alone), together[row : row + 1], rtol=0, atol=1e-5)


def test_every_graph_reads_the_same_three_inputs(family):
    model = onnx.load(family[2])
    onnx.checker.check_model(model, full_check=True)
    assert [value.name for value in model.graph.input] == ["token_ids", "segment_ids", "padding_mask"]


def test_layers_that_albert_shares_are_stored_once(tmp_path):
    write_onnx(albert(2), tmp_path / "model.onnx")
    names = [weight.name for weight in onnx.load(tmp_path / "model.onnx").graph.initializer]
    assert len(names) == len(set(names))
    assert sum(name.endswith("intermediate.kernel") for name in names) == 4  # of 8 layers that are run


def test_far_tokens_fall_into_the_buckets_that_keras_gives_them(tmp_path):
    # KerasHub's usual ratio of positions to buckets, where the logarithm is rounded up at many distances.
    backbone = models.DebertaV3Backbone(**SIZES, num_layers=2, bucket_size=64)
    task = with_random_weights(models.DebertaV3TextClassifier(backbone, num_classes=2))
    inputs = batch(2, 128)
    expected = keras_outputs(task, for_keras(task, inputs), shape=(2, 128))
    np.testing.assert_allclose(open_graph(task, tmp_path / "model.onnx")(inputs), expected, rtol=0, atol=1e-5)


def test_another_layer_in_deberta_is_refused(tmp_path):
    task = deberta(3)
    task.backbone.transformer_layers[1] = keras.layers.Dense(32)
    with pytest.raises(EncoderUnsupported, match="Dense"):
        write_onnx(task, tmp_path / "model.onnx")
