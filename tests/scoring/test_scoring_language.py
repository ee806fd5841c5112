"""What is said of texts that are not in English, and that English is left alone."""

from __future__ import annotations

import pytest

import samesay
from samesay.scoring.language import note_on_language, other_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Der Laden ist am Montag nicht mit dem Bus zu erreichen.", "German"),
        ("Le magasin est fermé dans la rue pour les travaux.", "French"),
        ("La tienda está cerrada por las obras que hay en el centro.", "Spanish"),
        ("Il negozio non è aperto per una festa che dura anche domani.", "Italian"),
        ("A loja não está aberta, mas abre amanhã com uma festa.", "Portuguese"),
        ("De winkel is niet open, maar het feest van morgen wordt ook voor ons gehouden.", "Dutch"),
        ("Sklep nie jest otwarty, to co się dzieje?", "Polish"),
        ("Toko itu tidak buka dan saya akan datang dengan anak yang lain.", "Indonesian"),
        ("Магазин закрыт по понедельникам.", "Cyrillic script"),
        ("商店星期一不营业。", "Cjk script"),
        ("المتجر مغلق يوم الاثنين", "Arabic script"),
    ],
)
def test_another_language_is_seen(text, language):
    assert other_language(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ok",
        "42 % of 7",
        "The shop opens at nine.",
        "Die hard fans met the cast in a bar.",
        "My son and I ate a la carte in Los Angeles.",
        "Naïve café owner, résumé attached.",
        "error: permission denied",
        "The word for it in Chinese is 商店, as the sign says.",
    ],
)
def test_english_is_left_alone(text):
    assert other_language(text) is None


def test_the_hand_written_pairs_are_english():
    table = samesay.load_pairs("handwritten")
    assert not [text for text in (*table.first, *table.second) if other_language(text)]


def test_a_note_says_how_many_and_which():
    german = ["Das ist nicht der Laden.", "Wir sind auch mit dem Hund da und es ist gut."]
    assert note_on_language(german) == "2 of 2 texts look like German; this model has learned English only"
    assert note_on_language(["The shop opens at nine."] * 9 + german) is None
    assert note_on_language([]) is None
