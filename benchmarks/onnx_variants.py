"""Which way of writing a BERT encoder ONNX Runtime computes fastest.

Why: ``samesay.export`` writes the graph by hand, so it may choose: query, key and value as one product or as
three, standard operators or ONNX Runtime's own fused ones, and how much of the last layer to compute, of
which only the first token is read. Every variant has the same random weights and is checked to give the same
answer.

What: one thread, and that thread's processor time, so that other work on the machine disturbs little;
variants take turns; medians. Prints a table and one line of JSON.

    python benchmarks/onnx_variants.py [--shape minilm|tiny] [--pairs 32] [--length 28] [--rounds 15]
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from importlib.metadata import version

import numpy as np
import onnx
from onnx import helper

from samesay._privacy import onnx_runtime
from samesay.export.families.transformer import (
    Dense,
    EncoderLayer,
    Norm,
    write_dense,
    write_encoder,
    write_mask_bias,
    write_norm,
)
from samesay.export.graph import OPSET, Graph

SHAPES = {"minilm": (6, 384, 12, 1536), "tiny": (2, 128, 2, 512)}  # layers, hidden, heads, intermediate
RUNTIME = "com.microsoft"


class RuntimeGraph(Graph):
    """A graph that may hold ONNX Runtime's own operators; the product writes standard ones alone."""

    def model(self, name, *, metadata=None):
        """The model, with both sets of operators named."""
        graph = helper.make_graph(
            self._nodes, name, self._inputs, self._outputs, initializer=list(self._weights.values())
        )
        domains = [helper.make_opsetid("", OPSET), helper.make_opsetid(RUNTIME, 1)]
        model = helper.make_model(graph, opset_imports=domains, ir_version=9)
        onnx.checker.check_model(model)
        return model


def random_layer(index, hidden, heads, inner, random):
    def dense(name, inputs, outputs):
        kernel = random.standard_normal((inputs, outputs)) * 0.05
        return Dense(
            f"{index}.{name}", kernel.astype("f"), (random.standard_normal(outputs) * 0.05).astype("f")
        )

    def norm(name):
        return Norm(
            f"{index}.{name}",
            (1 + 0.1 * random.standard_normal(hidden)).astype("f"),
            (0.1 * random.standard_normal(hidden)).astype("f"),
            1e-12,
        )

    return EncoderLayer(
        name=str(index),
        heads=heads,
        query=dense("query", hidden, hidden),
        key=dense("key", hidden, hidden),
        value=dense("value", hidden, hidden),
        attention_output=dense("attention_output", hidden, hidden),
        attention_norm=norm("attention_norm"),
        intermediate=dense("intermediate", hidden, inner),
        activation="gelu_tanh",
        output=dense("output", inner, hidden),
        output_norm=norm("output_norm"),
    )


def joined(layer, names, scale=True):
    """Several of a layer's projections as one."""
    width = layer.query.kernel.shape[0] // layer.heads
    parts = [getattr(layer, name) for name in names]
    factors = [np.float32(width**-0.5) if scale and part is layer.query else np.float32(1) for part in parts]
    return Dense(
        f"{layer.name}.{'_'.join(names)}",
        np.concatenate([part.kernel * factor for part, factor in zip(parts, factors, strict=True)], axis=1),
        np.concatenate([part.bias * factor for part, factor in zip(parts, factors, strict=True)]),
    )


def attend(graph, query, key, value, mask, layer, rows):
    """Attention of (B, rows, H) queries over all tokens: (B, rows, H)."""
    hidden = layer.query.kernel.shape[0]
    by_head = graph.integers(0, 0, layer.heads, hidden // layer.heads)

    def heads(x, order):
        return graph.op("Transpose", graph.op("Reshape", x, by_head), perm=order)

    scores = graph.op("MatMul", heads(query, [0, 2, 1, 3]), heads(key, [0, 2, 3, 1]))
    shares = graph.op(
        "Softmax", graph.op("Add", scores, graph.op("Unsqueeze", mask, graph.integers(1, 2))), axis=-1
    )
    context = graph.op("Transpose", graph.op("MatMul", shares, heads(value, [0, 2, 1, 3])), perm=[0, 2, 1, 3])
    return graph.op("Reshape", context, graph.integers(0, rows, hidden))


def behind_attention(graph, x, context, layer):
    x = write_norm(
        graph, graph.op("Add", write_dense(graph, context, layer.attention_output), x), layer.attention_norm
    )
    inner = graph.op("Gelu", write_dense(graph, x, layer.intermediate), approximate="tanh")
    return write_norm(graph, graph.op("Add", write_dense(graph, inner, layer.output), x), layer.output_norm)


def separate(graph, x, layer, mask):
    query = write_dense(graph, x, joined(layer, ["query"]))
    key, value = write_dense(graph, x, layer.key), write_dense(graph, x, layer.value)
    return behind_attention(graph, x, attend(graph, query, key, value, mask, layer, 0), layer)


def fused(graph, x, layer, mask):
    hidden = layer.query.kernel.shape[0]
    all_three = write_dense(graph, x, joined(layer, ["query", "key", "value"]))
    query, key, value = (
        graph.op(
            "Slice",
            all_three,
            graph.integers(part * hidden),
            graph.integers((part + 1) * hidden),
            graph.integers(2),
        )
        for part in range(3)
    )
    return behind_attention(graph, x, attend(graph, query, key, value, mask, layer, 0), layer)


def runtime_operators(graph, x, layer, _):
    weights = joined(layer, ["query", "key", "value"], scale=False)
    context = graph.op(
        "Attention",
        x,
        graph.weight(f"{weights.name}.kernel", weights.kernel),
        graph.weight(f"{weights.name}.bias", weights.bias),
        graph.op("Cast", "padding_mask", to=onnx.TensorProto.INT32),
        domain=RUNTIME,
        num_heads=layer.heads,
    )

    def skip_norm(y, x, norm):
        gamma, beta = (
            graph.weight(f"{norm.name}.gamma", norm.gamma),
            graph.weight(f"{norm.name}.beta", norm.beta),
        )
        return graph.op("SkipLayerNormalization", y, x, gamma, beta, domain=RUNTIME, epsilon=norm.epsilon)

    x = skip_norm(write_dense(graph, context, layer.attention_output), x, layer.attention_norm)
    kernel, bias = layer.intermediate.kernel, layer.intermediate.bias
    inner = graph.op("MatMul", x, graph.weight(f"{layer.name}.i.kernel", kernel))
    inner = graph.op("FastGelu", inner, graph.weight(f"{layer.name}.i.bias", bias), domain=RUNTIME)
    return skip_norm(write_dense(graph, inner, layer.output), x, layer.output_norm)


def whole(write_layer):
    """All of the last layer, then its first token."""

    def write(graph, x, layers, mask):
        for layer in layers:
            x = write_layer(graph, x, layer, mask)
        return graph.op("Gather", x, graph.weight("first_token", np.int64(0)), axis=1)

    return write


def first_token_query(graph, x, layers, mask):
    """Of the last layer keys and values of all tokens, and the rest for the first token."""
    for layer in layers[:-1]:
        x = separate(graph, x, layer, mask)
    layer = layers[-1]
    first = graph.op("Slice", x, graph.integers(0), graph.integers(1), graph.integers(1))
    query = write_dense(graph, first, joined(layer, ["query"]))
    key, value = write_dense(graph, x, layer.key), write_dense(graph, x, layer.value)
    first = behind_attention(graph, first, attend(graph, query, key, value, mask, layer, 1), layer)
    return graph.op("Squeeze", first, graph.integers(1))


VARIANTS = {
    "separate q, k, v; whole last layer": whole(separate),
    "fused q, k, v; whole last layer": whole(fused),
    "runtime's own operators; whole last layer": whole(runtime_operators),
    "separate; last layer: one query": first_token_query,
    "as shipped: one query, no keys, no values": write_encoder,
}


def session_of(write, layers, hidden):
    graph = RuntimeGraph()
    x = graph.input("x", np.float32, ("batch", "length", hidden))
    mask = write_mask_bias(graph, graph.input("padding_mask", np.bool_, ("batch", "length")))
    graph.output(write(graph, x, layers, mask), "first", np.float32, ("batch", hidden))
    onnxruntime = onnx_runtime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        graph.model("encoder").SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shape", choices=SHAPES, default="minilm")
    parser.add_argument("--pairs", type=int, default=32)
    parser.add_argument("--length", type=int, default=28)
    parser.add_argument("--rounds", type=int, default=15)
    settings = parser.parse_args()
    n_layers, hidden, heads, inner = SHAPES[settings.shape]
    random = np.random.default_rng(0)
    layers = [random_layer(index, hidden, heads, inner, random) for index in range(n_layers)]
    inputs = {
        "x": random.standard_normal((settings.pairs, settings.length, hidden)).astype("f"),
        "padding_mask": np.arange(settings.length)
        < random.integers(settings.length - 4, settings.length + 1, (settings.pairs, 1)),
    }
    sessions = {name: session_of(write, layers, hidden) for name, write in VARIANTS.items()}
    answers = {name: session.run(None, inputs)[0] for name, session in sessions.items()}
    times = {name: [] for name in sessions}
    for _ in range(settings.rounds):
        for name, session in sessions.items():
            begin = time.thread_time()
            session.run(None, inputs)
            times[name].append((time.thread_time() - begin) * 1e3)
    reference = next(iter(answers.values()))
    rows = {
        name: {
            "median_ms": round(statistics.median(values), 2),
            "fastest_ms": round(min(values), 2),
            "difference": float(np.abs(answers[name] - reference).max()),
        }
        for name, values in times.items()
    }
    print(f"{'variant':44s} {'median ms':>10s} {'fastest ms':>10s} {'difference':>10s}")
    for name, row in rows.items():
        print(f"{name:44s} {row['median_ms']:10.2f} {row['fastest_ms']:10.2f} {row['difference']:10.1e}")
    setting = {**vars(settings), "onnxruntime": version("onnxruntime"), "machine": platform.machine()}
    print(json.dumps({**setting, "results": rows}))


if __name__ == "__main__":
    main()
