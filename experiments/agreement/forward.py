"""A trained model in NumPy, whose units can be held at a value; measure.py uses it."""

from typing import Any

import numpy as np


class Forward:
    """A trained model in NumPy, so that a unit can be held at a value: embedding, one LSTM or GRU layer, a head per step."""

    def __init__(self, model: Any):
        self.embedding, self.kernel, self.recurrent, self.bias, self.head, self.head_bias = model.get_weights()
        self.units = self.recurrent.shape[0]
        self.lstm = self.recurrent.shape[1] == 4 * self.units

    def run(self, x: np.ndarray, held: dict[int, float] | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return logits [rows, steps, labels] and memories [rows, steps, units]: c of an LSTM, h of a GRU."""
        hidden = memory = np.zeros((len(x), self.units))
        logits, memories = [], []
        for step in range(x.shape[1]):
            seen = self.embedding[x[:, step]]
            hidden, memory = (self._lstm if self.lstm else self._gru)(seen, hidden, memory, held or {})
            logits.append(hidden @ self.head + self.head_bias)
            memories.append(memory)
        return np.stack(logits, 1), np.stack(memories, 1)

    def _lstm(self, x: np.ndarray, h: np.ndarray, c: np.ndarray, held: dict[int, float]) -> tuple[np.ndarray, np.ndarray]:
        i, f, g, o = np.split(x @ self.kernel + h @ self.recurrent + self.bias, 4, axis=1)
        c = hold(sigmoid(f) * c + sigmoid(i) * np.tanh(g), held)
        return sigmoid(o) * np.tanh(c), c

    def _gru(self, x: np.ndarray, h: np.ndarray, _: np.ndarray, held: dict[int, float]) -> tuple[np.ndarray, np.ndarray]:
        z, r, g = np.split(x @ self.kernel + self.bias[0], 3, axis=1)
        uz, ur, ug = np.split(h @ self.recurrent + self.bias[1], 3, axis=1)
        z = sigmoid(z + uz)
        h = hold(z * h + (1 - z) * np.tanh(g + sigmoid(r + ur) * ug), held)
        return h, h


def hold(memory: np.ndarray, held: dict[int, float]) -> np.ndarray:
    """Return the memory with some units set to given values."""
    memory = memory.copy()
    for unit, value in held.items():
        memory[:, unit] = value
    return memory


def sigmoid(a: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + e^-a)."""
    return 1 / (1 + np.exp(-a))
