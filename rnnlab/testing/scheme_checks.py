"""Check that a registered scheme does what every scheme has to."""

import json
from collections.abc import Sequence

import numpy as np
from keras import ops

from rnnlab import layers
from rnnlab.documents import Record
from rnnlab.layers.cell_rnn import CellRNN
from rnnlab.noise.scheme import SCHEMES
from rnnlab.noise.schemes import noises, plain
from rnnlab.noise.sites import SITES
from rnnlab.testing.backends import elsewhere
from rnnlab.testing.distribution_checks import check_drawn
from rnnlab.testing.layer_checks import fill, outputs_and_gradients
from rnnlab.testing.require import require, require_close

X = np.random.default_rng(0).normal(size=(4, 6, 2)).astype("float32")
EPOCH = 3
"""The epoch of every check: in the first one, noise that rises by epochs may be off."""
WORDS = np.random.default_rng(0).integers(0, 9, size=(4, 6))


def check_scheme(name: str, backends: Sequence[str] = (), **settings: object) -> None:
    """Check a registered scheme with `settings`, by default its example; raise CheckError where it fails, which says why.

    Its settings are plain values, and a distribution of its own passes `check_distribution`; on an LSTM and a GRU training
    differs from evaluation, which draws nothing and repeats; the fast scan gives the outputs and gradients of the loop with the
    same masks; a layer can be rebuilt from its config. `backends` are checked in separate processes.

    >>> check_scheme("zoneout", cell=0.5, hidden=0.05)
    """
    scheme = SCHEMES[name]
    setting = {"scheme": name, **(settings or scheme.example)}
    require(bool(scheme.build.__doc__), f"the scheme {name} has no docstring: say in a sentence what it does")
    for argument in scheme.arguments:
        values = noises(setting, argument)
        told = f"the scheme {name} makes no noise with {setting}: give it an example= with a rate above 0"
        require(bool(values) or name == "none", told)
        require(json.loads(json.dumps(plain(setting))) == plain(setting), f"the settings of {name} are not plain values")
        for noise in values:
            if noise.own:
                check_drawn(noise)
        if argument == "embedding":
            _on_words(name, setting)
            continue
        for kind in (layers.LSTM, layers.GRU):
            if kind is layers.LSTM or not any(SITES[noise.site].needs_cell for noise in values):
                _on_layer(name, kind, {argument: setting}, bool(values))
    for backend in backends:
        elsewhere(SCHEMES, "check_scheme", name, settings, backend)


def _layer(kind: type[layers.LSTM | layers.GRU], noise: Record, how: str = "auto") -> CellRNN:
    made = kind(3, seed=7, name="checked", return_sequences=True, implementation=how, **noise)
    made.build((None, None, 2))
    fill(made)
    made.set_rates(EPOCH, 100)
    return made


def _on_layer(name: str, kind: type[layers.LSTM | layers.GRU], noise: Record, acts: bool) -> None:
    both = [outputs_and_gradients(_layer(kind, noise, how), X) for how in ("auto", "loop")]
    for fast, loop in zip(*both, strict=True):
        require_close(fast, loop, f"under {name} the fast scan and the loop of {kind.__name__} disagree")
    made = _layer(kind, noise)
    states = [ops.convert_to_numpy(stream.state.value) for stream in made.seeds.values()]
    first, second = (ops.convert_to_numpy(made(X, training=False)) for _ in range(2))
    now = [ops.convert_to_numpy(stream.state.value) for stream in made.seeds.values()]
    require(np.array_equal(first, second), f"under {name} {kind.__name__} differs from call to call in evaluation")
    require(all(map(np.array_equal, states, now)), f"{name} draws in evaluation")
    quiet = np.array_equal(both[1][0], first) and all(site not in ("detach", "carried") for site in made.noise)
    require(not (acts and quiet), f"{name} changes nothing while {kind.__name__} trains: is its rate 0?")
    again = kind.from_config(made.get_config())
    require(again.noise == made.noise, f"a layer under {name} has other noise once it is made again from its config")


def _on_words(name: str, setting: Record) -> None:
    table = layers.Embedding(9, 5, dropout=setting, seed=7)
    first, second = (ops.convert_to_numpy(table(WORDS, training=False)) for _ in range(2))
    require(np.array_equal(first, second), f"under {name} an embedding differs from call to call in evaluation")
