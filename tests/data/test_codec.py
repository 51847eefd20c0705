"""What encodes and decodes goes through JSON and comes back the same."""

import json

import numpy as np
import pytest

from rnnlab.data.segmentation import Vocabulary
from rnnlab.data.tokenizer import Codec, Scale
from rnnlab.errors import UserError

TEXT = "Der Zug fährt_ nach  Rom.\nDer Bus, nicht!\n\n"


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("level", ["word", "blank", "character", "underscored", "subword"])
def test_a_codec_comes_back_from_json_and_decodes_what_it_encodes(level, lower):
    if level == "subword":
        pytest.importorskip("tokenizers")
    codec = Codec.learnt(level, lower, lambda: [TEXT] * 2, size=None if level != "subword" else 300)
    again = Codec.of(json.loads(json.dumps(codec.document())))
    assert again == codec
    numbers = again.encode(TEXT)
    assert numbers.dtype == np.int32
    assert (numbers > 0).all()
    wanted = TEXT.lower() if lower else TEXT
    blankless = {"word": 1, "blank": 1, "underscored": 0}.get(level)
    back = again.decode([*numbers, -1, -1])
    if blankless is None:
        assert back == wanted
    else:
        sparse = str.maketrans("", "", " " if blankless else "_ ")
        assert back.translate(sparse) == wanted.translate(sparse)


def test_subwords_know_every_text():
    pytest.importorskip("tokenizers")
    codec = Codec.learnt("subword", False, lambda: [TEXT] * 2, size=300)
    strange = "héllo wörld 日本\n  \tx"
    numbers = codec.encode(strange)
    assert (numbers > 0).all()
    assert codec.decode(numbers) == strange
    assert len(codec.vocabulary) <= 300
    with pytest.raises(UserError, match="needs a vocabulary of 258 or more"):
        Codec.learnt("subword", False, lambda: [TEXT], size=257)


def test_a_list_of_words_is_split_already():
    codec = Codec("blank", Vocabulary(("<unk>", "do", "n't")), lower=True)
    assert codec.encode(["DO", "n't", "a b"]).tolist() == [1, 2, 0]
    assert codec.decode([1, 2]) == "do n't"


def test_scales_and_labels_come_back():
    codec = Codec(labels=("neg", "pos"), inputs=Scale((1.0, 2.0), (3.0, 4.0)), targets=Scale((0.5,), (0.25,)))
    again = Codec.of(json.loads(json.dumps(codec.document())))
    assert again == codec
    values = np.random.default_rng(0).normal(size=(5, 3, 2))
    np.testing.assert_allclose(again.inputs.restored(again.inputs.standardised(values)), values)
    assert again.inputs.standardised(np.array([4.0, 6.0])).tolist() == [1.0, 1.0]
    with pytest.raises(ValueError, match="inputs are numbers"):
        again.encode("text")
