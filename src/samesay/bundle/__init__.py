"""The saved model on disk: a folder of parts and a manifest, written whole or not at all, verified when read.

`write_bundle` is a transaction into which other rooms put parts; `open_bundle` checks every byte and hands
parts out. `samesay.bundle.layout` has the format as data and the rule of its versions.

This room does not know what is in a part: no Keras, no ONNX, no training, no tokenizer.
"""

from __future__ import annotations

from samesay.bundle.builtin import BUILTIN_MODELS, BuiltinModel, default_model, is_builtin, located, model_for
from samesay.bundle.card import Upstream, model_card
from samesay.bundle.layout import FORMAT_VERSION, MANIFEST_NAME, PARTS, PartLayout, Verdict
from samesay.bundle.manifest import FileRecord, Manifest, Part
from samesay.bundle.pair_hashes import read_pair_hashes, write_pair_hashes
from samesay.bundle.reading import Bundle, open_bundle
from samesay.bundle.recognition import is_bundle
from samesay.bundle.revising import write_decision
from samesay.bundle.writing import BundleDraft, require_replaceable, write_bundle

__all__ = [
    "BUILTIN_MODELS",
    "FORMAT_VERSION",
    "MANIFEST_NAME",
    "PARTS",
    "BuiltinModel",
    "Bundle",
    "BundleDraft",
    "FileRecord",
    "Manifest",
    "Part",
    "PartLayout",
    "Upstream",
    "Verdict",
    "default_model",
    "is_builtin",
    "is_bundle",
    "located",
    "model_card",
    "model_for",
    "open_bundle",
    "read_pair_hashes",
    "require_replaceable",
    "write_bundle",
    "write_decision",
    "write_pair_hashes",
]
