"""A saved model in another format: for Hugging Face, for use alone, as a bare ONNX graph, as one ``.keras`` file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

from samesay.data import ReadOptions
from samesay.errors import UsageError
from samesay.export.storage import Storage
from samesay.pairs import ProgressListener
from samesay.runs.exporting import ExportFormat, ExportResult, export_bundle, export_model
from samesay.runs.quantizing import MAX_CHANGED, Quantization


def export(
    model: str | Path,
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
    """Write a saved model in another format, whole or not at all.

    Args:
        model: A bundle's folder.
        path: The new folder, or for ``keras`` the new file.
        to: ``huggingface``; ``bundle`` (a saved model without its Keras part, for use alone); ``onnx`` (the files of
            its ONNX part) or ``keras``.
        overwrite: Replace what was exported to ``path`` before.
        quantize: Store the weights of its ONNX part ``int8``, ``compact`` or ``float16``; for ``bundle`` and ``onnx``.
        data: Pairs with labels or scores on which the cost of that is measured.
        max_changed: The largest share of answers that may become others by it.
        progress: Hears the measurement.
        **options: How the data is read: fields of ``samesay.data.ReadOptions``.

    Raises:
        BundleError: If there is no such bundle, it is damaged, or ``path`` is taken.
        PartUnavailable: If it has no ONNX part that may be used, and one is asked for.
        ModelError: If the format has no place for such a model.
        QualityLost: If quantized weights change more answers than ``max_changed``.
        DiskFull: If there is no room; nothing is left.
    """
    if to not in get_args(ExportFormat):
        raise UsageError(
            f"There is no format {to!r}.", where="to", expected=", ".join(get_args(ExportFormat))
        )
    quantization = None
    if quantize is not None:
        if to not in ("bundle", "onnx"):
            raise UsageError(
                "Quantized weights are for the ONNX part of a saved model.",
                where="quantize",
                expected="--to bundle or --to onnx",
            )
        if data is None:
            raise UsageError(
                "What quantized weights cost is measured, and no pairs are named for it.",
                where="quantize",
                hint="--data DATA: labelled pairs that the model was not trained on",
            )
        quantization = Quantization(quantize, data, max_changed, progress, ReadOptions(**options))
    elif data is not None:
        raise UsageError(
            "Pairs are for measuring what quantized weights cost.", where="data", hint="--quantize int8"
        )
    if to == "bundle" or to == "onnx":
        return export_bundle(model, path, to=to, overwrite=overwrite, quantization=quantization)
    from samesay.pair_model import PairModel

    return export_model(PairModel.load(model), path, to=to, overwrite=overwrite)
