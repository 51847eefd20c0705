"""The optimizers of Keras that update weights from a gradient, with their options under Keras's names."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from rnnlab.section import Section
from rnnlab.training.optimizer_config import OPTIMIZERS, NotNegative, Positive, optimizer

if TYPE_CHECKING:
    import keras

DecayRate = Annotated[float, Field(ge=0, lt=1)]
"""The fraction of a running mean that is kept at every step."""


class Rooted(Section):
    """Options of optimizers that divide by a root."""

    epsilon: NotNegative | None = None
    """The constant added to a root so that nothing is divided by zero."""


class Moments(Rooted):
    """The options that Adam and its relatives share."""

    beta_1: DecayRate | None = None
    """The fraction of the running mean of gradients that is kept at every step."""
    beta_2: DecayRate | None = None
    """The fraction of the running mean of squared gradients that is kept at every step."""


class Adam(Moments):
    """The options of Adam and AdamW."""

    amsgrad: bool | None = None
    """Divide by the largest mean square so far."""


class Squares(Rooted):
    """The options of Adadelta."""

    rho: DecayRate | None = None
    """The fraction of the running mean of squared gradients that is kept at every step."""


class Momentum(Section):
    """Options of optimizers with momentum."""

    momentum: DecayRate | None = None
    """The fraction of the last update that is kept."""


class Sgd(Momentum):
    """The options of stochastic gradient descent."""

    nesterov: bool | None = None
    """Use Nesterov's momentum."""


class RmsProp(Squares, Momentum):
    """The options of RMSprop."""

    centered: bool | None = None
    """Divide by the variance of the gradient instead of its mean square."""


class Lion(Section):
    """The options of Lion."""

    beta_1: DecayRate | None = None
    """The weight of the running mean of gradients in an update."""
    beta_2: DecayRate | None = None
    """The fraction of the running mean of gradients that is kept at every step."""


class Adafactor(Section):
    """The options of Adafactor."""

    beta_2_decay: float | None = None
    """The exponent of the step number by which the mean square decays."""
    epsilon_1: NotNegative | None = None
    """The constant added to the squared gradient."""
    epsilon_2: NotNegative | None = None
    """The smallest size of a weight by which its update is scaled."""
    clip_threshold: Positive | None = None
    """The largest root mean square of a weight's update."""
    relative_step: bool | None = None
    """Whether the learning rate falls with the step number, from at most `learning_rate`."""


class Adagrad(Rooted):
    """The options of Adagrad."""

    initial_accumulator_value: NotNegative | None = None
    """The initial value of the sum of squared gradients."""


class Ftrl(Section):
    """The options of FTRL."""

    learning_rate_power: Annotated[float, Field(le=0)] | None = None
    """The exponent of the sum of squared gradients by which the learning rate is multiplied."""
    initial_accumulator_value: NotNegative | None = None
    """The initial value of the sum of squared gradients."""
    l1_regularization_strength: NotNegative | None = None
    """The weight of the L1 penalty."""
    l2_regularization_strength: NotNegative | None = None
    """The weight of the L2 penalty."""
    l2_shrinkage_regularization_strength: NotNegative | None = None
    """The weight of the L2 penalty that acts through the gradient."""
    beta: NotNegative | None = None
    """FTRL's beta."""


class Muon(Sgd, Rooted):
    """The options of Muon."""

    ns_steps: Annotated[int, Field(ge=1)] | None = None
    """Iterations of Newton and Schulz."""
    rms_rate: Positive | None = None
    """The root mean square of a kernel's update, as a multiple of the learning rate."""
    adam_beta_1: DecayRate | None = None
    """`beta_1` of Adam, which updates biases and embeddings."""
    adam_beta_2: DecayRate | None = None
    """`beta_2` of Adam, which updates biases and embeddings."""
    adam_lr_ratio: Positive | None = None
    """The learning rate of Adam as a multiple of the learning rate."""


def _of_keras(name: str) -> Callable[[], "type[keras.optimizers.Optimizer]"]:
    """Return a function that returns a class of Keras."""

    def its_class() -> "type[keras.optimizers.Optimizer]":
        import keras

        return getattr(keras.optimizers, name)

    return its_class


_OPTIONS: dict[str, type[Section]] = {
    "Adadelta": Squares,
    "Adafactor": Adafactor,
    "Adagrad": Adagrad,
    "Adam": Adam,
    "Adamax": Moments,
    "AdamW": Adam,
    "Ftrl": Ftrl,
    "Lamb": Moments,
    "Lion": Lion,
    "Muon": Muon,
    "Nadam": Moments,
    "RMSprop": RmsProp,
    "SGD": Sgd,
}
for _name, _options in _OPTIONS.items():
    optimizer(_name.lower(), options=_options)(_of_keras(_name))

OWN = tuple(dict.fromkeys(name for kind in OPTIMIZERS.values() for name in kind.options.model_fields))
"""The options of all optimizers."""
