"""The wheel has everything: it is built, unpacked and used from an empty folder, the checkout out of reach."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXPERIMENT = """
name: packed
data: {name: adding, length: 5, examples: {train: 40, validation: 20, test: 20}}
model: {recurrent: [{units: 4}]}
training: {epochs: 1}
compare: {variants: {none: {}, dropped: {recurrent_dropout: 0.2}}, seeds: 1}
executor: {name: in_process}
"""


@pytest.mark.slow
@pytest.mark.process
def test_the_wheel_runs_an_experiment_and_has_its_data_files(tmp_path):
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path), str(ROOT)]
    subprocess.run([*pip, *build], check=True, timeout=300, capture_output=True)
    (wheel,) = tmp_path.glob("rnnlab-*.whl")
    installed, folder = tmp_path / "installed", tmp_path / "empty"
    subprocess.run([*pip, "install", "--no-deps", "--target", str(installed), str(wheel)], check=True, timeout=300)
    source = {path.relative_to(ROOT) for path in (ROOT / "rnnlab").rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert {path for path in source if not (installed / path).exists()} == set()
    folder.mkdir()
    (folder / "packed.yaml").write_text(EXPERIMENT)
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    for words in (
        ["-c", f"import rnnlab; assert rnnlab.__file__.startswith({str(installed)!r})"],
        ["-m", "rnnlab", "run", "packed.yaml"],
    ):
        done = subprocess.run(
            [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
    assert (folder / "runs" / "packed" / "report.html").stat().st_size > 10_000
