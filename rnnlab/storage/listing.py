"""The contents of the folders of runs, as rows of a table."""

from collections import Counter
from pathlib import Path

from rnnlab.documents import Record
from rnnlab.errors import UserError
from rnnlab.storage import store
from rnnlab.storage.planned import planned
from rnnlab.storage.run_origin import read_origin
from rnnlab.storage.run_result import RunResult

ListRow = Record


def experiments(runs_dir: str | Path) -> list[ListRow]:
    """Return a row for every experiment below `runs_dir`; raise UserError where that is no folder."""
    if not Path(runs_dir).is_dir():
        raise UserError(f"there is no folder {str(runs_dir)!r}; rnnlab run makes one, and --runs names another")
    return [_experiment(file.parent) for file in sorted(Path(runs_dir).glob(f"*/{store.EXPERIMENT}"))]


def _experiment(folder: Path) -> ListRow:
    try:
        record = store.read(folder)
    except UserError as error:
        return {"experiment": folder.name, "error": str(error)}
    plan = planned(folder)
    statuses = Counter(_status(run) for run in record.runs if plan is None or run.folder in plan)
    counts = {status: statuses[status] for status in ("done", "diverged", "failed", "unfinished")}
    variants = len({run.variant for run in record.runs if plan is None or run.folder in plan})
    return {"experiment": record.name, "variants": variants, "seeds": record.document["compare"]["seeds"], **counts}


def runs(folder: str | Path) -> list[ListRow]:
    """Return a row for every run of an experiment; raise UserError where `folder` is none.

    One that has not ended, and whose seed or variant the config no longer plans, is listed as withdrawn.
    """
    plan = planned(Path(folder))
    return [_run(run, withdrawn=plan is not None and run.folder not in plan) for run in store.read(folder).runs]


def _status(run: store.RunRecord) -> str:
    return run.result.status if run.result else "unfinished"


def _run(run: store.RunRecord, withdrawn: bool) -> ListRow:
    status = "withdrawn" if withdrawn and not run.result else _status(run)
    row = {"variant": run.variant, "seed": run.seed, "status": status, "epochs": len(run.epochs)}
    return {**row, **(_ended(run.result) if run.result else {"best_epoch": None, "seconds": None, "error": None})}


def _ended(result: RunResult) -> ListRow:
    names = (result.monitor, result.monitor.replace("val_", "test_"), "seconds")
    metrics = {name: result.metrics.get(name) for name in names if name}
    return {"best_epoch": result.best_epoch, **metrics, "error": result.error}


def run(folder: str | Path) -> ListRow:
    """Return everything that the folder of one run says; raise UserError where it is none of this version."""
    origin = read_origin(Path(folder))
    record = store.read_run(Path(folder))
    store.refuse_other_version(record)
    return {
        **origin.document(),
        "result": record.result and record.result.document(),
        "epochs": [epoch.document() for epoch in record.epochs],
    }
