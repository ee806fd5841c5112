"""Whether ``transformers`` computes from our folders what Keras computes, and we from its folders what it computes.

For every family a tiny random classifier, and MiniLM: exported here, opened by ``AutoModelForSequenceClassification``
and ``AutoTokenizer`` in an environment of their own; then a random model that ``transformers`` made and saved itself is
opened here. Compared are ids and logits of ordinary pairs, hostile ones, and pairs with literal special tokens.

    python -m benchmarks.huggingface_roundtrip --transformers-python ENVIRONMENT/bin/python [bert minilm …]

The environment: ``pip install torch==2.13.0 'transformers==5.*' safetensors sentencepiece tiktoken protobuf``.
"""

from __future__ import annotations

import json
import string
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks import measuring

sys.path.insert(0, str(measuring.ROOT / "tests"))

LABELS = ("different", "same", "unsure")
MAX_LENGTH = 64
TOLERANCE = 1e-4

ORDINARY = [
    ("the dog runs in the park", "a dog is on the grass"),
    ("two cats sleep", "nobody sleeps"),
    ("a red house", "the house is blue."),
    ("a man eats, and a woman walks", "a child"),
    ("is there a man in the house?", "no, there is not!"),
]
HOSTILE = [
    ("Crème brûlée naïve", "Łódź, straße STRASSE ß"),
    ("北京的冬天 dog", "东京 cat"),
    ("don't — can't…", "½ ﬁne\u00a0no-break İstanbul ΟΔΥΣΣΕΥΣ"),
    ("soft\u00adhyphen zero\u200bwidth", "tab\tnew\nline 🎉"),
    ("dog " * 60, "cat " * 50),
]
SPECIAL = [("replace [SEP] by [CLS]", "the dog"), ("<s> the end </s>", "<pad> <mask> [MASK]")]
PAIRS = ORDINARY + HOSTILE + SPECIAL
_TEXT = [text for pair in ORDINARY for text in pair] * 3 + [
    string.ascii_lowercase,
    *"abcdefghijklmnopqrstuvwxyz",
]


def tiny_task(family: str) -> Any:
    """A random KerasHub classifier of ``family``, with a tokenizer."""
    import keras
    import keras_hub

    keras.utils.set_random_seed(3)
    models = keras_hub.models
    name, tokenizer, more = _FAMILIES[family]
    made = tokenizer()
    size = {
        "vocabulary_size": made.vocabulary_size(),
        "num_layers": 2,
        "num_heads": 2,
        "hidden_dim": 16,
        "intermediate_dim": 24,
        "max_sequence_length": MAX_LENGTH,
    }
    task_class = getattr(models, f"{name}TextClassifier")
    task = task_class(
        backbone=getattr(models, f"{name}Backbone")(**size, **more),
        preprocessor=task_class.preprocessor_cls(made, sequence_length=MAX_LENGTH),
        num_classes=len(LABELS),
    )
    random = np.random.default_rng(5)
    for weight in task.trainable_weights:
        weight.assign(np.asarray(weight) + 0.2 * random.normal(size=weight.shape))
    return task


def _wordpiece(name: str) -> Any:
    import keras_hub

    from tiny_bert import VOCABULARY

    return getattr(keras_hub.models, name)(vocabulary=VOCABULARY, lowercase=True, strip_accents=True)


def _byte_pairs() -> Any:
    import keras_hub
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    rust = Tokenizer(models.BPE())
    rust.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    rust.train_from_iterator(
        _TEXT,
        trainers.BpeTrainer(
            vocab_size=320, special_tokens=special, initial_alphabet=alphabet, show_progress=False
        ),
    )
    model = json.loads(rust.to_str())["model"]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    return keras_hub.models.RobertaTokenizer(vocabulary=model["vocab"], merges=merges)


def _sentence_piece(name: str, **options: Any) -> Any:
    import io

    import keras_hub
    import sentencepiece

    file = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(_TEXT),
        model_writer=file,
        vocab_size=60,
        hard_vocab_limit=False,
        minloglevel=2,
        **options,
    )
    return getattr(keras_hub.models, name)(proto=file.getvalue())


_FAMILIES: dict[str, tuple[str, Callable[[], Any], dict[str, Any]]] = {
    "bert": ("Bert", lambda: _wordpiece("BertTokenizer"), {}),
    "distilbert": ("DistilBert", lambda: _wordpiece("DistilBertTokenizer"), {}),
    "roberta": ("Roberta", _byte_pairs, {}),
    "xlm-roberta": ("XLMRoberta", lambda: _sentence_piece("XLMRobertaTokenizer"), {}),
    "albert": (
        "Albert",
        lambda: _sentence_piece(
            "AlbertTokenizer",
            pad_id=0,
            unk_id=1,
            bos_id=-1,
            eos_id=-1,
            control_symbols=["[CLS]", "[SEP]", "[MASK]"],
            normalization_rule_name="nmt_nfkc_cf",
        ),
        {"embedding_dim": 8, "num_groups": 1, "num_inner_repetitions": 1},
    ),
    "deberta": (
        "DebertaV3",
        lambda: _sentence_piece(
            "DebertaV3Tokenizer",
            pad_id=0,
            bos_id=1,
            eos_id=2,
            unk_id=3,
            pad_piece="[PAD]",
            bos_piece="[CLS]",
            eos_piece="[SEP]",
            unk_piece="[UNK]",
        ),
        {"bucket_size": 8},
    ),
}


def keras_answers(task: Any) -> dict[str, Any]:
    """Ids and logits by KerasHub alone."""
    from samesay.export import KerasAnswer
    from samesay.pairs import Pair

    pairs = [Pair(*pair) for pair in PAIRS]
    packed = task.preprocessor(([pair.first for pair in pairs], [pair.second for pair in pairs]), y=None)
    ids, mask = np.asarray(packed["token_ids"]), np.asarray(packed["padding_mask"]).astype(bool)
    return {
        "logits": KerasAnswer(task)(pairs),
        "ids": [row[kept].tolist() for row, kept in zip(ids, mask, strict=True)],
    }


def compare(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Figures of one folder: pairs with other ids, and the largest difference of a logit where the ids agree."""
    if "failed" in theirs:
        return {"failed": theirs["failed"]}
    same = [mine == other for mine, other in zip(ours["ids"], theirs["ids"], strict=True)]
    logits = np.asarray(ours["logits"]), np.asarray(theirs["logits"])
    differences = np.abs(logits[0] - logits[1]).max(axis=1)
    kinds = {"ordinary": ORDINARY, "hostile": HOSTILE, "special": SPECIAL}
    other, begin = {}, 0
    for kind, pairs in kinds.items():
        other[kind] = [PAIRS[place] for place in range(begin, begin + len(pairs)) if not same[place]]
        begin += len(pairs)
    return {
        "largest_logit_difference": float(max(differences[np.asarray(same)], default=np.nan)),
        "largest_logit": float(np.abs(logits[0]).max()),
        "changed_decisions": int(np.sum((logits[0].argmax(1) != logits[1].argmax(1)) & np.asarray(same))),
        "labels_kept": theirs["labels"] == list(LABELS),
        "pairs_with_other_ids": {kind: len(pairs) for kind, pairs in other.items()},
        "which": {kind: pairs for kind, pairs in other.items() if kind != "special" and pairs},
        "tokenizer": theirs["tokenizer"],
    }


def run(families: list[str], python: Path, root: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Figures by folder, and the other environment's versions."""
    from samesay.model.huggingface.reading import describe, open_classifier
    from samesay.model.huggingface.writing import write_huggingface
    from samesay.model.opening import open_model
    from samesay.pairs import LabelSet, Sides

    (root / "pairs.json").write_text(json.dumps(PAIRS), encoding="utf-8")
    ours: dict[str, Any] = {}
    figures: dict[str, Any] = {}
    for family in families:
        try:
            if family == "minilm":
                task = open_model("minilm", LabelSet(LABELS), max_length=MAX_LENGTH).classifier.task
            else:
                task = tiny_task(family)
            folder = root / family
            folder.mkdir()
            write_huggingface(
                task, folder, labels=LabelSet(LABELS), sides=Sides("x", "y"), max_length=MAX_LENGTH
            )
            ours[family] = keras_answers(task)
        except Exception as problem:
            figures[family] = {"failed": f"{type(problem).__name__}: {problem}"[:400]}
        print(family, "written", flush=True)
    script = Path(__file__).with_name("huggingface_logits.py")
    subprocess.run([str(python), str(script), str(root)], check=True)
    for family in families:
        native = root / f"native-{family}"
        if (root / f"answers-{native.name}.json").is_file():
            try:
                ours[native.name] = keras_answers(open_classifier(describe(native)))
            except Exception as problem:
                figures[native.name] = {"failed": f"{type(problem).__name__}: {problem}"[:400]}
            print(native.name, "opened", flush=True)
    for name, answer in ours.items():
        theirs = json.loads((root / f"answers-{name}.json").read_text(encoding="utf-8"))
        figures[name] = compare(answer, theirs)
    return figures, json.loads((root / "versions.json").read_text(encoding="utf-8"))


def main(arguments: list[str] | None = None) -> int:
    parser = measuring.arguments(__doc__)
    parser.add_argument("families", nargs="*", help="which; all by default")
    parser.add_argument("--transformers-python", type=Path, required=True)
    given = parser.parse_args(arguments)
    where = measuring.surroundings()
    with tempfile.TemporaryDirectory() as folder:
        figures, versions = run(
            given.families or [*_FAMILIES, "minilm"], given.transformers_python, Path(folder)
        )
    measuring.print_table(
        ["folder", "largest difference", "largest logit", "other ids", "labels kept"],
        [
            [name, one["failed"][:60], "", "", ""]
            if "failed" in one
            else [
                name,
                one["largest_logit_difference"],
                one["largest_logit"],
                str(one["pairs_with_other_ids"]),
                str(one["labels_kept"]),
            ]
            for name, one in figures.items()
        ],
    )
    requirements = [
        measuring.Requirement(
            what=f"{name}: logits as transformers computes them",
            needed=f"within {TOLERANCE} where the ids agree, labels kept",
            measured=one.get("largest_logit_difference", one.get("failed")),
            met="failed" not in one and one["largest_logit_difference"] <= TOLERANCE and one["labels_kept"],
        )
        for name, one in figures.items()
    ]
    return measuring.publish(
        "huggingface_roundtrip",
        {"folders": figures, **versions},
        requirements,
        results=given.results,
        where=where,
    )


if __name__ == "__main__":
    sys.exit(main())
