"""The half of ``training_speed.py`` that runs beside ``transformers``: its Trainer, an epoch on request.

    python benchmarks/training_speed_peer.py PAIRS.json FOLDER SIZE BATCH_SIZE

For every line on standard input one epoch is trained, and one line of JSON is written.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)


class Rows(torch.utils.data.Dataset):
    """Tokenized pairs, in place of which others can be put."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self.rows[index]


class OnRequest(TrainerCallback):
    """Before an epoch waits for a line, tokenizes; after it says how long both took."""

    def __init__(self, tokenize: Any, rows: Rows) -> None:
        self.tokenize, self.rows = tokenize, rows
        self.began = 0.0

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: D102
        if not sys.stdin.readline():
            sys.exit(0)
        self.began = time.perf_counter()
        self.rows.rows = self.tokenize()

    def on_epoch_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: D102
        print(json.dumps({"seconds": time.perf_counter() - self.began}), flush=True)


class Counted(DataCollatorWithPadding):
    """Counts the tokens of all batches, padding included, and the others."""

    tokens = padded = 0

    def __call__(self, features: list[dict[str, Any]]) -> Any:  # noqa: D102
        batch = super().__call__(features)
        type(self).padded += batch["input_ids"].numel()
        type(self).tokens += int(batch["attention_mask"].sum())
        return batch


def main() -> int:
    pairs, folder, size, batch_size = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), int(sys.argv[4])
    table = json.loads(Path(pairs).read_text(encoding="utf-8"))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    torch.manual_seed(0)
    if size:
        config = AutoConfig.from_pretrained(folder, num_labels=3, **size)
        model = AutoModelForSequenceClassification.from_config(config)
    else:
        model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=3)

    def tokenize() -> list[dict[str, Any]]:
        encoded = tokenizer(table["first"], table["second"], truncation=True, max_length=128)
        names = list(encoded.keys())
        columns = [encoded[name] for name in names]
        return [
            {**dict(zip(names, row, strict=True)), "labels": label}
            for *row, label in zip(*columns, table["labels"], strict=True)
        ]

    rows = Rows(tokenize())
    with tempfile.TemporaryDirectory() as output:
        trainer = Trainer(
            model=model,
            args=TrainingArguments(
                output_dir=output,
                per_device_train_batch_size=batch_size,
                num_train_epochs=table["epochs"],
                learning_rate=1e-4,
                weight_decay=0.01,
                warmup_steps=0.1,
                # What reads lengths off the rows and puts like ones into a batch.
                train_sampling_strategy="group_by_length",
                save_strategy="no",
                logging_strategy="no",
                report_to="none",
                disable_tqdm=True,
                use_cpu=True,
                seed=0,
            ),
            train_dataset=rows,
            data_collator=Counted(tokenizer),
        )
        on_request = OnRequest(tokenize, rows)
        trainer.add_callback(on_request)
        ready = {
            "transformers": transformers.__version__,
            "torch": torch.__version__,
            "threads": torch.get_num_threads(),
            "parameters": sum(one.numel() for one in model.parameters()),
        }
        print(json.dumps(ready), flush=True)
        try:
            trainer.train()
        finally:
            said = {"padding_share": round(1 - Counted.tokens / max(Counted.padded, 1), 4)}
            print(json.dumps(said), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
