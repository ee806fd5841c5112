"""The parity check: what it lets through, and above all what it does not."""

from __future__ import annotations

import json

import keras
import keras_hub
import numpy as np
import onnx
import pytest

from samesay.encoding import PairEncoder
from samesay.export import KerasAnswer, check_parity, write_onnx, write_onnx_part
from samesay.export.probe_pairs import probe_pairs
from samesay.pairs import LabelSet, Pair, Sides
from samesay.scoring import Scorer
from tiny_tokenizers import wordpiece_encoder

LABELS = LabelSet(("same", "unsure", "different"))
LIMIT = 40
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = ["stone", "river", "bread", "walks", "sleeps", "quick", "blue", "under", "seven", "market"]
PIECES = [
    *"abcdefghijklmnopqrstuvwxyz0123456789[]().,-'!?$#@%:/<>&北京京東",
    *(f"##{x}" for x in "abcdefghijklmnopqrstuvwxyz"),
]
VOCABULARY = list(dict.fromkeys([*SPECIALS, *WORDS, *PIECES]))


def encoder(vocabulary=VOCABULARY, *, lowercase=True, strip_accents=True):
    return wordpiece_encoder(vocabulary, lowercase=lowercase, strip_accents=strip_accents, max_length=LIMIT)


@pytest.fixture(scope="module")
def task():
    tokenizer = keras_hub.models.BertTokenizer(VOCABULARY, lowercase=True, strip_accents=True)
    backbone = keras_hub.models.BertBackbone(
        vocabulary_size=len(VOCABULARY),
        num_layers=2,
        num_heads=4,
        hidden_dim=32,
        intermediate_dim=64,
        max_sequence_length=LIMIT,
    )
    made = keras_hub.models.BertTextClassifier(
        backbone,
        num_classes=3,
        preprocessor=keras_hub.models.BertTextClassifierPreprocessor(tokenizer, sequence_length=LIMIT),
    )
    random = np.random.default_rng(7)
    for variable in made.weights:
        if "seed" not in variable.path:
            centre = 1.0 if variable.path.endswith("gamma") else 0.0
            variable.assign(centre + 0.25 * random.standard_normal(variable.shape))
    return made


@pytest.fixture(scope="module")
def answer(task):
    return KerasAnswer(task)


@pytest.fixture(scope="module")
def onnx_file(task, tmp_path_factory):
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    write_onnx(task, path)
    return path


def saboteur(onnx_file, tmp_path, change):
    model = onnx.load(onnx_file)
    change(model)
    path = tmp_path / "sabotaged.onnx"
    onnx.save(model, path)
    return path


def test_a_true_graph_is_verified_from_raw_text(onnx_file, answer):
    verdict = check_parity(onnx_file, encoder(), answer, answers=LABELS, threads=1)
    assert verdict.status == "verified", verdict.detail
    assert verdict.max_difference is not None
    assert verdict.max_difference < 1e-5
    assert verdict.pairs_checked >= 30
    assert verdict.changed_decisions == 0
    assert json.loads(json.dumps(verdict.to_dict())) == verdict.to_dict()


def test_keras_answer_is_the_tasks_own_prediction(task, answer):
    first, second = ["stone walks", "a quick river sleeps under bread"], ["blue bread", "seven"]
    outputs = task.predict((np.array(first), np.array(second)), verbose=0)
    np.testing.assert_allclose(
        answer([Pair(*texts) for texts in zip(first, second, strict=True)]), outputs, atol=1e-6
    )


def exact_gelu(model):
    for node in model.graph.node:
        if node.op_type == "Gelu":
            del node.attribute[:]


def one_weight(model):
    for weight in model.graph.initializer:
        if weight.name == "layer_0.intermediate.kernel":
            array = onnx.numpy_helper.to_array(weight).copy()
            array[3, 5] += 0.05
            weight.CopyFrom(onnx.numpy_helper.from_array(array, weight.name))


def mask_ignored(model):
    for weight in model.graph.initializer:
        if weight.name == "mask.masked":
            weight.CopyFrom(onnx.numpy_helper.from_array(np.float32(0), weight.name))


def not_a_number(model):
    for weight in model.graph.initializer:
        if weight.name == "logits.bias":
            weight.CopyFrom(onnx.numpy_helper.from_array(np.full(3, np.nan, np.float32), weight.name))


def labels_swapped(model):
    for weight in model.graph.initializer:
        if weight.name in ("logits.bias", "logits.kernel"):
            array = onnx.numpy_helper.to_array(weight)[..., ::-1]
            weight.CopyFrom(onnx.numpy_helper.from_array(array.copy(), weight.name))


@pytest.mark.parametrize("change", [exact_gelu, one_weight, mask_ignored, not_a_number, labels_swapped])
def test_a_sabotaged_graph_fails(onnx_file, answer, tmp_path, change):
    path = saboteur(onnx_file, tmp_path, change)
    verdict = check_parity(path, encoder(), answer, answers=LABELS, threads=1)
    assert verdict.status == "failed"
    assert ("NaN" if change is not_a_number else "largest difference") in verdict.detail
    assert json.dumps(verdict.to_dict(), allow_nan=False)


def test_changed_decisions_are_counted(onnx_file, answer, tmp_path):
    verdict = check_parity(
        saboteur(onnx_file, tmp_path, labels_swapped), encoder(), answer, answers=LABELS, threads=1
    )
    assert verdict.changed_decisions > 0
    assert f"{verdict.changed_decisions} answers with another label" in verdict.detail


@pytest.mark.parametrize(
    "wrong",
    [
        encoder(lowercase=False),
        encoder(strip_accents=False),
        encoder([*SPECIALS, *VOCABULARY[:4:-1]]),
        encoder().with_max_length(LIMIT - 1),
    ],
    ids=["case", "accents", "vocabulary order", "length limit"],
)
def test_a_wrong_tokenizer_fails_though_the_graph_is_right(onnx_file, answer, wrong):
    verdict = check_parity(onnx_file, wrong, answer, answers=LABELS, threads=1)
    assert verdict.status == "failed"
    assert "largest difference" in verdict.detail


def test_whatever_goes_wrong_is_a_verdict_and_never_an_exception(onnx_file, answer, tmp_path):
    def out_of_memory(pairs):
        raise MemoryError("no more")

    garbage = tmp_path / "garbage.onnx"
    garbage.write_bytes(b"not a graph")
    for path, keras_logits, labels in (
        (garbage, answer, LABELS),
        (tmp_path / "absent.onnx", answer, LABELS),
        (onnx_file, answer, LabelSet(("two", "labels"))),
        (onnx_file, out_of_memory, LABELS),
        (onnx_file, lambda pairs: answer(pairs)[:, :2], LABELS),
        (onnx_file, lambda pairs: answer(pairs) * np.float32(np.nan), LABELS),
    ):
        verdict = check_parity(path, encoder(), keras_logits, answers=labels, threads=1)
        assert verdict.status == "failed"
        assert len(verdict.detail) > 20


def test_the_probe_reaches_every_length_and_the_texts_of_the_wild():
    made = encoder()
    pairs = probe_pairs(made)
    encoded = made.encode([pair.first for pair in pairs], [pair.second for pair in pairs])
    lengths = set(encoded.lengths.tolist())
    assert {5, 6, 7, 8, LIMIT - 1, LIMIT} <= lengths
    assert max(lengths) == LIMIT
    lost = encoded.tokens_lost
    assert (lost > 0).any(axis=0).all()
    assert any(not pair.first for pair in pairs)
    assert any(not pair.second for pair in pairs)
    everything = " ".join(pair.first + " " + pair.second for pair in pairs)
    for piece in ("[SEP]", "[CLS]", "[MASK]", "北京", "🎉", "naïve"):
        assert piece in everything
    assert pairs == probe_pairs(made)


def test_a_vocabulary_without_words_still_gives_pairs_of_every_length():
    letters = wordpiece_encoder(
        [*SPECIALS, *"abcdefghij"], lowercase=True, strip_accents=True, max_length=LIMIT
    )
    pairs = probe_pairs(letters)
    lengths = letters.encode([pair.first for pair in pairs], [pair.second for pair in pairs]).lengths
    assert {5, 9, LIMIT} <= set(lengths.tolist())


def test_a_part_is_written_whole_and_opens(task, tmp_path):
    verdict = write_onnx_part(task, encoder(), tmp_path, answers=LABELS, threads=1)
    assert verdict.status == "verified", verdict.detail
    saved = PairEncoder.from_dict(json.loads((tmp_path / "encoder.json").read_text(encoding="utf-8")))
    scorer = Scorer.from_parts(tmp_path / "model.onnx", saved, LABELS, Sides(), threads=1)
    probabilities = scorer.predict([Pair("stone walks", "blue bread")])
    assert probabilities.shape == (1, 3)
    assert abs(float(probabilities.sum()) - 1) < 1e-6


def test_a_part_at_a_shorter_limit_is_verified_and_leaves_the_task_as_it_was(task, tmp_path):
    verdict = write_onnx_part(task, encoder().with_max_length(12), tmp_path, answers=LABELS, threads=1)
    assert verdict.status == "verified", verdict.detail
    assert task.preprocessor.sequence_length == LIMIT


def test_a_softmax_heads_part_is_verified(task, tmp_path):
    probabilistic = keras_hub.models.BertTextClassifier(
        task.backbone, num_classes=3, preprocessor=task.preprocessor, activation="softmax"
    )
    probabilistic.output_dense.kernel.assign(task.output_dense.kernel)
    verdict = write_onnx_part(probabilistic, encoder(), tmp_path, answers=LABELS, threads=1)
    assert verdict.status == "verified", verdict.detail


def test_a_failed_parity_check_leaves_a_verdict_and_no_file(task, tmp_path):
    verdict = write_onnx_part(task, encoder(lowercase=False), tmp_path, answers=LABELS, threads=1)
    assert verdict.status == "failed"
    assert list(tmp_path.iterdir()) == []


def test_an_unsupported_encoder_leaves_a_verdict_and_no_file(tmp_path):
    backbone = keras_hub.models.FNetBackbone(
        vocabulary_size=len(VOCABULARY), num_layers=1, hidden_dim=8, intermediate_dim=8
    )
    other = keras_hub.models.FNetTextClassifier(backbone, num_classes=3)
    verdict = write_onnx_part(other, encoder(), tmp_path, answers=LABELS)
    assert verdict.status == "unsupported"
    assert "FNetBackbone" in verdict.detail
    assert list(tmp_path.iterdir()) == []


def test_the_parity_check_leaves_training_undisturbed(task, onnx_file):
    before = [keras.ops.convert_to_numpy(variable).copy() for variable in task.weights]
    check_parity(onnx_file, encoder(), KerasAnswer(task), answers=LABELS, threads=1)
    for variable, kept in zip(task.weights, before, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(variable), kept)
