"""The tab Custom Scalars: means over seeds as lines with their intervals as bands."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tensorboard.compat.proto.summary_pb2 import Summary

BAND = "interval"
"""The section of the tags from which only the bands are drawn."""


def low(tag: str) -> str:
    """The tag of the lower end of a band."""
    return f"{BAND}/{tag}/low"


def high(tag: str) -> str:
    """The tag of the upper end of a band."""
    return f"{BAND}/{tag}/high"


def layout(tags: Iterable[str]) -> "Summary.Value":
    """Return a chart for each of the tags, such as `validation/loss`, sorted into sections by what stands before the slash."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.custom_scalar import layout_pb2, metadata
    from tensorboard.util.tensor_util import make_tensor_proto

    sections: dict[str, list[object]] = {}
    for tag in tags:
        series = layout_pb2.MarginChartContent.Series(value=tag, lower=low(tag), upper=high(tag))
        chart = layout_pb2.Chart(title=f"{tag}, mean over seeds", margin=layout_pb2.MarginChartContent(series=[series]))
        sections.setdefault(tag.rpartition("/")[0] or "training", []).append(chart)
    categories = [layout_pb2.Category(title=title, chart=charts) for title, charts in sections.items()]
    content = layout_pb2.Layout(category=sorted(categories, key=lambda one: one.title != "validation"))
    return Summary.Value(
        tag=metadata.CONFIG_SUMMARY_TAG,
        metadata=metadata.create_summary_metadata(),
        tensor=make_tensor_proto(content.SerializeToString()),
    )
