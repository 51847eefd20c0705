"""A look inside: a model and a batch in, arrays out."""

from rnnlab.inspection.gates import Saturation, gates, saturation, time_constant

__all__ = ["Saturation", "gates", "saturation", "time_constant"]
