"""All pairs, planning, and the verbs of the command line on folders of runs."""

import json

import pytest
from click.testing import CliRunner

from rnnlab.cli import main
from rnnlab.comparison.compare import compare
from rnnlab.comparison.seeds_needed import seeds_to_detect
from rnnlab.errors import UserError
from rnnlab.statistics.power import power


def rnnlab(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


def test_all_pairs_find_the_best_of_several_winners(make):
    folder = make.experiment({"none": 0, "variational": -9, "zoneout": -18})
    assert compare(folder).answer.endswith("Next: compare the winners with each other by --all-pairs.")
    every = compare(folder, all_pairs=True)
    assert list(every.pairs) == ["zoneout against variational"]
    assert every.pairs["zoneout against variational"].verdict == "better"
    assert "over 3 comparisons" in every.variants["variational"].against.words
    assert 'Better than "none": variational, zoneout; zoneout is the best of them.\nNext: use zoneout.' in every.answer
    assert every.analysis.question == "test_perplexity all pairs"


def test_all_pairs_name_no_best_where_there_is_none(make):
    every = compare(make.experiment({"none": 0, "variational": -9, "zoneout": -9}), all_pairs=True)
    assert 'Better than "none": variational, zoneout; none of them is shown to be the best.' in every.answer


def test_planning_says_how_many_seeds_a_difference_needs(make):
    folder = make.experiment({"none": 0, "variational": -9}, seeds=4)
    seeds = seeds_to_detect(0.6, folder)["variational"]
    sd = compare(folder).variants["variational"].against.difference.estimate.sd
    assert power(seeds, 0.6, sd, 0.035) >= 0.8 > power(seeds - 1, 0.6, sd, 0.035)
    with pytest.raises(UserError, match="the spread over seeds is not known yet"):
        seeds_to_detect(0.6, make.experiment({"none": 0, "variational": -9}, seeds=1, name="single"))


def test_compare_prints_every_form_and_writes_the_record(make):
    folder = make.experiment({"none": 0, "variational": -9}, seeds=3)
    table = rnnlab("compare", folder)
    assert table.exit_code == 0
    assert "Exploratory" in table.output
    assert json.loads(rnnlab("compare", folder, "--json").output) == json.loads((folder / "comparison.json").read_text())
    assert rnnlab("compare", folder, "--csv").output.startswith("variant,counts.planned")
    assert rnnlab("compare", folder, "--markdown").output.startswith("| variant |")
    assert r"\toprule" in rnnlab("compare", folder, "--latex").output
    assert "test loss" in rnnlab("compare", folder, "--metric", "loss").output
    assert "variational  baseline" in rnnlab("compare", folder, "--baseline", "variational").output
    assert "epochs=6" in rnnlab("compare", folder, "--group-by", "training.epochs").output


def test_compare_takes_several_folders_all_pairs_and_a_margin(make):
    first, second = (make.experiment({"none": 0, "tested": -9}, name=name) for name in ("first", "second"))
    both = rnnlab("compare", first, second, "--baseline", "second/none", "--csv").stdout
    assert [line.split(",")[0] for line in both.splitlines()] == [
        *("variant", "first/none", "first/tested", "second/none", "second/tested")
    ]
    third = make.experiment({"none": 0, "tested": -9, "zoneout": -18}, name="third")
    assert "zoneout against tested  better" in rnnlab("compare", third, "--all-pairs").output
    equal = rnnlab("compare", first, "--margin", "100", "--json").stdout
    assert json.loads(equal)["variants"]["tested"]["against"]["verdict"] == "equivalent"


def test_wrong_questions_end_with_a_message_and_status_2(make):
    folder = make.experiment({"none": 0, "variational": -9}, seeds=3)
    for arguments, message in (
        (["compare", folder / "none"], "is not the folder of an experiment"),
        (["compare", folder, "--metric", "acuracy"], "no run has the metric"),
        (["compare", folder, "--baseline", "non"], "did you mean none?"),
        (["report", folder, "--to", folder / "nowhere" / "report.html"], "cannot be written"),
    ):
        answer = rnnlab(*arguments)
        assert (answer.exit_code, message in answer.output) == (2, True), answer.output


def test_report_says_where_it_is(make):
    folder = make.experiment({"none": 0, "variational": -9}, seeds=3)
    answer = rnnlab("report", folder)
    assert answer.output == f"Report: {folder / 'report.html'}\n"
    assert (folder / "comparison.json").exists()


def test_pictures_become_files(make, tmp_path):
    folder = make.experiment({"none": 0, "variational": -9}, seeds=3)
    assert rnnlab("report", folder, "--svg", tmp_path / "plots").exit_code == 0
    assert sorted(path.stem for path in (tmp_path / "plots").iterdir()) == ["curves", "differences", "gap", "seeds", "speed"]
