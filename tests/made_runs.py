"""Folders of runs as the runner leaves them, made from known metrics."""

import json
import shutil
from zlib import crc32

import numpy as np

from rnnlab import sealed
from rnnlab.config import dump, load
from rnnlab.config.identity import SCHEMA
from rnnlab.storage import store
from rnnlab.storage.run_result import RunResult

CONFIG = {
    "name": "made",
    "data": {"name": "python_reference", "level": "word", "vocabulary": 2000, "window": 32, "batch_size": 32},
    "model": {
        "embedding": {"width": 96},
        "recurrent": [{"cell": "lstm", "units": 96, "dropout": 0.0}],
        "head": {"tie_embedding": False},
    },
    "training": {"optimizer": {"name": "adam", "learning_rate": 3e-3}, "epochs": 6, "monitor": "perplexity"},
}


class Maker:
    """Writes runs/<experiment>/<variant>/seed-<n>; every metric is given or follows from the seed."""

    def __init__(self, runs):
        self.runs = runs

    def experiment(self, effects, patches=None, name="made", noise=1.0, epochs=6, **compare):
        """Write an experiment whose variants differ from 150 in test perplexity by their `effects`; return its folder."""
        patches = patches or {variant: {"training.epochs": 6 + place} for place, variant in enumerate(effects)}
        compare = {"baseline": next(iter(effects)), "variants": patches, "seeds": 8, **compare}
        document = {**CONFIG, "name": name, "compare": compare}
        folder = self.runs / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / store.EXPERIMENT).write_text(dump(document))
        experiment = load(folder / store.EXPERIMENT)
        (folder / store.EXPERIMENT).write_text(dump(experiment.document))
        self.specs = {(spec.variant, spec.seed): spec for spec in experiment.runs()}
        for (variant, seed), spec in self.specs.items():
            luck = np.random.default_rng(seed).normal(0, 2 * noise)
            own = np.random.default_rng([seed, crc32(variant.encode())]).normal(0, noise)
            self.run(folder, spec, 150 + effects[variant] + luck + own, epochs=epochs)
        return folder

    def metrics(self, **values):
        """Write an experiment with these metrics, seed by seed: a number, "diverged", "failed", or None for no run."""
        folder = self.experiment(dict.fromkeys(values, 0.0), seeds=max(map(len, values.values())))
        for (variant, seed), spec in self.specs.items():
            value = values[variant][seed - 1] if seed <= len(values[variant]) else None
            place = store.run_folder(folder, variant, seed)
            if value is None:
                shutil.rmtree(place)
            elif isinstance(value, str):
                self.run(folder, spec, 1.0, status=value, error=f"{value} for the test")
            else:
                self.run(folder, spec, value)
        return folder

    def change(self, folder, variant, seed, value=150.0, **result):
        """Write a run of the last experiment anew, with another metric or ending."""
        return self.run(folder, self.specs[variant, seed], value, **result)

    def run(self, folder, spec, value, status="done", epochs=6, **result):
        """Write one run that reached `value` in test perplexity."""
        place = store.run_folder(folder, spec.variant, spec.seed)
        place.mkdir(parents=True, exist_ok=True)
        about = {
            "config": spec.config.model_dump(),
            "schema": SCHEMA,
            "versions": {"keras": "3.15.1"},
            "git": {"commit": "abc123"},
        }
        (place / store.RUN).write_text(json.dumps(about))
        curve = [_epoch(epoch, epochs, value) for epoch in range(1, epochs + 1)]
        (place / store.EVENTS).write_text("".join(json.dumps(sealed.seal(event)) + "\n" for event in curve))
        document = {
            **{"status": status, "experiment": spec.experiment, "variant": spec.variant, "seed": spec.seed},
            **{"fingerprint": spec.fingerprint, "monitor": "val_perplexity", "mode": "min"},
            **{"best_epoch": max(1, epochs - 1), "epochs": epochs, "metrics": _metrics(value) if status == "done" else {}},
            **{"initial_weights": f"weights-{spec.seed}", "data_order": f"order-{spec.seed}", "parameters": 271_000},
            **{"unit": "words", "error": None, "traceback": None, **result},
        }
        store.write_result(place, RunResult.of(document))
        return place


def _metrics(value):
    metrics = {"test_perplexity": value, "val_perplexity": value * 1.03, "train_perplexity": value * 0.6}
    losses = {name.replace("perplexity", "loss"): float(np.log(number)) for name, number in metrics.items()}
    return metrics | losses | {"throughput": 9000.0 + value, "seconds": 12.0, "last_val_perplexity": value * 1.05}


def _epoch(epoch, epochs, value):
    fall = np.exp(-epoch / 1.5)
    train, validation = value * (0.55 + 2.2 * fall), value * (1.0 + 1.2 * fall + 0.004 * max(0, epoch - epochs + 1))
    parts = {
        name: {"perplexity": part, "loss": float(np.log(part))} for name, part in (("train", train), ("validation", validation))
    }
    return {"event": "epoch", "epoch": epoch, **parts, "learning_rate": 3e-3, "throughput": 9000.0, "seconds": 2.0}
