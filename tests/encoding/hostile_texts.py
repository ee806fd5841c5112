"""Texts that tokenizers disagree on, written for this project; also read by benchmarks/."""

from __future__ import annotations

import random
from collections.abc import Iterable

SPECIALS_AS_TEXT = (
    "[SEP]",
    "[CLS]",
    "[MASK]",
    "[PAD]",
    "[UNK]",
    "[CLS] the cat [SEP] a dog [SEP]",
    "[[SEP]]",
    "[sep] [Sep] [ SEP ] [SEP",
    "a[SEP]b",
    "[SEP][SEP][PAD][PAD]",
    "##ing",
    "walk ##ing",
    "walk##ing",
    "[unused1] [unused99]",
    "［SEP］",
    "[\u200bSEP]",
    "[SE\u00adP]",
    "<s> </s> <pad> <mask>",
)

HOSTILE_TEXTS: tuple[str, ...] = (
    *SPECIALS_AS_TEXT,
    # nothing, or nearly
    "",
    " ",
    " \t\n\r\f\v ",
    "\x00",
    "\u00ad",
    "\u200b\u200b",
    "\ufeff",
    "\u3164",
    "\u0301",
    "\u0301\u0308",
    "\ufe0f",
    "...",
    ".",
    # accents, composed, decomposed, stacked, on nothing
    "café naïve Zoë Ångström señor",
    "cafe\u0301 nai\u0308ve",
    "e\u0301\u0301\u0301\u0301 z\u0335\u0321\u0353a\u0338lgo",
    "\u0301a b\u0301 \u0301",
    "ǖ ǘ ṩ ộ ḱ",
    "Đặng Thị Hồng, Łódź, Škoda, œuvre, Ærø",
    # case that is not simply lower case
    "straße STRASSE STRAẞE ẞ ß",
    "İstanbul IĞDIR ıi İ",
    "ﬁne ﬂow eﬃcient ﬅ ﬓ",
    "ΟΔΥΣΣΕΥΣ Οδυσσεύς Σ ς σ ΑΣ ΑΣ.",
    "Ꭰꭰ ᏸ Ᏸ ꮿ",
    "ǅ ǈ ǋ ǲ ŉ ǰ ΐ ᾳ ᾼ ᾨ",
    "Ⅷ ⅷ ℌ ℵ Ω K Å µ ſ",
    "ＦＵＬＬ ｗｉｄｔｈ １２３ ！？",
    "𝒞𝓊𝓇𝓈𝒾𝓋𝑒 𝔉𝔯𝔞𝔨𝔱𝔲𝔯 𝟙𝟚𝟛",
    "x² x₂ ½ ¾ ⑴ ㋿ ㎏ ™ №",
    "Ωmega ÅNGSTRÖM ÉCOLE ÀÉÎÕÜ",
    # CJK and its neighbours
    "我喜欢吃苹果。",
    "東京へ行きました、とても楽しかった！",
    "カタカナ ｶﾀｶﾅ ｶﾞ ひらがな が か\u3099",
    "한국어 문장입니다 한국어 ᄒᆞᆫ글",
    "mixed中文english日本",
    "\u3400\u4dbf\u9fff\ua000\uf900\ufa0e\ufad9",
    "\U00020000\U0002a6df\U0002a6e0\U0002f800\U0002fa1d\U00030000",
    "々〆〇〡 〱 ー ・",
    "豈更車 豈 神 神",
    # other scripts
    "Привет, мир! ЁЖИК ёжик Й",
    "שָׁלוֹם עולם",
    "السَّلَامُ عَلَيْكُمْ ﷺ ﻻ",
    "नमस्ते दुनिया क्षत्रिय",
    "สวัสดีชาวโลก ภาษาไทย",
    "বাংলা ভাষা কো",
    "தமிழ் கௌ மொழி",
    "ꦲꦏ꧀ꦱꦫ 𐍈 𒀀 𓀀 ᚠᛇᚻ",
    "ภ" * 34,
    # emoji, joiners, selectors, flags, tags
    "👍 👍🏽 👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪🇫🇷 ❤️ ☺ ☺️ 1️⃣",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f end",
    "a\u200db \u200d \u200c क\u094d\u200dष",
    "good😀bad😀😀",
    # controls and format characters
    "a\x00b\x01c\x07d\x1be\x7ff",
    "a\x80b\x85c\x9fd",
    "soft\u00adhyphen zero\u200bwidth bom\ufeffinside word\u2060joiner",
    "\u202eright to left\u202c \u2066isolate\u2069 \u061c",
    "a\u034fb a\u115fb a\u1160b a\u17b4b a\u180eb a\u3164b a\uffa0b",
    "\U0001d173music\U0001d17a \U000e0001tag",
    "\u0600١٢ \u06dd \u070f \u110bd",
    # white space of every kind
    "a\u0020b\u0009c\u000ad\u000be\u000cf\u000dg",
    "a\u00a0b\u1680c\u2000d\u2003e\u2009f\u200ag",
    "a\u2028b\u2029c\u202fd\u205fe\u3000f\u0085g",
    "a\u001cb\u001dc\u001ed\u001fe",
    # punctuation and what only looks like it
    "¡Hola! ¿Qué? «oui» „ja“ ‘no’ “yes” – — ― … ‥ ․",
    "€5 £3 ¥1 ¢ ^ ` ~ | < > = + $ × ÷ ± § ¶ © ® ° ¬ ¦ ¨ ´ ¸",
    "U.S.A. don't it's rock'n'roll e-mail @user #tag http://a.b/c?d=e&f=g%20h",
    "a…b a‥b a⁇b a﹏b a＃b ＃＃ing ﹇SEP﹈",
    "\u037e \u0387 \u1fef \u2024 \u00b7 ·",
    "a\u1b4eb a\u1b7fb a\u2e5db a\U00011b00b a\U00013439b a\U00013430b",
    # long words, around the limit of 100 bytes
    "x" * 99,
    "x" * 100,
    "x" * 101,
    "x" * 500,
    "é" * 50,
    "é" * 51,
    "e\u0301" * 50,
    "我" * 200,
    "が" * 33,
    "が" * 34,
    "𝒳" * 26,
    "𝒳" * 100 + "𝒳",
    "ﷺ" * 3,
    "ﬃ" * 34,
    "a" * 40 + "\u00ad" * 80 + "b" * 40,
    "a" + "\ufe0f" * 120 + "b",
    "the " * 700,
    "." * 600,
    # private use, unassigned, non-characters, replacement
    "a\ue000b \U000f0000 \U0010fffd",
    "a\u0378b \u0380 \U0001fbff \U000e0fff",
    "\ufffe \uffff \U0001ffff \ufdd0",
    "\ufffd mojibake Ã© â€™",
)


def random_texts(count: int, *, seed: int = 0) -> list[str]:
    """Texts of random characters, half of them plain, from all of Unicode but the surrogates."""
    rng = random.Random(seed)
    plain = "abcdeinorst  .,'-SEPU[]#"
    tricky = "".join(HOSTILE_TEXTS)

    def character() -> str:
        kind = rng.random()
        if kind < 0.5:
            return rng.choice(plain)
        if kind < 0.7:
            return rng.choice(tricky)
        if kind < 0.9:
            return chr(rng.randrange(0x3000))
        code = rng.randrange(0x110000 - 0x800)
        return chr(code if code < 0xD800 else code + 0x800)

    return ["".join(character() for _ in range(rng.randrange(1, 24))) for _ in range(count)]


def characters(codes: Iterable[int] = range(0x110000)) -> list[str]:
    """Each of ``codes`` alone, between letters and beside itself; surrogates left out."""
    each = (chr(code) for code in codes if not 0xD800 <= code < 0xE000)
    return [f"{character} a{character}B {character}{character}" for character in each]
