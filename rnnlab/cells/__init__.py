"""What happens in one time step."""

from rnnlab.cells.gru_cell import GRUCell
from rnnlab.cells.lstm_cell import LSTMCell

__all__ = ["GRUCell", "LSTMCell"]
