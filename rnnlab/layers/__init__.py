"""Keras layers: drop-in LSTM and GRU with every dropout scheme, and the vertical noise around them."""

from rnnlab.layers.bidirectional import Bidirectional
from rnnlab.layers.embedding import Embedding
from rnnlab.layers.gru import GRU
from rnnlab.layers.locked import LockedDropout
from rnnlab.layers.lstm import LSTM
from rnnlab.layers.rnn import RNN

__all__ = ["GRU", "LSTM", "RNN", "Bidirectional", "Embedding", "LockedDropout"]
