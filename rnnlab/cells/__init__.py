"""What happens in one time step."""

from rnnlab.cells.gru import GRUCell
from rnnlab.cells.lstm import LSTMCell

__all__ = ["GRUCell", "LSTMCell"]
