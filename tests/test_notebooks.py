"""Every notebook of the documents runs from its first cell to its last, in a folder of its own."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


HERE = """from rnnlab.config import Experiment
from rnnlab.sweep import sweep
from rnnlab.sweep.executors.in_process import InProcess

sweep.executor = lambda config, jobs: InProcess()
made = Experiment.from_dict
SMALL = {"training": {"epochs": 1}, "compare": {"seeds": 2}}
Experiment.from_dict = lambda document: made({**document, **{name: {**document[name], **SMALL[name]} for name in SMALL}})
"""
"""What a kernel executes first: runs are made in its own process, where none has to start, with two seeds and one epoch."""


def outputs(notebook: dict[str, Any]) -> list[list[dict[str, Any]]]:
    return [cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code"]


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path, tmp_path, monkeypatch):
    nbformat, client = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    startup = tmp_path / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "here.py").write_text(HERE)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))
    notebook = nbformat.read(path, 4)
    client.NotebookClient(notebook, timeout=900, resources={"metadata": {"path": str(tmp_path)}}).execute()
    for cell, kept in zip(outputs(notebook), outputs(json.loads(path.read_text())), strict=True):
        progress = [one for one in cell if "runs made" in str(one.get("data"))]
        assert len(progress) <= 1
        said = [one for one in cell if one.get("name") != "stderr"]
        assert len(said) == len(kept), "an output is missing, or there is another: execute the notebook again and keep it"


def test_notebooks_are_small_and_their_outputs_are_of_no_machine():
    assert len(NOTEBOOKS) >= 3
    for path in NOTEBOOKS:
        text = path.read_text()
        assert len(text) < 300_000, path
        assert "/home/" not in text, path
        assert "/tmp/" not in text, path


PUBLIC = [
    "rnnlab.load(",
    "rnnlab.Experiment.from_dict(",
    "rnnlab.run(",
    "rnnlab.open(",
    ".runs()",
    ".epochs()",
    ".compare(",
    "metric=",
    "baseline=",
    ".answer",
    ".to_frame()",
    ".to_markdown()",
    ".to_latex()",
    ".report(",
    ".plot.curves()",
    ".plot.differences()",
    'study["variational",',
    ".model()",
    ".dataset()",
    ".history()",
    ".predict(",
    ".inspect()",
    ".export(",
    ".best()",
]
"""What the interface of Python can do."""


def test_a_notebook_shows_every_call_of_the_python_interface():
    text = "\n".join("".join(cell["source"]) for path in NOTEBOOKS for cell in json.loads(path.read_text())["cells"])
    assert not [call for call in PUBLIC if call not in text]
