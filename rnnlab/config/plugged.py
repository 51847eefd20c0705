"""The plug-ins of a config: found, imported, and fingerprinted for the runs that use their parts."""

from collections.abc import Iterator
from pathlib import Path

from rnnlab import plugins
from rnnlab.cells.builtin_cells import CELLS
from rnnlab.config.experiment import RunConfig
from rnnlab.config.tree import ConfigError, Node, Problem
from rnnlab.data.registered import DATASETS
from rnnlab.data.task import KINDS
from rnnlab.errors import UserError
from rnnlab.noise.own_distributions import DISTRIBUTIONS
from rnnlab.noise.scheme import SCHEMES
from rnnlab.registry import INTERACTIVE, Registry
from rnnlab.training.optimizer_config import OPTIMIZERS
from rnnlab.training.own_callbacks import CALLBACKS
from rnnlab.training.own_metrics import METRICS
from rnnlab.training.schedules import SCHEDULES

HOME = Path(__file__).parents[1]


def with_plugins(root: Node, run: bool) -> Node:
    """Return the tree with its plug-ins named so that every process finds them; import them if it is to be `run`.

    Raises ConfigError at the line of one that cannot be imported.
    """
    node = root.below("plugins")
    names = node.value if node and isinstance(node.value, list) else []
    if not all(isinstance(name.value, str) for name in names):
        return root
    there = [Node(plugins.resolved(name.value, _folder(name)), name.place) for name in names]
    if run:
        plugins.load([])  # those that are installed
        for name in there:
            _load(name)
    return Node({**root.value, "plugins": Node(there, node.place)}, root.place, root.keys) if node else root


def _load(name: Node) -> None:
    try:
        plugins.load([name.value])
    except UserError as error:
        raise ConfigError(Problem(name.place, "plugins", str(error))) from error


def _folder(name: Node) -> Path:
    """The folder of the file that names a plug-in; the working directory for one on the command line."""
    return Path(name.place.file).parent if name.place.line and Path(name.place.file).is_file() else Path()


def used(config: RunConfig) -> dict[str, str]:
    """Return the fingerprints of the plug-ins whose parts a config uses, by the kind and the name of the part."""
    parts: dict[str, str] = {}
    for registry, name in _parts(config):
        file = registry.sources.get(name, "")
        if file == INTERACTIVE:
            raise UserError(
                f"the {registry.kind} {name} is not defined in a file: put it into one, and list that in plugins: [FILE]"
            )
        if file and HOME not in Path(file).parents:
            parts[f"{registry.kind} {name}"] = plugins.fingerprint(file)
    return parts


def _parts(config: RunConfig) -> Iterator[tuple[Registry, str]]:
    yield DATASETS, config.data.name
    yield KINDS, config.data.task
    settings = [config.model.embedding.dropout] if config.model.embedding else []
    for layer in config.model.recurrent:
        yield CELLS, layer.cell
        settings += [layer.dropout, layer.recurrent_dropout]
    for setting in settings:
        yield from ((SCHEMES, name) for name in setting.schemes())
        yield from ((DISTRIBUTIONS, noise.distribution) for noise in setting.noise)
    training = config.training
    yield OPTIMIZERS, training.optimizer.name
    if training.schedule:
        yield SCHEDULES, training.schedule.name
    yield from ((CALLBACKS, one.name) for one in training.callbacks)
    yield from ((METRICS, name) for name in config.evaluation.metrics)
