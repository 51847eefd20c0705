"""The columns of the tab HParams: first what varies between the variants, then what they are compared by."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rnnlab.tensorboard.hparams import RESULT
from rnnlab.tensorboard.hparams_sessions import HparamValue

if TYPE_CHECKING:
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import api_pb2

_BESIDE = re.compile(r"^variant$|\.(site|lifetime|rate\..*)$")
"""Settings that follow from a scheme: TensorBoard sorts the others before them, by name, and ticks the first five."""
_EACH = ("seed",)
"""Settings that differ between the seeds of one row."""


def columns(settings: Sequence[Mapping[str, HparamValue]], metrics: Iterable[str]) -> "Summary.Value":
    """Return the tab's columns for runs with these settings: those that differ, then the `metrics` in their order.

    TensorBoard takes the first such message that it reads for the whole tab.
    """
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

    shown = [_column(name, values) for name, values in varying(settings)]
    compared = [
        api_pb2.MetricInfo(name=api_pb2.MetricName(tag=f"{RESULT}/{name}"), display_name=name.replace("_", " "))
        for name in metrics
    ]
    content = plugin_data_pb2.HParamsPluginData(experiment=api_pb2.Experiment(hparam_infos=shown, metric_infos=compared))
    return Summary.Value(
        tag=metadata.EXPERIMENT_TAG, metadata=metadata.create_summary_metadata(content), tensor=metadata.NULL_TENSOR
    )


def varying(settings: Sequence[Mapping[str, HparamValue]]) -> list[tuple[str, list[HparamValue]]]:
    """Return the variant and the settings that differ between runs, with all their values.

    >>> varying([{"cell": "lstm", "dropout.rate": 0.5, "variant": "a"}, {"cell": "lstm", "dropout.rate": 0.0, "variant": "b"}])
    [('dropout.rate', [0.5, 0.0]), ('variant', ['a', 'b'])]
    """
    names = dict.fromkeys(name for one in settings for name in one if name not in _EACH)
    values = {name: list(dict.fromkeys(one[name] for one in settings if name in one)) for name in names}
    alone = {name for name, of in values.items() if len(of) == 1 and all(name in one for one in settings)}
    return [(name, of) for name, of in values.items() if name not in alone - {"variant"}]


def _column(name: str, values: Sequence[HparamValue]) -> "api_pb2.HParamInfo":
    from tensorboard.plugins.hparams import api_pb2

    column = api_pb2.HParamInfo(name=name, type=_type(values), differs=not _BESIDE.search(name))
    column.domain_discrete.extend(values)
    return column


def _type(values: Sequence[HparamValue]) -> int:
    from tensorboard.plugins.hparams import api_pb2

    if all(isinstance(value, bool) for value in values):
        return api_pb2.DATA_TYPE_BOOL
    numbers = all(isinstance(value, int | float) for value in values)
    return api_pb2.DATA_TYPE_FLOAT64 if numbers else api_pb2.DATA_TYPE_STRING
