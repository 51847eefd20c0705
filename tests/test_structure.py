"""The house rules, read from the source: who may import whom, what is heavy, what is documented."""

import ast
import importlib
import inspect
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOMS = [
    ("errors", "seeds", "documents", "tensors", "section", "names", "source", "registry", "choice", "plugins"),
    ("files", "sealed", "user_cache", "replicas", "graphs", "reductions", "replaced", "compat", "quiet", "backend"),
    ("noise",),
    ("cells",),
    ("recurrence",),
    ("layers",),
    ("data",),
    ("models",),
    ("training",),
    ("trackers",),
    ("register",),
    ("templates",),
    ("inspection",),
    ("testing",),
    ("config",),
    ("storage",),
    ("tensorboard",),
    ("progress",),
    ("sweep",),
    ("search",),
    ("trained",),
    ("statistics",),
    ("comparison",),
    ("plots",),
    ("report",),
    ("study",),
    ("bench",),
    ("cli",),
]
"""The way through the house: a module imports from its own room and from those above."""
LEVELS = {room: level for level, rooms in enumerate(ROOMS) for room in rooms} | {"__main__": len(ROOMS), "__init__": -1}

HEAVY = {
    "keras",
    "tensorflow",
    "tensorflow_datasets",
    "jax",
    "torch",
    "matplotlib",
    "scipy",
    "tensorboard",
    "ray",
    "pandas",
    "mlflow",
    "wandb",
}
"""Libraries that take a noticeable time to import."""
ON_TENSORFLOW = (
    "layers.tf_tied",
    "noise.normals",
    "noise.philox",
    *(f"recurrence.{name}" for name in ("tf_dispatch", "tf_scan", "tf_xla_scan", "tf_batch_split", "tf_arrays", "tf_linear")),
    "training.tf_program",
)
ON_JAX = ("recurrence.jax_scan", "recurrence.jax_linear", "layers.jax_tied", "training.jax_program")
BACKENDS = {
    "tensorflow": {f"rnnlab.{name}" for name in ON_TENSORFLOW},
    "jax": {f"rnnlab.{name}" for name in ON_JAX},
    "tensorflow_datasets": {"rnnlab.data.sources.builders"},
    "torch": set(),
}
"""Which modules may import a backend at their top; everyone else trains without it."""

PRIVATE = r"^(keras\.src|tensorflow\.python|tensorflow_datasets\.core\.)|\._[a-z]"
"""Modules of libraries that are not public; those of `tensorflow_datasets.core` itself are."""
PUBLIC = {"_asdict", "_replace", "_fields", "_exit"}
"""Names that are public in spite of their underscore: a named tuple's, and `os._exit`."""

PACKAGE = Path(__file__).parents[1] / "rnnlab"
MODULES = {
    ".".join(("rnnlab", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


def room(module: str) -> str:
    """The room of a module; the package itself is above all rooms."""
    return [*module.split("."), "__init__"][1]


def imports(module: str, top_only: bool = False, runs: bool = False) -> Iterator[str]:
    """Every module that a module imports: wherever in it, only when it is itself imported, or whenever it `runs`."""
    tree = ast.parse(MODULES[module].read_text())
    for node in _top(tree, functions=runs) if top_only or runs else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports by a relative path"
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from [name for name in inside if name in MODULES] or [str(node.module)]


def _top(node: ast.AST, functions: bool = False) -> Iterator[ast.AST]:
    """The statements that run when a module is imported, with those of its `functions` all that ever run."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and not functions:
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _top(child, functions)


def loaded_by(module: str) -> set[str]:
    """Everything that importing a module imports, directly or through other modules of the package."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        packages = [".".join(name.split(".")[:end]) for end in range(1, name.count(".") + 1)]
        new = {name, *packages} - seen
        seen |= new
        waiting += [imported for part in new if part in MODULES for imported in imports(part, top_only=True)]
    return seen


def test_no_arrow_points_back_up():
    """All offenders are listed: each with the module that it must not import."""
    arrows = [
        (module, name)
        for module in MODULES
        for name in imports(module, top_only=module == "rnnlab")
        if name.split(".")[0] == "rnnlab"
    ]
    assert len(arrows) > len(MODULES)
    assert not [f"{module} imports {name}" for module, name in arrows if LEVELS[room(name)] > LEVELS[room(module)]]


def test_no_imports_make_a_circle():
    """Those inside functions count, since they would only hide one; those for a type checker alone do not."""
    graph = {module: set(imports(module, runs=True)) & MODULES.keys() - {module} for module in MODULES}
    assert sum(map(len, graph.values())) > len(MODULES)
    TopologicalSorter(graph).prepare()  # raises CycleError, which lists the circle


def test_only_compat_takes_what_a_library_does_not_promise():
    """All offenders are listed: each with the private module or attribute that it names."""
    nodes = [(module, node) for module, path in MODULES.items() for node in ast.walk(ast.parse(path.read_text()))]
    own = {node.name for _, node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    own |= {node.attr for _, node in nodes if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("self", "cls")}
    taken = [(module, name) for module in MODULES for name in imports(module) if re.search(PRIVATE, name)]
    taken += [
        (module, node.attr)
        for module, node in nodes
        if isinstance(node, ast.Attribute) and re.match("_[a-z]", node.attr) and node.attr not in own | PUBLIC
    ]
    listed = str(ast.get_docstring(ast.parse(MODULES["rnnlab.compat"].read_text())))
    assert {"keras", "tensorflow", "jax", "ray"} <= {name.split(".")[0] for module, name in taken if room(module) == "compat"}
    assert not [f"{one} takes {name}" for one, name in taken if room(one) != "compat" and f"`{name}`" not in listed]


@pytest.mark.parametrize("module", ["rnnlab.cli", "rnnlab.config", "rnnlab.noise.schemes"])
def test_nothing_heavy_is_imported_before_a_verb_needs_it(module):
    assert not HEAVY & {name.split(".")[0] for name in loaded_by(module)}


def test_backends_are_imported_only_by_the_code_that_needs_them():
    """All offenders are listed: each with the backend that it imports at its top."""
    tops = [(module, name.split(".")[0]) for module in MODULES for name in imports(module, top_only=True)]
    assert {"tensorflow", "jax"} <= {name for _, name in tops}
    assert not [f"{module} imports {name}" for module, name in tops if module not in BACKENDS.get(name, {module})]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["validate", "configs/quickstart.yaml"],
        ["schemes"],
        ["schema"],
        ["plan", "configs/quickstart.yaml"],
        ["list", "--runs", "configs"],
    ],
)
def test_light_verbs_import_nothing_heavy(root, arguments):
    code = "import json, sys, click; from rnnlab.cli import main\nmain(sys.argv[1:], standalone_mode=False)\n"
    code += "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=root, capture_output=True, text=True, check=True)
    assert not HEAVY & set(json.loads(done.stdout.splitlines()[-1]))


def test_what_a_room_exports_is_documented():
    rooms = [importlib.import_module(name) for name, path in MODULES.items() if path.name == "__init__.py"]
    exports = {f"{room.__name__}.{name}": getattr(room, name) for room in rooms for name in getattr(room, "__all__", ())}
    assert exports
    assert not [room.__name__ for room in rooms if not room.__doc__]
    assert not [name for name, value in exports.items() if callable(value) and not inspect.getdoc(value)]


def test_a_file_name_stands_once():
    names = Counter(path.name for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
    assert not [name for name, times in names.items() if times > 1]


def test_a_class_has_a_name_of_its_own():
    """All offenders are listed: a class named as another one, but for an underscore, or as a type at the top of a module."""
    trees = [ast.parse(path.read_text()) for path in MODULES.values()]
    classes = Counter(node.name.lstrip("_") for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    tops = [node for tree in trees for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]
    others = {
        target.id
        for node in tops
        for target in ast.walk(node)
        if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store)
    }
    assert len(classes) > 100
    assert not [name for name, times in classes.items() if times > 1 or name in others]


def test_no_file_has_more_than_250_lines(root):
    """Pages that `rnnlab report` wrote are results, not code."""
    listed = subprocess.run(["git", "ls-files", "rnnlab", "tests", "experiments"], cwd=root, capture_output=True, text=True)
    files = [root / name for name in listed.stdout.split() if re.search(r"\.(py|js|css|html)$", name)]
    lines = {str(file): file.read_text().count("\n") for file in files if not file.name.startswith("report-")}
    assert lines
    assert not [f"{name}: {number} lines" for name, number in lines.items() if number > 250]
