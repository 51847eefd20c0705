"""Draws masks.svg: what four settings of recurrent_dropout draw for one example. Run from the checkout; no argument."""

import sys
from pathlib import Path

import keras
import matplotlib
import numpy as np

from rnnlab.inspection.masks import masks
from rnnlab.layers import LSTM

UNITS, STEPS, RATE = 16, 24, 0.3
DRAWN = {
    "per step, untied": {"scheme": "naive", "rate": RATE},
    "per step, tied": {"site": "recurrent", "rate": RATE, "lifetime": "step"},
    "per sequence, untied": {"scheme": "variational", "rate": RATE, "tied": False},
    "per sequence, tied": {"scheme": "variational", "rate": RATE, "tied": True},
}


def drawn(setting):
    """The masks of two gates, [gates, units, steps]: True where a unit is kept."""
    model = keras.Sequential([keras.Input((STEPS, 1)), LSTM(UNITS, recurrent_dropout=setting, name="layer")])
    _, found = masks(model, np.ones((1, STEPS, 1), "float32"), seed=1)["layer"]["recurrent"]
    whole = np.broadcast_to(found, (max(2, len(found)), STEPS, 1, UNITS))
    return whole[:2, :, 0].transpose(0, 2, 1) > 0


def main(path):
    """Draw a row of two gates for every setting."""
    matplotlib.use("svg")
    matplotlib.rcParams |= {"svg.hashsalt": "masks", "font.size": 8, "svg.fonttype": "none"}
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(len(DRAWN), 2, figsize=(6.4, 5.6), sharex=True, sharey=True, layout="constrained")
    for row, (name, setting) in zip(axes, DRAWN.items(), strict=True):
        for panel, gate, kept in zip(row, ("input gate", "forget gate"), drawn(setting), strict=True):
            panel.imshow(kept, cmap="Greys", vmin=-0.4, vmax=1.6, aspect="auto", interpolation="nearest")
            panel.set_title(f"{name}: {gate}", fontsize=8)
            panel.set_xticks([0, STEPS - 1], ["1", str(STEPS)])
            panel.set_yticks([0, UNITS - 1], ["1", str(UNITS)])
    figure.supxlabel("step")
    figure.supylabel("unit of $h_{t-1}$")
    figure.savefig(path, metadata={"Date": None}, facecolor="white")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("masks.svg"))
