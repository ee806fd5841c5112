"""Small classifiers with random variables, and their answers by Keras and by ONNX Runtime."""

from __future__ import annotations

import keras
import numpy as np
import onnxruntime

from samesay.export import write_onnx

VOCABULARY = 40
KERAS_MODELS: dict[int, keras.Model] = {}  # a model holds its task, so an id stays its own


def with_random_weights(task, *, seed=0):
    """``task`` with every variable random, norms and biases too, so that none can be mixed up or left out."""
    random = np.random.default_rng(seed)
    for variable in task.weights:
        if "seed" not in variable.path:
            centre = 1.0 if variable.path.endswith("gamma") else 0.0
            variable.assign(centre + 0.3 * random.standard_normal(variable.shape))
    return task


def batch(n_pairs, length, *, seed=0, vocabulary=VOCABULARY):
    """Random ids with paddings of different lengths at the ends of the rows."""
    random = np.random.default_rng(seed)
    kept = random.integers(max(1, length // 2), length + 1, n_pairs)
    kept[0] = length
    return {
        "token_ids": random.integers(0, vocabulary, (n_pairs, length)).astype(np.int32),
        "segment_ids": random.integers(0, 2, (n_pairs, length)).astype(np.int32),
        "padding_mask": np.arange(length) < kept[:, None],
    }


def keras_outputs(task, inputs, *, shape=(17, 24)):
    """Keras' answer, padded to one shape: it compiles every other one for seconds."""
    n_pairs, length = inputs["token_ids"].shape
    rows = np.arange(shape[0]) % n_pairs
    padded = {
        name: np.pad(array[rows].astype(np.int32), ((0, 0), (0, shape[1] - length)))
        for name, array in inputs.items()
    }
    model = KERAS_MODELS.setdefault(id(task), keras.Model(task.inputs, task.outputs))
    return np.asarray(model.predict_on_batch(padded))[:n_pairs]


def open_graph(task, path):
    write_onnx(task, path)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return lambda inputs: session.run(["logits"], inputs)[0]
