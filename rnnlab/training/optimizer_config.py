"""The optimizer section of a config: which optimizer of Keras, its settings, and what is done around its step."""

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, field_validator, model_validator

from rnnlab.section import Section, conflict

Positive = Annotated[float, Field(gt=0)]
"""A number above zero."""
NotNegative = Annotated[float, Field(ge=0)]
"""A number from zero up."""
Kept = Annotated[float, Field(ge=0, lt=1)]
"""The part of a running mean that is kept at every step."""
Epochs = Annotated[int, Field(ge=0, le=1_000_000)]
"""A number of epochs."""
Name = Literal[
    "adadelta", "adafactor", "adagrad", "adam", "adamax", "adamw", "ftrl", "lamb", "lion", "muon", "nadam", "rmsprop", "sgd"
]
"""The optimizers of Keras that follow the gradient of a step."""

_ADAM = ("beta_1", "beta_2", "epsilon")
SETTINGS: dict[str, tuple[str, ...]] = {
    "adadelta": ("rho", "epsilon"),
    "adafactor": ("beta_2_decay", "epsilon_1", "epsilon_2", "clip_threshold", "relative_step"),
    "adagrad": ("initial_accumulator_value", "epsilon"),
    "adam": (*_ADAM, "amsgrad"),
    "adamax": _ADAM,
    "adamw": (*_ADAM, "amsgrad"),
    "ftrl": ("learning_rate_power", "initial_accumulator_value", "l1_regularization_strength", "l2_regularization_strength",
             "l2_shrinkage_regularization_strength", "beta"),
    "lamb": _ADAM,
    "lion": ("beta_1", "beta_2"),
    "muon": ("momentum", "nesterov", "ns_steps", "rms_rate", "adam_beta_1", "adam_beta_2", "adam_lr_ratio", "epsilon"),
    "nadam": _ADAM,
    "rmsprop": ("rho", "momentum", "epsilon", "centered"),
    "sgd": ("momentum", "nesterov"),
}  # fmt: skip
"""The settings that each optimizer has for itself, by the names of Keras's arguments."""
OWN = tuple(dict.fromkeys(name for names in SETTINGS.values() for name in names))
"""All of them."""


class AveragingConfig(Section):
    """Averaged SGD: from a trigger on, the mean of the weights after every step is what is judged, while training goes on.

    Polyak & Juditsky 1992. The trigger is an epoch, or that the monitored figure has not got better for `nonmonotone` epochs:
    epoch e pulls it where its figure is worse than the best one of the epochs before e - nonmonotone, as in AWD-LSTM's
    NT-ASGD (Merity et al. 2018, arXiv 1708.02182).
    """

    nonmonotone: Annotated[int, Field(ge=1)] | None = None
    """Epochs without a better figure that pull the trigger."""
    after: Epochs | None = None
    """The epoch at whose end the trigger is pulled, 0 before the first step."""

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
    """How fast it falls; 0 keeps it."""


class OptimizerConfig(Section):
    """How the weights follow the gradient; a setting of null is Keras's own."""

    name: Name = "adam"
    """The algorithm, as in `keras.optimizers`."""
    learning_rate: Positive = 1e-3
    """Step size."""
    clip_norm: Positive | None = None
    """Largest norm of the whole gradient; null leaves it as it is."""
    clip_update: Positive | None = None
    """Largest norm of the whole step that the optimizer makes of the gradient, as the code of Zoneout clips; null leaves it."""
    gradient_noise: GradientNoiseConfig | None = None
    """Noise on the gradient, after clipping; null adds none."""
    weight_decay: NotNegative = 0.0
    """Decoupled weight decay: before a step every weight loses this fraction of itself, see `weight_decay_by`."""
    weight_decay_by: Literal["rate", "step"] = "rate"
    """rate multiplies the fraction by the learning rate (as AdamW does, and under plain sgd PyTorch's weight decay); step takes
    it as it is, whatever the learning rate, as Gal & Ghahramani's code does."""
    l2: NotNegative = 0.0
    """L2 penalty: l2 * sum of all squared weights is minimised with the loss, by its gradient 2 l2 w, which is clipped with the
    rest; the metrics do not contain it."""
    averaging: AveragingConfig | None = None
    """When to begin to evaluate the mean of the weights; null never does."""
    momentum: Kept | None = None
    """sgd, rmsprop, muon: how much of the last step is kept."""
    nesterov: bool | None = None
    """sgd, muon: Nesterov's momentum."""
    rho: Kept | None = None
    """rmsprop, adadelta: how much of the mean squared gradient is kept at every step."""
    centered: bool | None = None
    """rmsprop: divide by the variance of the gradient in place of its mean square."""
    beta_1: Kept | None = None
    """adam and its kin, lion: how much of the mean gradient is kept at every step."""
    beta_2: Kept | None = None
    """adam and its kin: how much of the mean squared gradient is kept; lion: of the mean gradient."""
    amsgrad: bool | None = None
    """adam, adamw: divide by the greatest mean square so far."""
    epsilon: NotNegative | None = None
    """What is added to a root so that nothing is divided by zero."""
    beta_2_decay: float | None = None
    """adafactor: the power of the step by which the mean square forgets."""
    epsilon_1: NotNegative | None = None
    """adafactor: what is added to the squared gradient."""
    epsilon_2: NotNegative | None = None
    """adafactor: the least size of a weight that scales the step."""
    clip_threshold: Positive | None = None
    """adafactor: the greatest root mean square of a weight's step."""
    relative_step: bool | None = None
    """adafactor: whether the rate falls with the step, at most `learning_rate`."""
    initial_accumulator_value: NotNegative | None = None
    """adagrad, ftrl: what the sum of squared gradients begins with."""
    learning_rate_power: Annotated[float, Field(le=0)] | None = None
    """ftrl: the power of that sum which the rate is multiplied by."""
    l1_regularization_strength: NotNegative | None = None
    """ftrl: the weight of its L1 penalty."""
    l2_regularization_strength: NotNegative | None = None
    """ftrl: the weight of its L2 penalty."""
    l2_shrinkage_regularization_strength: NotNegative | None = None
    """ftrl: the weight of its L2 penalty by the gradient."""
    beta: NotNegative | None = None
    """ftrl: its beta."""
    ns_steps: Annotated[int, Field(ge=1)] | None = None
    """muon: steps of Newton and Schulz."""
    rms_rate: Positive | None = None
    """muon: the root mean square of a kernel's step, as a multiple of the rate."""
    adam_beta_1: Kept | None = None
    """muon: `beta_1` of Adam, which biases and embeddings follow."""
    adam_beta_2: Kept | None = None
    """muon: `beta_2` of Adam, which biases and embeddings follow."""
    adam_lr_ratio: Positive | None = None
    """muon: the rate of Adam as a multiple of the rate."""

    @field_validator("momentum", "rho")
    @classmethod
    def _release_0_1(cls, value: float | None, info: Any) -> float | None:
        """What release 0.1 wrote for every optimizer is no setting where the optimizer has none of this name."""
        plain = {"momentum": 0.0, "rho": 0.9}[info.field_name]
        return None if value == plain and info.field_name not in SETTINGS.get(info.data.get("name"), ()) else value

    @model_validator(mode="after")
    def _has_its_settings(self) -> "OptimizerConfig":
        for setting in OWN:
            if getattr(self, setting) is not None and setting not in SETTINGS[self.name]:
                others = [name for name in get_args(Name) if setting in SETTINGS[name]]
                do = "does" if len(others) == 1 else "do"
                named = " and ".join(filter(None, [", ".join(others[:-1]), others[-1]]))
                raise conflict((setting,), f"{self.name} takes no {setting}; {named} {do}", getattr(self, setting))
        return self

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that are given, by the names of Keras's arguments."""
        return {name: value for name in SETTINGS[self.name] if (value := getattr(self, name)) is not None}
