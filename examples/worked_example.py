"""KerasHub's worked example in SameSay's words: BERT Tiny, then RoBERTa, on a fifth of SNLI (docs/worked-example.md).

python examples/worked_example.py                                    # fetches data and weights from their hubs
python examples/worked_example.py --preset minilm --larger minilm --data generated:2000
"""

import argparse
from pathlib import Path

import samesay
from samesay.training import WORKED_EXAMPLE

SIDES = samesay.Sides("hypothesis", "premise")
# Test accuracies that the original publishes for its presets and data; not measured by SameSay.
PUBLISHED = {"BERT Tiny": 0.76, "BERT Tiny, AdamW and schedule": 0.79, "RoBERTa": 0.88}


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", default="bert_tiny_en_uncased")
    parser.add_argument("--larger", default="roberta_base_en")
    parser.add_argument("--data", default="snli", help="a source with the splits train, validation and test")
    parser.add_argument("--output", type=Path, default=Path("bert_tiny.keras"))
    given = parser.parse_args(words)
    as_published = not any(
        getattr(given, name) != parser.get_default(name) for name in ("preset", "larger", "data")
    )

    train, validation, test = (
        samesay.load_pairs(given.data, split=split, sides=SIDES)
        for split in ("train[:20%]", "validation", "test")
    )

    def fit(name: str, preset: str, recipe: str) -> tuple[samesay.PairModel, dict[str, float]]:
        model = samesay.PairModel.from_preset(preset, train.labels, sides=SIDES)
        model.fit(train, validation=validation, recipe=WORKED_EXAMPLE[recipe])
        figures = model.evaluate(test).metrics
        print(f"{name}: {figures['accuracy']:.1%} of {len(test):,} test pairs")
        if as_published and abs(figures["accuracy"] - PUBLISHED[name]) > 0.015:
            raise SystemExit(f"published are {PUBLISHED[name]:.0%}, which is more than 1.5 points away")
        return model, figures

    fit("BERT Tiny", given.preset, "defaults")
    model, figures = fit("BERT Tiny, AdamW and schedule", given.preset, "adamw-triangular")

    model.save(given.output, overwrite=True)
    restored = samesay.load(given.output)
    if abs(restored.evaluate(test).metrics["loss"] - figures["loss"]) > 1e-5:
        raise SystemExit("the restored model measures something else")
    for answer in restored.score((["Someone is outdoors."], ["A child runs along the beach."])):
        print(f"restored from {given.output}: {answer.label}, {answer.probabilities}")

    fit("RoBERTa", given.larger, "defaults")


if __name__ == "__main__":
    main()
