"""Locked dropout as a separate layer."""

import keras
from keras import ops

from rnnlab.cells.steps import Tensor
from rnnlab.documents import Record
from rnnlab.layers.noise_rates import ChangingRates
from rnnlab.noise import seed_streams
from rnnlab.noise.sampling import sample
from rnnlab.noise.schemes import plain
from rnnlab.noise.sites import Noise
from rnnlab.seeds import fresh
from rnnlab.tensors import Shape


@keras.saving.register_keras_serializable(package="rnnlab")
class LockedDropout(ChangingRates, keras.layers.Layer):
    """Multiply (batch, steps, features) by one mask an example, the same at every step: y_t = x_t * m / (1 - rate).

    Nothing is drawn in evaluation. The padding mask is passed on. `rate` can be set later; compile the model again after that.
    Raises ValueError for a rate outside [0, 1), and for inputs of another rank.
    Source: Merity, Keskar, Socher 2018, arXiv 1708.02182.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.input_spec = keras.InputSpec(ndim=3)
        self.rate, self.seed = rate, seed_streams.checked(seed)
        self._first_seed = fresh(self.seed)

    @property
    def rate(self) -> float:
        """The probability that an element is dropped."""
        return self.noise.rate

    @rate.setter
    def rate(self, rate: float) -> None:
        self.noise = Noise(site="output", rate=plain(rate), lifetime="sequence")

    def build(self, input_shape: Shape) -> None:
        """Create the seed stream."""
        self.draws = seed_streams.Stream(self._first_seed, self, "output")

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """The inputs, masked while training."""
        if not training or self.rate == 0:
            return inputs
        batch, _, width = ops.shape(inputs)
        mask = sample(self.noise, (batch, width), self.draws, self.compute_dtype, self.rates().get("output"))
        return inputs * ops.expand_dims(mask, 1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The input's shape."""
        return input_shape

    def get_config(self) -> Record:
        """Every argument."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
