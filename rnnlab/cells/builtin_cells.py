"""The cells that come with rnnlab: their modules register them when they are imported, as those of plug-ins do."""

from rnnlab.cells import gru_step, lstm_step, min_steps, simple_step, slstm_step, wide_steps
from rnnlab.cells.kinds import CELLS

__all__ = ["CELLS", "gru_step", "lstm_step", "min_steps", "simple_step", "slstm_step", "wide_steps"]
