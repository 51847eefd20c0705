"""Time a 64-unit classifier's predictions for 10,000 short texts: the bare model, `rnnlab predict` with 0 and 20 samples."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
CONFIG = """name: speed
data: {name: table, train: a.csv, text: text, label: label}
model: {embedding: {width: 64}, recurrent: [{cell: lstm, units: 64}]}
training: {epochs: 1}
executor: {name: in_process}
compare: {seeds: 1, variants: {variational: {dropout: 0.3, recurrent_dropout: 0.3}}}
"""
TEXTS = 10_000


def main() -> None:
    """Train the classifier and time its predictions."""
    random = np.random.default_rng(0)
    words = np.array([f"word{number}" for number in range(5000)])
    texts = [" ".join(random.choice(words, random.integers(5, 25))) for _ in range(TEXTS)]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        rows = "".join(f"{text},{'good' if len(text) % 2 else 'bad'}\n" for text in texts[:2000])
        Path("a.csv").write_text("text,label\n" + rows)
        Path("texts.txt").write_text("\n".join(texts) + "\n")
        Path("c.yaml").write_text(CONFIG)
        subprocess.run(["rnnlab", "run", "c.yaml"], check=True, stdout=subprocess.DEVNULL)
        from rnnlab.trained.inputs import of_file
        from rnnlab.trained.predictor import predictor
        from rnnlab.trained.writing import write

        print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
        model = predictor("runs/speed/variational/seed-1")
        inputs = [model.text(text).x for text in texts]
        padded = np.stack([np.pad(x, (0, 24 - len(x)), constant_values=-1) for x in inputs])
        timed("the bare model, model.predict", lambda: model.model.predict(padded, batch_size=1024, verbose=0))
        for samples in (0, 20):
            fresh = predictor("runs/speed/variational/seed-1")
            answers = fresh.answers(of_file(fresh, "texts.txt"), samples=samples)
            timed(f"predict, {samples} samples", partial(write, Path("out.jsonl"), answers))
        command = ["rnnlab", "predict", "runs/speed/variational/seed-1", "--file", "texts.txt", "--output", "out.csv"]
        timed("the command with 20 samples, its start included", lambda: subprocess.run(command, check=True, stdout=sys.stderr))


def timed(what: str, call: Callable[[], object]) -> None:
    """Call, and print the wall time and the processor time that it took, including its child processes."""
    begin, before = time.perf_counter(), os.times()
    call()
    seconds, after = time.perf_counter() - begin, os.times()
    print(f"{what}: {seconds:.2f} s, {sum(after[:4]) - sum(before[:4]):.2f} s of the processor", flush=True)


if __name__ == "__main__":
    main()
