"""Makes Keras know SameSay's classes as soon as both are imported, in either order, without importing Keras.

``keras.models.load_model("x.keras")`` looks classes up in Keras' own registry, and imports modules of Keras packages
alone. ``import samesay`` has to stay quick, so it cannot import Keras or KerasHub to register them; it waits for them
instead.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

# What is imported, and so registered, once a package is there.
_AFTER = {
    "keras": ("samesay.model.classifier", "samesay.training.optimizers"),
    "keras_hub": ("samesay.model.backbones.exact_gelu", "samesay.model.backbones.mpnet"),
}


def install() -> None:
    """Register at once where a package is there already, else when it comes."""
    for package in _AFTER:
        if package in sys.modules:
            _register(package)
        elif not any(isinstance(one, _WaitFor) and one.package == package for one in sys.meta_path):
            sys.meta_path.insert(0, _WaitFor(package))


def _register(package: str) -> None:
    for module in _AFTER[package]:
        import_module(module)


class _WaitFor(MetaPathFinder):
    """Finds ``package`` once, as the other finders do, and registers after it has run."""

    def __init__(self, package: str) -> None:
        self.package = package

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.package:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(self.package)
        if spec is not None and spec.loader is not None:
            spec.loader = _ThenRegister(spec.loader, self.package)
        return spec


class _ThenRegister(Loader):
    def __init__(self, loader: Loader, package: str) -> None:
        self._loader = loader
        self._package = package

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        _register(self._package)
