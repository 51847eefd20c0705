"""The tab HParams: with which settings a training was done, and how it ended."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tensorboard.compat.proto.summary_pb2 import Summary

HparamValue = str | float | bool
"""A value by which TensorBoard sorts and filters; a name has values of one type in all runs."""


def session_start(group: str, settings: Mapping[str, HparamValue]) -> "Summary.Value":
    """Return the beginning of a training with these settings; the trainings of one group are one row, with their means."""
    from tensorboard.plugins.hparams.summary_v2 import hparams_pb

    (value,) = hparams_pb(dict(settings), trial_id=group).value
    return value


def session_end(succeeded: bool) -> "Summary.Value":
    """Return the end of a training, by which the tab filters."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import api_pb2, metadata
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo

    status = api_pb2.STATUS_SUCCESS if succeeded else api_pb2.STATUS_FAILURE
    end = HParamsPluginData(session_end_info=SessionEndInfo(status=status, end_time_secs=time.time()))
    return Summary.Value(
        tag=metadata.SESSION_END_INFO_TAG,
        metadata=metadata.create_summary_metadata(end),
        tensor=metadata.NULL_TENSOR,
    )
