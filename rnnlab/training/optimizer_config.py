"""The optimizer section of a config: which registered optimizer, its options, and what is done around its step."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from rnnlab.choice import DeclaredPart, DeclaredParts, Part
from rnnlab.documents import Record
from rnnlab.section import Section, conflict

if TYPE_CHECKING:
    import keras

Positive = Annotated[float, Field(gt=0)]
"""A number above zero."""
NotNegative = Annotated[float, Field(ge=0)]
"""A number of at least zero."""
Epochs = Annotated[int, Field(ge=0, le=1_000_000)]
"""A number of epochs."""
NAME = "adam"
"""The optimizer of a section that names none."""
RELEASE_0_1 = {"momentum": 0.0, "rho": 0.9}
"""Values that release 0.1 wrote for every optimizer; they are ignored if the optimizer has no option of this name."""


class AveragingConfig(Section):
    """Averaged SGD: once it is triggered, the mean of the weights after every step is evaluated, while training goes on.

    Polyak & Juditsky 1992. The trigger is an epoch, or `nonmonotone` epochs without improvement of the monitored metric: epoch
    e triggers it if its metric is worse than the best of the epochs before e - nonmonotone, as in AWD-LSTM's NT-ASGD (Merity
    et al. 2018, arXiv 1708.02182).
    """

    nonmonotone: Annotated[int, Field(ge=1)] | None = None
    """Epochs without improvement that trigger averaging."""
    after: Epochs | None = None
    """The epoch after which averaging starts, 0 before the first step."""

    @model_validator(mode="after")
    def _one_trigger(self) -> "AveragingConfig":
        if (self.nonmonotone is None) == (self.after is None):
            raise ValueError("averaging needs one trigger: nonmonotone: EPOCHS or after: EPOCH")
        return self


class GradientNoiseConfig(Section):
    """Gaussian noise on the gradient, of variance variance / (1 + t)^decay at step t from 0 (Neelakantan et al. 2015)."""

    variance: Positive
    """The variance at the first step: 0.01, 0.3 or 1 in the paper (arXiv 1511.06807)."""
    decay: NotNegative = 0.55
    """How fast the variance falls; 0 keeps it constant."""


class OptimizerConfig(Section):
    """The optimizer; a registered optimizer adds its options, for which null uses the optimizer's own default."""

    name: str
    """The name of the optimizer."""
    learning_rate: Positive = 1e-3
    """The learning rate."""
    clip_norm: Positive | None = None
    """The largest norm of the whole gradient; null does not clip."""
    clip_update: Positive | None = None
    """The largest norm of the whole update that the optimizer computes, which Zoneout's code clips; null does not clip."""
    gradient_noise: GradientNoiseConfig | None = None
    """Noise that is added to the gradient after clipping; null adds none."""
    weight_decay: NotNegative = 0.0
    """Decoupled weight decay: before a step every weight is reduced by this fraction of itself, see `weight_decay_by`."""
    weight_decay_by: Literal["rate", "step"] = "rate"
    """rate multiplies the fraction by the learning rate, as AdamW does and, with plain sgd, PyTorch's weight decay; step uses
    it unchanged, as Gal & Ghahramani's code does."""
    l2: NotNegative = 0.0
    """L2 penalty: l2 * the sum of all squared weights is minimised together with the loss, through its gradient 2 l2 w, which
    is clipped with the rest; reported losses do not include it."""
    averaging: AveragingConfig | None = None
    """When averaging of the weights starts; null never averages."""

    @model_validator(mode="before")
    @classmethod
    def _without_others(cls, values: object) -> object:
        """Drop options of other optimizers that are null, as in older files; refuse the others."""
        if not isinstance(values, dict):
            return values
        kept = dict(values)
        for option in [option for option in values if option not in cls.model_fields]:
            who = [name for name, kind in OPTIMIZERS.items() if option in kind.options.model_fields]
            if values[option] is None or RELEASE_0_1.get(option) == values[option]:
                kept = {name: value for name, value in kept.items() if name != option or not who}
            elif who:
                named = " and ".join(filter(None, [", ".join(who[:-1]), who[-1]]))
                told = f"{values.get('name', NAME)} takes no {option}; {named} {'does' if len(who) == 1 else 'do'}"
                raise conflict((option,), told, values[option])
        return kept

    @property
    def settings(self) -> Record:
        """The options that are given, by the names of the optimizer's arguments."""
        names = OPTIMIZERS[self.name].options.model_fields
        return {name: value for name in names if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, eq=False)
class DeclaredOptimizer(DeclaredPart):
    """A subclass of `keras.optimizers.Optimizer`, or a function that returns it, so that Keras is imported only when needed."""

    def type(self) -> "type[keras.optimizers.Optimizer]":
        """The class."""
        return self.part if isinstance(self.part, type) else self.part()


OPTIMIZERS = DeclaredParts("optimizer", OptimizerConfig, DeclaredOptimizer, NAME)
"""The optimizers by their names in a config."""


def optimizer(name: str, *, options: type[Section] = Section) -> Callable[[Part], Part]:
    """Register a subclass of `keras.optimizers.Optimizer` by name; `options` is the section of its options, with defaults.

    Its constructor takes `learning_rate`, the options by their names, and keyword arguments for Keras. Clipping, weight decay,
    noise on the gradient and averaging, as the section sets them, happen around its `update_step`. Variables
    are made by `add_variable` or `add_variable_from_reference`, so that a checkpoint holds them. Raises ValueError for a name
    that is taken.
    """
    return OPTIMIZERS.register(name, options)


OPTIMIZER = OPTIMIZERS.choice
"""What reads an optimizer section."""
AnyOptimizer = Annotated[OptimizerConfig, OPTIMIZER]
"""The section of any registered optimizer."""
