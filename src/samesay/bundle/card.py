"""The model card: the README of a bundle, in Markdown, from the manifest's facts and nothing else.

Facts that the card knows by name, all optional; whatever else stands in these objects is in ``samesay.json``
alone:

- ``metrics``: ``{data name: {"accuracy": …, "macro_f1": …, "loss": …, "pairs": n, "baselines": {"majority":
  {"accuracy": …}}}}``. Numbers and null are shown, ``baselines`` become columns beside the model's.
- ``data``: ``source``, ``split``, ``fingerprint``, ``counts`` (``{label: pairs}``), ``rows_read``,
  ``rows_dropped`` (``{reason: rows}``), ``truncation`` (``{"pairs": n, "truncated": n}``), ``notes`` (a list
  of texts).
- ``recipe``: every entry that is text, a number or a truth value, as a table; ``preset`` also in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from samesay.bundle.layout import PARTS
from samesay.printable import command, in_markdown, quoted, visible

if TYPE_CHECKING:
    from samesay.bundle.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where the pretrained weights come from.

    Attributes:
        name: What they are called.
        licence: Their licence, such as ``"Apache-2.0"``.
        address: Where they can be found.
        note: What a reader of the metrics must know, such as which of the evaluated data they were pretrained
            on.
    """

    name: str
    licence: str = ""
    address: str = ""
    note: str = ""


def model_card(
    manifest: Manifest, *, name: str, upstream: Upstream | None = None, elsewhere: str | None = None
) -> str:
    """The card.

    Args:
        manifest: The facts; the checksums are not needed yet.
        name: The bundle's folder name, used as the title and in the examples.
        upstream: Where the pretrained weights come from.
        elsewhere: For a model that leaves its bundle, in place of how to use it and of what is in the folder.

    Returns:
        Markdown, ending in a newline.
    """
    if manifest.dimension is not None:
        return (
            "\n\n".join([_embedder(manifest, name), _training(manifest, upstream), _contents(manifest)])
            + "\n"
        )
    sections = [
        _head(manifest, name),
        _ANSWERS[manifest.answers.task](manifest),
        _use(manifest, name) if elsewhere is None else elsewhere,
        _training(manifest, upstream),
        _metrics(manifest.metrics),
        _decision(manifest),
        _limits(manifest, counted=elsewhere is None),
        _contents(manifest) if elsewhere is None else "",
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _head(manifest: Manifest, name: str) -> str:
    first, second = manifest.sides
    does = {
        "classification": f"gives a probability to each of {len(manifest.answers.outputs)} labels",
        "similarity": f"scores how similar they are, from {manifest.answers}",
    }[manifest.answers.task]
    return (
        f"# {_text(name)}\n\n"
        f"A model that reads two texts, the *{_text(first)}* and then the *{_text(second)}*, and {does}. "
        f"Saved with SameSay{_on(manifest.created)}; the task is {_text(manifest.task)}."
    )


def _embedder(manifest: Manifest, name: str) -> str:
    return f"""# {_text(name)}

A model that gives a vector of {manifest.dimension} numbers for a single text. It reads {manifest.max_length} tokens.
Saved with SameSay{_on(manifest.created)}; the task is {_text(manifest.task)}.

## How to use it

```sh
{command("samesay", "embed", "texts.txt", "--model", name, "--output", "vectors.npy")}
```

```python
import samesay

samesay.Embedder.open({quoted(name)}).encode(["one text", "another"])  # one row a text
```"""


def _scores(manifest: Manifest) -> str:
    mean = manifest.data.get("mean_score")
    of_training = f"; the mean of its training pairs is {_value(mean)}" if mean is not None else ""
    return f"## Scores and sides\n\nScores go from {manifest.answers}{of_training}." + _order(manifest)


def _labels(manifest: Manifest) -> str:
    counts = _mapping(manifest.data.get("counts"))
    header = ["label", "pairs it was trained on"] if counts else ["label"]
    rows = [
        [label, _number(counts.get(label, 0))] if counts else [label] for label in manifest.answers.outputs
    ]
    return "## Labels and sides\n\n" + _table(header, rows) + _order(manifest)


_ANSWERS = {"classification": _labels, "similarity": _scores}
_ROWS = {
    "classification": "probabilities, one row a pair, one column a label",
    "similarity": "one score a pair",
}
_CAUTION = {
    "classification": "A probability is a score of this model and not the chance of being right, unless it was "
    "calibrated.",
    "similarity": "Scores rank pairs better than they measure them: compare them with one another first.",
}


def _order(manifest: Manifest) -> str:
    if manifest.decision.symmetric:
        return ""
    first, second = manifest.sides
    return f"\n\nThe order of the sides matters: first the {_text(first)}, second the {_text(second)}."


def _use(manifest: Manifest, name: str) -> str:
    texts = [f"the {side}" for side in manifest.sides]
    rows = _ROWS[manifest.answers.task]
    return f"""## How to use it

```sh
{command("samesay", "score", name, *texts)}
{command("samesay", "score", name, "--input", "pairs.csv", "--output", "scored.csv")}
{command("samesay", "inspect", name)}
```

```python
import samesay

model = samesay.load({quoted(name)})
model.predict(([{quoted(texts[0])}], [{quoted(texts[1])}]))  # {rows}
```"""


def _training(manifest: Manifest, upstream: Upstream | None) -> str:
    data, lines = manifest.data, []
    if upstream is not None:
        licence = f", {_text(upstream.licence)}" if upstream.licence else ""
        address = f" ({_text(upstream.address)})" if upstream.address else ""
        lines.append(
            f"Pretrained weights: {_text(upstream.name)}{licence}{address}. {_text(upstream.note)}".rstrip()
        )
    elif manifest.recipe.get("preset"):
        lines.append(f"Pretrained weights: {_text(manifest.recipe['preset'])}; their own licence applies.")
    if data.get("source"):
        split = f", split {_text(data['split'])}" if data.get("split") else ""
        lines.append(f"Data: {_text(data['source'])}{split}.")
    counts = _mapping(data.get("counts"))
    if counts:
        lines.append(f"Pairs: {_number(sum(v for v in counts.values() if isinstance(v, int)))}.")
    dropped = {k: v for k, v in _mapping(data.get("rows_dropped")).items() if v}
    if dropped:
        reasons = ", ".join(f"{_number(v)} ({_text(k)})" for k, v in dropped.items())
        lines.append(f"Rows dropped: {reasons}.")
    if data.get("fingerprint"):
        lines.append(f"Fingerprint of the pairs: `{_text(data['fingerprint'])}`.")
    lines += [_text(note) for note in data.get("notes") or [] if isinstance(note, str)]
    recipe = [[key, _value(value)] for key, value in manifest.recipe.items() if _is_plain(value)]
    versions = ", ".join(f"{_text(k)} {_text(v)}" for k, v in manifest.versions.items() if _is_plain(v))
    text = "## How it was trained\n\n" + "\n".join(f"- {line}" for line in lines)
    if recipe:
        text += "\n\n" + _table(["setting", "value"], recipe)
    if versions:
        text += f"\n\nWritten with {versions}."
    return text if lines or recipe or versions else ""


def _metrics(metrics: Mapping[str, Any]) -> str:
    blocks = []
    loose = {key: value for key, value in metrics.items() if not isinstance(value, Mapping)}
    named = {key: value for key, value in metrics.items() if isinstance(value, Mapping)}
    if loose:
        named = {"": loose, **named}
    for data, values_by_name in named.items():
        baselines = {
            name: values
            for name, values in _mapping(values_by_name.get("baselines")).items()
            if isinstance(values, Mapping)
        }
        rows = [
            [
                key,
                _value(value),
                *(_value(values[key]) if key in values else "" for values in baselines.values()),
            ]
            for key, value in values_by_name.items()
            if _is_plain(value)
        ]
        if rows:
            title = f"On {_text(data)}:\n\n" if data else ""
            blocks.append(
                title + _table(["metric", "this model", *(f"{name} baseline" for name in baselines)], rows)
            )
    return "## Metrics\n\n" + "\n\n".join(blocks) if blocks else ""


def with_decision(card: str, manifest: Manifest) -> str:
    """A card that was written before, with what it says of the decision policy renewed."""
    sections = [text for text in card.split("\n\n## ") if not text.startswith(_DECISION_TITLE)]
    section = _decision(manifest).removeprefix("## ")
    if section:
        last = next(
            (place for place, text in enumerate(sections) if text.startswith("Limits\n")), len(sections)
        )
        sections.insert(last, section)
    return "\n\n## ".join(text.rstrip("\n") for text in sections) + "\n"


_DECISION_TITLE = "How it decides"


def _decision(manifest: Manifest) -> str:
    decision = manifest.decision
    lines = []
    if decision.symmetric:
        lines.append(
            "It reads both orders of the two texts and averages their logits: either order, the same answer."
        )
    if decision.temperature != 1.0:
        lines.append(f"Its logits are divided by the temperature {decision.temperature:.4g}.")
    if decision.biases:
        listed = ", ".join(f"{_text(label)} {bias:+.4f}" for label, bias in decision.biases.items())
        lines.append(f"Then a bias is added to every label's logit: {listed}.")
    if decision.thresholds:
        listed = ", ".join(f"{_text(label)} {_value(share)}" for label, share in decision.thresholds.items())
        lines.append(f"The answer is the label with the highest probability over its threshold: {listed}.")
    if decision.abstain_below is not None:
        lines.append(f"It abstains from answers of a probability below {_value(decision.abstain_below)}.")
    if not lines:
        return ""
    text = f"## {_DECISION_TITLE}\n\n" + "\n".join(f"- {line}" for line in lines)
    found = decision.calibration
    before, after = _mapping(found.get("before")), _mapping(found.get("after"))
    if after:
        rows = [
            [name.replace("_", " "), _value(before.get(name)), _value(value)] for name, value in after.items()
        ]
        fitted = f"Fitted to {_number(found.get('pairs'))} pairs of {_text(found.get('source'))}; on these:"
        text += f"\n\n{fitted}\n\n" + _table(["metric", "before", "after"], rows)
    return text


def _limits(manifest: Manifest, *, counted: bool) -> str:
    lines = [
        f"It reads at most {manifest.max_length} tokens of a pair; what is beyond is cut"
        + (", and every answer says so." if counted else ", and nothing says so."),
        "It was fitted to the data above. On other texts, domains or languages its metrics do not hold; "
        "measure it on pairs of your own: `samesay evaluate`.",
        _CAUTION[manifest.answers.task],
    ]
    cut = _mapping(manifest.data.get("truncation"))
    if cut.get("pairs"):
        truncated = cut.get("truncated", 0)
        share = 100 * truncated / cut["pairs"]
        lines.insert(
            1,
            f"Of its {_number(cut['pairs'])} training pairs {_number(truncated)} ({share:.2f} %) were cut.",
        )
    return "## Limits\n\n" + "\n".join(f"- {line}" for line in lines)


def _contents(manifest: Manifest) -> str:
    rows = []
    for name, part in manifest.parts.items():
        layout = PARTS.get(name)
        if layout is not None and name != "card":
            rows.append([f"`{layout.place}`", layout.purpose, part.verdict or ""])
    note = "`samesay.json` holds these facts and a checksum of every file: `samesay inspect` verifies them."
    return "## What is in this folder\n\n" + _table(["place", "what", "verdict"], rows) + f"\n\n{note}"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_text(cell) for cell in line) + " |" for line in lines)


def _text(value: Any) -> str:
    """``value`` so that it neither ends a table's cell nor a line, nor starts markup of its own."""
    text = visible(" ".join(str(value).split()))
    return text if _is_code(text) else in_markdown(text)


def _is_code(text: str) -> bool:
    return len(text) > 2 and text.startswith("`") and text.endswith("`") and text.count("`") == 2


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _value(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4f}" if 0.001 <= abs(value) < 1000 else f"{value:.4g}"
    return _number(value)


def _on(created: str) -> str:
    return f" on {created[:10]}" if created else ""
