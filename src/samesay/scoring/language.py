"""Whether texts look like English, the language of the built-in models: by their letters and their little words.

No more than a note hangs on it, so a library that tells a hundred languages apart would be too much for a lean
installation; a text without little words is taken for English.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import islice

from samesay.bundle import is_builtin

_LITTLE_WORDS = {
    "English": "the of and to in is that it was for with as his he on are they at be this from have or by one had "
    "but what all were when we there can your which their if will each about how do does did not no my you i has its",
    "German": "der das und ist nicht ein eine einen mit von den dem für auf sich wird wir ich sie werden auch kann",
    "French": "le la les des est et une du dans pas pour qui que sur avec nous vous il elle je ce cette sont au",
    "Spanish": "el los las que y una del por con para es se su lo como más pero está puedo mi muy hay son",
    "Italian": "il lo gli che di è una per con non sono della del come più ma questo mi ho anche nel si",
    "Portuguese": "os uma que não com para por é do da dos das em mais como mas foi eu está minha seu ao",
    "Dutch": "het een van en niet dat ik zijn met voor op aan ook maar om bij naar wordt kan deze wat hoe",
    "Swedish": "och att det som en på är av för med den till inte om ett han jag var kan hur min",
    "Danish": "og at det som en på er af for med den til ikke om et han jeg var kan hvordan min",
    "Polish": "i w nie na się że do jest z to jak co od po jak czy dla mam przez jego są",
    "Turkish": "bir ve bu için ile ne da de çok gibi daha var değil nasıl mi mı ben olarak kadar",
    "Indonesian": "yang dan di itu dengan untuk tidak ini dari dalam akan pada juga saya ke bisa adalah ada",
}
_ENGLISH = frozenset(_LITTLE_WORDS["English"].split())
_OTHERS = {
    name: frozenset(words.split()) - _ENGLISH for name, words in _LITTLE_WORDS.items() if name != "English"
}
_WORD = re.compile(r"[^\W\d_]+")
_LOOKED_AT = 200
_FEWEST_LETTERS = 4


def other_language(text: str) -> str | None:
    """What ``text`` is in if it does not look like English: a language or, by its letters, a script; else None."""
    letters = [letter for letter in text if letter.isalpha()][:2_000]
    foreign = [letter for letter in letters if not unicodedata.name(letter, "").startswith("LATIN")]
    if len(letters) >= _FEWEST_LETTERS and 2 * len(foreign) > len(letters):
        return f"{unicodedata.name(foreign[0], 'another').split()[0].capitalize()} script"
    words = [word.lower() for word in _WORD.findall(text[:5_000])]
    english = sum(word in _ENGLISH for word in words)
    count, language = max((sum(word in own for word in words), name) for name, own in _OTHERS.items())
    return language if count >= 2 and count > 2 * english else None


def language_notes(model: object, texts: Iterable[str]) -> tuple[str, ...]:
    """What is to be said where a built-in model, which has learned English only, is given other texts.

    Args:
        model: A model's name or folder, or a model.
        texts: Of which the first 200 are looked at.
    """
    note = note_on_language(texts) if is_builtin(str(model)) else None
    return () if note is None else (note,)


def note_on_language(texts: Iterable[str]) -> str | None:
    """What to say to who gives these texts to a model of English; None where they look like it."""
    looked = list(islice(texts, _LOOKED_AT))
    found = [language for text in looked if (language := other_language(text)) is not None]
    if 5 * len(found) < max(len(looked), 1):
        return None
    named = max(sorted(set(found)), key=found.count)
    return f"{len(found)} of {len(looked)} texts look like {named}; this model has learned English only"
