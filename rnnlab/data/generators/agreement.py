"""Subject and verb: does the verb agree with its subject, whatever nouns are between them?"""

from dataclasses import dataclass, replace
from functools import partial
from math import log

import numpy as np

from rnnlab.data.dataset import Dataset
from rnnlab.data.generators.drawn_splits import Scores, generated
from rnnlab.data.generators.generator_config import Agreement
from rnnlab.data.segmentation import Vocabulary
from rnnlab.data.tokenizer import Codec

FIXED = ("<unk>", ".", "the", "near", "behind", "with", "often", "really", "rarely")
END, THE, PREPOSITIONS, ADVERBS = 1, 2, (3, 6), (6, 9)
NOUNS = "author dog key pilot river farmer cabin doctor bird lawyer window guard song tree actor road nurse garden boat letter"
VERBS = "smile run matter wait remain appear sing fall work improve"
LABELS = ("none", "singular", "plural")
"""The targets of a step: no verb, or a verb whose subject is singular, or plural."""
HELD_OUT = 4
"""One in this many pairs, of a subject and the noun before its verb, occurs in the test split only."""


@dataclass(frozen=True)
class Grammar:
    """The sentences: the N (P the N)* (ADV)* V . with up to `attractors` nouns and `adverbs` adverbs between N and V."""

    nouns: int
    verbs: int
    attractors: int
    adverbs: int

    @property
    def first_verb(self) -> int:
        """The number of the first verb among the tokens; verbs show no number."""
        return len(FIXED)

    @property
    def first_noun(self) -> int:
        """The number of the first noun; singular and plural of a noun follow each other."""
        return self.first_verb + self.verbs

    def words(self) -> tuple[str, ...]:
        """Return the tokens by their numbers."""
        nouns = _named(NOUNS, "noun", self.nouns)
        return (*FIXED, *_named(VERBS, "verb", self.verbs), *(form for noun in nouns for form in (noun, f"{noun}s")))

    def number(self, tokens: np.ndarray) -> np.ndarray:
        """Return 0 for singular and 1 for plural nouns, -1 for other tokens."""
        return np.where(tokens >= self.first_noun, (tokens - self.first_noun) % 2, -1)

    def sentence(self, random: np.random.Generator, held_out: bool) -> tuple[list[int], list[int]]:
        """Return tokens and labels of a sentence; its subject and last noun are a pair of the training or the test grammar."""
        between = int(random.integers(self.attractors + 1))
        nouns = random.integers(self.nouns, size=between + 1)
        if between:
            fits = (np.arange(self.nouns) + nouns[0]) % HELD_OUT == 0
            nouns[-1] = random.choice(np.flatnonzero(fits == held_out))
        numbers = random.integers(2, size=between + 1)
        first, *others = (self.first_noun + 2 * nouns + numbers).tolist()
        tokens = [THE, first]
        for noun in others:
            tokens += [int(random.integers(*PREPOSITIONS)), THE, noun]
        tokens += random.integers(*ADVERBS, size=random.integers(self.adverbs + 1)).tolist()
        verb = self.first_verb + int(random.integers(self.verbs))
        return [*tokens, verb, END], [*[0] * len(tokens), 1 + int(numbers[0]), 0]


def _named(known: str, kind: str, count: int) -> list[str]:
    return [*known.split(), *(f"{kind}{n}" for n in range(count))][:count]


def draw(grammar: Grammar, length: int, held_out: bool, examples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return tokens and labels, [examples, length] each: sentences one after the other, the last cut off.

    >>> grammar = Grammar(nouns=4, verbs=2, attractors=1, adverbs=0)
    >>> x, y = draw(grammar, length=10, held_out=False, examples=1, seed=3)
    >>> " ".join(grammar.words()[token] for token in x[0]), y[0].tolist()
    ('the author with the dogs run . the author smile', [0, 0, 0, 0, 0, 1, 0, 0, 0, 1])
    """
    random = np.random.default_rng(seed)
    x, y = np.zeros((2, examples, length), np.int32)
    for row in range(examples):
        tokens: list[int] = []
        labels: list[int] = []
        while len(tokens) < length:
            for line, more in zip((tokens, labels), grammar.sentence(random, held_out), strict=True):
                line += more
        x[row], y[row] = tokens[:length], labels[:length]
    return x, y


def last_noun(grammar: Grammar, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the labels [examples, length] that the noun before each verb would give, right where no other noun intervenes."""
    steps = np.where(grammar.number(x) >= 0, np.arange(x.shape[1]), 0)
    nouns = np.take_along_axis(x, np.maximum.accumulate(steps, axis=1), axis=1)
    return np.where(y > 0, 1 + grammar.number(nouns), 0).astype(np.int32)


def known(grammar: Grammar, x: np.ndarray, y: np.ndarray) -> Scores:
    """The scores, on these sentences, of a model that knows the subject, one that uses the last noun, and one that guesses at
    each verb."""
    verbs = float((y > 0).mean())
    return {
        "loss": {"perfect": 0.0, "guessing": verbs * log(2)},
        "accuracy": {"perfect": 1.0, "last_noun": float((last_noun(grammar, x, y) == y).mean()), "guessing": 1 - verbs / 2},
    }


def build(config: Agreement) -> Dataset:
    """Return the problem as a label at every step: singular or plural where a verb stands."""
    grammar = Grammar(config.nouns, config.verbs, config.attractors, config.adverbs)
    draws = {name: partial(draw, grammar, config.length, name == "test") for name in ("train", "validation", "test")}
    words = grammar.words()
    data = generated(config, draws, outputs=len(LABELS), vocabulary=len(words), known={})
    codec = Codec(level="blank", vocabulary=Vocabulary(words), labels=LABELS)
    return replace(data, codec=codec, known_scores=known(grammar, *data.test.arrays()[:2]))
