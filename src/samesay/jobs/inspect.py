"""What a saved model says of itself, verified or as it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from samesay.bundle import open_bundle


def inspect_model(model: str | Path, *, verify: bool = True) -> dict[str, Any]:
    """The facts of a bundle as JSON types: labels, sides, parts with sizes and verdicts, metrics, recipe, versions.

    Args:
        model: Its folder.
        verify: Compute every file's checksum.

    Raises:
        BundleError: If it is no bundle, of another version, or damaged.
    """
    bundle = open_bundle(model, verify=verify)
    manifest = bundle.manifest
    return {
        "path": str(bundle.path),
        "kind": manifest.kind,
        "created": manifest.created,
        "task": manifest.task,
        "labels": list(manifest.answers.names),
        "scale": manifest.answers.to_dict()["scale"],
        "dimension": manifest.dimension,
        "sides": list(manifest.sides),
        "max_length": manifest.max_length,
        "decision": manifest.decision.to_dict(),
        "parts": {
            name: {
                "bytes": part.size,
                "files": len(part.files),
                "verdict": part.verdict,
                "detail": part.detail,
                "usable": bundle.has(name),
            }
            for name, part in manifest.parts.items()
        },
        "metrics": dict(manifest.metrics),
        "data": dict(manifest.data),
        "recipe": dict(manifest.recipe),
        "versions": dict(manifest.versions),
        "verified": verify,
        "undeclared": list(bundle.undeclared),
    }
