"""The Python language reference that every CPython carries: English prose without a download.

Its text differs between versions of Python, so metrics are comparable only where the data's hash agrees.
"""

from functools import partial
from itertools import pairwise

from rnnlab.data.data_config import PythonReference
from rnnlab.data.dataset import Dataset
from rnnlab.data.segmentation import END_OF_LINE, LEVELS, Vocabulary
from rnnlab.data.splits.streams import TokenStream
from rnnlab.data.task import Task
from rnnlab.data.tokenizer import Codec


def text() -> str:
    """Return all topics in alphabetical order."""
    from pydoc_data.topics import topics

    return "\n".join(topics[name] for name in sorted(topics))


def build(config: PythonReference) -> Dataset:
    """Return the reference as a language-modelling data set: 80/10/10 in order, the vocabulary from the training split."""
    tokens = LEVELS[config.level].split(text())[: config.limit_tokens]
    bounds = [0, len(tokens) * 8 // 10, len(tokens) * 9 // 10, len(tokens)]
    train, validation, test = (tokens[begin:end] for begin, end in pairwise(bounds))
    vocabulary = Vocabulary.of(train, config.vocabulary)
    start = int(vocabulary.encode([END_OF_LINE])[0])
    stream = partial(TokenStream, rows=config.batch_size, steps=config.window, start=start)
    return Dataset(
        name=config.name,
        task=Task(
            config.task,
            (config.batch_size, config.steps),
            outputs=len(vocabulary),
            unit=f"{config.level}s",
            vocabulary=len(vocabulary),
            carried=config.carry,
        ),
        train=stream(vocabulary.encode(train), sampling=config.window_sampling),
        validation=stream(vocabulary.encode(validation)),
        test=stream(vocabulary.encode(test)),
        codec=Codec(config.level, vocabulary),
    )
