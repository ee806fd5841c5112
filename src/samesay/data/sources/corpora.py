"""Published corpora of sentence pairs by name: where each lies, under which licence, what its columns and labels mean.

Data only. Sizes are those that the corpora's authors publish; nothing here was counted by us.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from samesay.data.labels.spellings import NLI_NAMES


@dataclass(frozen=True, slots=True)
class Corpus:
    """A published corpus.

    Attributes:
        name: What a user writes for it.
        about: What its pairs are.
        repository: Its dataset on the Hugging Face hub.
        config: Which configuration of that dataset.
        licence: As its authors state it.
        columns: Role (``first``, ``second``, ``label``) to column.
        sizes: Split to its published number of rows.
        labels: The names of the classes, in the order of their numbers; empty for scores.
        scale: The lowest and the highest score, for similarity scores.
        unlabelled: Splits whose labels their authors keep.
        citation: Authors, title and year.
    """

    name: str
    about: str
    repository: str
    config: str
    licence: str
    columns: Mapping[str, str]
    sizes: Mapping[str, int]
    labels: tuple[str, ...]
    citation: str
    scale: tuple[float, float] | None = None
    unlabelled: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON types."""
        return asdict(self)


def _columns(first: str, second: str, label: str = "label") -> dict[str, str]:
    return {"first": first, "second": second, "label": label}


_GLUE = "nyu-mll/glue"

CORPORA: Mapping[str, Corpus] = {
    corpus.name: corpus
    for corpus in (
        Corpus(
            "snli",
            "captions of photographs, and sentences written to follow from them or not",
            "stanfordnlp/snli",
            "plain_text",
            "CC BY-SA 4.0",
            _columns("premise", "hypothesis"),
            {"train": 550_152, "validation": 10_000, "test": 10_000},
            NLI_NAMES,
            "Bowman et al., A large annotated corpus for learning natural language inference, 2015",
        ),
        Corpus(
            "multi_nli",
            "the same task in ten genres of speech and writing",
            "nyu-mll/multi_nli",
            "default",
            "OANC and others, by genre: see its paper",
            _columns("premise", "hypothesis"),
            {"train": 392_702, "validation_matched": 9_815, "validation_mismatched": 9_832},
            NLI_NAMES,
            "Williams et al., A Broad-Coverage Challenge Corpus for Sentence Understanding, 2018",
        ),
        Corpus(
            "sick",
            "sentences about pictures, made to test composition; a relation and a score of relatedness each",
            "RobZamp/sick",
            "default",
            "CC BY-NC-SA 3.0",
            _columns("sentence_A", "sentence_B"),
            {"train": 4_439, "validation": 495, "test": 4_906},
            NLI_NAMES,
            "Marelli et al., A SICK cure for the evaluation of compositional distributional models, 2014",
            scale=(1.0, 5.0),
        ),
        Corpus(
            "stsb",
            "headlines, captions and forum posts, scored by how alike their meanings are",
            _GLUE,
            "stsb",
            "several, by source: see its paper",
            _columns("sentence1", "sentence2"),
            {"train": 5_749, "validation": 1_500, "test": 1_379},
            (),
            "Cer et al., SemEval-2017 Task 1: Semantic Textual Similarity, 2017",
            scale=(0.0, 5.0),
            unlabelled=("test",),
        ),
        Corpus(
            "mrpc",
            "sentences of news, paraphrases of one another or not",
            _GLUE,
            "mrpc",
            "not stated: see its paper",
            _columns("sentence1", "sentence2"),
            {"train": 3_668, "validation": 408, "test": 1_725},
            ("not_equivalent", "equivalent"),
            "Dolan and Brockett, Automatically Constructing a Corpus of Sentential Paraphrases, 2005",
        ),
        Corpus(
            "qqp",
            "questions of a forum, duplicates of one another or not",
            _GLUE,
            "qqp",
            "non-commercial, by the forum's terms",
            _columns("question1", "question2"),
            {"train": 363_846, "validation": 40_430, "test": 390_965},
            ("not_duplicate", "duplicate"),
            "Iyer et al., First Quora Dataset Release: Question Pairs, 2017",
            unlabelled=("test",),
        ),
        Corpus(
            "paws",
            "sentences of the same words, paraphrases or not",
            "google-research-datasets/paws",
            "labeled_final",
            "free for any use, by its authors' own terms",
            _columns("sentence1", "sentence2"),
            {"train": 49_401, "validation": 8_000, "test": 8_000},
            ("different", "paraphrase"),
            "Zhang et al., PAWS: Paraphrase Adversaries from Word Scrambling, 2019",
        ),
        Corpus(
            "rte",
            "short texts of news, and whether a sentence follows from them",
            _GLUE,
            "rte",
            "not stated: see its papers",
            _columns("sentence1", "sentence2"),
            {"train": 2_490, "validation": 277, "test": 3_000},
            ("entailment", "not_entailment"),
            "Dagan et al., The PASCAL Recognising Textual Entailment Challenge, 2006, and its successors",
            unlabelled=("test",),
        ),
        Corpus(
            "scitail",
            "science questions turned into statements, and sentences that support them or not",
            "allenai/scitail",
            "snli_format",
            "Apache-2.0",
            _columns("sentence1", "sentence2", "gold_label"),
            {"train": 23_596, "validation": 1_304, "test": 2_126},
            ("entailment", "neutral"),
            "Khot et al., SciTail: A Textual Entailment Dataset from Science Question Answering, 2018",
        ),
    )
}
