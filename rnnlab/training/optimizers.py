"""An optimizer section becomes a Keras optimizer."""

from functools import cache
from typing import Any

import keras
from keras import ops

from rnnlab.cells.steps import Tensor
from rnnlab.documents import Record
from rnnlab.layers.noise_rates import is_rate
from rnnlab.seeds import derive
from rnnlab.training.builtin_optimizers import OPTIMIZERS
from rnnlab.training.norms import Norms, norm
from rnnlab.training.optimizer_config import OPTIMIZER, DeclaredOptimizer, GradientNoiseConfig, OptimizerConfig


class ByStep(keras.random.SeedGenerator):
    """Seeds that follow from (seed, step, place of the weight) alone, so that a resumed run repeats its noise."""

    def __init__(self, seed: int, step: Tensor, place: int) -> None:
        super().__init__(derive(seed, place))
        self._step = step

    def next(self, ordered: bool = True) -> Tensor:
        """The seed of this step."""
        dtype = self.state.dtype
        return ops.stack([ops.convert_to_tensor(self._initial_seed, dtype), ops.cast(self._step, dtype)])


class Extended:
    """Mixed into a Keras optimizer: what papers do around a step, with variables of the optimizer, so that a checkpoint
    holds them.

    With g the gradient, eta the learning rate, s the length of the batch's window as a multiple of the mean:

        g <- clip(g / s + 2 l2 w) + noise_t,  w <- (1 - decay) w,  w <- w - clip_update(step(g, s eta)),
        mean <- mean + (w - mean) / t

    where noise_t is Gaussian of variance v / (1 + t)^d, decay is weight_decay s eta (by rate) or weight_decay (by step), and t
    counts the steps, in the mean those since the averaging began. The losses weigh every token equally, so the gradient of a
    window is s times that of its mean: what is clipped is the mean's, and the rate is scaled by s, as in AWD-LSTM (Merity et
    al. 2018, arXiv 1708.02182).
    """

    section: OptimizerConfig
    paced: bool
    pace: keras.Variable
    noise_seed: int

    def get_config(self) -> Record:
        """Return every argument, so that a saved model loads with its optimizer."""
        own = {"section": self.section.model_dump(), "paced": self.paced, "noise_seed": self.noise_seed}
        return {**super().get_config(), **own}  # type: ignore[misc]

    @classmethod
    def from_config(cls, config: Record, custom_objects: Record | None = None) -> "Extended":
        """Return the optimizer that `get_config` describes."""
        own = {"section": OPTIMIZER.validate(config["section"])}
        own |= {name: config[name] for name in ("paced", "noise_seed")}
        base = {name: value for name, value in config.items() if name not in own}
        made = super().from_config(base, custom_objects)  # type: ignore[misc]
        for name, value in own.items():
            setattr(made, name, value)
        return made

    def build(self, variables: list[keras.Variable]) -> None:
        """Create the variables."""
        super().build(variables)  # type: ignore[misc]
        own: Any = self
        if self.section.gradient_noise:
            self.noise_seeds = [ByStep(self.noise_seed, own.iterations, place) for place in range(len(variables))]
        if self.paced:
            self.pace = own.add_variable((), initializer="ones", name="pace")
        if self.section.averaging:
            self.begun = own.add_variable((), initializer="zeros", name="begun")
            self.averaged = own.add_variable((), initializer="zeros", name="averaged")
            self.means = [own.add_variable_from_reference(variable, name="mean") for variable in variables]

    def _backend_apply_gradients(self, grads: list[Tensor], variables: list[keras.Variable]) -> None:
        l2 = self.section.l2
        if self.paced:
            grads = [ops.convert_to_tensor(grad) / self.pace for grad in grads]
        if l2:
            pulls = [0.0 if is_rate(weight) else 2 * l2 for weight in variables]
            grads = [ops.convert_to_tensor(grad) + pull * w for grad, pull, w in zip(grads, pulls, variables, strict=True)]
        super()._backend_apply_gradients(grads, variables)  # type: ignore[misc]
        if self.section.averaging:
            self._average()

    def _apply_weight_decay(self, variables: list[keras.Variable]) -> None:
        decay = self.section.weight_decay
        if not decay:
            return
        share = decay * self._scaled(self.learning_rate) if self.section.weight_decay_by == "rate" else decay  # type: ignore[attr-defined]
        for variable in variables:
            if not is_rate(variable):  # a learnt rate has its own prior
                variable.assign(variable - variable * share)

    def _backend_update_step(self, grads: list[Tensor], variables: list[keras.Variable], learning_rate: Tensor) -> None:
        if self.section.gradient_noise:
            grads = self._noisy(grads, self.section.gradient_noise)
        before = [ops.copy(variable) for variable in variables] if self.section.clip_update else []
        super()._backend_update_step(grads, variables, self._scaled(learning_rate))  # type: ignore[misc]
        if self.section.clip_update:
            self._shorten(variables, before, self.section.clip_update)

    def _noisy(self, grads: list[Tensor], noise: GradientNoiseConfig) -> list[Tensor]:
        step = self.iterations  # type: ignore[attr-defined]
        deviation = ops.sqrt(noise.variance / ops.power(1.0 + ops.cast(step, "float32"), noise.decay))
        dense = [ops.convert_to_tensor(grad) for grad in grads]
        draws = [keras.random.normal(grad.shape, seed=seed) for grad, seed in zip(dense, self.noise_seeds, strict=True)]
        return [grad + ops.cast(deviation * draw, grad.dtype) for grad, draw in zip(dense, draws, strict=True)]

    def _shorten(self, variables: list[keras.Variable], before: list[Tensor], most: float) -> None:
        steps = [variable - old for variable, old in zip(variables, before, strict=True)]
        share = ops.minimum(1.0, most / ops.maximum(norm(steps), keras.config.epsilon()))
        for variable, old, step in zip(variables, before, steps, strict=True):
            variable.assign(old + step * ops.cast(share, step.dtype))

    def _scaled(self, learning_rate: Tensor) -> Tensor:
        return learning_rate * self.pace if self.paced else learning_rate

    def _average(self) -> None:
        self.averaged.assign(self.averaged + self.begun)
        share = self.begun / ops.maximum(self.averaged, 1.0)
        for mean, weight in zip(self.means, self._trainable_variables, strict=True):  # type: ignore[attr-defined]
            mean.assign(mean + (weight - mean) * share)


@cache
def extended(kind: DeclaredOptimizer) -> type[keras.optimizers.Optimizer]:
    """Return the class of a registered optimizer that measures norms too, and does what a section says around its step."""
    base = kind.type()
    return keras.saving.register_keras_serializable(package="rnnlab")(type(base.__name__, (Norms, Extended, base), {}))


for _kind in OPTIMIZERS.values():
    extended(_kind)  # a saved model needs them


def optimizer(config: OptimizerConfig, paced: bool = False, seed: int = 0) -> Norms:
    """Return the optimizer of a config; `paced` scales steps by the windows' lengths, `seed` is that of noise on the gradient.

    >>> optimizer(OPTIMIZER.validate({"name": "sgd", "learning_rate": 1.0, "clip_norm": 5.0})).global_clipnorm
    5.0
    """
    given = {"learning_rate": config.learning_rate, "global_clipnorm": config.clip_norm, **config.settings}
    made: Norms = extended(OPTIMIZERS[config.name])(**given)
    made.section, made.paced, made.noise_seed = config, paced, derive(seed, "gradient noise")
    return made
