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
    dropout: Words = NO_RATE
    """Word dropout: a rate or a scheme."""

    @field_validator("words", "vectors_sha256")
    @classmethod
    def _goes_with_vectors(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value and not info.data.get("vectors"):
            raise ValueError(f"{info.field_name} goes with vectors: FILE")
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
    """From the last layer's output to the prediction."""

    task: str | None = None
    """The kind of task it is for; null takes the one that the data has."""
    pooling: Literal["last", "mean", "max", "attention"] = "last"
    """What stands for a sequence: the last real step's output, or the mean, the maximum or a mean weighed by attention (Yang et
    al. 2016) over the outputs of its real steps."""
    reads: Literal["last", "all"] = "last"
    """Which recurrent layers the head is given: the last, or with skip connections all of them, side by side."""
    dense: list[Width] = Field(default_factory=list)
    """Elements of dense layers after the recurrent stack, one after the other, before the output."""
    activation: Literal["relu", "tanh", "gelu"] = "relu"
    """What the dense layers compute of their sums."""
    tie_embedding: bool = False
    """Use the embedding table as output weights (Press & Wolf 2017); needs a last layer, or a projection, as wide as it."""
    projection: Width | None = None
    """Elements of a linear layer before the output, so that a wide layer can share a narrow embedding; null leaves it out."""
    bias: bool = False
    """Add a bias to the outputs of tied weights; untied ones always have one."""
    dropout: Rate = 0.0
    """The rate of the mask on the last layer's output, one mask a sequence."""

    @field_validator("task")
    @classmethod
    def _registered(cls, task: str | None) -> str | None:
        if task is not None and task not in KINDS:
            raise ValueError(f"must be one of {', '.join(KINDS)}{nearest(task, KINDS)}, got the text {task!r}")
        return task


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
    recurrent: Annotated[list[AnyLayer], Field(min_length=1)]
    """The recurrent layers, from the input up."""
    residual: bool = False
    """Add to the output of every recurrent layer but the first its input; all need equal outputs."""
    head: HeadConfig = HeadConfig()
    """The output."""
    initial: InitialConfig | None = None
    """How the weights are drawn; null takes Keras's ways: Glorot and orthogonal kernels, biases 0, 1 at the forget gate."""
    start_from: str | None = None
    """The folder of a finished run whose weights the layers of the same names start from; others start fresh. Shapes, and the
    tokens that weights belong to, must agree; null starts all fresh."""
    start_layers: list[str] | None = None
    """Which layers take weights from there (embedding, recurrent_0, ...); null takes all that it has."""
    start_from_sha256: str | None = None
    """The fingerprint of those weights, which belongs to a run; where it is given, other weights are refused."""

    @property
    def whole_sequences(self) -> bool:
        """Whether every recurrent layer hands on all steps, whatever the head needs."""
        return self.residual or self.head.reads == "all"

    @property
    def outputs(self) -> int:
        """Elements that the recurrent layers give to the head."""
        read = self.recurrent if self.head.reads == "all" else self.recurrent[-1:]
        return sum(layer.outputs for layer in read)

    @property
    def head_inputs(self) -> int:
        """Elements that the projection, or the output layer, is given."""
        return self.head.dense[-1] if self.head.dense else self.outputs

    @model_validator(mode="after")
    def _adds_equals(self) -> "ModelConfig":
        widths = [layer.outputs for layer in self.recurrent]
        if self.residual and len(set(widths)) > 1:
            message = f"the recurrent layers give {', '.join(map(str, widths))} elements; what is added needs equal ones"
            raise conflict(("residual",), message, True)
        return self

    @model_validator(mode="after")
    def _starts(self) -> "ModelConfig":
        for name in ("start_layers", "start_from_sha256"):
            if getattr(self, name) is not None and not self.start_from:
                raise conflict((name,), f"{name} goes with start_from: RUN", getattr(self, name))
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
