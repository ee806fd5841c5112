"""A Hugging Face hub of models on loopback, and a BERT of a few kilobytes in Hugging Face layout for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

import numpy as np

from tiny_bert import VOCABULARY

HIDDEN, INNER, POSITIONS = 8, 16, 32


def save_tiny_hugging_face_bert(folder: Path) -> Path:
    """Save a one-layer BERT with random weights as ``config.json``, ``vocab.txt`` and ``model.safetensors``."""
    from safetensors.numpy import save_file

    random = np.random.default_rng(3)
    layer = "bert.encoder.layer.0."
    shapes: dict[str, tuple[int, ...]] = {
        "bert.embeddings.word_embeddings.weight": (len(VOCABULARY), HIDDEN),
        "bert.embeddings.position_embeddings.weight": (POSITIONS, HIDDEN),
        "bert.embeddings.token_type_embeddings.weight": (2, HIDDEN),
        layer + "intermediate.dense.weight": (INNER, HIDDEN),
        layer + "intermediate.dense.bias": (INNER,),
        layer + "output.dense.weight": (HIDDEN, INNER),
        layer + "output.dense.bias": (HIDDEN,),
        "bert.pooler.dense.weight": (HIDDEN, HIDDEN),
        "bert.pooler.dense.bias": (HIDDEN,),
    }
    for part in ("self.query", "self.key", "self.value", "output.dense"):
        shapes |= {
            f"{layer}attention.{part}.weight": (HIDDEN, HIDDEN),
            f"{layer}attention.{part}.bias": (HIDDEN,),
        }
    for norm in ("bert.embeddings", layer + "attention.output", layer + "output"):
        shapes |= {f"{norm}.LayerNorm.weight": (HIDDEN,), f"{norm}.LayerNorm.bias": (HIDDEN,)}
    folder.mkdir(parents=True)
    weights = {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    config = {
        "model_type": "bert",
        "architectures": ["BertModel"],
        "vocab_size": len(VOCABULARY),
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "hidden_size": HIDDEN,
        "intermediate_size": INNER,
        "max_position_embeddings": POSITIONS,
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": True}))
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n")
    return folder


@contextmanager
def fake_hub(models: Mapping[str, Path], refused: Mapping[str, tuple[int, str]]) -> Iterator[str]:
    """Serve the files of models as the hub does, and give its address.

    Args:
        models: ``owner/model`` to a folder.
        refused: ``owner/model`` to the status and the ``X-Error-Code`` of every answer.
    """

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, *, with_body: bool) -> None:
            name, _, rest = unquote(urlsplit(self.path).path).strip("/").partition("/resolve/")
            if name in refused:
                self._refuse(*refused[name])
            elif name not in models:
                self._refuse(404, "RepoNotFound")
            elif not (file := models[name] / rest.partition("/")[2]).is_file():
                self._refuse(404, "EntryNotFound")
            else:
                content = file.read_bytes()
                self.send_response(200)
                self.send_header("X-Repo-Commit", "c" * 40)
                self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if with_body:
                    self.wfile.write(content)

        def _refuse(self, status: int, code: str) -> None:
            self.send_response(status)
            self.send_header("X-Repo-Commit", "c" * 40)
            if code:
                self.send_header("X-Error-Code", code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
