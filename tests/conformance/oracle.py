"""The papers' equations in NumPy, float64, gate by gate and step by step. Written from the papers, not from the code.

h, c: states; x: input; W, U: kernels of one gate; m: masks. Sources are named beside the equations.
"""

import numpy as np

EPSILON = 1e-5


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


class Masks:
    """The masks of one call by site, step and gate: as drawn in training, in evaluation their expectation."""

    def __init__(self, noises, drawn=None):
        self.noises, self.drawn = noises, drawn

    def __call__(self, site, t=0, gate=0):
        if site not in self.noises:
            return 0.0 if site.startswith("hold") else 1.0
        noise = self.noises[site]
        if self.drawn is None:
            if site.startswith("hold"):
                return noise.rate
            if noise.distribution == "additive":
                return 0.0
            return 1 - noise.rate if noise.scale == "test" else 1.0
        mask = self.drawn[noise.like or site].astype("float64")
        if not noise.tied:
            mask = mask[gate]
        return mask[t] if noise.lifetime == "step" else mask


class Oracle:
    """A cell's weights by name, cut into gates, run over (batch, steps, features)."""

    def __init__(self, cell, weights, masks):
        self.cell, self.masks = cell, masks
        self.seen = []  # the gates of every step, before any noise acts on them, and the factor of the old memory
        self.weights = {name: np.asarray(value, "float64") for name, value in weights.items()}
        self.units = self.weights["recurrent_kernel"].shape[0]
        for name in {"kernel", "recurrent_kernel", "bias"} & self.weights.keys() & masks.noises.keys():
            if masks.noises[name].distribution == "additive":  # Graves 2011: W + sigma E, once
                self.weights[name] = self.weights[name] + masks(name)
            else:  # Merity et al. 2018: M * U, once
                self.weights[name] = self.weights[name] * masks(name)
        self.U = self.weights["recurrent_kernel"]

    def __call__(self, x, states, real=None, zero_output=False):
        """Outputs (batch, steps, units) and final states; a step that is not `real` repeats states and output."""
        step, self.own = self.gru if len(states) == 1 else self.lstm, 0.0
        # Melis et al. 2018: an example begins with zeros now and then
        states, outputs = [np.asarray(state, "float64") * self.masks("carried") for state in states], []
        self.last_o = None
        last, self.before = np.zeros_like(states[0]), (0.0, np.zeros((len(x), 1), bool))
        for t in range(x.shape[1]):
            new = step(t, x[:, t].astype("float64"), *states)
            here = np.ones((len(x), 1), bool) if real is None else np.asarray(real)[:, t, None]
            self.before = np.where(here, self.own, self.before[0]), here | self.before[1]
            last = np.where(here, new[0], 0 if zero_output else last)
            states = [np.where(here, n, s) for n, s in zip(new, states, strict=True)]
            outputs.append(last * self.masks("output", t))  # locked: Merity et al. 2018, y_t = h_t * m
        return np.stack(outputs, 1), states

    def gate(self, kernel, gate):
        n = self.cell.gates.index(gate)
        return kernel[..., n * self.units : (n + 1) * self.units]

    def bias(self, gate, row=None):
        if "bias" not in self.weights:
            return 0.0
        bias = self.weights["bias"]
        return self.gate(bias if row is None else bias[row], gate)

    def products(self, t, x, h):
        """Gal & Ghahramani 2016: (x_t * m_x^k) W_k and (h_{t-1} * m_h^k) U_k for every gate k."""
        wx, uh = {}, {}
        for k, gate in enumerate(self.cell.gates):
            wx[gate] = (x * self.masks("input", t, k)) @ self.gate(self.weights["kernel"], gate)
            uh[gate] = (h * self.masks("recurrent", t, k)) @ self.gate(self.U, gate)
        return wx, uh

    def normalised(self, a, gain):
        """Ba et al. 2016, eq. 4: over all gates of a product together."""
        if gain not in self.weights:
            return a
        whole = np.concatenate([a[gate] for gate in self.cell.gates], -1)
        whole = self.standard(whole) * self.weights[gain]
        return {gate: self.gate(whole, gate) for gate in self.cell.gates}

    @staticmethod
    def standard(a):
        return (a - a.mean(-1, keepdims=True)) / np.sqrt(a.var(-1, keepdims=True) + EPSILON)

    def peephole(self, gate, c):
        """Gers & Schmidhuber 2000: the gate also sees p * c."""
        return self.weights[f"peephole_{gate}"] * c if f"peephole_{gate}" in self.weights else 0.0

    def lstm(self, t, x, h, c):
        wx, uh = self.products(t, x, h)
        wx, uh = self.normalised(wx, "input_gain"), self.normalised(uh, "recurrent_gain")
        a = {gate: wx[gate] + uh[gate] + self.bias(gate) for gate in self.cell.gates}
        i = sigmoid(a["i"] + self.peephole("i", c))
        f = sigmoid(a["f"] + self.peephole("f", c)) if "f" in a else 1 - i  # Greff et al. 2015: CIFG
        if self.cell.options.get("cap_input"):  # Melis et al. 2017: the input gate never exceeds what is forgotten
            i = np.where(i > 1 - f, 1 - f, i)
        g = np.tanh(a["g"]) * self.masks("candidate", t)  # Semeniuta et al. 2016
        c_new = (f * c + i * g) * self.masks("cell", t)  # Moon et al. 2015
        o = sigmoid(a["o"] + self.peephole("o", c_new))
        kept = self.masks("hold_cell", t) + (1 - self.masks("hold_cell", t)) * f * self.masks("cell", t)
        self.seen.append({"input": i, "forget": f, "candidate": np.tanh(a["g"]), "output": o, "retained": kept})
        d_c, d_h = self.masks("hold_cell", t), self.masks("hold_hidden", t)  # Krueger et al. 2017
        c_kept, shown, self.own = d_c * c + (1 - d_c) * c_new, c_new, o
        if "hold_output" in self.masks.noises:  # the same paper's reused output mask: the kept cell by the kept gate
            gate, begun = self.before
            d_o, shown = self.masks("hold_output", t) * begun, c_kept
            o = d_o * gate + (1 - d_o) * o
        if "cell_gain" in self.weights:  # Ba et al. 2016, eq. 22: for the output only
            shown = self.standard(shown) * self.weights["cell_gain"] + self.weights["cell_offset"]
        return d_h * h + (1 - d_h) * o * np.tanh(shown), c_kept

    def gru(self, t, x, h):
        wx, uh = self.products(t, x, h)
        after = self.cell.options.get("reset_after", True)
        inner, outer = (0, 1) if after else (None, None)
        recurrent_bias = {gate: self.bias(gate, outer) if after else 0.0 for gate in "zrg"}
        z = sigmoid(wx["z"] + self.bias("z", inner) + uh["z"] + recurrent_bias["z"])
        r = sigmoid(wx["r"] + self.bias("r", inner) + uh["r"] + recurrent_bias["r"])
        if after:  # cuDNN: r * (h U + b)
            product = r * (uh["g"] + recurrent_bias["g"])
        else:  # Cho et al. 2014: (r * h) U, and Gal & Ghahramani 2016: (r * h * m) U
            product = (r * h * self.masks("recurrent", t, 2)) @ self.gate(self.U, "g")
        candidate = np.tanh(wx["g"] + self.bias("g", inner) + product)
        g = candidate * self.masks("candidate", t)
        d = self.masks("hold_hidden", t)
        self.seen.append({"update": z, "reset": r, "candidate": candidate, "retained": d + (1 - d) * z})
        return (d * h + (1 - d) * (z * h + (1 - z) * g),)
