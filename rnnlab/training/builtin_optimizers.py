"""The optimizers of Keras that follow the gradient of a step, with the options that each has by Keras's names."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from rnnlab.section import Section
from rnnlab.training.optimizer_config import OPTIMIZERS, NotNegative, Positive, optimizer

if TYPE_CHECKING:
    import keras

Kept = Annotated[float, Field(ge=0, lt=1)]
"""The part of a running mean that is kept at every step."""


class Rooted(Section):
    """Options of optimizers that divide by a root."""

    epsilon: NotNegative | None = None
    """What is added to a root so that nothing is divided by zero."""


class Moments(Rooted):
    """The options that Adam and its relatives share."""

    beta_1: Kept | None = None
    """How much of the mean gradient is kept at every step."""
    beta_2: Kept | None = None
    """How much of the mean squared gradient is kept at every step."""


class Adam(Moments):
    """The options of Adam and AdamW."""

    amsgrad: bool | None = None
    """Divide by the greatest mean square so far."""


class Squares(Rooted):
    """The options of Adadelta."""

    rho: Kept | None = None
    """How much of the mean squared gradient is kept at every step."""


class Momentum(Section):
    """Options of optimizers that keep a part of the last step."""

    momentum: Kept | None = None
    """How much of the last step is kept."""


class Sgd(Momentum):
    """The options of stochastic gradient descent."""

    nesterov: bool | None = None
    """Nesterov's momentum."""


class RmsProp(Squares, Momentum):
    """The options of RMSprop."""

    centered: bool | None = None
    """Divide by the variance of the gradient in place of its mean square."""


class Lion(Section):
    """The options of Lion."""

    beta_1: Kept | None = None
    """How much of the mean gradient goes into a step."""
    beta_2: Kept | None = None
    """How much of the mean gradient is kept at every step."""


class Adafactor(Section):
    """The options of Adafactor."""

    beta_2_decay: float | None = None
    """The power of the step by which the mean square forgets."""
    epsilon_1: NotNegative | None = None
    """What is added to the squared gradient."""
    epsilon_2: NotNegative | None = None
    """The least size of a weight that scales the step."""
    clip_threshold: Positive | None = None
    """The greatest root mean square of a weight's step."""
    relative_step: bool | None = None
    """Whether the rate falls with the step, at most `learning_rate`."""


class Adagrad(Rooted):
    """The options of Adagrad."""

    initial_accumulator_value: NotNegative | None = None
    """What the sum of squared gradients begins with."""


class Ftrl(Section):
    """The options of FTRL."""

    learning_rate_power: Annotated[float, Field(le=0)] | None = None
    """The power of the sum of squared gradients which the rate is multiplied by."""
    initial_accumulator_value: NotNegative | None = None
    """What the sum of squared gradients begins with."""
    l1_regularization_strength: NotNegative | None = None
    """The weight of the L1 penalty."""
    l2_regularization_strength: NotNegative | None = None
    """The weight of the L2 penalty."""
    l2_shrinkage_regularization_strength: NotNegative | None = None
    """The weight of the L2 penalty by the gradient."""
    beta: NotNegative | None = None
    """FTRL's beta."""


class Muon(Sgd, Rooted):
    """The options of Muon."""

    ns_steps: Annotated[int, Field(ge=1)] | None = None
    """Steps of Newton and Schulz."""
    rms_rate: Positive | None = None
    """The root mean square of a kernel's step, as a multiple of the rate."""
    adam_beta_1: Kept | None = None
    """`beta_1` of Adam, which biases and embeddings follow."""
    adam_beta_2: Kept | None = None
    """`beta_2` of Adam, which biases and embeddings follow."""
    adam_lr_ratio: Positive | None = None
    """The rate of Adam as a multiple of the rate."""


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
"""The options of all of them."""
