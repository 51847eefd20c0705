"""A language model writes on."""

import re
from collections.abc import Iterator

import numpy as np

from rnnlab.data.segmentation import END_OF_LINE
from rnnlab.errors import UserError
from rnnlab.inspection.compiled_call import quiet_call
from rnnlab.inspection.scores import softmax
from rnnlab.trained.predictor import Predictor
from rnnlab.training.isolate_evaluation import stateful_layers


def generate(predictor: Predictor, prompt: str, count: int, temperature: float = 1.0, seed: int = 1) -> str:
    """Return the prompt and `count` tokens more, each drawn from p_k^(1/temperature), the noise off, `<unk>` never.

    Temperature 0 takes the most likely token each time. The same seed draws the same text. Raises UserError where the model is
    not a language model.
    """
    if not predictor.reads_on:
        raise UserError(f"only a language model writes; this run is one of {predictor.task.kind.title}")
    vocabulary = predictor.codec.vocabulary
    numbers = list(_drawn(predictor, predictor.read(prompt)[1], count, temperature, seed))
    if predictor.codec.unit != "words" or vocabulary is None:
        return prompt + predictor.codec.decode(numbers)
    begins = "" if not prompt or prompt.endswith("\n") or vocabulary.tokens[numbers[0]] == END_OF_LINE else " "
    return prompt + closed_up(begins + predictor.codec.decode(numbers))


def _drawn(predictor: Predictor, x: np.ndarray, count: int, temperature: float, seed: int) -> Iterator[int]:
    random, call = np.random.default_rng(seed), quiet_call(predictor.writer)
    for layer in stateful_layers(predictor.writer):
        layer.reset_state()
    for _ in range(count):
        logits = np.array(call(x)[0, -1], np.float64)
        logits[0] = -np.inf
        number = int(logits.argmax())
        if temperature:
            number = int(random.choice(len(logits), p=softmax(logits / temperature)))
        yield number
        x = np.array([[number]], x.dtype)


def closed_up(text: str) -> str:
    """Return words with the blanks taken out that no text has: before a comma, inside brackets, around an apostrophe.

    >>> closed_up("it is n't ( really ) a dog 's life , is it ?")
    "it isn't (really) a dog's life, is it?"
    """
    text = re.sub(r" (?=[,.;:!?)\]}%]|n't\b|'(?:s|re|ve|ll|d|m)\b)", "", text)
    text = re.sub(r"(?<=[(\[{]) ", "", text)
    return re.sub(r"(?<=\w) ?' (?=(?:s|t|re|ve|ll|d|m)\b)", "'", text)
