"""What a model has to beat, made for its task from pairs, or from nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from samesay.data import PairTable
from samesay.errors import UsageError
from samesay.evaluation import MajorityBaseline, OneSideBaseline, WordOverlap
from samesay.pairs import Answers, Predictor, Sides, Task


class Baselines(NamedTuple):
    """The baselines of one task.

    Attributes:
        models: What the models do that they stand beside, in words.
        makers: By name, what makes one of the models' answers and sides, or of pairs that it learns from.
        learn: Whether they learn from pairs.
    """

    models: str
    makers: Mapping[str, Callable[[Any], Predictor]]
    learn: bool


_BY_TASK: dict[Task, Baselines] = {
    "classification": Baselines(
        "answer with labels",
        {
            "majority": MajorityBaseline.train,
            "first": lambda table: OneSideBaseline.train(table, "first"),
            "second": lambda table: OneSideBaseline.train(table, "second"),
        },
        learn=True,
    ),
    "similarity": Baselines(
        "give similarity scores", {"word-overlap": lambda asked: WordOverlap(*asked)}, learn=False
    ),
}


def baselines_for(answers: Answers) -> Baselines:
    """Those of models with such answers."""
    return _BY_TASK[answers.task]


def make_baseline(
    name: str, answers: Answers, sides: Sides, training_pairs: Callable[[], PairTable]
) -> tuple[Predictor, tuple[str, ...]]:
    """Make ``majority``, ``word-overlap``, or what sees one side: ``first``, ``second``, or a side's own name.

    Args:
        name: Which; first and second are meant in the order of ``sides``.
        answers: What the models beside it answer with.
        sides: As the models beside it read them.
        training_pairs: Gives the pairs that it learns from; not called for word overlap.

    Returns:
        The baseline, and what a reader should know of it.

    Raises:
        UsageError: If there is none by this name for such models.
    """
    known = baselines_for(answers)
    own_names: dict[str, str] = dict(zip(sides, ("first", "second"), strict=True)) if known.learn else {}
    maker = known.makers.get(name) or known.makers.get(own_names.get(name, ""))
    if maker is None:
        raise UsageError(
            f"There is no baseline {name!r} for models that {known.models}.",
            where=f"baseline:{name}",
            expected=", ".join(f"baseline:{one}" for one in (*known.makers, *own_names)),
        )
    if not known.learn:
        return maker((answers, sides)), ()
    table = training_pairs().with_answers(answers).with_sides(sides)
    made = maker(table)
    note = f"made from {len(table):,} pairs of {table.origin}"
    side = getattr(made, "side", None)
    return made, (note if side is None else f"{note}; sees the {side} alone",)


def baselines_to_beat(
    answers: Answers, sides: Sides, training_pairs: Callable[[], PairTable] | None
) -> dict[str, Predictor]:
    """All baselines of a task, by what tables call them; those that learn only where there are pairs to learn from.

    Raises:
        UsageError: If there are pairs and nothing learns from them.
    """
    known = baselines_for(answers)
    if training_pairs is None:
        names: Sequence[str] = () if known.learn else list(known.makers)
        training_pairs = _nothing
    elif not known.learn:
        raise UsageError(
            "The baseline of similarity, overlap of words, is always measured and learns from nothing.",
            where="baselines",
            hint="leave --baselines out",
        )
    else:
        names = list(known.makers)
    made = {name: make_baseline(name, answers, sides, training_pairs)[0] for name in names}
    titles = {"first": f"{sides.first} only", "second": f"{sides.second} only"}
    return {titles.get(name, name.replace("-", " ")): one for name, one in made.items()}


def _nothing() -> PairTable:
    raise AssertionError("these baselines learn from nothing")
