"""The half of ``huggingface_roundtrip.py`` that runs in an environment with ``transformers`` and torch.

    python benchmarks/huggingface_logits.py FOLDER

FOLDER holds ``pairs.json`` and one folder a family, as SameSay exported them. Beside each are written
``answers-<family>.json`` (ids, logits, labels as ``transformers`` gives them) and ``native-<family>``, a randomly
initialised model of transformers' own with the same tokenizer and its answers, for SameSay to import.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import torch
import transformers
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer


def answers(folder: Path, pairs: list[list[str]]) -> dict:
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    model = AutoModelForSequenceClassification.from_pretrained(str(folder)).eval()
    firsts, seconds = [first for first, _ in pairs], [second for _, second in pairs]
    batch = tokenizer(firsts, seconds, padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        logits = model(**batch).logits
    ids = [
        [token for token, kept in zip(row, mask, strict=True) if kept]
        for row, mask in zip(batch["input_ids"].tolist(), batch["attention_mask"].tolist(), strict=True)
    ]
    labels = [model.config.id2label[index] for index in range(logits.shape[1])]
    return {"logits": logits.tolist(), "ids": ids, "labels": labels, "tokenizer": type(tokenizer).__name__}


def write_native(source: Path, target: Path, *, exact_gelu: bool) -> None:
    """A random model of the same shape, saved as ``transformers`` saves: ``tokenizer.json``, no vocabulary file.

    A SentencePiece file is put beside it, as folders on the hub have it: without one KerasHub has no tokenizer.
    """
    torch.manual_seed(7)
    config = AutoConfig.from_pretrained(str(source))
    if exact_gelu:
        config.hidden_act = "gelu"
    model = AutoModelForSequenceClassification.from_config(config)
    with torch.no_grad():
        for tensor in model.parameters():
            tensor.add_(0.2 * torch.randn_like(tensor))
    model.save_pretrained(str(target))
    AutoTokenizer.from_pretrained(str(source)).save_pretrained(str(target))
    for pieces in source.glob("*.model"):
        shutil.copy(pieces, target)


def main() -> int:
    root = Path(sys.argv[1])
    pairs = json.loads((root / "pairs.json").read_text(encoding="utf-8"))
    said = {"transformers": transformers.__version__, "torch": torch.__version__}
    (root / "versions.json").write_text(json.dumps(said), encoding="utf-8")
    for folder in sorted(path for path in root.iterdir() if (path / "config.json").is_file()):
        try:
            answer = answers(folder, pairs)
            if folder.name != "minilm":
                native = root / f"native-{folder.name}"
                write_native(folder, native, exact_gelu=folder.name == "bert")
                (root / f"answers-{native.name}.json").write_text(
                    json.dumps(answers(native, pairs)), encoding="utf-8"
                )
        except Exception as problem:
            answer = {"failed": f"{type(problem).__name__}: {problem}"[:400]}
        (root / f"answers-{folder.name}.json").write_text(json.dumps(answer), encoding="utf-8")
        print(folder.name, "done", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
