"""A model leaves its bundle: for Hugging Face, for use alone, as a bare ONNX graph, as one ``.keras`` file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from samesay.bundle import Bundle, BundleDraft, Manifest, open_bundle, write_bundle
from samesay.decision import Decision
from samesay.errors import PartUnavailable, TargetExists, UsageError
from samesay.model.presets.installed import upstream_of
from samesay.pairs import Answers, Sides
from samesay.runs.quantizing import Quantization, quantize
from samesay.runs.saving import known_facts
from samesay.runs.trainable import TrainableModel
from samesay.storage import destination, new_folder

ModelFormat = Literal["huggingface", "onnx", "keras"]
BundleFormat = Literal["bundle", "onnx"]
ExportFormat = Literal["huggingface", "bundle", "onnx", "keras"]

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
        labels: The names of the outputs in their order, ``score`` of a similarity model.
        sides: What the two texts are called, in the order in which they are to be given.
        files: Sizes in bytes by name.
        notes: What its user has to know.
        quantization: What quantized weights cost, where they were asked for.
    """

    path: str
    format: ExportFormat
    labels: list[str]
    sides: list[str]
    files: dict[str, int]
    notes: list[str]
    quantization: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return asdict(self)


def export_model(
    model: TrainableModel, path: str | Path, *, to: ModelFormat = "huggingface", overwrite: bool = False
) -> ExportResult:
    """Write a model in memory in another format, whole or not at all.

    Args:
        model: What is written.
        path: The new folder, or for ``keras`` the new file.
        to: ``huggingface``, ``onnx`` or ``keras``.
        overwrite: Replace what was exported to ``path`` before.

    Raises:
        TargetExists: If ``path`` is taken.
        ModelError: If the format has no place for such a model.
        PartUnavailable: If the ONNX graph fails its parity check.
        DiskFull: If there is no room; nothing is left.
    """
    target = destination(path)
    if to == "keras":
        return _keras(model, target, overwrite=overwrite)
    if to not in get_args(ModelFormat):
        raise UsageError(
            f"A model in memory is not written as {to!r}.",
            where="to",
            expected=", ".join(get_args(ModelFormat)),
            hint="model.save(path) writes a saved model",
        )
    write = _hugging_face if to == "huggingface" else _onnx
    return _folder(target, to, lambda folder: (*write(model, folder, target.name), None), path, overwrite)


def export_bundle(
    model: str | Path,
    path: str | Path,
    *,
    to: BundleFormat = "bundle",
    overwrite: bool = False,
    quantization: Quantization | None = None,
) -> ExportResult:
    """Write the ONNX part of a saved model, whole or not at all, without Keras.

    Args:
        model: A bundle's folder.
        path: The new folder.
        to: ``bundle``, a saved model for use alone, or ``onnx``, the files of the part.
        overwrite: Replace what was exported to ``path`` before.
        quantization: Store its weights in fewer bits.

    Raises:
        BundleError: If there is no such bundle, it is damaged, or ``path`` is taken.
        PartUnavailable: If it has no ONNX part that may be used.
        QualityLost: If quantized weights change more answers than allowed.
        DiskFull: If there is no room; nothing is left.
    """
    target = destination(path)
    if to == "bundle":
        return _bundle(open_bundle(model), target, quantization, overwrite=overwrite)
    return _folder(
        target, to, lambda folder: _onnx_part(open_bundle(model), folder, quantization), path, overwrite
    )


_Written = tuple[Answers, Sides, list[str], dict[str, Any] | None]


def _folder(
    target: Path, to: ExportFormat, write: Callable[[Path], _Written], path: str | Path, overwrite: bool
) -> ExportResult:
    """A new folder that ``write`` fills."""

    def require_free() -> None:
        _require_free(target, to, overwrite=overwrite)

    require_free()
    with new_folder(target, replace=overwrite, check=require_free) as folder:
        answers, sides, notes, cost = write(folder)
        files = _sizes(folder)
    return ExportResult(str(path), to, list(answers.outputs), list(sides), files, notes, cost)


def _keras(model: TrainableModel, target: Path, *, overwrite: bool) -> ExportResult:
    from samesay.model.keras_file import save_keras_file

    if target.suffix != ".keras":
        raise UsageError(
            f"{target.name!r} does not end in .keras.", where="path", expected="a name such as model.keras"
        )
    save_keras_file(model.classifier, target, overwrite=overwrite)
    notes = ["load it with samesay.load(…), or after `import samesay.keras` with keras.models.load_model(…)"]
    notes += _policy_notes(model.decision)
    sizes = {target.name: target.stat().st_size}
    return ExportResult(str(target), "keras", list(model.labels), list(model.sides), sizes, notes)


def _bundle(
    bundle: Bundle, target: Path, quantization: Quantization | None, *, overwrite: bool
) -> ExportResult:
    """A bundle of the same model whose only answering part is the ONNX one."""
    if target == bundle.path:
        raise TargetExists(
            "The model would be replaced by one without its Keras part.",
            where=str(target),
            expected="another folder",
        )
    folder, manifest = bundle.part("onnx"), bundle.manifest
    part, metrics, cost, rebuilt = manifest.parts["onnx"], manifest.metrics, None, ""
    with write_bundle(target, overwrite=overwrite) as draft:
        place = draft.folder("onnx")
        shutil.copyfile(folder / "encoder.json", place / "encoder.json")
        if quantization is None:
            shutil.copyfile(folder / "model.onnx", place / "model.onnx")
            draft.add("onnx", verdict=part.verdict, detail=part.detail)
        else:
            cost = quantize(bundle, place / "model.onnx", quantization)
            draft.add("onnx", verdict="measured", detail=cost.to_dict())
            rebuilt = _put_architecture(bundle, draft)
            metrics = {cost.source: {**cost.after, "pairs": cost.pairs}}
        for name in ("pair_hashes", "recipe"):
            if bundle.has(name):
                shutil.copyfile(bundle.part(name), draft.file(name))
        facts = replace(manifest, metrics=metrics, created="")
        draft.finish(facts, upstream=upstream_of(str(manifest.recipe.get("preset"))))
    files = {name: size for name, size in _sizes(target).items() if name != "README.md"}
    notes = [
        rebuilt or "it scores, and cannot be trained further: keep the saved model that it was made from"
    ]
    notes += () if cost is None else cost.notes
    return ExportResult(
        str(target),
        "bundle",
        list(manifest.answers.names),
        list(manifest.sides),
        files,
        notes,
        None if cost is None else cost.to_dict(),
    )


def _put_architecture(bundle: Bundle, draft: BundleDraft) -> str:
    """Put in what the Keras part is rebuilt from, if the rebuilt model answers as the new graph does; says so."""
    if not bundle.has("keras"):
        return ""
    from samesay.export import rebuilt_verdict

    folder, source = draft.folder("architecture"), bundle.part("keras")
    for place in source.rglob("*"):
        if place.is_file() and place.suffix != ".h5":
            target = folder / place.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(place, target)
    facts = bundle.manifest
    verdict = rebuilt_verdict(folder, draft.path / "onnx", facts.answers, facts.sides)
    if verdict.status != "verified":
        draft.remove("architecture")
        return f"it scores, and cannot be trained further: rebuilt in Keras it is {verdict.status}: {verdict.detail}"
    draft.add("architecture", detail=verdict.to_dict())
    return "a training can start from it (--preset): rebuilt in Keras it answers as its graph does"


def _sizes(folder: Path) -> dict[str, int]:
    places = sorted(place for place in folder.rglob("*") if place.is_file())
    return {place.relative_to(folder).as_posix(): place.stat().st_size for place in places}


def _onnx(model: TrainableModel, folder: Path, name: str) -> tuple[Answers, Sides, list[str]]:
    from samesay.export import write_onnx_part

    verdict = write_onnx_part(
        model.task, model.classifier.encoder, folder, answers=model.answers, sides=model.sides
    )
    if verdict.status != "verified":
        raise PartUnavailable(
            f"The ONNX graph is {verdict.status}: {verdict.detail}", details=verdict.to_dict()
        )
    return model.answers, model.sides, _describe_onnx(folder, model, None)


def _onnx_part(bundle: Bundle, folder: Path, quantization: Quantization | None) -> _Written:
    """The part was checked when it was saved, and every byte of it is checked now."""
    shutil.copytree(bundle.part("onnx"), folder, dirs_exist_ok=True)
    manifest = bundle.manifest
    part, cost, notes = manifest.parts["onnx"], None, []
    if quantization is not None:
        quantized = quantize(bundle, folder / "model.onnx", quantization)
        cost, notes = quantized.to_dict(), list(quantized.notes)
    elif part.verdict == "measured":
        cost = part.detail
    return manifest.answers, manifest.sides, [*_describe_onnx(folder, manifest, cost), *notes], cost


def _describe_onnx(folder: Path, model: TrainableModel | Manifest, cost: Any) -> list[str]:
    """Write what the graph alone does not say; what its user has to know."""
    facts = {
        **{name: value for name, value in model.answers.to_dict().items() if value is not None},
        "sides": list(model.sides),
        "max_length": model.max_length,
        **{name: value for name, value in model.decision.to_dict().items() if name != "calibration"},
        **({} if cost is None else {"quantization": cost}),
    }
    (folder / _ONNX_FACTS).write_text(
        json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    note = f"{_ONNX_FACTS} names the labels and sides; encoder.json describes the tokenizer of SameSay"
    return [note, *_policy_notes(model.decision)]


def _hugging_face(model: TrainableModel, folder: Path, name: str) -> tuple[Answers, Sides, list[str]]:
    from samesay.bundle import model_card
    from samesay.model.huggingface.card import front_matter, how_to_use
    from samesay.model.huggingface.writing import write_huggingface

    write_huggingface(
        model.task,
        folder,
        answers=model.answers,
        sides=model.sides,
        max_length=model.max_length,
        temperature=model.decision.temperature,
        biases=model.decision.biases_of(model.answers),
    )
    manifest = Manifest(
        task=model.answers.task,
        answers=model.answers,
        sides=model.sides,
        max_length=model.max_length,
        **known_facts(model, None),
    )
    use = how_to_use(name, model.answers, model.sides, calibrated=_in_head(model.decision))
    upstream = upstream_of(model.preset)
    card = model_card(manifest, name=name, upstream=upstream, elsewhere=use)
    head = front_matter(upstream.licence if upstream is not None else "")
    (folder / "README.md").write_text(head + card, encoding="utf-8", newline="\n")
    notes = [
        f"give the {model.sides.first} first and the {model.sides.second} second: tokenizer(first, second)",
        'transformers takes a literal "[SEP]" in a text for the separator; SameSay does not',
    ]
    return model.answers, model.sides, notes + _policy_notes(model.decision, in_head=True)


def _in_head(decision: Decision) -> bool:
    """Whether there is something that a linear head can carry."""
    return decision.temperature != 1.0 or bool(decision.biases)


def _policy_notes(decision: Decision, *, in_head: bool = False) -> list[str]:
    """A graph ends in logits; what SameSay makes of them has to be said, but for what the head carries."""
    notes = []
    if in_head:
        rest = _policy_notes(replace(decision, temperature=1.0, biases={}))
        carried = "temperature and biases are in the head: the softmax of its logits is SameSay's probability"
        return [carried, *rest] if _in_head(decision) else rest
    if decision.symmetric:
        notes.append("the model is symmetric: average the logits of both orders of the texts")
    if decision.temperature != 1.0:
        notes.append(
            f"divide the logits by the temperature {decision.temperature:.4g} for SameSay's probabilities"
        )
    if decision.biases:
        listed = ", ".join(f"{label} {bias:+.4g}" for label, bias in decision.biases.items())
        notes.append(f"then add to the logits the biases {listed}")
    if decision.thresholds:
        listed = ", ".join(f"{label} {share:.4g}" for label, share in decision.thresholds.items())
        notes.append(f"the label is the one with the highest probability over its threshold: {listed}")
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
