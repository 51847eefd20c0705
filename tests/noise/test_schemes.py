"""Every named scheme is the composition that its paper describes; what cannot be read is refused in the user's words."""

import re

import pytest
from conformance.table import NAMED

from rnnlab.noise import catalogue
from rnnlab.noise.scheme import SCHEMES, scheme
from rnnlab.noise.schemes import noises, plain
from rnnlab.noise.sites import Noise

PAPERS = [  # argument, setting, the noise that its paper describes
    ("dropout", 0.3, [Noise(site="input", rate=0.3, lifetime="sequence", tied=True, scale="train")]),
    ("recurrent_dropout", 0.3, [Noise(site="recurrent", rate=0.3, lifetime="sequence", tied=True, scale="train")]),
    ("embedding", 0.3, [Noise(site="word", rate=0.3, lifetime="sequence", scale="train")]),
    ("dropout", {"scheme": "none"}, []),
    (
        "recurrent_dropout",
        {"scheme": "variational", "rate": 0.3, "tied": False},
        [Noise(site="recurrent", rate=0.3, lifetime="sequence", tied=False, scale="train")],
    ),
    ("dropout", {"scheme": "naive", "rate": 0.3}, [Noise(site="input", rate=0.3, lifetime="step", tied=False, scale="train")]),
    (
        "recurrent_dropout",
        {"scheme": "naive", "rate": 0.3, "tied": True},
        [Noise(site="recurrent", rate=0.3, lifetime="step", tied=True, scale="train")],
    ),
    (
        "dropout",
        {"scheme": "vertical", "rate": 0.3},
        [Noise(site="input", rate=0.3, lifetime="step", tied=True, scale="train")],
    ),
    ("dropout", {"scheme": "locked", "rate": 0.3}, [Noise(site="output", rate=0.3, lifetime="sequence", scale="train")]),
    (
        "recurrent_dropout",
        {"scheme": "rnndrop", "rate": 0.3},
        [Noise(site="cell", rate=0.3, lifetime="sequence", scale="test")],
    ),
    (
        "recurrent_dropout",
        {"scheme": "semeniuta", "rate": 0.3},
        [Noise(site="candidate", rate=0.3, lifetime="step", scale="test")],
    ),
    (
        "recurrent_dropout",
        {"scheme": "semeniuta", "rate": 0.3, "lifetime": "sequence"},
        [Noise(site="candidate", rate=0.3, lifetime="sequence", scale="test")],
    ),
    (
        "recurrent_dropout",
        {"scheme": "zoneout", "cell": 0.5, "hidden": 0.05},
        [Noise(site="hold_cell", rate=0.5, lifetime="step"), Noise(site="hold_hidden", rate=0.05, lifetime="step")],
    ),
    ("recurrent_dropout", {"scheme": "zoneout", "hidden": 0.05}, [Noise(site="hold_hidden", rate=0.05, lifetime="step")]),
    (
        "recurrent_dropout",
        {"scheme": "weight_drop", "rate": 0.5},
        [Noise(site="recurrent_kernel", rate=0.5, lifetime="batch", scale="train")],
    ),
    (
        "recurrent_dropout",
        {"scheme": "variational_shared", "rate": 0.3},
        [
            Noise(site="recurrent", rate=0.3, lifetime="sequence", scale="train"),
            Noise(site="output", rate=0.3, lifetime="sequence", scale="train", like="recurrent"),
        ],
    ),
    (
        "dropout",
        {"scheme": "gaussian", "rate": 0.3},
        [Noise(site="input", distribution="gaussian", rate=0.3, lifetime="step", tied=True)],
    ),
    (
        "recurrent_dropout",
        {"scheme": "variational_gaussian", "rate": 0.3, "tied": False},
        [Noise(site="recurrent", distribution="gaussian", rate=0.3, lifetime="sequence", tied=False)],
    ),
    (
        "recurrent_dropout",
        {"scheme": "zoneout_shared", "rate": 0.15},
        [
            Noise(site="hold_cell", rate=0.15, lifetime="step"),
            Noise(site="hold_hidden", rate=0.15, lifetime="step", like="hold_cell"),
        ],
    ),
    (
        "recurrent_dropout",
        {"scheme": "zoneout_reused_output", "rate": 0.15},
        [
            Noise(site="hold_cell", rate=0.15, lifetime="step"),
            Noise(site="hold_output", rate=0.15, lifetime="step", like="hold_cell"),
        ],
    ),
    (
        "recurrent_dropout",
        {"scheme": "stochastic_depth", "rate": 0.05},
        [
            Noise(site="hold_cell", rate=0.05, lifetime="step", sharing="units"),
            Noise(site="hold_hidden", rate=0.05, lifetime="step", sharing="units", like="hold_cell"),
        ],
    ),
    (
        "recurrent_dropout",
        {"scheme": "stochastic_depth", "rate": 0.05, "cell": False},
        [Noise(site="hold_hidden", rate=0.05, lifetime="step", sharing="units")],
    ),
    (
        "recurrent_dropout",
        {"scheme": "state_reset", "rate": 0.01},
        [Noise(site="carried", rate=0.01, lifetime="sequence", sharing="units")],
    ),
    (
        "recurrent_dropout",
        {"scheme": "h_detach", "rate": 1.0},
        [Noise(site="detach", rate=1.0, lifetime="step", sharing="batch")],
    ),
    (
        "recurrent_dropout",
        {"scheme": "weight_drop_rows", "rate": 0.5},
        [Noise(site="recurrent_kernel", rate=0.5, lifetime="batch", scale="train", sharing="rows")],
    ),
    (
        "recurrent_dropout",
        {"scheme": "weight_noise", "sigma": 0.075},
        [Noise(site="recurrent_kernel", distribution="additive", rate=0.075, lifetime="batch")],
    ),
    (
        "dropout",
        {"scheme": "weight_noise", "sigma": 0.075},
        [Noise(site=site, distribution="additive", rate=0.075, lifetime="batch") for site in ("kernel", "bias")],
    ),
    (
        "dropout",
        {"scheme": "weight_noise", "sigma": 0.075, "biases": False},
        [Noise(site="kernel", distribution="additive", rate=0.075, lifetime="batch")],
    ),
    (
        "recurrent_dropout",
        {"scheme": "weight_noise", "sigma": 0.075, "gates": ["forget", "candidate"]},
        [Noise(site="recurrent_kernel", distribution="additive", rate=0.075, gates=("forget", "candidate"))],
    ),
    (
        "dropout",
        {"scheme": "concrete", "rate": 0.1, "weight_penalty": 0.1, "rate_penalty": 0.2},
        [
            Noise(
                **{"site": "input", "distribution": "concrete", "rate": 0.1, "lifetime": "sequence"},
                **{"scale": "train", "weight_penalty": 0.1, "rate_penalty": 0.2},
            )
        ],
    ),
    ("embedding", {"scheme": "word", "rate": 0.1, "lifetime": "batch"}, [Noise(site="word", rate=0.1, lifetime="batch")]),
]


@pytest.mark.parametrize(("argument", "setting", "expected"), PAPERS)
def test_a_scheme_is_its_papers_composition(argument, setting, expected):
    assert list(noises(setting, argument)) == expected
    assert argument in SCHEMES[setting["scheme"]].arguments if isinstance(setting, dict) else True


def test_every_scheme_is_proved_here_and_in_the_conformance_table():
    proved = {setting["scheme"] for _, setting, _ in PAPERS if isinstance(setting, dict)}
    assert proved == set(SCHEMES)
    rows = [part for row in NAMED for part in (row.dropout, row.recurrent_dropout)]
    named = {part["scheme"] for row in rows for part in (row if isinstance(row, list) else [row]) if isinstance(part, dict)}
    assert named == {name for name, scheme in SCHEMES.items() if scheme.arguments != ("embedding",)}


def test_every_scheme_says_what_it_is_in_two_sentences():
    for name, declared in SCHEMES.items():
        assert all((declared.equation, declared.paper, declared.settings, declared.source))
        assert declared.source != "not checked"
        assert len(re.findall(r"\.(?= [A-Z]|$)", catalogue.does(name))) == 2


def test_a_scheme_is_declared_once_and_for_arguments_that_take_noise():
    with pytest.raises(ValueError, match="there is a scheme 'zoneout' already"):
        scheme("zoneout", "recurrent_dropout", equation="", paper="")(lambda argument: ())
    with pytest.raises(ValueError, match=r"needs one or more of dropout, recurrent_dropout, embedding, got \['kernel'\]"):
        scheme("new", "kernel", equation="", paper="")


def test_lists_combine_and_zero_rates_vanish():
    setting = [0.2, {"scheme": "zoneout", "cell": 0.5}, {"site": "candidate", "rate": 0.0}, 0]
    assert [noise.site for noise in noises(setting[:3], "recurrent_dropout")] == ["recurrent", "hold_cell"]
    with pytest.raises(ValueError, match="two noises act on site 'recurrent'"):
        noises(setting, "recurrent_dropout")
    assert noises(0, "dropout") == noises(0.0, "dropout") == noises((), "dropout") == ()


@pytest.mark.parametrize("row", NAMED, ids=str)
def test_plain_settings_mean_the_same(row):
    for argument, setting in (("dropout", row.dropout), ("recurrent_dropout", row.recurrent_dropout)):
        values = noises(setting, argument)
        assert noises(plain(setting), argument) == noises(plain(list(values)), argument) == values


@pytest.mark.parametrize(
    ("argument", "setting", "message"),
    [
        (
            "dropout",
            {"scheme": "zonout"},
            r"scheme 'zonout' is unknown; dropout takes none, variational, naive, vertical, locked",
        ),
        ("recurrent_dropout", {"scheme": "zonout"}, r"did you mean zoneout\?"),
        ("recurrent_dropout", {"scheme": "locked", "rate": 0.1}, "scheme 'locked' does not act through recurrent_dropout"),
        ("recurrent_dropout", {"scheme": "zoneout", "cel": 0.1}, r"scheme 'zoneout' has no setting 'cel'.*did you mean cell"),
        ("recurrent_dropout", {"scheme": "rnndrop"}, "scheme 'rnndrop' needs rate"),
        ("recurrent_dropout", {"scheme": "none", "rate": 0.1}, "scheme 'none' has no setting 'rate'; it takes no settings"),
        ("recurrent_dropout", {"scheme": ["zoneout"]}, r"scheme \['zoneout'\] is unknown"),
        ("recurrent_dropout", {"scheme": "semeniuta", "rate": 0.1, "lifetime": "batch"}, "takes lifetime step or sequence"),
        ("dropout", {"site": "input"}, "a noise with a site needs rate"),
        ("dropout", {"site": "input", "rate": 0.1, "lifetme": "step"}, r"has no setting 'lifetme'.*did you mean lifetime"),
        ("dropout", {"site": "word", "rate": 0.1}, "noise at site 'word' belongs to embedding, not to dropout"),
        ("dropout", {"rate": 0.1}, "dropout needs a scheme or a site; got the keys rate"),
        ("dropout", {}, "got the keys of an empty mapping"),
        ("dropout", "zoneout", "dropout takes a rate"),
        ("dropout", [[0.1], [0.2]], "two noises act on site 'input'"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_way_out(argument, setting, message):
    with pytest.raises(ValueError, match=message):
        noises(setting, argument)
