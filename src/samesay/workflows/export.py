"""A model leaves its bundle: as a Hugging Face folder, as a bare ONNX graph, as one ``.keras`` file."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from samesay.bundle import Decision, Manifest, new_folder, open_bundle
from samesay.errors import EncoderUnsupported, PartUnavailable, TargetExists, UsageError
from samesay.pairs import LabelSet, Sides

if TYPE_CHECKING:
    from samesay.workflows.pair_model import PairModel

ExportFormat = Literal["huggingface", "onnx", "keras"]

_ONNX_FACTS = "model.json"
# What is always in such a folder, by which --overwrite knows one that was exported, and what may be.
_ALWAYS = {"huggingface": {"config.json", "model.safetensors"}, "onnx": {"model.onnx", _ONNX_FACTS}}
_SOMETIMES = {
    *("README.md", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "encoder.json"),
    *("vocab.txt", "vocab.json", "merges.txt", "sentencepiece.bpe.model", "spm.model"),
}


@dataclass(frozen=True)
class ExportResult:
    """What was written.

    Attributes:
        path: The folder or file.
        format: Which of the formats it is.
        labels: The names of the classes in the order of the outputs.
        sides: What the two texts are called, in the order in which they are to be given.
        files: Sizes in bytes by name.
        notes: What its user has to know.
    """

    path: str
    format: ExportFormat
    labels: list[str]
    sides: list[str]
    files: dict[str, int]
    notes: list[str]

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return asdict(self)


def export(
    model: str | Path | PairModel,
    path: str | Path,
    *,
    to: ExportFormat = "huggingface",
    overwrite: bool = False,
) -> ExportResult:
    """Write a model in another format, whole or not at all.

    Args:
        model: A bundle's folder, or a model in memory.
        path: The new folder, or for ``keras`` the new file.
        to: ``huggingface``, ``onnx`` (a bundle's verified part, without Keras) or ``keras``.
        overwrite: Replace what was exported to ``path`` before.

    Raises:
        BundleError: If there is no such bundle, it is damaged, or ``path`` is taken.
        PartUnavailable: If it has no verified ONNX part and one is asked for.
        ModelError: If the format has no place for such a model.
        DiskFull: If there is no room; nothing is left behind.
    """
    if to not in get_args(ExportFormat):
        raise UsageError(
            f"There is no format {to!r}.", where="to", expected=", ".join(get_args(ExportFormat))
        )
    target = Path(path).resolve()
    if to == "keras":
        return _keras(_opened(model), target, overwrite=overwrite)
    _require_free(target, to, overwrite=overwrite)
    with new_folder(
        target, replace=overwrite, check=lambda: _require_free(target, to, overwrite=overwrite)
    ) as folder:
        if to == "onnx":
            labels, sides, notes = _onnx(model, folder)
        else:
            labels, sides, notes = _hugging_face(_opened(model), folder, target.name)
        files = {place.name: place.stat().st_size for place in sorted(folder.iterdir())}
    return ExportResult(str(path), to, list(labels), list(sides), files, notes)


def _opened(model: str | Path | PairModel) -> PairModel:
    from samesay.workflows.pair_model import PairModel

    return model if isinstance(model, PairModel) else PairModel.load(model)


def _keras(model: PairModel, target: Path, *, overwrite: bool) -> ExportResult:
    if target.suffix != ".keras":
        raise UsageError(
            f"{target.name!r} does not end in .keras.", where="path", expected="a name such as model.keras"
        )
    model.save(target, overwrite=overwrite)
    notes = ["load it with samesay.load(…), or after `import samesay` with keras.models.load_model(…)"]
    notes += _policy_notes(model.decision)
    sizes = {target.name: target.stat().st_size}
    return ExportResult(str(target), "keras", list(model.labels), list(model.sides), sizes, notes)


def _onnx(model: str | Path | PairModel, folder: Path) -> tuple[LabelSet, Sides, list[str]]:
    if isinstance(model, str | Path):
        # No Keras: the part was proven when it was saved, and every byte of it is checked now.
        bundle = open_bundle(model)
        shutil.copytree(bundle.part("onnx"), folder, dirs_exist_ok=True)
        manifest = bundle.manifest
        labels, sides, decision = manifest.labels, manifest.sides, manifest.decision
        max_length = manifest.max_length
    else:
        from samesay.export import write_onnx_part

        labels, sides, decision = model.labels, model.sides, model.decision
        max_length = model.max_length
        verdict = write_onnx_part(model.task, model.classifier.encoder, folder, labels=labels, sides=sides)
        if verdict.status != "verified":
            raise PartUnavailable(
                f"The ONNX graph is {verdict.status}: {verdict.detail}", details=verdict.to_dict()
            )
    facts = {
        "labels": list(labels),
        "sides": list(sides),
        "max_length": max_length,
        **{name: value for name, value in decision.to_dict().items() if name != "calibration"},
    }
    (folder / _ONNX_FACTS).write_text(
        json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    notes = [f"{_ONNX_FACTS} names the labels and sides; encoder.json describes the tokenizer of SameSay"]
    return labels, sides, notes + _policy_notes(decision)


def _hugging_face(model: PairModel, folder: Path, name: str) -> tuple[LabelSet, Sides, list[str]]:
    if model.scale is not None:
        raise EncoderUnsupported(
            "A model that grades similarity cannot be written for transformers yet.",
            where="to",
            expected="a model of classes; or --to onnx, --to keras",
        )
    from samesay.bundle import model_card
    from samesay.export.huggingface import write_huggingface
    from samesay.export.huggingface_card import front_matter, how_to_use
    from samesay.workflows.saving import known_facts, upstream_of

    write_huggingface(
        model.task,
        folder,
        labels=model.labels,
        sides=model.sides,
        max_length=model.max_length,
        temperature=model.decision.temperature,
        biases=model.decision.biases_of(model.labels),
    )
    manifest = Manifest(
        task="classification",
        labels=model.labels,
        sides=model.sides,
        max_length=model.max_length,
        parts={},
        **known_facts(model, None),
    )
    use = how_to_use(name, model.labels, model.sides, calibrated=_in_head(model.decision))
    card = model_card(manifest, name=name, upstream=upstream_of(model), elsewhere=use)
    (folder / "README.md").write_text(front_matter() + card, encoding="utf-8", newline="\n")
    notes = [
        f"give the {model.sides.first} first and the {model.sides.second} second: tokenizer(first, second)",
        'transformers takes a literal "[SEP]" in a text for the separator; SameSay does not',
    ]
    return model.labels, model.sides, notes + _policy_notes(model.decision, in_head=True)


def _in_head(decision: Decision) -> bool:
    """Whether there is something that a linear head can carry."""
    return decision.temperature != 1.0 or bool(decision.biases)


def _policy_notes(decision: Decision, *, in_head: bool = False) -> list[str]:
    """A graph ends in logits; what SameSay makes of them is to be told, but for what the head carries."""
    notes = []
    if in_head:
        rest = _policy_notes(replace(decision, temperature=1.0, biases={}))
        carried = "temperature and biases are in the head: the softmax of its logits is SameSay's probability"
        return [carried, *rest] if _in_head(decision) else rest
    if decision.temperature != 1.0:
        notes.append(
            f"divide the logits by the temperature {decision.temperature:.4g} for SameSay's probabilities"
        )
    if decision.biases:
        told = ", ".join(f"{label} {bias:+.4g}" for label, bias in decision.biases.items())
        notes.append(f"then add to the logits the biases {told}")
    if decision.thresholds:
        told = ", ".join(f"{label} {share:.4g}" for label, share in decision.thresholds.items())
        notes.append(f"the label is the one with the highest probability over its threshold: {told}")
    if decision.abstain_below is not None:
        notes.append(
            f"the model abstains where its label's probability is below {decision.abstain_below:.4g}"
        )
    return [*notes, "the exported model holds no decision policy"] if notes else []


def _require_free(target: Path, to: str, *, overwrite: bool) -> None:
    """Refuse a place that is taken, before the work and again before the exchange."""
    if not target.exists() and not target.is_symlink():
        return
    names = {entry.name for entry in target.iterdir()} if target.is_dir() else None
    if names == set():
        return
    exported = names is not None and names >= _ALWAYS[to]
    strange = sorted((names or set()) - _ALWAYS[to] - _SOMETIMES)
    if exported and overwrite and not strange:
        return
    raise TargetExists(
        f"Replacing {target} would delete what is not its own: {', '.join(strange[:5])}."
        if exported and overwrite
        else f"{target} exists already.",
        where=str(target),
        expected="a new folder, or with --overwrite one that was exported before",
        hint="name another output"
        + (", or replace it with --overwrite (overwrite=True)" if exported and not strange else ""),
    )
