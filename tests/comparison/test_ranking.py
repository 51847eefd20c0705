"""Variants ranked over several studies: by the right metric and direction, in words, as a picture, and what is refused."""

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import stats

import rnnlab
from rnnlab.cli import main
from rnnlab.comparison import json_file
from rnnlab.comparison.compare import compare
from rnnlab.comparison.ranking import rank
from rnnlab.errors import UserError
from rnnlab.plots.critical_difference import picture

EFFECTS = {"none": 0, "variational": -9, "zoneout": -18, "naive": 9}


@pytest.fixture
def tasks(make, tmp_path):
    """Six tasks, each the comparison of the same runs."""
    document = json_file.document(compare(make.experiment(EFFECTS, seeds=6)))
    return [written(tmp_path / f"{number}.json", {**document, "experiments": [f"task-{number}"]}) for number in range(6)]


def written(file, document):
    file.write_text(json.dumps(document))
    return file


def test_ranks_are_those_of_the_means_and_effects_point_to_better(tasks):
    ranking = rank(tasks)
    for number, file in enumerate(tasks):
        task = ranking.tasks[f"task-{number}"]
        means = {name: one.value.mean for name, one in json_file.read(file).variants.items()}
        assert task.means == means
        assert list(task.ranks.values()) == stats.rankdata(list(means.values())).tolist()
        assert task.effects["zoneout"].low > 0 > task.effects["naive"].high
    assert list(ranking.ranks.items()) == [("zoneout", 1), ("variational", 2), ("none", 3), ("naive", 4)]
    assert ranking.friedman.f is None
    assert ranking.groups == [["zoneout", "variational"], ["variational", "none"], ["none", "naive"]]
    assert ranking.answer.splitlines() == [
        "Friedman's test over 6 tasks and 4 variants: all agree on the whole order, p < 0.001: the variants differ.",
        'Best mean rank: zoneout, 1.00; "none" has 3.00.',
        'Against "none" ranks better: zoneout (p = 0.022).',
        "Mean ranks differ where they are more than 1.91 apart, which 3 of 6 pairs are.",
    ]


def test_a_metric_of_which_more_is_better_ranks_the_other_way(tasks, tmp_path):
    turned = [written(tmp_path / file.name, {**json.loads(file.read_text()), "mode": "max"}) for file in tasks[:2]]
    ranking = rank(turned)
    assert list(ranking.ranks) == ["naive", "none", "variational", "zoneout"]
    assert ranking.tasks["task-0"].effects["naive"].mean > 0


def test_lost_seeds_come_after_every_mean(make):
    rows = {"none": [150.0, 151, 149, 150], "steady": [152.0, 153, 151, 152], "wild": [100.0, 101, 99, "diverged"]}
    folder = make.metrics(**rows)
    other = make.experiment(dict.fromkeys(rows, 0), name="other", seeds=2)
    assert rank([folder, other]).tasks["made"].ranks == {"none": 1, "steady": 2, "wild": 3}


def test_two_tasks_say_that_they_can_tell_nothing_apart(make):
    names = [f"v{number}" for number in range(9)]
    folders = [make.experiment({name: 5 * place for place, name in enumerate(names)}, name=name, seeds=2) for name in "ab"]
    answer = rank(folders).answer
    assert (
        "2 tasks can tell no pair apart: first and last in every task are 8 ranks apart, and it takes 8.49; 3 tasks" in answer
    )


def test_what_does_not_fit_is_refused_by_name(make, tasks):
    other = make.experiment({"none": 0, "zoneout": 1}, name="other", seeds=2)
    for studies, only, message in (
        (tasks[:1], (), "at least two tasks, got 1 task"),
        ([tasks[0], tasks[0]], (), "two of the studies are of the experiment task-0"),
        ([*tasks, other], (), "other has no variant variational, naive.*it has none, zoneout; --only"),
        (tasks, ("zonout",), "no variant zonout.*zoneout"),
        (tasks, ("none",), 'only "none"'),
        (
            [tasks[0], make.experiment({"zoneout": 0, "none": 1}, name="turned", seeds=2)],
            (),
            '"none" in task-0, zoneout in turned',
        ),
    ):
        with pytest.raises(UserError, match=message):
            rank(studies, only)
    assert list(rank([*tasks, other], ("zoneout",)).ranks) == ["zoneout", "none"]


def test_what_has_not_ended_is_not_ranked(make, tasks):
    cut = make.metrics(none=[1.0, 2.0], variational=[1.0, None])
    with pytest.raises(UserError, match="made: variational has 1 of 2 planned runs done"):
        rank([tasks[0], cut], ["variational"])


def test_the_verb_prints_every_form_and_writes_only_the_picture(tasks, tmp_path):
    before = sorted(tmp_path.rglob("*"))

    def told(*options):
        done = CliRunner().invoke(main, ["ranks", *map(str, tasks), *options])
        assert done.exit_code == 0, done.output
        return done.stdout

    assert "Friedman's test over 6 tasks" in told("--svg", str(tmp_path / "ranks.svg"))
    assert json.loads(told("--json"))["ranks"]["zoneout"] == 1
    assert told("--markdown").startswith("| variant | mean rank | p | task-0 |")
    assert list(json.loads(told("--json", "--only", "naive"))["ranks"]) == ["none", "naive"]
    assert sorted(tmp_path.rglob("*")) == sorted([*before, tmp_path / "ranks.svg"])
    assert ElementTree.parse(tmp_path / "ranks.svg")


def test_from_python_it_takes_studies_and_shows_a_table(make):
    folders = [make.experiment({"none": 0, "zoneout": -18}, name=name, seeds=2) for name in "ab"]
    ranks = rnnlab.rank([rnnlab.open(folders[0]), folders[1]])
    assert ranks.to_frame().loc["zoneout", "mean rank"] == 1
    assert str(ranks) == ranks.answer
    assert "<table" in ranks._repr_html_()


def test_the_picture_names_every_variant_in_colours_of_the_page_and_in_both_widths(tasks):
    drawn = picture(rank(tasks))
    for svg in (drawn.wide, drawn.narrow):
        assert all(f">{name}</text>" in svg for name in EFFECTS)
        assert not re.findall(r"(?:fill|stroke): #\w+", svg)
        assert "zoneout: 1.00; variational: 2.00" in svg
        heights = [float(y) for y in re.findall(r"translate\(\S+ (\S+)\)[^>]*>(?:none|variational|zoneout|naive)</text>", svg)]
        assert len(heights) in (0, 4)
        assert not heights or np.diff(heights).min() > 9
