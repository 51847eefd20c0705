"""The model section of a config: embedding, recurrent layers, head."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticKnownError

from rnnlab.data.task import KINDS
from rnnlab.data.word_vectors import width_of
from rnnlab.errors import UserError
from rnnlab.models.recurrent_config import NO_RATE, AnyLayer, Width, Words
from rnnlab.names import nearest
from rnnlab.section import Section, conflict

Rate = Annotated[float, Field(ge=0, lt=1)]
"""The probability that an element is dropped, in [0, 1)."""

_FROM_VECTORS: Any = None


class EmbeddingConfig(Section):
    """A table with a vector for every token."""

    vectors: str | None = None
    """A file of pretrained vectors to start from: text of GloVe or fastText, optionally gzipped, or an array (.npy); null draws
    all vectors. Words that the file lacks keep their drawn vectors."""
    words: str | None = None
    """With an array, the file of its words, one per line."""
    vectors_sha256: str | None = None
    """The SHA-256 of the vectors, which a run records; if it is given, other vectors are refused."""
    width: Width = _FROM_VECTORS
    """The size of a vector; with `vectors`, null uses the size in their file."""
    trainable: bool = True
    """Whether training changes the vectors."""
    dropout: Words = NO_RATE
    """Word dropout: a rate or a scheme."""

    @field_validator("words", "vectors_sha256")
    @classmethod
    def _goes_with_vectors(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value and not info.data.get("vectors"):
            raise ValueError(f"{info.field_name} needs vectors: FILE")
        return value

    @field_validator("width", mode="before")
    @classmethod
    def _fits_vectors(cls, width: object, info: ValidationInfo) -> object:
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


class HeadConfig(Section):
    """The layers from the output of the recurrent stack to the prediction."""

    task: str | None = None
    """The kind of task; null uses that of the data."""
    pooling: Literal["last", "mean", "max", "attention"] = "last"
    """What represents a sequence: the output of the last unpadded step, or the mean, the maximum or the attention-weighted mean
    (Yang et al. 2016) of the outputs of all unpadded steps."""
    reads: Literal["last", "all"] = "last"
    """Which recurrent layers the head reads: the last, or with all (skip connections) every one, their outputs concatenated."""
    dense: list[Width] = Field(default_factory=list)
    """The sizes of dense layers between the recurrent stack and the output layer."""
    activation: Literal["relu", "tanh", "gelu"] = "relu"
    """The activation of the dense layers."""
    tie_embedding: bool = False
    """Use the embedding table as output weights (Press & Wolf 2017); needs a last layer, or a projection, as wide as it."""
    projection: Width | None = None
    """The size of a linear layer before the output layer, so that a wide recurrent layer can share a narrow embedding; null
    adds none."""
    bias: bool = False
    """Add a bias to the outputs of tied weights; untied outputs always have one."""
    dropout: Rate = 0.0
    """The dropout rate of the last layer's output, with one mask per sequence."""

    @field_validator("task")
    @classmethod
    def _registered(cls, task: str | None) -> str | None:
        if task is not None and task not in KINDS:
            raise ValueError(f"must be one of {', '.join(KINDS)}{nearest(task, KINDS)}, got the text {task!r}")
        return task


class InitialConfig(Section):
    """The distribution of all initial weights, including biases, gains and peepholes."""

    uniform: Annotated[float, Field(gt=0)]
    """Every weight is drawn uniformly from ± this value, forget biases included, as in Zaremba et al. 2014."""
    embedding: Annotated[float, Field(gt=0)] | None = None
    """The same for the embedding table; null uses `uniform`."""


class ModelConfig(Section):
    """Embedding, recurrent stack, head."""

    embedding: EmbeddingConfig | None = None
    """The embedding table; tasks on tokens need it, others leave it null."""
    recurrent: Annotated[list[AnyLayer], Field(min_length=1)]
    """The recurrent layers, from the input to the head."""
    residual: bool = False
    """Add the input of every recurrent layer but the first to its output; all outputs must have the same size."""
    head: HeadConfig = HeadConfig()
    """The layers from the recurrent stack to the prediction."""
    initial: InitialConfig | None = None
    """The distribution of the initial weights; null uses Keras's defaults: Glorot and orthogonal kernels, biases 0, and 1 for
    the forget gate."""
    start_from: str | None = None
    """The folder of a finished run whose weights are the initial weights of layers with the same names; other layers are
    initialised as usual. Shapes and tokens must agree; null initialises all layers as usual."""
    start_layers: list[str] | None = None
    """The layers that take weights from that run (embedding, recurrent_0, ...); null takes all that it has."""
    start_from_sha256: str | None = None
    """The SHA-256 of those weights, which a run records; if it is given, other weights are refused."""

    @property
    def whole_sequences(self) -> bool:
        """Whether every recurrent layer returns all steps, even if the head does not need them."""
        return self.residual or self.head.reads == "all"

    @property
    def outputs(self) -> int:
        """The size of what the head reads."""
        read = self.recurrent if self.head.reads == "all" else self.recurrent[-1:]
        return sum(layer.outputs for layer in read)

    @property
    def head_inputs(self) -> int:
        """The size of the input of the projection, or of the output layer."""
        return self.head.dense[-1] if self.head.dense else self.outputs

    @model_validator(mode="after")
    def _adds_equals(self) -> "ModelConfig":
        widths = [layer.outputs for layer in self.recurrent]
        if self.residual and len(set(widths)) > 1:
            message = f"the recurrent layers give {', '.join(map(str, widths))} elements; residual connections need equal ones"
            raise conflict(("residual",), message, True)
        return self

    @model_validator(mode="after")
    def _starts(self) -> "ModelConfig":
        for name in ("start_layers", "start_from_sha256"):
            if getattr(self, name) is not None and not self.start_from:
                raise conflict((name,), f"{name} needs start_from: RUN", getattr(self, name))
        return self

    @model_validator(mode="after")
    def _ties(self) -> "ModelConfig":
        width = self.head.projection or self.head_inputs
        if self.head.bias and not self.head.tie_embedding:
            raise conflict(("head", "bias"), "only tied weights can go without a bias; leave the key out", True)
        if self.head.tie_embedding and (self.embedding is None or self.embedding.width != width):
            table = f"has width {self.embedding.width}" if self.embedding else "is missing"
            what = "projection" if self.head.projection else "last dense layer" if self.head.dense else "last recurrent layer"
            message = f"the {what} gives {width} elements and the embedding {table}; tied weights need equal widths"
            raise conflict(("head", "tie_embedding"), message, True)
        return self
