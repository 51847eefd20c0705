"""Tokens and vocabulary, on the text that every CPython carries."""

from pydoc_data.topics import topics

from rnnlab.data.data_config import PythonReference
from rnnlab.data.python_reference import build, text
from rnnlab.data.segmentation import Vocabulary, characters, plain_words


def test_the_reference_is_all_topics_in_order() -> None:
    whole = text()
    place = 0
    for name in sorted(topics):
        assert whole.startswith(topics[name], place)
        place += len(topics[name]) + 1
    assert place == len(whole) + 1


def test_words_lose_nothing_but_blanks() -> None:
    whole = text()
    joined = "".join(plain_words(whole)).replace("<eos>", "\n")
    assert joined == "".join(character for character in whole if not character.isspace() or character == "\n")
    assert "".join(characters(whole)).replace("<eos>", "\n") == whole


def test_splits_are_the_text_in_order_and_the_vocabulary_is_from_the_training_part() -> None:
    data = build(PythonReference(name="python_reference", vocabulary=500))
    tokens = plain_words(text())
    sizes = [split.size for split in (data.train, data.validation, data.test)]
    assert sum(sizes) == len(tokens)
    assert sizes[0] == len(tokens) * 8 // 10
    assert abs(sizes[1] - sizes[2]) <= 1
    assert data.vocabulary == Vocabulary.of(tokens[: sizes[0]], 500)
    known = set(data.vocabulary.tokens)
    expected = [token if token in known else "<unk>" for token in tokens[sizes[0] : sizes[0] + sizes[1]]]
    assert data.vocabulary.decode(data.validation.arrays()[0]) == expected


def test_a_word_that_only_the_test_part_has_is_unknown() -> None:
    data = build(PythonReference(name="python_reference", vocabulary=10**6))
    tokens = plain_words(text())
    train, test = set(tokens[: data.train.size]), tokens[-data.test.size :]
    strange = next(place for place, token in enumerate(test) if token not in train)
    assert data.test.arrays()[0][strange] == 0
    assert len(data.vocabulary or ()) == len(train) + 1


def test_limit_keeps_the_beginning_and_the_proportions() -> None:
    data = build(PythonReference(name="python_reference", level="character", limit_tokens=1001))
    assert [split.size for split in (data.train, data.validation, data.test)] == [800, 100, 101]
    assert "".join((data.vocabulary or Vocabulary(())).decode(data.train.arrays()[0])).startswith(
        'The "assert" statement<eos>***'
    )
