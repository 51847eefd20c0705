"""Plug-ins: imported where a config names them, again where their text changed; known by it to the runs that use them."""

import re

import pytest
from click.testing import CliRunner

from rnnlab import plugins
from rnnlab.cells.builtin_cells import CELLS
from rnnlab.cli import main
from rnnlab.config import ConfigError, Experiment, load, schema
from rnnlab.data.build_dataset import build
from rnnlab.errors import UserError
from rnnlab.noise.scheme import SCHEMES
from rnnlab.noise.sites import Noise
from rnnlab.sweep.job import Job


def fingerprints(folder, **without):
    return {spec.variant: spec.fingerprint for spec in load(folder / "own.yaml", **without).runs()}


def change(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_a_config_has_the_parts_of_the_file_that_it_names_from_its_own_folder(own, monkeypatch):
    monkeypatch.chdir(own.parent)
    experiment = load(own / "own.yaml")
    assert experiment.variants["none"].plugins == [str(own / "parts.py")]
    assert {"mgu", "lstm"} <= set(CELLS)
    assert build(experiment.variants["none"].data).train.x.shape == (32, 6, 1)
    assert Experiment.from_dict(experiment.document) == experiment
    told = str(schema())
    assert "mgu" in told
    assert "Steps of a walk." in told


def test_a_job_brings_its_plug_ins_along(own):
    (spec, *_) = load(own / "own.yaml").runs()
    document = Job(spec, own / "run", None).document()
    plugins._LOADED.clear()
    CELLS.discard(str(own / "parts.py"))
    for registry in plugins.ALL:
        registry.discard(str(own / "parts.py"))
    assert Job.of(document).spec.fingerprint == spec.fingerprint


def test_another_text_is_another_run_and_another_comment_is_not(own):
    before = fingerprints(own)
    change(own / "parts.py", "    (h,) = states", "    (h,) = states  # the only one")
    assert fingerprints(own) == before
    change(own / "parts.py", "h_new = held((1 - f) * h + f * g", "h_new = held((1 - f) * h + 1.0 * f * g")
    after = fingerprints(own)
    assert not set(before.values()) & set(after.values())  # the data are of this file too


def test_only_runs_that_use_a_part_change_with_its_file(own):
    text = (own / "parts.py").read_text()
    cut = text.index("@rnnlab.register.scheme")
    (own / "noise.py").write_text(text[: text.index("SITES")] + text[cut : text.index("class Walk")] + "import helper\n")
    (own / "helper.py").write_text("RATE = 0.2\n")
    (own / "parts.py").write_text(text[:cut] + text[text.index("class Walk") :])
    change(own / "own.yaml", "[parts.py]", "[parts.py, noise.py]")
    before = fingerprints(own)
    change(own / "helper.py", "0.2", "0.3")
    after = fingerprints(own)
    assert {name for name in before if before[name] != after[name]} == {"mine"}


def test_a_scheme_as_short_as_it_can_be_is_that_of_a_config(own):
    (own / "short.py").write_text(SHORT)
    change(own / "own.yaml", "[parts.py]", "[parts.py, short.py]")
    change(own / "own.yaml", "gru: {cell: gru}", "short: {recurrent_dropout: {scheme: shortest, rate: 0.2}}")
    (layer,) = load(own / "own.yaml").variants["short"].model.recurrent
    assert layer.recurrent_dropout.noise == (Noise(site="candidate", rate=0.2, lifetime="step"),)
    change(own / "own.yaml", "rate: 0.2", "rat: 0.2")
    with pytest.raises(ConfigError, match=r"scheme 'shortest' has no setting 'rat'; it takes rate \(did you mean rate\?\)"):
        load(own / "own.yaml")


SHORT = """
import rnnlab
from rnnlab.noise.sites import Noise


@rnnlab.register.scheme("shortest", argument="recurrent_dropout")
def shortest(rate: float) -> Noise:
    return Noise(site="candidate", rate=rate, lifetime="step")
"""


def test_a_distribution_that_changes_makes_the_runs_again_whose_noise_has_it(own):
    (own / "spread.py").write_text(
        "import rnnlab\n\n\n@rnnlab.register.distribution('spread')\n"
        "def spread(uniform, rate):\n    return 1 + rate * (uniform - 0.5)\n"
    )
    change(own / "own.yaml", "[parts.py]", "[parts.py, spread.py]")
    change(
        own / "own.yaml", "gru: {cell: gru}", "even: {recurrent_dropout: {site: recurrent, distribution: spread, rate: 0.2}}"
    )
    before = fingerprints(own)
    change(own / "spread.py", "0.5", "0.4")
    after = fingerprints(own)
    assert {name for name in before if before[name] != after[name]} == {"even"}


def test_a_metric_that_changes_trains_nothing_again(own):
    text = (own / "parts.py").read_text()
    cut = text.index("@rnnlab.register.metric")
    (own / "metric.py").write_text("import numpy as np\nimport rnnlab\n" + text[cut:])
    (own / "parts.py").write_text(text[:cut])
    change(own / "own.yaml", "[parts.py]", "[parts.py, metric.py]")
    (before, *_) = load(own / "own.yaml").runs()
    known = before.fingerprint, before.training_fingerprint
    change(own / "metric.py", "< 1)", "< 2)")
    (after, *_) = load(own / "own.yaml").runs()
    assert (known[0] != after.fingerprint, known[1] == after.training_fingerprint) == (True, True)


def test_who_only_reads_imports_nothing(own):
    with pytest.raises(ConfigError, match="unknown cell 'mgu'"):
        load(own / "own.yaml", plugins=False)
    assert "mine" not in SCHEMES


def test_a_plug_in_that_cannot_be_had_is_told_at_its_line(own, monkeypatch):
    (own / "parts.py").unlink()
    with pytest.raises(ConfigError, match=r"own.yaml:2:11: plugins: there is no plug-in .*/parts.py"):
        load(own / "own.yaml")
    (own / "parts.py").write_text("import rnnlab\n1 / 0\n")
    with pytest.raises(ConfigError, match=r"cannot be imported: ZeroDivisionError: division by zero .*parts.py, line 2"):
        load(own / "own.yaml")
    monkeypatch.setenv(plugins.FORBIDDEN, "1")
    with pytest.raises(ConfigError, match="--no-plugins forbids"):
        load(own / "own.yaml")
    monkeypatch.delenv(plugins.FORBIDDEN)
    with pytest.raises(UserError, match="there is no plug-in 'no_such_module'"):
        plugins.load(["no_such_module"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[within_one]", "[within_on]", r"no metric 'within_on' of your own \(did you mean within_one\?\)"),
        ("name: walk", "name: wlk", r"unknown name 'wlk' \(did you mean walk\?\)"),
        ("steps: 6", "stepz: 6", r"unknown key 'stepz' \(did you mean steps\?\)"),
        ("scheme: mine", "scheme: mined", r"scheme 'mined' is unknown.*did you mean mine"),
    ],
)
def test_errors_know_the_parts_of_plug_ins(own, old, new, message):
    change(own / "own.yaml", old, new)
    with pytest.raises(ConfigError) as error:
        load(own / "own.yaml")
    assert re.search(message, str(error.value))


def test_schema_and_schemes_know_a_plug_in_that_is_named(own, monkeypatch):
    monkeypatch.chdir(own)
    monkeypatch.setenv(plugins.FORBIDDEN, "")
    assert "Steps of a walk." in CliRunner().invoke(main, ["schema", "--plugin", "parts.py"]).output
    assert "mine" in CliRunner().invoke(main, ["schemes", "mine", "--plugin", "parts.py"]).output
    assert CliRunner().invoke(main, ["schema", "--no-plugins", "--plugin", "parts.py"]).exit_code == 2
