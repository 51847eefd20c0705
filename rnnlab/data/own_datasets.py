"""Registers a user's function as a data set: the section of a config that declares it, and what makes its data."""

from collections.abc import Callable
from functools import partial
from inspect import signature
from typing import Any, ClassVar, Literal, TypeVar

from pydantic import Field

from rnnlab.data.build_dataset import BUILDERS
from rnnlab.data.dataset import Dataset
from rnnlab.data.generators.drawn_splits import generated
from rnnlab.data.generators.generator_config import Generated
from rnnlab.data.registered import DATASETS, DatasetKind
from rnnlab.data.task import KINDS
from rnnlab.names import nearest
from rnnlab.registry import file_of
from rnnlab.section import NO_SOURCE, NoOptions, Section

Function = TypeVar("Function", bound=Callable)
CountOrFunction = int | Callable[..., int]
"""A number, or a function of the config that returns one."""


def dataset(
    name: str, *, task: str, outputs: CountOrFunction = 1, vocabulary: CountOrFunction = 0, options: type[Section] = NoOptions
) -> Callable[[Function], Function]:
    """Register a function as a data set by name.

    The function draws examples, (config, examples, seed) -> inputs [examples, steps, ...] and targets, for each split with a
    seed of its own; or it takes the config alone and returns a `Dataset`. `task` is the kind of task, `outputs` and
    `vocabulary` (of inputs that are tokens) are numbers or functions of the config; `options` is the section of settings of
    its own, each with a default, beside those of every drawn data set. Raises ValueError for an unknown kind of task and for a
    name that is taken.
    """
    if task not in KINDS:
        raise ValueError(f"task: there is no kind of task {task!r}{nearest(task, KINDS)}; the kinds are {', '.join(KINDS)}")

    def register(function: Function) -> Function:
        if name in BUILDERS:
            raise ValueError(f"there is a data set {name!r} already, from rnnlab: give another name")

        def build(config: Any) -> Dataset:
            if len(signature(function).parameters) == 1:
                return function(config)
            width, tokens = (value(config) if callable(value) else value for value in (outputs, vocabulary))
            return generated(config, partial(function, config), width, tokens, known={})

        DATASETS.add(
            name, DatasetKind(_section(name, task, bool(vocabulary), options, function.__doc__), build), file_of(function)
        )
        return function

    return register


def _section(name: str, task: str, tokens: bool, options: type[Section], about: str | None) -> type[Section]:
    own = {
        "__annotations__": {"name": Literal[name], "task": ClassVar[str], "tokens": ClassVar[bool]},
        "__module__": options.__module__,
        "__doc__": about or f"The data set {name}.",
        "model_config": NO_SOURCE,
        "name": Field(description="The name of the data set."),
        "task": task,
        "tokens": tokens,
    }
    return type(f"{name.title().replace('_', '')}Data", (options, Generated), own)
