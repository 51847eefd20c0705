"""The equations of SimpleRNN, minGRU, minLSTM, sLSTM, projected and Mogrifier LSTM in NumPy, from their papers."""

import numpy as np
from conformance.oracle import sigmoid

CELLS = {  # by name: the cell, its options
    "simple": ("simple_rnn", {}),
    "rectified": ("simple_rnn", {"relu": True, "identity_start": True}),
    "min gru": ("min_gru", {}),
    "min lstm": ("min_lstm", {}),
    "slstm": ("slstm", {}),
    "projected": ("projected_lstm", {"projection": 3}),
    "mogrifier": ("mogrifier_lstm", {"rounds": 5}),
    "mogrifier of no round": ("mogrifier_lstm", {"rounds": 0}),
}


def positive(a):
    return np.where(a >= 0, a + 0.5, sigmoid(a))


def parts(a, count):
    return np.split(a, count, -1)


def simple(w, x, h):  # Elman 1990
    h = np.tanh(x @ w["kernel"] + w["bias"] + h @ w["recurrent_kernel"])
    return h, (h,)


def rectified(w, x, h):  # Le et al. 2015
    h = np.maximum(x @ w["kernel"] + w["bias"] + h @ w["recurrent_kernel"], 0)
    return h, (h,)


def min_gru(w, x, h):  # Feng et al. 2024
    z, g = parts(x @ w["kernel"] + w["bias"], 2)
    h = (1 - sigmoid(z)) * h + sigmoid(z) * positive(g)
    return h, (h,)


def min_lstm(w, x, h):  # Feng et al. 2024
    f, i, g = parts(x @ w["kernel"] + w["bias"], 3)
    f, i = sigmoid(f), sigmoid(i)
    h = f / (f + i) * h + i / (f + i) * positive(g)
    return h, (h,)


def slstm(w, x, h, c, n, m):  # Beck et al. 2024, equations 15 to 17
    i, f, z, o = parts(x @ w["kernel"] + w["bias"] + h @ w["recurrent_kernel"], 4)
    new_m = np.where(n == 0, i, np.maximum(np.log(sigmoid(f)) + m, i))
    share = np.where(n == 0, 0, np.exp(np.log(sigmoid(f)) + m - new_m))
    c, n = share * c + np.exp(i - new_m) * np.tanh(z), share * n + np.exp(i - new_m)
    h = sigmoid(o) * c / n
    return h, (h, c, n, new_m)


def lstm(a, c):
    i, f, g, o = parts(a, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def projected(w, x, h, c):  # Sak et al. 2014
    m, c = lstm(x @ w["kernel"] + w["bias"] + h @ w["recurrent_kernel"], c)
    return m @ w["projection"], (m @ w["projection"], c)


def mogrifier(w, x, h, c):  # Melis et al. 2020, equations 1 and 2
    x = x @ w["kernel"] + w["bias"]
    for number in range(1, 1 + sum(name.startswith("round") for name in w)):
        if number % 2:
            x = 2 * sigmoid(h @ w[f"round_{number}"]) * x
        else:
            h = 2 * sigmoid(x @ w[f"round_{number}"]) * h
    bias = np.concatenate([w[f"{gate}_bias"] for gate in ("input", "forget", "candidate", "output")])
    h, c = lstm(x @ w["modulated"] + h @ w["recurrent_kernel"] + bias, c)
    return h, (h, c)


EQUATIONS = dict(zip(CELLS, (simple, rectified, min_gru, min_lstm, slstm, projected, mogrifier, mogrifier), strict=True))


def unrolled(name, weights, x, states, real):
    outputs, last = [], np.zeros_like(states[0])
    for t in range(x.shape[1]):
        output, new = EQUATIONS[name](weights, x[:, t], *states)
        here = real[:, t, None]
        last = np.where(here, output, last)
        states = [np.where(here, n, s) for n, s in zip(new, states, strict=True)]
        outputs.append(last)
    return [np.stack(outputs, 1), *states]
