"""A backbone and a preprocessor of the user's own: trained, saved, opened in a fresh process, answering the same."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import samesay
from samesay.bundle import open_bundle
from samesay.errors import EncoderUnsupported, PartUnavailable, UsageError
from samesay.jobs.score import score_pair
from samesay.predictors.opening import open_predictor
from samesay.runs.saved_recipe import recipe_to_repeat

FIRST = ["a dog runs", "the cat sleeps", "A MAN eats", "two dogs walk in the park"] * 6
SECOND = ["the dog runs", "a dog sleeps", "a man eats", "three cats walk"] * 6
LABELS = ["same", "different", "same", "different"] * 6

# A user's module: a bag of words, and a preprocessor that leaves out every text's first word.
OWN = """
import keras
import keras_hub
from keras import ops


@keras.saving.register_keras_serializable(package="own")
class BagBackbone(keras_hub.models.Backbone):
    def __init__(self, vocabulary_size, width, dtype=None, **kwargs):
        ids = keras.Input((None,), dtype="int32", name="token_ids")
        segments = keras.Input((None,), dtype="int32", name="segment_ids")
        mask = keras.Input((None,), dtype="int32", name="padding_mask")
        self.token_embedding = keras.layers.Embedding(vocabulary_size, width, name="words")
        side = keras.layers.Embedding(2, width, name="sides")(segments)
        kept = ops.expand_dims(ops.cast(mask, "float32"), -1)
        x = (self.token_embedding(ids) + side) * kept
        pooled = keras.layers.Dense(width, activation="tanh", name="pooled")(ops.sum(x, 1) / ops.sum(kept, 1))
        super().__init__(
            inputs={"token_ids": ids, "segment_ids": segments, "padding_mask": mask}, outputs=pooled, **kwargs
        )
        self.vocabulary_size = vocabulary_size
        self.width = width

    def get_config(self):
        return {**super().get_config(), "vocabulary_size": self.vocabulary_size, "width": self.width}


@keras.saving.register_keras_serializable(package="own")
class ShortenedPreprocessor(keras_hub.models.BertTextClassifierPreprocessor):
    backbone_cls = BagBackbone

    def call(self, x, y=None, sample_weight=None):
        shorter = tuple([" ".join(str(text).split()[1:]) for text in side] for side in x)
        return super().call(shorter, y=y, sample_weight=sample_weight)


@keras.saving.register_keras_serializable(package="own")
class BagTextClassifier(keras_hub.models.TextClassifier):
    backbone_cls = BagBackbone
    preprocessor_cls = ShortenedPreprocessor

    def __init__(self, backbone, num_classes, preprocessor=None, dropout=0.0, **kwargs):
        logits = keras.layers.Dense(num_classes, name="logits")
        super().__init__(inputs=backbone.input, outputs=logits(backbone.output), **kwargs)
        self.backbone, self.preprocessor, self.num_classes = backbone, preprocessor, num_classes
        self.activation = None

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}
"""

FRESH = """
import json, sys
sys.path.append(sys.argv[3])
import own_parts_of_a_user
import samesay
first, second = json.loads(sys.argv[1])
print(json.dumps([samesay.load(path).predict((first, second)).tolist() for path in json.loads(sys.argv[2])]))
"""


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory):
    """The user's module, imported."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "own_parts_of_a_user.py").write_text(OWN, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        import own_parts_of_a_user

        yield own_parts_of_a_user


@pytest.fixture(scope="module")
def fitted(module) -> samesay.PairModel:
    import keras_hub

    from tiny_bert import VOCABULARY

    tokenizer = keras_hub.models.BertTokenizer(vocabulary=VOCABULARY, lowercase=True)
    model = samesay.PairModel.from_parts(
        backbone=module.BagBackbone(len(VOCABULARY), 16),
        preprocessor=module.ShortenedPreprocessor(tokenizer, sequence_length=16),
        labels=["different", "same"],
        sides=("hypothesis", "premise"),
    )
    # Eight of the second batch's rows only fill it up; of padding alone, the mean over tokens would be no number.
    model.fit((FIRST, SECOND), LABELS, epochs=3, batch_size=16, learning_rate=1e-2)
    return model


def test_own_parts_train_and_answer_the_same_from_a_fresh_process(
    fitted: samesay.PairModel, module, tmp_path: Path
) -> None:
    assert fitted.record is not None
    losses = [entry["loss"] for entry in fitted.record.result.history]
    assert losses[-1] < losses[0]
    answers = fitted.predict((FIRST, SECOND))
    paths = [str(fitted.save(tmp_path / name)) for name in ("own", "own.keras")]
    folder = str(Path(module.__file__).parent)
    fresh = subprocess.run(
        [sys.executable, "-c", FRESH, json.dumps([FIRST, SECOND]), json.dumps(paths), folder],
        capture_output=True,
        text=True,
        check=True,
    )
    for given in json.loads(fresh.stdout.splitlines()[-1]):
        np.testing.assert_allclose(given, answers, atol=1e-6)


def test_the_bundle_says_that_it_has_no_onnx_part_and_is_scored_by_keras(
    fitted: samesay.PairModel, tmp_path: Path
) -> None:
    path = fitted.save(tmp_path / "own")
    part = open_bundle(path).manifest.parts["onnx"]
    assert part.verdict == "unsupported"
    assert "ShortenedPreprocessor" in str(part.detail)
    assert open_predictor(path).kind == "keras"
    with pytest.raises(PartUnavailable, match="ShortenedPreprocessor is not KerasHub's"):
        score_pair(path, "a dog", "the cat")
    again = samesay.load(path)
    again.fit((FIRST, SECOND), LABELS, epochs=1, batch_size=8)
    for recipe in ((path / "recipe.yaml").read_text(encoding="utf-8"), recipe_to_repeat(again, None)):
        lacking = re.search(r"^  preset: (.*(?:\n    .*)*)", recipe, re.MULTILINE)
        assert lacking, "samesay train knows no class of a user's"
        assert "BagBackbone" in lacking[1]
        assert "ShortenedPreprocessor" in lacking[1]


def test_texts_go_through_the_preprocessor_itself(fitted: samesay.PairModel, module) -> None:
    encoder = fitted.classifier.encoder
    rows = encoder.encode(["a dog"], ["the cat"])
    assert len(rows.token_ids) == 5, "[CLS] dog [SEP] cat [SEP]"
    assert rows.second_starts.tolist() == [3]
    np.testing.assert_array_equal(rows.token_ids, encoder.encode(["no dog"], ["two cat"]).token_ids)
    assert len(encoder.encode([], [])) == 0
    assert "what it cuts is not counted" in fitted.note


def test_a_class_that_is_not_registered_is_named(fitted: samesay.PairModel, tmp_path: Path) -> None:
    for path in (fitted.save(tmp_path / "own"), fitted.save(tmp_path / "own.keras")):
        fresh = subprocess.run(
            [sys.executable, "-c", f"import samesay; samesay.load({str(path)!r})"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert re.search(
            r"EncoderUnsupported: The model was made with the class '(own>)?Bag", fresh.stderr
        ), fresh.stderr
        assert "register_keras_serializable" in fresh.stderr


def test_what_could_not_be_used_or_opened_again_is_refused(fitted: samesay.PairModel, module) -> None:
    import keras_hub

    class Another(module.BagBackbone):
        pass

    with pytest.raises(UsageError, match="belongs to the backbone Another"):
        samesay.PairModel.from_parts(
            backbone=Another(10, 4), preprocessor=fitted.task.preprocessor, labels=["different", "same"]
        )
    with pytest.raises(UsageError, match="2 outputs for 3 labels"):
        samesay.PairModel.from_task(fitted.task, ["a", "b", "c"])
    with pytest.raises(UsageError, match="The task is a BagBackbone"):
        samesay.PairModel.from_task(fitted.task.backbone, ["a", "b"])
    bare = module.BagTextClassifier(fitted.task.backbone, 2)
    with pytest.raises(EncoderUnsupported, match="without a preprocessor"):
        samesay.PairModel.from_task(bare, ["a", "b"])
    assert issubclass(module.BagTextClassifier, keras_hub.models.TextClassifier)


def test_kerashubs_own_preprocessor_gives_the_same_rows_by_the_adapter_as_by_its_twin(
    tiny_preset: Path,
) -> None:
    from samesay.model.encoders import PreprocessorEncoder

    model = samesay.PairModel.from_preset(tiny_preset, ["different", "same"], max_length=12)
    # Empty, longer than the limit on either side, and words that are not in the vocabulary.
    first = [*FIRST, "", "the dog runs in the park and sleeps in the house", "zebra!"]
    second = [*SECOND, "a dog", "a dog", "the man eats in the park, the woman sleeps in the house"]
    by_twin = model.classifier.encoder.encode(first, second)
    by_adapter = PreprocessorEncoder(model.task.preprocessor).encode(first, second)
    for name in ("token_ids", "offsets", "second_starts"):
        np.testing.assert_array_equal(getattr(by_adapter, name), getattr(by_twin, name), err_msg=name)
