"""An optimizer section becomes a Keras optimizer."""

from typing import Any

import keras
from keras import ops

from rnnlab.cells.steps import Tensor
from rnnlab.training.norms import Norms
from rnnlab.training.training_config import OptimizerConfig


class Extended:
    """Mixed into a Keras optimizer: what the papers do around a step, in its own variables, so that a checkpoint holds it.

    With g the gradient, eta the learning rate, s the length of the batch's window as a multiple of the mean:

        g <- clip(g / s + 2 l2 w),  w <- (1 - decay) w,  w <- w - step(g, s eta),  mean <- mean + (w - mean) / t

    where decay is weight_decay s eta (by rate) or weight_decay (by step), and t counts the steps since the averaging began.
    The losses weigh every token alike, so the gradient of a window is s times that of its mean: what is clipped is the mean's,
    and the rate is scaled by s, as in AWD-LSTM (Merity et al. 2018, arXiv 1708.02182).
    """

    section: OptimizerConfig
    paced: bool
    pace: keras.Variable

    def get_config(self) -> dict[str, Any]:
        """Return every argument, so that a saved model loads with its optimizer."""
        return {**super().get_config(), "section": self.section.model_dump(), "paced": self.paced}  # type: ignore[misc]

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "Extended":
        """Return the optimizer that `get_config` describes."""
        own = {"section": OptimizerConfig.model_validate(config["section"]), "paced": config["paced"]}
        base = {name: value for name, value in config.items() if name not in own}
        made = super().from_config(base, custom_objects)  # type: ignore[misc]
        made.section, made.paced = own["section"], own["paced"]
        return made

    def build(self, variables: list[keras.Variable]) -> None:
        """Create the variables."""
        super().build(variables)  # type: ignore[misc]
        own: Any = self
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
            grads = [ops.convert_to_tensor(grad) + 2 * l2 * weight for grad, weight in zip(grads, variables, strict=True)]
        super()._backend_apply_gradients(grads, variables)  # type: ignore[misc]
        if self.section.averaging:
            self._average()

    def _apply_weight_decay(self, variables: list[keras.Variable]) -> None:
        decay = self.section.weight_decay
        if not decay:
            return
        share = decay * self._scaled(self.learning_rate) if self.section.weight_decay_by == "rate" else decay  # type: ignore[attr-defined]
        for variable in variables:
            variable.assign(variable - variable * share)

    def _backend_update_step(self, grads: list[Tensor], variables: list[keras.Variable], learning_rate: Tensor) -> None:
        super()._backend_update_step(grads, variables, self._scaled(learning_rate))  # type: ignore[misc]

    def _scaled(self, learning_rate: Tensor) -> Tensor:
        return learning_rate * self.pace if self.paced else learning_rate

    def _average(self) -> None:
        self.averaged.assign(self.averaged + self.begun)
        share = self.begun / ops.maximum(self.averaged, 1.0)
        for mean, weight in zip(self.means, self._trainable_variables, strict=True):  # type: ignore[attr-defined]
            mean.assign(mean + (weight - mean) * share)


OPTIMIZERS = {
    name: keras.saving.register_keras_serializable(package="rnnlab")(type(optimizer.__name__, (Norms, Extended, optimizer), {}))
    for name, optimizer in {
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "sgd": keras.optimizers.SGD,
        "rmsprop": keras.optimizers.RMSprop,
    }.items()
}
"""The optimizers of Keras by the names of a config; each measures norms too."""


def optimizer(config: OptimizerConfig, paced: bool = False) -> Norms:
    """Return the optimizer of a config; `clip_norm` bounds the norm of the whole gradient, `paced` minds the windows' lengths.

    >>> optimizer(OptimizerConfig(name="sgd", learning_rate=1.0, clip_norm=5.0)).global_clipnorm
    5.0
    """
    arguments: dict[str, Any] = {"momentum": config.momentum} if config.momentum else {}
    if config.name == "rmsprop":
        arguments["rho"] = config.rho
    made = OPTIMIZERS[config.name](learning_rate=config.learning_rate, global_clipnorm=config.clip_norm, **arguments)
    made.section, made.paced = config, paced
    return made
