"""What the small model of sentence vectors should be: a table of tokens, MiniLM's first layers, letters, or MiniLM.

Measured on what no candidate learned from, one half to choose by and the other to report:

``sts``        Sentences of STS-B (validation) that people scored 4 or more find each other among all of them; and
               Spearman's correlation of the cosine with the scores.
``captions``   SNLI's hypotheses find the premise that entails them among all premises of `snli_halves`.
``medical``    Long medical questions find the short ones that ask the same among all of `rqe_medical`; the pairs are
               those that `recipes/builtin/embed.py` leaves out.
``questions``  Generated questions find the one that asks the same, among those that only look alike.

    python -m benchmarks.embed_choice --work FOLDER

FOLDER holds what `recipes/builtin/embed.py` made; MiniLM's vectors of the measured texts are kept there, too.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks import measuring
from numpy.typing import NDArray
from scipy import sparse

sys.path.insert(0, str(measuring.ROOT / "recipes" / "builtin"))

import embed
from mix import read

from samesay.export.token_table import TokenTable

HALVES = ("choose", "report")
SAME_SCORE = 4.0
RANKS = (5, 10)
DIMENSIONS = (64, 128, 192, 256)
LAYERS = (1, 2)
LAYER_TEXTS = 12_000
SAVED = "the saved model"

Encode = Callable[[Sequence[str]], Any]
"""Texts to rows of length 1, an array or a sparse matrix."""


@dataclass(frozen=True)
class Search:
    """Texts that look for their like.

    Attributes:
        pool: All texts that can be found, each once.
        pairs: Places in ``asking`` and in ``pool``.
        asking: The texts that look; one that is in the pool does not find itself.
    """

    asking: list[str]
    pool: list[str]
    pairs: NDArray[np.int64]

    @classmethod
    def of(cls, pairs: Sequence[tuple[str, str]], pool: Sequence[str]) -> Search:
        """From pairs of a text that looks and one that is looked for."""
        asking, pool = list(dict.fromkeys(first for first, _ in pairs)), list(dict.fromkeys(pool))
        place, there = ({text: at for at, text in enumerate(texts)} for texts in (asking, pool))
        found = {(place[first], there[second]) for first, second in pairs if first != second}
        return cls(asking, pool, np.array(sorted(found)))

    def recall(self, encode: Encode) -> list[float]:
        """The share of pairs whose second text is among the nearest 5 and 10 of the first."""
        rows = encode([*self.asking, *self.pool])
        asking, pool = rows[: len(self.asking)], rows[len(self.asking) :]
        cosines = asking @ pool.T
        cosines = np.asarray(cosines.todense() if hasattr(cosines, "todense") else cosines)
        there = {text: at for at, text in enumerate(self.pool)}
        for at, text in enumerate(self.asking):
            if text in there:
                cosines[at, there[text]] = -np.inf
        ask, aim = self.pairs.T
        # Texts just as near as the one that is looked for count as nearer, so that a tie wins nothing.
        ranks = (cosines[ask] >= cosines[ask, aim][:, None]).sum(axis=1)
        return [float((ranks <= rank).mean()) for rank in RANKS]


@dataclass(frozen=True)
class Half:
    """One half of all that is measured on."""

    searches: dict[str, Search]
    scored: list[tuple[str, str, float]]

    def measure(self, encode: Encode) -> dict[str, float]:
        """Recall at 5 and 10 of each search, their means, and Spearman's correlation."""
        from scipy.stats import spearmanr

        found = {name: search.recall(encode) for name, search in self.searches.items()}
        figures = {
            f"{name}@{rank}": round(of[at], 4) for name, of in found.items() for at, rank in enumerate(RANKS)
        }
        for at, rank in enumerate(RANKS):
            figures[f"mean@{rank}"] = round(float(np.mean([of[at] for of in found.values()])), 4)
        rows = encode([text for first, second, _ in self.scored for text in (first, second)])
        one, other = rows[::2], rows[1::2]
        product = one.multiply(other).sum(axis=1) if hasattr(one, "multiply") else (one * other).sum(axis=1)
        figures["spearman"] = round(
            float(spearmanr(np.asarray(product).ravel(), [row[2] for row in self.scored])[0]), 4
        )
        return figures


def halves(data: Path) -> dict[str, Half]:
    """All that is measured on, cut in two by texts' hashes."""
    from samesay.synthetic.repair import questions

    scored = list(read(data, "stsb", "validation"))
    sentences = [text for row in scored for text in row[:2]]
    medical = embed.questions_held_out(data)[0]
    short = [row[1] for row in read(data, "rqe_medical")]
    made = {}
    for at, half in enumerate(HALVES):
        mine = [row for row in scored if _half(row[0]) == at]
        alike = [row[:2] for row in mine if row[2] >= SAME_SCORE]
        captions = list(read(data, "snli_halves", ("tune", "report")[at]))
        asked = [pair for pair, _ in islice(questions.iter_pairs(seed=1900 + at), 1200)]
        made[half] = Half(
            {
                "sts": Search.of(alike + [(second, first) for first, second in alike], sentences),
                "captions": Search.of(
                    [(row[1], row[0]) for row in captions if row[2] == 0], [row[0] for row in captions]
                ),
                "medical": Search.of([pair for pair in medical if _half(pair[1]) == at], short),
                "questions": Search.of(
                    [(pair.first, pair.second) for pair in asked if pair.label == questions.SAME],
                    [text for pair in asked for text in (pair.first, pair.second)],
                ),
            },
            mine,
        )
    return made


def _half(text: str) -> int:
    return hashlib.sha256(text.encode()).digest()[0] % 2


def letters(texts: Sequence[str]) -> Any:
    """Today's first pass: TF-IDF of runs of 2 to 4 characters."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    fitted = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, dtype=np.float32)
    return fitted.fit_transform(texts)


class Known:
    """An encoder that looks up vectors made before of all measured texts."""

    def __init__(self, texts: Sequence[str], vectors: NDArray[np.floating]) -> None:
        self._place = {text: at for at, text in enumerate(texts)}
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        self._vectors = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Rows of length 1."""
        return self._vectors[[self._place[text] for text in texts]]


def first_layers(
    graph_file: Path, encoder: Any, texts: list[str], layers: Sequence[int]
) -> tuple[list[NDArray[np.float32]], float]:
    """The mean over the tokens of MiniLM's states after some of its layers, and texts a second of the last of them."""
    import onnx
    from onnx.utils import Extractor

    from samesay._privacy import onnx_runtime

    model = onnx.shape_inference.infer_shapes(onnx.load(graph_file))
    norms = [node.output[0] for node in model.graph.node if node.op_type == "LayerNormalization"]
    inputs = [value.name for value in model.graph.input]
    # One normalisation after the embeddings, two in every layer.
    part = Extractor(model).extract_model(inputs, [norms[2 * layer] for layer in layers])
    onnxruntime = onnx_runtime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(part.SerializeToString(), options)
    read_by = [value.name for value in session.get_inputs()]
    begin = time.perf_counter()
    rows = [ids for one in encoder.encode_texts(texts) for ids in np.split(one.token_ids, one.offsets[1:-1])]
    order = np.argsort([len(row) for row in rows], kind="stable")
    means: list[NDArray[np.float32]] = [np.zeros((len(texts), 384), np.float32) for _ in layers]
    for places in np.array_split(order, max(1, len(order) // 64)):
        ids = np.zeros((len(places), max(len(rows[at]) for at in places)), np.int32)
        mask = np.zeros(ids.shape, np.bool_)
        for row, at in enumerate(places):
            ids[row, : len(rows[at])], mask[row, : len(rows[at])] = rows[at], True
        given = {"token_ids": ids, "segment_ids": 0 * ids, "padding_mask": mask}
        states = session.run(None, {name: given[name] for name in read_by})
        for mean, state in zip(means, states, strict=True):
            mean[places] = (state * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
    return means, len(texts) / (time.perf_counter() - begin)


def tables(folder: Path, graph_file: Path, encoder: Any, measured: list[str]) -> dict[str, Encode]:
    """Tables of tokens: as model2vec makes them, brought near to MiniLM by one matrix, or learned, in several sizes."""
    texts = json.loads((folder / "texts.json").read_text(encoding="utf-8"))
    teacher = embed.teacher_vectors(texts, folder / "teacher")
    counts, asked = (embed.token_counts(encoder, each) for each in (texts, measured))
    tokens = embed.token_vectors(graph_file, encoder, folder / "tokens.npy")
    named = tokens.any(axis=1)
    centred = np.where(named[:, None], tokens - tokens[named].mean(axis=0), 0)
    plain = embed.weighed(centred @ embed.main_directions(centred, embed.LEARNED), counts)
    found = {"table, model2vec, 256": Known(measured, asked @ plain)}
    lengths = np.asarray(counts.sum(axis=1)).ravel()
    rows = (sparse.diags((1 / np.sqrt(lengths)).astype(np.float32)) @ counts).tocsr()
    aim = teacher @ embed.main_directions(teacher, embed.LEARNED)
    mapped = embed.linear_map(embed.weighed(tokens, counts), rows, aim)
    found["table, one matrix, 256"] = Known(measured, asked @ mapped)
    for dimension in DIMENSIONS:
        # The first directions are the same whatever their number: one table serves all.
        table = np.load(folder / "table.npy")[:, :dimension]
        found[f"table, learned, {dimension}"] = Known(measured, asked @ table)
        if dimension == embed.DIMENSION:
            found[f"table, learned, {dimension}, float16"] = Known(
                measured, asked @ table.astype(np.float16).astype(np.float32)
            )
            narrow = TokenTable.of(table)
            found[f"table, learned, {dimension}, int8"] = Known(
                measured, asked @ (narrow.numbers * narrow.scales[:, None])
            )
    return found


def layers_with_a_matrix(
    folder: Path, graph_file: Path, encoder: Any, measured: list[str]
) -> dict[str, Encode]:
    """MiniLM's first one or two layers and the matrix by which their mean comes nearest to all six."""
    place = folder / "layers.npz"
    if not place.is_file():
        texts = json.loads((folder / "texts.json").read_text(encoding="utf-8"))[:LAYER_TEXTS]
        learned, _ = first_layers(graph_file, encoder, texts, LAYERS)
        asked, _ = first_layers(graph_file, encoder, measured, LAYERS)
        np.savez(place, learned=np.stack(learned), asked=np.stack(asked))
    kept = np.load(place)
    aim = embed.teacher_vectors(
        json.loads((folder / "texts.json").read_text(encoding="utf-8")), folder / "teacher"
    )[:LAYER_TEXTS]
    found = {}
    for at, layer in enumerate(LAYERS):
        one, other = (
            np.hstack([kept[name][at], np.ones((len(kept[name][at]), 1), np.float32)])
            for name in ("learned", "asked")
        )
        matrix = np.linalg.solve(one.T @ one + 0.1 * np.eye(385), one.T @ aim)
        found[f"MiniLM, {layer} of 6 layers, one matrix"] = Known(measured, other @ matrix)
    return found


def speeds(model: Path, texts: list[str], rounds: int) -> dict[str, Any]:
    """Texts a second of the saved model, of MiniLM and of letters, in turn; and seconds until a first vector."""
    import samesay

    small, whole = samesay.Embedder.open(model), samesay.Embedder.open(embed.TEACHER)
    graph_file, encoder = embed.teacher_graph()
    fewer = texts[: len(texts) // 8]
    seconds = measuring.alternate(
        {
            SAVED: lambda: measuring.timed(lambda: small.encode(texts)),
            "letters": lambda: measuring.timed(lambda: letters(texts)),
            "MiniLM": lambda: measuring.timed(lambda: whole.encode(fewer)),
            "MiniLM, 1 of 6 layers": lambda: measuring.timed(
                lambda: first_layers(graph_file, encoder, fewer, [1])
            ),
        },
        rounds,
    )
    n_texts = {SAVED: len(texts), "letters": len(texts)}
    rates = {
        name: measuring.spread([n_texts.get(name, len(fewer)) / one for one in times], 0)
        for name, times in seconds.items()
    }

    def cold(path: Path) -> float:
        asked = f"import samesay; samesay.Embedder.open({str(path)!r}).encode(['a text'])"
        return measuring.timed(lambda: subprocess.run([sys.executable, "-c", asked], check=True))

    cold_starts = measuring.alternate(
        {SAVED: lambda: cold(model), "MiniLM": lambda: cold(whole.path)}, rounds
    )
    first = {name: measuring.spread(times) for name, times in cold_starts.items()}
    return {"texts_a_second": rates, "seconds_to_a_first_vector": first}


def main(arguments: list[str] | None = None) -> int:
    parser = measuring.arguments(__doc__)
    parser.add_argument("--work", type=Path, required=True, help="what recipes/builtin/embed.py made")
    parser.add_argument("--rounds", type=int, default=5, help="of the speeds (default: %(default)s)")
    given = parser.parse_args(arguments)
    import samesay

    where = measuring.surroundings()
    asked = halves(measuring.SHARED_DATA)
    searches = [search for half in asked.values() for search in half.searches.values()]
    measured = {text for search in searches for text in (*search.asking, *search.pool)}
    measured |= {text for half in asked.values() for row in half.scored for text in row[:2]}
    texts = sorted(measured)
    graph_file, encoder = embed.teacher_graph()
    candidates: dict[str, Encode] = {
        "letters": letters,
        **tables(given.work, graph_file, encoder, texts),
        **layers_with_a_matrix(given.work, graph_file, encoder, texts),
        "MiniLM": Known(texts, embed.teacher_vectors(texts, given.work / "measured")),
        SAVED: samesay.Embedder.open(given.work / "model").encode,
    }
    found = {
        name: {half: asked[half].measure(encode) for half in HALVES} for name, encode in candidates.items()
    }
    for half in HALVES:
        columns = [name for name in found["MiniLM"][half] if not name.endswith("@10") or "mean" in name]
        measuring.print_table(
            [half, *columns],
            [[name, *(of[half][column] for column in columns)] for name, of in found.items()],
        )
    model = given.work / "model"
    size = sum(file.stat().st_size for file in model.rglob("*") if file.is_file())
    counts = {
        half: {name: [len(s.asking), len(s.pool), len(s.pairs)] for name, s in asked[half].searches.items()}
        for half in HALVES
    }
    figures = {
        "asking_pool_pairs": counts,
        "quality": found,
        "bytes": size,
        **speeds(model, texts, given.rounds),
    }
    report = {name: of["report"]["mean@5"] for name, of in found.items()}
    requirements = [
        measuring.at_least(
            "mean recall@5 beyond letters'", 0.05, round(report[SAVED] - report["letters"], 4)
        ),
        measuring.below("megabytes", 9, round(size / 1e6, 2)),
        measuring.at_least(
            "texts a second",
            2000,
            figures["texts_a_second"][SAVED]["median"],
            timing=True,
        ),
    ]
    return measuring.publish("embed_choice", figures, requirements, results=given.results, where=where)


if __name__ == "__main__":
    sys.exit(main())
