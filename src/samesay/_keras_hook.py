"""Makes Keras know SameSay's classes as soon as both are imported, in either order, without importing Keras.

``keras.models.load_model("x.keras")`` looks classes up in Keras' own registry, and imports modules of Keras packages
alone. ``import samesay`` has to stay quick, so it cannot import Keras to register them; it waits for Keras instead.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType


def install() -> None:
    """Register at once where Keras is there already, else when it comes."""
    if "keras" in sys.modules:
        _register()
    elif not any(isinstance(finder, _WaitForKeras) for finder in sys.meta_path):
        sys.meta_path.insert(0, _WaitForKeras())


def _register() -> None:
    import samesay.model.classifier
    import samesay.training.optimizers  # noqa: F401


class _WaitForKeras(MetaPathFinder):
    """Finds ``keras`` once, as the other finders do, and registers after it has run."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "keras":
            return None
        sys.meta_path.remove(self)
        spec = find_spec("keras")
        if spec is not None and spec.loader is not None:
            spec.loader = _ThenRegister(spec.loader)
        return spec


class _ThenRegister(Loader):
    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        _register()
