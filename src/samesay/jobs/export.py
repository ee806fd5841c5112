"""A model leaves its bundle: for Hugging Face, for use alone, as a bare ONNX graph, as one ``.keras`` file."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from samesay.bundle import Manifest, open_bundle, write_bundle
from samesay.data import ReadOptions
from samesay.decision import Decision
from samesay.errors import EncoderUnsupported, PartUnavailable, TargetExists, UsageError
from samesay.export.storage import Storage
from samesay.jobs.quantize import MAX_CHANGED, Narrowing
from samesay.jobs.quantize import quantize as quantize_part
from samesay.model.presets.installed import upstream_of
from samesay.pairs import Answers, LabelSet, ProgressListener, Sides
from samesay.storage import destination, new_folder

if TYPE_CHECKING:
    from samesay.pair_model import PairModel

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
        quantization: What narrower weights cost, where they were asked for.
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


def export(
    model: str | Path | PairModel,
    path: str | Path,
    *,
    to: ExportFormat = "huggingface",
    overwrite: bool = False,
    quantize: Storage | None = None,
    data: str | Path | None = None,
    max_changed: float = MAX_CHANGED,
    progress: ProgressListener | None = None,
    **options: Any,
) -> ExportResult:
    """Write a model in another format, whole or not at all.

    Args:
        model: A bundle's folder, or a model in memory.
        path: The new folder, or for ``keras`` the new file.
        to: ``huggingface``; ``bundle`` (a saved model without its Keras part, for use alone); ``onnx`` (the files of
            its ONNX part) or ``keras``.
        overwrite: Replace what was exported to ``path`` before.
        quantize: Store the weights of a bundle's ONNX part as ``int8`` or ``float16``; for ``bundle`` and ``onnx``.
        data: Pairs with labels or scores on which the cost of that is measured.
        max_changed: The largest share of answers that may become others by it.
        progress: Hears the measurement.
        **options: How the data is read, where it does not tell: fields of ``samesay.data.ReadOptions``.

    Raises:
        BundleError: If there is no such bundle, it is damaged, or ``path`` is taken.
        PartUnavailable: If it has no ONNX part that may be used, and one is asked for.
        ModelError: If the format has no place for such a model.
        QualityLost: If narrower weights change more answers than ``max_changed``.
        DiskFull: If there is no room; nothing is left behind.
    """
    if to not in get_args(ExportFormat):
        raise UsageError(
            f"There is no format {to!r}.", where="to", expected=", ".join(get_args(ExportFormat))
        )
    narrowing = _narrowing(model, to, quantize, data, max_changed, progress, ReadOptions(**options))
    target = destination(path)
    if to == "bundle":
        return _bundle(model, target, narrowing, overwrite=overwrite)
    if to == "keras":
        return _keras(_opened(model), target, overwrite=overwrite)
    _require_free(target, to, overwrite=overwrite)
    with new_folder(
        target, replace=overwrite, check=lambda: _require_free(target, to, overwrite=overwrite)
    ) as folder:
        if to == "onnx":
            answers, sides, notes, cost = _onnx(model, folder, narrowing)
        else:
            answers, sides, notes = _hugging_face(_opened(model), folder, target.name)
            cost = None
        files = _sizes(folder)
    return ExportResult(str(path), to, list(answers.outputs), list(sides), files, notes, cost)


def _opened(model: str | Path | PairModel) -> PairModel:
    from samesay.pair_model import PairModel

    return model if isinstance(model, PairModel) else PairModel.load(model)


def _keras(model: PairModel, target: Path, *, overwrite: bool) -> ExportResult:
    if target.suffix != ".keras":
        raise UsageError(
            f"{target.name!r} does not end in .keras.", where="path", expected="a name such as model.keras"
        )
    model.save(target, overwrite=overwrite)
    notes = ["load it with samesay.load(…), or after `import samesay.keras` with keras.models.load_model(…)"]
    notes += _policy_notes(model.decision)
    sizes = {target.name: target.stat().st_size}
    return ExportResult(str(target), "keras", list(model.labels), list(model.sides), sizes, notes)


def _narrowing(
    model: str | Path | PairModel,
    to: str,
    quantize: Storage | None,
    data: str | Path | None,
    max_changed: float,
    progress: ProgressListener | None,
    reading: ReadOptions,
) -> Narrowing | None:
    if quantize is None:
        if data is not None:
            raise UsageError(
                "Pairs are for measuring what narrower weights cost.", where="data", hint="--quantize int8"
            )
        return None
    if to not in ("bundle", "onnx") or not isinstance(model, str | Path):
        raise UsageError(
            "Narrower weights are for the ONNX part of a saved model.",
            where="quantize",
            expected="--to bundle or --to onnx",
        )
    if data is None:
        raise UsageError(
            "What narrower weights cost is measured, and no pairs are named for it.",
            where="quantize",
            hint="--data DATA: labelled pairs that the model was not trained on",
        )
    return Narrowing(quantize, data, max_changed, progress, reading)


def _bundle(
    model: str | Path | PairModel, target: Path, narrowing: Narrowing | None, *, overwrite: bool
) -> ExportResult:
    """A bundle of the same model whose only answering part is the ONNX one."""
    if not isinstance(model, str | Path):
        raise UsageError("A bundle is made from a saved one.", where="model", hint="model.save(path) first")
    bundle = open_bundle(model)
    if target == bundle.path:
        raise TargetExists(
            "The model would be replaced by one without its Keras part.",
            where=str(target),
            expected="another folder",
        )
    folder, manifest = bundle.part("onnx"), bundle.manifest
    part, metrics, cost = manifest.parts["onnx"], manifest.metrics, None
    with write_bundle(target, overwrite=overwrite) as draft:
        place = draft.folder("onnx")
        shutil.copyfile(folder / "encoder.json", place / "encoder.json")
        if narrowing is None:
            shutil.copyfile(folder / "model.onnx", place / "model.onnx")
            draft.add("onnx", verdict=part.verdict, detail=part.detail)
        else:
            cost = quantize_part(bundle, place / "model.onnx", narrowing)
            draft.add("onnx", verdict="measured", detail=cost.to_dict())
            metrics = {cost.source: {**cost.after, "pairs": cost.pairs}}
        for name in ("pair_hashes", "recipe"):
            if bundle.has(name):
                shutil.copyfile(bundle.part(name), draft.file(name))
        facts = replace(manifest, metrics=metrics, created="")
        draft.finish(facts, upstream=upstream_of(str(manifest.recipe.get("preset"))))
    files = {name: size for name, size in _sizes(target).items() if name != "README.md"}
    notes = ["it scores, and cannot be trained further: keep the saved model that it was made from"]
    notes += () if cost is None else cost.notes
    return ExportResult(
        str(target),
        "bundle",
        list(manifest.labels),
        list(manifest.sides),
        files,
        notes,
        None if cost is None else cost.to_dict(),
    )


def _sizes(folder: Path) -> dict[str, int]:
    places = sorted(place for place in folder.rglob("*") if place.is_file())
    return {place.relative_to(folder).as_posix(): place.stat().st_size for place in places}


def _onnx(
    model: str | Path | PairModel, folder: Path, narrowing: Narrowing | None
) -> tuple[Answers, Sides, list[str], dict[str, Any] | None]:
    cost, told = None, []
    if isinstance(model, str | Path):
        # No Keras: the part was checked when it was saved, and every byte of it is checked now.
        bundle = open_bundle(model)
        shutil.copytree(bundle.part("onnx"), folder, dirs_exist_ok=True)
        manifest = bundle.manifest
        part = manifest.parts["onnx"]
        if narrowing is not None:
            narrowed = quantize_part(bundle, folder / "model.onnx", narrowing)
            cost, told = narrowed.to_dict(), list(narrowed.notes)
        elif part.verdict == "measured":
            cost = part.detail
        answers, sides, decision = manifest.answers, manifest.sides, manifest.decision
        max_length = manifest.max_length
    else:
        from samesay.export import write_onnx_part

        answers, sides, decision = model.answers, model.sides, model.decision
        max_length = model.max_length
        verdict = write_onnx_part(model.task, model.classifier.encoder, folder, answers=answers, sides=sides)
        if verdict.status != "verified":
            raise PartUnavailable(
                f"The ONNX graph is {verdict.status}: {verdict.detail}", details=verdict.to_dict()
            )
    facts = {
        **{name: value for name, value in answers.to_dict().items() if value is not None},
        "sides": list(sides),
        "max_length": max_length,
        **{name: value for name, value in decision.to_dict().items() if name != "calibration"},
        **({} if cost is None else {"quantization": cost}),
    }
    (folder / _ONNX_FACTS).write_text(
        json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    notes = [f"{_ONNX_FACTS} names the labels and sides; encoder.json describes the tokenizer of SameSay"]
    return answers, sides, notes + _policy_notes(decision) + told, cost


def _hugging_face(model: PairModel, folder: Path, name: str) -> tuple[LabelSet, Sides, list[str]]:
    if model.scale is not None:
        raise EncoderUnsupported(
            "A similarity model cannot be written for transformers yet.",
            where="to",
            expected="a model of classes; or --to onnx, --to keras",
        )
    from samesay.bundle import model_card
    from samesay.model.huggingface.card import front_matter, how_to_use
    from samesay.model.huggingface.writing import write_huggingface
    from samesay.runs.saving import known_facts

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
        **known_facts(model, None),
    )
    use = how_to_use(name, model.labels, model.sides, calibrated=_in_head(model.decision))
    card = model_card(manifest, name=name, upstream=upstream_of(model.preset), elsewhere=use)
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
