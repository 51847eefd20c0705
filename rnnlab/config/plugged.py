"""The plug-ins of a config, found and imported."""

from pathlib import Path

from rnnlab import plugins
from rnnlab.config.tree import ConfigError, Node, Problem
from rnnlab.errors import UserError


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
