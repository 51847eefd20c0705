"""The model section of a config: embedding, recurrent layers, head."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, WithJsonSchema, field_validator, model_validator
from pydantic_core import PydanticKnownError

from rnnlab.data.word_vectors import width_of
from rnnlab.errors import UserError
from rnnlab.noise.schemes import noises
from rnnlab.noise.sites import check_sites
from rnnlab.section import Section, conflict

Width = Annotated[int, Field(ge=1, le=1_000_000)]
"""A number of units."""
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
"""The weight of a penalty, from 0 up."""
Rate = Annotated[float, Field(ge=0, lt=1)]
"""The probability that an element is dropped, in [0, 1)."""

_FROM_VECTORS: Any = None

STATES = {"lstm": ("hidden", "cell"), "gru": ("hidden",)}
"""What each cell carries from step to step."""
OPTIONS = {"lstm": ("ar", "tar", "peephole", "coupled", "layer_norm", "cap_input"), "gru": ("ar", "tar", "reset_after")}
"""The options that each cell has for itself."""


def _plain(setting: Any) -> Any:
    """The setting with whole numbers as floats, so that 0 and 0.0 are one config."""
    match setting:
        case Mapping():
            return {key: _plain(value) for key, value in setting.items()}
        case list():
            return [_plain(value) for value in setting]
        case int() if not isinstance(setting, bool):
            return float(setting)
    return setting


def _checked(argument: str) -> AfterValidator:
    """Return the check of a field that takes a rate, a scheme, coordinates, or a list of these."""

    def check(setting: Any) -> Any:
        noises(setting, argument)
        return _plain(setting)

    return AfterValidator(check)


_SCHEMA = WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0, "exclusiveMaximum": 1}, {"type": ["object", "array"]}]})
Vertical = Annotated[Any, _checked("dropout"), _SCHEMA]
"""Noise on what enters the layer or leaves it: a rate, `{scheme: ...}`, `{site: ...}`, or a list of these."""
Horizontal = Annotated[Any, _checked("recurrent_dropout"), _SCHEMA]
"""Noise on what the layer hands to itself: a rate, `{scheme: ...}`, `{site: ...}`, or a list of these."""
Words = Annotated[Any, _checked("embedding"), _SCHEMA]
"""Noise on rows of the embedding table: a rate, `{scheme: word, ...}` or `{site: word, ...}`."""


class EmbeddingConfig(Section):
    """A table with a vector for every token."""

    vectors: str | None = None
    """A file of pretrained vectors to begin with: the text of GloVe or fastText, also gzipped, or an array (.npy); null draws
    all. Words that it does not have keep their drawn vectors."""
    words: str | None = None
    """For an array: the list of its words, one on a line."""
    vectors_sha256: str | None = None
    """The fingerprint of the vectors' bytes, which belongs to a run; where it is given, other bytes are refused."""
    width: Width = _FROM_VECTORS
    """Elements of a vector; with `vectors` null takes what their file has."""
    trainable: bool = True
    """Whether training changes the vectors."""
    dropout: Words = 0.0
    """Word dropout: a rate or a scheme."""

    @field_validator("words", "vectors_sha256")
    @classmethod
    def _goes_with_vectors(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value and not info.data.get("vectors"):
            raise ValueError(f"{info.field_name} goes with vectors: FILE")
        return value

    @field_validator("width", mode="before")
    @classmethod
    def _fits_vectors(cls, width: Any, info: ValidationInfo) -> Any:
        vectors = info.data.get("vectors")
        if vectors is None and width is None:
            raise PydanticKnownError("missing")
        if vectors is None or (width is not None and not Path(vectors).expanduser().is_file()):
            return width  # a finished run is read without the file of its vectors
        try:
            its = width_of(Path(vectors).expanduser())
        except UserError as error:
            raise ValueError(str(error)) from None
        if width not in (None, its):
            raise ValueError(f"the vectors of {vectors} have {its} elements; leave the width out")
        return its


class RecurrentConfig(Section):
    """One recurrent layer."""

    cell: Literal["lstm", "gru"] = "lstm"
    """What happens in one time step."""
    units: Width
    """Elements of the hidden state."""
    implementation: Literal["auto", "loop", "keras"] = "auto"
    """auto takes the fastest that fits, loop the plain loop, keras the built-in layer of Keras."""
    dropout: Vertical = 0.0
    """Vertical noise: a rate or a scheme."""
    recurrent_dropout: Horizontal = 0.0
    """Horizontal noise: a rate or a scheme."""
    ar: Weight = 0.0
    """Activation regularisation: the weight of the mean square of the outputs in the training loss (Merity et al. 2017)."""
    tar: Weight = 0.0
    """Temporal activation regularisation: the weight of the mean squared step from output to output in the training loss."""
    bidirectional: bool = False
    """Read the sequence in both directions and join the outputs."""
    peephole: bool = False
    """LSTM: the gates see the cell state (Gers & Schmidhuber 2000)."""
    coupled: bool = False
    """LSTM: the input gate is one minus the forget gate (Greff et al. 2017)."""
    layer_norm: bool = False
    """LSTM: layer normalisation of products and cell (Ba et al. 2016)."""
    cap_input: bool = False
    """LSTM: the input gate is at most one minus the forget gate (Melis et al. 2017); not with coupled gates, which are so."""
    reset_after: bool = True
    """GRU: the reset gate acts after the recurrent product, as in cuDNN."""

    @field_validator("dropout", "recurrent_dropout")
    @classmethod
    def _fits_cell(cls, setting: Any, info: ValidationInfo) -> Any:
        check_sites(noises(setting, str(info.field_name)), str(info.field_name), STATES.get(info.data.get("cell", "")))
        if info.data.get("implementation") == "keras" and not isinstance(setting, float):
            raise ValueError(f"implementation: keras takes a plain rate, got {setting!r}")
        return setting

    @field_validator("ar", "tar", "peephole", "coupled", "layer_norm", "cap_input", "reset_after")
    @classmethod
    def _belongs_to_cell(cls, value: Any, info: ValidationInfo) -> Any:
        name, cell = str(info.field_name), info.data.get("cell")
        if cell in OPTIONS and name not in OPTIONS[cell] and value != cls.model_fields[name].default:
            raise ValueError(f"cell: {cell} has no option {name}; its options are {', '.join(OPTIONS[cell])}")
        if info.data.get("implementation") == "keras" and value and name != "reset_after":
            raise ValueError(f"implementation: keras has no option {name}")
        return value

    @field_validator("cap_input")
    @classmethod
    def _not_coupled(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("coupled"):
            raise ValueError("coupled gates have i = 1 - f, which is never above the cap; leave one of the two out")
        return value


class HeadConfig(Section):
    """From the last layer's output to the prediction."""

    task: (
        Literal[
            "language_model",
            "character_model",
            "classification",
            "labelling",
            "tagging",
            "regression",
            "forecasting",
            "quantile_forecasting",
            "multilabel",
        ]
        | None
    ) = None
    """The kind of task it is for; null takes the one that the data has."""
    pooling: Literal["last", "mean", "max"] = "last"
    """What stands for a sequence: the last real step's output, or the mean or maximum over the outputs of its real steps."""
    tie_embedding: bool = False
    """Use the embedding table as output weights (Press & Wolf 2017); needs a last layer, or a projection, as wide as it."""
    projection: Width | None = None
    """Elements of a linear layer before the output, so that a wide layer can share a narrow embedding; null leaves it out."""
    bias: bool = False
    """Add a bias to the outputs of tied weights; untied ones always have one."""
    dropout: Rate = 0.0
    """The rate of the mask on the last layer's output, one mask a sequence."""


class InitialConfig(Section):
    """How all weights are drawn before training, biases, gains and peepholes among them."""

    uniform: Annotated[float, Field(gt=0)]
    """Every weight is uniform in ± this (Zaremba et al. 2014 draw all of them so); no forget bias stands out."""
    embedding: Annotated[float, Field(gt=0)] | None = None
    """The same for the table of token vectors; null takes `uniform`."""


class ModelConfig(Section):
    """Embedding, recurrent stack, head."""

    embedding: EmbeddingConfig | None = None
    """The table of token vectors; tasks on tokens need it, others take null."""
    recurrent: Annotated[list[RecurrentConfig], Field(min_length=1)]
    """The recurrent layers, from the input up."""
    head: HeadConfig = HeadConfig()
    """The output."""
    initial: InitialConfig | None = None
    """How the weights are drawn; null takes Keras's ways: Glorot and orthogonal kernels, biases 0, 1 at the forget gate."""

    @model_validator(mode="after")
    def _ties(self) -> "ModelConfig":
        last = self.recurrent[-1]
        width = self.head.projection or last.units * (2 if last.bidirectional else 1)
        if self.head.bias and not self.head.tie_embedding:
            raise conflict(("head", "bias"), "only tied weights can go without a bias; leave the key out", True)
        if self.head.tie_embedding and (self.embedding is None or self.embedding.width != width):
            table = f"has width {self.embedding.width}" if self.embedding else "is missing"
            what = "projection" if self.head.projection else "last recurrent layer"
            message = f"the {what} gives {width} elements and the embedding {table}; tied weights need equal widths"
            raise conflict(("head", "tie_embedding"), message, True)
        return self
