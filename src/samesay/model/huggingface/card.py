"""What the README of an exported Hugging Face folder says beside the facts of every model card."""

from __future__ import annotations

from samesay.pairs import Answers, Scale, Sides
from samesay.printable import in_markdown, quoted


def front_matter(licence: str = "") -> str:
    """The head that model hubs read, with the licence of the pretrained weights where it is known."""
    known = f"license: {licence.lower()}\n" if licence else ""
    return f"---\n{known}library_name: transformers\npipeline_tag: text-classification\ntags:\n- samesay\n---\n\n"


def how_to_use(name: str, answers: Answers, sides: Sides, *, calibrated: bool) -> str:
    """The section on use, in Markdown.

    Args:
        name: The folder's name.
        answers: The names of the classes in the order of the logits, or the scale of the scores.
        sides: What the texts are called, in reading order.
        calibrated: Whether the head carries a temperature or biases.
    """
    first, second = map(in_markdown, sides)
    texts = ", ".join(f"[{quoted(f'the {side}')}]" for side in sides)
    if isinstance(answers, Scale):
        low, high = answers
        use = "model(**batch).logits[:, 0]"
        if answers.activation == "sigmoid":
            use = f"{low:g} + {high - low:g} * {use}.sigmoid()"
        use += "  # one score a pair"
        columns = f"The one output stands for a similarity score from {answers}."
        carried = "The head carries the calibration: the score computed so is SameSay's, as it stands."
    else:
        use = "model(**batch).logits.softmax(dim=-1)  # one row a pair, one column a label"
        columns = f"The columns of the logits are {', '.join(map(in_markdown, answers))}, as `id2label` says."
        carried = "The head carries the calibration: the softmax of its logits is SameSay's probability, as it stands."
    lines = [
        f"**The order of the two texts matters:** the {first} first, the {second} second. No setting of this folder "
        "can hold callers to it.",
        columns,
        "A literal `[SEP]`, `[CLS]` or `</s>` in a text is taken for the separator by `transformers`; SameSay reads it "
        "as text. Where that can matter, take such words out of the texts first.",
        "Servers of such folders, text-embeddings-inference among them, read `tokenizer.json`, `config.json` and "
        "`model.safetensors` as they are.",
    ]
    if calibrated:
        lines.append(carried)
    notes = "\n".join(f"- {line}" for line in lines)
    return f"""## How to use it

```python
from transformers import AutoModelForSequenceClassification, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained({quoted(name)})
model = AutoModelForSequenceClassification.from_pretrained({quoted(name)})
batch = tokenizer({texts}, padding=True, truncation=True, return_tensors="pt")
{use}
```

{notes}"""
