"""Words of every script, by Unicode's rules."""

import random
import unicodedata

import pytest
import regex

from rnnlab.data.segmentation import words

WHOLE = [
    "मैं बाजार जाता हूँ",  # Hindi: vowel signs and nasals are marks
    "আমি বাংলায় গান গাই",
    unicodedata.normalize("NFD", "café naïve Größe"),
    "ที่ บ้าน น้ำ",  # Thai: vowels and tones are marks
    "ພາສາ ລາວ",
    "မြန်မာ စာ",
    "אָלֶף בֵּית",
    "السَّلَامُ عَلَيْكُم",
    "안녕하세요 세계",
    "don't it's l'eau 3.14 1,000 snake_case x86",
    "👩\u200d👩\u200d👧 🇩🇪 👍🏽",
]


@pytest.mark.parametrize("text", WHOLE)
def test_what_stands_between_blanks_stays_whole(text):
    assert words(text) == text.split(" ")


def test_scripts_without_blanks_come_in_signs_or_runs():
    assert words("日本語。") == ["日", "本", "語", "。"]
    assert words("ภาษาไทยABC") == ["ภาษาไทย", "ABC"]


def test_every_end_of_line_is_one_token_and_nothing_but_blanks_is_lost():
    letters = "aé\u0301ß9_.,':;!?- \n\t日カमैंूไ้ที่אב🇩🇪👍🏽\u200d"
    generator = random.Random(3)
    for _ in range(500):
        text = "".join(generator.choice(letters) for _ in range(generator.randint(1, 30)))
        tokens = words(text)
        assert "".join(token for token in tokens if token != "<eos>") == "".join(text.split())
        assert tokens.count("<eos>") == text.count("\n")


def test_no_word_is_cut_inside_a_grapheme():
    for text in WHOLE:
        ends = {match.end() for match in regex.finditer(r"\X", text)}
        place = 0
        for word in words(text):
            place = text.index(word, place) + len(word)
            assert place in ends
