"""What people type out of habit from other tools, and the command of ours that it stands for.

A word of transformers, sentence-transformers, Keras or scikit-learn is not accepted in silence: the error shows the
whole command as it would be, ready to be pasted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import click

from samesay.errors import SameSayError, near
from samesay.printable import command as command_line

TYPED = "samesay.typed"
"""Where click's context keeps the words after ``samesay``."""

COMMAND_WORDS: Mapping[str, str] = {
    "predict": "score", "infer": "score", "inference": "score", "classify": "score", "label": "score",
    "similarity": "score",
    "finetune": "train", "fine-tune": "train", "fit": "train", "sft": "train",
    "eval": "evaluate", "test": "evaluate", "validate": "evaluate", "metrics": "evaluate",
    "benchmark": "compare", "diff": "compare",
    "behaviour": "check", "behavior": "check", "checklist": "check",
    "rerank": "rank", "search": "rank", "retrieve": "rank",
    "dedupe": "duplicates", "dedup": "duplicates", "deduplicate": "duplicates", "paraphrase-mining": "duplicates",
    "encode": "embed", "embeddings": "embed", "vectors": "embed",
    "convert": "export", "save": "export", "onnx": "export", "quantize": "export",
    "distill": "student", "distil": "student", "prune": "student",
    "info": "inspect", "show": "inspect", "describe": "inspect", "summary": "inspect",
    "env": "doctor", "recipe": "config", "datasets": "data", "corpora": "data",
    "completions": "completion",
}  # fmt: skip

# What the words on the right mean: the first of these options, arguments (in capitals) or options with a value that the
# command has.
_OPTION_HABITS: Mapping[str, str] = {
    "--learning-rate": "lr",
    "MODEL --preset": "model checkpoint",
    "--preset --model MODEL": "model-name model-name-or-path model-id model-path pretrained-model-name-or-path",
    "--preset": "pretrained backbone",
    "DATA FILE --input": "data",
    "DATA --data FILE --input": "dataset",
    "DATA --data": "dataset-name",
    "DATA": "train-file train-data train test-file",
    "--validation": "validation-file validation-data dev val",
    "--validation DATA": "eval-file",
    "--input DATA FILE": "file input-file",
    "DATA FILE": "input",
    "--input FILE": "corpus documents",
    "--output PATH": "output-dir output-path output-file out save-path save-dir",
    "PATH": "output",
    "--epochs": "num-train-epochs num-epochs n-epochs max-epochs",
    "--batch-size": "per-device-train-batch-size train-batch-size bs",
    "--max-length": "max-seq-length max-seq-len max-len maxlen sequence-length",
    "--optimizer": "optim",
    "--schedule": "lr-scheduler-type lr-scheduler scheduler",
    "--warmup": "warmup-ratio warmup-proportion",
    "--accumulate": "gradient-accumulation-steps accumulate-grad-batches",
    "--clip-norm": "max-grad-norm gradient-clip-val global-clipnorm clipnorm",
    "--label-smoothing": "label-smoothing-factor",
    "--monitor": "metric-for-best-model",
    "--early-stopping": "early-stopping-patience patience",
    "--evaluate-every": "eval-steps evaluation-steps",
    "--class-weights": "class-weight",
    "--lora": "lora-r lora-rank",
    "--layer-decay": "layerwise-lr-decay llrd",
    "--precision": "dtype torch-dtype mixed-precision",
    "--precision=float16": "fp16",
    "--precision=bfloat16": "bf16",
    "--teacher-temperature": "temperature",
    "--tensorboard": "logging-dir",
    "--seed": "random-state random-seed",
    "--resume": "resume-from-checkpoint",
    "--overwrite": "overwrite-output-dir force",
    "--quiet": "silent no-progress",
    "--delimiter": "sep separator",
    "--encoding": "charset",
    "--labels": "id2label label-names",
    "--rename-labels": "label-map",
    "--where": "filter",
    "--column": "text-column column-name",
    "--to": "save-format",
    "--top --candidates": "top-k",
    "--jobs": "num-workers num-proc",
    "--threads": "num-threads",
}
OPTION_WORDS: Mapping[str, tuple[str, ...]] = {
    f"--{word}": tuple(targets.split()) for targets, words in _OPTION_HABITS.items() for word in words.split()
}

VALUE_WORDS: Mapping[str, str] = {
    "hf": "huggingface", "transformers": "huggingface", "hugging-face": "huggingface",
    "h5": "keras", "savedmodel": "bundle",
    "ort": "onnx", "onnxruntime": "onnx", "jax": "keras", "tensorflow": "keras", "torch": "keras",
    "fp16": "float16", "half": "float16", "bf16": "bfloat16", "fp32": "float32", "float": "float32",
    "mixed-float16": "float16", "mixed-bfloat16": "bfloat16", "8bit": "int8", "q8": "int8",
    "linear": "triangular", "cosine-annealing": "cosine", "adamw-torch": "adamw",
    "json": "jsonl", "ndjson": "jsonl", "txt": "lines", "tab": "tsv", "excel": "xlsx",
    "sts": "similarity", "regression": "similarity", "nli": "classification",
    "binary-crossentropy": "bce", "mean-squared-error": "mse",
}  # fmt: skip


def suggestion(cli: click.Group, typed: Sequence[str]) -> str | None:
    """The command that ``typed`` seems to mean, ready to be pasted; its help where only its name is clear.

    Args:
        cli: The group of all commands.
        typed: The words after ``samesay``.

    Returns:
        None where no command is like the first word.
    """
    path, words, command = ["samesay"], list(typed), cli
    while isinstance(command, click.Group):
        ctx = click.Context(command)
        name = _meant(words[0], command.list_commands(ctx), COMMAND_WORDS) if words else None
        found = None if name is None else command.get_command(ctx, name)
        if name is None or found is None:
            return command_line(*path, "--help") if len(path) > 1 else None
        path.append(name)
        words, command = words[1:], found
    corrected = _corrected(command, words)
    if corrected is None or not _parses(command, corrected):
        return command_line(*path, "--help")
    return command_line(*path, *corrected)


def _corrected(command: click.Command, typed: Sequence[str]) -> list[str] | None:
    """The words as ``command`` reads them, arguments first; None where one of them says nothing to it."""
    options = {
        name: one
        for one in command.params
        if isinstance(one, click.Option)
        for name in (*one.opts, *one.secondary_opts)
    }
    arguments = [one for one in command.params if isinstance(one, click.Argument)]
    named: dict[str, str] = {}
    free: list[str] = []
    asked: list[str] = []
    words = list(typed)
    while words:
        word = words.pop(0)
        if word == "--":
            free += words
            break
        if word == "-" or not word.startswith("-"):
            free.append(word)
            continue
        flag, has_value, value = word.partition("=")
        given = [value] if has_value else []
        target = _option_meant(flag, options, {_shown(one) for one in arguments})
        if target is None:
            return None
        name, *given_by_target = target.split("=")
        option = options.get(name)
        if option is not None and (option.is_flag or given_by_target):
            asked += [name, *given_by_target]
            if option.opts[0] != flag and words[:1] and words[0].casefold() in ("true", "1", "yes"):
                words.pop(0)  # as transformers' switches are given
            continue
        optional = option is not None and option.flag_value is not None and not option.is_flag
        if not given and words and not (optional and words[0].startswith("-")):
            given = [words.pop(0)]
        if not given and not optional:
            return None
        if option is None:
            named[name] = given[0]
        else:
            asked += [name, *(_value_meant(one, option.type) for one in given)]
    places = [named.pop(_shown(one), None) or (free.pop(0) if free else None) for one in arguments]
    arguments_given = [*(place for place in places if place is not None), *free]
    if any(one.startswith("-") and one != "-" for one in arguments_given):
        return [*asked, "--", *arguments_given]
    return [*arguments_given, *asked]


def _option_meant(flag: str, options: Mapping[str, object], arguments: Iterable[str]) -> str | None:
    name = flag.replace("_", "-")
    if name in options:
        return name
    if not name.startswith("--") and len(name) > 2:
        name = f"-{name}"
    for target in OPTION_WORDS.get(name.casefold(), ()):
        if target in arguments or target.split("=")[0] in options:
            return target
    return next(iter(near(name, options)), None)


def _value_meant(value: str, kind: click.ParamType) -> str:
    if not isinstance(kind, click.Choice):
        return value
    return _meant(value, [str(one) for one in kind.choices], VALUE_WORDS) or value


def _meant(word: str, known: Iterable[str], habits: Mapping[str, str]) -> str | None:
    names = list(known)
    plain = word.casefold().replace("_", "-")
    for name in (word, plain, habits.get(plain)):
        if name in names:
            return name
    return next(iter(near(plain, names)), None)


def _shown(argument: click.Argument) -> str:
    """``DATA``: an argument's name in the table and in the help."""
    return (argument.metavar or argument.human_readable_name).strip("[]").upper()


def _parses(command: click.Command, words: Sequence[str]) -> bool:
    asked = [word for word in words if word not in ("--help", "-h")]
    try:
        command.make_context(command.name, asked)
    except (click.ClickException, SameSayError):
        return False
    return True
