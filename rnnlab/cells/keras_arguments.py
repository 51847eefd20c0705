"""The types of the arguments that Keras takes by name, by config or as an object."""

from collections.abc import Callable
from typing import TypeAlias

from rnnlab.documents import Record
from rnnlab.tensors import Tensor

ActivationName: TypeAlias = str | Record | Callable[[Tensor], Tensor] | None
Initializer: TypeAlias = str | Record | Callable[..., Tensor] | None
Regularizer: TypeAlias = str | Record | Callable[[Tensor], Tensor] | None
Constraint: TypeAlias = str | Record | Callable[[Tensor], Tensor] | None
