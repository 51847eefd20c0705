"""An embedding whose words can be dropped, and whose table can serve as the output layer."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from rnnlab import compat
from rnnlab.cells.steps import Tensor
from rnnlab.documents import Plain, Record
from rnnlab.graphs import in_xla
from rnnlab.layers.noise_rates import ChangingRates
from rnnlab.noise import seed_streams
from rnnlab.noise.sampling import depends, mean, sample
from rnnlab.noise.schemes import Setting, noises, plain
from rnnlab.noise.sites import Noise
from rnnlab.seeds import fresh
from rnnlab.tensors import Shape


@keras.saving.register_keras_serializable(package="rnnlab")
class Embedding(ChangingRates, keras.layers.ReversibleEmbedding):
    """Rows E[w] of a table for word numbers (batch, ...), with word dropout: m_w E[w] / (1 - rate) while training.

    `dropout` is a rate or a noise at the site `word`. Lifetime sequence: one m_w for all occurrences of a word in an example
    (Gal & Ghahramani 2016); batch: shared by the examples too (AWD-LSTM, Merity et al. 2018); step: every token independently.
    It can be set later; compile the model again after that. `weights` is the table to begin with, or a list that holds it.
    `layer(x, reverse=True)` gives logits x E^T by the whole table. Other arguments: `keras.layers.ReversibleEmbedding`.

    >>> tuple(Embedding(10, 4, dropout=0.5)(keras.ops.array([[1, 2, 1]]), training=True).shape)
    (1, 3, 4)
    """

    def __init__(self, input_dim: int, output_dim: int, dropout: Setting = 0.0, seed: int | None = None, **kwargs: Any) -> None:
        weights = kwargs.pop("weights", None)
        super().__init__(input_dim, output_dim, **kwargs)
        self.supports_masking = True
        self.seed = seed_streams.checked(seed)
        self._first_seed: int | None = None
        self.draws: seed_streams.Stream | None = None
        self.dropout = dropout
        if weights is not None:  # the parent would build before there is anything to build with
            self.build()
            self.set_weights(weights if isinstance(weights, list | tuple) and len(weights) == len(self.weights) else [weights])

    @property
    def dropout(self) -> Plain:
        """The setting of the word dropout."""
        return plain(self._dropout)

    @dropout.setter
    def dropout(self, setting: Setting) -> None:
        self.noise = next(iter(noises(setting, "embedding")), None)
        self._dropout = plain(setting)
        if self.noise and self._first_seed is None:
            self._first_seed = fresh(self.seed)
        if self.built:
            self._tracker.unlock()  # as Keras does to add what a layer lacks after it was built
            self._open_stream()
            self._tracker.lock()

    def build(self, input_shape: Shape | None = None) -> None:
        """Create the table and the seed stream."""
        super().build(input_shape)
        self._open_stream()

    def _open_stream(self) -> None:
        self.open_rates([self.noise] if self.noise else [])
        if self._first_seed is not None and self.draws is None:
            self.draws = seed_streams.Stream(self._first_seed, self, "word")

    def call(self, inputs: Tensor, reverse: bool = False, training: bool = False) -> Tensor:
        """Embedded words, or with `reverse` the logits of embedded outputs."""
        if reverse and (logits := self._own_logits()):
            return logits(inputs, ops.convert_to_tensor(self.embeddings))
        return self._noisy(super().call(inputs, reverse=reverse), inputs, reverse, training)

    def _own_logits(self) -> Callable[[Tensor, Tensor], Tensor] | None:
        """The product with the table alone and its gradient, where the derived one is slow: in a program of XLA."""
        if self.reverse_dtype or self.logit_soft_cap or not self.tie_weights:
            return None
        if keras.backend.backend() == "jax":
            from rnnlab.layers import jax_tied

            return jax_tied.logits
        if keras.backend.backend() == "tensorflow" and in_xla():
            from rnnlab.layers import tf_tied

            return tf_tied.logits
        return None

    def quantized_call(self, inputs: Tensor, reverse: bool = False, training: bool = False) -> Tensor:
        """The same with a quantised table."""
        return self._noisy(super().quantized_call(inputs, reverse=reverse), inputs, reverse, training)

    def quantize(self, mode: str | None = None, type_check: bool = True, config: object = None) -> None:
        """Quantise the table as `keras.layers.ReversibleEmbedding` does."""
        super().quantize(mode, type_check=type_check and type(self) is not Embedding, config=config)

    def _noisy(self, result: Tensor, inputs: Tensor, reverse: bool, training: bool) -> Tensor:
        """The result with word dropout, and with the mask that the parent set."""
        if reverse or self.noise is None:
            return result
        drawn = training or depends(self.noise)
        factor = self._mask(self.noise, inputs, training) if drawn else mean(self.noise, self.rates().get("word"))
        dropped = result * ops.cast(factor, result.dtype)
        if (mask := compat.padding_mask(result)) is not None:
            compat.set_padding_mask(dropped, mask)
        return dropped

    def _mask(self, noise: Noise, words: Tensor, training: bool) -> Tensor:
        """The mask of every token, or in evaluation its mean, in the words' shape (batch, ...) with one axis more."""
        shape = ops.shape(words)
        words = ops.cast(ops.reshape(words, (shape[0], -1)) if len(shape) != 2 else words, "int32")
        batch, steps = ops.shape(words)
        size = {"step": (batch, steps), "sequence": (batch, self.input_dim), "batch": (self.input_dim,)}[noise.lifetime]
        rate, told = self.rates().get("word"), self.told(words)
        if training:
            mask = sample(noise, size, self.draws, self.compute_dtype, rate, told)
        else:
            mask = ops.broadcast_to(mean(noise, rate, told), size)
        match noise.lifetime:
            case "sequence":
                mask = ops.take_along_axis(mask, words, axis=1)
            case "batch":
                mask = ops.take(mask, words)
        return ops.reshape(mask, (*shape, 1))

    def compute_mask(self, inputs: Tensor, previous_mask: Tensor | None = None) -> Tensor | None:
        """With `mask_zero`, where words are not 0; else the mask that came with the inputs."""
        outputs = "float" in keras.backend.standardize_dtype(inputs.dtype) and inputs.shape[-1] == self.output_dim
        return ops.not_equal(inputs, 0) if self.mask_zero and not outputs else previous_mask

    def compute_output_spec(self, inputs: Tensor, reverse: bool = False, training: bool = False) -> Tensor:
        """The symbolic result; the parent takes no `training`, and loses that words may be ragged."""
        spec = super().compute_output_spec(inputs, reverse=reverse)
        return keras.KerasTensor(spec.shape, dtype=spec.dtype, ragged=getattr(inputs, "ragged", False))

    def get_config(self) -> Record:
        """Every argument."""
        return {**super().get_config(), "dropout": self.dropout, "seed": self.seed}
