"""An experiment whose runs are not trained: in the place of each its files are written."""

from pathlib import Path
from typing import Any

from rnnlab.config import RunSpec, load
from rnnlab.storage import store
from rnnlab.storage.run_origin import Provenance, write_origin
from rnnlab.storage.run_result import RunResult
from rnnlab.sweep import makers
from rnnlab.sweep.origin import made, origin_of, who
from rnnlab.sweep.sweep import Sweep, run

ROWS = "".join(f"film number {number},{'pos' if number % 2 else 'neg'}\n" for number in range(60))
DOCUMENT: dict[str, Any] = {
    "name": "x",
    "data": {"name": "table", "train": "a.csv", "text": "text", "label": "label", "batch_size": 8},
    "model": {"embedding": {"width": 4}, "recurrent": [{"units": 4}]},
    "training": {"epochs": 1},
    "compare": {"variants": {"none": {}, "dropped": {"recurrent_dropout": 0.2}}, "seeds": 2},
    "executor": {"name": "in_process"},
}


def written(spec: RunSpec, folder: Path, dataset: Any, progress: Any, lock: Any, lost: str, *_: Any) -> RunResult:
    """In the place of `rnnlab.sweep.execute.execute`."""
    write_origin(folder, origin_of(spec, dataset, Provenance(backend="tensorflow")))
    (folder / store.CHECKPOINT).mkdir(exist_ok=True)
    (folder / store.CHECKPOINT / "state").write_text(f"weights of {spec.fingerprint}")
    monitored = {"metrics": {"val_loss": 1.0, "seconds": 1.0}, "monitor": "val_loss", "mode": "min"}
    about = {**who(spec), **made(spec, dataset), **store.digests(folder), **monitored}
    result = RunResult.of({**about, "makers": makers.present().makers, "status": "done", "best_epoch": 1})
    store.write_result(folder, result)
    return result


def swept(*overrides: str, **settings: Any) -> Sweep:
    return run(load("c.yaml", overrides), "runs", **settings)


def tree(folder: Path) -> dict[str, Any]:
    """Every file and folder below `runs`, with content and time."""
    return {
        str(path.relative_to(folder)): (path.read_bytes() if path.is_file() else None, path.stat().st_mtime_ns)
        for path in sorted((folder / "runs").rglob("*"))
    }
