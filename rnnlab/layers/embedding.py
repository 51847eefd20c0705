"""An embedding whose words can be dropped, and whose table can serve as the output layer."""

from typing import Any

import keras
from keras import ops

from rnnlab import compat
from rnnlab.cells.steps import Tensor
from rnnlab.noise.sampling import mean, sample
from rnnlab.noise.schemes import Setting, noises, plain
from rnnlab.noise.sites import Noise
from rnnlab.seeds import derive, fresh


@keras.saving.register_keras_serializable(package="rnnlab")
class Embedding(keras.layers.ReversibleEmbedding):
    """Rows E[w] of a table for word numbers (batch, steps), with word dropout: m_w E[w] / (1 - rate) while training.

    `dropout` is a rate or a noise at the site `word`. Lifetime sequence: one m_w for all occurrences of a word in an example
    (Gal & Ghahramani 2016); batch: shared by the examples too (AWD-LSTM, Merity et al. 2018); step: every token by itself.
    `layer(x, reverse=True)` gives logits x E^T by the whole table. Other arguments: `keras.layers.ReversibleEmbedding`.

    >>> tuple(Embedding(10, 4, dropout=0.5)(keras.ops.array([[1, 2, 1]]), training=True).shape)
    (1, 3, 4)
    """

    def __init__(self, input_dim: int, output_dim: int, dropout: Setting = 0.0, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(input_dim, output_dim, **kwargs)
        self.supports_masking = True
        self.dropout, self.seed = plain(dropout), seed
        self.noise = next(iter(noises(dropout, "embedding")), None)

    def build(self, input_shape: Any = None) -> None:
        """Create the table and the seed stream."""
        super().build(input_shape)
        self.draws = keras.random.SeedGenerator(derive(fresh(self.seed), self.name, "word")) if self.noise else None

    def call(self, inputs: Tensor, reverse: bool = False, training: bool = False) -> Tensor:
        """Embedded words, or with `reverse` the logits of embedded outputs."""
        result = super().call(inputs, reverse=reverse)
        if reverse or self.noise is None:
            return result
        dropped = result * (ops.expand_dims(self._mask(self.noise, inputs), -1) if training else mean(self.noise))
        compat.set_padding_mask(dropped, compat.padding_mask(result))
        return dropped

    def _mask(self, noise: Noise, words: Tensor) -> Tensor:
        """The mask of every token, in the words' shape (batch, steps)."""
        batch, steps = ops.shape(words)
        size = {"step": (batch, steps), "sequence": (batch, self.input_dim), "batch": (self.input_dim,)}[noise.lifetime]
        mask = sample(noise, size, self.draws, self.compute_dtype)
        match noise.lifetime:
            case "sequence":
                return ops.take_along_axis(mask, ops.cast(words, "int32"), axis=1)
            case "batch":
                return ops.take(mask, words)
        return mask

    def compute_mask(self, inputs: Tensor, previous_mask: Tensor | None = None) -> Tensor | None:
        """The mask that came with the words; that of `mask_zero` is set by the parent."""
        return previous_mask

    def compute_output_spec(self, inputs: Tensor, reverse: bool = False, training: bool = False) -> Tensor:
        """The symbolic result; the parent knows no `training`."""
        return super().compute_output_spec(inputs, reverse=reverse)

    def get_config(self) -> dict[str, Any]:
        """Every argument."""
        return {**super().get_config(), "dropout": self.dropout, "seed": self.seed}
