"""What people type out of habit from other tools, and the command of ours that it stands for.

A word of transformers, sentence-transformers, Keras or scikit-learn is not accepted in silence: the error shows the
whole command as it would be, ready to be pasted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import click

from samesay.errors import SameSayError, near
from samesay.printable import command as command_line

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
    "models": "presets", "env": "doctor", "recipe": "config", "datasets": "data", "corpora": "data",
    "completions": "completion",
}  # fmt: skip

# To the first of these that the command has: an option, an argument (in capitals), or an option with its value.
OPTION_WORDS: Mapping[str, tuple[str, ...]] = {
    "--lr": ("--learning-rate",),
    "--model": ("MODEL", "--preset"),
    "--model-name": ("--preset", "--model", "MODEL"),
    "--model-name-or-path": ("--preset", "--model", "MODEL"),
    "--model-id": ("--preset", "--model", "MODEL"),
    "--model-path": ("--preset", "--model", "MODEL"),
    "--pretrained": ("--preset",),
    "--pretrained-model-name-or-path": ("--preset", "--model", "MODEL"),
    "--checkpoint": ("MODEL", "--preset"),
    "--backbone": ("--preset",),
    "--data": ("DATA", "FILE", "--input"),
    "--dataset": ("DATA", "--data", "FILE", "--input"),
    "--dataset-name": ("DATA", "--data"),
    "--train-file": ("DATA",),
    "--train-data": ("DATA",),
    "--train": ("DATA",),
    "--test-file": ("DATA",),
    "--validation-file": ("--validation",),
    "--validation-data": ("--validation",),
    "--eval-file": ("--validation", "DATA"),
    "--dev": ("--validation",),
    "--val": ("--validation",),
    "--file": ("--input", "DATA", "FILE"),
    "--input": ("DATA", "FILE"),
    "--input-file": ("--input", "DATA", "FILE"),
    "--corpus": ("--input", "FILE"),
    "--documents": ("--input", "FILE"),
    "--output-dir": ("--output", "PATH"),
    "--output-path": ("--output", "PATH"),
    "--output-file": ("--output", "PATH"),
    "--output": ("PATH",),
    "--out": ("--output", "PATH"),
    "--save-path": ("--output", "PATH"),
    "--save-dir": ("--output", "PATH"),
    "--num-train-epochs": ("--epochs",),
    "--num-epochs": ("--epochs",),
    "--n-epochs": ("--epochs",),
    "--max-epochs": ("--epochs",),
    "--per-device-train-batch-size": ("--batch-size",),
    "--train-batch-size": ("--batch-size",),
    "--bs": ("--batch-size",),
    "--max-seq-length": ("--max-length",),
    "--max-seq-len": ("--max-length",),
    "--max-len": ("--max-length",),
    "--maxlen": ("--max-length",),
    "--sequence-length": ("--max-length",),
    "--optim": ("--optimizer",),
    "--lr-scheduler-type": ("--schedule",),
    "--lr-scheduler": ("--schedule",),
    "--scheduler": ("--schedule",),
    "--warmup-ratio": ("--warmup",),
    "--warmup-proportion": ("--warmup",),
    "--gradient-accumulation-steps": ("--accumulate",),
    "--accumulate-grad-batches": ("--accumulate",),
    "--max-grad-norm": ("--clip-norm",),
    "--gradient-clip-val": ("--clip-norm",),
    "--global-clipnorm": ("--clip-norm",),
    "--clipnorm": ("--clip-norm",),
    "--label-smoothing-factor": ("--label-smoothing",),
    "--metric-for-best-model": ("--monitor",),
    "--early-stopping-patience": ("--early-stopping",),
    "--patience": ("--early-stopping",),
    "--eval-steps": ("--evaluate-every",),
    "--evaluation-steps": ("--evaluate-every",),
    "--class-weight": ("--class-weights",),
    "--lora-r": ("--lora",),
    "--lora-rank": ("--lora",),
    "--layerwise-lr-decay": ("--layer-decay",),
    "--llrd": ("--layer-decay",),
    "--dtype": ("--precision",),
    "--torch-dtype": ("--precision",),
    "--mixed-precision": ("--precision",),
    "--fp16": ("--precision float16",),
    "--bf16": ("--precision bfloat16",),
    "--temperature": ("--teacher-temperature",),
    "--logging-dir": ("--tensorboard",),
    "--random-state": ("--seed",),
    "--random-seed": ("--seed",),
    "--resume-from-checkpoint": ("--resume",),
    "--overwrite-output-dir": ("--overwrite",),
    "--force": ("--overwrite",),
    "--silent": ("--quiet",),
    "--no-progress": ("--quiet",),
    "--sep": ("--delimiter",),
    "--separator": ("--delimiter",),
    "--charset": ("--encoding",),
    "--id2label": ("--labels",),
    "--label-map": ("--rename-labels",),
    "--label-names": ("--labels",),
    "--filter": ("--where",),
    "--text-column": ("--column",),
    "--column-name": ("--column",),
    "--save-format": ("--to",),
    "--top-k": ("--top", "--candidates"),
    "--num-workers": ("--jobs",),
    "--num-proc": ("--jobs",),
    "--num-threads": ("--threads",),
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
        name, *given_by_target = target.split()
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
        if target in arguments or target.split()[0] in options:
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
