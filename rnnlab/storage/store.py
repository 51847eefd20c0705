"""The folders of runs, runs/<experiment>/<variant>/seed-<n>/: files are written whole or not at all, and read with checks."""

import json
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path

from rnnlab import files, sealed
from rnnlab.config import ConfigError, dump, reader
from rnnlab.config.identity import SCHEMA
from rnnlab.documents import Fields, Record
from rnnlab.errors import UserError
from rnnlab.names import folder as folder_name
from rnnlab.storage import place
from rnnlab.storage.run_origin import known_origin
from rnnlab.storage.run_result import RunResult
from rnnlab.training.epoch_record import EpochRecord

EXPERIMENT, RUN, EVENTS, RESULT = place.EXPERIMENT, place.RUN, "events.jsonl", "result.json"
TOKENS, CALIBRATION, FORECAST = "tokens.json", "calibration.json", "forecast.json"
WEIGHTS = "best.weights.h5"
"""The weights of the best epoch; Keras wants the ending."""
TENSORBOARD, CHECKPOINT, INSPECTION = "tensorboard", "checkpoint", "inspection"
STATE = "state"
"""In the folder of checkpoints: all that decides the next step of a run."""
OWN = (RESULT, RUN, TOKENS, EVENTS, CALIBRATION, FORECAST, WEIGHTS, TENSORBOARD, CHECKPOINT, INSPECTION)
"""The files of a run."""
ENDED = (RESULT, CALIBRATION, FORECAST)
"""The files with the result of a run."""
KEPT = {"events": EVENTS, "origin": RUN, "tokens": TOKENS, "calibration": CALIBRATION, "forecast": FORECAST}
"""The files whose fingerprints a result keeps, by their name there."""
SEAL = b"# sha256 of the rest: "
"""The beginning of experiment.yaml, a comment in YAML."""


@dataclass(frozen=True)
class RunRecord:
    """The contents of the folder of a run."""

    variant: str
    seed: int
    folder: Path
    result: RunResult | None
    """How it ended; None while it has not, or where the file is damaged."""
    damaged: list[str]
    """The names of files that are not as they were written, or not of this place."""
    misplaced: str = ""
    """Which other run of the experiment its result is of, where it lies in the place of this one."""
    made_by: str = ""
    """Which other version of rnnlab made it, whose results this one does not read."""

    @cached_property
    def epochs(self) -> list[EpochRecord]:
        """The records of its epochs, in order."""
        return [EpochRecord.of(event) for event in sealed.read(self.folder / EVENTS) if event.get("event") == "epoch"]

    @property
    def backend(self) -> str | None:
        """The backend that computed it, as its result says, or else its run.yaml; None where neither does."""
        if self.result and self.result.makers:
            return self.result.makers.get("backend")
        origin = known_origin(self.folder)
        return origin.backend if origin else None


@dataclass(frozen=True)
class ExperimentRecord:
    """The contents of the folder of an experiment."""

    folder: Path
    document: Record
    """The config as resolved."""
    runs: list[RunRecord]

    @property
    def name(self) -> str:
        """The experiment's name."""
        return str(self.document["name"])


def run_folder(experiment: Path, variant: str, seed: int) -> Path:
    """Return the folder of a run, which may be reached by links; raise ValueError for a name that can't be a folder's.

    >>> run_folder(Path("runs/quickstart"), "none", 2).as_posix()
    'runs/quickstart/none/seed-2'
    """
    return experiment / folder_name(variant) / f"seed-{seed}"


def inside(experiment: Path, run: Path) -> Path:
    """Return the folder of a run that is to be written; raise UserError where a symbolic link leads out of the experiment's."""
    files.refuse_links(experiment, run.parent, run)
    return inside_itself(run, experiment)


def inside_itself(run: Path, home: Path | None = None) -> Path:
    """The same of a run that lies by itself: no link may lead out of its own folder, or of `home`."""
    own = [run / name for name in OWN]
    inner = [path for folder in own[-3:] for path in folder.rglob("*")]
    files.refuse_links(home or run, *own, *inner)
    return run


def clear(folder: Path) -> None:
    """Remove what a run wrote into its folder, and nothing else."""
    for name in OWN:
        files.remove(folder / name)


def holds_work(folder: Path) -> bool:
    """Return whether the folder of a run holds anything that took time to make: a result, or a state to go on from."""
    return (folder / RESULT).exists() or any((folder / CHECKPOINT).glob("*"))


def write_experiment(folder: Path, document: Record) -> None:
    """Write the config of an experiment, sealed by a first line."""
    text = dump(document).encode()
    files.write(folder / EXPERIMENT, SEAL + sha256(text).hexdigest().encode() + b"\n" + text)


def read_experiment(folder: Path) -> Record:
    """Return the config of an experiment; raise UserError where there is none, or where it is not as it was written."""
    path = folder / EXPERIMENT
    try:
        return deepcopy(_experiment(path, path.read_bytes()))
    except (OSError, ConfigError, TypeError, KeyError):
        raise UserError(f"{folder} is not the folder of an experiment: it has no readable {EXPERIMENT}") from None


@lru_cache(maxsize=4)
def _experiment(path: Path, content: bytes) -> Record:
    """The config in a file of this content, which every run of a sweep asks for."""
    document = reader.read(path).plain()
    document["name"], document["compare"]["seeds"]
    seal, _, text = content.partition(b"\n")
    if seal.startswith(SEAL) and seal != SEAL + sha256(text).hexdigest().encode():
        raise UserError(f"{path} is damaged: its checksum is wrong; rnnlab run with the experiment's config writes it again")
    return document


def write_result(folder: Path, result: RunResult) -> None:
    """Write how a run ended; the last file of its folder, there whole or not at all."""
    files.write(folder / RESULT, json.dumps(sealed.seal(result.document()), indent=1) + "\n")


def read_run(folder: Path) -> RunRecord:
    """Return the contents of the folder of a run, wherever it is and whatever it is called.

    A run says itself which one it is. In the folder of an experiment its place says so too, and a result of another run does
    not count there, nor does one of another version; one with an unknown key or a value of a wrong type is damaged. Raises
    UserError where neither the folder's files nor its name tell the seed.
    """
    own = place.by_name(folder) if place.experiment_of(folder) else None
    try:
        document = sealed.unseal((folder / RESULT).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # it has not ended, or the file is damaged
        damaged = [RESULT] * (not isinstance(error, FileNotFoundError))
        return RunRecord(*(own or _told(folder, {})), folder, None, damaged, made_by=_other_version(folder, {}))
    variant, seed = own or _told(folder, document)
    if isinstance(document.get("status"), str) and (made_by := _other_version(folder, document)):
        return RunRecord(variant, seed, folder, None, [], made_by=made_by)
    try:
        result = RunResult.of(document)
    except ValueError:
        return RunRecord(variant, seed, folder, None, [RESULT])
    says = document.get("variant", variant), document.get("seed", seed)
    if says != (variant, seed):
        return RunRecord(variant, seed, folder, None, [RESULT], f"variant {says[0]}, seed {says[1]}")
    damaged = [name for key, name in KEPT.items() if document.get(key) not in (None, _sha256(folder / name))]
    damaged += [] if _size(folder / WEIGHTS) == (result.weights or {}).get("bytes", _size(folder / WEIGHTS)) else [WEIGHTS]
    return RunRecord(variant, seed, folder, result, damaged)


def _told(folder: Path, result: Fields) -> tuple[str, int]:
    """The variant and the seed of a run that lies by itself: by its result, its run.yaml, or else the names of its folders."""
    origin = known_origin(folder)
    for said in (result, origin.document() if origin else {}):
        try:
            return str(said["variant"]), int(said["seed"])
        except (LookupError, ValueError, TypeError):
            continue
    return place.by_name(folder)


def _other_version(folder: Path, result: Fields) -> str:
    """Which other version made a run, by its result or else its run.yaml; empty where it was this one or nothing says so."""
    origin = None if result else known_origin(folder)
    if not result and not origin:
        return ""
    schema = origin.schema if origin else result.get("schema", 1)
    return "" if schema == SCHEMA else "rnnlab 0.1" if schema == 1 else f"another rnnlab (schema {schema}, not {SCHEMA})"


def refuse_other_version(run: RunRecord) -> None:
    """Raise UserError where another version made a run."""
    if run.made_by:
        raise UserError(
            f"{run.folder} was made by {run.made_by}, whose results this version does not read; "
            "rnnlab run with --replace moves it aside and makes it again"
        )


def weights_whole(folder: Path, result: RunResult) -> bool:
    """Return whether the file of weights that a result names is there, every bit as it was written."""
    return result.weights is not None and result.weights["sha256"] == _sha256(folder / WEIGHTS)


def digests(folder: Path) -> Record:
    """Return the fingerprints of the other files of a run, which its result keeps."""
    return {key: _sha256(folder / name) for key, name in KEPT.items()}


def _sha256(path: Path) -> str:
    try:
        return files.sha256(path)
    except OSError:
        return ""


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def read(folder: str | Path) -> ExperimentRecord:
    """Return what is in the folder of an experiment, its runs sorted by seed within each variant.

    Links are followed. Raises UserError where it is not the folder of an experiment, and where another version made a run.
    """
    folder = Path(folder)
    document = read_experiment(folder)
    runs = [read_run(path) for path in run_folders(folder)]
    for run in runs:
        refuse_other_version(run)
    return ExperimentRecord(folder, document, sorted(runs, key=lambda run: (run.variant, run.seed)))


def run_folders(experiment: Path, variant: str | None = None) -> list[Path]:
    """Return the folders of all runs of an experiment, or of those in the folder `variant` of it, by links too."""
    homes = [experiment / variant] if variant else experiment.glob("*")
    folders = sorted(path for home in homes for path in home.glob("seed-*"))
    return [path for path in folders if path.name.removeprefix("seed-").isdecimal()]
