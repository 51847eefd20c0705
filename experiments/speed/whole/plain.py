"""The grid of grid.yaml as a script in plain Keras: one process, its default threads.   KERAS_BACKEND=jax python plain.py

Five variants, three seeds, six epochs over 32,000 words of the language reference that comes with CPython, an evaluation
after every epoch and one on the test split. Keras has one dropout scheme, so the four variants with noise cost the same.
"""

import re
from collections import Counter
from pydoc_data.topics import topics

import keras
import numpy as np

VOCABULARY, WIDTH, ROWS, STEPS, EPOCHS, SEEDS = 2000, 128, 16, 32, 6, 3
NOISE = {"dropout": 0.5, "recurrent_dropout": 0.3}
VARIANTS = [{}, NOISE, NOISE, NOISE, NOISE]


def numbers() -> np.ndarray:
    """Return the first 40,000 words and signs as numbers: the 1,999 most frequent of the first four fifths, 0 for others."""
    words = re.findall(r"\w+|[^\w\s]", "\n".join(topics[name] for name in sorted(topics)))[:40_000]
    known = {word: n for n, (word, _) in enumerate(Counter(words[:32_000]).most_common(VOCABULARY - 1), 1)}
    return np.array([known.get(word, 0) for word in words], "int32")


def windows(part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and next words, [windows * rows, steps]; each row reads its own part of the text from batch to batch."""
    length = (len(part) - 1) // ROWS // STEPS * STEPS
    x, y = (part[start : start + ROWS * length].reshape(ROWS, -1, STEPS).swapaxes(0, 1) for start in (0, 1))
    return x.reshape(-1, STEPS), y.reshape(-1, STEPS)


class Tied(keras.layers.Layer):
    """A head that uses the embedding's table as output weights."""

    def __init__(self, embedding: keras.layers.Embedding):
        super().__init__()
        self.embedding = embedding

    def call(self, hidden):
        """Return the logits."""
        return keras.ops.matmul(hidden, keras.ops.transpose(self.embedding.embeddings))


def model(noise: dict[str, float]) -> keras.Model:
    """Return an LSTM language model that carries its state."""
    tokens = keras.Input(batch_shape=(ROWS, STEPS), dtype="int32")
    embedding = keras.layers.Embedding(VOCABULARY, WIDTH)
    hidden = keras.layers.LSTM(WIDTH, return_sequences=True, stateful=True, **noise)(embedding(tokens))
    made = keras.Model(tokens, Tied(embedding)(hidden))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    made.compile(keras.optimizers.Adam(1e-2, global_clipnorm=1.0), loss)
    return made


text = numbers()
train, validation, test = (windows(part) for part in np.split(text, [32_000, 36_000]))
for variant in VARIANTS:
    for seed in range(1, SEEDS + 1):
        keras.utils.set_random_seed(seed)
        net = model(variant)
        net.fit(*train, batch_size=ROWS, epochs=EPOCHS, shuffle=False, validation_data=validation, verbose=0)
        print(variant, seed, np.exp(net.evaluate(*test, batch_size=ROWS, verbose=0)), flush=True)
